"""A network in one process: several replicas on folders of their own, and a driver that calls them as CometBFT does.

Every call goes through bytes. There is no consensus here and no clock: the test says which blocks are decided.
"""

from __future__ import annotations

import json
import shutil
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from google.protobuf.timestamp_pb2 import Timestamp

from sogdia.engine.cometbft import abci_pb2 as abci
from sogdia.engine.cometbft.application import Application
from sogdia.engine.cometbft.engine_genesis import consensus_params, engine_genesis
from sogdia.engine.cometbft.keeping import Keeping
from sogdia.engine.cometbft.replica import Replica
from sogdia.engine.cometbft.snapshots import Taking
from sogdia.engine.ledger.ledger import Ledger
from sogdia.kernel.blinding import NO_SECRET
from sogdia.kernel.comet import address_of, chain_id_of
from sogdia.kernel.genesis import network_of
from sogdia.modules import ALL
from sogdia.testing.ledger import genesis, keys_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

VALIDATORS = ("almaty", "lanzhou", "mombasa", "tashkent")
BYTES_MAX = 4 * 2**20
NONE = Keeping(Taking(every=0))
"""No snapshots, in tests that are not about them."""


def network_genesis(validators: Sequence[str] = VALIDATORS, **changes: Any) -> Any:  # noqa: ANN401 - sections of a genesis
    """Make the test genesis for several organisations: each is a member with a validator of its own."""
    identity = msgspec.to_builtins(genesis().identity)
    parties = {each["reference"]: each for each in identity["parties"]}
    registrar = parties["registrar"]
    for name in validators:
        bare = registrar | {"quota": None, "sponsor": "registrar", "public": keys_of(name).public.hex()}
        known = parties.get(name, bare | {"reference": name, "roles": []})
        parties[name] = known | {"roles": [*known["roles"], "operator"]}
    parties["registrar"] = registrar | {"roles": ["registrar"]}
    keys = {name: keys_of(f"validator {name}").public.hex() for name in validators}
    made = {
        "engine": "cometbft",
        "clock": "wall",
        "validators": [[key, 10] for key in keys.values()],
        "identity": identity | {"parties": list(parties.values())},
        "reference": {"organisations_min": 1},
        "governance": {"members": [{"reference": name, "public": key} for name, key in keys.items()]},
    }
    return genesis(**made | changes)


class Decided(NamedTuple):
    """What was decided at one height."""

    transactions: tuple[bytes, ...]
    at: int
    misbehaviour: tuple[bytes, ...]


class Member:
    """One organisation's replica."""

    def __init__(self, name: str, folder: Path, made: Any, secret: bytes = NO_SECRET, keeping: Keeping = NONE) -> None:  # noqa: ANN401 - a genesis
        """Make its ledger."""
        self.name = name
        self.folder = folder
        self.keeping = keeping
        self.replica: Replica
        self.application: Application
        Ledger.create(folder, ALL, made, secret=secret).close()
        self.open()

    @property
    def ledger(self) -> Ledger:
        """Its copy of the ledger."""
        return self.replica.ledger

    def open(self) -> None:
        """Open the ledger, as at a start of the node."""
        self.replica = Replica(Ledger.open(self.folder, ALL), self.keeping)
        self.application = Application(self.replica)

    def begin_anew(self) -> None:
        """Lose the folder, and have the ledger of a new node in its place."""
        made, secret = self.ledger.genesis, self.ledger.file.secret()
        self.close()
        shutil.rmtree(self.folder)
        Ledger.create(self.folder, ALL, made, secret=secret).close()
        self.open()

    def die(self) -> None:
        """Lose everything that is in memory, as by a kill, and open again."""
        self.replica.stop()
        self.ledger.abandon()
        self.open()

    def close(self) -> None:
        """Close in order."""
        self.replica.stop()
        self.application.snapshots.close()
        self.ledger.close()

    def ask(self, **call: Any) -> Any:  # noqa: ANN401 - whatever the call answers
        """Make one call through bytes; gives the answer's own message."""
        request = abci.Request.FromString(abci.Request(**call).SerializeToString())
        response = abci.Response.FromString(self.application.answer(request).SerializeToString())
        return getattr(response, response.WhichOneof("value") or "")

    def root(self) -> bytes:
        """Its state root."""
        return self.ledger.tree.root


