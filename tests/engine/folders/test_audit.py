"""An audit finds nothing in a sound ledger, and every kind of damage that was planted."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import lmdb
import msgspec
import pytest

from sogdia.engine.folders import audit as audit_module
from sogdia.engine.folders.audit import audit
from sogdia.engine.ledger import writing
from sogdia.engine.ledger.ledger import Ledger
from sogdia.engine.storage.folder_lock import FolderInUseError
from sogdia.kernel.codec import encode
from sogdia.kernel.machine import Result
from sogdia.kernel.refusal import ensure
from sogdia.kernel.stored_block import StoredStep
from sogdia.kernel.tree import root_of
from tests.engine.folders.ledgers import (
    HEIGHT,
    NEXT_NODE_KEY,
    ROTATION_HEIGHT,
    Book,
    Surgeon,
    note_key,
    signed,
    stored_story,
    write_story,
)
from tests.engine.tiny_module import MODULES, NODE_KEY, NOTES, START, TINY

if TYPE_CHECKING:
    from pathlib import Path

    from sogdia.client.keys import KeyPair


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    return stored_story(tmp_path_factory.mktemp("story") / "ledger")


@pytest.fixture
def folder(story, tmp_path):
    shutil.copytree(story, tmp_path / "ledger")
    return tmp_path / "ledger"


def parts(folder):
    return [(finding.part, finding.height) for finding in audit(folder, MODULES)]


def test_a_sound_ledger_passes(folder):
    steps = []

    assert audit(folder, MODULES, lambda done, total: steps.append((done, total))) == []

    total = steps[0][1]
    assert steps == [(done, total) for done in range(1, total + 1)]


def test_an_audit_changes_nothing(folder):
    before = (folder / "data.mdb").read_bytes()

    audit(folder, MODULES)

    assert (folder / "data.mdb").read_bytes() == before


def test_a_ledger_whose_records_stand_below_its_blocks_passes(tmp_path):
    book = write_story(tmp_path / "ledger")
    book.ledger.commit(flush=True)
    book.block(book.aziz.note(99))
    book.ledger.abandon()

    assert audit(tmp_path / "ledger", MODULES) == []


def test_a_ledger_in_use_is_not_audited(tmp_path):
    book = write_story(tmp_path / "ledger")

    with pytest.raises(FolderInUseError):
        audit(tmp_path / "ledger", MODULES)

    book.ledger.close()


def test_a_missing_block_is_found(folder):
    Surgeon(folder).drop_block(6)

    block, state = audit(folder, MODULES)

    assert (block.part, block.height) == ("block", 6)
    # Its ids are in no stored run of the index yet, so the state cannot be opened without it.
    assert "block 6 is missing" in state.message


def test_a_missing_last_block_is_found(folder):
    Surgeon(folder).drop_block(HEIGHT)

    assert parts(folder) == [("block", None)]


def test_a_second_spelling_of_a_block_is_found(folder):
    surgeon = Surgeon(folder)
    raw = encode(surgeon.block(5))
    surgeon.put_raw_block(5, b"\xdc\x00\x07" + raw[1:])

    assert parts(folder) == [("block", 5)]


def test_a_changed_receipt_is_found_by_the_next_header(folder):
    surgeon = Surgeon(folder)
    results = surgeon.block(3).results
    surgeon.put_block(3, results=[results[0], Result(results[1].id, b"\xc0")])

    assert parts(folder) == [("header", 4)]


def test_an_exit_that_is_said_to_have_come_at_another_time_is_found_by_the_next_header(tmp_path):
    folder = tmp_path / "book"
    book = Book(folder)
    book.block(book.aziz.note(1, "silk", deadline=START + 4))
    book.block(book.aziz.note(2), seconds=9)
    book.block()
    book.ledger.close()
    assert parts(folder) == []
    Surgeon(folder).put_block(2, exits_after=[0])

    assert parts(folder) == [("header", 3)]


def test_results_that_are_not_those_of_their_envelopes_are_found(folder):
    surgeon = Surgeon(folder)
    surgeon.put_block(3, results=surgeon.block(3).results[::-1])

    assert parts(folder) == [("block", 3), ("block", 3), ("header", 4)]


def test_changed_envelopes_are_found(folder):
    surgeon = Surgeon(folder)
    surgeon.put_block(3, envelopes=[b"\xc1", *surgeon.block(3).envelopes[1:]])

    findings = audit(folder, MODULES)

    assert ["transactions root" in finding.message for finding in findings] == [True, False]
    assert "envelope 0 cannot be read" in findings[1].message


def test_an_envelope_without_a_result_is_found(folder):
    surgeon = Surgeon(folder)
    surgeon.put_block(HEIGHT, results=[])

    assert any("1 envelopes and 0 results" in finding.message for finding in audit(folder, MODULES))


def test_a_step_of_a_result_that_is_not_there_is_found(folder):
    surgeon = Surgeon(folder)
    surgeon.put_block(3, steps=[StoredStep(b"object", 2, 0, first=True)])

    (found,) = audit(folder, MODULES)

    assert (found.part, found.height, "a step names" in found.message) == ("block", 3, True)


def change_header(folder: Path, at: int, key: KeyPair = NODE_KEY, **changes: Any) -> None:  # noqa: ANN401 - any field
    """Change fields of a header, and sign it."""
    surgeon = Surgeon(folder)
    surgeon.put_block(at, header=signed(msgspec.structs.replace(surgeon.block(at).header.header, **changes), key))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"previous": bytes(32)}, "not linked"),
        ({"network": bytes(32)}, "of network"),
        ({"height": 9}, "says height 9"),
        ({"time": START}, "its time"),
        ({"results_root": bytes(32)}, "results root"),
        ({"transactions_root": bytes(32)}, "transactions root"),
        ({"validators": bytes(32)}, "other validators"),
        ({"next_validators": bytes(32)}, "no handover"),
    ],
)
def test_a_header_that_is_not_over_what_it_should_be_is_found(folder, changes, message):
    change_header(folder, 4, **changes)

    found = audit(folder, MODULES)

    assert (found[0].height, message in found[0].message) == (4, True)
    # The header after it is linked to the one that was there before.
    assert found[1].height == 5


def test_a_header_that_does_not_name_the_root_of_the_records_is_found(tmp_path):
    book = write_story(tmp_path / "ledger")
    book.ledger.commit(flush=True)
    book.block(book.aziz.note(99))
    book.ledger.abandon()
    change_header(tmp_path / "ledger", HEIGHT + 1, NEXT_NODE_KEY, state_root=bytes(32))

    found = audit(tmp_path / "ledger", MODULES)

    assert [(each.part, each.height) for each in found[:1]] == [("header", HEIGHT + 1)]


def test_a_header_signed_by_a_key_whose_turn_is_over_is_found(folder):
    change_header(folder, HEIGHT, NODE_KEY)

    (found,) = audit(folder, MODULES)

    assert (found.height, "not signed" in found.message) == (HEIGHT, True)


def test_a_lost_handover_to_another_key_is_found(folder):
    with lmdb.open(str(folder / "data.mdb"), subdir=False, max_dbs=8) as environment:
        handovers = environment.open_db(b"handovers")
        with environment.begin(write=True) as transaction:
            assert transaction.delete((ROTATION_HEIGHT + 1).to_bytes(8, "big"), db=handovers)

    found = audit(folder, MODULES)

    assert (found[0].height, "no handover" in found[0].message) == (ROTATION_HEIGHT + 1, True)


def test_a_damaged_index_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "RUN_ENTRIES", 10)
    folder = stored_story(tmp_path / "ledger")
    with lmdb.open(str(folder / "data.mdb"), subdir=False, max_dbs=8) as environment:
        ids = environment.open_db(b"ids")
        with environment.begin(write=True) as transaction, transaction.cursor(db=ids) as cursor:
            assert cursor.first()
            key, value = bytes(cursor.key()), bytes(cursor.value())
            transaction.put(key, value[:-1] + bytes((value[-1] ^ 1,)), db=ids)

    assert parts(folder) == [("index", None)]


def test_a_damaged_genesis_is_found(folder):
    Surgeon(folder).put_meta(b"network", bytes(32))

    assert parts(folder) == [("genesis", None)]


def test_a_value_that_does_not_match_its_hash_is_found_with_its_bucket(folder):
    surgeon = Surgeon(folder)
    prefix, raw = next(iter(surgeon.buckets().items()))
    surgeon.put_bucket(prefix, raw[:-1] + bytes((raw[-1] ^ 1,)))

    found = audit(folder, MODULES)

    assert "records" in {finding.part for finding in found}
    assert any(repr(prefix) in finding.message for finding in found)
    assert found[-1].part == "invariant"
    assert "not looked at" in found[-1].message


def test_hashes_that_do_not_lead_to_the_root_are_found(folder):
    surgeon = Surgeon(folder)
    prefix, raw = next(iter(surgeon.buckets().items()))
    surgeon.put_bucket(prefix, raw[:1] + bytes((raw[1] ^ 1,)) + raw[2:])

    assert parts(folder) == [("records", None)]


def story_with_record(folder, full_key, value):
    """The story, with a record that no operation wrote."""
    book = write_story(folder)
    book.ledger.tree.update([(full_key(book), value, 0)])
    book.ledger.close()
    return folder


def test_a_record_that_cannot_be_read_is_found(tmp_path):
    folder = story_with_record(tmp_path / "ledger", lambda book: note_key(book, 777), b"\xc0")

    (found, not_looked_at) = audit(folder, MODULES)

    assert (found.part, found.table) == ("record", "tiny/notes")
    assert "not looked at" in not_looked_at.message


def test_a_record_of_no_table_is_found(tmp_path):
    folder = story_with_record(tmp_path / "ledger", lambda _book: b"\xfeodd", b"\xc0")

    found = audit(folder, MODULES)[0]

    assert (found.part, found.key) == ("record", b"odd")


def no_note_is_about_pepper(state):
    """A rule that the story breaks."""
    for name, note in NOTES.items(state):
        ensure(note.text != "pepper", "a note is about pepper")
        ensure(NOTES.find(state, name) == note, "a walk and a look give two records")


def every_note_has_its_own_text(state):
    """A rule that the story breaks, too: it walks over one table twice at once."""
    for name, note in NOTES.items(state):
        for other, second in NOTES.items(state):
            ensure(name == other or note.text != second.text, "two notes have one text")


def test_every_breached_invariant_is_told(folder):
    strict = replace(TINY, invariants=(no_note_is_about_pepper, *TINY.invariants, every_note_has_its_own_text))

    found = audit(folder, (strict,))

    assert [finding.message for finding in found] == [
        "tiny: no note is about pepper: a note is about pepper",
        "tiny: every note has its own text: two notes have one text",
    ]


def test_no_more_findings_are_told_than_anybody_reads(folder, monkeypatch):
    monkeypatch.setattr(audit_module, "FINDINGS_MAX", 3)
    surgeon = Surgeon(folder)
    for height in range(2, 9):
        surgeon.drop_block(height)

    found = audit(folder, MODULES)

    assert [finding.part for finding in found] == ["block", "block", "block", "audit"]


def test_what_the_file_holds_is_what_the_root_says(story):
    ledger = Ledger.open(story, MODULES)

    assert root_of(dict(ledger.base.items())) == ledger.tree.root

    ledger.abandon()
