"""Keys: what they sign verifies, what derives them is the standard, and key files give nothing away."""

import json
import os
import stat
from pathlib import Path

import pytest

from sogdia.client import keys
from sogdia.client.codes import account_code
from sogdia.client.keys import (
    KeyFileExists,
    KeyFileTooNew,
    KeyFileUnreadable,
    KeyFileWrong,
    KeyPair,
    PassphraseMissing,
    WrongPassphrase,
    derive,
    describe,
    generate,
    hkdf_sha256,
    load,
    save,
)
from sogdia.kernel.signature import ED25519, verify, weak_key

ACCOUNT = bytes(range(20))
PASSPHRASE = "seven camels to Kashgar"  # noqa: S105 - it opens nothing outside these tests
PAIR = KeyPair(bytes(range(32)))


@pytest.fixture(autouse=True)
def quick_passphrases(monkeypatch):
    """Make the passphrase cheap to try, except where a test looks at its cost."""
    monkeypatch.setattr(keys, "PASSPHRASE_COST", keys.NO_COST)


@pytest.fixture
def path(tmp_path):
    """The name of a key file that isn't there yet."""
    return tmp_path / "bukhara.key"


@pytest.fixture
def saved(path):
    """A key file under `PASSPHRASE`."""
    save(path, PAIR, PASSPHRASE, account=ACCOUNT, label="Лавка в Бухаре")
    return path


# RFC 5869, appendix A, cases 1 to 3: secret, salt, info, length, outcome.
HKDF_CASES = [
    (
        "0b" * 22,
        "000102030405060708090a0b0c",
        "f0f1f2f3f4f5f6f7f8f9",
        42,
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    ),
    (
        bytes(range(0x50)).hex(),
        bytes(range(0x60, 0xB0)).hex(),
        bytes(range(0xB0, 0x100)).hex(),
        82,
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
    ),
    (
        "0b" * 22,
        "",
        "",
        42,
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
    ),
]


@pytest.mark.parametrize(("secret", "salt", "info", "length", "outcome"), HKDF_CASES)
def test_derivation_is_hkdf_as_the_standard_has_it(secret, salt, info, length, outcome):
    made = hkdf_sha256(bytes.fromhex(secret), bytes.fromhex(salt), bytes.fromhex(info), length)

    assert made.hex() == outcome


def test_a_pair_signs_what_verifies_under_its_public_half():
    signature = PAIR.sign(b"12 bales of cotton")

    assert len(signature) == 64
    assert verify(ED25519, PAIR.public, b"12 bales of cotton", signature)
    assert not verify(ED25519, PAIR.public, b"13 bales of cotton", signature)


def test_a_pair_is_that_of_the_standard():
    # RFC 8032, section 7.1, test 1.
    pair = KeyPair(bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))

    assert pair.public.hex() == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"


def test_generated_pairs_differ_and_can_be_registered():
    first, second = generate(), generate()

    assert first.public != second.public
    assert not weak_key(ED25519, first.public)


def test_a_pair_never_shows_its_secret():
    assert PAIR.seed.hex() not in repr(PAIR)
    assert PAIR.public.hex() in repr(PAIR)


def test_a_derived_pair_is_what_it_was_at_the_first_release():
    assert (
        derive(b"2026", "buyer", "17850").public.hex()
        == "821577fc70cc3114198a28e92193cd19e421e941eaff28b895296f726f4bb767"
    )


def test_the_same_seed_and_path_give_the_same_pair_and_any_other_gives_another():
    paths = [(), ("",), ("buyer",), ("buyer", "1"), ("buyer1",), ("buye", "r1"), ("1", "buyer"), ("buyer", "1", "")]
    publics = [derive(b"seed", *path).public for path in paths]

    assert publics == [derive(b"seed", *path).public for path in paths]
    assert len({*publics, derive(b"seeds", "buyer").public}) == len(paths) + 1


def test_a_saved_key_is_opened_with_its_passphrase(saved):
    opened = load(saved, PASSPHRASE)

    assert opened.keypair.public == PAIR.public
    assert opened.keypair.seed == PAIR.seed
    assert (opened.facts.account, opened.facts.label, opened.facts.protected) == (ACCOUNT, "Лавка в Бухаре", True)


def test_a_key_without_account_and_label_is_opened(path):
    save(path, PAIR, PASSPHRASE)

    assert load(path, PASSPHRASE).facts == keys.KeyFacts(PAIR.public, None, "", protected=True)


def test_the_facts_can_be_read_without_the_passphrase(saved):
    facts = describe(saved)

    assert facts == load(saved, PASSPHRASE).facts
    assert facts.public == PAIR.public


