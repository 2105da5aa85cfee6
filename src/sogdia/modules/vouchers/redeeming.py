"""Redeeming vouchers, and showing that a purse's key has signed what cannot all be paid.

Anybody may bring a voucher to the ledger: the money goes to the payee that it names. Each is paid once, and whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta, structs

from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.envelope import NETWORK_BYTES
from sogdia.kernel.operation import Operation
from sogdia.kernel.refusal import require
from sogdia.kernel.values import owner_of
from sogdia.modules.money import keep_promise, require_may_receive
from sogdia.modules.vouchers.events import FraudProven, VoucherRedeemed
from sogdia.modules.vouchers.purses import store_payer, with_drawn
from sogdia.modules.vouchers.records import PAYERS, PURSES, Drawn, Purse
from sogdia.modules.vouchers.refusals import VoucherRefusal as Refuse
from sogdia.modules.vouchers.signed import SignedVoucher, is_signed, is_used, with_used

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import Table

TOGETHER_MAX = 8
"""So many vouchers stand in one operation: each costs the node a signature to check."""

Together = Annotated[tuple[SignedVoucher, ...], Meta(min_length=1, max_length=TOGETHER_MAX)]


class RedeemVouchers(Operation, tag=902):
    """Have vouchers of one share paid to the payees that they name: all of them, or none."""

    vouchers: Together

    def check(self) -> None:
        """Refuse vouchers of several shares."""
        require_together(self.vouchers)

    def touches(self, sender: bytes) -> Iterable[tuple[Table[Any, Any], Any]]:  # noqa: ARG002 - the same for all senders
        """Name the purse."""
        return ((PURSES, self.vouchers[0].voucher.purse),)

    def apply(self, ctx: Context) -> None:
        """Pay each voucher."""
        purse = purse_of(ctx, self.vouchers)
        name, at = self.vouchers[0].voucher.purse, self.vouchers[0].voucher.share
        drawn, due = purse.drawn[at], dict[bytes, int]()
        for voucher in (each.voucher for each in self.vouchers):
            require(ctx.time <= voucher.expiry, Refuse.VOUCHER_EXPIRED, expiry=voucher.expiry, time=ctx.time)
            require(not is_used(drawn.used, voucher.sequence), Refuse.SEQUENCE_USED, sequence=voucher.sequence)
            require(voucher.units <= drawn.left, Refuse.SHARE_SPENT, asked=voucher.units)
            drawn = _less(drawn, voucher.units, voucher.sequence)
            due[voucher.payee] = due.get(voucher.payee, 0) + voucher.units
        if purse.promised.shares[at].payee is None:
            require_payable(ctx, purse, name, due)

        asset, units = purse.promised.asset, sum(due.values())
        keep_promise(ctx.state, asset, units, owner_of(name), tuple(due.items()))
        PURSES.put(ctx.state, name, with_drawn(purse, at, drawn))

        for voucher in (each.voucher for each in self.vouchers):
            ctx.emit(
                VoucherRedeemed(
                    purse=name,
                    share=at,
                    sequence=voucher.sequence,
                    payee=voucher.payee,
                    asset=asset,
                    units=voucher.units,
                )
            )


class ReportFraud(Operation, tag=903):
    """Show that a purse's key has signed one number twice, or promised more at one time than was set aside.

    What is left stays set aside for the vouchers that come, by the same rules. Whoever reports gains nothing by it.
    """

    vouchers: Together

    reserved: ClassVar[bool] = True

    def check(self) -> None:
        """Refuse vouchers of several shares, and one that stands there twice."""
        require_together(self.vouchers)
        said = [each.voucher for each in self.vouchers]
        require(all(each not in said[:at] for at, each in enumerate(said)), Refuse.VOUCHER_REPEATED)

    def touches(self, sender: bytes) -> Iterable[tuple[Table[Any, Any], Any]]:  # noqa: ARG002 - the same for all senders
        """Name the purse."""
        return ((PURSES, self.vouchers[0].voucher.purse),)

    def apply(self, ctx: Context) -> None:
        """Mark the purse, and its payer for ever."""
        purse = purse_of(ctx, self.vouchers)
        name, at = self.vouchers[0].voucher.purse, self.vouchers[0].voucher.share
        require(purse.fraud_at is None, Refuse.FRAUD_KNOWN)
        twice = len({each.voucher.sequence for each in self.vouchers}) < len(self.vouchers)
        require(twice or self._promised_too_much(ctx.time, purse, at), Refuse.NO_FRAUD)

        PURSES.put(ctx.state, name, structs.replace(purse, fraud_at=ctx.time))
        payer = PAYERS.must(ctx.state, owner_of(name))
        caught = structs.replace(payer, frauds=payer.frauds + 1, last_fraud_at=ctx.time)
        store_payer(ctx.state, owner_of(name), caught)

        ctx.emit(FraudProven(purse=name, payer=owner_of(name), share=at, number_signed_twice=twice))

    def _promised_too_much(self, time: int, purse: Purse, at: int) -> bool:
        """Whether what was paid and what could still be asked come to more than was set aside.

        A voucher that has expired no longer counts: an honest payer may have promised its money again. Money that a
        payee gave back counts as there, since the payer need not have known.
        """
        drawn = purse.drawn[at]
        asked = sum(
            each.voucher.units
            for each in self.vouchers
            if time <= each.voucher.expiry and not is_used(drawn.used, each.voucher.sequence)
        )
        return drawn.redeemed + asked > purse.promised.shares[at].units


def require_together(vouchers: tuple[SignedVoucher, ...]) -> None:
    """Refuse vouchers that are not all of one purse and one share."""
    first = vouchers[0].voucher
    together = all((each.voucher.purse, each.voucher.share) == (first.purse, first.share) for each in vouchers)
    require(together, Refuse.VOUCHERS_NOT_TOGETHER)


def purse_of(ctx: Context, vouchers: tuple[SignedVoucher, ...]) -> Purse:
    """Give the purse of vouchers that its key has signed for payees of their share, or refuse."""
    first = vouchers[0].voucher
    for each in vouchers:
        require(each.voucher.network == ctx.network[:NETWORK_BYTES], Refuse.NETWORK_OTHER, network=each.voucher.network)
    purse = PURSES.get(ctx.state, first.purse, Refuse.PURSE_UNKNOWN, purse=first.purse)
    require(first.share < len(purse.promised.shares), Refuse.SHARE_UNKNOWN, share=first.share)
    for each in vouchers:
        signed = is_signed(ctx.network, purse.promised, each)
        require(signed, Refuse.SIGNATURE_WRONG, sequence=each.voucher.sequence)
        payee = purse.promised.shares[first.share].payee
        require(payee in (None, each.voucher.payee), Refuse.PAYEE_OTHER, payee=each.voucher.payee)
    return purse


def require_payable(ctx: Context, purse: Purse, name: bytes, due: dict[bytes, int]) -> None:
    """Refuse payees that nobody knew when the money was set aside and that may not have it."""
    for payee, units in due.items():
        require(payee != owner_of(name), Refuse.PAYEE_IS_PAYER)
        require(PARTIES.find(ctx.state, payee) is not None, Refuse.PAYEE_UNKNOWN, account=payee)
        require_may_receive(ctx.state, purse.promised.asset, payee, units)


def _less(drawn: Drawn, units: int, sequence: int) -> Drawn:
    """Take a paid voucher out of a share."""
    return structs.replace(
        drawn,
        redeemed=drawn.redeemed + units,
        left=drawn.left - units,
        vouchers=drawn.vouchers + 1,
        used=with_used(drawn.used, sequence),
    )
