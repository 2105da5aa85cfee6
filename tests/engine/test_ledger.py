"""A ledger in a folder: what is durable, what is executed again, and what is refused."""

from __future__ import annotations

import errno
import multiprocessing
from pathlib import Path
from typing import TYPE_CHECKING

import lmdb
import pytest

from sogdia.client.keys import KeyPair
from sogdia.engine.ledger import writing
from sogdia.engine.ledger.ledger import Ledger
from sogdia.engine.ledger.lookups import Lookups
from sogdia.engine.ledger.sealing import KeyMissingError
from sogdia.engine.storage import block_log
from sogdia.engine.storage.block_log import BlockLog
from sogdia.engine.storage.folder_lock import FolderInUseError
from sogdia.engine.storage.ledger_file import DATA, DamagedError, FolderNotUsableError, LedgerFile, StorageFullError
from sogdia.kernel.machine import Result
from sogdia.kernel.merkle import EMPTY_ROOT
from sogdia.kernel.refusal import Refused
from sogdia.kernel.refusals import KernelRefusal
from tests.engine.running_node import new_ledger, opened, reopened, wallet_of
from tests.engine.tiny_module import MODULES, NODE_KEY, NOTES, START, ChangeNodeKey, tiny_genesis

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "ledger"


def test_blocks_survive_a_clean_end(folder):
    ledger = new_ledger(folder)
    wallet = wallet_of(ledger)
    ledger.build_block(START + 1, opened(ledger, wallet.note(1), wallet.note(2)))
    root, tip = ledger.tree.root, ledger.tip

    ledger.close()
    again = reopened(folder)

    assert again.tree.root == root
    assert again.tip == tip
    assert again.file.flushed().height == 1
    assert NOTES.must(again.state(), wallet.name(2)).text == "saffron"
    again.close()


def test_blocks_after_the_stored_records_are_executed_again(folder):
    ledger = new_ledger(folder)
    wallet = wallet_of(ledger)
    for number in range(5):
        ledger.build_block(START + number, opened(ledger, wallet.note(number, deadline=START + 3)))
    root, live = ledger.tree.root, ledger.ids.live()
    assert ledger.file.flushed().height == 0

    ledger.abandon()
    again = reopened(folder)

    assert again.tree.root == root
    assert again.tip.height == 5
    assert again.ids.live() == live == 5
    again.close()


def test_a_used_envelope_stays_used_after_a_restart(folder):
    ledger = new_ledger(folder)
    raw = wallet_of(ledger).note(1)
    ledger.build_block(START, opened(ledger, raw))
    ledger.abandon()
    again = reopened(folder)

    built = again.build_block(START + 1, opened(again, raw))

    assert built.block is None
    assert isinstance(built.outcomes[0], Refused)
    assert built.outcomes[0].code == KernelRefusal.ENVELOPE_REPLAYED
    again.close()


def test_what_is_not_admissible_is_in_no_block_and_leaves_no_trace(folder):
    ledger = new_ledger(folder)
    wallet = wallet_of(ledger)
    root = ledger.tree.root
    expired = wallet.note(1, expiry=START - 1)

    built = ledger.build_block(START, opened(ledger, expired))

    assert built.block is None
    assert ledger.tree.root == root
    assert ledger.tip.height == 0
    ledger.close()


def test_outcomes_stand_in_the_order_of_the_envelopes(folder):
    ledger = new_ledger(folder)
    wallet = wallet_of(ledger)
    raws = [wallet.note(1), wallet.note(2, expiry=START - 1), wallet.note(1), wallet.note(3)]

    built = ledger.build_block(START, opened(ledger, *raws))

    assert [type(each) for each in built.outcomes] == [Result, Refused, Result, Result]
    assert built.block is not None
    assert [result.id for result in built.block.results] == [
        each.id for each in built.outcomes if isinstance(each, Result)
    ]
    ledger.close()


def test_an_executed_block_is_not_durable_before_it_is_committed(folder):
    ledger = new_ledger(folder)
    ledger.execute(START, opened(ledger, wallet_of(ledger).note(1)))
    assert ledger.writer.durable_height == 0

    ledger.abandon()
    again = reopened(folder)

    assert again.tip.height == 0
    again.close()


