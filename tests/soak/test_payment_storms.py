"""The storms and corridors with seeds that nobody chose: one in every run, all with many orders in a full one."""

from __future__ import annotations

from sogdia.simulate.payments import figures, storms
from sogdia.simulate.payments.run import Wish, run
from sogdia.simulate.payments.trades import Outcome

FULL_ORDERS = 100
QUICK_ORDERS = 8
FULL_SEEDS = 3


def test_the_promise_holds_whatever_the_seed(rotation, full_run):
    turn = storms.ALL[rotation % len(storms.ALL)]
    names = [each.name for each in storms.ALL] if full_run else [turn.name]
    seen: set[Outcome] = set()

    for number in range(FULL_SEEDS if full_run else 1):
        orders = FULL_ORDERS if full_run else QUICK_ORDERS
        for played in run(Wish(seed=f"{rotation}/{number}", orders=orders, only=tuple(names))).played:
            seen |= {trade.outcome for trade in played.trades}
            assert figures.completed(played).mean == figures.completed(played).worst == 0, played.replay.name
            assert figures.before_the_swap(played).mean == figures.before_the_swap(played).worst == 0
            assert all(trade.merchants_loss() == 0 for trade in played.trades), played.replay.name
            assert played.minted == played.burned, played.replay.name

    assert not full_run or seen == set(Outcome)
