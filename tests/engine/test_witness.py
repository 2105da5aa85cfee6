"""A data file that has gone back or lost its end, how it is made, and a disk that fills up in the middle of a write."""

import shutil
from pathlib import Path

import lmdb
import pytest

from sogdia.engine.ledger import writing
from sogdia.engine.storage import block_log, ledger_file
from sogdia.engine.storage.block_log import NAME as LOG
from sogdia.engine.storage.empty_file import DRAFT
from sogdia.engine.storage.ledger_file import DATA, DamagedError, LedgerFile, StorageFullError
from sogdia.engine.storage.witness import NAME, Witness
from sogdia.kernel.refusal import Broken
from tests.engine.running_node import new_ledger, opened, reopened, wallet_of
from tests.engine.tiny_module import START


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "ledger"


def test_a_witness_says_what_was_written_last(tmp_path):
    witness = Witness(tmp_path)
    before = witness.read()

    witness.write(7)
    witness.write(8)

    assert (before, Witness(tmp_path).read()) == (0, 8)
    witness.forget()
    assert witness.read() == 0
    assert not (tmp_path / NAME).exists()


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 39])
def test_a_torn_witness_says_nothing(tmp_path, size):
    witness = Witness(tmp_path)
    witness.write(7)
    witness.close()
    whole = (tmp_path / NAME).read_bytes()

    (tmp_path / NAME).write_bytes(whole[:size])
    shorter = witness.read()
    (tmp_path / NAME).write_bytes(whole[:size] + bytes(len(whole) - size))

    assert (shorter, witness.read()) == (0, 0)


def test_a_witness_that_cannot_be_written_stops_nothing(tmp_path):
    witness = Witness(tmp_path / "not there")

    witness.write(7)

    assert witness.read() == 0


def test_a_data_file_that_has_gone_back_is_refused_with_the_ways_out(folder, tmp_path):
    ledger = new_ledger(folder)
    wallet = wallet_of(ledger)
    ledger.build_block(START, opened(ledger, wallet.note(1)))
    ledger.close()
    shutil.copyfile(folder / DATA, tmp_path / "older")
    ledger = reopened(folder)
    ledger.build_block(START, opened(ledger, wallet.note(2)))
    ledger.close()
    shutil.copyfile(tmp_path / "older", folder / DATA)

    (folder / LOG).unlink()
    with pytest.raises(DamagedError, match=r"ends with block 1, but block 2 .*Restore a backup.*remove .*witness"):
        reopened(folder)

    (folder / NAME).unlink()
    again = reopened(folder)
    assert again.tip.height == 1
    again.close()


@pytest.mark.parametrize("index", ["ids", "steps"])
def test_an_index_that_has_lost_its_last_run_is_noticed(folder, monkeypatch, index):
    monkeypatch.setattr(writing, "RUN_BLOCKS", 2)
    ledger = new_ledger(folder)
    wallet = wallet_of(ledger)
    for number in range(4):
        ledger.build_block(START, opened(ledger, wallet.note(number)))
    assert ledger.file.indexed_height("steps") == ledger.file.indexed_height("ids") == 4
    ledger.close()
    with (
        lmdb.open(str(folder / DATA), subdir=False, max_dbs=8) as environment,
        environment.begin(write=True) as transaction,
        transaction.cursor(db=environment.open_db(index.encode(), txn=transaction)) as cursor,
    ):
        assert cursor.last()
        cursor.delete()

    with pytest.raises(DamagedError, match="do not end at the same height"):
        reopened(folder)


def test_a_new_ledger_in_an_old_folder_has_no_witness_against_it(folder):
    ledger = new_ledger(folder)
    ledger.build_block(START, opened(ledger, wallet_of(ledger).note(1)))
    ledger.close()
    (folder / DATA).unlink()

    new_ledger(folder).close()
    again = reopened(folder)

    assert again.tip.height == 0
    again.close()


def test_a_file_is_made_under_another_name_and_a_begun_one_is_begun_again(folder):
    folder.mkdir()
    (folder / DRAFT).write_bytes(b"\x00" * 5_000)

    new_ledger(folder).close()

    assert sorted(path.name for path in folder.iterdir()) == [DATA, f"{DATA}-lock", "lock"]


@pytest.mark.parametrize(("left", "error"), [(0, StorageFullError), (10**9, Broken)])
def test_a_write_that_ended_halfway_is_a_full_disk_only_when_the_disk_is_full(folder, monkeypatch, left, error):
    monkeypatch.setattr(block_log, "RECORD_BYTES_MAX", 0)
    ledger = new_ledger(folder)
    ledger.execute(START, opened(ledger, wallet_of(ledger).note(1)))

    def half_of_it(*_arguments: object) -> None:
        raise lmdb.Error("mdb_txn_commit: Input/output error")

    monkeypatch.setattr(LedgerFile, "_put_blocks", half_of_it)
    monkeypatch.setattr(ledger_file, "free_bytes", lambda _folder: left)

    with pytest.raises(error, match="Input/output error"):
        ledger.commit()

    ledger.abandon()
