"""The power fails under the node at any of its syncs: what was acknowledged is there when it starts again."""

import random
import sys
from pathlib import Path

import pytest

from sogdia.engine.storage.block_log import DRAFT as LOG_DRAFT
from sogdia.engine.storage.block_log import NAME as LOG
from sogdia.engine.storage.empty_file import DRAFT, make_empty_file
from sogdia.engine.storage.ledger_file import DATA
from sogdia.engine.storage.witness import NAME as WITNESS
from tests.faults.commands import run
from tests.faults.node.looking import complaints_about
from tests.faults.node.running import command, running, wait_until_ready
from tests.faults.node.traders import Traders
from tests.faults.node.world import ADDITIONS, World
from tests.faults.power import harness
from tests.faults.power.harness import Cut, Mode, PowerEnd, PowerRun, every_cut

pytestmark = pytest.mark.real("power shim (C compiler, LD_PRELOAD)")

STEPS = 24
IN_FLIGHT = 2
QUICK_CUTS = 5
FULL_TORN_SEEDS = 3
QUICK_CUTS_OF_MAKING = 2
GOES_ON_EVERY = 4

CREATE = (
    sys.executable,
    "-c",
    """
import sys
from pathlib import Path
from bench.work import genesis
from sogdia.node import create
create(Path(sys.argv[1]), genesis(1_800_000_000))
print("created", flush=True)
""",
)


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Path:
    """The shim, built once."""
    reason = harness.missing()
    if reason:
        pytest.skip(reason)
    return harness.compile_shim(tmp_path_factory.mktemp("shim"))


class PowerNode:
    """The node under the shim, and traders who each time begin with the same folder."""

    def __init__(self, world: World, library: Path, files: list[Path]) -> None:
        """Every run begins with what is in `world` now; the power is cut for `files`."""
        self.world = world
        self.power = PowerRun(command(world.folder), ADDITIONS, files, library, world.folder.parent / "power")
        self.traders = Traders(world.maker())

    def run(self, cut: Cut | None = None, *, syncs: bool = True) -> PowerEnd:
        """Trade with the node until the power fails, or until all is done and the node has been stopped."""
        self.traders = Traders(self.world.maker(), in_flight=IN_FLIGHT)
        node = wait_until_ready(self.power.start(cut, syncs=syncs))
        self.traders.trade(self.world.folder, STEPS)
        node.process.terminate()
        return self.power.finish(cut, node.end())

    def complaints(self, cut: Cut, folder: Path, *, syncs: bool = True) -> list[str]:
        """What is wrong with the folder after the power came back."""
        end = self.run(cut, syncs=syncs)
        self.power.restore(end, folder)
        found = complaints_about(folder, self.traders.receipts()) + self.traders.complaints
        died = end.ended.status == harness.KILLED
        if end.happened and cut.mode != Mode.FAIL and not died:
            found.append(f"the power failed and the node ended with status {end.ended.status}: {end.ended.errors}")
        return [f"{cut}: {words}" for words in found]

    def goes_on(self, folder: Path) -> list[str]:
        """What is wrong with a node on a restored folder, with its receipts and with what it does next."""
        before = len(self.traders.complaints)
        with running(folder):
            self.traders.look_again(folder)
            self.traders.trade(folder, 20)
        return self.traders.complaints[before:]


@pytest.fixture
def power_node(world, library) -> PowerNode:
    """The node under the shim."""
    return PowerNode(world, library, [world.data_file, world.log_file])


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_when_the_power_fails_at_any_sync(power_node, tmp_path, rotation, full_run):
    points = power_node.run().sync_points
    cuts = list(every_cut(len(points), range(FULL_TORN_SEEDS)))
    cuts = cuts if full_run else random.Random(rotation).sample(cuts, QUICK_CUTS)

    found: list[str] = []
    for number, cut in enumerate(cuts):
        found += power_node.complaints(cut, tmp_path / "restored")
        if not found and number % GOES_ON_EVERY == 0:
            found += power_node.goes_on(tmp_path / "restored")

    assert found == []
    assert len(points) >= STEPS // IN_FLIGHT
    assert {point.file for point in points} == {0, 1}


def test_a_log_whose_making_was_cut_off_is_made_again(world, library, tmp_path):
    world.log_file.unlink()
    node = PowerNode(world, library, [world.data_file, world.folder / LOG_DRAFT])
    (making,) = (point.number for point in node.run().sync_points if point.file == 1)

    for cut in (Cut(making, Mode.BEFORE), Cut(making, Mode.AFTER), Cut(making, Mode.TORN, 1)):
        assert node.complaints(cut, tmp_path / "restored") == []
        assert (tmp_path / "restored" / LOG_DRAFT).exists()
        assert not (tmp_path / "restored" / LOG).exists()
        assert node.goes_on(tmp_path / "restored") == []


@pytest.mark.parametrize("mode", [Mode.BEFORE, Mode.TORN])
def test_the_check_notices_swallowed_syncs(power_node, tmp_path, mode):
    folder = tmp_path / "restored"

    by_the_witness = power_node.complaints(Cut(9, mode, 1), folder, syncs=False)
    (folder / WITNESS).unlink()
    by_the_receipts = complaints_about(folder, power_node.traders.receipts())

    assert by_the_witness != []
    assert by_the_receipts != []


@pytest.mark.parametrize("state", ["lost", "stale", "torn", "empty"])
def test_a_witness_that_the_disk_did_not_take_raises_no_alarm(power_node, tmp_path, state):
    cut, folder = Cut(8, Mode.AFTER), tmp_path / "restored"
    stale = (power_node.world.folder / WITNESS).read_bytes()
    assert power_node.complaints(cut, folder) == []
    witness = folder / WITNESS
    newest = witness.read_bytes()
    assert newest != stale

    said = {"lost": None, "stale": stale, "torn": newest[:8] + stale[8:], "empty": b""}[state]
    witness.unlink() if said is None else witness.write_bytes(said)

    assert complaints_about(folder, power_node.traders.receipts()) == []
    assert power_node.goes_on(folder) == []


@pytest.mark.parametrize("watched", [DRAFT, DATA])
def test_a_ledger_whose_making_was_cut_off_can_be_made_again(tmp_path, library, rotation, full_run, watched):
    folder, restored = tmp_path / "new", tmp_path / "restored"
    folder.mkdir()
    if watched == DATA:
        make_empty_file(folder / DATA)
    power = PowerRun([*CREATE, str(folder)], ADDITIONS, [folder / watched], library, tmp_path / "power")
    whole = power.run()
    cuts = [cut for cut in every_cut(len(whole.sync_points), range(3)) if cut.mode != Mode.FAIL]

    assert whole.acknowledged == ("created",)
    for cut in cuts if full_run else random.Random(rotation).sample(cuts, QUICK_CUTS_OF_MAKING):
        end = power.run(cut)
        power.restore(end, restored)
        made = run([*CREATE, str(restored)], ADDITIONS, tmp_path / "errors")
        assert end.acknowledged == ()
        # Where the last of it had reached the disk already, there is a ledger, and it is said so.
        assert made.lines == ("created",) or "holds a ledger already" in made.errors, f"{cut}: {made.errors}"
        assert complaints_about(restored, {}) == []