def test_several_executed_blocks_become_durable_together(folder):
    ledger = new_ledger(folder)
    wallet = wallet_of(ledger)
    for number in range(3):
        ledger.execute(START + number, opened(ledger, wallet.note(number)))

    ledger.commit()

    assert ledger.writer.durable_height == 3
    ledger.abandon()
    again = reopened(folder)
    assert again.tip.height == 3
    again.close()


def test_the_next_block_is_executed_while_one_is_written(folder):
    ledger = new_ledger(folder)
    wallet = wallet_of(ledger)
    ledger.execute(START, opened(ledger, wallet.note(1)))

    commit = ledger.writer.begin_commit()
    ledger.execute(START + 1, opened(ledger, wallet.note(2)))
    ledger.writer.end_commit(commit)

    assert ledger.writer.durable_height == 1
    ledger.commit()
    assert ledger.writer.durable_height == 2
    ledger.close()


def test_headers_are_linked_and_carry_the_roots_of_the_height_before(folder):
    ledger = new_ledger(folder)
    lookups = Lookups(ledger)
    roots = [ledger.tree.root]
    for number in range(3):
        ledger.build_block(START + number, opened(ledger, wallet_of(ledger).note(number, f"text {number}")))
        roots.append(ledger.tree.root)

    headers = [lookups.header(height).header for height in (1, 2, 3)]

    assert headers[0].previous == ledger.machine.network
    assert headers[0].results_root == EMPTY_ROOT
    assert [header.state_root for header in headers] == roots[:3]
    assert [header.previous for header in headers[1:]] == [header.hash() for header in headers[:2]]
    ledger.close()


def test_an_empty_block_is_needed_until_the_last_root_stands_in_a_header(folder):
    ledger = new_ledger(folder)
    needed_at_first = ledger.needs_empty_block()
    ledger.build_block(START, empty=True)
    needed_after_genesis = ledger.needs_empty_block()
    ledger.build_block(START, opened(ledger, wallet_of(ledger).note(1)))
    needed_after_change = ledger.needs_empty_block()

    ledger.build_block(START, empty=True)

    assert (needed_at_first, needed_after_genesis, needed_after_change) == (True, False, True)
    assert not ledger.needs_empty_block()
    ledger.close()


def test_a_deadline_is_handled_by_the_first_block_after_it_and_not_at_it(folder):
    ledger = new_ledger(folder)
    wallet = wallet_of(ledger)
    ledger.build_block(START, opened(ledger, wallet.note(1, deadline=START + 10)))

    at_it = ledger.build_block(START + 10)
    after_it = ledger.build_block(START + 11)

    assert at_it.block is None
    assert after_it.block is not None
    assert len(after_it.block.exits) == 1
    assert NOTES.find(ledger.state(), wallet.name(1)) is None
    assert ledger.next_due() is None
    ledger.close()


def test_a_second_process_on_the_folder_is_refused_with_the_number_of_the_first(folder):
    ledger = new_ledger(folder)
    context = multiprocessing.get_context("spawn")
    answers = context.SimpleQueue()

    process = context.Process(target=_open_elsewhere, args=(str(folder), answers))
    process.start()
    answer = answers.get()
    process.join()

    assert "is in use by process" in answer
    assert str(multiprocessing.current_process().pid) in answer
    ledger.close()


def _open_elsewhere(folder: str, answers: multiprocessing.SimpleQueue[str]) -> None:
    try:
        reopened(Path(folder))
    except FolderInUseError as error:
        answers.put(str(error))
    else:
        answers.put("it was opened")


def test_a_folder_without_a_ledger_is_refused(folder, tmp_path):
    with pytest.raises(FolderNotUsableError, match="no folder"):
        reopened(folder)

    (tmp_path / "empty").mkdir()
    with pytest.raises(FolderNotUsableError, match="holds no ledger"):
        reopened(tmp_path / "empty")


def test_a_ledger_is_never_made_over_another(folder):
    new_ledger(folder).close()

    with pytest.raises(FolderNotUsableError, match="holds a ledger already"):
        new_ledger(folder)


