"""The node is walked over for a long time: it keeps its promises, its memory stays as it was, and it opens again."""

import time
from pathlib import Path
from statistics import linear_regression

import pytest

from sogdia.client.connection import Connection
from tests.faults.commands import Running
from tests.faults.node.looking import complaints_about, derived_again
from tests.faults.node.running import started, stopped
from tests.soak.walk import Walk

LEGS = (1, 4, 1)
"""The parts of the whole time between two openings."""

FULL_SECONDS = 480
QUICK_SECONDS = 5
GROWTH_BYTES_A_MINUTE_MAX = 2**20
GROWTH_SECONDS_MIN = 240
"""Shorter legs say nothing about growth: what is kept by intent (lately read records, threads) fills up first."""

MEMORY_BYTES_MAX = 400 * 2**20
OPTIONS = ("--flush-blocks", "200", "--run-blocks", "300")


def private_bytes(node: Running) -> int:
    """What the node's process holds of its own; mapped pages of the data file don't count (Linux)."""
    lines = Path(f"/proc/{node.process.pid}/status").read_text().splitlines()
    (found,) = (line for line in lines if line.startswith("RssAnon:"))
    return int(found.split()[1]) * 1024


def growth_a_minute(samples: list[tuple[float, int]]) -> float:
    """How many bytes a minute the memory grows, by the line that fits best."""
    late = samples[len(samples) // 2 :]
    return 60 * linear_regression([at for at, _ in late], [float(memory) for _, memory in late]).slope


def leg(walk: Walk, seconds: float) -> list[tuple[float, int]]:
    """Start the node, see that it is where it was, walk for so long, and stop it; gives its memory by time."""
    node = started(walk.folder, *OPTIONS)
    samples = []
    began = time.monotonic()
    with Connection(walk.folder) as connection:
        walk.ask(connection)
        while (at := time.monotonic() - began) < seconds:
            walk.step(connection)
            samples.append((at, private_bytes(node)))
        root = connection.status().state_root
    if walk.drawn.randrange(2):
        ended = stopped(node)
        assert ended.status == 0, ended.errors
    else:
        node.kill()
        node.end()
    again = started(walk.folder)
    with Connection(walk.folder) as connection:
        assert connection.status().state_root == root
    assert stopped(again).status == 0
    return samples


@pytest.mark.slow
def test_a_long_walk_keeps_every_promise_and_no_memory(tmp_path, rotation, full_run):
    seconds = FULL_SECONDS if full_run else QUICK_SECONDS
    walk = Walk(tmp_path / "node", rotation)

    legs = [leg(walk, seconds * part / sum(LEGS)) for part in LEGS]

    told = {walk.id_of(raw): receipt for raw, receipt in walk.told}
    assert complaints_about(walk.folder, told) == []
    derived_again(walk.folder)
    assert all(walk.done[what] for what in ("pay", "be_careless", "ask", "wait"))
    assert max(memory for samples in legs for _, memory in samples) < MEMORY_BYTES_MAX
    for samples in legs:
        if samples[-1][0] >= GROWTH_SECONDS_MIN:
            assert growth_a_minute(samples) < GROWTH_BYTES_A_MINUTE_MAX


def test_memory_that_grows_steadily_is_noticed():
    steady = [(float(at), 10**8 + (at % 7) * 10**5) for at in range(120)]
    growing = [(at, memory + int(at) * 10**5) for at, memory in steady]

    assert growth_a_minute(steady) < GROWTH_BYTES_A_MINUTE_MAX < growth_a_minute(growing)
