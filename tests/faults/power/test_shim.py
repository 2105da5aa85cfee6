"""The power shim proves itself on a small store: what was acknowledged is there, and never half of a batch."""

import json
import sys
from pathlib import Path

import pytest

from tests.faults.commands import run
from tests.faults.power import harness
from tests.faults.power.harness import Cut, Mode, PowerEnd, PowerRun, ShimError, every_cut, some_cuts
from tests.faults.workers import ADDITIONS, BATCHES

pytestmark = pytest.mark.real("power shim (C compiler, LD_PRELOAD)")

QUICK_CUTS = 12
FULL_TORN_SEEDS = 12

# Writes A and syncs it; then B is held while C goes through a descriptor that syncs each write.
FOUR_LETTERS = """
import os, sys
path = sys.argv[1]
held = os.open(path, os.O_RDWR | os.O_CREAT)
os.pwrite(held, b"A" * 512, 0)
os.fdatasync(held)
os.write(held, b"B" * 512)
synced = os.open(path, os.O_WRONLY | os.O_DSYNC)
os.pwrite(synced, b"C" * 512, 1024)
os.pwritev(held, [b"D" * 256, b"D" * 256], 1536)
os.fsync(held)
"""

# Each file is written and synced; then both are held when the second is synced again.
TWO_FILES = """
import os, sys
first, second = (os.open(path, os.O_RDWR | os.O_CREAT) for path in sys.argv[1:])
os.pwrite(first, b"A" * 512, 0)
os.fdatasync(first)
os.pwrite(second, b"B" * 512, 0)
os.fdatasync(second)
os.pwrite(first, b"C" * 512, 512)
os.pwrite(second, b"D" * 512, 512)
os.fdatasync(second)
"""

MAPS_FOR_WRITING = """
import mmap, os, sys
held = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
os.ftruncate(held, 4096)
mmap.mmap(held, 4096)[0:1] = b"A"
"""

SYNCS_ITS_FOLDER = """
import os, sys
held = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
os.write(held, b"A")
os.fsync(held)
os.fsync(os.open(os.path.dirname(sys.argv[1]), os.O_RDONLY))
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Path:
    """The shim, built once."""
    reason = harness.missing()
    if reason:
        pytest.skip(reason)
    return harness.compile_shim(tmp_path_factory.mktemp("shim"))


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A folder whose store already holds ten batches, so that pages are freed and used again."""
    folder = tmp_path / "store"
    folder.mkdir()
    ended = run([*BATCHES, "write", str(folder), "10"], ADDITIONS, tmp_path / "errors")
    assert ended.status == 0, ended.errors
    return folder


def batches_under_shim(store: Path, library: Path, *options: str, count: int = 6) -> PowerRun:
    argv = [*BATCHES, "write", str(store), str(count), *options]
    return PowerRun(argv, ADDITIONS, [store / "data.mdb"], library, store.parent / "power")


def script_under_shim(script: str, folder: Path, library: Path) -> PowerRun:
    file = folder / "store" / "data.mdb"
    return PowerRun([sys.executable, "-c", script, str(file)], {}, [file], library, folder / "power")


def complaint(power: PowerRun, end: PowerEnd, folder: Path) -> str | None:
    """What is wrong with the store after the power came back, or nothing."""
    power.restore(end, folder)
    ended = run([*BATCHES, "read", str(folder)], ADDITIONS, folder.parent / "errors")
    if ended.status != 0:
        return f"{end.cut}: the store doesn't open or holds half a batch: {ended.lines} {ended.errors}"
    last, acknowledged = json.loads(ended.lines[0])["last"], int(end.acknowledged[-1]) if end.acknowledged else 10
    if last < acknowledged:
        return f"{end.cut}: batch {acknowledged} was acknowledged, and the last one there is {last}"
    if last > acknowledged + 1:
        return f"{end.cut}: batch {last} is there though only {acknowledged} was acknowledged"
    return None