def test_a_folder_of_a_newer_format_is_refused_with_the_release_to_use(folder):
    new_ledger(folder).close()
    _write_meta(folder, b"format", b"2")
    _write_meta(folder, b"release", b"9.9.9")

    with pytest.raises(FolderNotUsableError, match=r"format 2, written by release 9\.9\.9.*Use release 9\.9\.9"):
        reopened(folder)


def test_a_folder_of_another_lmdb_is_refused(folder):
    new_ledger(folder).close()
    _write_meta(folder, b"lmdb", b"7.5")

    with pytest.raises(FolderNotUsableError, match=r"LMDB 7\.5"):
        reopened(folder)


def test_a_changed_genesis_is_noticed(folder):
    ledger = new_ledger(folder)
    changed = ledger.file.genesis().replace(b'"tiny"', b'"tinx"', 1)
    ledger.close()
    _write_meta(folder, b"genesis", changed)

    with pytest.raises(DamagedError, match="genesis"):
        reopened(folder)


def test_a_lost_last_block_is_noticed(folder):
    ledger = new_ledger(folder)
    ledger.build_block(START, opened(ledger, wallet_of(ledger).note(1)))
    ledger.close()
    with _environment(folder) as environment, environment.begin(write=True) as transaction:
        blocks = environment.open_db(b"blocks", txn=transaction)
        assert transaction.delete((1).to_bytes(8, "big") + bytes(4), db=blocks)

    with pytest.raises(DamagedError, match="lacks blocks"):
        reopened(folder)


def test_a_changed_bucket_is_noticed_at_the_start(folder):
    ledger = new_ledger(folder)
    ledger.close()
    with _environment(folder) as environment, environment.begin(write=True) as transaction:
        buckets = environment.open_db(b"buckets", txn=transaction)
        with transaction.cursor(db=buckets) as cursor:
            assert cursor.first()
            raw = bytearray(cursor.value())
            raw[20] ^= 1
            transaction.put(cursor.key(), bytes(raw), db=buckets)

    with pytest.raises(DamagedError, match="do not match the state root"):
        reopened(folder)


def _fill_up(monkeypatch: pytest.MonkeyPatch, where: str, is_full: Callable[[], bool]) -> None:
    """Let writes to the log or to the data file find no room."""
    owner, name, error = {
        "log": (BlockLog, "_write", OSError(errno.ENOSPC, "no space left on device")),
        "data": (LedgerFile, "_put_blocks", lmdb.DiskError("no space left on device")),
    }[where]
    original = getattr(owner, name)

    def write(*arguments: object) -> None:
        if is_full():
            raise error
        original(*arguments)

    monkeypatch.setattr(owner, name, write)


@pytest.mark.parametrize("where", ["log", "data"])
def test_no_room_loses_nothing_and_the_ledger_goes_on_when_there_is_room(folder, monkeypatch, where):
    if where == "data":
        monkeypatch.setattr(block_log, "RECORD_BYTES_MAX", 0)
    ledger = new_ledger(folder)
    wallet = wallet_of(ledger)
    full = True
    _fill_up(monkeypatch, where, lambda: full)
    ledger.execute(START, opened(ledger, wallet.note(1)))
    with pytest.raises(StorageFullError):
        ledger.commit()
    with pytest.raises(StorageFullError):
        ledger.writer.end_commit(ledger.writer.begin_commit())
    assert ledger.writer.durable_height == 0

    full = False
    ledger.execute(START, opened(ledger, wallet.note(2)))
    ledger.commit()

    assert ledger.writer.durable_height == 2
    root = ledger.tree.root
    ledger.abandon()
    again = reopened(folder)
    assert again.tree.root == root
    again.close()


def build(ledger: Ledger, *raws: bytes) -> None:
    """Build a block, and let the tree take it before it is written."""
    ledger.execute(START, opened(ledger, *raws))
    ledger.settle()
    ledger.commit()


