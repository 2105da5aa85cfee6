"""The two processes of a node kept together: the application first, then the engine; when one ends, both begin anew.

    start ─▶ application ─▶ answers ─▶ engine ─▶ either ends ─▶ the other is ended in order ─▶ pause ─▶ start

An end that needs a person (damage, a file that cannot be used) is not tried again. On a full disk neither can go on:
both begin anew once there is room. What the engine says goes to a file of bounded size; what the application says goes
where ours goes.
"""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import sys
import time
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from typing import TYPE_CHECKING, Final

from sogdia.engine.cometbft.places import ENGINE_LOG, abci_socket, home, rpc_socket
from sogdia.engine.signals import hear
from sogdia.engine.storage.disk import free_bytes

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import Callable
    from pathlib import Path

OURS: Final = (sys.executable, "-m", "sogdia")
PROCESSES: Final = "processes.json"
ANSWER_SECONDS: Final = 120.0
"""A large ledger takes seconds to open; one that has to execute many blocks again takes longer."""

END_SECONDS: Final = 20.0
ORPHAN_SECONDS: Final = 3.0
"""An engine whose application has died may wait for answers that never come; it goes on from what it has written."""

PAUSE_SECONDS: Final = (1, 2, 4, 8, 15, 30)
CALM_SECONDS: Final = 60.0
"""After so long a run the next pause is the shortest again."""

ROOM_BYTES: Final = 16 * 2**20
"""With less room on the disk nothing is begun: it would end in the middle of its first writes."""

ROOM_SECONDS: Final = 1.0
FAILED: Final = "CONSENSUS FAILURE!!!"
"""The engine says so when its part that decides has ended, and then goes on without it, of no use to anybody."""

ENGINE_ENDED: Final = -1
"""Stands for the engine's end among statuses of the application; what the engine ended with means nothing to us."""

LOOK_SECONDS: Final = 0.05
ENGINE_LOG_BYTES: Final = 16 * 2**20
ENGINE_LOGS: Final = 3
LINE_BYTES_MAX: Final = 256 * 1024

_log = logging.getLogger(__name__)


class PairStoppedError(Exception):
    """The node cannot go on by itself; carries the status with which the application ended."""

    def __init__(self, status: int) -> None:
        """Remember the status."""
        super().__init__(f"the application ended with status {status}, which needs a person")
        self.status = status


