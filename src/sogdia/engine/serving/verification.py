"""Signatures checked ahead of their block, by a process on another core.

The block still decides: it asks for (key, message, signature) as the state has them at that moment, and what was not
checked ahead is checked on the spot. So a worker that dies or is slow costs time, never correctness.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import subprocess
import sys
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from sogdia.engine.serving.checks import CHECK_BYTES, check_of, holds
from sogdia.engine.serving.verifier_worker import COUNT_BYTES, READY

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CHECKS_IN_BATCH = 64
START_AGAIN_SECONDS = 1.0
ANSWER_SECONDS_MAX = 5.0

_log = logging.getLogger(__name__)


class Verdicts(Protocol):
    """Whoever keeps what the worker process has found."""

    def expect(self, checks: Sequence[bytes]) -> None:
        """Hear that verdicts are on their way."""

    def enter(self, checks: Sequence[bytes], verdicts: bytes) -> None:
        """Take over verdicts, one byte a check, 1 for valid."""


class CheckedAhead:
    """The verdicts that are known already: a `Verifier` for blocks. They leave with the envelopes they belong to."""

    __slots__ = ("_verdicts", "take_arrived")

    def __init__(self) -> None:
        """Start with none."""
        self._verdicts: dict[bytes, bool | None] = {}
        self.take_arrived: Callable[[], None] = _nothing_arrives

    def __call__(self, scheme: int, public_key: bytes, message: bytes, signature: bytes) -> bool:
        """Give the known verdict, or check on the spot what is not known yet."""
        check = check_of(scheme, public_key, message, signature)
        known = self._verdicts.get(check)
        if known is None and check in self._verdicts:
            self.take_arrived()
            known = self._verdicts[check]
        return holds(check) if known is None else known

    def expect(self, checks: Sequence[bytes]) -> None:
        """Take note that verdicts are on their way."""
        for check in checks:
            self._verdicts.setdefault(check)

    def enter(self, checks: Sequence[bytes], verdicts: bytes) -> None:
        """Take over verdicts, one byte a check, unless their envelopes were done with before they came."""
        known = self._verdicts
        for check, verdict in zip(checks, verdicts, strict=True):
            if check in known:
                known[check] = bool(verdict)

    def forget(self, check: bytes) -> None:
        """Drop a verdict that is not needed any more."""
        self._verdicts.pop(check, None)


def _nothing_arrives() -> None:
    return


class Batch:
    """Checks on their way, and what to do when they are back."""

    __slots__ = ("checks", "done", "sent", "verdicts")

    def __init__(self, checks: list[bytes], done: Callable[[], None]) -> None:
        """Hold the checks and who waits for them."""
        self.checks = checks
        self.done = done
        self.verdicts = bytearray()
        self.sent = time.monotonic()


class VerifierProcess(asyncio.Protocol):
    """Sends checks to the worker process and takes the verdicts back, in order; starts a new one when it dies."""

    def __init__(self, checked: Verdicts) -> None:
        """Enter verdicts into `checked`."""
        self._checked = checked
        self._channel: socket.socket | None = None
        self._under_way: deque[Batch] = deque()
        self._transport: asyncio.Transport | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = False
        self._closing = False

    async def start(self) -> None:
        """Start the worker process."""
        ours = self._channel = self._start_process()
        await asyncio.get_running_loop().create_unix_connection(lambda: self, sock=ours)

    def _start_process(self) -> socket.socket:
        """Start the process and give our end of the way to it."""
        ours, theirs = socket.socketpair()
        with theirs:
            program = f"import sys; sys.path[:] = {sys.path!r}; from {__package__}.verifier_worker import main; main()"
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-c", program],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        return ours

    @property
    def pid(self) -> int | None:
        """The worker's process number."""
        return None if self._process is None else self._process.pid

    def is_ready(self) -> bool:
        """Tell whether the worker answers."""
        return self._ready

    def check(self, checks: list[bytes], done: Callable[[], None]) -> None:
        """Have a batch checked; `done` is called when its verdicts are known, or will not come."""
        if not self._ready or self._transport is None:
            done()
            return
        self._checked.expect(checks)
        self._under_way.append(Batch(checks, done))
        self._transport.write(b"".join((len(checks).to_bytes(COUNT_BYTES, "big"), *checks)))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the way to the worker."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Give verdicts to the batches they belong to."""
        if not self._ready:
            if data[:1] != READY:
                raise ValueError("the verifier process does not begin as it should")
            self._ready = True
            data = data[1:]
        while data:
            batch = self._under_way[0]
            wanted = len(batch.checks) - len(batch.verdicts)
            batch.verdicts += data[:wanted]
            data = data[wanted:]
            if len(batch.verdicts) < len(batch.checks):
                return
            self._under_way.popleft()
            self._checked.enter(batch.checks, bytes(batch.verdicts))
            batch.done()

    def take_arrived(self) -> None:
        """Take the verdicts that have come while a block kept the loop from reading them."""
        if self._ready and self._channel is not None:
            with suppress(OSError):
                self.data_received(self._channel.recv(CHECKS_IN_BATCH))

    def connection_lost(self, _error: Exception | None) -> None:
        """Let everything under way be checked on the spot, and start a new worker."""
        self._ready = False
        self._transport = None
        lost, self._under_way = self._under_way, deque()
        for batch in lost:
            batch.done()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        if self._closing:
            return
        _log.warning("the verifier process has ended; signatures are checked in the node until a new one runs")
        loop = asyncio.get_running_loop()
        loop.call_later(START_AGAIN_SECONDS, self._start_again)

    def _start_again(self) -> None:
        if not self._closing:
            self._starting = asyncio.get_running_loop().create_task(self._try_to_start())

    async def _try_to_start(self) -> None:
        try:
            await self.start()
        except OSError as error:
            _log.warning("the verifier process cannot be started: %s", error)
            asyncio.get_running_loop().call_later(START_AGAIN_SECONDS, self._start_again)

    def look_after(self) -> None:
        """End a worker that does not answer any more; its checks are then done on the spot."""
        if self._under_way and time.monotonic() - self._under_way[0].sent > ANSWER_SECONDS_MAX and self._transport:
            self._transport.abort()

    def close(self) -> None:
        """End the worker."""
        self._closing = True
        if self._transport is not None:
            self._transport.abort()
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def second_core() -> bool:
    """Tell whether a second process can run beside this one."""
    return len(os.sched_getaffinity(0)) > 1 if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1) > 1


__all__ = ["CHECKS_IN_BATCH", "CHECK_BYTES", "CheckedAhead", "VerifierProcess", "second_core"]
