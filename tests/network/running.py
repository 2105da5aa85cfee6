"""A real network of several nodes with CometBFT, on loopback: started, loaded, hurt, and looked at afterwards."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from msgspec import structs

from sogdia.client import keys as key_files
from sogdia.client.connection import Connection, Durable
from sogdia.client.envelopes import EnvelopeMaker, Sender
from sogdia.client.questions import NodeNotRunningError, TryLaterError
from sogdia.engine.cometbft.home import Timing
from sogdia.kernel.values import NO_ACCOUNT, account_of
from sogdia.modules.money.currencies import Mint
from sogdia.network import local
from sogdia.network.creating import PEOPLE, Wanted, create
from sogdia.network.engine_program import VARIABLE
from sogdia.network.organisations import read_organisations
from sogdia.network.pair import PROCESSES
from tests.ports import free_ports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from sogdia.client.questions import NodeStatus

FOUR = ("cn-platform", "kz-bank", "uz-post", "ke-customs")
FAST = Timing(propose=1_000, vote=300, commit=50, empty_block=500)
RECOVERY_SECONDS = 20.0
LOOK_SECONDS = 0.05
JOINING = 4
"""So many nodes find a free port next to the others' when they join."""

MONTH = 30 * 86_400


class RunningNetwork:
    """A network of organisations on this machine."""

    def __init__(self, folder: Path, engine: Path, names: Sequence[str] = FOUR, **wanted: Any) -> None:  # noqa: ANN401
        """Make it; it does not run yet."""
        self.folder = folder
        self.names = tuple(names)
        self.engine = engine
        organisations = tuple(read_organisations(",".join(names)))
        usual = Wanted(name="test", organisations=organisations, port=free_ports(len(names) + JOINING)[0], timing=FAST)
        self.plan = create(folder, structs.replace(usual, **wanted))
        self.network = bytes.fromhex(self.plan.network)
        self.said: list[str] = []

    # ---------------------------------------------------------------------------------------------------- running

    def up(self, *names: str) -> None:
        """Start nodes and wait until they have a block."""
        os.environ[VARIABLE] = str(self.engine)
        local.up(self.folder, names, say=self.said.append)

    def down(self, *names: str) -> None:
        """Stop nodes in order."""
        local.down(self.folder, names, say=self.said.append)

    def place(self, name: str) -> Path:
        """Give a node's folder."""
        return self.folder / name

    def processes(self, name: str) -> dict[str, int]:
        """Give the processes of a node by their part; the pair is the one that keeps the two together."""
        found: dict[str, int] = json.loads((self.place(name) / PROCESSES).read_text())
        return {**found, "pair": local.process_of(self.place(name)) or 0}

    def kill(self, name: str, *parts: str) -> None:
        """Kill parts of a node with no time for a last word."""
        processes = self.processes(name)
        for part in parts:
            with suppress(ProcessLookupError):
                os.kill(processes[part], signal.SIGKILL)

    def signal(self, name: str, what: int) -> None:
        """Send a signal to a node's application and engine."""
        processes = self.processes(name)
        for part in ("application", "engine"):
            with suppress(ProcessLookupError):
                os.kill(processes[part], what)

    def close(self) -> None:
        """Stop everything; what is paused is let go first."""
        for name in self.names:
            with suppress(FileNotFoundError):
                self.signal(name, signal.SIGCONT)
        self.down()

    # ----------------------------------------------------------------------------------------------------- looking

    def status(self, name: str) -> NodeStatus | None:
        """Ask a node how it is; nothing when it does not answer."""
        return local.state_of(self.folder, next(each for each in self.plan.nodes if each.folder == name)).status

    def height(self, name: str) -> int:
        """Give a node's durable height, 0 when it does not answer."""
        status = self.status(name)
        return 0 if status is None else status.durable_height

    def until(self, holds: Callable[[], bool], what: str, seconds: float = RECOVERY_SECONDS) -> None:
        """Wait until something holds."""
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, f"{what}, after {seconds} s: {self.describe()}"
            time.sleep(LOOK_SECONDS)

    def describe(self) -> str:
        """Say how each node is, with its last words, for the reader of a failure."""
        lines = []
        for name in self.names:
            logs = local.logs_of(self.place(name), 4)
            lines.append(f"{name}: height {self.height(name)}\n{logs[0]}\n{logs[1]}")
        return "\n".join(lines)

    def goes_on(self, names: Sequence[str] = (), blocks: int = 2, seconds: float = RECOVERY_SECONDS) -> None:
        """Wait until these nodes, or all, have made more blocks."""
        before = max(self.height(name) for name in self.names)
        for name in names or self.names:
            self.until(lambda name=name: self.height(name) >= before + blocks, f"{name} makes no progress", seconds)  # type: ignore[misc]

    def agrees(self, names: Sequence[str] = ()) -> int:
        """Wait until all nodes have the same height and look that blocks and states are the same; gives the height."""
        chosen = tuple(names or self.names)
        self.until(lambda: len({self._stand(name) for name in chosen}) == 1, "the nodes do not agree")
        height = min(self.height(name) for name in chosen)
        blocks: dict[int, set[bytes]] = {}
        for name in chosen:
            with Connection(self.place(name)) as connection:
                for each in range(max(1, height - 200), height + 1):
                    blocks.setdefault(each, set()).add(connection.raw_block(each))
        forked = [each for each, raws in blocks.items() if len(raws) > 1]
        assert not forked, f"the blocks at {forked} differ between nodes"
        return height

    def _stand(self, name: str) -> tuple[bytes, int] | str:
        status = self.status(name)
        return f"{name} does not answer" if status is None else (status.state_root, status.records)

    # ---------------------------------------------------------------------------------------------------- trading

    def account(self, name: str) -> bytes:
        """Give an organisation's account."""
        return account_of(self.network, NO_ACCOUNT, name)

    def sender(self, name: str) -> Sender:
        """Give an organisation's account and key."""
        return Sender(self.account(name), key_files.load(self.folder / PEOPLE / f"{name}.key", "").keypair)

    @property
    def currency(self) -> str:
        """What the bank of the four issues."""
        return "KZT"


