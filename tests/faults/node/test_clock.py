"""A clock that jumps under the node: it waits or stops and says why, and no block gets a time that can't be right."""

import re
import time
from pathlib import Path

import pytest

from bench.work import Maker
from sogdia.client.connection import Connection
from tests.faults.commands import Running
from tests.faults.node.looking import complaints_about
from tests.faults.node.running import NotStartedError, running, started, stopped
from tests.faults.node.traders import Traders
from tests.faults.node.world import World

DAY = 86_400
SECONDS_MAX = 10.0


class Offset:
    """How far the node's clock is ahead of the computer's."""

    def __init__(self, file: Path) -> None:
        """Begin with a clock that is right."""
        self.file = file
        self.options = ("--clock-offset", str(file))
        self.jump(0)

    def jump(self, seconds: int) -> None:
        """Let the clock stand there from now on; whoever reads it never sees half a number."""
        draft = self.file.with_suffix(".draft")
        draft.write_text(str(seconds))
        draft.replace(self.file)


@pytest.fixture
def offset(tmp_path) -> Offset:
    """The node's clock."""
    return Offset(tmp_path / "offset")


def ended_by_itself(node: Running) -> str:
    """Wait until the node has ended, and give its words."""
    ended = node.end(SECONDS_MAX)
    assert not ended.out_of_time
    assert ended.status not in {0, -9}
    return ended.errors


@pytest.mark.parametrize("seconds", [3_600, -3_600])
def test_a_clock_that_leaps_stops_the_node_and_no_block_gets_that_time(world, offset, seconds):
    traders = Traders(world.maker())
    node = started(world.folder, *offset.options)
    traders.trade(world.folder, 50)

    offset.jump(seconds)
    traders.trade(world.folder, 50)
    said = ended_by_itself(node)

    (leapt,) = re.findall(r"CRITICAL .* has leapt by (-?\d+) s", said)
    assert abs(int(leapt) - seconds) <= 1
    assert complaints_about(world.folder, traders.receipts()) == []
    with running(world.folder), Connection(world.folder) as connection:
        assert abs(connection.status().time - time.time()) < 60


def test_a_clock_that_falls_a_little_behind_makes_the_node_wait_until_it_has_come_up(world, offset):
    traders = Traders(world.maker())
    node = started(world.folder, *offset.options)
    traders.trade(world.folder, 50)

    offset.jump(-20)
    with Connection(world.folder) as connection:
        until = time.monotonic() + SECONDS_MAX
        while (waits := connection.status().waits_for) is None and time.monotonic() < until:
            time.sleep(0.02)
        height = connection.status().height
        offset.jump(-4)
        while connection.status().waits_for is not None and time.monotonic() < until:
            time.sleep(0.02)
        traders.trade(world.folder, 50)
        times = [connection.header(each).header.time for each in range(height, connection.status().height + 1)]
    ended = stopped(node)

    assert "the computer's clock, which is behind the last block's time" in str(waits)
    assert times == sorted(times)
    assert ended.status == 0, ended.errors
    assert len(traders.acknowledged) >= 100
    assert complaints_about(world.folder, traders.receipts()) == []


def test_a_clock_a_month_ahead_at_the_start_needs_a_persons_word(world: World, offset):
    offset.jump(31 * DAY)
    with pytest.raises(NotStartedError, match="--accept-clock"):
        started(world.folder, *offset.options)

    traders = Traders(Maker(world.network, int(time.time()) + 31 * DAY + 3_600))
    node = started(world.folder, *offset.options, "--accept-clock")
    traders.trade(world.folder, 50)
    with Connection(world.folder) as connection:
        status = connection.status()
    ended = stopped(node)

    assert len(traders.acknowledged) == 50
    assert abs(status.time - time.time() - 31 * DAY) < 60
    assert ended.status == 0, ended.errors
