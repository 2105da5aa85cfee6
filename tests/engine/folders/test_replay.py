"""A replay derives everything again, and finds the first difference of every kind."""

from __future__ import annotations

import shutil

import msgspec
import pytest

from sogdia.engine.folders import deferred_signatures
from sogdia.engine.folders.following import Difference
from sogdia.engine.folders.replay import Replayed, replay
from sogdia.engine.ledger.ledger import Ledger
from sogdia.engine.storage.folder_lock import FolderInUseError
from sogdia.engine.storage.ledger_file import DamagedError
from sogdia.kernel.codec import encode
from sogdia.kernel.machine import Result
from sogdia.kernel.tree import root_of
from tests.engine.folders.ledgers import (
    HEIGHT,
    LAPSE_HEIGHT,
    NEXT_NODE_KEY,
    Book,
    Surgeon,
    note_key,
    signed,
    stored_story,
    write_story,
)
from tests.engine.tiny_module import MODULES, NODE_KEY, START, Note


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    return stored_story(tmp_path_factory.mktemp("story") / "ledger")


@pytest.fixture(scope="module")
def records(story):
    ledger = Ledger.open(story, MODULES)
    found = dict(ledger.base.items())
    ledger.abandon()
    return found


@pytest.fixture
def folder(story, tmp_path):
    shutil.copytree(story, tmp_path / "ledger")
    return tmp_path / "ledger"


def difference(folder):
    found = replay(folder, MODULES)
    assert isinstance(found, Difference)
    return found


def one_note(records):
    """The full key of a note whose text is changed by nobody."""
    return next(key for key, value in records.items() if b"pepper" in value)


def test_a_sound_ledger_comes_out_as_it_is_stored(folder, records):
    steps = []

    found = replay(folder, MODULES, lambda done, total: steps.append((done, total)))

    assert isinstance(found, Replayed)
    assert (found.height, found.envelopes, found.exits, found.signatures) == (HEIGHT, 53, 1, 53)
    assert (found.records, found.records_height) == (len(records), HEIGHT)
    assert found.state_root == root_of(records)
    assert steps == [(height, HEIGHT) for height in range(1, HEIGHT + 1)]


def test_a_replay_changes_nothing_in_the_folder(folder):
    before = (folder / "data.mdb").read_bytes()

    replay(folder, MODULES)

    assert (folder / "data.mdb").read_bytes() == before


def test_records_are_compared_at_the_height_at_which_they_stand(tmp_path):
    book = write_story(tmp_path / "ledger")
    book.ledger.commit(flush=True)
    book.block(book.aziz.note(99))
    book.ledger.abandon()

    found = replay(tmp_path / "ledger", MODULES)

    assert isinstance(found, Replayed)
    assert (found.height, found.records_height) == (HEIGHT + 1, HEIGHT)


def test_records_of_the_genesis_are_compared_when_nothing_else_was_written(tmp_path):
    book = write_story(tmp_path / "ledger")
    book.ledger.abandon()

    found = replay(tmp_path / "ledger", MODULES)

    assert isinstance(found, Replayed)
    assert (found.height, found.records_height) == (HEIGHT, 0)
    assert found.records > 0


def test_a_folder_in_use_is_not_replayed(tmp_path):
    book = write_story(tmp_path / "ledger")

    with pytest.raises(FolderInUseError):
        replay(tmp_path / "ledger", MODULES)

    book.ledger.close()


def test_a_changed_receipt_is_found(folder):
    surgeon = Surgeon(folder)
    results = surgeon.block(3).results
    lie = Result(results[1].id, results[1].receipt + b"\xc0")
    surgeon.put_block(3, results=[results[0], lie])

    found = difference(folder)

    assert (found.height, found.part, found.number, found.id) == (3, "receipt", 1, lie.id)
    assert (found.expected, found.found) == (results[1].receipt, lie.receipt)


def test_a_result_under_another_id_is_found(folder):
    surgeon = Surgeon(folder)
    results = surgeon.block(2).results
    surgeon.put_block(2, results=[Result(bytes(32), results[0].receipt)])

    found = difference(folder)

    assert (found.height, found.part, found.number) == (2, "receipt", 0)
    assert (found.expected, found.found) == (results[0].id, bytes(32))


def test_a_missing_result_is_found(folder):
    surgeon = Surgeon(folder)
    results = surgeon.block(3).results
    surgeon.put_block(3, results=results[:1])

    found = difference(folder)

    assert (found.height, found.part, found.number) == (3, "receipt", 1)
    assert (found.expected, found.found) == (results[1].id, None)


def test_a_changed_exit_is_found(folder):
    surgeon = Surgeon(folder)
    (exit_result,) = surgeon.block(LAPSE_HEIGHT).exits
    surgeon.put_block(LAPSE_HEIGHT, exits=[], exits_after=[])

    found = difference(folder)

    assert (found.height, found.part, found.id) == (LAPSE_HEIGHT, "exit", exit_result.id)
    assert (found.expected, found.found) == (exit_result.id, None)