def test_the_file_is_json_and_holds_no_secret_in_the_open(saved):
    content = saved.read_text(encoding="utf-8")

    assert json.loads(content)["header"]["account"] == account_code(ACCOUNT)
    assert PAIR.seed.hex() not in content
    assert PASSPHRASE not in content


def test_the_file_belongs_to_its_owner_alone_whatever_the_umask(path):
    before = os.umask(0)
    try:
        save(path, PAIR, PASSPHRASE)
    finally:
        os.umask(before)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_two_files_of_one_key_have_nothing_sealed_in_common(tmp_path):
    save(tmp_path / "a", PAIR, PASSPHRASE)
    save(tmp_path / "b", PAIR, PASSPHRASE)
    first, second = (json.loads((tmp_path / name).read_bytes()) for name in "ab")

    assert first["sealed_seed"] != second["sealed_seed"]
    assert first["header"]["nonce"] != second["header"]["nonce"]
    assert first["header"]["kdf"]["salt"] != second["header"]["kdf"]["salt"]


def test_a_passphrase_costs_what_its_file_says(monkeypatch, path):
    monkeypatch.undo()

    save(path, PAIR, PASSPHRASE)

    kdf = json.loads(path.read_bytes())["header"]["kdf"]
    assert (kdf["passes"], kdf["memory_bytes"]) == (3, 64 * 2**20)
    assert load(path, PASSPHRASE).keypair.public == PAIR.public


@pytest.mark.parametrize("passphrase", ["", PASSPHRASE + " ", PASSPHRASE.upper(), PASSPHRASE[:-1]])
def test_a_wrong_passphrase_is_said_to_be_wrong(saved, passphrase):
    with pytest.raises(WrongPassphrase, match="Check capitals"):
        load(saved, passphrase)


def test_a_passphrase_may_be_spelled_in_either_form_of_unicode(path):
    save(path, PAIR, "caf\u00e9")

    assert load(path, "cafe\u0301").keypair.public == PAIR.public


def test_a_key_without_passphrase_needs_a_word_for_it(path):
    with pytest.raises(PassphraseMissing, match="Give one"):
        save(path, PAIR, "")

    assert not path.exists()


def test_an_unprotected_key_says_so_in_its_file(path):
    save(path, PAIR, "", unprotected=True)

    assert load(path, "").facts.protected is False
    assert "none: whoever has this file can sign with it" in path.read_text(encoding="utf-8")
    with pytest.raises(WrongPassphrase, match="leave it empty"):
        load(path, PASSPHRASE)


def test_a_passphrase_for_an_unprotected_key_is_a_contradiction(path):
    with pytest.raises(ValueError, match="contradict"):
        save(path, PAIR, PASSPHRASE, unprotected=True)


@pytest.mark.parametrize("label", ["a" * 81, "two\nlines", "Sam\u0430rkand", "\u202egpj.yek", " edge"])
def test_a_label_that_could_mislead_is_not_saved(path, label):
    with pytest.raises(ValueError, match="label"):
        save(path, PAIR, PASSPHRASE, label=label)


def test_a_label_of_eighty_characters_is_saved(path):
    save(path, PAIR, PASSPHRASE, label="a" * 80)

    assert describe(path).label == "a" * 80


def test_a_file_that_exists_is_never_overwritten(saved):
    before = saved.read_bytes()

    with pytest.raises(KeyFileExists, match="never overwritten"):
        save(saved, generate(), "another")

    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


def test_a_link_to_nowhere_counts_as_a_file_that_exists(path, tmp_path):
    path.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(KeyFileExists):
        save(path, PAIR, PASSPHRASE)

    assert not (tmp_path / "elsewhere").exists()


def test_a_write_that_fails_leaves_nothing(monkeypatch, path):
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(OSError, match="No space"):
        save(path, PAIR, PASSPHRASE)
    assert list(path.parent.iterdir()) == []


def test_the_file_gets_its_name_only_when_it_is_complete_and_synced(monkeypatch, path):
    seen = []
    fsync, link = os.fsync, os.link

    def watched_fsync(descriptor: int) -> None:
        seen.append(("sync", path.exists()))
        fsync(descriptor)

    def watched_link(draft: os.PathLike[str], name: os.PathLike[str]) -> None:
        seen.append(("link", json.loads(Path(draft).read_bytes())["sogdia_key_file"] == 1))
        link(draft, name)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(os, "link", watched_link)

    save(path, PAIR, PASSPHRASE)

    assert seen == [("sync", False), ("link", True), ("sync", True)]


