"""Money on a test ledger: the bank in Almaty issues dollars to all and euros to whom it knows; Nairobi pays Bukhara."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sogdia.kernel.values import name_of
from sogdia.modules.money import HOLDS, Asset, balance
from sogdia.modules.money.currencies import (
    AuthoriseHolder,
    FreezeHolder,
    Mint,
    OpenCurrency,
    RevokeAuthorisation,
    SetCaps,
)
from sogdia.modules.money.holds import PlaceHold
from sogdia.modules.money.records import CURRENCIES, Currency
from sogdia.modules.money.transfers import Transfer

if TYPE_CHECKING:
    from sogdia.modules.money.records import Hold
    from sogdia.testing.ledger import Ledger

NOBODY = bytes(20)
PAYER = "nairobi"
PAYEE = "bukhara"
LARGEST = 2**62 - 1
HOUR = 3_600
DAY = 86_400


def pay(ledger: Ledger, units: int, to: str = PAYEE, currency: str = "USD", **changes: Any) -> Transfer:  # noqa: ANN401 - any field
    """A payment for goods."""
    fields: dict[str, Any] = {
        "to": ledger.account(to),
        "asset": ledger.asset(currency),
        "units": units,
        "purpose": "GDDS",
        "end_to_end": "Invoice 17",
    }
    return Transfer(**(fields | changes))


def hold(ledger: Ledger, units: int, reference: str = "h1", **changes: Any) -> PlaceHold:  # noqa: ANN401 - any field
    """Money set aside for Bukhara until tomorrow."""
    fields: dict[str, Any] = {
        "payee": ledger.account(PAYEE),
        "asset": ledger.asset(),
        "units": units,
        "deadline": ledger.time + DAY,
        "purpose": "GDDS",
    }
    return PlaceHold(reference=reference, **(fields | changes))


def hold_name(ledger: Ledger, reference: str = "h1", payer: str = PAYER) -> bytes:
    """The name of a payer's hold."""
    return name_of(ledger.account(payer), reference)


def place(ledger: Ledger, units: int, reference: str = "h1", **changes: Any) -> bytes:  # noqa: ANN401 - any field
    """Let Nairobi set money aside; give the hold's name."""
    ledger.must(PAYER, hold(ledger, units, reference, **changes))
    return hold_name(ledger, reference)


def held_as(ledger: Ledger, name: bytes) -> Hold | None:
    """A hold's record, or nothing when it has ended."""
    return HOLDS.find(ledger.state, name)


def has(ledger: Ledger, who: str, currency: str = "USD") -> tuple[int, int]:
    """What a party has, available and held."""
    found = balance(ledger.state, ledger.account(who), ledger.asset(currency))
    return found.available, found.held


def currency(ledger: Ledger, code: str = "USD") -> Currency:
    """The bank's currency record."""
    return CURRENCIES.must(ledger.state, Asset(code, ledger.account("bank")))


def freeze(ledger: Ledger, who: str = PAYER, code: str = "USD") -> None:
    """Let the bank freeze somebody's money."""
    ledger.must("bank", FreezeHolder(currency=code, account=ledger.account(who), reason="Court order 7/2026"))


def set_caps(ledger: Ledger, *, supply: int = LARGEST, holder: int = LARGEST, code: str = "USD") -> None:
    """Let the bank set the caps of its currency."""
    ledger.must("bank", SetCaps(currency=code, supply_max=supply, holder_max=holder))


def open_euros(ledger: Ledger, *known: str, holder: int = LARGEST) -> None:
    """Let the bank issue euros to those it has authorised; the first of them gets 100, whatever the cap is later."""
    ledger.must("bank", OpenCurrency(currency="EUR", supply_max=LARGEST, holder_max=LARGEST, by_authorisation=True))
    for who in known:
        ledger.must("bank", AuthoriseHolder(currency="EUR", account=ledger.account(who)))
    for who in known[:1]:
        ledger.must("bank", Mint(currency="EUR", to=ledger.account(who), units=100))
    set_caps(ledger, holder=holder, code="EUR")


def forget(ledger: Ledger, who: str, code: str = "EUR") -> None:
    """Let the bank take somebody off the list."""
    ledger.must("bank", RevokeAuthorisation(currency=code, account=ledger.account(who)))
