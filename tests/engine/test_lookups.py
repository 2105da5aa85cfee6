"""Finding results and lives in the past, and proving the present."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sogdia.client.keys import KeyPair
from sogdia.client.proofs import check, own_anchor, trusted_by_genesis
from sogdia.engine.ledger import lookups as lookups_module
from sogdia.engine.ledger import writing
from sogdia.engine.ledger.lookups import Lookups
from sogdia.engine.storage.ledger_file import DamagedError
from sogdia.engine.storage.place_index import IDS, PlaceIndex, search
from sogdia.kernel.proof import ProvenHistory, ProvenReceipt, ProvenRecord
from tests.engine.running_node import new_ledger, opened, reopened, wallet_of
from tests.engine.tiny_module import NODE_KEY, NOTES, START, ChangeNodeKey, ChangeNote, tiny_genesis

if TYPE_CHECKING:
    from sogdia.kernel.machine import Result
    from sogdia.kernel.proof import ReceiptProof


@pytest.fixture
def ledger(tmp_path):
    made = new_ledger(tmp_path / "ledger")
    yield made
    made.close()


def test_an_index_finds_what_was_entered_before_and_after_it_became_a_run():
    index = PlaceIndex()
    hashes = [bytes([number]) * 32 for number in range(100)]
    index.add(7, hashes[:60])
    run = index.make_run()
    index.add(8, hashes[60:])

    assert [list(index.pending(each)) for each in (hashes[3], hashes[63])] == [[(7, 3)], [(8, 3)]]
    assert list(search(memoryview(run.entries), hashes[59])) == [(7, 59)]
    index.run_stored()
    assert list(index.pending(hashes[3])) == []
    assert list(search(memoryview(run.entries), b"\xff" * 32)) == []


def test_an_index_gives_every_place_of_hashes_that_begin_alike():
    index = PlaceIndex()
    first, second = b"12345678" + b"a" * 24, b"12345678" + b"b" * 24

    index.add(3, [first])
    index.add(5, [second, first])

    assert list(index.pending(first)) == [(3, 0), (5, 0), (5, 1)]
    run = index.make_run()
    assert list(index.pending(first)) == [(3, 0), (5, 0), (5, 1)]
    assert list(search(memoryview(run.entries), second)) == [(3, 0), (5, 0), (5, 1)]


def test_every_result_is_found_in_memory_in_stored_runs_and_after_a_restart(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "RUN_BLOCKS", 3)
    ledger = new_ledger(tmp_path / "runs")
    wallet = wallet_of(ledger)
    wanted = {}
    for number in range(10):
        block = ledger.build_block(START, opened(ledger, wallet.note(number), wallet.note(100 + number))).block
        assert block is not None
        wanted.update({result.id: (block.height, place) for place, result in enumerate(block.results)})
    assert ledger.file.indexed_height(IDS) == 9

    found = {each: Lookups(ledger).find(each) for each in wanted}
    ledger.abandon()
    again = reopened(tmp_path / "runs")
    found_again = {each: Lookups(again).find(each) for each in wanted}

    for results in (found, found_again):
        assert {each: (place.height, place.number) for each, place in results.items() if place} == wanted
    assert Lookups(again).find(b"\x00" * 32) is None
    again.close()


def test_a_damaged_run_is_noticed_and_never_taken_for_an_absence(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "RUN_BLOCKS", 1)
    ledger = new_ledger(tmp_path / "runs")
    block = ledger.build_block(START, opened(ledger, wallet_of(ledger).note(1))).block
    assert block is not None
    file = ledger.file
    with file._env.begin(write=True) as transaction:
        key = (1).to_bytes(8, "big")
        raw = bytearray(transaction.get(key, b"", db=file._runs[IDS]._database))
        raw[-12] ^= 1
        transaction.put(key, bytes(raw), db=file._runs[IDS]._database)

    with pytest.raises(DamagedError, match="index of ids"):
        Lookups(ledger).find(block.results[0].id)
    ledger.abandon()


def test_a_damaged_block_is_noticed_when_it_is_read(ledger):
    ledger.build_block(START, opened(ledger, wallet_of(ledger).note(1)))
    ledger.commit(flush=True)
    file = ledger.file
    with file._env.begin(write=True) as transaction:
        key = (1).to_bytes(8, "big") + bytes(4)
        raw = bytearray(transaction.get(key, b"", db=file._blocks))
        raw[-1] ^= 1
        transaction.put(key, bytes(raw), db=file._blocks)
    file.refresh()

    with pytest.raises(DamagedError, match="block 1 is damaged"):
        Lookups(ledger).block(1)


def test_a_record_and_an_absence_are_proved_by_the_next_header(ledger):
    wallet = wallet_of(ledger)
    lookups = Lookups(ledger)
    ledger.build_block(START, opened(ledger, wallet.note(1)))
    there = lookups.open_state_proof(NOTES.full_key(wallet.name(1)))
    absent = lookups.open_state_proof(NOTES.full_key(wallet.name(2)))

    ledger.build_block(START + 1, empty=True)
    trusted = trusted_by_genesis(ledger.genesis)
    proven = check(lookups.state_proof(there), trusted)
    proven_absent = check(lookups.state_proof(absent), trusted)

    assert isinstance(proven, ProvenRecord)
    assert proven.value == ledger.tree.read(NOTES.full_key(wallet.name(1)))
    assert (proven.height, proven.time) == (1, START + 1)
    assert isinstance(proven_absent, ProvenRecord)
    assert proven_absent.value is None


def proved(lookups, opened_proof):
    """Finish a proof, and check it as a stranger would."""
    proven = check(lookups.state_proof(opened_proof), trusted_by_genesis(tiny_genesis()))
    assert isinstance(proven, ProvenRecord)
    return proven


def test_what_the_blocks_since_the_last_durable_header_have_not_changed_is_proved_by_that_header(ledger):
    wallet = wallet_of(ledger)
    lookups = Lookups(ledger)
    ledger.build_block(START, opened(ledger, wallet.note(1), wallet.note(2)))
    ledger.build_block(START + 1, opened(ledger, wallet.note(3)))
    for number in range(4, 7):
        ledger.execute(START + number, opened(ledger, wallet.note(number)))
    ledger.execute(START + 7, opened(ledger, wallet.sign(ChangeNote(reference="n2", text="other"))))

    kept, absent = NOTES.full_key(wallet.name(1)), NOTES.full_key(wallet.name(9))
    proven = [proved(lookups, lookups.open_state_proof(key)) for key in (kept, absent)]
    changed = [lookups.open_state_proof(NOTES.full_key(wallet.name(number))) for number in (2, 3, 6)]
    ledger.build_block(START + 8, empty=True)
    proven_later = [proved(lookups, each) for each in changed]

    assert [(each.height, each.value) for each in proven] == [(1, ledger.tree.read(kept)), (1, None)]
    keys = [NOTES.full_key(wallet.name(number)) for number in (2, 3, 6)]
    assert [(each.height, each.value) for each in proven_later] == [(6, ledger.tree.read(key)) for key in keys]


def test_a_life_ends_at_the_header_that_proves_it_at_once(ledger):
    wallet = wallet_of(ledger)
    lookups = Lookups(ledger)
    ledger.build_block(START, opened(ledger, wallet.note(1)))
    ledger.build_block(START + 1, opened(ledger, wallet.note(2)))
    opened_proof = lookups.open_state_proof(NOTES.full_key(wallet.name(1)))

    proven = check(lookups.history_proof(opened_proof), trusted_by_genesis(ledger.genesis))

    assert isinstance(proven, ProvenHistory)
    assert [(step.height, proven.record.height) for step in proven.steps] == [(1, 1)]


def test_the_present_is_proved_at_once_when_the_last_block_changed_nothing(ledger):
    ledger.build_block(START, opened(ledger, wallet_of(ledger).note(1)))
    ledger.build_block(START + 1, empty=True)
    lookups = Lookups(ledger)

    opened_proof = lookups.open_state_proof(NOTES.full_key(b"nobody"))

    assert opened_proof.height == 1
    check(lookups.state_proof(opened_proof), trusted_by_genesis(ledger.genesis))


def test_a_receipt_is_proved_with_its_envelope_and_time(ledger):
    raw = wallet_of(ledger).note(1)
    block = ledger.build_block(START + 4, opened(ledger, raw)).block
    ledger.build_block(START + 5, empty=True)
    lookups = Lookups(ledger)
    found = lookups.find(block.results[0].id)
    assert found is not None

    proven = check(lookups.receipt_proof(found), trusted_by_genesis(ledger.genesis))

    assert isinstance(proven, ProvenReceipt)
    assert (proven.receipt, proven.envelope, proven.time, proven.included) == (
        block.results[0].receipt,
        raw,
        START + 4,
        True,
    )


def test_a_block_is_hashed_once_for_all_proofs_of_its_receipts(ledger, monkeypatch):
    wallet = wallet_of(ledger)
    block = ledger.build_block(START, opened(ledger, *(wallet.note(number) for number in range(5)))).block
    ledger.build_block(START, empty=True)
    lookups = Lookups(ledger)

    def proof_of(result: Result) -> ReceiptProof:
        found = lookups.find(result.id)
        assert found is not None
        return lookups.receipt_proof(found)

    first = proof_of(block.results[0])
    monkeypatch.setattr(lookups_module, "block_trees", None)

    proofs = [proof_of(result) for result in block.results]

    assert proofs[0] == first
    for proof, result in zip(proofs, block.results, strict=True):
        proven = check(proof, trusted_by_genesis(ledger.genesis))
        assert isinstance(proven, ProvenReceipt)
        assert (proven.receipt, proven.included) == (result.receipt, True)


def test_an_exit_is_proved_like_an_envelope(ledger):
    ledger.build_block(START, opened(ledger, wallet_of(ledger).note(1, deadline=START + 1)))
    block = ledger.build_block(START + 2).block
    ledger.build_block(START + 2, empty=True)
    lookups = Lookups(ledger)

    found = lookups.find(block.exits[0].id)
    assert found is not None

    proven = check(lookups.receipt_proof(found), trusted_by_genesis(ledger.genesis))

    assert isinstance(proven, ProvenReceipt)
    assert proven.receipt == block.exits[0].receipt


def test_a_whole_life_is_proved_across_blocks_and_runs(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "RUN_BLOCKS", 2)
    ledger = new_ledger(tmp_path / "lives")
    wallet = wallet_of(ledger)
    ledger.build_block(START, opened(ledger, wallet.note(1), wallet.note(2)))
    for number in range(5):
        change = wallet.sign(ChangeNote(reference="n1", text=f"text {number}"))
        ledger.build_block(START + number, opened(ledger, change))
    lookups = Lookups(ledger)
    proof = lookups.open_state_proof(NOTES.full_key(wallet.name(1)))
    ledger.build_block(START + 9, empty=True)

    proven = check(lookups.history_proof(proof), trusted_by_genesis(ledger.genesis))

    assert isinstance(proven, ProvenHistory)
    assert [step.height for step in proven.steps] == [1, 2, 3, 4, 5, 6]
    ledger.close()


def test_proofs_after_a_change_of_the_node_key_show_how_it_was_handed_over(ledger):
    wallet = wallet_of(ledger)
    other = KeyPair(b"o" * 32)
    ledger.hold_keys([other])
    ledger.build_block(START, opened(ledger, wallet.sign(ChangeNodeKey(public=other.public))))
    for _ in range(3):
        ledger.build_block(START, empty=True)
    lookups = Lookups(ledger)

    proof = lookups.state_proof(lookups.open_state_proof(NOTES.full_key(wallet.name(1))))

    assert len(own_anchor(proof).handovers) == 1
    check(proof, trusted_by_genesis(tiny_genesis()))
    assert NODE_KEY.public != other.public


def test_a_name_that_was_used_before_has_the_steps_of_its_last_life_alone(ledger):
    wallet = wallet_of(ledger)
    change = wallet.sign(ChangeNote(reference="n1", text="of the first life"))
    ledger.build_block(START, opened(ledger, wallet.note(1, deadline=START + 2), change))
    ledger.build_block(START + 3)
    lookups = Lookups(ledger)
    first_life = [step.height for step in lookups.life(NOTES.full_key(wallet.name(1)))]
    ledger.build_block(START + 4, opened(ledger, wallet.note(1)))
    ledger.build_block(START + 5, opened(ledger, wallet.sign(ChangeNote(reference="n1", text="of the second"))))
    proof = lookups.open_state_proof(NOTES.full_key(wallet.name(1)))
    ledger.build_block(START + 6, empty=True)

    proven = check(lookups.history_proof(proof), trusted_by_genesis(ledger.genesis))

    assert isinstance(proven, ProvenHistory)
    assert (first_life, [step.height for step in proven.steps]) == ([1, 1], [3, 4])
