"""Orders at rates by random, with bonds, covers and refunds for every cause: every invariant holds after every step."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from sogdia.kernel.read_once import ReadOnce
from sogdia.modules.exchange.records import SWAPPED
from tests.network.random_life import RandomLife

STEPS = 160
BEGINNING = 40
"""Steps of the whole walk, in which merchants open their shops."""

CORE = (9, 11, 12, 14, 16, 18, 20)
SEEDS, ALL_SEEDS = 3, 150


def walk(seed: int) -> tuple[RandomLife, int]:
    """Play a seed; give the walk and how many steps found an order under way that was paid in another money."""
    life = RandomLife(seed)
    for _ in range(BEGINNING):
        life.step()
    under_way = 0
    for _ in range(STEPS):
        life._exchange.step()
        life.ledger.machine.check_invariants(ReadOnce(life.ledger.state))
        under_way += next(iter(SWAPPED.items(life.ledger.state)), None) is not None
    return life, under_way


def played(seed: int) -> RandomLife:
    """Play a seed and go on until nothing is under way; every invariant holds then, too."""
    life, _under_way = walk(seed)
    for _ in range(90):
        life.ledger.wait(86_400)
    life.ledger.machine.check_invariants(ReadOnce(life.ledger.state))
    assert list(SWAPPED.items(life.ledger.state)) == []
    return life


def test_every_invariant_holds_after_every_step():
    lives = [played(seed) for seed in CORE]

    applied = sum((life.applied for life in lives), Counter[str]())
    assert {
        "PostBond",
        "PlaceOrderAtRate",
        "ShipOrder",
        "RefundLines",
        "ApproveReturn",
        "RefuseReturn",
        "AcceptSplit",
        "TakeUnexchanged",
    } <= set(+applied), applied


@pytest.mark.timeout(0)
def test_it_holds_on_seeds_that_nobody_has_seen(rotation, full_run):
    for number in range(ALL_SEEDS if full_run else SEEDS):
        played(Random(f"{rotation} backing {number}").randrange(2**32))
