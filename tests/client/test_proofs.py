"""What a holder of proofs does with them: choose whom to trust, keep files, read what they say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec import structs

from sogdia.client.codes import account_code
from sogdia.client.proof_text import describe, proof_to_json, proven_to_json
from sogdia.client.proofs import (
    TRUST_BYTES_MAX,
    TrustFileWrong,
    check,
    follow,
    load_proof,
    own_anchor,
    proof_bytes,
    save_proof,
    trust_header,
    trusted_by_genesis,
    trusted_by_key,
    trusted_from_json,
    trusted_to_json,
)
from sogdia.kernel.kernel_tables import KERNEL_TABLES
from sogdia.kernel.proof import ProofFault, ProofWrong, ProvenReceipt, ProvenRecord
from sogdia.modules import ALL
from sogdia.testing.ledger import keys_of
from tools.vector_story import Story


@pytest.fixture(scope="module")
def story():
    return Story()


@pytest.fixture(scope="module")
def trusted(story):
    return trusted_by_genesis(story.ledger.genesis)


def test_a_proof_file_says_the_same_when_it_is_read_back(story, trusted, tmp_path):
    proof = story.states["a balance"]
    path = tmp_path / "balance.proof"

    save_proof(path, proof)

    assert path.read_bytes() == proof_bytes(proof)
    assert check(load_proof(path), trusted) == check(proof_bytes(proof), trusted)


def test_a_file_that_is_no_proof_says_so(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0")

    with pytest.raises(ProofWrong, match="not the canonical form of a proof") as wrong:
        load_proof(path)

    assert wrong.value.fault is ProofFault.FORM


def test_trust_in_a_key_is_trust_in_the_genesis_that_names_it(story, trusted):
    assert trusted_by_key(story.ledger.network, keys_of("node").public) == trusted


def test_a_trust_file_says_the_same_when_it_is_read_back(story, trusted):
    moved = follow(trusted, own_anchor(story.states["a balance after the node's key changed twice"]).handovers)

    assert trusted_from_json(trusted_to_json(trusted)) == trusted
    assert trusted_from_json(trusted_to_json(moved).encode()) == moved
    assert moved.since > trusted.since == 1


@pytest.mark.parametrize(
    "change",
    [
        {"network": "00"},
        {"network": None},
        {"validators": []},
        {"validators": [["zz" * 32, 1]]},
        {"validators": [["00" * 32, 0]]},
        {"since": 0},
        {"since": 2**48 + 1},
        {"more": 1},
    ],
)
def test_a_wrong_trust_file_says_so(trusted, change):
    text = json.dumps({**json.loads(trusted_to_json(trusted)), **change})

    with pytest.raises(TrustFileWrong, match="no file of trusted keys"):
        trusted_from_json(text)


def test_a_trust_file_has_a_longest_length(trusted):
    text = trusted_to_json(trusted)

    assert trusted_from_json(text.ljust(TRUST_BYTES_MAX)) == trusted
    with pytest.raises(TrustFileWrong, match=str(TRUST_BYTES_MAX)):
        trusted_from_json(text.ljust(TRUST_BYTES_MAX + 1))


def test_every_validator_must_sign(story, trusted):
    signed = own_anchor(story.states["a balance"]).header
    two = structs.replace(trusted, validators=(*trusted.validators, structs.replace(trusted.validators[0], power=2)))

    assert trust_header(signed, trusted) == signed.header
    with pytest.raises(ProofWrong) as wrong:
        trust_header(signed, two)
    assert wrong.value.fault is ProofFault.VALIDATORS


def test_a_balance_is_told_in_words(story, trusted):
    lines = describe(check(story.states["a balance"], trusted))

    assert lines[0] == "This record stands in the ledger after height 2, and still at 2023-11-14 22:13:20 UTC:"
    assert lines[1].startswith(
        f"  money/balances, account {account_code(story.ledger.account('nairobi'))}, currency USD"
    )
    assert lines[2] == "  available 77500, held 0, frozen no, authorised no"


def test_an_absence_is_told_in_words(story, trusted):
    lines = describe(check(story.states["a balance that is not there"], trusted))

    assert lines[0] == "There is no record after height 2, and still at 2023-11-14 22:13:20 UTC:"
    assert account_code(story.ledger.account("lanzhou")) in lines[1]


def test_a_refusal_is_told_with_its_rule_and_values(story, trusted):
    lines = describe(check(story.receipts["a payment that was refused"], trusted))

    assert "refused by operation 0: 310 FUNDS_INSUFFICIENT" in lines[1]
    assert "(asked 1000000000)" in lines[1]


def test_a_life_is_told_step_by_step(story, trusted):
    lines = describe(check(story.histories["an order that was settled"], trusted))

    steps = lines[lines.index("Its life so far:") + 1 :]
    assert [step.split(",")[0] for step in steps] == [f"  height {height}" for height in (4, 5, 6, 8, 9)]


def test_what_this_version_does_not_know_is_shown_as_bytes():
    record = ProvenRecord(bytes(32), 250, b"key", b"\x92\x02\x05", 7, 8, bytes(32))
    later = record._replace(table=31, key=bytes(43))
    receipt = ProvenReceipt(bytes(32), bytes(32), b"\x90", 7, None, 8, bytes(32), None, included=False)

    assert describe(record)[1:3] == [f"  table 250, key {b'key'.hex()}", "  920205"]
    assert describe(later)[2] == "  (in a shape that this version does not know) 920205"
    assert describe(receipt)[1] == "  (in a shape that this version does not know) 90"


def test_a_proof_can_be_looked_at_as_json(story, trusted):
    proof = story.histories["a hold"]

    shown: dict[str, Any] = json.loads(proof_to_json(proof))
    proven: dict[str, Any] = json.loads(proven_to_json(check(proof, trusted)))

    assert shown["proof"] == "HistoryProof"
    assert shown["state"]["anchor"]["header"]["header"]["network"] == story.ledger.network.hex()
    assert proven["record"]["value"] == shown["state"]["stored"][34:]
    assert proven["steps"] == shown["steps"]


def test_every_record_with_a_life_ends_with_its_history():
    tables = (*KERNEL_TABLES, *(table for module in ALL for table in module.tables))
    decoders: list[Any] = [table.codec._decode for table in tables if table.life]
    shapes = [decoder.__self__.type for decoder in decoders]

    assert {"Order", "ClosedOrder", "Hold"} <= {shape.__name__ for shape in shapes}
    assert {shape.__struct_fields__[-1] for shape in shapes} == {"history"}
