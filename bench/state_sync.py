"""How long a fresh node takes to come by a large state from its peers: real engines, a snapshot, verified chunks.

python -m bench.state_sync [RECORDS]
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bench.filling import VARIABLE, begin_filled
from bench.network_nodes import App, BenchNetwork, one_genesis
from bench.work import Maker, network
from sogdia.client.connection import Connection
from sogdia.engine.cometbft.home import Timing
from sogdia.engine.cometbft.snapshot_calls import HEADERS_AFTER
from sogdia.engine.folders.kept_snapshots import FOLDER
from sogdia.modules.money.currencies import Mint
from sogdia.network.syncing import sync_from

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

RECORDS = 1_000_000
VALIDATORS = 2
"""A new node compares what at least two say."""

EVERY = 4
WAIT_SECONDS = 600.0
LOOK_SECONDS = 0.05
VALIDITY_SECONDS = 3_600
FILLED = Path(__file__).parent / "filled"


class Synced(msgspec.Struct, frozen=True, kw_only=True):
    """What it took, in seconds, and how large it was."""

    records: int
    snapshot_megabytes: float
    taken_seconds: float
    """From the block to the whole snapshot at a validator, beside whatever else it does."""

    seconds: float
    """From the start of the new node's processes until it has the state, and the blocks after it, durably."""


@contextmanager
def filled(records: int) -> Iterator[None]:
    """Let nodes that are started meanwhile have so many records in their genesis."""
    told = {
        VARIABLE: str(records),
        "PYTHONPATH": os.pathsep.join([str(FILLED), *sys.path]),
        "SOGDIA_NETWORK_SNAPSHOT_EVERY_BLOCKS": str(EVERY),
    }
    before = {name: os.environ.get(name) for name in told}
    os.environ.update(told)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)


def measure(records: int = RECORDS) -> Synced:
    """Start validators with so many records, let them take a snapshot, and a fresh node after them."""
    with filled(records):
        begin_filled()
        made = one_genesis(VALIDATORS)
        with BenchNetwork(made, App.SOGDIA, Timing()) as running:
            maker = Maker(network(made), int(time.time()) + VALIDITY_SECONDS)
            grow(running, maker, EVERY)
            began = time.perf_counter()
            at = _snapshot_at(running.validators)
            taken = time.perf_counter() - began
            grow(running, maker, at + HEADERS_AFTER)
            folder = running.validators[0] / FOLDER / str(at)
            size = sum(each.stat().st_size for each in folder.iterdir())
            running.let_follower_sync(sync_from(running.validators, made))
            began = time.perf_counter()
            running.start(running.follower)
            _wait(lambda: running.height(running.follower) > at, "the new node does not come by the state")
            seconds = time.perf_counter() - began
            with Connection(running.follower) as connection:
                held = connection.status().records
    if held < records:
        raise RuntimeError(f"the new node has {held} records of {records}")
    return Synced(records=held, snapshot_megabytes=size / 1e6, taken_seconds=taken, seconds=seconds)


def grow(running: BenchNetwork, maker: Maker, height: int) -> None:
    """Let there be blocks up to a height."""
    with Connection(running.validators[0]) as connection:
        while running.height(running.validators[0]) < height:
            connection.submit(maker.sign("bank", Mint(currency="USD", to=maker.account("bank"), units=1)))


def _snapshot_at(places: Sequence[Path]) -> int:
    """Wait until each node has a snapshot; gives its height."""
    _wait(lambda: all(map(_heights, places)), "no snapshot is taken")
    return max(_heights(places[0]))


def _heights(place: Path) -> list[int]:
    return [int(each.name) for each in (place / FOLDER).glob("*") if each.name.isdecimal()]


def _wait(holds: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + WAIT_SECONDS
    while not holds():
        if time.monotonic() > until:
            raise RuntimeError(f"{what}, after {WAIT_SECONDS:.0f} s")
        time.sleep(LOOK_SECONDS)


if __name__ == "__main__":
    print(measure(int(sys.argv[1]) if len(sys.argv) > 1 else RECORDS))
