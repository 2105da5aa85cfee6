"""A whole network on one machine: its nodes begun and ended together, and how each of them is."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from sogdia.client.connection import Connection
from sogdia.client.questions import NodeNotRunningError, TryLaterError
from sogdia.engine.cometbft.places import ENGINE_LOG
from sogdia.network.creating import NetworkFolderError, Plan, PlannedNode, read_plan
from sogdia.network.pair import OURS, PROCESSES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from sogdia.client.questions import NodeStatus

NODE_LOG: Final = "node.log"
PROCESS: Final = "node.pid"
READY_SECONDS: Final = 90.0
END_SECONDS: Final = 40.0
LOOK_SECONDS: Final = 0.1
ASK_SECONDS: Final = 5.0
LAST_LINES: Final = 8


_children: dict[int, subprocess.Popen[bytes]] = {}
"""The nodes that this very process has started: they are its children and have to be taken leave of."""


class NodeState(NamedTuple):
    """How one node of a network is."""

    node: PlannedNode
    process: int | None
    status: NodeStatus | None

    @property
    def height(self) -> int:
        """Its last durable height; 0 when it does not answer."""
        return 0 if self.status is None else self.status.durable_height


def chosen(plan: Plan, names: Sequence[str]) -> list[PlannedNode]:
    """Give the nodes with these names, or all when none is named."""
    known = {each.folder: each for each in plan.nodes}
    for name in names:
        if name not in known:
            raise NetworkFolderError(f"no node is called {name!r}; there are {', '.join(known)}")
    return [known[name] for name in names] if names else list(plan.nodes)


def up(folder: Path, names: Sequence[str] = (), *, wait: bool = True, say: Callable[[str], None]) -> None:
    """Start nodes that do not run, and wait until each has a block.

    Raises `NodeNotRunningError` when one has none, or, before any is started, when somebody else has a port.
    """
    plan = read_plan(folder)
    nodes = chosen(plan, names)
    to_start = [node for node in nodes if process_of(folder / node.folder) is None]
    for node in to_start:
        if (why := why_not_listening(node)) is not None:
            raise NodeNotRunningError(
                f"{node.organisation} cannot start: {why}. Let this account have the port, and stop any program"
                " that has it; 'sogdia network create --port' makes a network at other ports."
            )
    for node in to_start:
        start(folder / node.folder)
        say(f"{node.organisation} starts ({folder / node.folder}).")
    if wait:
        _wait_until_ready(folder, nodes, say)


def start(place: Path, program: Sequence[str] = OURS) -> None:
    """Start one node in processes of its own, which go on when we end."""
    with (place / NODE_LOG).open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - our own program
            [*program, "node", "start", str(place)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    _children[process.pid] = process
    (place / PROCESS).write_text(f"{process.pid}\n", encoding="ascii")


def _wait_until_ready(folder: Path, nodes: list[PlannedNode], say: Callable[[str], None]) -> None:
    until = time.monotonic() + READY_SECONDS
    waiting = list(nodes)
    while waiting:
        for node in list(waiting):
            place = folder / node.folder
            if state_of(folder, node).height >= 1:
                waiting.remove(node)
                say(f"{node.organisation} is ready.")
            elif process_of(place) is None or time.monotonic() > until:
                why = "has ended" if process_of(place) is None else f"has no block after {READY_SECONDS:.0f} s"
                ours, engines = logs_of(place, LAST_LINES)
                raise NodeNotRunningError(
                    f"{node.organisation} {why}. Its last words:\n{ours}\nIts engine's:\n{engines}\n"
                    f"Look with 'sogdia network doctor {folder}'."
                )
        time.sleep(LOOK_SECONDS)


def down(folder: Path, names: Sequence[str] = (), *, say: Callable[[str], None]) -> None:
    """End nodes in order, all at once; one that does not end in time is ended by force."""
    plan = read_plan(folder)
    running = {node: process for node in chosen(plan, names) if (process := process_of(folder / node.folder))}
    for process in running.values():
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGTERM)
    until = time.monotonic() + END_SECONDS
    for node, process in running.items():
        while process_of(folder / node.folder) is not None and time.monotonic() < until:
            _reap(process)
            time.sleep(LOOK_SECONDS)
        if process_of(folder / node.folder) is not None:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
            say(f"{node.organisation} did not end in {END_SECONDS:.0f} s and was ended by force.")
        else:
            say(f"{node.organisation} has stopped.")
        (folder / node.folder / PROCESS).unlink(missing_ok=True)


def cut_power(place: Path) -> None:
    """End all processes of a node at once with no time for a last word, as a loss of power does; for rehearsals."""
    processes = [process_of(place)]
    with suppress(FileNotFoundError):
        processes += json.loads((place / PROCESSES).read_text(encoding="ascii")).values()
    for process in processes:
        if process is not None:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
    until = time.monotonic() + END_SECONDS
    while process_of(place) is not None and time.monotonic() < until:
        time.sleep(LOOK_SECONDS)


def why_not_listening(node: PlannedNode) -> str | None:
    """Tell why a node that does not run could not listen at its port on this machine; nothing when it could."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((node.listens_at, node.port))
        except OSError as error:
            return f"{node.listens_at}:{node.port} cannot be used: {error.strerror}"
    return None


def _reap(process: int) -> None:
    """Take leave of a child of ours that has ended."""
    child = _children.get(process)
    if child is not None and child.poll() is not None:
        del _children[process]


def process_of(place: Path) -> int | None:
    """Give the process that runs a node, or nothing when none does."""
    try:
        process = int((place / PROCESS).read_text(encoding="ascii"))
        _reap(process)
        os.kill(process, 0)
    except (FileNotFoundError, ValueError, ProcessLookupError):
        return None
    except PermissionError:
        return None
    return process


def state_of(folder: Path, node: PlannedNode) -> NodeState:
    """Ask one node how it is."""
    place = folder / node.folder
    try:
        with Connection(place, seconds=ASK_SECONDS) as connection:
            status = connection.status()
    except (NodeNotRunningError, TryLaterError, OSError):
        status = None
    return NodeState(node, process_of(place), status)


def states(folder: Path) -> list[NodeState]:
    """Ask all nodes how they are."""
    return [state_of(folder, node) for node in read_plan(folder).nodes]


def last_lines(path: Path, count: int) -> str:
    """Give the last lines of a file."""
    size_max = 256 * max(count, 1)
    try:
        with path.open("rb") as stream:
            stream.seek(max(0, path.stat().st_size - size_max))
            lines = stream.read().decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return "(nothing was written)"
    return "\n".join(lines[-count:])


def logs_of(place: Path, count: int) -> tuple[str, str]:
    """Give the last lines of a node's two logs: the application's, and the engine's."""
    return last_lines(place / NODE_LOG, count), last_lines(place / ENGINE_LOG, count)
