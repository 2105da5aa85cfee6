"""The way to a running node: its socket, requests and answers, one after another or many under way.

Each message follows four bytes that give its length: a request is [number, kind, payload], an answer [number, status,
payload]. The number is ours, and says which request an answer is for.
"""

from __future__ import annotations

import socket
from collections import deque
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, Self, TypeVar

import msgspec

from sogdia.kernel.header import HEADERS, SignedHeader
from sogdia.kernel.proof import HistoryProof, ReceiptProof, StateProof, decode_proof
from sogdia.kernel.stored_block import StoredBlock, decode_block

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sogdia.kernel.operation import Query

SOCKET = "node.sock"
POINTER = "node.sock.path"
LENGTH_BYTES = 4
READ_BYTES = 256 * 1024
LEAVE_BYTES = 16 * 1024
UNDER_WAY_MAX = 256
SECONDS_MAX = 60.0


class Status(IntEnum):
    """How a request ended."""

    DONE = 0
    REFUSED = 1
    WRONG = 2
    LATER = 3


Facts = tuple[tuple[str, Any], ...]


class NodeNotRunningError(Exception):
    """No node answers in the data folder."""


class RefusedByNodeError(Exception):
    """A rule of the ledger forbids it: not admissible, or refused before it came so far."""

    def __init__(self, code: int, facts: Facts) -> None:
        """Remember the refusal's number and the values that were compared."""
        super().__init__(code, facts)
        self.code = code
        self.facts = facts


class RequestWrongError(Exception):
    """The node cannot make sense of the request, or cannot serve it."""


class TryLaterError(Exception):
    """The node cannot take it now; the message says what it waits for."""


class Durable(msgspec.Struct, frozen=True, array_like=True):
    """An envelope that is in a block for good: where, and the bytes of its receipt."""

    height: int
    place: int
    receipt: bytes


class NotAdmissible(msgspec.Struct, frozen=True, array_like=True):
    """An envelope that no block may hold now: the number of the refusal and the values that were compared."""

    code: int
    facts: Facts


class Postponed(msgspec.Struct, frozen=True):
    """An envelope that the node could not take now, and what the node waits for."""

    reason: str


Outcome = Durable | NotAdmissible | Postponed


class ChangedRecord(msgspec.Struct, frozen=True, array_like=True):
    """A record that would change: its full key, and its bytes before and after, nothing where there is none."""

    key: bytes
    before: bytes | None
    after: bytes | None


class Scheduled(msgspec.Struct, frozen=True, array_like=True):
    """A deadline that would be made: when, and for which object."""

    deadline: int
    object: bytes


class DryRun(msgspec.Struct, frozen=True, kw_only=True):
    """What would become of an envelope now."""

    height: int
    time: int
    id: bytes
    receipt: bytes | None
    not_admissible: NotAdmissible | None
    changes: list[ChangedRecord]
    scheduled: list[Scheduled]


class Answer(NamedTuple):
    """An answer as it came: to which request, how that ended, and the payload."""

    number: int
    status: int
    payload: Any


class NodeStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How a node is."""

    release: str
    process: int
    network: bytes
    name: str
    clock: str
    now: int
    height: int
    durable_height: int
    time: int
    state_root: bytes
    records: int
    live_ids: int
    envelopes_included: int
    refusals: dict[int, int]
    backlog: int
    earliest_due: int | None
    overdue: bool
    waits_for: str | None
    verifier: dict[str, Any] | None
    uptime_seconds: int
    file_bytes: int
    disk_free_bytes: int
    scrub: dict[str, int]


_encode = msgspec.msgpack.Encoder(order="deterministic").encode
_decode = msgspec.msgpack.Decoder(tuple[int, int, Any]).decode
_OUTCOMES: dict[int, Any] = {Status.DONE: Durable, Status.REFUSED: NotAdmissible}


def frame(number: int, kind: str, payload: object) -> bytes:
    """Lay out a request."""
    raw = _encode((number, kind, payload))
    return len(raw).to_bytes(LENGTH_BYTES, "big") + raw


def socket_path(folder: Path) -> Path:
    """Say where the node of a data folder listens; a folder with a long path points to a shorter one."""
    pointer = folder / POINTER
    if pointer.exists():
        return Path(pointer.read_text(encoding="utf-8").strip())
    return folder / SOCKET


class Connection:
    """A connection to a running node. Requests may overtake each other at the node; each answer names its request."""

    def __init__(self, folder: Path, *, seconds: float = SECONDS_MAX) -> None:
        """Connect to the node of a data folder; an answer must come within so many seconds."""
        path = socket_path(folder)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(seconds)
        try:
            self._socket.connect(str(path))
        except OSError as error:
            self._socket.close()
            raise NodeNotRunningError(
                f"no node answers at {path} ({error.strerror}). Start one with 'sogdia node start DIR'."
            ) from error
        self._arrived = bytearray()
        self._leaving = bytearray()
        self._answers: deque[Answer] = deque()
        self._number = 0

    # --------------------------------------------------------------------------------------------------- envelopes

    def submit(self, raw: bytes) -> Durable:
        """Send an envelope and wait until it is in a block for good; raises when it is not admissible or not taken."""
        return msgspec.convert(self._ask("submit", raw), Durable)

    def submit_many(self, raws: Iterable[bytes], *, under_way: int = UNDER_WAY_MAX) -> Iterator[Outcome]:
        """Send envelopes with so many of them under way at once; gives what became of each, in the order of sending."""
        first = self._number + 1
        wanted = first
        known: dict[int, Outcome] = {}
        for raw in raws:
            while self._number + 1 - wanted >= under_way:
                number, outcome = self._next_outcome()
                known[number] = outcome
                while wanted in known:
                    yield known.pop(wanted)
                    wanted += 1
            self.send("submit", raw)
        while wanted <= self._number:
            while wanted not in known:
                number, outcome = self._next_outcome()
                known[number] = outcome
            yield known.pop(wanted)
            wanted += 1

    def _next_outcome(self) -> tuple[int, Outcome]:
        answer = self.receive()
        return answer.number, outcome_of(answer)

    def dry_run(self, raw: bytes, *, signed: bool = True) -> DryRun:
        """Try an envelope without applying it; an unsigned one needs signatures of the right form only."""
        return msgspec.convert(self._ask("dry_run", (raw, signed)), DryRun)

    # --------------------------------------------------------------------------------------------------- questions

    def query(self, query: Query) -> tuple[int, Any]:
        """Ask the state; gives the height that the answer is from, and the answer."""
        height, answer = self._ask("query", _encode(query))
        return height, answer

    def prove(self, full_key: bytes, height: int | None = None) -> StateProof:
        """Have a record, or its absence, proved: now, or at a kept height."""
        return _proof(self._ask("prove", (full_key, height)), StateProof)

    def prove_life(self, full_key: bytes) -> HistoryProof:
        """Have the whole life of an object proved."""
        return _proof(self._ask("prove_life", full_key), HistoryProof)

    def prove_result(self, result_id: bytes) -> ReceiptProof:
        """Have it proved how an envelope or a deadline's exit ended."""
        return _proof(self._ask("prove_result", result_id), ReceiptProof)

    def result(self, result_id: bytes) -> Durable | None:
        """Ask how an envelope or an exit ended; nothing when no block has it."""
        return msgspec.convert(self._ask("result", result_id), Durable | None)

    def block(self, height: int) -> StoredBlock:
        """Fetch a block."""
        return decode_block(self.raw_block(height))

    def raw_block(self, height: int) -> bytes:
        """Fetch the bytes of a block."""
        return msgspec.convert(self._ask("block", height), bytes)

    def header(self, height: int) -> SignedHeader:
        """Fetch a signed header."""
        return HEADERS.decode(self._ask("header", height))

    def genesis(self) -> bytes:
        """Fetch the genesis as JSON."""
        return msgspec.convert(self._ask("genesis", None), bytes)

    def height(self) -> int:
        """Ask up to which height everything is durable; cheap enough to be asked several times a second."""
        return msgspec.convert(self._ask("height", None), int)

    def status(self) -> NodeStatus:
        """Ask how the node is."""
        return msgspec.convert(self._ask("status", None), NodeStatus)

    # ---------------------------------------------------------------------------------------------------- the node

    def advance(self, to: int) -> int:
        """Put a manual clock forward; gives the height after everything that was due."""
        return msgspec.convert(self._ask("advance", to), int)

    def backup(self, folder: Path) -> int:
        """Have the ledger copied into a new folder on the node's machine; gives the height that it reaches."""
        return msgspec.convert(self._ask("backup", str(folder.absolute())), int)

    def checkpoint(self) -> int:
        """Have the present state kept, so that proofs at its height can be made later; gives the height."""
        return msgspec.convert(self._ask("checkpoint", None), int)

    def checkpoints(self) -> list[int]:
        """Ask which heights are kept."""
        return msgspec.convert(self._ask("checkpoints", None), list[int])

    def stop(self) -> None:
        """Ask the node to stop."""
        self._ask("stop", None)

    # ---------------------------------------------------------------------------------------------------- the wire

    def send(self, kind: str, payload: object) -> int:
        """Send a request without waiting; gives its number. It leaves at the latest when an answer is waited for."""
        self._number += 1
        self._leaving += frame(self._number, kind, payload)
        if len(self._leaving) >= LEAVE_BYTES:
            self._leave()
        return self._number

    def receive(self) -> Answer:
        """Wait for the next answer, to whichever request."""
        if not self._answers:
            self._leave()
        while not self._answers:
            data = self._socket.recv(READ_BYTES)
            if not data:
                raise NodeNotRunningError("the node has ended the connection")
            self._arrived += data
            self._take_whole_frames()
        return self._answers.popleft()

    def _leave(self) -> None:
        """Let the requests go that have been written down: many in one packet, as answers come."""
        if self._leaving:
            self._socket.sendall(self._leaving)
            self._leaving = bytearray()

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_why: object) -> None:
        self.close()

    def _take_whole_frames(self) -> None:
        buffer, at = self._arrived, 0
        while len(buffer) - at >= LENGTH_BYTES:
            end = at + LENGTH_BYTES + int.from_bytes(buffer[at : at + LENGTH_BYTES], "big")
            if end > len(buffer):
                break
            self._answers.append(Answer(*_decode(buffer[at + LENGTH_BYTES : end])))
            at = end
        del buffer[:at]

    def _ask(self, kind: str, payload: object) -> Any:  # noqa: ANN401 - each kind has its own
        number = self.send(kind, payload)
        while (answer := self.receive()).number != number:
            pass
        if answer.status != Status.DONE:
            _raise(answer)
        return answer.payload


P = TypeVar("P", StateProof, HistoryProof, ReceiptProof)


def _proof(raw: object, kind: type[P]) -> P:
    """Read a proof of the kind that was asked for."""
    proof = decode_proof(msgspec.convert(raw, bytes))
    if not isinstance(proof, kind):
        raise RequestWrongError(f"the node gave a {type(proof).__name__} where a {kind.__name__} was asked for")
    return proof


def outcome_of(answer: Answer) -> Outcome:
    """Read the answer to a submission."""
    if answer.status == Status.LATER:
        return Postponed(str(answer.payload))
    if answer.status not in _OUTCOMES:
        _raise(answer)
    outcome: Outcome = msgspec.convert(answer.payload, _OUTCOMES[answer.status])
    return outcome


def _raise(answer: Answer) -> NoReturn:
    """Turn an answer that is no success into its error."""
    if answer.status == Status.REFUSED:
        code, facts = answer.payload
        raise RefusedByNodeError(code, tuple((name, value) for name, value in facts))
    if answer.status == Status.LATER:
        raise TryLaterError(str(answer.payload))
    raise RequestWrongError(str(answer.payload))