def test_the_image_holds_what_was_synced_and_nothing_else(tmp_path, library):
    a, b, c, d, gap = b"A" * 512, b"B" * 512, b"C" * 512, b"D" * 512, bytes(512)
    power = script_under_shim(FOUR_LETTERS, tmp_path, library)
    expected = {
        Cut(1, Mode.BEFORE): b"",
        Cut(1, Mode.AFTER): a,
        Cut(2, Mode.BEFORE): a,
        Cut(2, Mode.AFTER): a + gap + c,
        Cut(3, Mode.BEFORE): a + gap + c,
        Cut(3, Mode.AFTER): b + gap + c + d,
        Cut(3, Mode.FAIL): a + gap + c,
    }

    found = {cut: power.run(cut).image.read_bytes() for cut in expected}

    assert found == expected


def test_each_of_two_files_holds_what_was_synced_of_it(tmp_path, library):
    a, b, c, d = b"A" * 512, b"B" * 512, b"C" * 512, b"D" * 512
    files = [tmp_path / "store" / "data.mdb", tmp_path / "store" / "blocks.log"]
    argv = [sys.executable, "-c", TWO_FILES, *map(str, files)]
    power = PowerRun(argv, {}, files, library, tmp_path / "power")
    expected = {
        Cut(2, Mode.BEFORE): (a, b""),
        Cut(2, Mode.AFTER): (a, b),
        Cut(3, Mode.BEFORE): (a, b),
        Cut(3, Mode.AFTER): (a, b + d),
        Cut(3, Mode.FAIL): (a, b),
    }

    found = {cut: tuple(image.read_bytes() for image in power.run(cut).images) for cut in expected}
    torn = {tuple(image.read_bytes() for image in power.run(Cut(3, Mode.TORN, seed)).images) for seed in range(24)}

    assert found == expected
    assert torn == {(a, b), (a + c, b), (a, b + d), (a + c, b + d)}
    assert [point.file for point in power.run().sync_points] == [0, 1, 1]
    assert (
        power.restore(power.run(Cut(3, Mode.AFTER)), tmp_path / "again").parent / "blocks.log"
    ).read_bytes() == b + d


def test_a_torn_sync_leaves_each_sector_as_it_was_at_some_moment(tmp_path, library):
    a, b, c, d, gap = b"A" * 512, b"B" * 512, b"C" * 512, b"D" * 512, bytes(512)
    power = script_under_shim(FOUR_LETTERS, tmp_path, library)

    found = {power.run(Cut(3, Mode.TORN, seed)).image.read_bytes() for seed in range(16)}

    assert found == {a + gap + c, b + gap + c, a + gap + c + d, b + gap + c + d}


def test_a_sync_that_failed_says_so_and_has_lost_its_bytes(tmp_path, library):
    power = script_under_shim(FOUR_LETTERS, tmp_path, library)

    end = power.run(Cut(1, Mode.FAIL))

    assert end.ended.status == 1
    assert "Input/output error" in end.ended.errors
    assert end.image.read_bytes() == b""


def test_a_writable_map_of_the_file_ends_the_run_with_the_reason(tmp_path, library):
    power = script_under_shim(MAPS_FOR_WRITING, tmp_path, library)

    with pytest.raises(ShimError, match="mapped for writing"):
        power.run()


def test_a_synced_folder_is_reported(tmp_path, library):
    power = script_under_shim(SYNCS_ITS_FOLDER, tmp_path, library)

    end = power.run()

    assert end.synced_directories == {tmp_path / "store"}
    assert [point.call for point in end.sync_points] == ["fsync"]


def test_a_run_to_its_end_leaves_nothing_held(store, library):
    power = batches_under_shim(store, library)

    end = power.run()

    assert end.acknowledged == ("11", "12", "13", "14", "15", "16")
    assert [point.call for point in end.sync_points] == ["fdatasync", "synced_write"] * 6
    assert end.image.read_bytes() == (store / "data.mdb").read_bytes()


