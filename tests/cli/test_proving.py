"""Proofs on the command line: made by a running node, checked without it."""

from __future__ import annotations

import pytest

from sogdia.cli.exits import Exit
from tests.cli.conftest import place


@pytest.fixture
def settled(sogdia, shop):
    """Give an order that is settled, and the id of its last step."""
    if sogdia(*shop.words("query", "order", "nairobi/proof")).status == Exit.NOT_FOUND:
        sogdia(*place(shop, "proof"))
        sogdia(*shop.words("tx", "decline-order", "--from", "bukhara", "--order", "nairobi/proof"))
    steps = sogdia(*shop.words("query", "steps", "nairobi/proof", "--json")).document["steps"]
    return steps[-1]["id"]


@pytest.mark.parametrize(
    ("what", "proven"),
    [
        (("record", "money/balances", "nairobi", "USD@bank"), "ProvenRecord"),
        (("record", "market/variants", "bukhara/tea", "0"), "ProvenRecord"),
        (("record", "market/orders", "nairobi/never"), "ProvenRecord"),
        (("record", "1"), "ProvenRecord"),
        (("order", "nairobi/proof"), "ProvenHistory"),
        (("order", "nairobi/proof", "--face"), "ProvenFace"),
        (("record", "market/closed-orders", "nairobi/proof", "--face"), "ProvenFace"),
        (("record", "market/orders", "nairobi/never", "--face"), "ProvenRecord"),
        (("tx", None), "ProvenReceipt"),
    ],
)
def test_what_is_proved_is_checked_offline(sogdia, shop, settled, tmp_path, what, proven):  # noqa: PLR0913 - fixtures
    words = [settled if word is None else word for word in what]
    file = tmp_path / "proof"

    made = sogdia(*shop.words("prove", *words, "--out", str(file), "--json"))
    checked = sogdia("verify", file, "--genesis", shop.folder / "genesis.json", "--json")
    in_words = sogdia("verify", file, "--genesis", shop.folder / "genesis.json")

    assert made.status == checked.status == Exit.DONE, made
    assert checked.document["valid"] is True
    assert checked.document["proven"] == proven
    assert "The proof is right." in in_words.out
    assert sogdia(*shop.words("prove", *words, "--out", str(file))).status == Exit.USAGE


def test_a_proof_for_strangers_says_the_state_of_an_order_and_not_who_trades(sogdia, shop, settled, tmp_path):  # noqa: ARG001
    file = tmp_path / "proof"
    sogdia(*shop.words("prove", "order", "nairobi/proof", "--face", "--out", str(file)))

    said = sogdia("verify", file, "--genesis", shop.folder / "genesis.json", "--json").document
    in_words = sogdia("verify", file, "--genesis", shop.folder / "genesis.json").out

    assert set(said["read"]["face"]) == {"outcome", "closed_at", "history"}
    assert "Such a record stands in the ledger" in in_words
    assert "what anybody may see of it" in in_words
    whole = tmp_path / "whole"
    sogdia(*shop.words("prove", "order", "nairobi/proof", "--out", str(whole)))
    record = sogdia("verify", whole, "--genesis", shop.folder / "genesis.json", "--json").document["read"]["record"]
    merchant = bytes.fromhex(record["merchant"]["hex"])
    assert merchant in whole.read_bytes()
    assert merchant not in file.read_bytes()


def test_a_proof_is_checked_against_one_trusted_key(sogdia, shop, tmp_path):
    file = tmp_path / "proof"
    sogdia(*shop.words("prove", "record", "1", "--out", str(file)))
    key = sogdia("keys", "show", str(shop.folder / "keys" / "node.key"), "--json").document["public"]
    network = sogdia("query", "header", "1", "--node", shop.folder, "--json").document["network"]

    right = sogdia("verify", file, "--trust", key, "--network", network)
    other_key = sogdia("verify", file, "--trust", "00" * 32, "--network", network)
    other_network = sogdia("verify", file, "--trust", key, "--network", "00" * 32)

    assert right.status == Exit.DONE
    assert other_key.status == other_network.status == Exit.DAMAGED


def test_a_proof_with_one_bit_changed_proves_nothing(sogdia, shop, tmp_path):
    file = tmp_path / "proof"
    sogdia(*shop.words("prove", "record", "1", "--out", str(file)))
    raw = bytearray(file.read_bytes())
    raw[len(raw) // 2] ^= 1
    file.write_bytes(raw)

    said = sogdia("verify", file, "--genesis", shop.folder / "genesis.json", "--json")

    assert said.status == Exit.DAMAGED
    assert said.document["error"]["fault"]


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ((), Exit.USAGE),
        (("--trust", "00" * 32), Exit.USAGE),
        (("--trust", "/nowhere"), Exit.NOT_FOUND),
        (("--genesis", "/nowhere"), Exit.NOT_FOUND),
        (("--genesis", "proof"), Exit.USAGE),
    ],
)
def test_whom_to_trust_has_to_be_said(sogdia, tmp_path, monkeypatch, words, status):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "proof").write_bytes(b"\x00")

    assert sogdia("verify", "proof", *words).status == status


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("record", "money/nothing", "x"), Exit.NOT_FOUND),
        (("record", "money/balances", "nairobi"), Exit.USAGE),
        (("record", "market/variants", "bukhara/tea", "70000"), Exit.USAGE),
        (("record", "market/orders", "nairobi/x", "--height", "1"), Exit.USAGE),
        (("record", "money/balances", "nairobi", "USD@bank", "--face"), Exit.USAGE),
        (("order", "nairobi/never"), Exit.NOT_FOUND),
        (("tx", "00" * 32), Exit.NOT_FOUND),
    ],
)
def test_what_cannot_be_proved_is_explained(sogdia, shop, tmp_path, words, status):
    said = sogdia(*shop.words("prove", *words, "--out", str(tmp_path / "proof")))

    assert said.status == status
    assert not (tmp_path / "proof").exists()


def test_a_kept_state_is_proved_later(sogdia, shop, tmp_path):
    kept = sogdia("node", "checkpoint", shop.folder, "--json").document["height"]
    sogdia(*place(shop, "since"))

    said = sogdia(
        *shop.words("prove", "record", "market/orders", "nairobi/since", "--height", str(kept)),
        "--out", tmp_path / "proof", "--json",
    )  # fmt: skip

    assert said.status == Exit.DONE, said
    assert said.document["read"]["record"] is None


def test_a_proof_of_the_embedded_engine_begins_with_any_trusted_key_and_with_no_header(sogdia, shop, settled, tmp_path):  # noqa: ARG001
    file = tmp_path / "proof"

    said = sogdia(*shop.words("prove", "order", "nairobi/proof", "--from-header", "3", "--out", str(file)))

    assert said.status == Exit.USAGE
    assert "No proof begins with the header of height 3: the embedded engine made it" in said.err
    assert not file.exists()
