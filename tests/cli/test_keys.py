"""Keys on the command line: made, derived, listed, shown; never overwritten, never without a word about protection."""

from __future__ import annotations

import pytest

from sogdia.cli.exits import Exit
from sogdia.client import keys as key_files
from sogdia.client.codes import account_code
from sogdia.client.keys import derive

ACCOUNT = bytes(range(20))


@pytest.fixture
def ring(tmp_path):
    return tmp_path / "keys"


def test_a_new_key_opens_with_its_passphrase_and_no_other(sogdia, ring, monkeypatch):
    monkeypatch.setenv("SOGDIA_PASSPHRASE", "silk and paper")

    said = sogdia("keys", "new", "bukhara", "--label", "the shop", "--keys", ring, "--json")

    stored = key_files.load(ring / "bukhara.key", "silk and paper")
    assert said.status == Exit.DONE
    assert said.document["public"] == stored.keypair.public.hex()
    assert said.document["protected"] is True
    assert said.document["label"] == "the shop"
    with pytest.raises(key_files.WrongPassphrase):
        key_files.load(ring / "bukhara.key", "")


def test_without_a_passphrase_a_key_is_made_only_when_that_is_said(sogdia, ring):
    silent = sogdia("keys", "new", "bukhara", "--keys", ring)
    said = sogdia("keys", "new", "bukhara", "--unprotected", "--keys", ring)

    assert silent.status == Exit.USAGE
    assert "SOGDIA_PASSPHRASE" in silent.err
    assert said.status == Exit.DONE
    assert "no passphrase" in said.out


def test_a_key_is_never_overwritten(sogdia, ring):
    sogdia("keys", "new", "bukhara", "--unprotected", "--keys", ring)
    before = (ring / "bukhara.key").read_bytes()

    said = sogdia("keys", "new", "bukhara", "--unprotected", "--keys", ring)

    assert said.status == Exit.USAGE
    assert (ring / "bukhara.key").read_bytes() == before


@pytest.mark.parametrize("name", ["", "../escape", "a/b", "-x", ".hidden", "x" * 41, "ключ", "a b"])
def test_a_name_that_is_no_file_name_is_refused(sogdia, ring, name):
    said = sogdia("keys", "new", "--unprotected", "--keys", ring, "--", name)

    assert said.status == Exit.USAGE
    assert not ring.exists() or list(ring.iterdir()) == []


def test_the_same_seed_and_path_give_the_same_key(sogdia, ring):
    said = sogdia(
        "keys", "derive", "buyer", "buyer", "17850", "--seed", "a seed", "--unprotected", "--keys", ring, "--json"
    )

    assert said.document["public"] == derive(b"a seed", "buyer", "17850").public.hex()


def test_a_seed_may_come_from_a_file(sogdia, ring, tmp_path):
    (tmp_path / "seed").write_bytes(b"\x00\xff")

    said = sogdia("keys", "derive", "k", "--seed-file", tmp_path / "seed", "--unprotected", "--keys", ring, "--json")

    assert said.document["public"] == derive(b"\x00\xff").public.hex()


@pytest.mark.parametrize("seed", [(), ("--seed", ""), ("--seed", "a", "--seed-file", "b")])
def test_a_key_is_derived_from_exactly_one_seed(sogdia, ring, seed):
    said = sogdia("keys", "derive", "k", *seed, "--unprotected", "--keys", ring)

    assert said.status == Exit.USAGE


def test_a_label_that_could_deceive_is_refused(sogdia, ring):
    said = sogdia("keys", "new", "k", "--label", "a\u202eb", "--unprotected", "--keys", ring)

    assert said.status == Exit.USAGE
    assert "--label" in said.err


def test_all_keys_are_listed_with_their_accounts(sogdia, ring):
    sogdia("keys", "new", "nairobi", "--unprotected", "--keys", ring)
    sogdia("keys", "new", "bukhara", "--unprotected", "--keys", ring)

    sogdia("keys", "assign", "nairobi", account_code(ACCOUNT), "--keys", ring)
    said = sogdia("keys", "list", "--keys", ring, "--json")

    assert [key["name"] for key in said.document["keys"]] == ["bukhara", "nairobi"]
    assert said.document["keys"][0]["account"] is None
    assert said.document["keys"][1]["account"] == {"code": account_code(ACCOUNT), "hex": ACCOUNT.hex()}
    assert account_code(ACCOUNT) in sogdia("keys", "list", "--keys", ring).out


def test_a_noted_account_wins_over_the_one_that_the_file_was_made_with(sogdia, ring):
    ring.mkdir()
    key_files.save(ring / "k.key", key_files.generate(), "", account=bytes(20), unprotected=True)

    before = sogdia("keys", "show", "k", "--keys", ring, "--json").document["account"]["hex"]
    sogdia("keys", "assign", "k", account_code(ACCOUNT), "--keys", ring)
    after = sogdia("keys", "show", "k", "--keys", ring, "--json").document["account"]["hex"]

    assert before == bytes(20).hex()
    assert after == ACCOUNT.hex()


def test_no_keys_are_no_error(sogdia, ring):
    said = sogdia("keys", "list", "--keys", ring)

    assert said.status == Exit.DONE
    assert "No keys" in said.out


def test_a_key_that_is_not_there_is_said_to_be_missing_with_those_that_are(sogdia, ring):
    sogdia("keys", "new", "bukhara", "--unprotected", "--keys", ring)

    said = sogdia("keys", "show", "bukara", "--keys", ring)

    assert said.status == Exit.NOT_FOUND
    assert "Keys there: bukhara." in said.err


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 9000, b'{"sogdia_key_file": 2}', b"{}"])
def test_a_damaged_key_file_is_named_and_nothing_crashes(sogdia, ring, content):
    ring.mkdir()
    (ring / "k.key").write_bytes(content)

    said = sogdia("keys", "show", "k", "--keys", ring)

    assert said.status == Exit.USAGE
    assert "k.key" in said.err


def test_an_account_note_that_is_damaged_is_named(sogdia, ring):
    sogdia("keys", "new", "k", "--unprotected", "--keys", ring)
    (ring / "k.account").write_bytes(b"acct-\xff")

    said = sogdia("keys", "show", "k", "--keys", ring)

    assert said.status == Exit.USAGE
    assert "sogdia keys assign" in said.err


def test_the_folder_of_keys_may_be_said_by_the_environment(sogdia, ring, monkeypatch):
    monkeypatch.setenv("SOGDIA_KEYS", str(ring))

    sogdia("keys", "new", "k", "--unprotected")

    assert (ring / "k.key").is_file()


def test_the_folder_of_keys_is_at_home_by_default(sogdia, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))

    sogdia("keys", "new", "k", "--unprotected")

    assert (tmp_path / ".sogdia" / "keys" / "k.key").is_file()
    assert (tmp_path / ".sogdia" / "keys").stat().st_mode & 0o077 == 0
