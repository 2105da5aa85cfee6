"""Doors that run beside a node as child processes: started again when they die, ended with the node, unable to stop it.

    sogdia node start ──┬── sogdia api start        --http, or the setting node.http
                        └── sogdia explorer start   --explorer, or the setting node.explorer

A child's standard input is a pipe that only the node holds: it closes however the node ends, and the child ends, too.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from asyncio.subprocess import PIPE
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from sogdia.settings.sections import Settings

PAUSE_SECONDS = 1.0
PAUSE_SECONDS_MAX = 60.0
SETTLED_SECONDS = 60.0
"""A child that has lived so long is started again after the first pause, not after the last one."""

END_SECONDS = 15.0
"""How long a child may take to end what it has begun."""

NOT_FOR_CHILDREN = frozenset(
    {
        "SOGDIA_PASSPHRASE",
        "NOTIFY_SOCKET",
        "WATCHDOG_USEC",
        "WATCHDOG_PID",
        "SOGDIA_API_LISTEN",
        "SOGDIA_EXPLORER_LISTEN",
    }
)
"""The node's passphrase and its service manager are its own; where a child listens stands in its command."""

_log = logging.getLogger(__name__)


def doors_of(settings: Settings, folder: Path, config: Path | None) -> dict[str, list[str]]:
    """Give the commands of the doors that the settings want beside the node of a folder, by what they are called."""
    wanted = {"api": settings.node.http, "explorer": settings.node.explorer}
    more = [] if config is None else ["--config", str(config)]
    sogdia = [sys.executable, "-m", "sogdia"]
    return {
        door: [*sogdia, door, "start", str(folder), "--listen", listen, "--until-input-ends", *more]
        for door, listen in wanted.items()
        if listen
    }


class Beside:
    """The doors beside one node."""

    def __init__(self, commands: Mapping[str, Sequence[str]], settings: Settings, say: Callable[[str], None]) -> None:
        """Start nothing yet; `say` hears every line that a child says, such as its address."""
        self._commands = commands
        self._say = say
        self._environment = {name: value for name, value in os.environ.items() if name not in NOT_FOR_CHILDREN} | {
            "SOGDIA_LOG_LEVEL": settings.log.level,
            "SOGDIA_LOG_FORMAT": settings.log.format,
        }
        self._running: dict[str, Process] = {}
        self._keepers: list[asyncio.Task[None]] = []
        self._ending = False

    def begin(self) -> None:
        """Start them, and start each again whenever it ends."""
        self._keepers = [asyncio.create_task(self._keep(door)) for door in self._commands]

    async def _keep(self, door: str) -> None:
        pause = PAUSE_SECONDS
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                ended = f"has ended with status {await self._run(door)}"
            except Exception as error:  # noqa: BLE001 - whatever keeps a door from running, the engine goes on
                ended = f"cannot be started ({error})"
            if self._ending:
                return
            pause = PAUSE_SECONDS if loop.time() - began >= SETTLED_SECONDS else pause
            _log.error("the %s beside the node %s; it is started again in %g s", door, ended, pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, PAUSE_SECONDS_MAX)

    async def _run(self, door: str) -> int:
        """Run a child until it ends; a session of its own keeps Ctrl-C for the node, which then ends it in order."""
        child = await asyncio.create_subprocess_exec(
            *self._commands[door], stdin=PIPE, stdout=PIPE, env=self._environment, start_new_session=True
        )
        self._running[door] = child
        try:
            if self._ending:
                child.terminate()
            while line := await _line(child):
                self._say(line.decode(errors="replace").rstrip())
            return await child.wait()
        finally:
            del self._running[door]
            if child.returncode is None:
                child.kill()

    def ask_to_end(self) -> None:
        """Ask every child to end what it has begun, while the node still answers it."""
        self._ending = True
        for child in self._running.values():
            with suppress(ProcessLookupError):
                child.terminate()

    async def end(self) -> None:
        """Wait until all have ended; who takes too long is ended at once."""
        self.ask_to_end()
        for keeper, door in zip(self._keepers, self._commands, strict=False):
            if door not in self._running:
                keeper.cancel()
        if self._keepers:
            _done, late = await asyncio.wait(self._keepers, timeout=END_SECONDS)
            for keeper in late:
                keeper.cancel()
            await asyncio.gather(*self._keepers, return_exceptions=True)


async def _line(child: Process) -> bytes:
    """Read a line of what a child says; one that is too long for a line is passed over."""
    stream = child.stdout
    while stream is not None:
        try:
            return await stream.readline()
        except ValueError:
            continue
    return b""
