"""The real node under load: life cycles sent over its socket by another process, from wire bytes to receipt in hand."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bench.work import Maker, genesis, keys_of, network
from sogdia.client import keys as key_files
from sogdia.client.connection import Connection, Durable, NodeNotRunningError, outcome_of
from sogdia.node import create, load_keys, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

START_SECONDS = 30.0
VALIDITY_SECONDS = 3_600


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What a run of the node came to."""

    in_flight: int
    steps: int
    seconds: float
    steps_per_second: float
    node_cpu_seconds: float
    verifier: bool


class Node:
    """A node of the bench, in a process of its own, on a folder that is removed at the end."""

    def __init__(self, *, verifier: bool) -> None:
        """Make the ledger and start the node."""
        self.scratch = Path(tempfile.mkdtemp(prefix="bench-node-", dir=Path.cwd()))
        self.folder = self.scratch / "node"
        made = genesis(int(time.time()))
        self.network = network(made)
        create(self.folder, made)
        (self.folder / "keys").mkdir(exist_ok=True)
        key_files.save(self.folder / "keys" / "node.key", keys_of("node"), "", unprotected=True)
        command = [sys.executable, "-m", "bench.node_load", str(self.folder), "two" if verifier else "one"]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        self.log = (self.scratch / "node.log").open("wb")
        self.process = subprocess.Popen(command, env=environment, stdout=self.log, stderr=self.log)
        self._wait()

    def _wait(self) -> None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            try:
                Connection(self.folder).close()
            except NodeNotRunningError:
                time.sleep(0.05)
            else:
                return
        raise NodeNotRunningError((self.scratch / "node.log").read_text(encoding="utf-8"))

    def stop(self) -> None:
        """Stop the node in order; its folder stays."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)

    def close(self) -> None:
        """Stop the node and remove what it left."""
        self.stop()
        self.log.close()
        shutil.rmtree(self.scratch, ignore_errors=True)


def play(connection: Connection, lives: Iterator[tuple[bytes, ...]], in_flight: int) -> int:
    """Keep `in_flight` lives under way; each sends its next step when it has the last one's receipt. Counts steps."""
    steps = 0
    under_way: dict[int, tuple[tuple[bytes, ...], int]] = {}
    for life in lives:
        under_way[connection.send("submit", life[0])] = (life, 0)
        if len(under_way) == in_flight:
            break
    while under_way:
        answer = connection.receive()
        life, step = under_way.pop(answer.number)
        outcome = outcome_of(answer)
        if not isinstance(outcome, Durable) or outcome.receipt[1] != 0:
            message = f"the bench's own envelope came to nothing: {outcome}"
            raise RuntimeError(message)
        steps += 1
        if step + 1 < len(life):
            under_way[connection.send("submit", life[step + 1])] = (life, step + 1)
            continue
        life = next(lives, ())
        if life:
            under_way[connection.send("submit", life[0])] = (life, 0)
    return steps


def measure(
    in_flight: int, lives: int, *, verifier: bool = True, of: Callable[[Maker, int], tuple[bytes, ...]] = Maker.life
) -> Load:
    """Run so many lives, of orders unless told, through a fresh node, after a warm-up of a tenth of them."""
    node = Node(verifier=verifier)
    try:
        maker = Maker(node.network, int(time.time()) + VALIDITY_SECONDS)
        with Connection(node.folder) as connection:
            for outcome in connection.submit_many(maker.preparations()):
                if not isinstance(outcome, Durable):
                    message = f"the bench could not be set up: {outcome}"
                    raise RuntimeError(message)  # noqa: TRY004 - not a matter of types
            warm = [of(maker, number) for number in range(lives // 10 + in_flight)]
            measured = [of(maker, len(warm) + number) for number in range(lives)]
            play(connection, iter(warm), in_flight)
            cpu = processor_seconds(node.process.pid)
            started = time.perf_counter()
            steps = play(connection, iter(measured), in_flight)
            seconds = time.perf_counter() - started
            cpu = processor_seconds(node.process.pid) - cpu
    finally:
        node.close()
    return Load(
        in_flight=in_flight,
        steps=steps,
        seconds=seconds,
        steps_per_second=steps / seconds,
        node_cpu_seconds=cpu,
        verifier=verifier,
    )


def processor_seconds(process: int) -> float:
    """Give the processor seconds that a process has used (Linux)."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def bare_verifications_per_second(seconds: float = 2.0) -> float:
    """Verify signatures of the bench's envelopes with the same library on one core and nothing else."""
    from sogdia.kernel.signature import ED25519, verify  # noqa: PLC0415 - beside its use

    keys = keys_of("bank")
    messages = [number.to_bytes(32, "big") for number in range(256)]
    signed = [(message, keys.sign(message)) for message in messages]
    done = 0
    before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    started = time.perf_counter()
    while time.perf_counter() - started < seconds:
        for message, signature in signed:
            verify(ED25519, keys.public, message, signature)
        done += len(signed)
    used = resource.getrusage(resource.RUSAGE_SELF).ru_utime - before
    return done / max(used, 1e-9)


def _serve() -> None:
    folder, cores = Path(sys.argv[1]), sys.argv[2]
    if cores == "one" and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {0})
    run(folder, load_keys(folder, _no_passphrase), ready=_silent, verifier=cores == "two")


def _no_passphrase(_path: Path) -> str:
    return ""


def _silent(_socket: Path) -> None:
    return


if __name__ == "__main__":
    _serve()
