"""The vault on the command line, beside a running node: put, get, grant, revoke, erase, list, and how each ends."""

from __future__ import annotations

import pytest

from sogdia.cli.exits import Exit
from tests.cli.conftest import Said, place

ADDRESS = "Moi Avenue 12, Nairobi. Ask for the ice-cream cart.\n"


@pytest.fixture
def letter(tmp_path):
    """A file with an address."""
    path = tmp_path / "address.txt"
    path.write_text(ADDRESS, "utf-8")
    return path


@pytest.fixture
def at_vault(sogdia, shop, tmp_path):
    """Give a command of the vault: who acts, then its words; the vault lies in a folder of the test's own."""

    def call(who: str, *words: object) -> Said:
        said: Said = sogdia(*shop.words("vault", *words, "--from", who, "--vault", tmp_path / "vault"))
        return said

    return call


@pytest.fixture
def order(sogdia, shop, request):
    """Let Nairobi order tea and open the order's file; gives the order's reference."""
    reference = str(abs(hash(request.node.name)) % 10**12)
    assert sogdia(*place(shop, reference)).status == Exit.DONE
    opened = sogdia(*shop.words("tx", "open-order-file", "--from", "nairobi", "--order", f"nairobi/{reference}"))
    assert opened.status == Exit.DONE
    for who in ("nairobi", "bukhara", "bank"):
        assert sogdia(*shop.words("vault", "key", "--from", who)).status == Exit.DONE
    return reference


def put(at_vault, letter, order, *words: object):
    about = f"order:nairobi/{order}"
    return at_vault(
        "nairobi", "put", letter, "--reference", f"a{order}", "--about", about, "--class", "address", *words
    )


def test_a_letter_is_put_read_shared_taken_back_and_erased(  # noqa: PLR0913 - fixtures
    sogdia, shop, at_vault, letter, order, tmp_path
):
    name = f"nairobi/a{order}"

    done = put(at_vault, letter, order)
    merchant = at_vault("bukhara", "get", name)
    stranger = at_vault("bank", "get", name)
    granted = at_vault("nairobi", "grant", name, "bank")
    shared = at_vault("bank", "get", name, "--out", tmp_path / "copy.txt", "--json")
    revoked = at_vault("nairobi", "revoke", name, "bank", "--json")
    after = at_vault("bank", "get", name)
    still = at_vault("bukhara", "get", name)
    erased = at_vault("nairobi", "erase", name)
    gone = at_vault("bukhara", "get", name)
    listed = sogdia(*shop.words("vault", "list", f"order:nairobi/{order}"))

    assert (done.status, "Can be opened by nairobi, bukhara" in done.out) == (Exit.DONE, True)
    assert merchant.out == still.out == ADDRESS
    assert (stranger.status, "522 READER_NOT_ENTITLED" in stranger.err) == (Exit.REFUSED, True)
    assert granted.status == Exit.DONE
    assert (shared.document["title"], shared.document["media_type"]) == ("address.txt", "text/plain")
    assert (tmp_path / "copy.txt").read_text("utf-8") == ADDRESS
    assert revoked.document["epoch"] == 2
    assert (after.status, "522" in after.err) == (Exit.REFUSED, True)
    assert erased.status == Exit.DONE
    assert (gone.status, "511 DOCUMENT_ERASED" in gone.err) == (Exit.REFUSED, True)
    assert "erased" in listed.out
    assert not [path for path in (tmp_path / "vault").rglob("*") if path.is_file()]


def test_what_was_put_and_listed_are_documents_of_a_stable_form(sogdia, shop, at_vault, letter, order):
    done = put(at_vault, letter, order, "--json").document
    listed = sogdia(*shop.words("vault", "list", f"order:nairobi/{order}", "--json")).document

    assert list(done) == ["document", "address", "commitment", "size", "recipients", "id"]
    (only,) = listed["documents"]
    assert list(only) == ["number", "document", "kept", "erased", "readings"]
    assert only["kept"]["commitment"] == done["commitment"]


