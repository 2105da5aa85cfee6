"""Questions about money."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from sogdia.modules.money import Balance
from sogdia.modules.money.queries import PAGE_MAX, BalanceQuery, BalancesQuery, CurrencyQuery, HoldQuery, Owned
from tests.modules.money.purse import NOBODY, PAYEE, PAYER, currency, freeze, held_as, place


def asked(ledger, **changes: Any):  # noqa: ANN401 - any field
    """A page of balances."""
    return BalancesQuery(**changes).answer(ledger.state)


@pytest.fixture
def rich(ledger):
    """A ledger on which three parties have money of two currencies."""
    for who, code, units in [(PAYER, "USD", 10), (PAYEE, "USD", 20), ("lanzhou", "KWD", 30), (PAYER, "KWD", 40)]:
        ledger.fund(who, units, code)
    freeze(ledger, PAYER)
    return ledger


def key_of(row):
    """Where a row stands in the order."""
    return row.account + row.currency.encode() + row.issuer


def test_a_balance_can_be_asked_for(rich):
    def ask(who: str, code: str) -> Balance:
        return BalanceQuery(account=rich.account(who), currency=code, issuer=rich.account("bank")).answer(rich.state)

    assert ask(PAYER, "USD") == Balance(available=10, frozen=True)
    assert ask(PAYEE, "KWD") == Balance()


def test_all_balances_come_in_order_of_account_and_asset(rich):
    rows = asked(rich)

    assert [key_of(row) for row in rows] == sorted(key_of(row) for row in rows)
    assert sum(row.available for row in rows) == 100
    assert len(rows) == 4


def test_one_account_s_balances_can_be_asked_for(rich):
    rows = asked(rich, account=rich.account(PAYER))

    bank = rich.account("bank")
    assert rows == [
        Owned(
            account=rich.account(PAYER),
            currency="KWD",
            issuer=bank,
            available=40,
            held=0,
            frozen=False,
            authorised=False,
        ),
        Owned(
            account=rich.account(PAYER),
            currency="USD",
            issuer=bank,
            available=10,
            held=0,
            frozen=True,
            authorised=False,
        ),
    ]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5])
def test_pages_join_to_the_whole(rich, limit):
    pages, after = [], b""
    while page := asked(rich, after=after, limit=limit):
        assert len(page) <= limit
        pages += page
        after = key_of(page[-1])

    assert pages == asked(rich)


@pytest.mark.parametrize("limit", [0, PAGE_MAX + 1])
def test_a_page_has_a_limit(limit):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"type": "balances", "limit": limit}, BalancesQuery)


def test_a_currency_and_a_hold_can_be_asked_for(ledger):
    ledger.fund(PAYER, 5)
    name = place(ledger, 5)
    bank = ledger.account("bank")

    assert CurrencyQuery(currency="USD", issuer=bank).answer(ledger.state) == currency(ledger)
    assert CurrencyQuery(currency="USD", issuer=NOBODY).answer(ledger.state) is None
    assert HoldQuery(name=name).answer(ledger.state) == held_as(ledger, name)
    assert HoldQuery(name=name + b"x").answer(ledger.state) is None