def test_a_cut_at_every_sync_point_loses_nothing_acknowledged(store, library, tmp_path, rotation, full_run):
    power = batches_under_shim(store, library)
    points = len(power.run().sync_points)
    cuts = list(every_cut(points, range(FULL_TORN_SEEDS))) if full_run else some_cuts(points, QUICK_CUTS, rotation)

    complaints = [complaint(power, power.run(cut), tmp_path / "restored") for cut in cuts]

    assert [words for words in complaints if words] == []


def test_the_check_notices_swallowed_syncs(store, library, tmp_path):
    power = batches_under_shim(store, library)

    complaints = [
        complaint(power, power.run(Cut(number, mode, seed=1), syncs=False), tmp_path / "restored")
        for number, mode in ((3, Mode.BEFORE), (6, Mode.AFTER), (12, Mode.BEFORE))
    ]

    assert None not in complaints


def test_the_check_notices_a_store_opened_without_sync(store, library, tmp_path):
    power = batches_under_shim(store, library, "--sync", "no")

    end = power.run()

    assert end.sync_points == ()
    assert "was acknowledged, and the last one there is 10" in str(complaint(power, end, tmp_path / "restored"))


def test_the_check_notices_acknowledgements_before_the_commit(store, library, tmp_path):
    power = batches_under_shim(store, library, "--acknowledge", "early")

    complaints = [complaint(power, power.run(Cut(number, Mode.BEFORE)), tmp_path / "restored") for number in (1, 8)]

    assert None not in complaints


def test_a_batch_tried_again_after_a_failed_sync_is_durable(store, library, tmp_path):
    power = batches_under_shim(store, library, "--tries", "2")

    end = power.run(Cut(5, Mode.FAIL))

    taken = [line for line in end.acknowledged if not line.startswith("refused 13")]
    assert taken == ["11", "12", "13", "14", "15", "16"]
    assert len(end.acknowledged) == 7
    power.restore(end, tmp_path / "restored")
    seen = run([*BATCHES, "read", str(tmp_path / "restored")], ADDITIONS, tmp_path / "errors")
    assert json.loads(seen.lines[0]) == {"last": 16, "whole": True}


def test_a_store_whose_head_could_not_be_synced_takes_nothing_more(store, library, tmp_path):
    power = batches_under_shim(store, library, "--tries", "4")

    end = power.run(Cut(6, Mode.FAIL))

    assert end.ended.status == 1
    assert [line.split(":")[0] for line in end.acknowledged] == ["11", "12", "refused 13", "refused 13", "refused 13"]
    power.restore(end, tmp_path / "restored")
    seen = run([*BATCHES, "read", str(tmp_path / "restored")], ADDITIONS, tmp_path / "errors")
    assert json.loads(seen.lines[0]) == {"last": 12, "whole": True}


def test_a_store_cut_while_it_was_made_is_empty_or_refused(tmp_path, library):
    """LMDB's first two pages are not written safely, so whoever makes a store must be able to make it again."""
    power = batches_under_shim(tmp_path / "new", library, count=1)
    first_sync = [cut for cut in every_cut(1, range(8)) if cut.mode != Mode.FAIL]

    seen = []
    for cut in first_sync:
        power.restore(power.run(cut), tmp_path / "restored")
        seen.append(run([*BATCHES, "read", str(tmp_path / "restored")], ADDITIONS, tmp_path / "errors"))

    assert {ended.lines for ended in seen if ended.status == 0} == {('{"last": 0, "whole": true}',)}
    assert all("File is not an LMDB file" in ended.errors for ended in seen if ended.status != 0)


def test_the_store_goes_on_after_the_power_came_back(store, library, tmp_path):
    power = batches_under_shim(store, library)
    folder = tmp_path / "restored"
    power.restore(power.run(Cut(5, Mode.TORN, seed=2)), folder)

    ended = run([*BATCHES, "write", str(folder), "3"], ADDITIONS, tmp_path / "errors")
    seen = run([*BATCHES, "read", str(folder)], ADDITIONS, tmp_path / "errors")

    assert ended.status == 0, ended.errors
    assert json.loads(seen.lines[0]) == {"last": int(ended.lines[-1]), "whole": True}