def test_an_exit_that_is_said_to_have_come_before_another_envelope_is_found(tmp_path):
    book = Book(tmp_path / "book")
    book.block(book.aziz.note(1, "silk", deadline=START + 4))
    book.block(book.aziz.note(2), seconds=9)
    book.ledger.close()
    surgeon = Surgeon(tmp_path / "book")
    block = surgeon.block(2)
    assert block.exits_after == [1]
    surgeon.put_block(2, exits_after=[0])

    found = difference(tmp_path / "book")

    assert (found.height, found.part, found.number, found.id) == (2, "exit", 0, block.exits[0].id)
    assert "did not come when" in found.message


def test_a_step_left_out_of_a_life_is_found(folder):
    surgeon = Surgeon(folder)
    block = surgeon.block(3)
    surgeon.put_block(3, steps=block.steps[:1])

    found = difference(folder)

    left_out = block.steps[1]
    assert (found.height, found.part, found.number) == (3, "step", left_out.result)
    assert (found.id, found.table, found.key) == (block.results[1].id, "tiny/notes", left_out.object[1:])
    assert (found.expected, found.found) == (left_out.object, None)


def test_a_step_too_many_in_a_life_is_found(folder):
    surgeon = Surgeon(folder)
    block = surgeon.block(3)
    surgeon.put_block(3, steps=[*block.steps, block.steps[0]])

    found = difference(folder)

    assert (found.height, found.part, found.key) == (3, "step", block.steps[0].object[1:])
    assert (found.expected, found.found) == (None, block.steps[0].object)


def test_a_second_spelling_of_a_block_is_found(folder):
    surgeon = Surgeon(folder)
    raw = encode(surgeon.block(5))
    assert raw[:1] == b"\x97"
    surgeon.put_raw_block(5, b"\xdc\x00\x07" + raw[1:])

    found = difference(folder)

    assert (found.height, found.part) == (5, "block")
    assert found.expected == raw


def test_a_changed_header_is_found(folder):
    surgeon = Surgeon(folder)
    header = surgeon.block(4).header
    changed = msgspec.structs.replace(header.header, results_root=bytes(32))
    surgeon.put_block(4, header=msgspec.structs.replace(header, header=changed))

    found = difference(folder)

    assert (found.height, found.part) == (4, "header")
    assert (found.expected, found.found) == (header.header.results_root, bytes(32))


def test_a_header_over_another_state_is_found_even_when_it_is_signed(folder):
    surgeon = Surgeon(folder)
    header = surgeon.block(4).header.header
    surgeon.put_block(4, header=signed(msgspec.structs.replace(header, state_root=bytes(32)), NODE_KEY))

    found = difference(folder)

    assert (found.height, found.part) == (4, "state root")
    assert (found.expected, found.found) == (header.state_root, bytes(32))


def test_a_header_before_its_time_is_found(folder):
    surgeon = Surgeon(folder)
    header = surgeon.block(4).header.header
    surgeon.put_block(4, header=signed(msgspec.structs.replace(header, time=START), NODE_KEY))

    found = difference(folder)

    assert (found.height, found.part) == (4, "header")
    assert "its time" in found.message


def test_a_header_signed_by_a_key_whose_turn_is_over_is_found(folder):
    surgeon = Surgeon(folder)
    surgeon.put_block(HEIGHT, header=signed(surgeon.block(HEIGHT).header.header, NODE_KEY))

    found = difference(folder)

    assert (found.height, found.part) == (HEIGHT, "header")
    assert "not signed" in found.message


def test_envelopes_in_another_order_are_found(folder):
    surgeon = Surgeon(folder)
    surgeon.put_block(3, envelopes=surgeon.block(3).envelopes[::-1])

    found = difference(folder)

    assert (found.height, found.part) == (3, "header")
    assert "transactions_root" in found.message


def test_envelopes_in_another_order_are_found_even_when_the_node_signs_it(folder):
    surgeon = Surgeon(folder)
    block = surgeon.block(3)
    surgeon.forge_block(3, envelopes=block.envelopes[::-1], results=block.results[::-1])

    found = difference(folder)

    assert (found.height, found.part, found.number, found.id) == (3, "receipt", 0, block.results[1].id)
    assert found.found == block.results[1].receipt


def test_an_envelope_that_is_in_two_blocks_is_found(folder):
    surgeon = Surgeon(folder)
    first, third = surgeon.block(1), surgeon.block(3)
    envelopes, results = [*third.envelopes, first.envelopes[0]], [*third.results, first.results[0]]
    surgeon.forge_block(3, envelopes=envelopes, results=results)

    found = difference(folder)

    assert (found.height, found.part, found.number) == (3, "envelope", 2)
    assert found.id == first.results[0].id
    assert "ENVELOPE_REPLAYED" in found.message


def forge_signature(folder, height):
    """Change a bit of the second envelope's signature in a block that the node signs."""
    return Surgeon(folder).forge_signature(height, 1, NODE_KEY)


def test_a_wrong_signature_is_found_though_all_else_fits(folder):
    forged = forge_signature(folder, 3)

    found = difference(folder)

    assert (found.height, found.part, found.number, found.id) == (3, "signature", 1, forged)


