"""Commitments: one field can be shown, the others not guessed, and nothing else passes for what was attested."""

from __future__ import annotations

import hmac
from hashlib import sha256

import msgspec
import pytest
from msgspec import structs

from sogdia.client.credentials.attested import (
    new_attested,
    new_tag_key,
    read_attested,
    read_tag_key,
    write_attested,
)
from sogdia.client.credentials.commitments import (
    Disclosure,
    check_disclosure,
    commitment,
    disclose,
    field_key,
    leaf,
    read_disclosure,
)
from sogdia.client.credentials.faults import CannotBeUsed, CheckFailed
from sogdia.kernel import merkle

SECRET = bytes(range(32))
FIELDS = {"lei": "529900T8BM49AURSDO55", "name": "Бухарский шёлк", "founded": "1991", "vat": "no", "city": "Bukhara"}
NETWORK, ATTESTATION = bytes(32), bytes(20) + b"lei-1"


def shown(name: str = "lei", **changes: object) -> Disclosure:
    """A disclosure of a field, with changes."""
    return structs.replace(disclose(SECRET, FIELDS, name, network=NETWORK, attestation=ATTESTATION), **changes)


@pytest.mark.parametrize("name", FIELDS)
def test_each_field_can_be_shown_alone(name):
    made = shown(name)

    check_disclosure(made, commitment(SECRET, FIELDS))

    others = [value for other, value in FIELDS.items() if other != name]
    raw = msgspec.json.encode(made).decode()
    assert not any(value in raw for value in others if len(value) > 2)
    assert read_disclosure(raw.encode()) == made


def test_the_commitment_is_the_tree_that_the_decision_describes():
    leaves = []
    for name in sorted(FIELDS):
        extracted = hmac.digest(b"sogdia/attestation/1", SECRET, "sha256")
        key = hmac.digest(extracted, name.encode() + b"\x01", "sha256")
        leaves.append(hmac.digest(key, name.encode() + b"\x00" + FIELDS[name].encode(), "sha256"))

    assert commitment(SECRET, FIELDS) == merkle.root(leaves)


def test_a_known_commitment_never_changes():
    assert commitment(SECRET, FIELDS).hex() == KNOWN


KNOWN = "610004a1d1c89cefd23ae9b4808aea97e562e63ed27adc9216985a42b287fbd5"


@pytest.mark.parametrize(
    "change",
    [
        {"value": "529900T8BM49AURSDO56"},
        {"field": "name"},
        {"key": bytes(32).hex()},
        {"index": 1},
        {"size": 4},
        {"path": ()},
        {"path": (bytes(32).hex(),) * 3},
    ],
    ids=str,
)
def test_a_disclosure_that_was_changed_is_refused(change):
    with pytest.raises(CheckFailed, match="not what was attested"):
        check_disclosure(shown(**change), commitment(SECRET, FIELDS))


def test_a_disclosure_does_not_fit_another_attestation():
    with pytest.raises(CheckFailed):
        check_disclosure(shown(), commitment(bytes(32), FIELDS))


def test_a_value_of_one_bit_cannot_be_guessed_from_what_is_public():
    """Whoever sees ledger and disclosures of other fields tries yes and no; neither fits without the field's key."""
    vat = shown("vat")
    seen = shown("lei")
    hidden = leaf(bytes.fromhex(vat.key), "vat", "no")
    assert merkle.leaf_hash(hidden).hex() in {step for name in FIELDS for step in shown(name).path}

    tries = [seen.key, bytes(32).hex(), commitment(SECRET, FIELDS).hex(), *seen.path]
    tries += [sha256(b"vat").hexdigest(), sha256(bytes.fromhex(seen.key)).hexdigest()]
    for key in tries:
        for guess in ("yes", "no", ""):
            assert leaf(bytes.fromhex(key), "vat", guess) != hidden
    for guess in ("yes", "no"):
        assert sha256(guess.encode()).digest() != hidden
        assert sha256(b"vat\x00" + guess.encode()).digest() != hidden


def test_every_field_has_a_key_of_its_own():
    keys = {field_key(SECRET, name) for name in FIELDS}

    assert len(keys) == len(FIELDS)
    assert SECRET not in keys


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {f"f{number}": "x" for number in range(33)},
        {"": "x"},
        {"Lei": "x"},
        {"9lei": "x"},
        {"le\x00i": "x"},
        {"a" * 41: "x"},
        {"lei": ""},
        {"lei": "x" * 501},
        {"lei": "two\nlines"},
        {"lei": "\u202eabc"},
    ],
    ids=lambda fields: str(fields)[:40],
)
def test_fields_that_cannot_be_committed_to_are_refused(fields):
    with pytest.raises(CannotBeUsed):
        commitment(SECRET, fields)


