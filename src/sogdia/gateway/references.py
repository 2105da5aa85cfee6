"""Funding references: what a payer writes on a transfer, so that the money is minted for one account and no other.

    RF48 1234 5678 9012 3456 78      RF, two check digits, 18 digits made from the network, the issuer, the account

They are creditor references by ISO 11649, which banks check and forms have a field for. Only digits follow, as phones
and teller forms take nothing else well; and over digits MOD 97-10 notices every wrong digit and every swap of two
neighbours. One that passes the check is still looked up among those that were given out: of 10^18 numbers so few are
used that a slip which passes ends in suspense, not with somebody else.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final

DIGITS: Final = 18
CHECK_MODULUS: Final = 97
RF_AS_DIGITS: Final = "2715"
"""R is 27 and F is 15 where letters count."""

_WRITTEN: Final = re.compile(r"(?<![0-9A-Z])RF[ ]?(?:[0-9][ -]?){20}(?![0-9])", re.ASCII)
_ANY: Final = re.compile(r"(?<![0-9A-Z])RF[ ]?[0-9](?:[ -]?[0-9]){1,30}", re.ASCII)


def reference_of(network: bytes, issuer: bytes, currency: str, account: bytes) -> str:
    """Give the funding reference of an account: the same whenever it is asked for."""
    seed = sha256(b"sogdia/funding" + network + issuer + currency.encode("ascii") + account).digest()
    digits = f"{int.from_bytes(seed, 'big') % 10**DIGITS:0{DIGITS}}"
    return f"RF{_check_of(digits):02}{digits}"


def is_sound(reference: str) -> bool:
    """Tell whether a reference without blanks has its form and its check digits."""
    digits = reference[4:]
    if not reference.startswith("RF") or len(digits) != DIGITS or not reference[2:].isdigit():
        return False
    return reference.isascii() and int(reference[2:4]) == _check_of(digits)


def found_in(text: str) -> set[str]:
    """Give what looks like a funding reference in a payer's text, without blanks; sound or not."""
    text = text.upper()
    found = {_packed(each) for each in _WRITTEN.findall(text)}
    return found or {_packed(each) for each in _ANY.findall(text)}


def in_groups(reference: str) -> str:
    """Write a reference for people: in groups of four."""
    return " ".join(reference[at : at + 4] for at in range(0, len(reference), 4))


def _packed(text: str) -> str:
    return text.replace(" ", "").replace("-", "")


def _check_of(digits: str) -> int:
    return CHECK_MODULUS + 1 - int(f"{digits}{RF_AS_DIGITS}00") % CHECK_MODULUS
