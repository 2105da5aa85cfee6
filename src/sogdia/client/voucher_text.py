"""Vouchers as text: for a QR code, for SMS, for paper and for being read out.

    VCHR  then 32 letters and digits for every five bits of: signed voucher ‖ first 4 bytes of its SHA-256

The alphabet is that of our codes, in capitals, which QR codes pack most tightly and every SMS can carry. Small letters,
spaces, line breaks and dashes make no difference, who types O gets 0, who types I or L gets 1. The check is against
mishearing; against forgery there is the signature.
"""

from __future__ import annotations

from base64 import b32decode, b32encode
from enum import StrEnum
from hashlib import sha256
from string import ascii_lowercase, ascii_uppercase
from typing import Final

from sogdia.client.codes import ALPHABET
from sogdia.kernel.codec import NotCanonicalError, encode
from sogdia.modules.vouchers.signed import VOUCHERS, SignedVoucher

BEGINNING: Final = "VCHR"
CHECK_BYTES: Final = 4
VOUCHER_BYTES_MAX: Final = 155
"""The longest signed voucher: with a reference of 16 characters, a large amount and the longest numbers."""

CHARACTERS_MAX: Final = len(BEGINNING) + -(-(VOUCHER_BYTES_MAX + CHECK_BYTES) * 8 // 5)
"""259: a QR code of version 9 with error correction M holds 262 of these."""

SMS_PART: Final = 153
"""So many characters has each part of a long SMS."""

TEXT_MAX: Final = 2_000
"""The longest text, with its spaces and line breaks, that is looked at."""

_CODES: Final = ALPHABET.upper()
_RFC_4648: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_TO_CODES: Final = str.maketrans(_RFC_4648, _CODES)
_FROM_CODES: Final = str.maketrans(_CODES + "OIL", _RFC_4648 + "ABB")
_READABLE: Final = frozenset(_CODES + "OIL")
_CAPITALS: Final = str.maketrans(ascii_lowercase, ascii_uppercase)
"""Of ASCII alone: elsewhere a capital may be two letters, or look like another."""

_SEPARATORS: Final = str.maketrans(dict.fromkeys("\ufeff \t\r\n\u00a0-\u2010\u2011\u2012\u2013\u2014\u2212"))


class TextFault(StrEnum):
    """What is wrong with a text that is no voucher."""

    LENGTH = "length"
    BEGINNING = "beginning"
    CHARACTER = "character"
    CHECK = "check"
    FORM = "form"
    SPELLING = "spelling"


class VoucherTextWrong(Exception):  # noqa: N818 - reads as what it says
    """Text that is no voucher: what is wrong with it, and what to do."""

    def __init__(self, fault: TextFault, message: str) -> None:
        """Remember the fault."""
        super().__init__(message)
        self.fault = fault


def voucher_text(signed: SignedVoucher) -> str:
    """Write a voucher as text."""
    raw = encode(signed)
    return BEGINNING + b32encode(raw + _check(raw)).decode("ascii").rstrip("=").translate(_TO_CODES)


def read_voucher(text: str) -> SignedVoucher:
    """Read a voucher from text, however it is spaced; whether its signature is right is another matter."""
    if len(text) > TEXT_MAX:
        message = (
            f"A voucher has at most {CHARACTERS_MAX} characters; this has {len(text)}. Give one voucher at a time."
        )
        raise VoucherTextWrong(TextFault.LENGTH, message)
    letters = text.translate(_SEPARATORS).translate(_CAPITALS)
    if not letters:
        raise VoucherTextWrong(TextFault.BEGINNING, "There is no text. Give the voucher as it was scanned or sent.")
    if not letters.startswith(BEGINNING):
        message = f"A voucher begins with {BEGINNING}; this begins with {letters[:8]!r}. Scan it again."
        raise VoucherTextWrong(TextFault.BEGINNING, message)
    body = letters.removeprefix(BEGINNING)
    strange = next((letter for letter in body if letter not in _READABLE), None)
    if strange is not None:
        message = f"No voucher holds the character {strange!r}. Compare it where that stands."
        raise VoucherTextWrong(TextFault.CHARACTER, message)
    if len(body) % 8 in (1, 3, 6) or len(letters) > CHARACTERS_MAX:
        message = f"No voucher has {len(letters)} characters: a part is missing or too much. Copy it whole."
        raise VoucherTextWrong(TextFault.LENGTH, message)
    raw = b32decode(body.translate(_FROM_CODES) + "=" * (-len(body) % 8))
    content, check = raw[:-CHECK_BYTES], raw[-CHECK_BYTES:]
    if _check(content) != check:
        message = "The check does not fit: a character is wrong, or a part is missing. Copy it again."
        raise VoucherTextWrong(TextFault.CHECK, message)
    try:
        found = VOUCHERS.decode(content)
    except NotCanonicalError as wrong:
        message = f"The text is whole, and yet no voucher of this version: {wrong}. Update this program."
        raise VoucherTextWrong(TextFault.FORM, message) from wrong
    if voucher_text(found).translate(_FROM_CODES) != letters.translate(_FROM_CODES):
        message = "The text is a second spelling of a voucher. Copy it again."
        raise VoucherTextWrong(TextFault.SPELLING, message)
    return found


def sms_parts(text: str) -> int:
    """Say how many parts of SMS a voucher's text takes."""
    return -(-len(text) // SMS_PART)


def _check(raw: bytes) -> bytes:
    return sha256(raw).digest()[:CHECK_BYTES]
