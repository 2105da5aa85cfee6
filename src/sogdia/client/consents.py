"""Chains of one-time codes for somebody without a device: made once for a mandate, printed as a card, used one by one.

The first code of a card is the one next to the end on the ledger; each later one hashes to the one before. Codes are
used in the order in which they are printed. Whoever has the secret of a chain can make all of its codes.
"""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple

from sogdia.client.codes import ALPHABET
from sogdia.modules.identity.mandates import code_before
from sogdia.modules.identity.records import CONSENT_BYTES

CODES_MAX = 1_000
LETTERS = 16
GROUP = 4
_BITS = 5
_MISREAD = str.maketrans("oil", "011")


class ConsentCodeWrong(ValueError):  # noqa: N818 - reads as what it says
    """A text that is no one-time code."""


class Card(NamedTuple):
    """A chain of codes: its end, which goes on the ledger, and the codes in the order of their use."""

    end: bytes
    codes: tuple[bytes, ...]


def make_card(network: bytes, mandate: bytes, secret: bytes, count: int) -> Card:
    """Make a card of `count` codes for a mandate from a secret that nobody can guess.

    Each mandate's card has codes of its own, even when several are made from one secret.
    """
    if not 1 <= count <= CODES_MAX:
        message = f"a card has 1 to {CODES_MAX} codes, not {count}"
        raise ValueError(message)
    code = sha256(b"sogdia/card" + network + len(mandate).to_bytes(1, "big") + mandate + secret).digest()[
        :CONSENT_BYTES
    ]
    made = [code]
    for _each in range(count):
        code = code_before(network, mandate, code)
        made.append(code)
    made.reverse()
    return Card(made[0], tuple(made[1:]))


def consent_text(code: bytes) -> str:
    """Write a code as it is printed: four groups of four letters and digits."""
    number = int.from_bytes(code, "big")
    letters = "".join(ALPHABET[number >> _BITS * place & 31] for place in reversed(range(LETTERS)))
    return "-".join(letters[at : at + GROUP] for at in range(0, LETTERS, GROUP))


def read_consent(text: str) -> bytes:
    """Read a code as it was typed; capitals, spaces and dashes make no difference, nor do o for 0, i and l for 1."""
    letters = "".join(text.lower().replace("-", " ").split()).translate(_MISREAD)
    if len(letters) != LETTERS or any(letter not in ALPHABET for letter in letters):
        message = f"{text!r} is no one-time code: it has {LETTERS} letters and digits"
        raise ConsentCodeWrong(message)
    number = 0
    for letter in letters:
        number = number << _BITS | ALPHABET.index(letter)
    return number.to_bytes(CONSENT_BYTES, "big")
