"""What parties owe one another, at random: stated, accepted, paid, forgiven, and netted rightly and wrongly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from sogdia.kernel.values import name_of, owner_of
from sogdia.modules.money import balance
from sogdia.modules.money.currencies import FreezeHolder, Mint, UnfreezeHolder
from sogdia.modules.netting.batches import (
    CommitBatch,
    DeclareFlows,
    DeclarePotentials,
    DropBatch,
    OpenBatch,
    PartyPotential,
)
from sogdia.modules.netting.obligations import (
    AcceptObligation,
    DeclineObligation,
    ForgiveObligation,
    LeavePool,
    Payment,
    PayObligations,
    StateObligation,
)
from sogdia.modules.netting.records import BATCHES, OBLIGATIONS, PLACES, POOLS
from sogdia.modules.netting.sweeping import place_at
from tests.modules.netting.cancelling import Edge, best

if TYPE_CHECKING:
    from random import Random

    from sogdia.kernel.operation import Operation
    from sogdia.testing.ledger import Ledger

HOUSE = "platform"
DEBTORS = ("bukhara", "nairobi", "lanzhou")
REFERENCES = tuple(f"d{number}" for number in range(60))
BATCH_REFERENCES = ("b0", "b1")
DAY = 86_400
ENOUGH = 5
"""With fewer obligations there is hardly ever anything to net."""


class Walk(Protocol):
    """A walk on whose ledger it all happens."""

    ledger: Ledger
    random: Random

    def send(self, who: str, operation: Operation) -> bool:
        """Send an operation; tell whether it was applied."""

    def account(self, who: str) -> bytes:
        """Give an account."""


class RandomNetting:
    """Debtors, creditors and a house; all choices come from the walk's own generator."""

    def __init__(self, walk: Walk) -> None:
        """Act on the ledger of a walk."""
        self._walk = walk

    def step(self) -> None:
        """Let one of them do something."""
        deeds = {self._state: 16, self._answer: 3, self._pay: 3, self._change: 2, self._net: 3, self._freeze: 1}
        self._walk.random.choices(list(deeds), weights=list(deeds.values()))[0]()

    def _state(self) -> None:
        walk = self._walk
        creditor, debtor = walk.random.sample(DEBTORS, 2)
        stated = StateObligation(
            reference=walk.random.choice(REFERENCES),
            debtor=walk.account(debtor),
            asset=walk.ledger.asset(),
            units=walk.random.choice([1, 10, 10, 25]),
            due=(walk.ledger.time // DAY + walk.random.choice([-1, 0, 0, 0, 1])) * DAY,
            coordinator=walk.account(HOUSE) if walk.random.randrange(8) else None,
            end_to_end="",
        )
        if walk.send(creditor, stated) and walk.random.randrange(4):
            name = name_of(walk.account(creditor), stated.reference)
            walk.send(debtor, AcceptObligation(obligation=name, netting=True))

    def _some(self) -> bytes | None:
        names = sorted(name for name, _each in OBLIGATIONS.items(self._walk.ledger.state))
        return self._walk.random.choice(names) if names else None

    def _called(self, account: bytes) -> str:
        return next((who for who in DEBTORS if self._walk.account(who) == account), DEBTORS[0])

    def _answer(self) -> None:
        name = self._some()
        if name is None:
            return
        walk = self._walk
        debtor = self._called(OBLIGATIONS.must(walk.ledger.state, name).debtor)
        netting = bool(walk.random.randrange(8))
        decline = walk.random.randrange(8) == 0
        walk.send(
            debtor,
            DeclineObligation(obligation=name) if decline else AcceptObligation(obligation=name, netting=netting),
        )

    def _pay(self) -> None:
        name = self._some()
        if name is None:
            return
        walk = self._walk
        debtor = self._called(OBLIGATIONS.must(walk.ledger.state, name).debtor)
        if walk.random.randrange(3):
            walk.send("bank", Mint(currency="USD", to=walk.account(debtor), units=walk.random.randint(1, 30)))
        known = OBLIGATIONS.find(walk.ledger.state, name)
        if known is None:
            return
        owed = sorted(
            other
            for other, each in OBLIGATIONS.items(walk.ledger.state)
            if each.debtor == known.debtor and each.accepted and other != name
        )
        names = sorted([name, *owed[: walk.random.randrange(3)]])
        payments = tuple(
            Payment(each, OBLIGATIONS.must(walk.ledger.state, each).left if walk.random.randrange(3) else 1)
            for each in names
        )
        walk.send(debtor, PayObligations(asset=walk.ledger.asset(), payments=payments))

    def _change(self) -> None:
        name = self._some()
        if name is None:
            return
        walk, creditor = self._walk, self._called(owner_of(name))
        known = OBLIGATIONS.must(walk.ledger.state, name)
        units = walk.random.choice([1, known.left])
        if walk.random.randrange(2):
            walk.send(creditor, ForgiveObligation(obligation=name[20:].decode(), units=units))
        else:
            walk.send(walk.random.choice([creditor, HOUSE, "bank"]), LeavePool(obligations=(name,)))

    def _freeze(self) -> None:
        who = self._walk.account(self._walk.random.choice(DEBTORS))
        if not self._walk.send("bank", FreezeHolder(currency="USD", account=who, reason="at random")):
            self._walk.send("bank", UnfreezeHolder(currency="USD", account=who))

    # --------------------------------------------------------------------------------------------------------- batches

    def _net(self) -> None:
        """Open a batch, and declare it: mostly rightly, whole, and at once."""
        walk, house = self._walk, self._walk.account(HOUSE)
        reference = walk.random.choice(BATCH_REFERENCES)
        known = BATCHES.find(walk.ledger.state, name_of(house, reference))
        if known is None:
            dues = sorted({int.from_bytes(key[-4:], "big") for key, _pool in POOLS.items(walk.ledger.state)})
            if not dues or (sum(pool.count for _key, pool in POOLS.items(walk.ledger.state)) < ENOUGH):
                return
            come = tuple(each for each in dues if each <= walk.ledger.time)
            chosen = come if come and walk.random.randrange(3) else (walk.random.choice(dues),)
            if not walk.send(HOUSE, OpenBatch(batch=reference, asset=walk.ledger.asset(), dues=chosen)):
                return
        if walk.random.randrange(10) == 0:
            walk.send(HOUSE, DropBatch(batch=reference))
            return
        self._declare(reference)

    def _declare(self, reference: str) -> None:
        walk, name = self._walk, name_of(self._walk.account(HOUSE), reference)
        state = walk.ledger.state
        batch = BATCHES.find(state, name)
        if batch is None:
            return
        places = [PLACES.find(state, place_at(owner_of(name), batch, index)) for index in range(sum(batch.sizes))]
        listed = [(each.obligation, OBLIGATIONS.must(state, each.obligation)) for each in places if each is not None]
        accounts = sorted({account for owed, each in listed for account in (owner_of(owed), each.debtor)})
        frozen = {each for each in accounts if self._is_frozen(each)}
        edges = [
            Edge(
                accounts.index(each.debtor),
                accounts.index(owner_of(owed)),
                0 if {each.debtor, owner_of(owed)} & frozen else each.left,
            )
            for owed, each in listed
        ]
        flows, heights = best(len(accounts), edges)
        if walk.random.randrange(6) == 0 and flows:
            at = walk.random.randrange(len(flows))
            flows[at] = max(0, flows[at] + walk.random.choice([-1, 1]))
        potentials = tuple(PartyPotential(*each) for each in zip(accounts, heights, strict=True))
        walk.send(HOUSE, DeclarePotentials(batch=reference, potentials=potentials))
        cut = walk.random.randint(1, len(flows))
        walk.send(HOUSE, DeclareFlows(batch=reference, start=0, flows=tuple(flows[:cut])))
        if flows[cut:] and walk.random.randrange(8):
            walk.send(HOUSE, DeclareFlows(batch=reference, start=cut, flows=tuple(flows[cut:])))
        walk.send(HOUSE, CommitBatch(batch=reference))

    def _is_frozen(self, account: bytes) -> bool:
        return balance(self._walk.ledger.state, account, self._walk.ledger.asset()).frozen
