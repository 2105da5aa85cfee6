"""No rule of the market stands in no table: a new one without a row fails here."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sogdia.kernel.refusals import KernelRefusal as Kernel
from sogdia.modules.market import MODULE
from sogdia.modules.market.cash import CollectCash, RemitCash
from sogdia.modules.market.deposits import PayBalance
from sogdia.modules.market.files import OpenOrderFile
from sogdia.modules.market.late_refunds import RefundLate
from sogdia.modules.market.listings import AddVariant, OpenListing, PublishTerms
from sogdia.modules.market.orders import PlaceOrder, PlaceOrderAtRate
from sogdia.modules.market.refusals import MarketRefusal
from sogdia.modules.market.refusals import MarketRefusal as Refuse
from sogdia.modules.money.refusals import MoneyRefusal as Money
from tests.refused import rules_of

if TYPE_CHECKING:
    from sogdia.kernel.operation import Operation
    from sogdia.kernel.refusal import RefusalCode

TABLES = "REFUSALS"
SPONSORED = "every party has a sponsor with a quota, as an invariant says"
NEVER: dict[tuple[type[Operation], RefusalCode], str] = {
    (PublishTerms, Kernel.SPONSOR_HAS_NO_QUOTA): SPONSORED,
    (OpenListing, Kernel.SPONSOR_HAS_NO_QUOTA): SPONSORED,
    (AddVariant, Kernel.SPONSOR_HAS_NO_QUOTA): SPONSORED,
    (OpenOrderFile, Kernel.SPONSOR_HAS_NO_QUOTA): SPONSORED,
    (PlaceOrder, Kernel.SPONSOR_HAS_NO_QUOTA): SPONSORED,
    (PlaceOrder, Money.CURRENCY_UNKNOWN): "terms name a currency that there is, and none is ever closed",
    (PlaceOrder, Money.REFERENCE_MISSING): "the order is the reference: its papers say who trades with whom",
    (PlaceOrderAtRate, Money.REFERENCE_MISSING): "the order is the reference: its papers say who trades with whom",
    (RefundLate, Money.REFERENCE_MISSING): "a refund has the reference of the order",
    (RefundLate, Money.PAYMENT_ABOVE_LIMIT): "a refund is under no limit",
    (RefundLate, Money.DAY_LIMIT_PASSED): "a refund is under no limit",
    (PlaceOrderAtRate, Kernel.SPONSOR_HAS_NO_QUOTA): SPONSORED,
    (PlaceOrderAtRate, Money.CURRENCY_UNKNOWN): "a card names currencies that there are, and none is ever closed",
    **{
        (each, rule): why
        for each in (PayBalance, CollectCash, RemitCash)
        for rule, why in {
            Money.CURRENCY_UNKNOWN: "the order is in a currency that there is, and none is ever closed",
            Money.REFERENCE_MISSING: "it is not for anybody yet, or the order is the reference",
            Money.HOLDER_NOT_AUTHORISED: "who is paid was looked at when the order was placed",
            Money.HOLDER_CAP_PASSED: "who is paid was looked at when the order was placed",
        }.items()
    },
    (CollectCash, Kernel.SPONSOR_HAS_NO_QUOTA): SPONSORED,
    (RemitCash, Refuse.CASH_NOT_TAKEN): "nothing else is ever collected",
    (RemitCash, Refuse.BALANCE_NOT_DUE): "what was collected is due",
    (RefundLate, Money.CURRENCY_UNKNOWN): "the order was paid in a currency that there is, and none is ever closed",
}
"""Rules that an operation names and no request can break, each with the reason."""


@pytest.fixture
def rules_in_tables(ledger):
    """For every file with a table, the rules that its rows break, operation by operation, in the order of the rows."""
    for name in ("osh", "momo"):
        ledger.register(name)
    names = sorted(path.stem for path in Path(__file__).parent.glob("test_*.py") if path != Path(__file__))
    found = {}
    for name in names:
        rows = getattr(import_module(f"tests.modules.market.{name}"), TABLES, ())
        found[name] = [(type(row.ask(ledger)), row.rule) for row in rows]
    return found


def test_every_rule_of_every_operation_stands_in_a_table(rules_in_tables):
    found = {pair for pairs in rules_in_tables.values() for pair in pairs}
    named = {(operation, rule) for operation in MODULE.operations for rule in rules_of(operation)}

    assert found == named - set(NEVER)


def test_rows_stand_in_the_order_in_which_the_rules_are_tried(rules_in_tables):
    for pairs in rules_in_tables.values():
        for operation in dict(pairs):
            rows = list(dict.fromkeys(rule for asked, rule in pairs if asked is operation))

            assert rows == [rule for rule in rules_of(operation) if rule in rows]


def test_every_number_of_the_market_is_used():
    assert {rule for operation in MODULE.operations for rule in rules_of(operation)} >= set(MarketRefusal)


def test_every_rule_says_what_is_wrong_and_what_to_do():
    assert [int(code) for code in MarketRefusal] == list(range(400, 400 + len(MarketRefusal)))
    assert all(code.rule and code.way_out.endswith(".") for code in MarketRefusal)