def test_a_flush_that_found_no_room_is_done_again(folder, monkeypatch):
    monkeypatch.setattr(writing, "FLUSH_BUCKETS", 0)
    ledger = new_ledger(folder)
    wallet = wallet_of(ledger)
    build(ledger, wallet.note(1))
    assert ledger.file.flushed().height == 1
    original = type(ledger.file)._put_buckets

    def no_room(*_arguments: object) -> None:
        raise lmdb.MapFullError("the map is full")

    monkeypatch.setattr(type(ledger.file), "_put_buckets", no_room)
    ledger.execute(START, opened(ledger, wallet.note(2)))
    ledger.settle()
    with pytest.raises(StorageFullError):
        ledger.commit()
    ledger.commit()
    assert ledger.writer.durable_height == 2
    assert ledger.file.flushed().height == 1

    monkeypatch.setattr(type(ledger.file), "_put_buckets", original)
    build(ledger, wallet.note(3))

    assert ledger.file.flushed().height == 3
    root = ledger.tree.root
    ledger.abandon()
    again = reopened(folder)
    assert again.tree.root == root
    again.close()


def test_only_little_on_a_quick_disk_is_written_without_a_thread(folder, monkeypatch):
    ledger = new_ledger(folder)
    wallet = wallet_of(ledger)
    monkeypatch.setattr("sogdia.engine.ledger.writing.SHORT_SECONDS", 10.0)

    ledger.execute(START, opened(ledger, wallet.note(1)))
    assert ledger.writer.is_short()
    ledger.commit()
    ledger.execute(START, opened(ledger, *(wallet.note(number, "x" * 20_000) for number in range(6, 10))))
    assert not ledger.writer.is_short()
    ledger.commit()
    ledger.execute(START, opened(ledger, wallet.note(11)))
    assert ledger.writer.is_short()
    monkeypatch.setattr("sogdia.engine.ledger.writing.SHORT_SECONDS", 0.0)
    assert not ledger.writer.is_short()
    ledger.close()


def test_the_map_grows_before_it_is_full(folder, monkeypatch):
    monkeypatch.setattr("sogdia.engine.storage.ledger_file.MAP_STEP", 2**20)
    monkeypatch.setattr("sogdia.engine.storage.ledger_file.MAP_SLACK", 2**18)
    ledger = new_ledger(folder)
    wallet = wallet_of(ledger)
    before = ledger.file._map_size

    for number in range(300):
        ledger.execute(START, opened(ledger, wallet.note(number, "x" * 20_000)))
        ledger.writer.end_commit(ledger.writer.begin_commit())

    assert ledger.file._map_size > before
    ledger.close()
    again = reopened(folder)
    assert again.tip.height == 300
    again.close()


def test_headers_are_signed_with_the_key_that_the_state_names(folder):
    ledger = new_ledger(folder)
    wallet = wallet_of(ledger)
    other = KeyPair(b"o" * 32)
    ledger.build_block(START, opened(ledger, wallet.sign(ChangeNodeKey(public=other.public))))
    ledger.build_block(START, empty=True)

    with pytest.raises(KeyMissingError, match=other.public.hex()):
        ledger.build_block(START, opened(ledger, wallet.note(1)))
    ledger.hold_keys([other])
    ledger.build_block(START, opened(ledger, wallet.note(1)))

    assert ledger.tip.height == 3
    ledger.abandon()
    again = Ledger.open(folder, MODULES, [NODE_KEY, other])
    assert again.signing_key() is other
    assert len(again.writer.handovers) == 1
    again.close()


def test_a_genesis_with_several_validators_is_not_for_this_engine(folder):
    genesis = tiny_genesis(validators=tiny_genesis().validators * 2)

    with pytest.raises(FolderNotUsableError, match="one validator"):
        Ledger.create(folder, MODULES, genesis, [NODE_KEY])


def _environment(folder: Path) -> lmdb.Environment:
    return lmdb.open(str(folder / DATA), subdir=False, max_dbs=8)


def _write_meta(folder: Path, key: bytes, value: bytes) -> None:
    with _environment(folder) as environment, environment.begin(write=True) as transaction:
        meta = environment.open_db(b"meta", txn=transaction)
        transaction.put(key, value, db=meta)
