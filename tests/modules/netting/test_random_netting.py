"""Random walks through netting: every invariant holds after every block, and netting changes nobody's position."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from sogdia.kernel.refusal import Refused
from sogdia.kernel.values import owner_of
from sogdia.modules.netting.events import ObligationForgiven, ObligationNetted, ObligationPaid
from sogdia.modules.netting.pools import as_it_stands
from sogdia.modules.netting.records import BATCHES, OBLIGATIONS
from sogdia.testing.ledger import Ledger
from tests.network.random_netting import RandomNetting

if TYPE_CHECKING:
    from sogdia.kernel.operation import Operation

STEPS = 200
SEEDS = (1, 2, 4)


class Walk:
    """A walk on a ledger of its own."""

    def __init__(self, seed: int) -> None:
        """Begin with nobody owing anything; all choices come from the seed."""
        self.random = random.Random(seed)
        self.ledger = Ledger(netting={"batch_period": 60, "rest_period": 60})
        self.applied: Counter[str] = Counter()
        self.refused: Counter[int] = Counter()

    def account(self, who: str) -> bytes:
        """Give an account."""
        return self.ledger.account(who)

    def send(self, who: str, operation: Operation) -> bool:
        """Send it, after no time or a while; the ledger looks at all invariants after the block."""
        if self.random.randrange(5) == 0:
            self.ledger.time += self.random.choice([1, 30, 61])
        before = positions(self.ledger)
        (answer,) = self.ledger.block(self.ledger.sign(who, operation))
        applied = not isinstance(answer, Refused) and answer.code == 0
        self.applied[type(operation).__name__] += applied
        self.refused[int(answer.code)] += not applied
        events = () if isinstance(answer, Refused) else answer.events
        for each in events:
            if isinstance(each, ObligationPaid | ObligationForgiven):
                before[owner_of(each.obligation)] -= each.units
                before[each.debtor] += each.units
            self.applied[type(each).__name__] += 1
        for receipt in self.ledger.exit_receipts():
            assert all(not isinstance(each, ObligationPaid) for each in receipt.events)
            self.applied["carried out"] += sum(isinstance(each, ObligationNetted) for each in receipt.events)
        if type(operation).__name__ not in ("AcceptObligation", "DeclineObligation"):
            assert_same(before, positions(self.ledger))
        return applied


def positions(ledger):
    """What everybody is owed less what it owes, accepted, and with what committed batches have done."""
    sums: Counter[bytes] = Counter()
    for name, each in OBLIGATIONS.items(ledger.state):
        if each.accepted:
            left = as_it_stands(ledger.state, each, ledger.time).left
            sums[owner_of(name)] += left
            sums[each.debtor] -= left
    return sums


def assert_same(first, second):
    assert {who: each for who, each in first.items() if each} == {who: each for who, each in second.items() if each}


@pytest.mark.parametrize("seed", SEEDS)
def test_netting_at_random_changes_nobodys_position(seed):
    walk = Walk(seed)
    netting = RandomNetting(walk)

    for _step in range(STEPS):
        netting.step()
    while list(BATCHES.items(walk.ledger.state)):
        walk.ledger.wait(61)

    assert walk.applied["CommitBatch"] > 3, walk.applied
    assert walk.applied["carried out"] + walk.applied["ObligationNetted"] > 3, walk.applied
