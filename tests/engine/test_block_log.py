"""The log of blocks: what was appended is read again, a torn end is none, and damage is told from it."""

import os
import random
import shutil
from pathlib import Path

import lmdb
import pytest

from sogdia.engine.ledger.ledger import Ledger
from sogdia.engine.storage import block_log
from sogdia.engine.storage.block_log import DRAFT, NAME, PAGE_BYTES, BlockLog, LogDamagedError, LoggedBlock
from sogdia.engine.storage.ledger_file import DATA, DamagedError
from sogdia.engine.storage.witness import NAME as WITNESS
from tests.engine.running_node import new_ledger, opened, reopened, wallet_of
from tests.engine.tiny_module import NOTES, START


def blocks(first: int, count: int, size: int = 900) -> list[LoggedBlock]:
    """Some blocks, all different."""
    return [
        LoggedBlock(height, random.Random(height).randbytes(size), b"handover" if height % 3 == 0 else None)
        for height in range(first, first + count)
    ]


@pytest.fixture
def log(tmp_path: Path) -> BlockLog:
    """A log with blocks 5 to 9: one, one, two and one in a record, the third record two pages long."""
    made = BlockLog(tmp_path)
    for record in (blocks(5, 1), blocks(6, 1), blocks(7, 2, 3_000), blocks(9, 1)):
        made.append(record)
    return made


RECORDS = (PAGE_BYTES, 2 * PAGE_BYTES, 3 * PAGE_BYTES, 5 * PAGE_BYTES)


def everything() -> list[LoggedBlock]:
    return [*blocks(5, 2), *blocks(7, 2, 3_000), *blocks(9, 1)]


def flip(path: Path, offset: int) -> None:
    raw = bytearray(path.read_bytes())
    raw[offset] ^= 1
    path.write_bytes(raw)


@pytest.mark.usefixtures("log")
def test_what_was_appended_is_read_again_and_goes_on(tmp_path):
    again = BlockLog(tmp_path)

    assert again.read(4) == everything()
    again.append(blocks(10, 1))

    assert BlockLog(tmp_path).read(4) == [*everything(), *blocks(10, 1)]


@pytest.mark.usefixtures("log")
def test_blocks_that_the_data_file_has_are_not_given(tmp_path):
    assert BlockLog(tmp_path).read(9) == []


def test_the_file_never_changes_its_size(log, tmp_path):
    sizes = {(tmp_path / NAME).stat().st_size}
    for height in range(10, 40):
        log.append(blocks(height, 1))
        sizes.add((tmp_path / NAME).stat().st_size)

    assert sizes == {block_log.LOG_BYTES}


def test_a_second_round_is_not_confused_with_what_is_left_of_the_first(log, tmp_path):
    log.restart()
    log.append(blocks(10, 1))

    assert BlockLog(tmp_path).read(9) == blocks(10, 1)
    log.append(blocks(11, 1, 5_000))
    assert BlockLog(tmp_path).read(9) == [*blocks(10, 1), *blocks(11, 1, 5_000)]


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("kept", [1, 100, 511, 512, 900])
def test_a_record_that_is_torn_is_the_end(tmp_path, kept):
    path = tmp_path / NAME
    raw = path.read_bytes()
    path.write_bytes(raw[: RECORDS[3] + kept].ljust(len(raw), b"\0"))

    again = BlockLog(tmp_path)
    assert again.read(4) == everything()[:4]
    again.append(blocks(9, 1))

    assert BlockLog(tmp_path).read(4) == everything()


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("record", [0, 1, 2])
@pytest.mark.parametrize("offset", [0, 20, 33, 35, 40, 900])
def test_a_flipped_bit_before_a_whole_record_is_damage(tmp_path, record, offset):
    flip(tmp_path / NAME, RECORDS[record] + offset)

    with pytest.raises(LogDamagedError, match=f"nothing whole after {4 + record}"):
        BlockLog(tmp_path).read(4)


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("offset", [0, 11, 12, 43, 44, 75])
def test_a_flipped_bit_in_its_beginning_is_damage(tmp_path, offset):
    flip(tmp_path / NAME, offset)

    with pytest.raises(LogDamagedError, match="does not begin as a log does"):
        BlockLog(tmp_path).read(4)


@pytest.mark.usefixtures("log")
def test_a_data_file_behind_the_log_is_noticed(tmp_path):
    with pytest.raises(LogDamagedError, match="has block 5, but nothing whole after 3"):
        BlockLog(tmp_path).read(3)


def test_what_a_sender_makes_look_like_a_record_is_none(log, tmp_path):
    other = BlockLog(tmp_path / "other")
    other.path.parent.mkdir()
    other.append(blocks(11, 1))
    record = other.path.read_bytes()[PAGE_BYTES : 2 * PAGE_BYTES]
    torn = LoggedBlock(10, bytes(PAGE_BYTES - 100) + 4 * record, None)
    log.append([torn])
    flip(tmp_path / NAME, RECORDS[3] + PAGE_BYTES)

    assert BlockLog(tmp_path).read(4) == everything()


