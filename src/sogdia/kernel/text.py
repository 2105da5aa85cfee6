"""The rules for text that stands on the ledger: nothing invisible, nothing that turns the line, no mixed look-alikes.

A text is first turned into a string of *classes*, one letter a character (`L` Latin, `C` Cyrillic, `^` a mark, ...);
each rule is then one question to that string. The tables are frozen at Unicode 14.0 (`text_tables`), because the ones
that come with Python change from version to version.

What is not refused: a whole word in one alphabet that looks like a word in another (Cyrillic has its own c, o and p),
and characters newer than Unicode 14.0 in the planes that hold text, so that the emoji of next year need no new rule.
"""

from __future__ import annotations

from typing import Self

from sogdia.kernel.enums import Numbered
from sogdia.kernel.text_composition import is_composed
from sogdia.kernel.text_tables import LETTERS, MARKS, NEVER_COMPOSED

MARKS_IN_A_ROW_MAX = 4
"""Vietnamese needs 1, pointed Hebrew and Tibetan 3 or 4. Towers of marks reach into other people's lines."""


class TextProblem(Numbered):
    """Why a text cannot stand on the ledger, and what its writer can do. Numbers are never changed or used again."""

    way_out: str

    def __new__(cls, number: int, way_out: str) -> Self:
        """Make a problem from its number and its way out."""
        problem = int.__new__(cls, number)
        problem._value_ = number
        problem.way_out = way_out
        return problem

    CONTROL = 1, "Leave out control characters, tabs and line breaks: one line of text only."
    DIRECTION_OVERRIDE = 2, "Leave out the marks that change the reading direction; letters carry their own."
    ZERO_WIDTH = 3, "Leave out the invisible character; joiners stand only between two letters that they join."
    MIXED_SCRIPTS = (
        4,
        "Write each word in one alphabet: Latin, Cyrillic, Greek and others have letters that look alike.",
    )
    SURROGATE = 5, "The text holds half a character; send it again as proper UTF-8."
    PRIVATE_OR_UNASSIGNED = 6, "Use public characters only; a replacement mark means that a file was read wrongly."
    EDGE_SPACE = 7, "Take away the space at the beginning or the end."
    DOUBLE_SPACE = 8, "Put one space between two words."
    NOT_COMPOSED = 9, "Send the text in composed form (Unicode NFC)."
    STACKED_MARKS = 10, "Use at most 4 accents on one letter."
    LONE_MARK = 11, "Put the accent after the letter that it belongs to."
    OTHER_SPACE = 12, "Use the ordinary space."


# What a character is, apart from what is refused at sight, whose class is the number of its problem.
_OTHER, _SPACE, _DIGIT, _APOSTROPHE, _MARK, _JOINER, _VARIATION = b".", b" ", b"0", b"'", b"^", b"+", b"~"
_SCRIPTS = {
    "LATIN": b"L",
    "CYRILLIC": b"C",
    "GREEK": b"G",
    "ARMENIAN": b"A",
    "GEORGIAN": b"E",
    "CHEROKEE": b"K",
    "COPTIC": b"P",
    "LISU": b"I",
}
_LETTERLIKE = b"M"
"""Mathematical and full-width letters: copies of Latin and Greek ones, treated as an alphabet of their own."""

_AT_SIGHT = {
    TextProblem.CONTROL: "0-1F 7F-9F 2028-2029",
    TextProblem.DIRECTION_OVERRIDE: "61C 200E-200F 202A-202E 2066-2069",
    # Soft hyphen, joiners and fillers, variation selectors, format controls of rare scripts and notations, tags, and
    # the code points that Unicode keeps for more of the same.
    TextProblem.ZERO_WIDTH: "AD 34F 115F-1160 17B4-17B5 180B-180F 200B 2060-2065 206A-206F 2800 3164 FE00-FE0E FEFF "
    "FFA0 FFF0-FFFB 13430-1343F 16FE4 1BCA0-1BCA3 1D159 1D173-1D17A E0000-E0FFF",
    TextProblem.SURROGATE: "D800-DFFF",
    # Planes 4 to 13 hold nothing, 15 and 16 are private; the last two code points of every plane are no characters.
    TextProblem.PRIVATE_OR_UNASSIGNED: "E000-F8FF FDD0-FDEF FFFC-FFFF 1FFFE-1FFFF 2FFFE-2FFFF 3FFFE-DFFFF E1000-10FFFF",
    TextProblem.OTHER_SPACE: "A0 1680 2000-200A 202F 205F 3000",
}

_JOINED_SCRIPTS = (
    "620-65F 66E-6D3 6D5-6DC 6DF-6E8 6EA-6EF 6FA-6FF 750-77F 870-88E 898-8E1 8E3-8FF",  # Arabic
    "710-74F",  # Syriac
    "7CA-7F5",  # N'Ko
    "900-963 971-97F",  # Devanagari
    "980-9E3 9F0-9F1 9FC-9FE",  # Bengali
    "A00-A65 A70-A7F",  # Gurmukhi
    "A80-AE3 AF9-AFF",  # Gujarati
    "B00-B63 B71",  # Odia
    "B80-BD7",  # Tamil
    "C00-C63",  # Telugu
    "C80-CE3 CF1-CF2",  # Kannada
    "D00-D63 D7A-D7F",  # Malayalam
    "D80-DDF DF2-DF3",  # Sinhala
    "1000-103F 1050-108F",  # Burmese
    "1780-17D3 17D7 17DC-17DD",  # Khmer
    "1820-18AA",  # Mongolian
)
"""The letters and marks between which a joiner changes what is seen, by the blocks of Unicode 14.0."""

