"""A market without a network: Nairobi has a purse and a phone, and merchants take its vouchers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sogdia.client.keys import derive
from sogdia.kernel.quota import QUOTAS
from sogdia.kernel.values import name_of
from sogdia.modules.money import balance
from sogdia.modules.vouchers.purses import OpenPurse
from sogdia.modules.vouchers.records import PAYERS, PURSES, Drawn, Payer, Purse, Share
from sogdia.modules.vouchers.redeeming import RedeemVouchers, ReportFraud
from sogdia.modules.vouchers.signed import SignedVoucher, Voucher, voucher_message
from sogdia.testing.ledger import SEED

if TYPE_CHECKING:
    from sogdia.client.keys import AnyKeyPair
    from sogdia.testing.ledger import Ledger

DAY = 86_400
LIFE = 10 * DAY
GRACE = 30 * DAY
PAYER = "nairobi"
PAYERS_DOLLARS = 10_000
PHONE = derive(SEED, "nairobi/phone")
BUKHARA, LANZHOU, ANYBODY = 0, 1, 2
"""The shares of the purse."""

SHARES = (500, 300, 200)


def open_stall(ledger: Ledger) -> Ledger:
    """Fund the payer and open its purse `p`."""
    ledger.fund(PAYER, PAYERS_DOLLARS)
    ledger.must(PAYER, opening(ledger))
    return ledger


def opening(ledger: Ledger, reference: str = "p", **changes: Any) -> OpenPurse:  # noqa: ANN401 - any field
    """A purse of 500 cents for Bukhara, 300 for Lanzhou and 200 for anybody, for ten days."""
    fields: dict[str, Any] = {
        "asset": ledger.asset(),
        "scheme": PHONE.scheme,
        "public": PHONE.public,
        "shares": (
            Share(ledger.account("bukhara"), SHARES[BUKHARA]),
            Share(ledger.account("lanzhou"), SHARES[LANZHOU]),
            Share(None, SHARES[ANYBODY]),
        ),
        "ends_at": ledger.time + LIFE,
    }
    return OpenPurse(reference=reference, **(fields | changes))


def purse_name(ledger: Ledger, reference: str = "p") -> bytes:
    """Give a purse's name."""
    return name_of(ledger.account(PAYER), reference)


def purse(ledger: Ledger, reference: str = "p") -> Purse:
    """Give a purse that has to be there."""
    return PURSES.must(ledger.state, purse_name(ledger, reference))


def drawn(ledger: Ledger, share: int, reference: str = "p") -> Drawn:
    """Give what has become of a share."""
    return purse(ledger, reference).drawn[share]


def payer(ledger: Ledger) -> Payer | None:
    """Give what is counted of the payer."""
    return PAYERS.find(ledger.state, ledger.account(PAYER))


def voucher(  # noqa: PLR0913 - what a voucher says
    ledger: Ledger,
    share: int,
    sequence: int,
    units: int,
    payee: str | None = None,
    *,
    reference: str = "p",
    keys: AnyKeyPair = PHONE,
    account: bytes | None = None,
    **changes: Any,  # noqa: ANN401 - any field
) -> SignedVoucher:
    """Sign a voucher on the phone, to be redeemed within a week unless it says something else."""
    to = payee or ("bukhara", "lanzhou", "carrier")[share]
    fields: dict[str, Any] = {
        "network": ledger.network[:8],
        "purse": purse_name(ledger, reference),
        "share": share,
        "sequence": sequence,
        "payee": account or ledger.account(to),
        "units": units,
        "expiry": ledger.time + 7 * DAY,
    }
    said = Voucher(**(fields | changes))
    message = voucher_message(ledger.network, purse(ledger, reference).promised, said)
    return SignedVoucher(said, keys.sign(message))


def redeem(*vouchers: SignedVoucher) -> RedeemVouchers:
    """Ask for vouchers to be paid."""
    return RedeemVouchers(vouchers=vouchers)


def report(*vouchers: SignedVoucher) -> ReportFraud:
    """Show that vouchers cannot all be paid."""
    return ReportFraud(vouchers=vouchers)


def has(ledger: Ledger, who: str) -> tuple[int, int]:
    """Give what somebody has in dollars: available and set aside."""
    found = balance(ledger.state, ledger.account(who), ledger.asset())
    return found.available, found.held


def stored(ledger: Ledger) -> int:
    """Give how many bytes the sponsor's storage counts."""
    return QUOTAS.must(ledger.state, ledger.account("registrar")).stored_bytes
