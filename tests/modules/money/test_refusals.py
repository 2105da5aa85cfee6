"""Every rule of money: who breaks it, which number the answer has, and that nothing changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from sogdia.kernel.quota import QUOTAS
from sogdia.kernel.refusals import KernelRefusal as Kernel
from sogdia.modules.money import Asset
from sogdia.modules.money.currencies import (
    AuthoriseHolder,
    Burn,
    FreezeHolder,
    Mint,
    OpenCurrency,
    RevokeAuthorisation,
    SetCaps,
    UnfreezeHolder,
)
from sogdia.modules.money.holds import CaptureHold, PlaceHold, PlaceHoldWithReference, ReleaseHold
from sogdia.modules.money.module import MODULE
from sogdia.modules.money.refusals import MoneyRefusal as Refuse
from sogdia.modules.money.transfers import Transfer, TransferWithReference
from tests.golden.places import REFUSED
from tests.modules.money import issuer_rows
from tests.modules.money.issuer_rows import ISSUER_NEVER, ISSUER_TABLES, wishes, with_reference
from tests.modules.money.purse import (
    DAY,
    LARGEST,
    NOBODY,
    PAYEE,
    PAYER,
    freeze,
    hold,
    hold_name,
    open_euros,
    pay,
    place,
    set_caps,
)
from tests.refused import Row, assert_refused, poke, rules_of, table, told

if TYPE_CHECKING:
    from sogdia.kernel.operation import Operation
    from sogdia.testing.ledger import Ledger

UNKNOWN = Asset("CHF", NOBODY)


def funded(units, *, frozen=False, holder=LARGEST):
    """Give Nairobi money, and perhaps freeze it and cap what others may have."""

    def prepare(ledger: Ledger) -> None:
        ledger.fund(PAYER, units)
        set_caps(ledger, holder=holder)
        if frozen:
            freeze(ledger)

    return prepare


def with_hold(ledger):
    ledger.fund(PAYER, 100)
    place(ledger, 60)


def frozen_payer(ledger):
    freeze(ledger)


def opening(code):
    """Ask to issue a currency."""
    return lambda _ledger: OpenCurrency(currency=code, supply_max=100, holder_max=100, by_authorisation=False)


def paying_oneself(text):
    """Ask to pay oneself, with a reference."""
    return lambda ledger: pay(ledger, 1, to=PAYER, end_to_end=text)


def euros_at_their_cap(ledger):
    open_euros(ledger, PAYER)
    set_caps(ledger, supply=100, holder=10, code="EUR")


def frozen_euros(ledger):
    open_euros(ledger, PAYER, holder=1)
    freeze(ledger, code="EUR")


def held_euros(ledger):
    open_euros(ledger, PAYER, PAYEE)
    place(ledger, 100, asset=ledger.asset("EUR"))


def bank_with_a_hold(ledger):
    ledger.fund("bank", 5)
    ledger.must("bank", hold(ledger, 1))


def fill_storage(ledger):
    """Leave the sponsor one byte less than a hold takes."""
    ledger.fund(PAYER, 100)
    registrar = ledger.account("registrar")
    known = QUOTAS.must(ledger.state, registrar)
    poke(ledger, QUOTAS, registrar, structs.replace(known, stored_bytes_max=known.stored_bytes + 399))


def unknown_payee():
    return Transfer(to=NOBODY, asset=UNKNOWN, units=1, purpose="GDDS", end_to_end="")


def for_nairobi(request, currency="USD", account=PAYER, **fields: str):
    """Make a request of an issuer about somebody."""
    return lambda ledger: request(
        currency=currency, account=NOBODY if account is None else ledger.account(account), **fields
    )


BAD_TEXTS = [
    ("Invoice \u202e71", "right-to-left-override"),
    ("Invo\u200bice", "zero-width"),
    ("Inv\u043eice", "look-alike"),
    ("17\t", "tab"),
    ("17  18", "double-space"),
]

OPEN_CURRENCY = [
    *(
        Row(
            Refuse.CURRENCY_CODE_UNKNOWN,
            PAYER,
            opening(code),
            at_the_door=True,
            note=code,
        )
        for code in ("XXX", "XAU", "DEM", "AAA")
    ),
    Row(Refuse.SENDER_NOT_ISSUER, PAYER, opening("EUR")),
    Row(Refuse.CURRENCY_EXISTS, "bank", opening("USD")),
]

MINT = [
    Row(Refuse.PAYEE_UNKNOWN, PAYER, lambda _ledger: Mint(currency="CHF", to=NOBODY, units=LARGEST)),
    Row(
        Refuse.CURRENCY_UNKNOWN,
        "bank",
        lambda ledger: Mint(currency="CHF", to=ledger.account(PAYER), units=LARGEST),
        note="not-opened",
    ),
    Row(
        Refuse.CURRENCY_UNKNOWN,
        PAYER,
        lambda ledger: Mint(currency="USD", to=ledger.account(PAYER), units=1),
        note="of-another-issuer",
    ),
    Row(
        Refuse.SUPPLY_CAP_PASSED,
        "bank",
        lambda ledger: Mint(currency="EUR", to=ledger.account(PAYEE), units=LARGEST),
        euros_at_their_cap,
    ),
    *issuer_rows.MINT,
    Row(
        Refuse.HOLDER_NOT_AUTHORISED,
        "bank",
        lambda ledger: Mint(currency="EUR", to=ledger.account(PAYEE), units=101),
        lambda ledger: open_euros(ledger, holder=100),
    ),
    Row(
        Refuse.HOLDER_CAP_PASSED,
        "bank",
        lambda ledger: Mint(currency="EUR", to=ledger.account(PAYER), units=1),
        lambda ledger: open_euros(ledger, PAYER, holder=100),
    ),
]

BURN = [
    Row(Refuse.CURRENCY_UNKNOWN, PAYER, lambda _ledger: Burn(currency="USD", units=1), funded(5)),
    Row(Refuse.FUNDS_INSUFFICIENT, "bank", lambda _ledger: Burn(currency="USD", units=1), funded(5)),
    Row(
        Refuse.FUNDS_INSUFFICIENT,
        "bank",
        lambda _ledger: Burn(currency="USD", units=5),
        bank_with_a_hold,
        note="the-rest-is-held",
    ),
]

TRANSFER = [
    *(
        Row(
            Refuse.TEXT_NOT_ALLOWED,
            PAYER,
            paying_oneself(text),
            at_the_door=True,
            note=note,
        )
        for text, note in BAD_TEXTS
    ),
    Row(Refuse.PARTIES_IDENTICAL, PAYER, lambda ledger: pay(ledger, 1, to=PAYER, asset=UNKNOWN)),
    Row(Refuse.PAYEE_UNKNOWN, PAYER, lambda _ledger: unknown_payee()),
    Row(
        Refuse.CURRENCY_UNKNOWN,
        PAYER,
        lambda ledger: pay(ledger, 6, asset=Asset("USD", ledger.account(PAYER))),
        funded(5, frozen=True),
    ),
    Row(Refuse.HOLDER_FROZEN, PAYER, lambda ledger: pay(ledger, 6), funded(5, frozen=True, holder=1)),
    Row(Refuse.FUNDS_INSUFFICIENT, PAYER, lambda ledger: pay(ledger, 6), funded(5, holder=1)),
    Row(
        Refuse.FUNDS_INSUFFICIENT,
        PAYER,
        lambda ledger: pay(ledger, 41),
        with_hold,
        note="the-rest-is-held",
    ),
    *wishes(pay, referring=False),
    Row(
        Refuse.HOLDER_NOT_AUTHORISED,
        PAYER,
        lambda ledger: pay(ledger, 100, currency="EUR"),
        lambda ledger: open_euros(ledger, PAYER, holder=1),
    ),
    Row(Refuse.HOLDER_CAP_PASSED, PAYER, lambda ledger: pay(ledger, 5), funded(5, holder=4)),
]


FREEZE = [
    *(
        Row(
            Refuse.TEXT_NOT_ALLOWED,
            PAYER,
            for_nairobi(FreezeHolder, "CHF", None, reason=text),
            at_the_door=True,
            note=note,
        )
        for text, note in BAD_TEXTS
    ),
    Row(Refuse.CURRENCY_UNKNOWN, PAYER, for_nairobi(FreezeHolder, "USD", None, reason="Fraud")),
    Row(Refuse.PAYEE_UNKNOWN, "bank", for_nairobi(FreezeHolder, "USD", None, reason="Fraud")),
    Row(Refuse.HOLDER_ALREADY_FROZEN, "bank", for_nairobi(FreezeHolder, reason="Fraud"), frozen_payer),
    *issuer_rows.FREEZE,
]

UNFREEZE = [
    Row(Refuse.CURRENCY_UNKNOWN, PAYER, for_nairobi(UnfreezeHolder), frozen_payer),
    Row(Refuse.HOLDER_NOT_FROZEN, "bank", for_nairobi(UnfreezeHolder), note="never"),
    Row(Refuse.HOLDER_NOT_FROZEN, "bank", for_nairobi(UnfreezeHolder, "KWD"), frozen_payer, note="in-this-currency"),
    Row(Refuse.HOLDER_NOT_FROZEN, "bank", for_nairobi(UnfreezeHolder, account=None), note="nobody"),
]

AUTHORISE = [
    Row(Refuse.CURRENCY_UNKNOWN, "bank", for_nairobi(AuthoriseHolder, "CHF", None)),
    Row(Refuse.PAYEE_UNKNOWN, "bank", for_nairobi(AuthoriseHolder, "USD", None)),
    Row(
        Refuse.HOLDER_ALREADY_AUTHORISED,
        "bank",
        for_nairobi(AuthoriseHolder, "EUR"),
        lambda ledger: open_euros(ledger, PAYER),
    ),
]

REVOKE = [
    Row(Refuse.CURRENCY_UNKNOWN, PAYER, for_nairobi(RevokeAuthorisation), funded(1)),
    Row(Refuse.HOLDER_NOT_AUTHORISED, "bank", for_nairobi(RevokeAuthorisation), funded(1)),
    Row(
        Refuse.HOLDER_HAS_MONEY,
        "bank",
        for_nairobi(RevokeAuthorisation, "EUR"),
        lambda ledger: open_euros(ledger, PAYER),
        note="available",
    ),
    Row(
        Refuse.HOLDER_HAS_MONEY,
        "bank",
        for_nairobi(RevokeAuthorisation, "EUR"),
        held_euros,
        note="held",
    ),
]

SET_CAPS = [
    Row(Refuse.CURRENCY_UNKNOWN, PAYER, lambda _ledger: SetCaps(currency="USD", supply_max=1, holder_max=1), funded(5)),
    Row(
        Refuse.CAP_BELOW_SUPPLY, "bank", lambda _ledger: SetCaps(currency="USD", supply_max=4, holder_max=1), funded(5)
    ),
]

PLACE_HOLD = [
    Row(
        Refuse.PARTIES_IDENTICAL,
        PAYER,
        lambda ledger: hold(ledger, 1, payee=ledger.account(PAYER), deadline=0, asset=UNKNOWN),
    ),
    Row(Refuse.PAYEE_UNKNOWN, PAYER, lambda ledger: hold(ledger, 1, payee=NOBODY, deadline=0, asset=UNKNOWN)),
    Row(
        Refuse.DEADLINE_PASSED,
        PAYER,
        lambda ledger: hold(ledger, 1, deadline=ledger.time, asset=UNKNOWN),
        with_hold,
    ),
    Row(
        Refuse.DEADLINE_TOO_FAR,
        PAYER,
        lambda ledger: hold(ledger, 1, deadline=ledger.time + 400 * DAY + 1, asset=UNKNOWN),
        with_hold,
    ),
    Row(Refuse.HOLD_EXISTS, PAYER, lambda ledger: hold(ledger, 1, asset=UNKNOWN), with_hold),
    Row(Refuse.CURRENCY_UNKNOWN, PAYER, lambda ledger: hold(ledger, 1, asset=UNKNOWN), funded(5)),
    Row(Refuse.HOLDER_FROZEN, PAYER, lambda ledger: hold(ledger, 101, asset=ledger.asset("EUR")), frozen_euros),
    Row(Refuse.FUNDS_INSUFFICIENT, PAYER, lambda ledger: hold(ledger, 6), funded(5, holder=5)),
    Row(Refuse.FUNDS_INSUFFICIENT, PAYER, lambda ledger: hold(ledger, 41, "h2"), with_hold, note="the-rest-is-held"),
    *wishes(hold, referring=False),
    Row(
        Refuse.HOLDER_NOT_AUTHORISED,
        PAYER,
        lambda ledger: hold(ledger, 100, asset=ledger.asset("EUR")),
        lambda ledger: open_euros(ledger, PAYER, holder=1),
    ),
    Row(Refuse.HOLDER_CAP_PASSED, PAYER, lambda ledger: hold(ledger, 5), funded(5, holder=4)),
    Row(Kernel.QUOTA_STORAGE_SPENT, PAYER, lambda ledger: hold(ledger, 1), fill_storage),
]

CAPTURE_HOLD = [
    Row(Refuse.HOLD_UNKNOWN, PAYER, lambda ledger: CaptureHold(hold=hold_name(ledger, "h2"), units=61), with_hold),
    Row(
        Refuse.HOLD_UNKNOWN,
        "lanzhou",
        lambda ledger: CaptureHold(hold=hold_name(ledger), units=61),
        with_hold,
        note="to-a-stranger",
    ),
    Row(Refuse.SENDER_NOT_PAYEE, PAYER, lambda ledger: CaptureHold(hold=hold_name(ledger), units=61), with_hold),
    Row(Refuse.CAPTURE_TOO_LARGE, PAYEE, lambda ledger: CaptureHold(hold=hold_name(ledger), units=61), with_hold),
]

RELEASE_HOLD = [
    Row(Refuse.HOLD_UNKNOWN, PAYER, lambda ledger: ReleaseHold(hold=hold_name(ledger, "h2")), with_hold),
    Row(Refuse.SENDER_NOT_PAYEE, PAYER, lambda ledger: ReleaseHold(hold=hold_name(ledger)), with_hold),
]


def referred(row: Row, kind: type[Operation]) -> Row:
    """The same row for the same request with a reference."""
    return row._replace(ask=lambda ledger: with_reference(row.ask(ledger), kind))


def again(rows: list[Row], kind: type[Operation]) -> list[Row]:
    """The same rows for the same request with a reference, which lacks none."""
    return [referred(row, kind) for row in rows if row.rule != Refuse.REFERENCE_MISSING]


TABLES: dict[type[Operation], list[Row]] = {
    OpenCurrency: OPEN_CURRENCY,
    Mint: MINT,
    Burn: BURN,
    Transfer: TRANSFER,
    FreezeHolder: FREEZE,
    UnfreezeHolder: UNFREEZE,
    AuthoriseHolder: AUTHORISE,
    RevokeAuthorisation: REVOKE,
    SetCaps: SET_CAPS,
    PlaceHold: PLACE_HOLD,
    CaptureHold: CAPTURE_HOLD,
    ReleaseHold: RELEASE_HOLD,
    TransferWithReference: again(TRANSFER, TransferWithReference),
    PlaceHoldWithReference: again(PLACE_HOLD, PlaceHoldWithReference),
    **ISSUER_TABLES,
}

TOLD = REFUSED.read_text("utf-8").splitlines()
"""What each row's refusal says; `python -m tests.golden` writes it."""

NEVER = {
    (PlaceHold, Kernel.SPONSOR_HAS_NO_QUOTA): "a sender whose sponsor has no quota is not admitted",
    **ISSUER_NEVER,
}
"""Rules that stand in the way of an operation without ever being broken, and why."""


@table(TABLES)
def test_a_rule_refuses_says_with_which_values_and_nothing_changes(ledger, operation, row):
    answer = assert_refused(ledger, row)

    assert told(ledger, operation, row, answer) in TOLD


@pytest.mark.parametrize("operation", MODULE.operations, ids=lambda operation: operation.__name__)
def test_the_table_has_every_rule_in_the_order_in_which_they_are_tried(operation):
    rows = list(dict.fromkeys(row.rule for row in TABLES[operation]))

    assert rows == [rule for rule in rules_of(operation) if (operation, rule) not in NEVER]


def test_every_number_of_money_stands_in_a_table():
    assert {row.rule for rows in TABLES.values() for row in rows} >= set(Refuse)