_EMOJI = (
    "A9 AE 203C 2049 2122 2139 2194-2199 21A9-21AA 231A-231B 2328 23CF 23E9-23FA 24C2 25AA-25AB 25B6 25C0 25FB-25FE "
    "2600-27BF 2934-2935 2B05-2B07 2B1B-2B1C 2B50 2B55 3030 303D 3297 3299 1F000-1FAFF"
)
"""The symbols after which phones write the selector for coloured pictures."""

_OHM = "3A9"
"""The Greek letter that stands for a unit beside Latin ones, as in kΩ; it looks like no Latin or Cyrillic letter."""


def _ranges(spelled: str) -> list[tuple[int, int]]:
    """Read ranges of code points as (first, last)."""
    ends = (entry.partition(":")[0].partition("-") for entry in spelled.split())
    return [(int(first, 16), int(last or first, 16)) for first, _, last in ends]


def _classes() -> bytes:
    """Lay out the class of every code point, one byte each; where two ranges overlap the later one holds."""
    kinds = [
        *((_SCRIPTS[script], spelled) for script, spelled in LETTERS.items()),
        (_LETTERLIKE, "FF21-FF3A FF41-FF5A 1D400-1D7CB"),
        (_OTHER, _OHM),
        (_DIGIT, "30-39"),
        (_APOSTROPHE, "27 2B9-2BF 2018-2019"),
        (_MARK, MARKS),
        (bytes([TextProblem.NOT_COMPOSED]), NEVER_COMPOSED),
        *((bytes([problem]), spelled) for problem, spelled in _AT_SIGHT.items()),
        (_SPACE, "20"),
        (_JOINER, "200C-200D"),
        (_VARIATION, "FE0F"),
    ]
    classes = bytearray(_OTHER * _CODE_POINTS)
    for kind, spelled in kinds:
        for first, last in _ranges(spelled):
            classes[first : last + 1] = kind * (last + 1 - first)
    return bytes(classes)


_CODE_POINTS = 0x110000
_CLASS_OF = _classes()
"""About a megabyte, so that a character costs one look and no search."""

_PROBLEM_OF = {int(problem): problem for problem in TextProblem}
_JOINED = [_ranges(spelled) for spelled in _JOINED_SCRIPTS]
_EMOJI_RANGES = _ranges(_EMOJI)

_ALPHABETS = b"".join(_SCRIPTS.values()) + _LETTERLIKE
_INSIDE_A_WORD = _DIGIT + _APOSTROPHE + _MARK + _JOINER + _VARIATION
_HARMLESS = _ALPHABETS + _INSIDE_A_WORD + _OTHER + _SPACE
_WORDS = bytes(kind if kind in _ALPHABETS else _SPACE[0] for kind in range(256))


def text_problem(text: str) -> TextProblem | None:
    """Say why `text` cannot stand on the ledger, or None when it can.

    The rules are tried in this order: a character refused at sight (the first one counts), spaces, joiners, the
    composed form, marks, mixed alphabets. How long a text may be is its field's own limit.
    """
    if text.isascii() and text.isprintable():
        return _space_problem(text)
    points = list(map(ord, text))
    classes = bytes(map(_CLASS_OF.__getitem__, points))
    at_sight = classes.translate(None, _HARMLESS)
    if at_sight:
        return _PROBLEM_OF[at_sight[0]]
    problem = _space_problem(text)
    if problem is not None:
        return problem
    if not _joiners_join(points, classes):
        return TextProblem.ZERO_WIDTH
    if not is_composed(points):
        return TextProblem.NOT_COMPOSED
    return _mark_problem(classes) or (TextProblem.MIXED_SCRIPTS if _mixes_alphabets(classes) else None)


def _space_problem(text: str) -> TextProblem | None:
    """Find a space that nobody sees."""
    if text.startswith(" ") or text.endswith(" "):
        return TextProblem.EDGE_SPACE
    return TextProblem.DOUBLE_SPACE if "  " in text else None


def _joiners_join(points: list[int], classes: bytes) -> bool:
    """Whether each joiner stands between two letters of one script that uses it, each selector behind an emoji."""
    if _JOINER not in classes and _VARIATION not in classes:
        return True
    around = zip([-1, *points], classes, [*points[1:], -1], strict=False)
    return all(
        (kind != _JOINER[0] or any(_within(before, script) and _within(after, script) for script in _JOINED))
        and (kind != _VARIATION[0] or _within(before, _EMOJI_RANGES))
        for before, kind, after in around
    )


def _within(point: int, ranges: list[tuple[int, int]]) -> bool:
    """Whether a code point lies in one of the ranges."""
    return any(first <= point <= last for first, last in ranges)


def _mark_problem(classes: bytes) -> TextProblem | None:
    """Find marks without a letter, or too many on one."""
    classes = classes.translate(None, _JOINER + _VARIATION)  # these would cut a tower of marks in pieces
    if classes.startswith(_MARK) or _SPACE + _MARK in classes:
        return TextProblem.LONE_MARK
    return TextProblem.STACKED_MARKS if _MARK * (MARKS_IN_A_ROW_MAX + 1) in classes else None


def _mixes_alphabets(classes: bytes) -> bool:
    """Whether one word holds letters of two alphabets. Digits, marks and apostrophes don't end a word."""
    words = classes.translate(_WORDS, _INSIDE_A_WORD).split()
    return any(word.strip(word[:1]) for word in words)
