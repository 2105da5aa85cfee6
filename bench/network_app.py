"""What each call of the engine costs the application: one process, the calls made as CometBFT makes them, no engine.

python -m bench.network_app [ORDERS]     processor time of an envelope by call, in microseconds
"""

from __future__ import annotations

import asyncio
import shutil
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from google.protobuf.timestamp_pb2 import Timestamp

from bench.network_nodes import one_genesis
from bench.work import STEPS, Maker, network
from sogdia.engine.cometbft import abci_pb2 as abci
from sogdia.engine.cometbft.abci_server import AbciConnection, AbciServer
from sogdia.engine.cometbft.application import Application
from sogdia.engine.cometbft.engine_genesis import consensus_params, engine_genesis
from sogdia.engine.cometbft.frames import framed, split
from sogdia.engine.cometbft.replica import Replica
from sogdia.engine.ledger.ledger import Ledger
from sogdia.kernel.comet import chain_id_of
from sogdia.modules import ALL

if TYPE_CHECKING:
    from collections.abc import Sequence

VALIDITY_SECONDS = 3_600
BLOCK_STEPS = 1_000
WRITTEN_AT_ONCE = 4_096
"""The engine writes its calls through a buffer of so many bytes."""

BYTES_MAX = 4 * 2**20


class Costs(msgspec.Struct, frozen=True, kw_only=True):
    """Processor time of an envelope by call, in microseconds; `process` is the block at who did not propose."""

    check: float
    recheck: float
    prepare: float
    process: float
    finalize: float
    commit: float


class _Kept(asyncio.Transport):
    """A transport that keeps what is written, over a socket on which nothing ever arrives."""

    def __init__(self) -> None:
        self._ends = socket.socketpair()
        self._ends[0].settimeout(0)
        super().__init__({"socket": self._ends[0]})
        self.written = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Keep it."""
        self.written += bytes(data)


class Caller:
    """Calls an application as the engine does."""

    def __init__(self, folder: Path, made: Any) -> None:  # noqa: ANN401 - a genesis
        """Make the ledger and begin the network."""
        Ledger.create(folder, ALL, made).close()
        self.replica = Replica(Ledger.open(folder, ALL))
        self._connection = AbciConnection(AbciServer(Application(self.replica), self.replica.ahead))
        self._transport = _Kept()
        self._connection.connection_made(self._transport)
        self.height = 0
        self._time = made.time
        validators = [
            abci.ValidatorUpdate(pub_key=abci.PublicKey(ed25519=bytes.fromhex(each.public)), power=each.power)
            for each in made.validators
        ]
        self.call(
            abci.Request(
                init_chain=abci.RequestInitChain(
                    chain_id=chain_id_of(network(made)),
                    app_state_bytes=msgspec.json.encode(engine_genesis(made)["app_state"]),
                    initial_height=1,
                    validators=validators,
                    time=Timestamp(seconds=made.time),
                    consensus_params=consensus_params(made),
                )
            )
        )

    def call(self, *requests: abci.Request) -> tuple[float, list[abci.Response]]:
        """Make calls; gives the processor seconds that they took, and the answers."""
        data = b"".join([framed(each.SerializeToString()) for each in requests])
        pieces = [data[at : at + WRITTEN_AT_ONCE] for at in range(0, len(data), WRITTEN_AT_ONCE)]
        began = time.process_time()
        for piece in pieces:
            self._connection.data_received(piece)
        seconds = time.process_time() - began
        written, self._transport.written = self._transport.written, b""
        return seconds, [abci.Response.FromString(each) for each in split(written)[0]]

    def check(self, transactions: Sequence[bytes], kind: abci.CheckTxType) -> float:
        """Offer transactions to the pool."""
        calls = [abci.Request(check_tx=abci.RequestCheckTx(tx=each, type=kind)) for each in transactions]
        seconds, answers = self.call(*calls)
        if any(answer.check_tx.code for answer in answers):
            raise RuntimeError("an envelope of the bench is refused at the door")
        return seconds

    def block(self, transactions: Sequence[bytes], *, propose: bool) -> tuple[float, float, float]:
        """Bring transactions into a block; gives the seconds until it is proposed or accepted, decided, committed."""
        self.height += 1
        fields: dict[str, Any] = {"height": self.height, "time": {"seconds": self._time + 1}, "txs": transactions}
        if propose:
            call = abci.Request(prepare_proposal=abci.RequestPrepareProposal(max_tx_bytes=BYTES_MAX, **fields))
        else:
            call = abci.Request(process_proposal=abci.RequestProcessProposal(**fields))
        first, answers = self.call(call)
        if propose and len(answers[0].prepare_proposal.txs) != len(transactions):
            raise RuntimeError("a proposal leaves out envelopes of the bench")
        decided, answers = self.call(abci.Request(finalize_block=abci.RequestFinalizeBlock(**fields)))
        if any(result.code for result in answers[0].finalize_block.tx_results):
            raise RuntimeError("an envelope of the bench is refused in its block")
        committed, _answers = self.call(abci.Request(commit=abci.RequestCommit()))
        return first, decided, committed


def measure(orders: int) -> Costs:
    """Bring the life cycles of so many orders through one application, half of the blocks as the proposer of them."""
    scratch = Path(tempfile.mkdtemp(prefix="bench-network-app-", dir=Path.cwd()))
    try:
        return _measure(scratch / "node", orders)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _measure(folder: Path, orders: int) -> Costs:
    made = one_genesis(1)
    maker = Maker(network(made), int(time.time()) + VALIDITY_SECONDS)
    caller = Caller(folder, made)
    caller.replica.candidates.clock = float  # however slow the machine is, blocks are whole
    preparations = list(maker.preparations())
    for at in range(0, len(preparations), BLOCK_STEPS):
        caller.block(preparations[at : at + BLOCK_STEPS], propose=False)
    lives = [maker.life(number) for number in range(orders)]
    used = dict.fromkeys(Costs.__struct_fields__, 0.0)
    steps = dict.fromkeys(Costs.__struct_fields__, 0)
    for at in range(0, orders, BLOCK_STEPS):
        together = lives[at : at + BLOCK_STEPS]
        for step in range(STEPS):
            transactions = [life[step] for life in together]
            propose = step % 2 == at // BLOCK_STEPS % 2
            found = {"check": caller.check(transactions, abci.NEW)}
            caller.replica.door.renew()  # as after a block that left all of them out
            found["recheck"] = caller.check(transactions, abci.RECHECK)
            first, found["finalize"], found["commit"] = caller.block(transactions, propose=propose)
            found["prepare" if propose else "process"] = first
            for what, seconds in found.items():
                used[what] += seconds
                steps[what] += len(transactions)
    caller.replica.ledger.close()
    return Costs(**{what: seconds / max(steps[what], 1) * 1e6 for what, seconds in used.items()})


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(measure(int(sys.argv[1])))) + b"\n")
