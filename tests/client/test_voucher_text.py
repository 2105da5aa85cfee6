"""Vouchers as text: small enough for one QR code, hard to mishear, and a kind word for everything that is none."""

from __future__ import annotations

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as some

from sogdia.client.voucher_text import (
    BEGINNING,
    CHARACTERS_MAX,
    TEXT_MAX,
    VOUCHER_BYTES_MAX,
    VoucherTextWrong,
    read_voucher,
    sms_parts,
    voucher_text,
)
from sogdia.kernel.codec import encode
from sogdia.kernel.values import UNITS_MAX
from sogdia.modules.vouchers.signed import SignedVoucher, Voucher

REFERENCE_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._-"
LARGEST = SignedVoucher(
    Voucher(
        network=b"\xff" * 8,
        purse=b"\xff" * 20 + b"reference-of-16.",
        share=15,
        sequence=255,
        payee=b"\xff" * 20,
        units=UNITS_MAX,
        expiry=2**32 - 1,
    ),
    b"\xff" * 64,
)
USUAL = SignedVoucher(
    Voucher(
        network=bytes(range(8)),
        purse=bytes(range(20)) + b"trip",
        share=1,
        sequence=7,
        payee=bytes(range(20, 40)),
        units=1_250,
        expiry=1_800_000_000,
    ),
    bytes(range(64)),
)
TEXT = voucher_text(USUAL)


@some.composite
def signed_vouchers(draw):
    """Draw any voucher."""
    reference = draw(some.text(REFERENCE_CHARACTERS, min_size=1, max_size=16))
    said = Voucher(
        network=draw(some.binary(min_size=8, max_size=8)),
        purse=draw(some.binary(min_size=20, max_size=20)) + reference.encode(),
        share=draw(some.integers(0, 15)),
        sequence=draw(some.integers(0, 255)),
        payee=draw(some.binary(min_size=20, max_size=20)),
        units=draw(some.integers(1, UNITS_MAX)),
        expiry=draw(some.integers(0, 2**32 - 1)),
    )
    return SignedVoucher(said, draw(some.binary(min_size=64, max_size=64)))


@given(signed_vouchers())
def test_every_voucher_comes_back_from_its_text(signed):
    text = voucher_text(signed)

    assert read_voucher(text) == signed
    assert len(text) <= CHARACTERS_MAX


def test_the_largest_voucher_fits_a_qr_code_of_version_9_and_two_parts_of_sms():
    text = voucher_text(LARGEST)

    code = segno.make_qr(text, error="m", boost_error=False)

    assert len(encode(LARGEST)) == VOUCHER_BYTES_MAX
    assert len(text) == CHARACTERS_MAX == 259
    assert (code.version, code.mode, code.error) == (9, "alphanumeric", "M")
    assert sms_parts(text) == 2


@pytest.mark.parametrize(
    "spelled",
    [
        TEXT.lower(),
        TEXT[:50] + "\n" + TEXT[50:],
        "  " + " ".join(TEXT[at : at + 4] for at in range(0, len(TEXT), 4)) + "\r\n",
        TEXT[:9] + "-" + TEXT[9:],
        "\ufeff" + TEXT,
        TEXT[:4] + TEXT[4:].replace("0", "O").replace("1", "l"),
    ],
    ids=["small letters", "a line break", "groups", "a dash", "a byte order mark", "O and l"],
)
def test_how_it_is_spaced_and_which_letters_look_alike_makes_no_difference(spelled):
    assert read_voucher(spelled) == USUAL


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "There is no text"),
        (" \n\t- ", "There is no text"),
        ("https://example.org/x", "begins with VCHR"),
        ("acct-k3v9-0qfw", "begins with VCHR"),
        (TEXT[1:], "begins with VCHR"),
        (BEGINNING, "The check does not fit"),
        (BEGINNING + "0", "a part is missing or too much"),
        (TEXT[:-1], "a part is missing or too much|The check does not fit"),
        (TEXT[:-2], "a part is missing or too much|The check does not fit"),
        (TEXT[:100], "a part is missing or too much|The check does not fit"),
        (TEXT + "00000000", "The check does not fit"),
        (TEXT + TEXT, "a part is missing or too much"),
        (TEXT[:60] + "U" + TEXT[61:], "the character 'U'"),
        (TEXT[:60] + "ж" + TEXT[61:], "the character 'ж'"),
        (TEXT[:60] + "\x00" + TEXT[61:], "the character"),
        (TEXT[:60] + "ß" + TEXT[61:], "the character 'ß'"),
        (TEXT[:60] + "\u017f" + TEXT[61:], "the character"),
        (TEXT * 10, "at most 259 characters"),
        ("x" * (TEXT_MAX + 1), "Give one voucher at a time"),
    ],
)
def test_what_is_no_voucher_is_turned_down_with_what_to_do(text, said):
    with pytest.raises(VoucherTextWrong, match=said):
        read_voucher(text)


@pytest.mark.parametrize("at", range(len(BEGINNING), len(TEXT)))
def test_a_wrong_character_is_noticed_wherever_it_stands(at):
    wrong = "7" if TEXT[at] != "7" else "8"

    with pytest.raises(VoucherTextWrong):
        read_voucher(TEXT[:at] + wrong + TEXT[at + 1 :])


@given(some.text(max_size=300))
def test_no_other_text_breaks_the_reader(text):
    for each in (text, BEGINNING + text):
        with pytest.raises(VoucherTextWrong, match=r"\.\Z"):
            read_voucher(each)


def test_whole_text_of_another_shape_is_turned_down():
    from base64 import b32encode  # noqa: PLC0415
    from hashlib import sha256  # noqa: PLC0415

    raw = encode(["a", "list"])
    plain = b32encode(raw + sha256(raw).digest()[:4]).decode().rstrip("=")
    table = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHJKMNPQRSTVWXYZ")

    with pytest.raises(VoucherTextWrong, match="no voucher of this version"):
        read_voucher(BEGINNING + plain.translate(table))