def test_the_most_fields_and_the_longest_values_are_taken():
    fields = {f"f{number:02}": "x" * 500 for number in range(32)}

    for name in fields:
        check_disclosure(
            disclose(SECRET, fields, name, network=NETWORK, attestation=ATTESTATION), commitment(SECRET, fields)
        )


def test_a_secret_has_32_bytes():
    for size in (0, 31, 33):
        with pytest.raises(CannotBeUsed, match="instead of 32"):
            commitment(bytes(size), FIELDS)


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b"\xff", b'{"sogdia_disclosure": 2}', b"[" * 100_000])
def test_bytes_that_are_no_disclosure_are_refused(raw):
    with pytest.raises(CheckFailed, match="no disclosure"):
        read_disclosure(raw)


# ---------------------------------------------------------------------------------------------------------- the files


def test_what_was_seen_comes_back_from_its_file_which_nobody_else_can_read(tmp_path):
    made = new_attested("lei", "uz", FIELDS)

    write_attested(tmp_path / "seen", made)

    assert read_attested((tmp_path / "seen").read_bytes()) == made
    assert (tmp_path / "seen").stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        write_attested(tmp_path / "seen", made)


def test_two_files_about_the_same_have_two_commitments_and_one_tag(tmp_path):
    new_tag_key(tmp_path / "tag.key")
    new_tag_key(tmp_path / "other.key")
    key, other = read_tag_key(tmp_path / "tag.key"), read_tag_key(tmp_path / "other.key")
    one = new_attested("lei", "UZ", FIELDS)
    two = new_attested("lei", "UZ", {"lei": "5299 00t8 bm49 aurs do55"})

    assert one.commitment() != two.commitment()
    assert one.tag(key) == two.tag(key)
    assert one.tag(key) != one.tag(other)
    assert one.tag(key) != new_attested("lei", "KZ", FIELDS).tag(key)
    assert one.tag(key) != new_attested("licence", "UZ", {"licence": FIELDS["lei"]}).tag(key)


@pytest.mark.parametrize("content", [b"", b"00" * 31, b"00" * 33, b"zz" * 32, b"\xff" * 64])
def test_a_file_that_is_no_tag_key_is_refused(tmp_path, content):
    (tmp_path / "tag.key").write_bytes(content)

    with pytest.raises(CannotBeUsed, match="no tag key"):
        read_tag_key(tmp_path / "tag.key")


@pytest.mark.parametrize(
    ("attests", "country", "fields", "words"),
    [
        ("king", "UZ", FIELDS, "no type of attestation"),
        ("lei", "QQ", FIELDS, "no country"),
        ("gln", "UZ", FIELDS, "needs the field gln"),
        ("lei", "UZ", {"lei": "529900T8BM49AURSDO56"}, "last two digits"),
        ("lei", "UZ", {"lei": "529900T8BM49AURSDO5"}, "18 letters or digits"),
        ("lei", "UZ", {"lei": "529900T8BM49AURSDOÖ5"}, "18 letters or digits"),
        ("gln", "UZ", {"gln": "4000001000006"}, "last digit"),
        ("gln", "UZ", {"gln": "400000100000"}, "13 digits"),
        ("company_prefix", "UZ", {"company_prefix": "478"}, "4 to 12"),
        ("company_prefix", "UZ", {"company_prefix": "4" * 13}, "4 to 12"),
    ],
)
def test_what_makes_no_attestation_is_refused(attests, country, fields, words):
    with pytest.raises(CannotBeUsed, match=words):
        new_attested(attests, country, fields)


@pytest.mark.parametrize(
    ("attests", "fields"),
    [
        ("lei", {"lei": "5493001KJTIIGC8Y1R12"}),
        ("lei", {"lei": "HWUPKR0MPOU8FGXBT394"}),
        ("gln", {"gln": "4000001000005"}),
        ("company_prefix", {"company_prefix": "4780"}),
        ("tax_number", {"tax_number": "301234567"}),
        ("licence", {"licence": "17/2026"}),
        ("aeo", {"aeo": "UZAEOF0001"}),
        ("identity", {"document_number": "AA1234567"}),
        ("qualified_signature", {"certificate": "ab" * 32}),
    ],
)
def test_sound_numbers_are_taken(attests, fields):
    assert new_attested(attests, "UZ", fields).attests == attests
