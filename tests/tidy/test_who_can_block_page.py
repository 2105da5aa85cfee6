"""The page on who can block what says the states, the windows and the operations that the code has."""

from __future__ import annotations

import re
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

import pytest

from sogdia.modules.identity.registrars import APPEAL_PERIOD
from sogdia.modules.market.module import MODULE
from sogdia.modules.market.orders import OrderOperation, PlaceOrder, PlaceOrderAtRate
from sogdia.modules.market.records import OrderState, Windows
from sogdia.modules.money import balance
from sogdia.modules.money.currencies import FreezeHolder
from sogdia.modules.money.genesis import MoneyGenesis
from sogdia.modules.money.policies import PANEL_NEEDED_LEAST
from sogdia.modules.money.refusals import MoneyRefusal
from sogdia.modules.vouchers import MODULE as VOUCHERS
from sogdia.modules.vouchers.genesis import VouchersGenesis
from sogdia.testing.ledger import Ledger
from tests.modules.market.backed import ALL, backed_shop, delivered, sent_back
from tests.modules.market.in_steps import AT_THE_DOOR, BEFORE_SHIPPING, accepted, collected, shop_in_steps
from tests.modules.market.shop import MERCHANT, bring, open_order, open_shop
from tests.modules.money.purse import pay

DAY = 86_400
PAGE = (Path(__file__).resolve().parents[2] / "docs/concepts/who-can-block-what.md").read_text("utf-8")
COLUMNS = ["state", "window", "days", "merchant", "buyer", "carrier", "registrar", "sponsor"]
NEXT_BLOCK = "next block"


class Line(NamedTuple):
    """A state's window as the page says it."""

    window: str
    days: int


def table(first):
    """Give the header of the table that begins with a word, and its rows."""
    found = [[cell.strip() for cell in row.strip("|").split("|")] for row in PAGE.splitlines() if row.startswith("|")]
    begin = next(place for place, row in enumerate(found) if row[0] == first)
    rows = takewhile(lambda row: len(row) == len(found[begin]) and row[0].startswith("`"), found[begin + 2 :])
    return found[begin], list(rows)


def lines(rows):
    """Give rows by their states."""
    return {row[0].strip("`"): Line(row[1].strip("`"), int(row[2])) for row in rows}


HEADER, ROWS = table("state")
STEPS_HEADER, STEPS_ROWS = table("in steps")
RATE_HEADER, RATE_ROWS = table("at a rate")
LINES, IN_STEPS, AT_A_RATE = lines(ROWS), lines(STEPS_ROWS), lines(RATE_ROWS)


def test_every_state_has_a_line_and_every_line_says_what_each_can_do():
    assert HEADER == COLUMNS
    assert [row[0].strip("`") for row in ROWS] == [state.name.lower() for state in in_the_page_s_order()]
    assert all(cell for row in ROWS for cell in row)


def in_the_page_s_order():
    """Give the states as the page lists them: those that go on by themselves come last."""
    last = (OrderState.REFUNDING, OrderState.CLOSING)
    return [state for state in OrderState if state not in (*last, OrderState.COLLECTED)] + list(last)


def test_an_order_in_steps_has_two_states_more():
    assert STEPS_HEADER[1:] == COLUMNS[1:]
    assert list(IN_STEPS) == ["accepted", "collected"]
    assert all(cell for row in STEPS_ROWS for cell in row)

    ledger = shop_in_steps(BEFORE_SHIPPING)
    assert open_order(ledger, accepted(ledger)).deadline - ledger.time == IN_STEPS["accepted"].days * DAY
    ledger = shop_in_steps(AT_THE_DOOR)
    assert open_order(ledger, collected(ledger)).deadline - ledger.time == IN_STEPS["collected"].days * DAY


