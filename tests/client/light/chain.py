"""A real CometBFT chain on loopback: a few nodes that run the key-value store built into the program."""

from __future__ import annotations

import base64
import json
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any, Self

from sogdia.kernel.comet_answers import light_block
from tests import go_programs
from tests.ports import free_ports

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from sogdia.kernel.comet import LightBlock

NEWEST, OLDER = go_programs.COMETBFT, go_programs.COMETBFT_BEFORE
START_SECONDS = 60.0
ANSWER_SECONDS = 20.0
PAGE = 100
SETTINGS = {
    "log_level": '"error"',
    "db_backend": '"memdb"',
    "addr_book_strict": "false",
    "allow_duplicate_ip": "true",
    "pex": "false",
    "flush_throttle_timeout": '"1ms"',
    "peer_gossip_sleep_duration": '"1ms"',
    "timeout_propose": '"400ms"',
    "timeout_prevote": '"200ms"',
    "timeout_precommit": '"200ms"',
    "timeout_commit": '"1ms"',
    "indexer": '"null"',
}


class Chain:
    """Nodes of one chain; the first `voting` of them are its first validators, of one weight each."""

    def __init__(self, program: Path, folder: Path, *, voting: int = 4, others: int = 0) -> None:
        """Write the settings of every node."""
        self._program = program
        self._homes = [folder / f"node{number}" for number in range(voting + others)]
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        make = [str(program), "testnet", "--v", str(voting), "--n", str(others), "--o", str(folder)]
        subprocess.run(make, check=True, capture_output=True)
        ports = free_ports(2 * len(self._homes))
        self._ports = ports[::2]
        self._settings = SETTINGS
        names = [self._name_of(home) for home in self._homes]
        peers = [f"{name}@127.0.0.1:{port}" for name, port in zip(names, ports[1::2], strict=True)]
        for number, home in enumerate(self._homes):
            self._configure(home, ports[2 * number + 1], ports[2 * number], peers[:number] + peers[number + 1 :])

    def _name_of(self, home: Path) -> str:
        shown = subprocess.run(
            [str(self._program), "show-node-id", "--home", str(home)], check=True, capture_output=True, text=True
        )
        return shown.stdout.strip()

    def _configure(self, home: Path, peer_port: int, port: int, peers: list[str]) -> None:
        path = home / "config" / "config.toml"
        text = path.read_text("utf-8")
        values = SETTINGS | {"persistent_peers": json.dumps(",".join(peers))}
        for name, value in values.items():
            text, count = re.subn(rf"^{name} = .*$", f"{name} = {value}", text, count=1, flags=re.MULTILINE)
            if count != 1:
                raise LookupError(f"the settings have no {name}")
        text = text.replace('laddr = "tcp://127.0.0.1:26657"', f'laddr = "tcp://127.0.0.1:{port}"')
        text = text.replace('laddr = "tcp://0.0.0.0:26656"', f'laddr = "tcp://127.0.0.1:{peer_port}"')
        path.write_text(text, "utf-8")

    def __enter__(self) -> Self:
        """Start all nodes, and wait for the first blocks."""
        for number in range(len(self._homes)):
            self.start(number)
        self.wait_for(2)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End every node."""
        for process in self._processes.values():
            process.send_signal(signal.SIGCONT)
            process.kill()
        for process in self._processes.values():
            process.wait()

    def start(self, number: int) -> None:
        """Start a node."""
        quiet = subprocess.DEVNULL
        command = [str(self._program), "start", "--home", str(self._homes[number]), "--proxy_app", "kvstore"]
        self._processes[number] = subprocess.Popen(command, stdout=quiet, stderr=quiet)

    def signal(self, number: int, sent: signal.Signals) -> None:
        """Send a signal to a node."""
        self._processes[number].send_signal(sent)

    @property
    def genesis(self) -> dict[str, Any]:
        """The chain's genesis, by CometBFT."""
        found: dict[str, Any] = json.loads((self._homes[0] / "config" / "genesis.json").read_text("utf-8"))
        return found

    def public(self, number: int) -> str:
        """Give a node's public key in base64."""
        key = json.loads((self._homes[number] / "config" / "priv_validator_key.json").read_text("utf-8"))
        return str(key["pub_key"]["value"])

    def ask(self, path: str, node: int = 0) -> bytes:
        """Give the bytes of an answer."""
        address = f"http://127.0.0.1:{self._ports[node]}/{path}"
        with urllib.request.urlopen(address, timeout=ANSWER_SECONDS) as answer:
            return bytes(answer.read())

    def height(self, node: int = 0) -> int:
        """Give the height that a node has reached."""
        return int(json.loads(self.ask("status", node))["result"]["sync_info"]["latest_block_height"])

    def wait_for(self, height: int, seconds: float = START_SECONDS) -> None:
        """Wait until the first node has reached a height."""
        until = time.monotonic() + seconds
        while True:
            try:
                if self.height() >= height:
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                pass
            if time.monotonic() > until:
                raise TimeoutError(f"the chain did not reach height {height}")
            time.sleep(0.02)

    def weigh(self, number: int, power: int) -> None:
        """Give a node another weight among the validators, zero to take it out; waits until it is decided."""
        kind = "ed25519!"
        raw = f"val={kind}{self.public(number)}!{power}".encode()
        self.send(raw)

    def send(self, transaction: bytes) -> None:
        """Send a transaction, and wait until some blocks have been made since."""
        answer = json.loads(self.ask(f"broadcast_tx_sync?tx=0x{transaction.hex()}"))
        if answer["result"]["code"] != 0:
            raise RuntimeError(f"{transaction!r} was not taken: {answer}")
        self.wait_for(self.height() + 4)

    def answers(self, height: int) -> tuple[bytes, list[bytes]]:
        """Give what a node says to `/commit` and `/validators` of a height."""
        return self.ask(f"commit?height={height}"), [self.ask(f"validators?height={height}&per_page={PAGE}")]

    def light_block(self, height: int, /) -> LightBlock:
        """Give the light block of a height."""
        return light_block(*self.answers(height))


def key_of(text: str) -> bytes:
    """Read a public key in base64."""
    return base64.b64decode(text, validate=True)