class Load:
    """Somebody who goes on sending to one node, and keeps what was acknowledged."""

    def __init__(self, network: RunningNetwork, through: str) -> None:
        """Begin to send."""
        self._network = network
        self._through = through
        self._maker = EnvelopeMaker(network.network)
        self._bank = network.sender("kz-bank")
        self._stop = threading.Event()
        self.acknowledged: list[tuple[bytes, Durable]] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with Connection(self._network.place(self._through), seconds=5) as connection:
                    while not self._stop.is_set():
                        self._send(connection)
            except (NodeNotRunningError, TryLaterError, OSError):
                time.sleep(LOOK_SECONDS)

    def _send(self, connection: Connection) -> None:
        operation = Mint(currency=self._network.currency, to=self._bank.account, units=1)
        signed = self._maker.make([self._bank], [operation], expiry=int(time.time()) + 3_600)
        durable = connection.submit(signed.raw)
        self.acknowledged.append((signed.id, durable))

    def stop(self) -> None:
        """End sending, and look that whatever was acknowledged is there at every node, as it was said."""
        self._stop.set()
        self._thread.join(timeout=15)

    def check(self, names: Sequence[str] = ()) -> int:
        """Look that whatever was acknowledged is there at every node, as it was said; gives how many that were.

        A node may be a block behind the one that acknowledged: it has until the time of a recovery to catch up.
        """
        last = max((durable.height for _, durable in self.acknowledged), default=0)
        for name in names or self._network.names:
            self._network.until(lambda name=name: self._network.height(name) >= last, f"{name} does not reach {last}")  # type: ignore[misc]
            with Connection(self._network.place(name)) as connection:
                for identity, durable in self.acknowledged:
                    found = connection.result(identity)
                    assert found == durable, f"{name} has {found} for {identity.hex()}, and {durable} was acknowledged"
        return len(self.acknowledged)


def loading(network: RunningNetwork, through: str) -> Iterator[Load]:
    """Send for as long as the block runs."""
    load = Load(network, through)
    try:
        yield load
    finally:
        load.stop()
