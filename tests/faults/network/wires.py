"""A network whose nodes reach each other over wires that a test can cut.

`Namespaces`   each node in a network namespace of its own, joined by pairs of veth to one bridge or, cut, to two
`Relays`       without root: each node reaches each other one through a relay of ours, which can be cut
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import threading
from contextlib import suppress
from functools import cache
from itertools import permutations
from typing import TYPE_CHECKING, Any

from sogdia.engine.cometbft.home import CONFIG, CONFIG_FILE
from sogdia.engine.cometbft.places import home
from tests.faults.network.hurting import HurtNetwork
from tests.network.running import FOUR
from tests.ports import free_ports

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PORT = 26_656
COPY_BYTES = 2**16
UNDER = "10.213.77"
"""Addresses of documentation would do as well; nobody but the namespaces sees these."""


@cache
def missing() -> str | None:
    """Why no network namespaces can be made here, or nothing; finds out by making one."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if not shutil.which("ip"):
        return "there is no ip program"
    name = f"sogdia-try-{os.getpid()}"
    done = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if done.returncode:
        return f"no network namespace may be made here: {done.stderr.strip()}"
    subprocess.run(["ip", "netns", "del", name], check=True)
    return None


def ip(*words: str) -> None:
    """Run the program that sets up networks."""
    subprocess.run(["ip", *words], check=True, capture_output=True)


class Cuttable(HurtNetwork):
    """A network that can be cut in two and joined again."""

    def cut(self, here: Sequence[str], there: Sequence[str]) -> None:
        """Let nothing pass between these and those."""
        raise NotImplementedError

    def join(self) -> None:
        """Let everything pass again."""
        raise NotImplementedError


class Namespaces(Cuttable):
    """Each node in a network namespace of its own."""

    def __init__(self, folder: Path, engine: Path, names: Sequence[str] = FOUR, **wanted: Any) -> None:  # noqa: ANN401
        """Lay the wires and make the network; it does not run yet."""
        hosts = tuple(f"{UNDER}.{number + 1}" for number in range(len(names)))
        mark = os.getpid() % 100_000
        self._spaces = {name: f"sogdia-{mark}-{number}" for number, name in enumerate(names)}
        self._ends = {name: f"sv{mark}-{number}" for number, name in enumerate(names)}
        self._bridges = f"sb{mark}-0", f"sb{mark}-1"
        for bridge in self._bridges:
            ip("link", "add", bridge, "type", "bridge")
            ip("link", "set", bridge, "up")
        for name, host in zip(names, hosts, strict=True):
            space, end = self._spaces[name], self._ends[name]
            ip("netns", "add", space)
            ip("link", "add", end, "type", "veth", "peer", "name", "eth0", "netns", space)
            ip("-n", space, "addr", "add", f"{host}/24", "dev", "eth0")
            ip("-n", space, "link", "set", "eth0", "up")
            ip("-n", space, "link", "set", "lo", "up")
            ip("link", "set", end, "master", self._bridges[0], "up")
        super().__init__(folder, engine, names, hosts=hosts, port=PORT, **wanted)

    def prefix(self, name: str, *words: str) -> list[str]:
        """Start a node in its namespace."""
        return ["ip", "netns", "exec", self._spaces[name], *super().prefix(name, *words)]

    def cut(self, here: Sequence[str], there: Sequence[str]) -> None:  # noqa: ARG002 - whoever is not there is here
        """Put those on the other bridge, which leads nowhere else."""
        for name in there:
            ip("link", "set", self._ends[name], "master", self._bridges[1])

    def join(self) -> None:
        """Put all on one bridge."""
        for end in self._ends.values():
            ip("link", "set", end, "master", self._bridges[0])

    def close(self) -> None:
        """Stop everything and take the wires away."""
        super().close()
        for name, space in self._spaces.items():
            with suppress(subprocess.CalledProcessError):
                ip("link", "del", self._ends[name])
            with suppress(subprocess.CalledProcessError):
                ip("netns", "del", space)
        for bridge in self._bridges:
            with suppress(subprocess.CalledProcessError):
                ip("link", "del", bridge)


class Relays(Cuttable):
    """Each node reaches each other one through a relay of its own, and by no other way."""

    def __init__(self, folder: Path, engine: Path, names: Sequence[str] = FOUR, **wanted: Any) -> None:  # noqa: ANN401
        """Make the network, and let its nodes dial the relays; it does not run yet."""
        super().__init__(folder, engine, names, **wanted)
        ways = list(permutations(self.names, 2))
        ports = dict(zip(ways, free_ports(len(ways)), strict=True))
        peers = {each.folder: each for each in self.plan.nodes}
        self._relays = {way: Relay(port, peers[way[1]].port) for way, port in ports.items()}
        for name in self.names:
            dialled = [
                f"{peers[other].peer_id}@127.0.0.1:{ports[name, other]}" for other in self.names if other != name
            ]
            path = home(self.place(name)) / CONFIG / CONFIG_FILE
            text = re.sub(
                r"persistent_peers = .*", f'persistent_peers = "{",".join(dialled)}"\npex = false', path.read_text()
            )
            path.write_text(text)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        for relay in self._relays.values():
            asyncio.run_coroutine_threadsafe(relay.start(), self._loop).result()

    def cut(self, here: Sequence[str], there: Sequence[str]) -> None:
        """Let the relays between these and those carry nothing."""
        for (one, other), relay in self._relays.items():
            if (one in here) != (other in here) and {one, other} & set(there):
                self._loop.call_soon_threadsafe(relay.cut)

    def join(self) -> None:
        """Let all relays carry again."""
        for relay in self._relays.values():
            self._loop.call_soon_threadsafe(relay.join)

    def close(self) -> None:
        """Stop everything."""
        super().close()
        for relay in self._relays.values():
            asyncio.run_coroutine_threadsafe(relay.stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Relay:
    """Carries one direction of dialling: whoever dials `port` is connected to `to`."""

    def __init__(self, port: int, to: int) -> None:
        """Carry, once it is started."""
        self._port = port
        self._to = to
        self._is_cut = False
        self._server: asyncio.Server | None = None
        self._carried: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._take, "127.0.0.1", self._port)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            if not self._is_cut:
                onward_reader, onward_writer = await asyncio.open_connection("127.0.0.1", self._to)
                self._writers.add(onward_writer)
                await asyncio.gather(_copy(reader, onward_writer), _copy(onward_reader, writer))
        except OSError:
            pass
        finally:
            writer.close()
            self._writers.discard(writer)

    def cut(self) -> None:
        """End what is carried, and carry nothing."""
        self._is_cut = True
        for writer in list(self._writers):
            writer.transport.abort()

    def join(self) -> None:
        """Carry again whatever is dialled."""
        self._is_cut = False

    async def stop(self) -> None:
        """End."""
        self.cut()
        if self._server is not None:
            self._server.close()
        await asyncio.sleep(0)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(COPY_BYTES):
            writer.write(data)
            await writer.drain()
    writer.close()
