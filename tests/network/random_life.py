"""What happens on a network, at random and from every module: trade, votes, evidence, changed keys, anything else.

The walk of `tests/properties` trades on a ledger in memory; its second ledger serves only as notes of what there is to
act on, and nothing is compared with it here: what the replicas make of the same blocks is.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec

from sogdia.client.keys import derive
from sogdia.kernel.comet import address_of
from sogdia.kernel.refusal import Refused
from sogdia.modules.governance.proposing import (
    ProposeDismissal,
    ProposeLimits,
    ProposePower,
    ProposeQuota,
    ProposeRegistrar,
    ProposeRelease,
    ProposeRemoval,
    ProposeUpgrade,
)
from sogdia.modules.governance.records import agenda_of
from sogdia.modules.governance.voting import CastBallot, WithdrawProposal
from sogdia.modules.identity.node_keys import RotateNodeKey, rotation_message
from sogdia.testing.ledger import SEED, keys_of
from tests.network.any_operation import AnyOperation
from tests.network.chain import VALIDATORS, network_genesis
from tests.network.random_book import RandomBook
from tests.network.random_exchange import RandomExchange
from tests.network.random_netting import RandomNetting
from tests.network.random_reference import RandomReference
from tests.network.random_vouchers import RandomVouchers
from tests.properties.random_trade import EVERYBODY, RandomTrade

if TYPE_CHECKING:
    from collections.abc import Callable

    from sogdia.client.keys import KeyPair
    from sogdia.kernel.operation import Operation
    from tests.properties.second_ledger import Named

REPLICAS = VALIDATORS[:3]
ENVELOPES_A_BLOCK = 6
SECTIONS = ("engine", "validators", "identity", "governance", "reference")


class Moment(msgspec.Struct):
    """What was sent for one block, in its order, and who is proven to have voted twice."""

    at: int
    envelopes: list[bytes] = []
    misbehaviour: tuple[bytes, ...] = ()


class RandomLife(RandomTrade):
    """A walk that keeps what was sent, cut into moments."""

    def __init__(self, seed: int) -> None:
        """Begin on the genesis of a network, with nothing kept yet of what the walk prepares."""
        made = msgspec.to_builtins(network_genesis(REPLICAS))
        self.moments: list[Moment] = []
        self.applied: Counter[str] = Counter()
        self._keys: dict[str, KeyPair] = {name: keys_of(f"validator {name}") for name in REPLICAS}
        self._rotations = 0
        super().__init__(seed, **{part: made[part] for part in SECTIONS})
        accounts = {who: self.account(who) for who in (*EVERYBODY, *REPLICAS)}
        self._any = AnyOperation(self.random, accounts)
        self._exchange = RandomExchange(self)
        self._book = RandomBook(self)
        self._vouchers = RandomVouchers(self)
        self._netting = RandomNetting(self)
        self._reference = RandomReference(self)

    # ----------------------------------------------------------------------------------------------------- sending

    def tell(self, who: str, operation: Operation, granted: Callable[[], bool], touched: Named | None = None) -> bool:
        """Let some time pass and send it; note what has come of it."""
        self.ledger.check_invariants = False
        self.ledger.time += self.leap()
        self.second.now = self.ledger.time
        if touched is not None:
            self.second.hold_out(touched)
            self.second.time_out(touched)
        self.second.everything_due()
        self.ledger._registered.setdefault(who, self.account(who))
        return self.send(who, operation) and granted()

    def wait(self) -> None:
        """Let only time pass."""
        self.ledger.time += self.leap() or 1
        self.second.now = self.ledger.time
        self.second.everything_due()

    def send(self, who: str, operation: Operation) -> bool:
        """Send an operation and keep it; tell whether it was applied."""
        signed = self.ledger.sign(who, operation)
        moment = self._moment()
        moment.envelopes.append(signed.raw)
        (answer,) = self.ledger.block(signed)
        applied = not isinstance(answer, Refused) and answer.code == 0
        self.applied[type(operation).__name__] += applied
        return applied

    def _moment(self) -> Moment:
        last = self.moments[-1] if self.moments else None
        if last is None or last.at != self.ledger.time or len(last.envelopes) >= ENVELOPES_A_BLOCK:
            self.moments.append(Moment(self.ledger.time))
        return self.moments[-1]

    # ------------------------------------------------------------------------------------------------ what happens

    def step(self) -> None:
        """Let something happen."""
        deeds = {
            super().step: 60,
            self._exchange.step: 30,
            self._book.step: 20,
            self._vouchers.step: 15,
            self._netting.step: 20,
            self._reference.step: 12,
            self.anything: 25,
            self.propose: 6,
            self.vote: 12,
            self.rotate: 2,
            self.accuse: 1,
        }
        self.random.choices(list(deeds), weights=list(deeds.values()))[0]()

    def anything(self) -> None:
        """Let anybody ask for anything, but an upgrade that would really come: nobody here has newer software."""
        self._any.time, self._any.height = self.ledger.time, len(self.moments)
        who, operation = self.random.choice((*EVERYBODY, *REPLICAS)), self._any.operation()
        if not isinstance(operation, ProposeUpgrade):
            self.send(who, operation)

    def propose(self) -> None:
        """Let a member propose something; heights are those of the replicas, which make a block of each moment."""
        chance = self.random
        common: dict[str, Any] = {
            "reference": f"p{chance.randrange(3)}",
            "height": len(self.moments) + chance.randrange(6),
        }
        about: dict[str, Any] = {"account": self.account(chance.choice((*REPLICAS, "carrier", "registrar")))}
        quota: dict[str, Any] = {
            "operations": 10**6,
            "bytes": 10**10,
            "reserved_operations": 10**6,
            "stored_bytes": 10**9,
        }
        proposal = chance.choice(
            (
                lambda: ProposePower(**common, **about, power=chance.randint(1, 40)),
                lambda: ProposeRemoval(**common, **about),
                lambda: ProposeRelease(**common, **about),
                lambda: ProposeLimits(**common, block_envelopes_max=chance.randint(100, 5_000)),
                lambda: ProposeQuota(**common, **about, **quota),
                lambda: ProposeRegistrar(**common, **about, countries=("KE",), parties=1, attestations=1, period=60),
                lambda: ProposeDismissal(**common, **about),
                lambda: ProposeUpgrade(reference="up", height=10**6, version=chance.randint(1, 3)),
            )
        )()
        self.send(chance.choice(REPLICAS), proposal)

    def vote(self) -> None:
        """Let members vote on something that is open, or somebody withdraw a proposal."""
        names = agenda_of(self.ledger.state).open
        if not names:
            return
        name = self.random.choice(names)
        if self.random.randrange(12) == 0:
            self.send(self.random.choice(REPLICAS), WithdrawProposal(reference=name[20:].decode()))
            return
        for voter in REPLICAS:
            self.send(voter, CastBallot(proposal=name, yes=self.random.randrange(5) > 0))

    def rotate(self) -> None:
        """Let a member give its validator another key."""
        who = self.random.choice(REPLICAS)
        self._rotations += 1
        old, new = self._keys[who], derive(SEED, f"validator {who} {self._rotations}")
        message = rotation_message(self.ledger.network, old.public, new.public)
        operation = RotateNodeKey(
            old=old.public, new=new.public, endorsement=old.sign(message), acceptance=new.sign(message)
        )
        if self.send(who, operation):
            self._keys[who] = new

    def accuse(self) -> None:
        """Let evidence come that somebody has voted twice."""
        self.moments.append(Moment(self.ledger.time))
        self.moments[-1].misbehaviour = (address_of(self._keys[self.random.choice(REPLICAS)].public),)
        self.ledger.evidence = self.moments[-1].misbehaviour
        self.ledger.block()
        self.applied["evidence"] += 1


def random_life(seed: int, blocks: int) -> RandomLife:
    """Walk until there is enough for so many blocks."""
    life = RandomLife(seed)
    while len(life.moments) < blocks:
        life.step()
    del life.moments[blocks:]
    return life
