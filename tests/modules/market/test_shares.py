"""An insurer and an arbitrator have shares of the price, and are paid in the same step as everybody."""

from __future__ import annotations

import pytest

from tests.modules.market.in_steps import ARBITRATOR, INSURER, RELEASED_EARLY, shared_shop
from tests.modules.market.shop import MERCHANT, available, held, settled


@pytest.fixture
def ledger():
    """A shop with an insurer and an arbitrator among its payees."""
    return shared_shop()


def test_everybody_is_paid_in_one_step(ledger):
    """1 % of 6807 is 68 (68.07), half a percent 34 (34.035): of the 6637 without them the merchant has 6535."""
    settled(ledger)

    assert {who: available(ledger, who) for who in (MERCHANT, "platform", INSURER, ARBITRATOR)} == {
        MERCHANT: 6_535,
        "platform": 170,
        INSURER: 68,
        ARBITRATOR: 34,
    }
    assert (available(ledger, "carrier"), available(ledger, "treasury")) == (1_150, 1_202)
    assert held(ledger) == 0


def test_shares_are_paid_with_each_step_too():
    ledger = shared_shop(RELEASED_EARLY)

    settled(ledger)

    assert [available(ledger, who) for who in (MERCHANT, INSURER, ARBITRATOR)] == [6_535, 68, 34]