class Chain:
    """The members, and the height and time at which they are."""

    def __init__(
        self,
        place: Path,
        validators: Sequence[str] = VALIDATORS,
        *,
        made: Any = None,  # noqa: ANN401 - a genesis
        secret: bytes = NO_SECRET,
        keeping: Keeping = NONE,
        **changes: Any,  # noqa: ANN401 - sections of a genesis
    ) -> None:
        """Make a network and call InitChain at every member."""
        self.genesis = network_genesis(validators, **changes) if made is None else made
        self.network = network_of(self.genesis)
        self.secret = secret
        self.members = [Member(name, place / name, self.genesis, secret, keeping) for name in validators]
        self.height = 0
        self.decided: list[Decided] = []
        self.time = self.genesis.time
        self.app_hash = b""
        for member in self.members:
            self.app_hash = member.ask(init_chain=self.init_chain()).app_hash

    def init_chain(self) -> abci.RequestInitChain:
        """Say what the engine says at the beginning of a network."""
        told = abci.RequestInitChain(
            chain_id=chain_id_of(self.network),
            app_state_bytes=json.dumps(engine_genesis(self.genesis)["app_state"]).encode(),
            initial_height=1,
            time=Timestamp(seconds=self.genesis.time),
            consensus_params=consensus_params(self.genesis),
        )
        for each in self.genesis.validators:
            told.validators.append(
                abci.ValidatorUpdate(pub_key=abci.PublicKey(ed25519=bytes.fromhex(each.public)), power=each.power)
            )
        return told

    def prepare(
        self,
        proposer: Member,
        *transactions: bytes,
        at: int,
        bytes_max: int = BYTES_MAX,
        misbehaviour: Sequence[bytes] = (),
    ) -> list[bytes]:
        """Let a member propose."""
        call = abci.RequestPrepareProposal(
            max_tx_bytes=bytes_max,
            txs=transactions,
            height=self.height + 1,
            time=_time(at),
            misbehavior=_evidence(misbehaviour),
        )
        return list(proposer.ask(prepare_proposal=call).txs)

    def accepts(
        self, member: Member, *transactions: bytes, at: int | None = None, misbehaviour: Sequence[bytes] = ()
    ) -> bool:
        """Ask a member whether it accepts a proposal."""
        call = abci.RequestProcessProposal(
            txs=transactions,
            height=self.height + 1,
            time=_time(self.time if at is None else at),
            hash=b"\1" * 32,
            misbehavior=_evidence(misbehaviour),
        )
        status: int = member.ask(process_proposal=call).status
        return status == abci.ResponseProcessProposal.ACCEPT

    def finalize(
        self,
        member: Member,
        *transactions: bytes,
        at: int | None = None,
        height: int | None = None,
        misbehaviour: Sequence[bytes] = (),
    ) -> Any:  # noqa: ANN401 - whatever it answers
        """Tell a member what was decided; it is not committed yet."""
        return member.ask(
            finalize_block=abci.RequestFinalizeBlock(
                txs=transactions,
                height=self.height + 1 if height is None else height,
                time=_time(self.time if at is None else at),
                hash=sha256(b"".join(transactions)).digest(),
                misbehavior=_evidence(misbehaviour),
                proposer_address=address_of(keys_of(f"validator {member.name}").public),
            )
        )

    def block(
        self, *transactions: bytes, at: int | None = None, proposer: int = 0, misbehaviour: Sequence[bytes] = ()
    ) -> Any:  # noqa: ANN401 - whatever it answers
        """Take a block through all its calls at all members; gives what FinalizeBlock answered, the same everywhere."""
        self.time = self.time if at is None else at
        chosen = self.prepare(self.members[proposer], *transactions, at=self.time, misbehaviour=misbehaviour)
        for member in self.members:
            accepted = self.accepts(member, *chosen, misbehaviour=misbehaviour)
            assert accepted, f"{member.name} refuses what {proposer} proposed"
        answers = [self.finalize(member, *chosen, misbehaviour=misbehaviour) for member in self.members]
        assert all(each == answers[0] for each in answers), "the members do not agree"
        for member in self.members:
            member.ask(commit=abci.RequestCommit())
        self.height += 1
        self.decided.append(Decided(tuple(chosen), self.time, tuple(misbehaviour)))
        self.app_hash = answers[0].app_hash
        return answers[0]

    def catch_up(self, member: Member) -> None:
        """Tell a member that is behind what has been decided since."""
        for height in range(member.ledger.tip.height + 1, self.height + 1):
            block = self.decided[height - 1]
            self.finalize(member, *block.transactions, at=block.at, height=height, misbehaviour=block.misbehaviour)
            member.ask(commit=abci.RequestCommit())

    def close(self) -> None:
        """Close all ledgers."""
        for member in self.members:
            member.close()


def _evidence(addresses: Sequence[bytes]) -> list[abci.Misbehavior]:
    return [
        abci.Misbehavior(type=abci.DUPLICATE_VOTE, validator=abci.Validator(address=each, power=10), height=1)
        for each in addresses
    ]


def _time(seconds: int) -> Any:  # noqa: ANN401 - protobuf's own message
    return Timestamp(seconds=seconds, nanos=123_456_789)
