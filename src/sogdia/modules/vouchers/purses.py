"""Purses: a payer sets money aside for vouchers that it will sign without a connection.

    open ──▶ until it ends: payees take vouchers          ┐
             until its deadline: what they took is paid   ┴──▶ ended; what is left is the payer's again
               └─ a payee gives its share back: the payer's at once

A purse cannot be ended earlier, and nothing that it promises changes: so a payee without a connection knows what holds,
however old its copy of the terms is. Only the payee of a share can give it back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta, structs

from sogdia.kernel import calendar, quota
from sogdia.kernel.accounts import PARTIES, Scheme
from sogdia.kernel.operation import Exit, Operation
from sogdia.kernel.refusal import require
from sogdia.kernel.signature import WEBAUTHN, weak_key
from sogdia.kernel.values import UNITS_MAX, Name, PublicKey, Reference, Seconds, name_of, owner_of
from sogdia.modules.money import NO_REFERENCE, Asset, asset_key, keep_promise, require_travel_reference, set_aside
from sogdia.modules.vouchers.events import PurseEnded, PurseOpened, ShareReturned
from sogdia.modules.vouchers.records import (
    PAYERS,
    PURSES,
    RULES,
    SHARES_MAX,
    Drawn,
    Payer,
    Purse,
    PurseTerms,
    Share,
    ShareNumber,
)
from sogdia.modules.vouchers.refusals import VoucherRefusal as Refuse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import Reader, State, Table

PURSE_BYTES = 700
"""What a purse counts for in the sponsor's storage, its share of the tree and of the calendar included."""

SHARE_BYTES = 100
"""What each of its shares counts for beside it."""

MOMENT_MAX = 2**32 - 1
"""The last second that the ledger can write down; a purse's deadline is one, too."""

NOBODY_YET = Payer()


class OpenPurse(Operation, tag=900):
    """Set money aside for vouchers by a key of their own, share by share, until an end and the network's grace."""

    reference: Reference
    asset: Asset
    scheme: Scheme
    public: PublicKey
    shares: Annotated[tuple[Share, ...], Meta(min_length=1, max_length=SHARES_MAX)]
    ends_at: Seconds

    def check(self) -> None:
        """Refuse a key that cannot sign vouchers, and more than can exist."""
        require(self.scheme != WEBAUTHN, Refuse.SCHEME_NOT_FOR_VOUCHERS, scheme=self.scheme)
        require(not weak_key(self.scheme, self.public), Refuse.KEY_WEAK)
        require(self.units <= UNITS_MAX, Refuse.PURSE_TOO_LARGE, units=self.units)

    @property
    def units(self) -> int:
        """What is set aside in all."""
        return sum(share.units for share in self.shares)

    def touches(self, sender: bytes) -> Iterable[tuple[Table[Any, Any], Any]]:
        """Name the purse: an earlier one under this reference may have run out."""
        return ((PURSES, name_of(sender, self.reference)),)

    def cost(self, state: Reader, sender: bytes) -> tuple[bytes, int]:  # noqa: ARG002 - it says itself what it costs
        """Give what is set aside; all of it may be signed away."""
        return asset_key(self.asset), self.units

    def apply(self, ctx: Context) -> None:
        """Set the money aside."""
        name, rules = name_of(ctx.sender, self.reference), RULES.must(ctx.state, None)
        named = _by_payee(self.shares)
        require(ctx.sender not in named, Refuse.PAYEE_IS_PAYER)
        for payee in named:
            require(PARTIES.find(ctx.state, payee) is not None, Refuse.PAYEE_UNKNOWN, account=payee)
        require(self.ends_at > ctx.time, Refuse.PURSE_ENDED, ends_at=self.ends_at, time=ctx.time)
        latest = min(ctx.time + rules.life_max, MOMENT_MAX - rules.grace)
        require(self.ends_at <= latest, Refuse.PURSE_LASTS_TOO_LONG, latest=latest)
        require(PURSES.find(ctx.state, name) is None, Refuse.PURSE_EXISTS, purse=name)
        payer = PAYERS.find(ctx.state, ctx.sender) or NOBODY_YET
        require(payer.purses < rules.purses_max, Refuse.PURSES_TOO_MANY, most=rules.purses_max)
        certain = all(share.payee is not None for share in self.shares)
        require(certain or not payer.frauds, Refuse.PAYER_CAUGHT, frauds=payer.frauds)
        cap = next((each.units for each in rules.caps if each.currency == self.asset.currency), UNITS_MAX)
        require(self.units <= cap, Refuse.PURSE_ABOVE_CAP, cap=cap, asked=self.units)

        for share in self.shares:
            # Whoever pays by a voucher says nothing more of itself: for large amounts another way is asked for.
            require_travel_reference(ctx.state, self.asset, share.units, NO_REFERENCE)
        set_aside(ctx.state, self.asset, self.units, ctx.sender, named.items(), reference=name)
        sponsor = PARTIES.must(ctx.state, ctx.sender).sponsor
        quota.occupy(ctx.state, sponsor, storage_of(self.shares))
        deadline = self.ends_at + rules.grace
        promised = PurseTerms(
            asset=self.asset,
            scheme=self.scheme,
            public=self.public,
            shares=self.shares,
            ends_at=self.ends_at,
            deadline=deadline,
        )
        drawn = tuple(Drawn(left=share.units) for share in self.shares)
        PURSES.put(ctx.state, name, Purse(promised=promised, drawn=drawn, fraud_at=None, sponsor=sponsor))
        store_payer(ctx.state, ctx.sender, structs.replace(payer, purses=payer.purses + 1))
        calendar.schedule(ctx.state, deadline, PURSES.full_key(name))

        ctx.emit(PurseOpened(purse=name, asset=self.asset, shares=self.shares, ends_at=self.ends_at, deadline=deadline))


