"""Random membership: proposals, votes, withdrawals, evidence, changed keys and leaps of the clock, in any order.

After every block all invariants hold (the test ledger sees to it), and three more things: an engine that only follows
the updates that blocks offer has the validators that the headers name, the votes are those that a second count gives,
and whoever had a key twice jailed is the only one that was. A walk that fails prints its seed.
"""

from __future__ import annotations

import random
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

from sogdia.kernel.comet import address_of
from sogdia.kernel.header import validators_at
from sogdia.kernel.members import members_of
from sogdia.kernel.refusal import Refused
from sogdia.kernel.values import name_of
from sogdia.modules.governance.proposing import (
    ProposeCancellation,
    ProposeDismissal,
    ProposeLimits,
    ProposeQuota,
    ProposeRegistrar,
    ProposeRelease,
    ProposeUpgrade,
)
from sogdia.modules.governance.records import PROPOSALS, agenda_of
from sogdia.modules.governance.voting import WithdrawProposal
from tests import rotation as chosen
from tests.modules.governance.council import ORGANISATIONS, admission, ballot, council, node_keys, power, removal
from tests.modules.identity.town import rotation

if TYPE_CHECKING:
    from sogdia.client.envelopes import Signed

CANDIDATES = ("carrier", "platform")
EVERYBODY = (*ORGANISATIONS, *CANDIDATES)
STEPS = 120
WALKS = 3
WALKS_IN_A_FULL_RUN = 300


class Walk:
    """A council and what an engine makes of its blocks."""

    def __init__(self, seed: int) -> None:
        """Open the council and begin to follow it."""
        self.chance = random.Random(seed)
        self.ledger = council(*(self.chance.randint(1, 40) for _each in ORGANISATIONS))
        self.powers = {each.public: each.power for each in validators_at(self.ledger.state, 1)}
        self.pairs = {name: node_keys(name) for name in EVERYBODY}
        self.rotations = 0
        self.decided = 0

    def block(self, *signed: Signed):
        """Make a block, and look."""
        answers = self.ledger.block(*signed)
        for public, weight in self.ledger.last_block.validator_updates():
            if weight:
                self.powers[public] = weight
            else:
                del self.powers[public]
        named = validators_at(self.ledger.state, self.ledger.height + 2)
        assert self.powers == {each.public: each.power for each in named}
        assert sum(self.powers.values()) > 0
        self.count_again()
        self.decided += bool(agenda_of(self.ledger.state).waiting)
        return answers

    def count_again(self):
        """Count every open proposal by another way: in fractions of the whole."""
        state = self.ledger.state
        weights = {each.account: each.power for each in members_of(state) if not each.jailed}
        whole = sum(weights.values())
        for name in agenda_of(state).open:
            said = {each.member: each.yes for each in PROPOSALS.must(state, name).ballots}
            yes = Fraction(sum(weight for who, weight in weights.items() if said.get(who) is True), whole)
            no = Fraction(sum(weight for who, weight in weights.items() if said.get(who) is False), whole)
            assert yes <= Fraction(2, 3)
            assert 1 - no > Fraction(2, 3)

    def step(self):
        """Do one thing at random."""
        ledger, chance = self.ledger, self.chance
        kind = chance.randrange(10)
        if kind == 0:
            self.ledger.evidence = (address_of(node_keys(chance.choice(EVERYBODY)).public),)
            self.block()
        elif kind == 1:
            ledger.time += chance.choice((60, 86_400, 15 * 86_400))
            self.block()
        elif kind == 2:
            self.rotate(chance.choice(EVERYBODY))
        elif kind <= 5:
            who = chance.choice(ORGANISATIONS)
            proposed = self.proposal()
            signers = (who, *self.candidates(proposed))
            self.block(ledger.sign(signers, proposed))
        else:
            self.vote()

    def rotate(self, name):
        """Let somebody change the key of its node, if it has one."""
        self.rotations += 1
        old, new = self.pairs[name], node_keys(f"{name} {self.rotations}")
        (answer,) = self.block(self.ledger.sign(name, rotation(self.ledger, old, new)))
        if not isinstance(answer, Refused) and answer.code == 0:
            self.pairs[name] = new

    def candidates(self, proposed):
        """Give whoever has to sign a proposal beside its proposer."""
        accounts = {self.ledger.account(name): name for name in CANDIDATES}
        return (accounts[proposed.account],) if type(proposed).__name__ == "ProposeAdmission" else ()

    def proposal(self):
        """Make some proposal."""
        ledger, chance = self.ledger, self.chance
        common: dict[str, Any] = {
            "reference": f"p{chance.randrange(3)}",
            "height": ledger.height + chance.randrange(-2, 9),
        }
        about: dict[str, Any] = {"account": ledger.account(chance.choice(EVERYBODY))}
        quota: dict[str, Any] = {
            "operations": 10**6,
            "bytes": 10**10,
            "reserved_operations": 10**6,
            "stored_bytes": 10**9,
        }
        registrar: dict[str, Any] = {"countries": ("KE",), "parties": 1, "attestations": 1, "period": 60}
        waiting = agenda_of(ledger.state).waiting or (name_of(bytes(20), "none"),)
        return chance.choice(
            (
                lambda: admission(ledger, chance.choice(CANDIDATES), power=chance.randint(1, 40), **common),
                lambda: removal(ledger, chance.choice(EVERYBODY), **common),
                lambda: power(ledger, chance.randint(1, 40), chance.choice(EVERYBODY), **common),
                lambda: ProposeRelease(**common, **about),
                lambda: ProposeRelease(**common, **about),
                lambda: ProposeLimits(**common, block_envelopes_max=chance.randint(100, 5_000)),
                lambda: ProposeQuota(**common, **about, **quota),
                lambda: ProposeRegistrar(**common, **about, **registrar),
                lambda: ProposeDismissal(**common, **about),
                lambda: ProposeUpgrade(reference="up", height=10**6, version=chance.randint(1, 3)),
                lambda: ProposeCancellation(**common, proposal=chance.choice(waiting)),
            )
        )()

    def vote(self):
        """Let several vote in one block, or somebody withdraw."""
        ledger, chance = self.ledger, self.chance
        names = agenda_of(ledger.state).open
        if not names:
            self.block()
            return
        name = chance.choice(names)
        by = next((each for each in EVERYBODY if ledger.account(each) == name[:20]), "almaty")
        reference = name[20:].decode()
        if chance.randrange(12) == 0:
            self.block(ledger.sign(by, WithdrawProposal(reference=reference)))
            return
        voters = chance.sample(EVERYBODY, chance.randint(1, 4))
        self.block(
            *(ledger.sign(voter, ballot(ledger, reference, by=by, yes=chance.randrange(4) > 0)) for voter in voters)
        )


def walked(seed: int) -> Walk:
    """Walk to the end."""
    walk = Walk(seed)
    try:
        for _step in range(STEPS):
            walk.step()
    except BaseException:
        print(f"the walk with the seed {seed} failed at height {walk.ledger.height}")  # noqa: T201 - to walk it again
        raise
    return walk


@pytest.mark.parametrize("number", range(WALKS_IN_A_FULL_RUN if chosen.full() else WALKS))
def test_a_random_walk_keeps_every_promise(number):
    walked(chosen.seed() + number)


def test_on_a_walk_things_are_decided():
    assert walked(1).decided > 0
