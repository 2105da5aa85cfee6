"""Codes that people can read out, type and print: for accounts and for the names of objects.

    acct-k3v9-0qfw-…      an account: 42 characters
    name-k3v9-0qfw-…      an object's name (creator and reference): 44 to 68 characters

A code is a kind of four letters, the bytes, and six check characters, all in one alphabet of 32 without i, l, o and u;
who types o gets 0, who types i or l gets 1. Capitals, spaces and dashes make no difference.

The check is the BCH code of BIP-350 (Bech32m) over all characters, the kind included. Up to 89 characters, and ours
have at most 68, it always notices up to four wrong characters, hence every swap of two; it shows where one wrong
character stands. More damage passes once in 2^30. A missing or surplus character is seen by the length of an account's
code; in a name's code it may pass, once in 2^30, where the other length is one that names have.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from sogdia.kernel.values import ACCOUNT_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
REFERENCE_CHARACTERS = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._-")
REFERENCE_MAX = 16
GROUP = 4
CHECK_CHARACTERS = 6
TEXT_MAX = 200
"""The longest text, with its spaces and dashes, that is looked at."""

_VALUE = {character: value for value, character in enumerate(ALPHABET)} | {"o": 0, "i": 1, "l": 1}
_SEPARATORS = frozenset(" \t\r\n\u00a0-\u2010\u2011\u2012\u2013\u2014\u2212")
"""What word processors and chat programs put in or make of spaces and dashes."""

# BIP-350: the generator's multiples for each of the five bits that leave the register, from the lowest, the register's
# own bits, and what a whole code leaves in it.
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_REGISTER = 0x1FFFFFF
_REMAINDER = 0x2BC830A3


class CodeKind(StrEnum):
    """What a code stands for; its value is how the code begins."""

    ACCOUNT = "acct"
    NAME = "name"


class CodeFault(StrEnum):
    """What is wrong with a code."""

    CHARACTER = "character"
    LENGTH = "length"
    CHECK = "check"
    OTHER_KIND = "other kind"
    CONTENT = "content"


_BYTES = {
    CodeKind.ACCOUNT: range(ACCOUNT_BYTES, ACCOUNT_BYTES + 1),
    CodeKind.NAME: range(ACCOUNT_BYTES + 1, ACCOUNT_BYTES + REFERENCE_MAX + 1),
}
_SPOKEN = {CodeKind.ACCOUNT: "an account code", CodeKind.NAME: "a name code"}


class CodeWrong(Exception):  # noqa: N818 - reads as what it says
    """A code that cannot be read: what is wrong, where in the text as given (from 0) if that is known, what to do."""

    def __init__(self, fault: CodeFault, message: str, where: int | None = None) -> None:
        """Remember the fault and its place."""
        super().__init__(message)
        self.fault = fault
        self.where = where


def account_code(account: bytes) -> str:
    """Write an account as a code."""
    return _write(CodeKind.ACCOUNT, account)


def read_account(code: str) -> bytes:
    """Read the account that a code stands for."""
    return _read(CodeKind.ACCOUNT, code)


def name_code(name: bytes) -> str:
    """Write an object's name, its creator's account and then its reference, as a code."""
    return _write(CodeKind.NAME, name)


def read_name(code: str) -> bytes:
    """Read the object's name that a code stands for."""
    return _read(CodeKind.NAME, code)


def locate(code: str) -> int | None:
    """Say where in the text, counted from 0, the one wrong character stands; None when none or more than one is wrong.

    A character that no code holds is the wrong one. With two or three wrong characters the answer is always None, with
    four or more it may be a wrong place.
    """
    characters = _characters(code)
    unreadable = [place for place, character in characters if character not in _VALUE]
    if unreadable:
        return unreadable[0] if len(unreadable) == 1 else None
    count = _one_wrong([_VALUE[character] for _, character in characters])
    return None if count is None else characters[count][0]


def _write(kind: CodeKind, content: bytes) -> str:
    """Write bytes as a code."""
    if not _fits(kind, content):
        message = f"{content.hex()} has a length or a reference that {_SPOKEN[kind]} cannot stand for."
        raise ValueError(message)
    symbols = [_VALUE[letter] for letter in kind] + _regroup(content, 8, 5)
    check = _register([*symbols, *[0] * CHECK_CHARACTERS]) ^ _REMAINDER
    return _in_groups(symbols + [check >> 5 * back & 31 for back in reversed(range(CHECK_CHARACTERS))])