def changed(path: Path, *place_and_value: object) -> None:
    """Write one value of a key file anew."""
    content = json.loads(path.read_bytes())
    *names, last, value = place_and_value
    inner = content
    for name in names:
        inner = inner[name]
    inner[last] = value
    path.write_text(json.dumps(content), encoding="utf-8")


TAMPERED = [
    ("header", "label", "Лавка в Хиве"),
    ("header", "account", account_code(bytes(20))),
    ("header", "account", None),
    ("header", "public_key", generate().public.hex()),
    ("header", "protection", "none: whoever has this file can sign with it"),
    ("header", "kdf", "passes", 2),
    ("header", "kdf", "memory_bytes", 16384),
    ("header", "kdf", "salt", "00" * 16),
    ("header", "nonce", "00" * 24),
    ("sealed_seed", "00" * 48),
]


@pytest.mark.parametrize("change", TAMPERED, ids=lambda change: "/".join(map(str, change)))
def test_whoever_changes_a_file_makes_it_useless(saved, change):
    changed(saved, *change)

    with pytest.raises(WrongPassphrase):
        load(saved, PASSPHRASE)


def test_a_file_laid_out_anew_still_opens(saved):
    content = json.loads(saved.read_bytes())
    content["header"] = dict(reversed(content["header"].items()))

    saved.write_text(json.dumps(dict(reversed(content.items())), indent=1), encoding="utf-8")

    assert load(saved, PASSPHRASE).keypair.public == PAIR.public


DAMAGED = [
    ("surplus", 1),
    ("header", "surplus", 1),
    ("header", "kdf", "surplus", 1),
    ("header", "kdf", "name", "scrypt"),
    ("header", "kdf", "passes", 0),
    ("header", "kdf", "passes", 17),
    ("header", "kdf", "memory_bytes", 2**30 + 1),
    ("header", "kdf", "memory_bytes", 4096),
    ("header", "kdf", "salt", "00" * 15),
    ("header", "nonce", "00" * 23),
    ("header", "nonce", "zz" * 24),
    ("header", "cipher", "rot13"),
    ("header", "public_key", "00" * 31),
    ("header", "account", "acct-0000"),
    ("header", "label", 5),
    ("header", "label", "a" * 81),
    ("header", "label", "\x1b[2J"),
    ("sealed_seed", None),
    ("sealed_seed", "00" * 47),
    ("sealed_seed", "00" * 49),
    ("sealed_seed", ""),
    ("sogdia_key_file", 0),
    ("sogdia_key_file", "1"),
]


@pytest.mark.parametrize("damage", DAMAGED, ids=lambda damage: ascii("/".join(map(str, damage))))
def test_a_damaged_file_is_refused_before_any_work_is_done(monkeypatch, saved, damage):
    changed(saved, *damage)
    monkeypatch.setattr(keys, "_file_key", lambda *_: pytest.fail("the passphrase was tried"))

    with pytest.raises(KeyFileUnreadable):
        load(saved, PASSPHRASE)
    with pytest.raises(KeyFileUnreadable):
        describe(saved)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"sogdia_key_file": 1}', b" " * 9000])
def test_a_file_that_is_no_key_file_is_called_so(path, content):
    path.write_bytes(content)

    with pytest.raises(KeyFileUnreadable, match="no key file"):
        load(path, PASSPHRASE)


def test_a_file_cut_off_at_any_place_is_refused(saved):
    content = saved.read_bytes().rstrip()

    for length in range(len(content)):
        saved.write_bytes(content[:length])
        with pytest.raises(KeyFileUnreadable):
            load(saved, PASSPHRASE)


def test_a_file_of_a_later_version_asks_for_that_version(saved):
    changed(saved, "sogdia_key_file", 2)
    changed(saved, "something_new", True)  # noqa: FBT003 - a value of the file

    with pytest.raises(KeyFileTooNew, match="format 2; this version reads up to 1"):
        load(saved, PASSPHRASE)


def test_a_file_that_seals_another_key_than_it_names_is_refused(monkeypatch, path):
    monkeypatch.setattr(KeyPair, "seed", property(lambda _: bytes(32)))
    save(path, PAIR, PASSPHRASE)
    monkeypatch.undo()

    with pytest.raises(KeyFileUnreadable, match="holds another key"):
        load(path, PASSPHRASE)


def test_every_fault_of_a_key_file_can_be_caught_as_one():
    assert all(
        issubclass(fault, KeyFileWrong)
        for fault in (KeyFileExists, KeyFileTooNew, KeyFileUnreadable, PassphraseMissing, WrongPassphrase)
    )