def test_there_is_room_for_short_blocks_until_the_end(tmp_path, monkeypatch):
    monkeypatch.setattr(block_log, "LOG_BYTES", 8 * PAGE_BYTES)
    made = BlockLog(tmp_path)
    height = 1
    while made.has_room(900):
        made.append(blocks(height, 1))
        height += 1

    assert height == 1 + 6
    assert (tmp_path / NAME).stat().st_size == 8 * PAGE_BYTES
    assert len(BlockLog(tmp_path).read(0)) == 6
    made.restart()
    assert made.has_room(900)
    assert not made.has_room(block_log.RECORD_BYTES_MAX + 1)


def test_a_write_that_ended_halfway_is_written_again_at_the_same_place(log, tmp_path, monkeypatch):
    original = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda file, raw, at: original(file, raw[:700], at))
    with pytest.raises(OSError, match="only a part"):
        log.append(blocks(10, 1, 2_000))
    monkeypatch.setattr(os, "pwrite", original)

    log.append(blocks(10, 1, 2_000))

    assert BlockLog(tmp_path).read(4) == [*everything(), *blocks(10, 1, 2_000)]


@pytest.mark.usefixtures("log")
def test_the_last_record_is_synced_once_more_when_it_is_read(tmp_path, monkeypatch):
    """Who was killed before its sync ended may have left it in memory only."""
    synced: list[int] = []
    monkeypatch.setattr(os, "fdatasync", synced.append)

    BlockLog(tmp_path).read(9)
    assert synced == []
    BlockLog(tmp_path).read(4)
    assert len(synced) == 1


def test_a_log_is_made_under_another_name_and_a_begun_one_is_begun_again(tmp_path):
    (tmp_path / DRAFT).write_bytes(b"half of a log")

    BlockLog(tmp_path).append(blocks(1, 1))

    assert [path.name for path in tmp_path.iterdir()] == [NAME]
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600


# ------------------------------------------------------------------------------------------------------- in a ledger


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "ledger"


def left_behind(folder: Path, notes: int) -> Ledger:
    """A ledger whose last blocks are in the log alone, as a killed node leaves it."""
    ledger = new_ledger(folder)
    wallet = wallet_of(ledger)
    for number in range(notes):
        ledger.build_block(START, opened(ledger, wallet.note(number)))
    ledger.abandon()
    return ledger


def stored_height(folder: Path) -> int:
    with (
        lmdb.open(str(folder / DATA), subdir=False, max_dbs=8, readonly=True) as environment,
        environment.begin() as transaction,
    ):
        return int.from_bytes(transaction.get(b"height", b"", db=environment.open_db(b"meta", txn=transaction)), "big")


def test_blocks_in_the_log_alone_are_there_after_a_restart_and_move_to_the_data_file_in_the_end(folder):
    left = left_behind(folder, 5)
    assert stored_height(folder) == 0

    again = reopened(folder)

    assert (again.tip.height, again.tree.root) == (5, left.tree.root)
    assert [again.file.block(height)[:1] for height in range(1, 6)] == 5 * [b"\x97"]
    again.close()
    assert stored_height(folder) == 5
    last = reopened(folder)
    assert last.tree.root == left.tree.root
    last.close()


def test_a_log_that_is_full_goes_into_the_data_file_and_begins_again(folder, monkeypatch):
    monkeypatch.setattr(block_log, "LOG_BYTES", 6 * PAGE_BYTES)
    left = left_behind(folder, 11)

    assert stored_height(folder) == 10
    again = reopened(folder)
    assert again.tree.root == left.tree.root
    assert NOTES.find(again.state(), wallet_of(again).name(10)) is not None
    again.close()


def test_an_older_data_file_is_made_up_for_by_the_log(folder, tmp_path):
    ledger = new_ledger(folder)
    wallet = wallet_of(ledger)
    ledger.close()
    shutil.copyfile(folder / DATA, tmp_path / "older")
    ledger = reopened(folder)
    ledger.build_block(START, opened(ledger, wallet.note(1)))
    ledger.close()
    shutil.copyfile(tmp_path / "older", folder / DATA)

    again = reopened(folder)

    assert again.tip.height == 1
    again.close()


def test_a_damaged_log_is_refused_with_the_ways_out(folder):
    left_behind(folder, 3)
    flip(folder / NAME, PAGE_BYTES + 50)

    with pytest.raises(DamagedError, match=r"has block 2, but nothing whole after 0.*Restore a backup"):
        reopened(folder)


def test_a_last_record_that_is_lost_is_told_by_the_witness(folder):
    left_behind(folder, 3)
    flip(folder / NAME, 3 * PAGE_BYTES + 50)

    with pytest.raises(DamagedError, match=r"ends with block 2, but block 3 had been written"):
        reopened(folder)
    (folder / WITNESS).unlink()
    again = reopened(folder)
    assert again.tip.height == 2
    again.close()


def test_a_new_ledger_in_an_old_folder_takes_nothing_from_the_log(folder):
    left_behind(folder, 3)
    (folder / DATA).unlink()

    new_ledger(folder).close()

    again = reopened(folder)
    assert again.tip.height == 0
    again.close()