def _read(kind: CodeKind, code: str) -> bytes:
    """Read a code of one kind, or say what is wrong with it."""
    characters = _characters(code)
    for count, (place, character) in enumerate(characters):
        if character not in _VALUE:
            message = f"{code[place]!r}, {_in_words(count)}, stands in no code. Look at that place again."
            raise CodeWrong(CodeFault.CHARACTER, message, place)
    symbols = [_VALUE[character] for _, character in characters]
    whole = _register(symbols) == _REMAINDER
    beginning = _in_groups(symbols[: len(kind)])
    if whole and beginning != kind:
        message = f"This code begins with {beginning}-, but {_SPOKEN[kind]} begins with {kind}-. Give one of those."
        raise CodeWrong(CodeFault.OTHER_KIND, message)
    _check_length(kind, len(symbols))
    if not whole:
        raise _wrong_check(kind, characters, symbols)
    content = bytes(_regroup(symbols[len(kind) : -CHECK_CHARACTERS], 5, 8))
    if not _fits(kind, content) or _write(kind, content) != _in_groups(symbols):
        message = f"The check is right, but {_SPOKEN[kind]} cannot hold this. Ask for it again where it was made."
        raise CodeWrong(CodeFault.CONTENT, message)
    return content


def _characters(code: str) -> list[tuple[int, str]]:
    """Give each character that counts, in lower case, with its place in the text."""
    if len(code) > TEXT_MAX:
        message = f"This text has {len(code)} characters; no code has more than 68. Give the code alone."
        raise CodeWrong(CodeFault.LENGTH, message)
    return [(place, character.lower()) for place, character in enumerate(code) if character not in _SEPARATORS]


def _check_length(kind: CodeKind, count: int) -> None:
    """Refuse a number of characters that no code of this kind has."""
    lengths = [len(kind) + -(-size * 8 // 5) + CHECK_CHARACTERS for size in _BYTES[kind]]
    if count not in lengths:
        expected = str(lengths[0]) if len(lengths) == 1 else f"{lengths[0]} to {lengths[-1]}"
        missing = "Some are missing" if count < lengths[0] else "Some are too many"
        if lengths[0] < count < lengths[-1]:
            missing = "One is missing or too many"
        message = f"{_SPOKEN[kind].capitalize()} has {expected} characters, this text {count}. {missing}: compare them."
        raise CodeWrong(CodeFault.LENGTH, message)


def _wrong_check(kind: CodeKind, characters: list[tuple[int, str]], symbols: list[int]) -> CodeWrong:
    """Say which character is wrong, or that several are."""
    count = _one_wrong(symbols)
    if count is None:
        message = (
            f"{_SPOKEN[kind].capitalize()} with several wrong characters, or with one missing. Compare it by groups."
        )
        return CodeWrong(CodeFault.CHECK, message)
    place, character = characters[count]
    message = f"{_SPOKEN[kind].capitalize()} with a wrong character, most likely {character!r}, {_in_words(count)}."
    return CodeWrong(CodeFault.CHECK, f"{message} Compare that place.", place)


def _in_words(count: int) -> str:
    """Say where the character stands that has `count` before it."""
    return f"character {count % GROUP + 1} of group {count // GROUP + 1}"


def _in_groups(symbols: list[int]) -> str:
    """Write values as characters, in groups of four."""
    text = "".join(ALPHABET[symbol] for symbol in symbols)
    return "-".join(text[start : start + GROUP] for start in range(0, len(text), GROUP))


def _fits(kind: CodeKind, content: bytes) -> bool:
    """Whether the kind can stand for these bytes."""
    return len(content) in _BYTES[kind] and REFERENCE_CHARACTERS.issuperset(content[ACCOUNT_BYTES:])


def _regroup(values: Iterable[int], width: int, new_width: int) -> list[int]:
    """Cut a row of `width`-bit values anew. Bits left over are filled up with zeros going to 5, dropped going to 8."""
    row = list(values)
    total = 0
    for value in row:
        total = total << width | value
    bits = len(row) * width
    count = -(-bits // new_width) if new_width < width else bits // new_width
    shift = count * new_width - bits
    total = total << shift if shift > 0 else total >> -shift
    return [total >> new_width * back & (1 << new_width) - 1 for back in reversed(range(count))]


def _register(symbols: list[int], register: int = 1) -> int:
    """Run values through the check's shift register."""
    for symbol in symbols:
        register = (register & _REGISTER) << 5 ^ symbol ^ _MULTIPLE[register >> 25]
    return register


def _multiples() -> list[int]:
    """Give for each value that can leave the register what it puts back."""
    multiples = [0]
    for generator in _GENERATOR:
        multiples += [multiple ^ generator for multiple in multiples]
    return multiples


_MULTIPLE = _multiples()


def _one_wrong(symbols: list[int]) -> int | None:
    """Find the place at which changing one value would make the check right."""
    difference = _register(symbols) ^ _REMAINDER
    errors = list(range(1, 32))
    for count in reversed(range(len(symbols))):
        if difference in errors:
            return count
        errors = [_register([0], error) for error in errors]
    return None
