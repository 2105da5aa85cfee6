"""A backup of a ledger that goes on working is the state of one moment; a damaged one is not restored."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from sogdia.engine.folders.audit import audit
from sogdia.engine.folders.backup import BackupRefusedError, back_up, back_up_folder, restore
from sogdia.engine.folders.replay import Replayed, replay
from sogdia.engine.ledger.ledger import Ledger
from sogdia.engine.storage.folder_lock import FolderInUseError
from sogdia.engine.storage.ledger_file import DamagedError, FolderNotUsableError
from tests.engine.folders.ledgers import HEIGHT, NEXT_NODE_KEY, Surgeon, stored_story, write_story
from tests.engine.tiny_module import MODULES


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    return stored_story(tmp_path_factory.mktemp("story") / "ledger")


def what_is_in(folder):
    return sorted(each.name for each in folder.iterdir())


def test_a_backup_of_a_ledger_that_keeps_running_is_the_state_of_one_moment(tmp_path):
    book = write_story(tmp_path / "ledger")
    book.ledger.commit(flush=True)
    book.ledger.file.hold()
    with ThreadPoolExecutor(1) as pool:
        copying = pool.submit(back_up, book.ledger.file, tmp_path / "backup")
        number = 100
        while not copying.done() or number < 120:
            book.block(book.aziz.note(number))
            number += 1
        copied = copying.result()
    book.ledger.file.let_go()

    book.block(book.aziz.note(99))
    book.ledger.close()

    assert HEIGHT <= copied.height <= HEIGHT + number - 100
    assert audit(tmp_path / "backup", MODULES) == []
    found = replay(tmp_path / "backup", MODULES)
    assert isinstance(found, Replayed)
    assert found.height == copied.height
    assert isinstance(replay(tmp_path / "ledger", MODULES), Replayed)


def test_a_backup_of_a_ledger_that_was_killed_has_its_last_blocks(tmp_path):
    book = write_story(tmp_path / "ledger")
    book.ledger.abandon()
    killed = shutil.copytree(tmp_path / "ledger", tmp_path / "killed")

    copied = back_up_folder(tmp_path / "ledger", tmp_path / "backup")
    restored = restore(killed, tmp_path / "restored", MODULES)

    assert copied.height == restored.height == HEIGHT
    assert audit(tmp_path / "backup", MODULES) == []
    assert isinstance(replay(tmp_path / "restored", MODULES), Replayed)


def test_a_restored_backup_goes_on_where_the_backup_stood(story, tmp_path):
    back_up_folder(story, tmp_path / "backup")

    copied = restore(tmp_path / "backup", tmp_path / "ledger", MODULES)

    ledger = Ledger.open(tmp_path / "ledger", MODULES, [NEXT_NODE_KEY])
    assert (ledger.tip.height, ledger.tree.root, ledger.tree.count) == (HEIGHT, copied.state_root, copied.records)
    ledger.build_block(ledger.tip.time + 1, empty=True)
    ledger.close()
    assert isinstance(replay(tmp_path / "ledger", MODULES), Replayed)


def test_a_backup_holds_the_data_and_no_key(story, tmp_path):
    folder = tmp_path / "ledger"
    shutil.copytree(story, folder)
    (folder / "keys").mkdir()
    (folder / "keys" / "node.json").write_text("secret")

    back_up_folder(folder, tmp_path / "backup")

    assert "data.mdb" in what_is_in(tmp_path / "backup")
    assert "keys" not in what_is_in(tmp_path / "backup")


def test_a_backup_says_how_far_it_is(story, tmp_path):
    steps = []

    back_up_folder(story, tmp_path / "backup", lambda done, total: steps.append((done, total)))

    done, total = steps[-1]
    assert done == total > 0


def test_a_backup_never_overwrites(story, tmp_path):
    (tmp_path / "backup").mkdir()

    with pytest.raises(FolderNotUsableError, match="nothing is ever overwritten"):
        back_up_folder(story, tmp_path / "backup")

    assert what_is_in(tmp_path) == ["backup"]


def test_a_restore_never_overwrites(story, tmp_path):
    stored_story(tmp_path / "ledger")

    with pytest.raises(FolderNotUsableError, match="nothing is ever overwritten"):
        restore(story, tmp_path / "ledger", MODULES)

    assert isinstance(replay(tmp_path / "ledger", MODULES), Replayed)


def test_a_ledger_in_use_is_not_copied_from_outside(tmp_path):
    book = write_story(tmp_path / "ledger")

    with pytest.raises(FolderInUseError):
        back_up_folder(tmp_path / "ledger", tmp_path / "backup")
    with pytest.raises(FolderInUseError):
        restore(tmp_path / "ledger", tmp_path / "second", MODULES)

    book.ledger.close()
    assert what_is_in(tmp_path) == ["ledger"]


def test_a_ledger_with_damaged_records_is_not_taken_for_a_backup(tmp_path):
    folder = stored_story(tmp_path / "ledger")
    surgeon = Surgeon(folder)
    prefix, raw = next(iter(surgeon.buckets().items()))
    surgeon.put_bucket(prefix, raw[:1] + bytes((raw[1] ^ 1,)) + raw[2:])

    with pytest.raises(DamagedError, match="do not match the state root"):
        back_up_folder(folder, tmp_path / "backup")

    assert what_is_in(tmp_path) == ["ledger"]


def refused(backup, tmp_path):
    """Restore a backup that must be refused, look that nothing is left, and give the parts that were found damaged."""
    with pytest.raises(BackupRefusedError) as caught:
        restore(backup, tmp_path / "restored", MODULES)
    assert what_is_in(tmp_path) == [backup.name]
    return {finding.part for finding in caught.value.findings}


def test_a_backup_with_a_damaged_block_is_not_restored(story, tmp_path):
    back_up_folder(story, tmp_path / "backup")
    Surgeon(tmp_path / "backup").drop_block(4)

    assert "block" in refused(tmp_path / "backup", tmp_path)


def test_a_backup_with_damaged_hashes_is_not_restored(story, tmp_path):
    back_up_folder(story, tmp_path / "backup")
    surgeon = Surgeon(tmp_path / "backup")
    prefix, raw = next(iter(surgeon.buckets().items()))
    surgeon.put_bucket(prefix, raw[:1] + bytes((raw[1] ^ 1,)) + raw[2:])

    assert refused(tmp_path / "backup", tmp_path) == {"records"}


def test_a_backup_with_a_damaged_record_is_not_restored(story, tmp_path):
    back_up_folder(story, tmp_path / "backup")
    surgeon = Surgeon(tmp_path / "backup")
    prefix, raw = next(iter(surgeon.buckets().items()))
    surgeon.put_bucket(prefix, raw[:-1] + bytes((raw[-1] ^ 1,)))

    assert "records" in refused(tmp_path / "backup", tmp_path)


def test_a_folder_without_a_ledger_is_no_backup(tmp_path):
    with pytest.raises(FolderNotUsableError, match="holds no ledger"):
        restore(tmp_path / "nothing", tmp_path / "restored", MODULES)

    assert what_is_in(tmp_path) == []
