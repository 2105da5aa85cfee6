"""A real node with the trade of the bench, started and stopped by the tests of the index."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bench.node_load import VALIDITY_SECONDS, play
from bench.work import Maker, genesis, keys_of, network
from sogdia.client import keys as key_files
from sogdia.client.connection import Connection, NodeNotRunningError
from sogdia.node import create

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
START_SECONDS = 30.0
BUYERS, MERCHANTS = 13, 6


class Trade:
    """A node in a folder, and orders that go through it."""

    def __init__(self, folder: Path) -> None:
        """Make the ledger."""
        self.folder = folder
        made = genesis(int(time.time()))
        create(folder, made)
        (folder / "keys").mkdir(exist_ok=True)
        key_files.save(folder / "keys" / "node.key", keys_of("node"), "", unprotected=True)
        self._maker = Maker(network(made), int(time.time()) + VALIDITY_SECONDS)
        self._maker.people.buyers[BUYERS:] = []
        self._maker.people.merchants[MERCHANTS:] = []
        self._prepared = False
        self._orders = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run the node for a while, in a process of its own."""
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
        command = [sys.executable, "-m", "bench.node_load", str(self.folder), "one"]
        process = subprocess.Popen(
            command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            self._wait(process)
            if not self._prepared:
                with Connection(self.folder) as connection:
                    for _outcome in connection.submit_many(self._maker.preparations()):
                        pass
                self._prepared = True
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and process.poll() is None:
            try:
                Connection(self.folder).close()
            except NodeNotRunningError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError("the node does not start")

    def play(self, orders: int) -> None:
        """Take some orders through their life."""
        lives = [self._life(self._orders + number) for number in range(orders)]
        self._orders += orders
        with Connection(self.folder) as connection:
            play(connection, iter(lives), 3)

    def _life(self, number: int) -> tuple[bytes, ...]:
        # Numbers at which the bench's orders are of the buyers and merchants that are kept here.
        return self._maker.life(400 * (number // 3) + 6 * (number % 3))

    def height(self) -> int:
        """Ask how far the ledger is."""
        with Connection(self.folder) as connection:
            return connection.height()
