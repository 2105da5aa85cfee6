"""What is asked of a running node, and how: requests and answers on its socket, the same for every way of waiting.

Each message follows four bytes that give its length: a request is [number, kind, payload], an answer [number, status,
payload]. The number is ours, and says which request an answer is for.
"""

from __future__ import annotations

from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, NoReturn, TypeVar

import msgspec

from sogdia.kernel.dry_run import DryRun, Facts, NotAdmissible
from sogdia.kernel.header import HEADERS, SignedHeader
from sogdia.kernel.proof import HistoryProof, ReceiptProof, StateProof, decode_proof
from sogdia.kernel.stored_block import StoredBlock, decode_block

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sogdia.kernel.operation import Query

SOCKET = "node.sock"
POINTER = "node.sock.path"
LENGTH_BYTES = 4
FRAME_BYTES_MAX = 8 * 2**20
"""What a node reads at most in one request."""


class Status(IntEnum):
    """How a request ended."""

    DONE = 0
    REFUSED = 1
    WRONG = 2
    LATER = 3


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


class TooLargeError(RequestWrongError):
    """The request is longer than a node reads. It was not sent: it would have ended the connection."""


class TryLaterError(Exception):
    """The node cannot take it now; the message says what it waits for."""


class Durable(msgspec.Struct, frozen=True, array_like=True):
    """An envelope that is in a block for good: where, and the bytes of its receipt."""

    height: int
    place: int
    receipt: bytes


class Postponed(msgspec.Struct, frozen=True):
    """An envelope that the node could not take now, and what the node waits for."""

    reason: str


Outcome = Durable | NotAdmissible | Postponed


class Answer(NamedTuple):
    """An answer as it came: to which request, how that ended, and the payload."""

    number: int
    status: int
    payload: Any


class Found(NamedTuple):
    """A record as the state has it: from which height that is, and the record's bytes, nothing where there is none."""

    height: int
    value: bytes | None


class Segment(NamedTuple):
    """A segment of old blocks that a node has: its first and its last height, and how many bytes it has."""

    first: int
    last: int
    bytes: int


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
    first_height: int = 1
    """The first block that is in the node's own file; older ones are in the archive."""


_encode = msgspec.msgpack.Encoder(order="deterministic").encode
_decode = msgspec.msgpack.Decoder(tuple[int, int, Any]).decode
_OUTCOMES: dict[int, Any] = {Status.DONE: Durable, Status.REFUSED: NotAdmissible}


def frame(number: int, kind: str, payload: object) -> bytes:
    """Lay out a request."""
    raw = _encode((number, kind, payload))
    if len(raw) > FRAME_BYTES_MAX:
        raise TooLargeError(f"a request of {len(raw)} bytes; {FRAME_BYTES_MAX} are the most")
    return len(raw).to_bytes(LENGTH_BYTES, "big") + raw


def socket_path(folder: Path) -> Path:
    """Say where the node of a data folder listens; a folder with a long path points to a shorter one."""
    pointer = folder / POINTER
    if pointer.exists():
        return Path(pointer.read_text(encoding="utf-8").strip())
    return folder / SOCKET


T = TypeVar("T")


class Question(Generic[T]):
    """One request: its kind, its payload, and how the payload of its answer is read."""

    __slots__ = ("kind", "payload", "read")

    def __init__(self, kind: str, payload: object, read: Callable[[Any], T]) -> None:
        """Ask for `kind` with `payload`."""
        self.kind = kind
        self.payload = payload
        self.read = read

    def answered_by(self, answer: Answer) -> T:
        """Read the answer, or raise what it says went wrong."""
        if answer.status != Status.DONE:
            raise_for(answer)
        return self.read(answer.payload)


def whole_frames(arrived: bytearray) -> list[Answer]:
    """Take all whole answers out of what has arrived; what is left stays."""
    found, at = [], 0
    while len(arrived) - at >= LENGTH_BYTES:
        end = at + LENGTH_BYTES + int.from_bytes(arrived[at : at + LENGTH_BYTES], "big")
        if end > len(arrived):
            break
        found.append(Answer(*_decode(arrived[at + LENGTH_BYTES : end])))
        at = end
    del arrived[:at]
    return found


# ---------------------------------------------------------------------------------------------------------- envelopes


def submit(raw: bytes) -> Question[Durable]:
    """Send an envelope; answered once it is in a block for good, or is known not to be."""
    return Question("submit", raw, _durable)


def submit_many(raws: Sequence[bytes]) -> Question[list[Outcome]]:
    """Send envelopes together; answered once it is known what became of each, in their order."""
    return Question("submit_many", list(raws), _outcomes)


def dry_run(raw: bytes, *, signed: bool) -> Question[DryRun]:
    """Try an envelope without applying it; an unsigned one needs signatures of the right form only."""
    return Question("dry_run", (raw, signed), _reader(DryRun))


# ---------------------------------------------------------------------------------------------------------- the ledger


def query(asked: Query) -> Question[tuple[int, Any]]:
    """Ask the state; the answer comes with the height that it is from."""
    return Question("query", _encode(asked), _pair)


