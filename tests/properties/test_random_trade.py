"""Random trade over all modules: registrations, money, holds, listings, orders, returns, splits and leaps of the clock.

After every block the real ledger's invariants hold (the test ledger sees to it), its answer is the one that the second
ledger gives, and everybody has what the second ledger says. A walk that fails prints its seed and what was told;
SOGDIA_WALK=<seed> walks it again.
"""

from __future__ import annotations

import os
import time
from collections import Counter

import pytest

from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.codec import encode
from sogdia.kernel.merkle import root
from sogdia.kernel.quota import QUOTAS
from sogdia.modules.market.records import CLOSED_ORDERS, LINES, ORDERS, VARIANTS, OrderState, Outcome, Parts
from sogdia.modules.money import BALANCES, HOLDS
from sogdia.modules.money.records import CURRENCIES
from tests.properties.random_trade import EVERYBODY, RandomTrade

STEPS = 150
LAST_TOLD = 12
SECONDS = 8
SECONDS_IN_A_FULL_RUN = 600
WALKS_AT_LEAST = 3


def assert_money_agrees(trade):
    """Everybody has what the second ledger says, and the supplies are right."""
    state, second = trade.ledger.state, trade.second
    found = {}
    for who in EVERYBODY:
        for currency in second.currencies:
            it = BALANCES.find(state, (trade.account(who), trade.ledger.asset(currency)))
            found[who, currency] = (it.available, it.held, it.frozen, it.authorised) if it else (0, 0, False, False)
    assert found == {
        key: (second.available.get(key, 0), second.held.get(key, 0), key in second.frozen, key in second.authorised)
        for key in found
    }
    supplies = {name: CURRENCIES.must(state, trade.ledger.asset(name)).supply for name in second.currencies}
    assert supplies == {name: rules.supply for name, rules in second.currencies.items()}
    holds = {name: (it.units, it.deadline) for name, it in HOLDS.items(state)}
    assert holds == {trade.name(name): (it.units, it.deadline) for name, it in second.holds.items()}


def assert_orders_agree(trade):
    """Every order under way, with its lines, is where the second ledger has it."""
    state, second = trade.ledger.state, trade.second
    found = {
        name: (
            OrderState(it.state).name,
            it.deadline,
            it.paid,
            it.refunded,
            {each.line: each.quantity for each in it.requested},
        )
        for name, it in ORDERS.items(state)
    }
    assert found == {
        trade.name(name): (it.state, it.deadline, Parts(**it.paid), Parts(**it.refunded), it.requested)
        for name, it in second.orders.items()
    }
    lines = {(name[:-2], int.from_bytes(name[-2:], "big")): (it.paid, it.returned) for name, it in LINES.items(state)}
    assert lines == {
        (trade.name(name), number): (Parts(**line.paid), line.returned)
        for name, it in second.orders.items()
        for number, line in enumerate(it.lines, start=1)
    }


def assert_closed_orders_agree(trade):
    """Every closed order has the outcome, the sums and the root that it should."""
    found = {
        name: (Outcome(it.outcome).name, it.refunded, it.lines_root)
        for name, it in CLOSED_ORDERS.items(trade.ledger.state)
    }
    assert found == {
        trade.name(name): (
            it.state,
            Parts(**it.refunded),
            root([encode(each) for each in trade.final_lines(name)]),
        )
        for name, it in trade.second.closed.items()
    }


def assert_the_rest_agrees(trade):
    """Stocks, storage and suspensions are what they should be."""
    state, second = trade.ledger.state, trade.second
    stocks = {name[:-2]: it.stock for name, it in VARIANTS.items(state)}
    assert stocks == {
        trade.name(name): it.stock for name, it in second.goods.items() if it.open and name not in second.unstocked
    }
    assert QUOTAS.must(state, trade.account("registrar")).stored_bytes == second.stored
    suspended = {name for name, party in PARTIES.items(state) if party.suspended}
    assert suspended == {trade.account(who) for who in second.suspended}


def walk(seed):
    """Walk a whole walk; a failure says where it stopped and how to walk it again."""
    trade = RandomTrade(seed)
    try:
        for _ in range(STEPS):
            trade.step()
            assert_money_agrees(trade)
            assert_orders_agree(trade)
            assert_closed_orders_agree(trade)
            assert_the_rest_agrees(trade)
    except BaseException as error:
        last = "\n  ".join(trade.told[-LAST_TOLD:])
        error.add_note(f"Walk it again with SOGDIA_WALK={seed}. It stopped at step {len(trade.told)}:\n  {last}")
        raise
    return trade


@pytest.mark.timeout(0)
@pytest.mark.slow
def test_both_ledgers_agree_on_every_walk(rotation, full_run):
    wish = os.environ.get("SOGDIA_WALK")
    if wish is not None:
        walk(int(wish))
        return
    until = time.monotonic() + (SECONDS_IN_A_FULL_RUN if full_run else SECONDS)

    walks = 0
    while walks < WALKS_AT_LEAST or time.monotonic() < until:
        walk(rotation * 1_000 + walks)
        walks += 1


def test_walks_lead_everywhere():
    trades = [walk(seed) for seed in range(6)]

    told = Counter(line.split("(")[0].split()[-1] for trade in trades for line in trade.told if "granted" in line)
    refused = sum("refused" in line for trade in trades for line in trade.told)
    exits = Counter(facts for trade in trades for facts in trade.exits)
    assert len(told) >= 25, f"only {sorted(told)} were granted"
    assert refused > 50
    assert set(exits) >= {("OrderClosed", "OrderDigested"), ("OrderDelivered",), ("HoldEnded",)}
