"""A small strict reader of a passkey's client data: JSON as browsers write it, read alike by every node.

    {"type":"webauthn.get","challenge":"…","origin":"https://sogdia.example","crossOrigin":false}

An object of texts, numbers, true, false and null; one object may stand within it (an old browser's token binding). No
member stands twice, nothing stands behind the end. Members that nobody asks for are read over, not refused: browsers
add some on purpose, so that nobody compares with a template.
"""

from __future__ import annotations

from typing import Final

Member = str | bool | None

TEXT_MAX: Final = 1_024
"""Longer client data is refused before it is read; the signature's own limit is the same."""

_READ_OVER: Final = ""
_SPACES: Final = (" ", "\t", "\n", "\r")
_DIGITS: Final = "0123456789"
_HEX: Final = "0123456789abcdefABCDEF"
_ESCAPES: Final = {
    '"': '"',
    "\\": "\\",
    "/": "/",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
}
_WORDS: Final[tuple[tuple[str, Member], ...]] = (("true", True), ("false", False), ("null", None))
_HIGH_SURROGATES: Final = range(0xD800, 0xDC00)
_LOW_SURROGATES: Final = range(0xDC00, 0xE000)


class ClientDataWrong(Exception):  # noqa: N818 - reads as what it says
    """These bytes are no client data that every node would read alike."""


def read_client_data(raw: bytes) -> dict[str, Member]:
    """Give the members by name; for a number and for an object within it stands an empty text, since none is used."""
    if len(raw) > TEXT_MAX:
        raise ClientDataWrong("too long")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ClientDataWrong("not UTF-8") from error
    members, at = _read_object(text, _skip_space(text, 0), inside=False)
    if _skip_space(text, at) != len(text):
        raise ClientDataWrong("something stands behind the end")
    return members


def _read_object(text: str, at: int, *, inside: bool) -> tuple[dict[str, Member], int]:
    """Read an object that begins at `at`; give its members and where it ends."""
    at = _skip_space(text, _expect(text, at, "{"))
    members: dict[str, Member] = {}
    if text[at : at + 1] == "}":
        return members, at + 1
    while True:
        name, at = _read_text(text, at)
        if name in members:
            raise ClientDataWrong("a member stands twice")
        # Browsers write no white space, so each place where it may stand is looked at before it is passed over.
        at = at + 1 if text[at : at + 1] == ":" else _expect(text, _skip_space(text, at), ":")
        first = text[at : at + 1]
        if first in _SPACES:
            at = _skip_space(text, at)
            first = text[at : at + 1]
        members[name], at = _read_text(text, at) if first == '"' else _read_other(text, at, inside=inside)
        sign = text[at : at + 1]
        if sign in _SPACES:
            at = _skip_space(text, at)
            sign = text[at : at + 1]
        if sign == "}":
            return members, at + 1
        at = at + 1 if sign == "," else _expect(text, at, ",")
        if text[at : at + 1] in _SPACES:
            at = _skip_space(text, at)


def _read_other(text: str, at: int, *, inside: bool) -> tuple[Member, int]:
    """Read a value that is no text: a word, or a number or an object, which are read over."""
    first = text[at : at + 1]
    if first == "{":
        if inside:
            raise ClientDataWrong("objects stand too deep within each other")
        return _READ_OVER, _read_object(text, at, inside=True)[1]
    if first == "-" or (first and first in _DIGITS):
        return _READ_OVER, _skip_number(text, at)
    return _read_word(text, at)


def _read_text(text: str, at: int) -> tuple[str, int]:
    """Read a text in quotation marks; give it and where it ends."""
    at = _expect(text, at, '"')
    end = text.find('"', at)
    if end < 0:
        raise ClientDataWrong("a text does not end")
    plain = text[at:end]
    # Almost every text is plain, and then it ends at the next quotation mark.
    if "\\" not in plain:
        return _printable(plain), end + 1
    parts: list[str] = []
    while (sign := text[at : at + 1]) != '"':
        if sign == "\\":
            sign, at = _read_escape(text, at + 1)
        elif not sign:
            raise ClientDataWrong("a text does not end")
        else:
            _printable(sign)
            at += 1
        parts.append(sign)
    return "".join(parts), at + 1


def _printable(text: str) -> str:
    """Give a text back that holds no control characters, which JSON forbids within quotation marks."""
    # Nothing printable is a control character; the rest is looked at by number, which no Unicode version changes.
    if not text.isprintable() and min(text) < " ":
        raise ClientDataWrong("a control character stands in a text")
    return text


def _read_escape(text: str, at: int) -> tuple[str, int]:
    """Read what stands behind a backslash; two halves of one character are joined, one alone is refused."""
    sign = text[at : at + 1]
    if sign in _ESCAPES:
        return _ESCAPES[sign], at + 1
    unit, at = _read_unit(text, at)
    if unit in _LOW_SURROGATES:
        raise ClientDataWrong("half a character")
    if unit not in _HIGH_SURROGATES:
        return chr(unit), at
    low, at = _read_unit(text, _expect(text, at, "\\"))
    if low not in _LOW_SURROGATES:
        raise ClientDataWrong("half a character")
    return chr(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00)), at


def _read_unit(text: str, at: int) -> tuple[int, int]:
    """Read `u` and four hexadecimal digits."""
    at = _expect(text, at, "u")
    digits = text[at : at + 4]
    if len(digits) != 4 or any(digit not in _HEX for digit in digits):  # noqa: PLR2004 - as JSON writes a unit
        raise ClientDataWrong("an escape that JSON does not know")
    return int(digits, 16), at + 4


def _skip_number(text: str, at: int) -> int:
    """Pass over a number and give where it ends: -? digits without leading zeros, fraction, exponent."""
    if text[at] == "-":
        at += 1
    whole = _skip_digits(text, at)
    if text[at] == "0" and whole > at + 1:
        raise ClientDataWrong("a number begins with a zero")
    at = whole
    if text[at : at + 1] == ".":
        at = _skip_digits(text, at + 1)
    if text[at : at + 1] in ("e", "E"):
        at += 2 if text[at + 1 : at + 2] in ("+", "-") else 1
        at = _skip_digits(text, at)
    return at


def _skip_digits(text: str, at: int) -> int:
    """Pass over one digit or more."""
    start = at
    while (digit := text[at : at + 1]) and digit in _DIGITS:
        at += 1
    if at == start:
        raise ClientDataWrong("a number lacks digits")
    return at


def _read_word(text: str, at: int) -> tuple[Member, int]:
    """Read true, false or null."""
    for word, value in _WORDS:
        if text.startswith(word, at):
            return value, at + len(word)
    raise ClientDataWrong("neither a text, a number, true, false, null nor an object")


def _skip_space(text: str, at: int) -> int:
    """Pass over the four white-space characters of JSON."""
    while text[at : at + 1] in _SPACES:
        at += 1
    return at


def _expect(text: str, at: int, sign: str) -> int:
    """Pass over one sign that must stand here."""
    if text[at : at + 1] != sign:
        raise ClientDataWrong(f"{sign} is missing")
    return at + 1
