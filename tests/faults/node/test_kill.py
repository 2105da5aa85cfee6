"""The node is killed under load, anywhere and at each of its marks: what it acknowledged stays, and nothing is half."""

import random
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from sogdia.engine import marks
from tests.faults.commands import LOOK_SECONDS, Running
from tests.faults.kill.harness import KILLED, MarkedPoint, Moment, marked_points, moments
from tests.faults.node.looking import complaints_about, derived_again
from tests.faults.node.running import running, started, stopped, trading
from tests.faults.node.traders import Traders
from tests.faults.node.world import World

QUICK_KILLS = 4
FULL_KILLS = 200
QUICK_MARKS = 3
FULL_COUNTS = (1, 3, 10)
KILLS_A_FOLDER = 20
STEPS_BEFORE_A_KILL = 300
# About as long as a block takes from its first envelope to its receipts, so that moments fall anywhere in it.
MICROSECONDS_MAX = 8_000
KILL_SECONDS_MAX = 30.0


def wait_for_steps(node: Running, traders: Traders, steps: int) -> None:
    until = time.monotonic() + KILL_SECONDS_MAX
    while len(traders.acknowledged) < steps and node.process.poll() is None and time.monotonic() < until:
        time.sleep(LOOK_SECONDS)


def kill_at(point: Moment | MarkedPoint, traders: Traders, folder: Path, *options: str) -> list[str]:
    """Start the node, look at what it has kept so far, trade, and kill it at `point`; gives what is then wrong."""
    armed = point.environment() if isinstance(point, MarkedPoint) else {}
    node = started(folder, *options, additions=armed)
    steps = len(traders.acknowledged)
    with trading(traders, folder):
        if isinstance(point, Moment):
            wait_for_steps(node, traders, steps + point.lines)
            time.sleep(point.microseconds / 1_000_000)
            node.kill()
        ended = node.end(KILL_SECONDS_MAX)
    if ended.status != KILLED or ended.out_of_time:
        return [f"{point}: the node ended with status {ended.status}: {ended.errors}"]
    return [f"{point}: {words}" for words in complaints_about(folder, traders.receipts())]


def kill_at_each(points: Sequence[Moment | MarkedPoint], world: World, scratch: Path, seed: int) -> list[str]:
    """Kill at each point in turn, on folders that each live through several of them; gives everything that is wrong."""
    drawn = random.Random(seed)
    found: list[str] = []
    for first in range(0, len(points), KILLS_A_FOLDER):
        folder = world.copied_to(scratch / f"node-{first}").folder
        traders = Traders(world.maker())
        for point in points[first : first + KILLS_A_FOLDER]:
            options = ("--verifier",) if drawn.randrange(2) else ()
            found += kill_at(point, traders, folder, *options)
            node = started(folder)
            traders.look_again(folder)
            traders.trade(folder, 20)
            ended = stopped(node)
            found += [] if ended.status == 0 else [f"after {point}: {ended.errors}"]
        found += [f"on folder {first}: {words}" for words in traders.complaints]
        derived_again(folder)
    return found


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_by_kills_at_random_moments(made_world, tmp_path, rotation, full_run):
    count = FULL_KILLS if full_run else QUICK_KILLS
    points = moments(count, STEPS_BEFORE_A_KILL, MICROSECONDS_MAX, rotation)

    assert kill_at_each(points, made_world, tmp_path, rotation) == []


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_by_kills_at_marks(made_world, tmp_path, rotation, full_run):
    drawn = random.Random(rotation)
    some = [MarkedPoint(name, drawn.randint(1, 6)) for name in drawn.sample(marks.NAMES, QUICK_MARKS)]
    points = marked_points(FULL_COUNTS) if full_run else some

    assert kill_at_each(points, made_world, tmp_path, rotation) == []


def test_every_mark_is_passed_under_load(world):
    node = started(world.folder)

    Traders(world.maker()).trade(world.folder, 200)
    ended = stopped(node)

    assert ended.lines[-1] == "passed: " + " ".join(sorted(marks.NAMES))


def test_the_check_notices_a_node_that_acknowledges_and_writes_nothing(world):
    traders = Traders(world.maker())
    node = started(world.folder, "--forgetful")

    assert traders.trade(world.folder, 20) == 20
    node.kill()
    node.end()

    assert len(complaints_about(world.folder, traders.receipts())) == 20


def test_the_check_notices_a_receipt_that_was_never_written(world):
    traders = Traders(world.maker())
    with running(world.folder):
        traders.trade(world.folder, 20)
    raw, receipt = next(iter(traders.acknowledged.items()))
    (life,) = traders.new_lives(1)
    traders.acknowledged = {life.steps[0]: receipt}

    words = complaints_about(world.folder, traders.receipts())

    assert len(words) == 1
    assert words[0].startswith(f"acknowledged at height {receipt.height} and gone")
    assert raw != life.steps[0]
