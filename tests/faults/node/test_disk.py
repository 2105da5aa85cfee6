"""A disk that fills up under the node, and a map that is too small: it says so, loses nothing, and goes on."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sogdia.client.connection import Connection, NodeStatus
from tests.faults.disk import harness
from tests.faults.disk.harness import SmallDisk, small_disk
from tests.faults.node.looking import complaints_about, derived_again
from tests.faults.node.running import running, started, trading
from tests.faults.node.traders import Traders
from tests.faults.node.world import World

DISK_BYTES = 24 << 20
LEFT_BYTES = (0, 4_096, 20_480, 100_000)
QUICK_LEFT = 1
SECONDS_MAX = 20.0
MAP_STEP = 256 << 10
LOG_BYTES = 40 << 10
"""A log so short that the data file needs room every few blocks."""


@pytest.fixture
def disk(tmp_path):
    """A small disk."""
    reason = harness.missing()
    if reason:
        pytest.skip(reason)
    with small_disk(tmp_path / "disk", DISK_BYTES) as mounted:
        yield mounted


def wait_for(folder: Path, what: Callable[[NodeStatus], bool]) -> NodeStatus:
    until = time.monotonic() + SECONDS_MAX
    while True:
        with Connection(folder) as connection:
            status = connection.status()
        if what(status):
            return status
        assert time.monotonic() < until, f"it never came so far: {status}"
        time.sleep(0.02)


def fill_under_load(world: World, disk: SmallDisk, leave_bytes: int, errors: Path) -> tuple[Traders, NodeStatus, int]:
    """Trade on a disk that is filled meanwhile, until the node waits; then give room and let it go on."""
    traders = Traders(world.maker())
    world.log_file.unlink()
    with running(world.folder, "--log-bytes", str(LOG_BYTES), errors=errors):
        traders.trade(world.folder, 100)
        with trading(traders, world.folder, 600):
            disk.fill(leave_bytes)
            waiting = wait_for(world.folder, lambda status: status.waits_for is not None)
            acknowledged = len(traders.acknowledged)
            disk.free()
        wait_for(world.folder, lambda status: status.waits_for is None)
        traders.look_again(world.folder)
    return traders, waiting, acknowledged


@pytest.mark.slow
@pytest.mark.real("small disk (tmpfs, root)")
def test_a_full_disk_is_said_and_nothing_is_lost_and_the_node_goes_on(made_world, disk, tmp_path, rotation, full_run):
    lefts = LEFT_BYTES if full_run else [LEFT_BYTES[rotation % len(LEFT_BYTES)]]

    for left in lefts:
        world = made_world.copied_to(disk.folder / f"node-{left}")
        traders, waiting, acknowledged = fill_under_load(world, disk, left, tmp_path / "errors")

        assert "room on the disk" in str(waiting.waits_for)
        assert all("room on the disk" in reason for reason in traders.postponed)
        assert len(traders.acknowledged) >= acknowledged + 100
        assert traders.complaints == []
        disk.free()
        assert complaints_about(world.folder, traders.receipts()) == []
        derived_again(world.folder)


@pytest.mark.real("small disk (tmpfs, root)")
def test_a_node_that_is_killed_on_a_full_disk_has_everything_it_acknowledged(made_world, disk, tmp_path):
    world = made_world.copied_to(disk.folder / "node")
    traders = Traders(world.maker())
    world.log_file.unlink()
    node = started(world.folder, "--log-bytes", str(LOG_BYTES), errors=tmp_path / "errors")
    traders.trade(world.folder, 100)
    with trading(traders, world.folder):
        disk.fill()
        wait_for(world.folder, lambda status: status.waits_for is not None)
        node.kill()
    node.end()
    disk.free()

    assert complaints_about(world.folder, traders.receipts()) == []


@pytest.mark.real("small disk (tmpfs, root)")
def test_a_disk_without_room_for_a_log_is_said_and_the_node_goes_on(made_world, disk, tmp_path):
    world = made_world.copied_to(disk.folder / "node")
    world.log_file.unlink()
    traders = Traders(world.maker())
    disk.fill(LEFT_BYTES[-1])
    with running(world.folder, errors=tmp_path / "errors"), trading(traders, world.folder, 50):
        waiting = wait_for(world.folder, lambda status: status.waits_for is not None)
        disk.free()

    assert "room on the disk" in str(waiting.waits_for)
    assert len(traders.acknowledged) == 50
    assert traders.complaints == []
    assert complaints_about(world.folder, traders.receipts()) == []


def test_a_map_that_is_too_small_grows_while_the_node_works(world):
    traders = Traders(world.maker(), in_flight=64)

    with running(world.folder, "--map-step", str(MAP_STEP)):
        before = wait_for(world.folder, lambda _status: True).file_bytes
        traders.trade(world.folder, 1_500)
        after = wait_for(world.folder, lambda _status: True).file_bytes
        traders.look_again(world.folder)

    assert after > before + 2 * MAP_STEP
    assert traders.complaints == []
    assert complaints_about(world.folder, traders.receipts()) == []