class ReturnShare(Operation, tag=901):
    """Give back what is left of the sender's own share: no voucher of it is paid from then on."""

    purse: Name
    share: ShareNumber

    reserved: ClassVar[bool] = True

    def touches(self, sender: bytes) -> Iterable[tuple[Table[Any, Any], Any]]:  # noqa: ARG002 - the same for all senders
        """Name the purse."""
        return ((PURSES, self.purse),)

    def apply(self, ctx: Context) -> None:
        """Return what is left to the payer."""
        purse = PURSES.get(ctx.state, self.purse, Refuse.PURSE_UNKNOWN, purse=self.purse)
        promised = purse.promised
        require(self.share < len(promised.shares), Refuse.SHARE_UNKNOWN, share=self.share)
        require(promised.shares[self.share].payee == ctx.sender, Refuse.SHARE_OF_ANOTHER)
        drawn = purse.drawn[self.share]
        require(drawn.left > 0, Refuse.SHARE_EMPTY)

        payer, units = owner_of(self.purse), drawn.left
        keep_promise(ctx.state, promised.asset, units, payer, ((payer, units),))
        after = structs.replace(drawn, returned=drawn.returned + units, left=0)
        PURSES.put(ctx.state, self.purse, with_drawn(purse, self.share, after))

        ctx.emit(ShareReturned(purse=self.purse, share=self.share, payee=ctx.sender, asset=promised.asset, units=units))


def _by_payee(shares: tuple[Share, ...]) -> dict[bytes, int]:
    """Add up what each named payee is promised; one may have several shares, say one for each till."""
    named: dict[bytes, int] = {}
    for share in shares:
        if share.payee is not None:
            named[share.payee] = named.get(share.payee, 0) + share.units
    return named


def storage_of(shares: tuple[Share, ...]) -> int:
    """Give what a purse with these shares counts for in the sponsor's storage."""
    return PURSE_BYTES + SHARE_BYTES * len(shares)


def with_drawn(purse: Purse, share: int, after: Drawn) -> Purse:
    """Give a purse of which one share has changed."""
    return structs.replace(purse, drawn=(*purse.drawn[:share], after, *purse.drawn[share + 1 :]))


def store_payer(state: State, account: bytes, payer: Payer) -> None:
    """Write down what a payer has open, or drop it when there is nothing to remember."""
    if payer == NOBODY_YET:
        PAYERS.drop(state, account)
    else:
        PAYERS.put(state, account, payer)


def _deadline_of(purse: Purse) -> int:
    return purse.promised.deadline


def _end(ctx: Context, name: bytes, purse: Purse, writes_max: int) -> None:  # noqa: ARG001 - a purse takes few writes
    """Return what is left, and forget the purse."""
    payer, promised = owner_of(name), purse.promised
    left = sum(each.left for each in purse.drawn)
    calendar.unschedule(ctx.state, promised.deadline, PURSES.full_key(name))
    keep_promise(ctx.state, promised.asset, left, payer, ((payer, left),))
    PURSES.drop(ctx.state, name)
    known = PAYERS.must(ctx.state, payer)
    store_payer(ctx.state, payer, structs.replace(known, purses=known.purses - 1))
    quota.give_back(ctx.state, purse.sponsor, storage_of(promised.shares))
    ctx.emit(PurseEnded(purse=name, asset=promised.asset, returned=left))


PURSE_EXIT = Exit(PURSES, deadline_of=_deadline_of, apply=_end)
