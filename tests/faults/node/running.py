"""The real node in a process of its own, under the programs and the environment that a fault asks for."""

import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.faults.commands import Ended, Running
from tests.faults.node.traders import Traders
from tests.faults.node.world import ADDITIONS, SERVE, SOON

START_SECONDS = 20.0


class NotStartedError(Exception):
    """The node didn't come up; the message is what it said."""


def command(folder: Path, *options: str) -> list[str]:
    """The command that runs the node of a folder."""
    return [*SERVE, str(folder), *SOON, *options]


def started(
    folder: Path, *options: str, additions: Mapping[str, str] | None = None, errors: Path | None = None
) -> Running:
    """Start the node and wait until it listens; what it logs goes to `errors`, or to a file beside the folder."""
    log = errors or folder.with_name("node-errors")
    return wait_until_ready(Running(command(folder, *options), {**ADDITIONS, **(additions or {})}, log))


def wait_until_ready(node: Running) -> Running:
    """Wait until a node that was started listens."""
    if not node.wait_for_lines(1, START_SECONDS):
        ended = node.end(0)
        raise NotStartedError(f"status {ended.status}: {ended.errors}")
    return node


def stopped(node: Running) -> Ended:
    """Ask the node to end in order, and wait for it."""
    node.process.send_signal(signal.SIGTERM)
    return node.end()


@contextmanager
def running(folder: Path, *options: str, errors: Path | None = None) -> Iterator[Running]:
    """A node that is ended in order at the end of the block."""
    node = started(folder, *options, errors=errors)
    try:
        yield node
    except BaseException as error:
        node.kill()
        error.add_note(f"the node said: {node.end().errors}")
        raise
    ended = stopped(node)
    assert ended.status == 0, ended.errors


@contextmanager
def trading(traders: Traders, folder: Path, steps_max: int | None = None) -> Iterator[None]:
    """Trade in a thread beside the block until the steps are done or the node is gone."""
    thread = threading.Thread(target=traders.trade, args=(folder, steps_max), daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join(START_SECONDS)
    assert not thread.is_alive(), "the traders still wait for the node"
