"""Write `src/sogdia/kernel/text_tables.py`: what the kernel knows of Unicode, frozen at version 14.0.

    python3.11 tools/text_tables.py           write the file
    python3.11 tools/text_tables.py --check   compare it with what would be written; exit 1 when it differs

The tables decide what may stand on the ledger, so every node must hold the same ones whatever its Python. They come
from the Unicode database that Python 3.11 carries (14.0.0); any other version is refused.
"""

import sys
import textwrap
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

VERSION = "14.0.0"
TARGET = Path(__file__).parent.parent / "src" / "sogdia" / "kernel" / "text_tables.py"
INLINE_MAX, LINE_MAX = 100, 109
"""How long a literal may be beside its name and on a line of its own, so that the formatter agrees."""
SURROGATES = range(0xD800, 0xE000)
SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "GEORGIAN", "CHEROKEE", "COPTIC", "LISU")

HEAD = '''"""What the kernel knows of Unicode: made by `tools/text_tables.py` from Unicode 14.0, not by hand.

Frozen on purpose: a newer Python brings newer tables, and nodes with different tables would disagree about a text.
A change here changes what past blocks mean, so it needs a new rule that starts at a height.

Derived from the Unicode Character Database, copyright 1991-2021 Unicode, Inc., under the Unicode licence
(https://www.unicode.org/license.txt). A range reads FIRST-LAST, in hexadecimal.
"""
'''


def runs(value_of: Callable[[str], int | None]) -> Iterator[tuple[int, int, int]]:
    """Yield each run of characters with one value as (first, last, value); None is no value."""
    first = last = -1
    value: int | None = None
    for point in range(sys.maxunicode + 2):
        here = None if point > sys.maxunicode or point in SURROGATES else value_of(chr(point))
        if here != value:
            if value is not None:
                yield first, last, value
            first, value = point, here
        last = point


def letter_of(script: str) -> Callable[[str], int | None]:
    """Give the test for letters whose name begins with `script`, Roman numerals being Latin."""
    beginnings = (f"{script} ", "ROMAN NUMERAL ", "SMALL ROMAN ") if script == "LATIN" else (f"{script} ",)

    def is_letter(character: str) -> int | None:
        letter = unicodedata.category(character) in {"Lu", "Ll", "Lt", "Lm", "Lo", "Nl"}
        return 1 if letter and unicodedata.name(character, "").startswith(beginnings) else None

    return is_letter


def mark_order(character: str) -> int | None:
    """Give the canonical order of a mark that stands above, below or around its letter."""
    order = unicodedata.combining(character)
    return order if order or unicodedata.category(character) in {"Mn", "Me"} else None


def never_composed(character: str) -> int | None:
    """Mark a character that the composed form replaces by others."""
    return 1 if unicodedata.normalize("NFC", character) != character else None


def compositions() -> dict[str, list[tuple[str, str]]]:
    """Give for each second character the pairs of first character and what both compose into, without Hangul."""
    found: dict[str, list[tuple[str, str]]] = {}
    for point in range(sys.maxunicode + 1):
        composed = chr(point)
        parts = [chr(int(part, 16)) for part in unicodedata.decomposition(composed).split() if part[0] != "<"]
        if len(parts) == len("ab") and unicodedata.normalize("NFC", "".join(parts)) == composed:
            found.setdefault(parts[1], []).append((parts[0], composed))
    return found


def spell(first: int, last: int) -> str:
    """Write a range of code points; one alone stands without its end."""
    return f"{first:X}" if first == last else f"{first:X}-{last:X}"


def literal(words: Iterable[str], indent: str) -> str:
    """Lay `words` out as one string literal, over as many lines as it needs, the first following what names it."""
    text = " ".join(words)
    if len(text) <= INLINE_MAX:
        return f'"{text}"'
    lines = textwrap.wrap(text, LINE_MAX, break_long_words=False, break_on_hyphens=False)
    inner = "\n".join(f'{indent}    "{line}{"" if line is lines[-1] else " "}"' for line in lines)
    return f"(\n{inner}\n{indent})"


def page() -> str:
    """Compose the whole file."""
    letters = {script: (spell(first, last) for first, last, _ in runs(letter_of(script))) for script in SCRIPTS}
    marks = (f"{spell(first, last)}:{order}" for first, last, order in runs(mark_order))
    never = (spell(first, last) for first, last, _ in runs(never_composed))
    pairs = {
        f"{ord(second):X}": (f"{ord(first):X}={ord(composed):X}" for first, composed in found)
        for second, found in sorted(compositions().items())
    }
    return "".join(
        (
            HEAD,
            "\nLETTERS = {\n",
            *(f'    "{script}": {literal(words, " " * 4)},\n' for script, words in letters.items()),
            '}\n"""The letters of the scripts that have look-alikes in each other."""\n\n',
            f"MARKS = {literal(marks, '')}\n",
            '"""Marks that take no width of their own, each range with its canonical order."""\n\n',
            f"NEVER_COMPOSED = {literal(never, '')}\n",
            '"""Characters that the composed form (NFC) writes otherwise."""\n\n',
            "COMPOSITIONS = {\n",
            *(f'    "{second}": {literal(words, " " * 4)},\n' for second, words in pairs.items()),
            '}\n"""For each second character: first character = what the two compose into. Hangul is reckoned."""\n',
        )
    )


def main(arguments: list[str]) -> int:
    """Write the file or check it."""
    if unicodedata.unidata_version != VERSION:
        print(f"This Python has Unicode {unicodedata.unidata_version}, the tables are of {VERSION}. Use Python 3.11.")
        return 2
    if arguments == ["--check"]:
        same = TARGET.read_text(encoding="ascii") == page()
        print(f"{TARGET.name} {'is what Unicode ' + VERSION + ' says' if same else 'differs: write it again'}.")
        return 0 if same else 1
    TARGET.write_text(page(), encoding="ascii")
    print(f"Wrote {TARGET.name}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