def test_putting_twice_under_one_reference_is_refused_and_the_first_stays(at_vault, letter, order):
    put(at_vault, letter, order)

    again = put(at_vault, letter, order)

    assert (again.status, "509 DOCUMENT_EXISTS" in again.err) == (Exit.REFUSED, True)
    assert at_vault("bukhara", "get", f"nairobi/a{order}").out == ADDRESS


def test_erasing_twice_is_as_good_as_once(at_vault, letter, order):
    put(at_vault, letter, order)
    at_vault("nairobi", "erase", f"nairobi/a{order}")

    assert at_vault("nairobi", "erase", f"nairobi/a{order}").status == Exit.DONE


@pytest.mark.parametrize(
    ("who", "words", "status", "said"),
    [
        ("nairobi", ("get", "nairobi/nothing"), Exit.NOT_FOUND, "There is no document"),
        ("bukhara", ("erase", "nairobi/nothing"), Exit.REFUSED, "10005 WRITER_NOT_OWNER"),
        ("bukhara", ("grant", "nairobi/nothing", "bank"), Exit.REFUSED, "10005 WRITER_NOT_OWNER"),
        ("nairobi", ("get", "nairobi/x", "--purpose", "tax"), Exit.USAGE, "a purpose and a case"),
        ("nairobi", ("get", "nairobi/x", "--purpose", "fun", "--case", "7"), Exit.USAGE, "no purpose"),
        ("nairobi", ("get", "nairobi/x", "--purpose", "tax", "--case", "7"), Exit.REFUSED, "517 SENDER_NOT_AUTHORITY"),
        ("nairobi", ("get", "nairobi/x", "--receipt", "7"), Exit.USAGE, "no id"),
    ],
)
def test_what_cannot_be_done_says_why(at_vault, who, words, status, said):
    answer = at_vault(who, *words)

    assert (answer.status, said in answer.err) == (status, True), answer.err


def test_a_file_that_is_too_large_or_missing_is_named(at_vault, order, tmp_path):
    (tmp_path / "film").write_bytes(bytes(16 * 2**20 + 1))

    large = put(at_vault, tmp_path / "film", order)
    missing = put(at_vault, tmp_path / "nothing", order)

    assert (large.status, "16777216 bytes" in large.err) == (Exit.USAGE, True)
    assert missing.status == Exit.NOT_FOUND


def test_a_vault_that_cannot_be_used_is_named(sogdia, shop, letter):
    answer = sogdia(*shop.words("vault", "get", "nairobi/x", "--from", "nairobi", "--vault", letter))

    assert (answer.status, "cannot be used as a vault" in answer.err) == (Exit.UNREACHABLE, True)


def test_an_authority_states_why_before_it_reads_and_the_owner_sees_it(sogdia, shop, at_vault, letter, order):
    name = f"nairobi/a{order}"
    keys = ("--keys", str(shop.keys))
    assert sogdia("keys", "new", "customs", "--unprotected", *keys).status == Exit.DONE
    entered = sogdia(*shop.words(
        "tx", "register-party", "--from", "bank", "--reference", "customs", "--kind", "authority", "--country", "KE",
        "--sponsor", "bank", "--public", "customs",
    ))  # fmt: skip
    published = sogdia(*shop.words("vault", "key", "--from", "customs"))
    put(at_vault, letter, order)
    at_vault("nairobi", "grant", name, "customs")

    silent = at_vault("customs", "get", name)
    stated = at_vault("customs", "get", name, "--purpose", "customs", "--case", "2026-117")
    without = at_vault("customs", "get", name)
    wrong = at_vault("customs", "get", name, "--receipt", "00" * 32)
    listed = sogdia(*shop.words("vault", "list", f"order:nairobi/{order}"))

    assert entered.status == published.status == Exit.DONE
    assert (silent.status, "523 READING_NOT_RECORDED" in silent.err) == (Exit.REFUSED, True)
    assert (stated.status, stated.out) == (Exit.DONE, ADDRESS)
    assert (without.status, "10009 RECEIPT_MISSING" in without.err) == (Exit.REFUSED, True)
    assert (wrong.status, "10010 RECEIPT_WRONG" in wrong.err) == (Exit.REFUSED, True)
    assert "read by customs (customs, case 2026-117" in listed.out
