"""`sogdia voucher`: a kind word for every bad text, and vouchers signed, checked, redeemed and reported by commands."""

from __future__ import annotations

import pytest

from sogdia.cli.exits import Exit
from tests.client.test_voucher_text import TEXT, USUAL

BAD = {
    "nothing": "",
    "only spaces": " \n ",
    "a web address": "https://example.org/pay?x=1",
    "a voucher cut short": TEXT[:100],
    "a character too much": TEXT + "0",
    "a wrong character": TEXT[:50] + ("7" if TEXT[50] != "7" else "8") + TEXT[51:],
    "a letter that none holds": TEXT[:50] + "U" + TEXT[51:],
    "another alphabet": "ВЧРЖ" * 20,
    "huge": "VCHR" + "0" * 100_000,
    "control characters": "VCHR\x1b[2J\x07",
}


@pytest.mark.parametrize("what", BAD)
@pytest.mark.parametrize("command", ["show", "check", "redeem", "report"])
def test_a_text_that_is_no_voucher_is_turned_down_kindly(sogdia, house, tmp_path, command, what):
    rest = {
        "show": (),
        "check": ("--purse", str(tmp_path / "none.proof"), "--genesis", str(house.folder / "genesis.json")),
        "redeem": ("--from", "bank", "--node", str(house.folder), "--keys", str(house.keys)),
        "report": ("--from", "bank", "--node", str(house.folder), "--keys", str(house.keys)),
    }[command]

    said = sogdia("voucher", command, *rest, "--", BAD[what])

    assert said.status == Exit.USAGE
    assert said.out == ""
    assert said.err.rstrip().endswith(".")
    assert "Traceback" not in said.err
    assert "\x1b" not in said.err
    assert len(said.err) < 600


def test_a_voucher_is_shown_however_it_is_spaced_and_nothing_is_said_to_be_checked(sogdia):
    said = sogdia("voucher", "show", "--json", f" {TEXT[:90].lower()}\n{TEXT[90:]} ")

    assert said.status == Exit.DONE
    assert said.document["checked"] is False
    assert said.document["text"] == TEXT
    assert int(said.document["voucher"]["units"]) == USUAL.voucher.units


def test_a_voucher_is_drawn(sogdia, tmp_path):
    said = sogdia("voucher", "show", TEXT, "--qr", "--svg", str(tmp_path / "code.svg"))

    assert said.status == Exit.DONE
    assert "Nothing of it has been checked" in said.out
    assert "█" in said.out or "▄" in said.out
    assert (tmp_path / "code.svg").read_bytes().startswith(b"<?xml")
    assert sogdia("voucher", "show", TEXT, "--svg", str(tmp_path / "code.svg")).status == Exit.USAGE


def done(said):
    """The document of a command that has to succeed."""
    assert said.status == Exit.DONE, said
    return said.document


@pytest.fixture
def purse(sogdia, house, tmp_path):
    """A purse of the bank's for Bukhara and for anybody, with its proof; give the words that name both."""
    reference = tmp_path.name.replace("_", "-")[-16:].strip("-")
    done(sogdia("keys", "new", "phone", "--unprotected", "--keys", tmp_path / "phone", "--json"))
    public = done(sogdia("keys", "show", "phone", "--keys", tmp_path / "phone", "--json"))["public"]
    done(sogdia(*house.words("tx", "mint", "--from", "bank", "--currency", "USD", "--to", "bank", "--units", "20.00",
                             "--json")))  # fmt: skip
    done(sogdia(*house.words(
        "tx", "open-purse", "--from", "bank", "--reference", reference, "--asset", "USD@bank", "--scheme", "ed25519",
        "--public", public, "--shares", "bukhara:10.00 USD,none:5.00 USD", "--ends-at", "+30d", "--json",
    )))  # fmt: skip
    proof = tmp_path / "purse.proof"
    done(sogdia(*house.words("prove", "record", "vouchers/purses", f"@bank/{reference}", "--out", proof, "--json")))
    now = done(sogdia("query", "status", "--node", house.folder, "--json"))["time"]
    return ("--purse", str(proof), "--genesis", str(house.folder / "genesis.json"), "--time", str(now))


