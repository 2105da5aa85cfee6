"""Networks of the bench: CometBFT with our application, and the very same CometBFT with its own one that does nothing.

Both are made from one genesis and one set of keys, so the same bytes are transactions of both.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import ExitStack
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Self

from bench.node_load import processor_seconds
from bench.work import genesis, keys_of
from sogdia import node
from sogdia.client.connection import Connection
from sogdia.client.questions import NodeNotRunningError, TryLaterError
from sogdia.engine.cometbft.home import Place, Sync, Timing, node_id, write_home
from sogdia.engine.cometbft.places import ENGINE_LOG, home, rpc_socket
from sogdia.network import local
from sogdia.network.engine_program import VARIABLE, EngineMissingError, find_engine
from sogdia.network.pair import PROCESSES
from tests.go_programs import COMETBFT, program
from tests.ports import free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sogdia.kernel.genesis import GenesisBase

READY_SECONDS = 60.0
END_SECONDS = 40.0
LOOK_SECONDS = 0.02
HOST = "127.0.0.1"
NOOP = "noop"


class App(Enum):
    """Who answers the engine."""

    SOGDIA = "sogdia"
    NOTHING = "noop"


def engine_program() -> Path:
    """Give CometBFT: the one that a node would start, else the one that the tests build."""
    try:
        return find_engine()
    except EngineMissingError:
        built = program(COMETBFT)
        if isinstance(built, str):
            raise EngineMissingError(built) from None
        return built


class BenchNetwork:
    """So many validators on this machine, and one more node that can follow them; removed at the end."""

    def __init__(self, made: GenesisBase, app: App, timing: Timing) -> None:
        """Make the folders; nothing runs yet."""
        self.app = app
        self.engine = engine_program()
        os.environ[VARIABLE] = str(self.engine)
        self.scratch = Path(tempfile.mkdtemp(prefix="bench-network-", dir=Path.cwd()))
        self.validators = [self.scratch / f"node{number}" for number in range(len(made.validators))]
        self.follower = self.scratch / "follower"
        self._made, self._timing = made, timing
        self._engines: dict[Path, subprocess.Popen[bytes]] = {}
        self._open = ExitStack()
        folders = [*self.validators, self.follower]
        self._ports = free_ports(len(folders))
        node.create(folders[0], self._made)
        for folder in folders[1:]:
            shutil.copytree(folders[0], folder)
        for number, folder in enumerate(folders):
            self._write_home(number, folder)

    def let_follower_sync(self, sync: Sync) -> None:
        """Let the one more node take the state from its peers when it is started."""
        shutil.rmtree(home(self.follower))
        self._write_home(len(self.validators), self.follower, sync)

    def _write_home(self, number: int, folder: Path, sync: Sync | None = None) -> None:
        peers = [
            f"{node_id(keys_of(f'peer {at}').public)}@{HOST}:{port}"
            for at, port in enumerate(self._ports[: len(self.validators)])
            if at != number
        ]
        place = Place(
            moniker=folder.name,
            p2p_listen=f"tcp://{HOST}:{self._ports[number]}",
            peers=tuple(peers),
            private=True,
            timing=self._timing,
            sync=sync,
        )
        key = None if folder == self.follower else keys_of(f"node {number}")
        write_home(folder, self._made, place, keys_of(f"peer {number}"), key)

    def up(self) -> None:
        """Start the validators and wait until each has a block."""
        for folder in self.validators:
            self.start(folder)
        until = time.monotonic() + READY_SECONDS
        for folder in self.validators:
            while not self._is_ready(folder):
                if time.monotonic() > until:
                    raise NodeNotRunningError(f"{folder.name} is not ready: {local.logs_of(folder, 8)}")
                time.sleep(LOOK_SECONDS)

    def start(self, folder: Path) -> None:
        """Start one node."""
        if self.app is App.SOGDIA:
            local.start(folder)
            return
        log = self._open.enter_context((folder / ENGINE_LOG).open("wb"))
        self._engines[folder] = subprocess.Popen(
            [self.engine, "start", "--home", home(folder), "--proxy_app", NOOP], stdout=log, stderr=log
        )

    def _is_ready(self, folder: Path) -> bool:
        if self.app is App.SOGDIA:
            return self.height(folder) > 0
        return rpc_socket(folder).exists()

    def height(self, folder: Path) -> int:
        """Give the durable height of a node with our application; 0 when it does not answer."""
        try:
            with Connection(folder, seconds=5) as connection:
                return connection.status().durable_height
        except (NodeNotRunningError, TryLaterError, OSError):
            return 0

    def processes(self, folder: Path) -> Iterator[tuple[str, int]]:
        """Give a node's processes by what they do."""
        engine = self._engines.get(folder)
        if engine is not None:
            yield "engine", engine.pid
            return
        yield from json.loads((folder / PROCESSES).read_text(encoding="ascii")).items()
        supervisor = local.process_of(folder)
        if supervisor is not None:
            yield "supervisor", supervisor

    def processor_seconds(self) -> dict[str, float]:
        """Give the processor seconds used so far, of all nodes together, by what the processes do."""
        used: dict[str, float] = {"load": time.process_time()}
        for folder in self.validators:
            for what, process in self.processes(folder):
                used[what] = used.get(what, 0.0) + processor_seconds(process)
        return used

    def end(self, folder: Path) -> None:
        """End one node in order."""
        engine = self._engines.pop(folder, None)
        if engine is not None:
            engine.terminate()
            engine.wait(END_SECONDS)
            return
        process = local.process_of(folder)
        if process is None:
            return
        os.kill(process, signal.SIGTERM)
        until = time.monotonic() + END_SECONDS
        while local.process_of(folder) is not None:
            if time.monotonic() > until:
                local.cut_power(folder)
            time.sleep(LOOK_SECONDS)

    def stop(self) -> None:
        """Stop everything that runs."""
        for folder in (*self.validators, self.follower):
            self.end(folder)

    def close(self) -> None:
        """Stop everything and remove it."""
        self.stop()
        self._open.close()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def __enter__(self) -> Self:
        """Start it."""
        try:
            self.up()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        """Stop and remove it."""
        self.close()


def one_genesis(validators: int) -> GenesisBase:
    """Make the genesis of a network of the bench, which begins now."""
    return genesis(int(time.time()), organisations=validators)