def record(full_key: bytes) -> Question[Found]:
    """Ask for a record's bytes, without a proof."""
    return Question("record", full_key, _reader(Found))


def prove(full_key: bytes, height: int | None = None) -> Question[StateProof]:
    """Have a record, or its absence, proved: now, or at a kept height."""
    return Question("prove", (full_key, height), _proof_reader(StateProof))


def prove_life(full_key: bytes) -> Question[HistoryProof]:
    """Have the whole life of an object proved."""
    return Question("prove_life", full_key, _proof_reader(HistoryProof))


def prove_result(result_id: bytes) -> Question[ReceiptProof]:
    """Have it proved how an envelope or a deadline's exit ended."""
    return Question("prove_result", result_id, _proof_reader(ReceiptProof))


def result(result_id: bytes) -> Question[Durable | None]:
    """Ask how an envelope or an exit ended; nothing when no block has it."""
    return Question("result", result_id, _reader(Durable | None))


def block(height: int) -> Question[StoredBlock]:
    """Fetch a block."""
    return Question("block", height, _block)


def raw_block(height: int) -> Question[bytes]:
    """Fetch the bytes of a block."""
    return Question("block", height, _reader(bytes))


def header(height: int) -> Question[SignedHeader]:
    """Fetch a signed header."""
    return Question("header", height, HEADERS.decode)


def genesis() -> Question[bytes]:
    """Fetch the genesis as JSON."""
    return Question("genesis", None, _reader(bytes))


def segments() -> Question[list[Segment]]:
    """Ask which segments of old blocks the node has."""
    return Question("segments", None, _reader(list[Segment]))


def segment(first: int, last: int, at: int) -> Question[bytes]:
    """Fetch some bytes of a segment, from a place on; none at its end."""
    return Question("segment", (first, last, at), _reader(bytes))


def height() -> Question[int]:
    """Ask up to which height everything is durable; cheap enough to be asked several times a second."""
    return Question("height", None, _reader(int))


def engine(method: str, height: int | None, page: int, count: int) -> Question[tuple[bool, bytes]]:
    """Ask the engine beside a node what a light client has to know; gives whether it answered, and JSON or why not."""
    return Question("engine", (method, height, page, count), _reader(tuple[bool, bytes]))


def status() -> Question[NodeStatus]:
    """Ask how the node is."""
    return Question("status", None, _reader(NodeStatus))


# ------------------------------------------------------------------------------------------------------------ the node


def advance(to: int) -> Question[int]:
    """Put a manual clock forward; gives the height after everything that was due."""
    return Question("advance", to, _reader(int))


def backup(folder: Path) -> Question[int]:
    """Have the ledger copied into a new folder on the node's machine; gives the height that it reaches."""
    return Question("backup", str(folder.absolute()), _reader(int))


def checkpoint() -> Question[int]:
    """Have the present state kept, so that proofs at its height can be made later; gives the height."""
    return Question("checkpoint", None, _reader(int))


def checkpoints() -> Question[list[int]]:
    """Ask which heights are kept."""
    return Question("checkpoints", None, _reader(list[int]))


def stop() -> Question[None]:
    """Ask the node to stop."""
    return Question("stop", None, _nothing)


# ------------------------------------------------------------------------------------------------------------- answers


def _reader(shape: Any) -> Callable[[Any], Any]:  # noqa: ANN401 - a union of types is not a type
    def read(payload: Any) -> Any:  # noqa: ANN401 - of the shape
        return msgspec.convert(payload, shape)

    return read


def _durable(payload: Any) -> Durable:  # noqa: ANN401 - as it came
    return msgspec.convert(payload, Durable)


def _pair(payload: Any) -> tuple[int, Any]:  # noqa: ANN401 - as it came
    height_of_answer, answer = payload
    return height_of_answer, answer


def _block(payload: Any) -> StoredBlock:  # noqa: ANN401 - as it came
    return decode_block(msgspec.convert(payload, bytes))


def _nothing(_payload: Any) -> None:  # noqa: ANN401 - as it came
    return


def _outcomes(payload: Any) -> list[Outcome]:  # noqa: ANN401 - as it came
    return [outcome_of(Answer(0, status_of_one, told)) for status_of_one, told in payload]


P = TypeVar("P", StateProof, HistoryProof, ReceiptProof)


def _proof_reader(kind: type[P]) -> Callable[[Any], P]:
    def read(payload: Any) -> P:  # noqa: ANN401 - as it came
        return _proof(payload, kind)

    return read


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
        raise_for(answer)
    outcome: Outcome = msgspec.convert(answer.payload, _OUTCOMES[answer.status])
    return outcome


def raise_for(answer: Answer) -> NoReturn:
    """Turn an answer that is no success into its error."""
    if answer.status == Status.REFUSED:
        code, facts = answer.payload
        raise RefusedByNodeError(code, tuple((name, value) for name, value in facts))
    if answer.status == Status.LATER:
        raise TryLaterError(str(answer.payload))
    raise RequestWrongError(str(answer.payload))
