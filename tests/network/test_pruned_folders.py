"""Backups of a folder whose old blocks have gone, and its way back to an earlier height."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from sogdia.cli.exits import Exit
from sogdia.cli.running import run
from sogdia.engine.folders.archive import FOLDER
from sogdia.engine.folders.backup import back_up_folder, restore
from sogdia.engine.folders.kept_light_blocks import NAME as LIGHT_BLOCKS
from sogdia.engine.folders.kept_snapshots import FOLDER as SNAPSHOTS
from sogdia.engine.folders.replay import Replayed, replay
from sogdia.engine.folders.rollback import roll_back
from sogdia.engine.ledger.ledger import Ledger
from sogdia.engine.ledger.lookups import Lookups
from sogdia.engine.storage.ledger_file import DamagedError, FolderNotUsableError
from sogdia.modules import ALL
from tests.network.test_pruning import chain, grow, place_hold, wallet  # noqa: F401 - fixtures

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sogdia.kernel.proof import LifeStep
    from tests.network.chain import Chain, Member
    from tests.network.test_application import Wallet

BEGINS_AFTER = 8


class Pruned:
    """A member at rest that has the blocks after 8 up to 14; a hold was placed before, and an envelope paid."""

    def __init__(self, chain: Chain, wallet: Wallet) -> None:  # noqa: F811 - fixtures
        """Grow it, and close it."""
        self.chain = chain
        self.member: Member = chain.members[0]
        self.folder = self.member.folder
        self.hold = place_hold(chain, wallet)
        paid = wallet.mint()
        self.paid = paid.id
        chain.block(paid.raw, at=chain.time + 1)
        grow(chain, wallet, 11)
        self.life = self.lives_in(self.member.replica.lookups)
        self.root = self.member.root()
        self.member.close()

    def lives_in(self, lookups: Lookups) -> list[LifeStep]:
        """Give the hold's life, and see that the payment is found."""
        found = lookups.find(self.paid)
        assert found is not None
        assert found.height < BEGINS_AFTER
        return lookups.life(self.hold)

    def looked_into(self, folder: Path) -> tuple[int, bytes, list[LifeStep]]:
        """Open a folder; gives its height, its state root, and the hold's life."""
        ledger = Ledger.open(folder, ALL)
        try:
            return ledger.tip.height, ledger.tree.root, self.lives_in(Lookups(ledger))
        finally:
            ledger.abandon()


@pytest.fixture
def pruned(chain, wallet) -> Iterator[Pruned]:  # noqa: F811 - fixtures
    made = Pruned(chain, wallet)
    yield made
    made.member.open()


def begins_after(folder: Path) -> int:
    """Derive a ledger again; gives where that began."""
    replayed = replay(folder, ALL)
    assert isinstance(replayed, Replayed), replayed
    return replayed.begins_after


def test_a_backup_has_what_the_folder_goes_on_from(pruned, tmp_path):
    (pruned.folder / LIGHT_BLOCKS).write_bytes(b"\x90")

    back_up_folder(pruned.folder, tmp_path / "backup")
    shutil.copytree(pruned.folder / FOLDER, tmp_path / "backup" / FOLDER)
    restore(tmp_path / "backup", tmp_path / "restored", ALL)
    shutil.copytree(pruned.folder / FOLDER, tmp_path / "restored" / FOLDER)

    for folder in (tmp_path / "backup", tmp_path / "restored"):
        assert [each.name for each in (folder / SNAPSHOTS).iterdir()] == [str(BEGINS_AFTER)]
        assert (folder / LIGHT_BLOCKS).read_bytes() == b"\x90"
        assert begins_after(folder) == BEGINS_AFTER
        assert pruned.looked_into(folder) == (14, pruned.root, pruned.life)


def test_without_the_snapshot_a_backup_is_made_and_restored_and_says_so(pruned, tmp_path, capsys):
    shutil.rmtree(pruned.folder / SNAPSHOTS / str(BEGINS_AFTER))

    assert run(["backup", str(pruned.folder), str(tmp_path / "backup")]) == Exit.DONE
    assert run(["restore", str(tmp_path / "backup"), str(tmp_path / "restored")]) == Exit.DONE

    assert capsys.readouterr().out.count("it works, and cannot be derived again") == 2
    assert not (tmp_path / "restored" / SNAPSHOTS).exists()


def test_no_backup_is_made_with_a_damaged_snapshot(pruned, tmp_path):
    chunk = pruned.folder / SNAPSHOTS / str(BEGINS_AFTER) / "00000"
    chunk.write_bytes(chunk.read_bytes()[:-1])

    with pytest.raises(DamagedError, match="chunk 0"):
        back_up_folder(pruned.folder, tmp_path / "backup")

    assert not (tmp_path / "backup").exists()


@pytest.mark.parametrize("height", [BEGINS_AFTER, BEGINS_AFTER + 3])
def test_it_goes_back_as_far_as_its_snapshot_and_forward_again(pruned, height):
    done = roll_back(pruned.folder, height, ALL)

    assert (done.before, done.height) == (14, height)
    assert pruned.looked_into(pruned.folder) == (height, done.state_root, pruned.life)
    assert begins_after(pruned.folder) == BEGINS_AFTER
    pruned.member.open()
    pruned.chain.catch_up(pruned.member)
    assert pruned.member.root() == pruned.root
    pruned.member.close()


def test_the_life_is_known_after_a_roll_back_though_the_segments_are_gone(pruned):
    shutil.rmtree(pruned.folder / FOLDER)
    roll_back(pruned.folder, 12, ALL)

    ledger = Ledger.open(pruned.folder, ALL)
    life = Lookups(ledger).life(pruned.hold)
    ledger.abandon()

    assert life == pruned.life


def test_damaged_segments_are_passed_over_and_said(pruned, capsys):
    path = pruned.folder / FOLDER / "5-8.segment"
    path.write_bytes(path.read_bytes()[:-1])

    assert run(["rollback", str(pruned.folder), "--to", "10", "--yes"]) == Exit.DONE

    assert "WRONG, and nothing is found in it" in capsys.readouterr().out
    assert pruned.looked_into(pruned.folder)[0] == 10


def test_further_back_is_refused_and_nothing_is_changed(pruned):
    before = sorted(each.name for each in pruned.folder.iterdir())

    with pytest.raises(FolderNotUsableError, match=r"it can go back to 8 to 13, not to 7.*from its peers' snapshots"):
        roll_back(pruned.folder, BEGINS_AFTER - 1, ALL)
    shutil.rmtree(pruned.folder / SNAPSHOTS / str(BEGINS_AFTER))
    assert run(["rollback", str(pruned.folder), "--to", "10", "--yes"]) == Exit.DAMAGED

    assert sorted(each.name for each in pruned.folder.iterdir()) == before
