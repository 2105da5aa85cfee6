"""Plans of orders, and what an order's money comes to, by hand."""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Any

import pytest

from sogdia.modules.exchange.records import Premium, Rate
from sogdia.modules.market.causes import Cause
from sogdia.simulate.payments import figures
from sogdia.simulate.payments.storms import SHORT, Windows
from sogdia.simulate.payments.trades import (
    BEFORE_THE_SWAP,
    CAUSES,
    SHARES,
    Action,
    Outcome,
    Part,
    Plan,
    Trade,
    draw,
    plan_for,
)

DAY = 86_400
RATE = Rate(413_173, 10_000)
"""41.3173 rupees a yuan, the worked example: 1,250.00 yuan cost 51,646.63 rupees."""


def trade(**changes: Any) -> Trade:  # noqa: ANN401 - any field
    """Give an order of 1,250.00 yuan in two lines, paid in rupees, with a mid rate of 41."""
    fields: dict[str, Any] = {
        "reference": "o1",
        "name": b"o1",
        "buyer": "buyer-1",
        "dealer": "dealer-1",
        "quantities": (100, 25),
        "paid": (100_000, 25_000),
        "mid": Fraction(41),
        "rate": RATE,
        "payment": 5_164_663,
        "premium": 25_824,
        "premiums": (Premium(DAY, 5), Premium(2 * DAY, 20), Premium(10 * DAY, 50)),
        "funding": (2, 3, 14),
        "placed_on": 1,
        "placed_at": 1_000,
        "placed_height": 1,
        "plan": Plan(Outcome.COMPLETED, {}, 9),
    }
    return Trade(**(fields | changes))


@pytest.mark.parametrize("windows", [Windows(), SHORT], ids=["thirty days", "roubles"])
@pytest.mark.parametrize("outcome", SHARES)
def test_every_plan_keeps_to_the_windows(outcome, windows):
    for number in range(200):
        plan = plan_for(outcome, Random(number), windows)
        days = {action: day for day, action in plan.steps.items()}
        accepted = days.get(Action.ACCEPT, days.get(Action.ACCEPT_IN_PART))
        shipped, delivered = days.get(Action.SHIP), days.get(Action.DELIVER)

        last = windows.agree + windows.rate + 2
        assert plan.days <= windows.accept + windows.ship + windows.deliver + windows.returns + last
        assert (shipped is None) == (outcome in BEFORE_THE_SWAP)
        if accepted is not None:
            assert 1 <= accepted <= windows.accept
        if accepted is not None and shipped is not None:
            assert 1 <= shipped - accepted <= windows.ship
        if shipped is not None and delivered is not None:
            assert 1 <= delivered - shipped <= windows.deliver


def test_orders_of_thirty_days_are_drawn():
    waiting = {outcome for outcome, cause in CAUSES.items() if cause is not Cause.REMORSE}
    longest = {outcome: max(plan_for(outcome, Random(at), Windows()).days for at in range(2_000)) for outcome in SHARES}

    assert Windows().longest() == 30
    assert max(days for outcome, days in longest.items() if outcome not in waiting) == 30
    assert max(longest.values()) <= 30 + Windows().rate


def test_a_plan_that_would_end_too_late_is_not_drawn():
    plans = [draw(Random(number), Windows(), 6) for number in range(200)]

    assert any(plans)
    assert all(plan is None or plan.days <= 6 for plan in plans)
    assert draw(Random(1), Windows(), 0) is None


def test_parts_that_go_back_are_differences_of_shares():
    order = trade()

    assert order.part_back(order.payment, 50_000) == 2_065_865
    order.undone = 50_000
    assert order.part_back(order.payment, 75_000) == 3_098_798
    assert order.line_back(0, 33) == 33_000


@pytest.mark.parametrize(
    ("seconds", "owed"), [(0, 2_583), (DAY, 2_583), (DAY + 1, 10_330), (10 * DAY, 25_824), (11 * DAY, 25_824)]
)
def test_whoever_takes_an_order_back_owes_the_premium_of_the_time(seconds, owed):
    assert trade().owed_at(1_000 + seconds) == owed


def test_an_order_that_ended_before_the_swap_lost_nothing():
    order = trade(undone=125_000, back=5_164_663 + 25_824 - 2_583, owed=2_583)
    order.parts_undone.append(Part(3, 125_000, Fraction(36)))

    assert order.buyers_loss() == 0
    assert order.buyers_loss_by_swap_now() == 5_164_663 - 125_000 * 36
    assert order.merchants_loss() == 0


def test_a_unit_that_is_missing_is_a_loss():
    assert trade(undone=125_000, back=5_164_663 + 25_824 - 1).buyers_loss() == 1
    swapped = {"swapped_on": 4, "swapped_units": 125_000, "swapped_payment": 5_164_663, "swapped_premium": 25_824}
    assert trade(**swapped, fee=62, merchant_got=124_937).merchants_loss() == 1
    assert trade(**swapped, fee=62, merchant_got=124_938).merchants_loss() == 0


def test_a_refund_after_the_swap_counts_at_the_rate_of_its_day():
    order = trade(
        swapped_on=4,
        swapped_units=125_000,
        swapped_payment=5_164_663,
        swapped_premium=25_824,
        merchant_got=74_963,
        fee=37,
    )
    order.refunds.append(Part(9, 50_000, Fraction(36)))

    # 40 % of the payment bought 50,000 fen, which are worth 36 paisa each when they come back.
    assert order.buyers_loss() == Fraction(5_164_663 * 2, 5) - 50_000 * 36
    assert order.merchants_loss() == 0
    found = figures.losses([order])
    assert found.mean == found.worst == order.buyers_loss() * 10_000 / Fraction(5_164_663 * 2, 5)
