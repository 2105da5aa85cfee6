"""The way to a running node: its socket, requests and answers, one after another or many under way.

What can be asked, and how it is laid out, stands in `questions`; `asynchronous` asks the same without standing still.
"""

from __future__ import annotations

import socket
from collections import deque
from typing import TYPE_CHECKING, Any, Self, TypeVar

from sogdia.client import questions
from sogdia.client.questions import (
    Answer,
    Durable,
    Found,
    NodeNotRunningError,
    NodeStatus,
    Outcome,
    Postponed,
    RefusedByNodeError,
    RequestWrongError,
    Status,
    TryLaterError,
    frame,
    outcome_of,
    socket_path,
    whole_frames,
)
from sogdia.kernel.dry_run import ChangedRecord, DryRun, Facts, NotAdmissible, Scheduled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from sogdia.client.questions import Question
    from sogdia.kernel.header import SignedHeader
    from sogdia.kernel.operation import Query
    from sogdia.kernel.proof import HistoryProof, ReceiptProof, StateProof
    from sogdia.kernel.stored_block import StoredBlock

READ_BYTES = 256 * 1024
LEAVE_BYTES = 16 * 1024
UNDER_WAY_MAX = 256
SECONDS_MAX = 60.0

T = TypeVar("T")

__all__ = [
    "Answer", "ChangedRecord", "Connection", "DryRun", "Durable", "Facts", "Found", "NodeNotRunningError",
    "NodeStatus", "NotAdmissible", "Outcome", "Postponed", "RefusedByNodeError", "RequestWrongError", "Scheduled",
    "Status", "TryLaterError", "frame", "outcome_of", "socket_path",
]  # fmt: skip


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
        return self.ask(questions.submit(raw))

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
        return self.ask(questions.dry_run(raw, signed=signed))

    # --------------------------------------------------------------------------------------------------- questions

    def query(self, query: Query) -> tuple[int, Any]:
        """Ask the state; gives the height that the answer is from, and the answer."""
        return self.ask(questions.query(query))

    def record(self, full_key: bytes) -> Found:
        """Ask for a record's bytes, without a proof."""
        return self.ask(questions.record(full_key))

    def prove(self, full_key: bytes, height: int | None = None) -> StateProof:
        """Have a record, or its absence, proved: now, or at a kept height."""
        return self.ask(questions.prove(full_key, height))

    def prove_life(self, full_key: bytes) -> HistoryProof:
        """Have the whole life of an object proved."""
        return self.ask(questions.prove_life(full_key))

    def prove_result(self, result_id: bytes) -> ReceiptProof:
        """Have it proved how an envelope or a deadline's exit ended."""
        return self.ask(questions.prove_result(result_id))

    def result(self, result_id: bytes) -> Durable | None:
        """Ask how an envelope or an exit ended; nothing when no block has it."""
        return self.ask(questions.result(result_id))

    def block(self, height: int) -> StoredBlock:
        """Fetch a block."""
        return self.ask(questions.block(height))

    def raw_block(self, height: int) -> bytes:
        """Fetch the bytes of a block."""
        return self.ask(questions.raw_block(height))

    def header(self, height: int) -> SignedHeader:
        """Fetch a signed header."""
        return self.ask(questions.header(height))

    def genesis(self) -> bytes:
        """Fetch the genesis as JSON."""
        return self.ask(questions.genesis())

    def height(self) -> int:
        """Ask up to which height everything is durable; cheap enough to be asked several times a second."""
        return self.ask(questions.height())

    def status(self) -> NodeStatus:
        """Ask how the node is."""
        return self.ask(questions.status())

    # ---------------------------------------------------------------------------------------------------- the node

    def advance(self, to: int) -> int:
        """Put a manual clock forward; gives the height after everything that was due."""
        return self.ask(questions.advance(to))

    def backup(self, folder: Path) -> int:
        """Have the ledger copied into a new folder on the node's machine; gives the height that it reaches."""
        return self.ask(questions.backup(folder))

    def checkpoint(self) -> int:
        """Have the present state kept, so that proofs at its height can be made later; gives the height."""
        return self.ask(questions.checkpoint())

    def checkpoints(self) -> list[int]:
        """Ask which heights are kept."""
        return self.ask(questions.checkpoints())

    def stop(self) -> None:
        """Ask the node to stop."""
        self.ask(questions.stop())

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
            self._answers += whole_frames(self._arrived)
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

    def ask(self, question: Question[T]) -> T:
        """Ask a question and wait for its answer."""
        number = self.send(question.kind, question.payload)
        while (answer := self.receive()).number != number:
            pass
        return question.answered_by(answer)
