"""The one analyser: it cuts text into words before any database sees it, for documents and for questions alike.

    text ──▶ NFKC, small letters, no marks, letters of one sound made one ──▶ runs of letters and digits ──▶ words
                                                                              runs without spaces are cut in pairs

Chinese, Japanese, Thai, Lao, Khmer and Burmese put no spaces between words. A document gives each of their characters
and each pair; a question gives its pairs, or its one character. So two-character words are found, and one rule serves
every database.
"""

from __future__ import annotations

import unicodedata
from typing import Final

TEXT_MAX: Final = 400
"""Characters of a document that are looked at; a title has at most 200."""
QUERY_MAX: Final = 100
WORD_MAX: Final = 32
"""Characters of a word that count; longer ones are cut, in documents and questions alike."""
TERMS_MAX: Final = 16
"""Words of a question that count."""

ALEF, YEH, KAF, HEH, WAW = "\u0627", "\u064a", "\u0643", "\u0647", "\u0648"
_SAME_LETTER: Final = str.maketrans(
    {
        # Arabic letters that keyboards and countries write differently: alef wasla, farsi and other yehs, keheh, hehs.
        "\u0671": ALEF,
        "\u0649": YEH,
        "\u06cc": YEH,
        "\u06d0": YEH,
        "\u06d2": YEH,
        "\u0626": YEH,
        "\u06a9": KAF,
        "\u06aa": KAF,
        "\u0629": HEH,
        "\u06c1": HEH,
        "\u06be": HEH,
        "\u06d5": HEH,
        "\u06c0": HEH,
        "\u0624": WAW,
        # Latin letters with strokes, which no decomposition takes apart.
        "\u00f8": "o",
        "\u0142": "l",
        "\u0111": "d",
        "\u0127": "h",
        "\u0131": "i",
        "\u00e6": "ae",
        "\u0153": "oe",
        "\u00fe": "th",
        # Written into words and left out as often: apostrophes of Uzbek and others, tatweel, joiners, soft hyphen.
        "'": None,
        "`": None,
        "\u2018": None,
        "\u2019": None,
        "\u02bb": None,
        "\u02bc": None,
        "\u00b4": None,
        "\u0640": None,
        "\u200c": None,
        "\u200d": None,
        "\u00ad": None,
    }
)

_WITHOUT_SPACES: Final = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Burmese
    (0x1780, 0x17FF),  # Khmer
    (0x3005, 0x3007),  # Han iteration marks and zero
    (0x3040, 0x30FF),  # Hiragana, Katakana
    (0x3400, 0x4DBF),  # Han
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)


def fold(text: str) -> str:
    """Make text comparable: one form, small letters, no marks, one letter where languages write several."""
    text = unicodedata.normalize("NFKC", text).casefold().translate(_SAME_LETTER)
    apart = unicodedata.normalize("NFKD", text)
    bare = [char for at, char in enumerate(apart) if unicodedata.category(char) != "Mn" or _short_i(apart, at)]
    folded = unicodedata.normalize("NFC", "".join(bare)).casefold().translate(_SAME_LETTER)
    return "".join([_digit(char) for char in folded])


def _short_i(apart: str, at: int) -> bool:
    """Tell whether a mark makes the Cyrillic short i, a letter of its own that nobody writes without its mark."""
    return apart[at] == "\u0306" and apart[at - 1 : at] == "\u0438"


def _digit(char: str) -> str:
    """Write a decimal digit of any script as ASCII."""
    return str(unicodedata.decimal(char)) if not char.isascii() and unicodedata.category(char) == "Nd" else char


def _spaceless(char: str) -> bool:
    point = ord(char)
    return point >= 0x0E00 and any(first <= point <= last for first, last in _WITHOUT_SPACES)  # noqa: PLR2004 - Thai begins


def _runs(folded: str) -> list[tuple[bool, str]]:
    """Cut folded text into runs of letters, digits and vowel signs; each with whether it is written without spaces."""
    runs: list[tuple[bool, str]] = []
    current, kind = "", False
    for char in folded:
        counts = unicodedata.category(char)[0] in "LN" or unicodedata.category(char) == "Mc"
        without = counts and _spaceless(char)
        if current and (not counts or without != kind):
            runs.append((kind, current))
            current = ""
        if counts:
            current += char
            kind = without
    if current:
        runs.append((kind, current))
    return runs


def document_words(text: str) -> list[str]:
    """Give every word under which a text can be found, each once, in a fixed order."""
    found: dict[str, None] = {}
    for without_spaces, run in _runs(fold(text[:TEXT_MAX])):
        if not without_spaces:
            found[run[:WORD_MAX]] = None
            continue
        found.update(dict.fromkeys(run))
        found.update((run[at : at + 2], None) for at in range(len(run) - 1))
    return sorted(found)


def query_words(text: str) -> list[str]:
    """Give the words that a document must all have, in the order of the question."""
    found: dict[str, None] = {}
    for without_spaces, run in _runs(fold(text[:QUERY_MAX])):
        if not without_spaces or len(run) == 1:
            found[run[:WORD_MAX]] = None
        else:
            found.update((run[at : at + 2], None) for at in range(len(run) - 1))
    return list(found)[:TERMS_MAX]
