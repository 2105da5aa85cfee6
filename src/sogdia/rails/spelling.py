"""How accounts, amounts, rates and moments are spelt in messages of banks.

    K3V90QFW…47      an account: its 20 bytes in the alphabet of our codes, 32 characters, then two check digits

An account's code has 42 characters and a bank's field 34 (Max34Text), so the code goes without its kind and with a
shorter check: the two digits of ISO 7064 MOD 97-10, as IBANs and LEIs have them, taken over the value of each
character, 00 to 31. They notice every wrong character and every swap of two neighbours; an IBAN, which writes B as 11
and 1 as 1, takes B1 for 1B. The field beside it says whose spelling it is: SchmeNm/Prtry SOGDIA, and in Issr the
network, by the first eight bytes of its genesis hash.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Final

from sogdia.client.codes import ALPHABET
from sogdia.kernel.values import ACCOUNT_BYTES, UNITS_MAX
from sogdia.modules.money.iso4217 import MINOR_DIGITS
from sogdia.rails.reasons import MessageRefused, Reason

SCHEME: Final = "SOGDIA"
SYMBOLS: Final = 8 * ACCOUNT_BYTES // 5
CHECK_DIGITS: Final = 2
CHECK_MODULUS: Final = 97

RATE_DIGITS: Final = 11
RATE_FRACTION: Final = 10
"""What ISO's BaseOneRate holds."""

CONTRACT_CHARACTERS: Final = 32
"""How much of a digest fits into a field of 35 characters."""

_VALUE = {letter: value for value, letter in enumerate(ALPHABET.upper())}


class AccountWrong(ValueError):  # noqa: N818 - reads as what it says
    """A text that is no account as messages spell it."""


def spell_account(account: bytes) -> str:
    """Write an account as messages carry it: 34 characters."""
    number = int.from_bytes(account, "big")
    letters = "".join(ALPHABET[number >> 5 * back & 31] for back in reversed(range(SYMBOLS))).upper()
    return f"{letters}{_check_of(letters):02}"


def read_account(text: str) -> bytes:
    """Read an account as messages spell it; capitals make no difference."""
    letters, check = text[:-CHECK_DIGITS].upper(), text[-CHECK_DIGITS:]
    if len(text) != SYMBOLS + CHECK_DIGITS or not set(letters) <= _VALUE.keys():
        raise AccountWrong(f"{text!r} is not spelt as an account of {SCHEME}: 32 characters and two check digits")
    if not (check.isascii() and check.isdigit()) or int(check) != _check_of(letters):
        raise AccountWrong(f"{text!r} has wrong check digits: compare it with the account")
    number = 0
    for letter in letters:
        number = number << 5 | _VALUE[letter]
    return number.to_bytes(ACCOUNT_BYTES, "big")


def _check_of(letters: str) -> int:
    """Give the two digits with which the whole leaves 1 when divided by 97; a character counts by its value."""
    digits = "".join(f"{_VALUE[letter]:02}" for letter in letters)
    return CHECK_MODULUS + 1 - int(digits + "00") % CHECK_MODULUS


# ------------------------------------------------------------------------------------------------------------- amounts


def read_amount(text: str, currency: str) -> int:
    """Read an amount of a message as minor units, exactly; raises `MessageRefused` with the code of what is wrong."""
    digits = MINOR_DIGITS.get(currency)
    if digits is None:
        raise MessageRefused(Reason.AM11, f"{currency} is no current code of ISO 4217. Correct the currency.")
    whole, _, fraction = text.strip().lstrip("+").partition(".")
    if not (whole + fraction).isascii() or not (whole + fraction).isdigit():
        raise MessageRefused(Reason.AM12, f"{text!r} is no amount. Write digits and at most one point.")
    if len(fraction) > digits:
        raise MessageRefused(
            Reason.AM12,
            f"{text} has {len(fraction)} digits behind the point; {currency} has {digits} by ISO 4217. Write no more.",
        )
    units = int((whole + fraction).ljust(len(whole) + digits, "0"))
    if units == 0:
        raise MessageRefused(Reason.AM01, "The amount is zero. A payment is of one minor unit at least.")
    if units > UNITS_MAX:
        raise MessageRefused(Reason.AM02, f"{text} {currency} is more than the ledger can hold. Pay less at once.")
    return units


def write_amount(units: int, currency: str) -> str:
    """Write minor units for programs, with all the digits that ISO 4217 gives the currency."""
    digits = MINOR_DIGITS[currency]
    sign, text = "-" if units < 0 else "", str(abs(units)).rjust(digits + 1, "0")
    return f"{sign}{text[:-digits]}.{text[-digits:]}" if digits else sign + text


def write_rate(paid: int, paid_currency: str, got: int, got_currency: str) -> str | None:
    """Write how much of one currency came for one of another, to the digits that ISO has; nothing if none is left.

    It is for the eye, rounded half to even. What holds is the two amounts, and the contract that the digest names.
    """
    with localcontext(prec=60):
        exact = Decimal(got).scaleb(-MINOR_DIGITS[got_currency]) / Decimal(paid).scaleb(-MINOR_DIGITS[paid_currency])
        before_point = max(exact.adjusted() + 1, 1)
        places = min(RATE_FRACTION, RATE_DIGITS - before_point)
        if places < 0:
            return None
        rounded = exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
        text = format(rounded, "f")
    if len(text.replace(".", "").lstrip("0")) > RATE_DIGITS or not rounded:
        return None
    return text.rstrip("0").rstrip(".") if "." in text else text


def contract_of(digest: bytes) -> str:
    """Write the digest of a card's terms as a contract's id: its first 16 bytes, in hexadecimal."""
    return digest.hex()[:CONTRACT_CHARACTERS]


# ------------------------------------------------------------------------------------------------------------- moments


def write_moment(seconds: int) -> str:
    """Write a moment of the ledger: 2026-11-22T10:00:00Z."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def write_day(seconds: int) -> str:
    """Write the day, by UTC, in which a moment lies."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