def sign(sogdia, house, tmp_path, purse, *words: str):
    """Sign a voucher on the phone."""
    account = done(sogdia("keys", "show", "bukhara", "--keys", house.keys, "--json"))["account"]["code"]
    return sogdia("voucher", "sign", *purse, "--key", "phone", "--keys", tmp_path / "phone", "--to", account,
                  "--expires", "+9d", "--json", *words)  # fmt: skip


def test_a_voucher_is_signed_checked_and_paid_once(sogdia, house, tmp_path, purse):
    made = done(sign(sogdia, house, tmp_path, purse, "--amount", "4.50"))
    assert made["certain"] is True
    assert made["left"] == 550
    looked = ("voucher", "check", made["text"], *purse, "--keep", str(tmp_path / "till.book"), "--json")

    verdict = done(sogdia(*looked))
    again = sogdia(*looked)
    redeem = house.words("voucher", "redeem", "--from", "bukhara", "--book", str(tmp_path / "till.book"), "--json")
    first, second = done(sogdia(*redeem)), done(sogdia(*redeem))

    assert verdict["certain"] is True
    assert again.status == Exit.DAMAGED
    assert "took it already" in again.out
    assert [each["units"] for each in first["paid"]] == [450]
    assert (second["paid"], second["passed_over"]) == ([], 1)


def test_more_than_the_share_is_not_signed(sogdia, house, tmp_path, purse):
    said = sign(sogdia, house, tmp_path, purse, "--amount", "10.01")

    assert said.status == Exit.USAGE
    assert "1000 units left" in said.out
    assert (tmp_path / "purse.proof.book").read_text() == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--amount", "4.50 KES"), "The purse holds USD, not KES"),
        (("--amount", "4.505"), "more digits"),
        (("--amount", "0.00"), "for nothing"),
        (("--amount", "1.00", "--share", "7"), "not for this payee"),
        (("--amount", "1.00", "--expires", "1970-01-02"), "expired already"),
        (("--amount", "1.00", "--expires", "+300d"), "outlive its purse"),
        (("--amount", "1.00", "--time", "+31d"), "The purse has ended"),
    ],
)
def test_what_makes_no_sense_is_not_signed(sogdia, house, tmp_path, purse, words, said):  # noqa: PLR0913 - fixtures
    refused = sign(sogdia, house, tmp_path, purse, *words)

    assert refused.status == Exit.USAGE
    assert said in refused.out


def test_without_a_book_a_voucher_is_certain_only_beside_no_other(sogdia, house, tmp_path, purse):
    made = done(sign(sogdia, house, tmp_path, purse, "--amount", "4.50"))

    said = sogdia("voucher", "check", made["text"], *purse)

    assert said.status == Exit.DONE
    assert "CERTAIN" in said.out
    assert "only if you took no other voucher" in said.out


def test_a_good_voucher_is_paid_beside_one_that_is_not(sogdia, house, tmp_path, purse):
    one = done(sign(sogdia, house, tmp_path, purse, "--share", "1", "--amount", "4.00"))["text"]
    (tmp_path / "purse.proof.book").unlink()
    filler = done(sign(sogdia, house, tmp_path, purse, "--share", "1", "--amount", "0.01"))["text"]
    two = done(sign(sogdia, house, tmp_path, purse, "--share", "1", "--amount", "4.50"))["text"]

    said = sogdia(*house.words("voucher", "redeem", one, two, "--from", "bukhara", "--json"))
    reported = sogdia(*house.words("voucher", "report", one, filler, "--from", "bukhara", "--json"))

    assert said.status == Exit.REFUSED
    told = said.document
    assert [each["units"] for each in told["error"]["paid"]] == [400]
    assert "921" in str(told)
    assert done(reported)["id"]


def test_a_proof_of_something_else_is_no_purse(sogdia, house, tmp_path):
    proof = tmp_path / "other.proof"
    done(sogdia(*house.words("prove", "record", "vouchers/rules", "--out", proof, "--json")))

    said = sogdia("voucher", "check", TEXT, "--purse", str(proof), "--genesis", str(house.folder / "genesis.json"))

    assert said.status == Exit.USAGE
    assert "proves no purse" in said.err
