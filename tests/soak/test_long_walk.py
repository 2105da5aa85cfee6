"""The node is walked over for a long time: it keeps its promises, its memory stays as it was, and it opens again."""

import time
from itertools import pairwise
from pathlib import Path
from statistics import median

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
FILLED_BLOCKS = 30_000
"""So many blocks fill what is kept by intent (lately read records, changed buckets, indexes); fewer say nothing."""

FULL_BLOCKS = 60_000
"""A full run's long leg goes on until it has made so many blocks, on however busy a machine."""

STRETCH_BLOCKS = 5_000
GROWTH_BYTES_MAX = 2**18
"""From one stretch to the next: about 50 bytes a block, so that a single value kept for every block is noticed."""

HIGH_WATER_BYTES_MAX = 2**23
"""So much may come on top by steps: whenever more ids are live, or a block is larger, than ever before."""

MEMORY_BYTES_MAX = 400 * 2**20
OPTIONS = ("--flush-blocks", "200", "--run-blocks", "300")


def private_bytes(node: Running) -> int:
    """What the node's process holds of its own; mapped pages of the data file don't count (Linux)."""
    lines = Path(f"/proc/{node.process.pid}/status").read_text().splitlines()
    (found,) = (line for line in lines if line.startswith("RssAnon:"))
    return int(found.split()[1]) * 1024


def stretches(samples: list[tuple[int, int]]) -> list[float]:
    """Give the usual memory of each stretch of blocks, once all is filled."""
    found: dict[int, list[int]] = {}
    for height, memory in samples:
        since = height - samples[0][0] - FILLED_BLOCKS
        if since >= 0:
            found.setdefault(since // STRETCH_BLOCKS, []).append(memory)
    return [median(found[number]) for number in sorted(found)]


def steady_growth(usual: list[float]) -> float:
    """How many bytes the memory usually grows from one stretch to the next.

    What is kept for every block adds to each stretch. A new high-water mark is a step, flat on both sides, and so is
    memory that is given back: each changes one of the comparisons, and the median few of them do not.
    """
    return median(later - earlier for earlier, later in pairwise(usual))


def leg(walk: Walk, seconds: float, blocks: int) -> list[tuple[int, int]]:
    """Start the node, see that it is where it was, walk for so long, and stop it; gives its memory by height."""
    node = started(walk.folder, *OPTIONS)
    samples: list[tuple[int, int]] = []
    began = time.monotonic()
    with Connection(walk.folder) as connection:
        walk.ask(connection)
        first = connection.height()
        while time.monotonic() - began < seconds or connection.height() - first < blocks:
            walk.step(connection)
            samples.append((connection.height(), private_bytes(node)))
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
@pytest.mark.timeout(1_800)
def test_a_long_walk_keeps_every_promise_and_no_memory(tmp_path, rotation, full_run):
    seconds = FULL_SECONDS if full_run else QUICK_SECONDS
    walk = Walk(tmp_path / "node", rotation)

    legs = [leg(walk, seconds * part / sum(LEGS), FULL_BLOCKS * (full_run and part > 1)) for part in LEGS]

    told = {walk.id_of(raw): receipt for raw, receipt in walk.told}
    assert complaints_about(walk.folder, told) == []
    derived_again(walk.folder)
    assert walk.done["pay"]
    assert max(memory for samples in legs for _, memory in samples) < MEMORY_BYTES_MAX
    if full_run:
        assert all(walk.done[what] for what in ("be_careless", "ask", "wait"))
        usual = stretches(legs[1])
        assert steady_growth(usual) < GROWTH_BYTES_MAX, usual
        assert max(usual) - usual[0] < HIGH_WATER_BYTES_MAX, usual


def test_memory_that_grows_steadily_is_noticed_and_steps_are_not_taken_for_it():
    even = [(height, 10**8 + (height % 7) * 10**5) for height in range(0, FULL_BLOCKS, 50)]
    higher = [(height, memory + 10**6 * (height > 37_000) + 10**6 * (height > 52_000)) for height, memory in even]
    lower = [(height, memory - 4 * 10**6 * (height > 47_000)) for height, memory in even]

    assert steady_growth(stretches(even)) == 0
    for stepping in (higher, lower):
        growing = [(height, memory + height * 64) for height, memory in stepping]
        assert steady_growth(stretches(stepping)) < GROWTH_BYTES_MAX < steady_growth(stretches(growing))
