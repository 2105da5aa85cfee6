"""Orders in steps and at the door by random, with awards: every invariant, and the books, after every step."""

from __future__ import annotations

from random import Random

import pytest

from tests.rails.test_steps_told import Town

STEPS = 120
SEEDS, ALL_SEEDS = 3, 150


@pytest.mark.timeout(0)
def test_orders_in_steps_keep_every_invariant_and_agree_with_the_books(rotation, full_run):
    for number in range(ALL_SEEDS if full_run else SEEDS):
        walking = Town(Random(f"{rotation} steps {number}").randrange(2**32))
        for _ in range(STEPS):
            walking.step()
