"""The composed form of a text (Unicode's NFC), by tables frozen at Unicode 14.0.

Many letters have two spellings: é is one character, or an e followed by an accent. Both look the same, so the ledger
takes one of them only, the composed one, which is what every language's `normalize("NFC")` gives.
"""

from __future__ import annotations

from itertools import pairwise

from sogdia.kernel.text_tables import COMPOSITIONS, MARKS

HANGUL_LEADS = range(0x1100, 0x1113)
HANGUL_VOWELS = range(0x1161, 0x1176)
HANGUL_TAILS = range(0x11A8, 0x11C3)
HANGUL_SYLLABLES = range(0xAC00, 0xD7A4)
HANGUL_FORMS = len(HANGUL_TAILS) + 1
"""How many syllables share a lead and a vowel: one without a tail and one with each tail."""


def _orders() -> dict[int, int]:
    """Read the canonical order of each mark that has one; marks without (order 0) never change places."""
    orders: dict[int, int] = {}
    for entry in MARKS.split():
        spelled, _, order = entry.partition(":")
        first, _, last = spelled.partition("-")
        if order != "0":
            orders.update(dict.fromkeys(range(int(first, 16), int(last or first, 16) + 1), int(order)))
    return orders


def _pairs() -> dict[tuple[int, int], int]:
    """Read what each pair of characters composes into."""
    return {
        (int(first, 16), int(second, 16)): int(composed, 16)
        for second, entries in COMPOSITIONS.items()
        for first, _, composed in (entry.partition("=") for entry in entries.split())
    }


_ORDER = _orders()
_COMPOSED = _pairs()
_PARTS = {composed: parts for parts, composed in _COMPOSED.items()}
_SECONDS = frozenset(second for _, second in _COMPOSED) | frozenset(HANGUL_VOWELS) | frozenset(HANGUL_TAILS)


def is_composed(points: list[int]) -> bool:
    """Whether code points are in composed form. They must hold none that `NEVER_COMPOSED` lists."""
    if _surely_composed(points):
        return True
    return not _hangul_composes(points) and _compose(_sort_marks(_decompose(points))) == points


def _surely_composed(points: list[int]) -> bool:
    """Whether nothing could compose with what stands before it, and all marks stand in order."""
    before = 0
    for point in points:
        order = _ORDER.get(point, 0)
        if point in _SECONDS or 0 < order < before:
            return False
        before = order
    return True


def _hangul_composes(points: list[int]) -> bool:
    """Whether two neighbours would make a Korean syllable; these compose by arithmetic, not by table."""
    for first, second in pairwise(points):
        if first in HANGUL_LEADS and second in HANGUL_VOWELS:
            return True
        open_syllable = first in HANGUL_SYLLABLES and (first - HANGUL_SYLLABLES.start) % HANGUL_FORMS == 0
        if open_syllable and second in HANGUL_TAILS:
            return True
    return False


def _decompose(points: list[int]) -> list[int]:
    """Take every composed character apart as far as it goes."""
    apart: list[int] = []
    for point in points:
        seconds: list[int] = []
        first = point
        while first in _PARTS:
            first, second = _PARTS[first]
            seconds.append(second)
        apart.append(first)
        apart.extend(reversed(seconds))
    return apart


def _sort_marks(points: list[int]) -> list[int]:
    """Put the marks behind each letter in canonical order; marks of equal order keep their places."""
    placed: list[int] = []
    marks: list[int] = []
    for point in points:
        if _ORDER.get(point, 0):
            marks.append(point)
            continue
        placed.extend(sorted(marks, key=_ORDER.__getitem__))
        placed.append(point)
        marks = []
    placed.extend(sorted(marks, key=_ORDER.__getitem__))
    return placed


def _compose(points: list[int]) -> list[int]:
    """Join each letter with the marks that compose with it and are not kept away by another mark."""
    joined: list[int] = []
    letter = -1  # where in `joined` the last letter stands
    between = 0  # the order of the last mark kept since that letter
    for point in points:
        order = _ORDER.get(point, 0)
        reaches = letter >= 0 and (len(joined) == letter + 1 or 0 < between < order)
        composed = _COMPOSED.get((joined[letter], point)) if reaches else None
        if composed is not None:
            joined[letter] = composed
            continue
        if order == 0:
            letter = len(joined)
        between = order
        joined.append(point)
    return joined
