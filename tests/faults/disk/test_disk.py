"""The small disk proves itself on a small store: full, it says so and loses nothing; with room, it goes on."""

import json

import pytest

from tests.faults.commands import Running, run
from tests.faults.disk import harness
from tests.faults.disk.harness import small_disk
from tests.faults.workers import ADDITIONS, BATCHES

pytestmark = pytest.mark.real("small disk (tmpfs, root)")

DISK_BYTES = 4 << 20
ENDLESS = "1000000"


@pytest.fixture
def disk(tmp_path):
    """A disk of four megabytes."""
    reason = harness.missing()
    if reason:
        pytest.skip(reason)
    with small_disk(tmp_path / "disk", DISK_BYTES) as mounted:
        yield mounted


def test_a_filled_disk_has_no_room_and_a_freed_one_has_all_of_it(disk):
    empty = disk.left_bytes

    disk.fill()
    full = disk.left_bytes
    disk.free()

    assert empty == DISK_BYTES
    assert full == 0
    assert disk.left_bytes == empty


def test_a_disk_may_be_filled_but_for_a_little(disk):
    disk.fill(leave_bytes=40960)

    assert disk.left_bytes == 40960


def test_a_full_disk_is_said_clearly_and_the_store_goes_on_when_there_is_room(disk, tmp_path):
    folder = disk.folder / "store"
    run([*BATCHES, "write", str(folder), "2"], ADDITIONS, tmp_path / "errors")
    disk.fill()

    running = Running([*BATCHES, "write", str(folder), ENDLESS, "--tries", "500"], ADDITIONS, tmp_path / "errors")
    assert running.wait_for_lines(3), running.end(0).errors
    said = running.lines
    read = run([*BATCHES, "read", str(folder)], ADDITIONS, tmp_path / "other-errors")
    disk.free()
    seen = len(running.lines)
    went_on = running.wait_for_lines(seen + 5)
    running.kill()
    ended = running.end()

    assert any("No space left on device" in line for line in said)
    assert json.loads(read.lines[0])["whole"] is True
    assert went_on
    taken = [int(line) for line in ended.lines if not line.startswith("refused")]
    assert taken == list(range(3, taken[-1] + 1))
    last = run([*BATCHES, "read", str(folder)], ADDITIONS, tmp_path / "errors")
    assert json.loads(last.lines[0])["last"] >= taken[-1]
    assert json.loads(last.lines[0])["whole"] is True
