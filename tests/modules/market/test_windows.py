"""How long the states of an order last is a network's own choice, within bounds."""

from __future__ import annotations

import msgspec
import pytest

from sogdia.modules.market.genesis import MarketGenesis
from sogdia.modules.market.records import ORDERS, OrderState
from sogdia.testing.ledger import Ledger
from tests.modules.market.shop import bring, open_order, open_shop, state_of

SECONDS = {"accept": 1, "ship": 2, "deliver": 3, "returns": 4, "answer": 5, "agree": 6}
IN_ORDER = (
    OrderState.PLACED,
    OrderState.ACCEPTED,
    OrderState.SHIPPED,
    OrderState.DELIVERED,
    OrderState.RETURNING,
    OrderState.CONTESTED,
)


@pytest.mark.parametrize(("state", "seconds"), list(zip(IN_ORDER, SECONDS.values(), strict=True)))
def test_each_state_has_its_own_window(state, seconds):
    ledger = open_shop(Ledger(market={"windows": SECONDS}))

    name = bring(ledger, state)

    assert open_order(ledger, name).deadline == ledger.time + seconds


def test_a_window_of_no_seconds_ends_within_its_second():
    ledger = open_shop(Ledger(market={"windows": dict.fromkeys(SECONDS, 0)}))
    name = bring(ledger, OrderState.CONTESTED)

    ledger.wait(1)

    assert state_of(ledger, name) == OrderState.DELIVERED
    ledger.wait(1)
    assert list(ORDERS.items(ledger.state)) == []


@pytest.mark.parametrize("window", SECONDS)
@pytest.mark.parametrize("seconds", [-1, 400 * 86_400 + 1])
def test_a_window_beyond_its_bounds_is_no_genesis(window, seconds):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"windows": {window: seconds}}, MarketGenesis)


def test_the_longest_window_is_allowed():
    assert msgspec.convert({"windows": {"deliver": 400 * 86_400}}, MarketGenesis).windows.deliver == 400 * 86_400