def test_an_order_at_a_rate_has_one_that_takes_time():
    assert RATE_HEADER[1:] == COLUMNS[1:]
    assert list(AT_A_RATE) == ["refunding"]
    assert all(cell for row in RATE_ROWS for cell in row)

    ledger = backed_shop()
    name = delivered(ledger)
    sent_back(ledger, name, *ALL)
    assert open_order(ledger, name).deadline - ledger.time == AT_A_RATE["refunding"].days * DAY


def test_every_window_stands_there_with_its_length():
    everywhere = [*LINES.values(), *IN_STEPS.values(), *AT_A_RATE.values()]
    said = {line.window: line.days * DAY for line in everywhere if line.window != NEXT_BLOCK}

    assert said == {name: getattr(Windows(), name) for name in Windows.__struct_fields__}


@pytest.mark.parametrize("state", [state for state, line in LINES.items() if line.window != NEXT_BLOCK])
def test_a_state_lasts_as_long_as_its_line_says(state):
    ledger = open_shop(Ledger())

    name = bring(ledger, OrderState[state.upper()])

    assert open_order(ledger, name).deadline - ledger.time == LINES[state].days * DAY


def test_the_longest_life_of_an_order_is_that_of_all_windows_together():
    (days,) = re.findall(r"is over after \*\*(\d+) days\*\*", PAGE)

    assert int(days) == sum(line.days for line in LINES.values())


def test_what_a_suspension_closes_is_what_is_not_in_the_reserved_lane():
    (sentence,) = re.findall(r"A suspension closes these operations about orders, and no others: (.*?)\.", PAGE)
    about_orders = [
        each for each in MODULE.operations if issubclass(each, OrderOperation | PlaceOrder | PlaceOrderAtRate)
    ]

    assert re.findall(r"`(\w+)`", sentence) == [each.__name__ for each in about_orders if not each.reserved]


def test_purses_last_as_long_as_the_page_says():
    rows = dict(re.findall(r"^\| `(life_max|grace)` \| (\d+) \|", PAGE, re.MULTILINE))

    assert {name: int(days) * DAY for name, days in rows.items()} == {
        name: getattr(VouchersGenesis(), name) for name in ("life_max", "grace")
    }


def test_what_a_suspension_closes_about_vouchers_is_what_is_not_in_the_reserved_lane():
    (sentence,) = re.findall(r"A suspension closes these operations about vouchers, and no others: (.*?)\.", PAGE)

    assert re.findall(r"`(\w+)`", sentence) == [each.__name__ for each in VOUCHERS.operations if not each.reserved]


def test_the_days_and_numbers_of_what_an_issuer_may_do_are_those_of_the_code():
    rules = MoneyGenesis()
    said = PAGE[PAGE.index("**Issuer.**") : PAGE.index("**Panel of a currency.**")]
    days = [rules.freeze_term, rules.freeze_rest, rules.measure_period, rules.redemption_period]

    assert [int(each) * DAY for each in re.findall(r"\*\*(\d+) days\*\*", said)] == days
    assert f"at least **{PANEL_NEEDED_LEAST}** organisations" in said


def test_a_frozen_payee_of_an_order_can_spend_when_the_page_says():
    ledger = open_shop(Ledger())
    bring(ledger, OrderState.DELIVERED)
    ledger.must("bank", FreezeHolder(currency="USD", account=ledger.account(MERCHANT), reason="Court order 7/2026"))
    began = ledger.time
    ledger.wait(Windows().returns + 1)
    ledger.wait(1)
    earned = balance(ledger.state, ledger.account(MERCHANT), ledger.asset())
    paying = pay(ledger, earned.available, "lanzhou")

    assert earned.available > 0
    assert ledger.send(MERCHANT, paying, at=began + MoneyGenesis().freeze_term).code == MoneyRefusal.HOLDER_FROZEN
    assert ledger.send(MERCHANT, paying, at=began + MoneyGenesis().freeze_term + 1).code == 0


def test_an_appeal_ends_a_suspension_when_the_page_says():
    assert f"it ends after {APPEAL_PERIOD // DAY} days" in PAGE
