"""The way to a running node for programs that must not stand still: one connection, many requests under way.

The same questions as `connection` asks; each answer finds its request by its number. A connection that has ended says
so to everybody who waits, and is not mended: whoever holds it opens another.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Self, TypeVar

from sogdia.client import questions
from sogdia.client.questions import NodeNotRunningError, TryLaterError, frame, socket_path, whole_frames

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sogdia.client.questions import Answer, Durable, Found, NodeStatus, Outcome, Question
    from sogdia.kernel.dry_run import DryRun
    from sogdia.kernel.header import SignedHeader
    from sogdia.kernel.operation import Query
    from sogdia.kernel.proof import HistoryProof, ReceiptProof, StateProof
    from sogdia.kernel.stored_block import StoredBlock

UNDER_WAY_MAX = 4_000
"""Requests that may wait for their answers; the node stops reading a little beyond."""

SECONDS_MAX = 60.0

_NOBODY = (None, 0.0)

T = TypeVar("T")


class _Socket(asyncio.Protocol):
    """Cuts what arrives into answers, and hands each to the one who waits for it."""

    def __init__(self) -> None:
        self.waiting: dict[int, tuple[asyncio.Future[Answer], float]] = {}
        """Who waits for which number, and until when; the oldest first, and so the first whose time is over."""

        self.ended = asyncio.get_running_loop().create_future()
        self._arrived = bytearray()

    def data_received(self, data: bytes) -> None:
        """Take the whole answers."""
        self._arrived += data
        for answer in whole_frames(self._arrived):
            future, _until = self.waiting.pop(answer.number, _NOBODY)
            if future is not None and not future.done():
                future.set_result(answer)

    def connection_lost(self, _error: Exception | None) -> None:
        """Tell everybody who waits."""
        waiting, self.waiting = self.waiting, {}
        for future, _until in waiting.values():
            if not future.done():
                future.set_exception(NodeNotRunningError("the node has ended the connection"))
        if not self.ended.done():
            self.ended.set_result(None)


class AsyncConnection:
    """A connection to a running node, for one event loop."""

    def __init__(self, transport: asyncio.WriteTransport, wire: _Socket, seconds: float) -> None:
        """Use `open` instead."""
        self._transport = transport
        self._wire = wire
        self._seconds = seconds
        self._number = 0
        self._leaving: list[bytes] = []
        self._looking: asyncio.TimerHandle | None = None

    @classmethod
    async def open(cls, folder: Path, *, seconds: float = SECONDS_MAX) -> Self:
        """Connect to the node of a data folder; an answer must come within so many seconds."""
        path = socket_path(folder)
        try:
            transport, wire = await asyncio.get_running_loop().create_unix_connection(_Socket, str(path))
        except OSError as error:
            raise NodeNotRunningError(
                f"no node answers at {path} ({error.strerror}). Start one with 'sogdia node start DIR'."
            ) from error
        return cls(transport, wire, seconds)

    @property
    def is_open(self) -> bool:
        """Whether the node is still there."""
        return not self._wire.ended.done()

    async def close(self) -> None:
        """End the connection."""
        if self._looking is not None:
            self._looking.cancel()
        self._transport.close()
        await self._wire.ended

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_why: object) -> None:
        await self.close()

    async def ask(self, question: Question[T]) -> T:
        """Ask a question and wait for its answer; others may be asked meanwhile."""
        wire, loop = self._wire, asyncio.get_running_loop()
        if wire.ended.done():
            raise NodeNotRunningError("the node has ended the connection")
        if len(wire.waiting) >= UNDER_WAY_MAX:
            raise TryLaterError(f"{UNDER_WAY_MAX} requests are under way already")
        self._number += 1
        request = frame(self._number, question.kind, question.payload)
        future: asyncio.Future[Answer] = loop.create_future()
        until = loop.time() + self._seconds
        wire.waiting[self._number] = (future, until)
        if self._looking is None:
            self._looking = loop.call_at(until, self._look_for_late)
        if not self._leaving:
            loop.call_soon(self._leave)
        self._leaving.append(request)
        return question.answered_by(await future)

    def _leave(self) -> None:
        """Let the requests of this turn of the loop go in one write."""
        leaving, self._leaving = self._leaving, []
        with contextlib.suppress(RuntimeError):  # the transport has just ended; whoever waits is told by the socket
            self._transport.write(b"".join(leaving))

    def _look_for_late(self) -> None:
        """Tell those whose time is over, and look again when the next one's is: one timer serves all."""
        self._looking = None
        loop, waiting = asyncio.get_running_loop(), self._wire.waiting
        while waiting:
            number, (future, until) = next(iter(waiting.items()))
            if until > loop.time():
                self._looking = loop.call_at(until, self._look_for_late)
                return
            del waiting[number]
            if not future.done():
                future.set_exception(TryLaterError(f"the node has not answered within {self._seconds:g} seconds"))

    # --------------------------------------------------------------------------------------------------- envelopes

    async def submit(self, raw: bytes) -> Durable:
        """Send an envelope and wait until it is in a block for good; raises when it is not admissible or not taken."""
        return await self.ask(questions.submit(raw))

    async def submit_many(self, raws: Sequence[bytes]) -> list[Outcome]:
        """Send envelopes together; gives what became of each, in their order."""
        return await self.ask(questions.submit_many(raws))

    async def dry_run(self, raw: bytes, *, signed: bool = True) -> DryRun:
        """Try an envelope without applying it; an unsigned one needs signatures of the right form only."""
        return await self.ask(questions.dry_run(raw, signed=signed))

    # --------------------------------------------------------------------------------------------------- questions

    async def query(self, query: Query) -> tuple[int, Any]:
        """Ask the state; gives the height that the answer is from, and the answer."""
        return await self.ask(questions.query(query))

    async def record(self, full_key: bytes) -> Found:
        """Ask for a record's bytes, without a proof."""
        return await self.ask(questions.record(full_key))

    async def prove(self, full_key: bytes, height: int | None = None) -> StateProof:
        """Have a record, or its absence, proved: now, or at a kept height."""
        return await self.ask(questions.prove(full_key, height))

    async def prove_life(self, full_key: bytes) -> HistoryProof:
        """Have the whole life of an object proved."""
        return await self.ask(questions.prove_life(full_key))

    async def prove_result(self, result_id: bytes) -> ReceiptProof:
        """Have it proved how an envelope or a deadline's exit ended."""
        return await self.ask(questions.prove_result(result_id))

    async def result(self, result_id: bytes) -> Durable | None:
        """Ask how an envelope or an exit ended; nothing when no block has it."""
        return await self.ask(questions.result(result_id))

    async def block(self, height: int) -> StoredBlock:
        """Fetch a block."""
        return await self.ask(questions.block(height))

    async def raw_block(self, height: int) -> bytes:
        """Fetch the bytes of a block."""
        return await self.ask(questions.raw_block(height))

    async def header(self, height: int) -> SignedHeader:
        """Fetch a signed header."""
        return await self.ask(questions.header(height))

    async def genesis(self) -> bytes:
        """Fetch the genesis as JSON."""
        return await self.ask(questions.genesis())

    async def height(self) -> int:
        """Ask up to which height everything is durable; cheap enough to be asked several times a second."""
        return await self.ask(questions.height())

    async def status(self) -> NodeStatus:
        """Ask how the node is."""
        return await self.ask(questions.status())

    # ---------------------------------------------------------------------------------------------------- the node

    async def advance(self, to: int) -> int:
        """Put a manual clock forward; gives the height after everything that was due."""
        return await self.ask(questions.advance(to))

    async def backup(self, folder: Path) -> int:
        """Have the ledger copied into a new folder on the node's machine; gives the height that it reaches."""
        return await self.ask(questions.backup(folder))

    async def checkpoint(self) -> int:
        """Have the present state kept, so that proofs at its height can be made later; gives the height."""
        return await self.ask(questions.checkpoint())

    async def checkpoints(self) -> list[int]:
        """Ask which heights are kept."""
        return await self.ask(questions.checkpoints())

    async def stop(self) -> None:
        """Ask the node to stop."""
        await self.ask(questions.stop())