class Pair:
    """Runs a node's application and engine."""

    def __init__(
        self,
        folder: Path,
        engine: Path,
        *,
        options: tuple[str, ...] = (),
        final: frozenset[int],
        program: tuple[str, ...] = OURS,
    ) -> None:
        """Prepare to run the node of a folder; an application's end with a status in `final` is not tried again.

        `program` is the command line to which the words that start the application are added.
        """
        self._folder = folder.resolve()
        self._engine = engine
        self._options = options
        self._program = program
        self._final = final
        self._asked = asyncio.Event()
        self._engine_log = _engine_log(self._folder)
        self._last_word = ""

    def stop(self) -> None:
        """Ask both to end."""
        self._asked.set()

    async def run(self, ready: Callable[[], None]) -> None:
        """Run until asked to end; `ready` is called each time that the application answers and the engine is begun."""
        hear(self.stop, signal.SIGTERM, signal.SIGINT)
        try:
            await self._again_and_again(ready)
        finally:
            self._engine_log.close()

    async def _again_and_again(self, ready: Callable[[], None]) -> None:
        failures = 0
        while await self._room():
            began = time.monotonic()
            status = await self._once(ready)
            if self._asked.is_set() or status == 0:
                return
            if status in self._final and self._has_room():
                raise PairStoppedError(status)
            failures = 0 if time.monotonic() - began > CALM_SECONDS else failures + 1
            pause = PAUSE_SECONDS[min(failures, len(PAUSE_SECONDS)) - 1]
            _log.warning("both processes begin anew in %s s", pause)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._asked.wait(), pause)

    async def _room(self) -> bool:
        """Wait until there is room on the disk; tell whether to begin, which is not so once asked to end."""
        if not self._asked.is_set() and not self._has_room():
            _log.error(
                "the disk of %s is full: %s bytes are left, and the node begins again once there are %s. Make room",
                self._folder,
                free_bytes(self._folder),
                ROOM_BYTES,
            )
            while not self._asked.is_set() and not self._has_room():
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._asked.wait(), ROOM_SECONDS)
        return not self._asked.is_set()

    def _has_room(self) -> bool:
        return free_bytes(self._folder) >= ROOM_BYTES

    async def _once(self, ready: Callable[[], None]) -> int:
        """Run both once. Gives 0 when either was asked to end, else the application's status or `ENGINE_ENDED`."""
        app = await self._start_application()
        try:
            if not await self._answers(app):
                return await self._ended(app, "the application")
            engine = await self._start_engine()
            try:
                self._write_processes(app, engine)
                ready()
                return await self._until_one_ends(app, engine)
            finally:
                await self._end(engine, END_SECONDS if app.returncode is None else ORPHAN_SECONDS)
        finally:
            await self._end(app)

    def _write_processes(self, app: Process, engine: Process) -> None:
        """Write down who runs, for people who look after the node."""
        draft = self._folder / f"{PROCESSES}.new"
        draft.write_text(json.dumps({"application": app.pid, "engine": engine.pid}) + "\n", encoding="ascii")
        draft.replace(self._folder / PROCESSES)

    async def _start_application(self) -> Process:
        abci_socket(self._folder).unlink(missing_ok=True)
        command = (*self._program, "node", "start", str(self._folder), "--part", "application")
        # Should this process die without a word, the application's input ends, and with it the application.
        return await asyncio.create_subprocess_exec(
            *command, *self._options, stdin=asyncio.subprocess.PIPE, start_new_session=True
        )

    async def _answers(self, app: Process) -> bool:
        """Wait until the application listens for the engine."""
        until = time.monotonic() + ANSWER_SECONDS
        while app.returncode is None and not self._asked.is_set() and time.monotonic() < until:
            if abci_socket(self._folder).exists():
                return True
            await asyncio.sleep(LOOK_SECONDS)
        return False

    async def _start_engine(self) -> Process:
        rpc_socket(self._folder).unlink(missing_ok=True)
        self._last_word = ""
        engine = await asyncio.create_subprocess_exec(
            self._engine,
            "start",
            "--home",
            str(home(self._folder)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            umask=0o077,
            limit=LINE_BYTES_MAX,
        )
        self._writing = asyncio.get_running_loop().create_task(self._write_down(engine))
        return engine

    async def _write_down(self, engine: Process) -> None:
        """Write down what the engine says."""
        said = engine.stdout
        while said is not None:
            try:
                line = await said.readline()
            except ValueError:
                continue  # longer than any line that means something
            if not line:
                return
            text = line.decode("utf-8", "replace").rstrip("\n")
            self._last_word = text or self._last_word
            if FAILED in text:
                _log.error("the engine decides nothing any more and is ended; why stands in %s", ENGINE_LOG)
                with suppress(ProcessLookupError):
                    engine.kill()
            self._engine_log.emit(logging.LogRecord("engine", logging.INFO, "", 0, text, None, None))

    async def _until_one_ends(self, app: Process, engine: Process) -> int:
        tasks = [asyncio.create_task(each) for each in (app.wait(), engine.wait(), self._asked.wait())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if self._asked.is_set():
                return 0
            if not tasks[0].done():
                # The engine may have ended because the application did, which then ends a moment later.
                await asyncio.wait([tasks[0]], timeout=1.0)
            if app.returncode is not None:
                return await self._ended(app, "the application")
            await self._ended(engine, "the engine")
            await self._tell_last_word()
            # An application that is still ending for a reason of its own says so with its status.
            await self._end(app)
            is_final = await app.wait() in self._final
            return await self._ended(app, "the application") if is_final else ENGINE_ENDED
        finally:
            for task in tasks:
                task.cancel()

    async def _tell_last_word(self) -> None:
        """Repeat the last thing that the engine said, which for most ends is why."""
        await asyncio.wait([self._writing], timeout=1.0)
        if self._last_word:
            _log.error("the engine's last word: %s", self._last_word)

    async def _ended(self, process: Process, what: str) -> int:
        if process.returncode is None:
            if not self._asked.is_set():
                _log.error("%s does not answer", what)
            return 1
        level = logging.INFO if process.returncode == 0 else logging.ERROR
        _log.log(level, "%s has ended with status %s", what, process.returncode)
        return process.returncode

    async def _end(self, process: Process, seconds: float = END_SECONDS) -> None:
        """End a process in order, or by force when it does not end in so long."""
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), seconds)
            except TimeoutError:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()


def _engine_log(folder: Path) -> RotatingFileHandler:
    handler = RotatingFileHandler(
        folder / ENGINE_LOG, maxBytes=ENGINE_LOG_BYTES, backupCount=ENGINE_LOGS, encoding="utf-8"
    )
    handler.setFormatter(logging.Formatter("%(message)s"))
    return handler


def run(  # noqa: PLR0913 - everything that a node is started with
    folder: Path,
    engine: Path,
    *,
    options: tuple[str, ...],
    final: frozenset[int],
    ready: Callable[[], None],
    program: tuple[str, ...] = OURS,
) -> None:
    """Run a node's two processes until asked to end."""

    async def both() -> None:
        await Pair(folder, engine, options=options, final=final, program=program).run(ready)

    asyncio.run(both())