def test_a_wrong_signature_in_the_last_block_is_found(folder):
    forged = Surgeon(folder).forge_signature(HEIGHT, 0, NEXT_NODE_KEY)

    found = difference(folder)

    assert (found.height, found.part, found.number, found.id) == (HEIGHT, "signature", 0, forged)


def test_a_wrong_signature_is_found_by_the_helper_process(folder, monkeypatch):
    forged = forge_signature(folder, 3)
    monkeypatch.setattr(deferred_signatures, "CHECKS_IN_CHUNK", 1)

    found = difference(folder)

    assert (found.height, found.part, found.id) == (3, "signature", forged)


def test_a_sound_ledger_passes_the_helper_process(folder, monkeypatch):
    monkeypatch.setattr(deferred_signatures, "CHECKS_IN_CHUNK", 5)

    assert isinstance(replay(folder, MODULES), Replayed)


def test_a_missing_block_is_found(folder):
    Surgeon(folder).drop_block(6)

    found = difference(folder)

    assert (found.height, found.part) == (6, "block")
    assert "missing" in found.message


def test_a_missing_last_block_is_found(folder):
    Surgeon(folder).drop_block(HEIGHT)

    assert (difference(folder).height, difference(folder).part) == (HEIGHT, "block")


def test_a_block_too_many_is_found(folder):
    surgeon = Surgeon(folder)
    surgeon.put_raw_block(HEIGHT + 1, encode(surgeon.block(HEIGHT)))

    assert (difference(folder).height, difference(folder).part) == (HEIGHT + 1, "header")


def test_a_block_that_cannot_be_read_is_found(folder):
    Surgeon(folder).put_raw_block(6, b"\x95nothing")

    assert (difference(folder).height, difference(folder).part) == (6, "block")


def test_another_genesis_is_found(folder):
    Surgeon(folder).put_meta(b"network", bytes(32))

    found = difference(folder)

    assert (found.height, found.part) == (0, "genesis")


def changed(value):
    """The record with another text."""
    return encode(msgspec.structs.replace(msgspec.msgpack.decode(value, type=Note), text="cumin"))


@pytest.mark.parametrize("with_hash", [False, True])
def test_a_changed_record_is_found(folder, records, with_hash):
    key = one_note(records)
    Surgeon(folder).put_record(key, changed(records[key]), with_hash=with_hash)

    found = difference(folder)

    assert (found.height, found.part, found.table, found.key) == (HEIGHT, "record", "tiny/notes", key[1:])
    assert (found.expected, found.found) == (records[key], changed(records[key]))


def test_a_changed_record_is_found_even_when_the_file_is_in_itself_consistent(folder, records):
    key = one_note(records)
    surgeon = Surgeon(folder)
    surgeon.put_record(key, changed(records[key]), with_hash=True)
    surgeon.note_root(root_of({**records, key: changed(records[key])}), len(records))
    Ledger.open(folder, MODULES).abandon()

    found = difference(folder)

    assert (found.part, found.key) == ("record", key[1:])


def test_a_missing_record_is_found(folder, records):
    key = one_note(records)
    Surgeon(folder).put_record(key, None, with_hash=True)

    found = difference(folder)

    assert (found.part, found.key, found.expected, found.found) == ("record", key[1:], records[key], None)


def test_a_record_too_many_is_found(tmp_path):
    book = write_story(tmp_path / "ledger")
    key = note_key(book, 777)
    book.ledger.tree.update([(key, b"surplus", 0)])
    book.ledger.close()

    found = difference(tmp_path / "ledger")

    assert (found.part, found.key, found.expected, found.found) == ("record", key[1:], None, b"surplus")


def test_changed_hashes_beside_sound_records_are_found(folder):
    surgeon = Surgeon(folder)
    prefix, raw = next(iter(surgeon.buckets().items()))
    surgeon.put_bucket(prefix, raw[:1] + bytes((raw[1] ^ 1,)) + raw[2:])

    assert (difference(folder).part, difference(folder).height) == ("state root", HEIGHT)


def test_a_bucket_that_cannot_be_read_is_found(folder):
    surgeon = Surgeon(folder)
    prefix = next(iter(surgeon.buckets()))
    surgeon.put_bucket(prefix, b"\x01nothing")

    assert (difference(folder).part, difference(folder).height) == ("record", HEIGHT)


def test_the_first_difference_is_told_not_the_worst(folder):
    surgeon = Surgeon(folder)
    surgeon.drop_block(9)
    forged = forge_signature(folder, 6)

    found = difference(folder)

    # The forged block is well signed by the node, so the next header is what it no longer fits; yet the wrong
    # signature stands before it, though its verdict comes later.
    assert (found.height, found.part, found.id) == (6, "signature", forged)


def test_a_damaged_ledger_is_not_opened_but_replayed(folder, records):
    key = one_note(records)
    Surgeon(folder).put_record(key, changed(records[key]), with_hash=True)

    with pytest.raises(DamagedError):
        Ledger.open(folder, MODULES)

    assert difference(folder).key == key[1:]
