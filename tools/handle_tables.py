"""Write `src/sogdia/modules/identity/handle_tables.py`: which letters a handle may hold, and what each looks like.

    python3.11 tools/handle_tables.py confusables.txt           write the file
    python3.11 tools/handle_tables.py confusables.txt --check   compare it with what would be written; exit 1 if not

`confusables.txt` is the table of look-alikes of Unicode Technical Standard 39, from the folder security/13.0.0 of
Unicode's public data. The tables decide which handles are the same, so every node must hold the same ones.
"""

import hashlib
import sys
import textwrap
import unicodedata
from collections.abc import Iterator
from pathlib import Path

VERSION = "14.0.0"
LOOK_ALIKES_DIGEST = "96f2500ec78fd96f11561d4b40237435dfece70303b1db3c0974138a333aa206"
"""Of the file as Unicode publishes it, version 13.0.0."""
TARGET = Path(__file__).parent.parent / "src" / "sogdia" / "modules" / "identity" / "handle_tables.py"
WIDTH, LINE_MAX = 120, 109
SEEN_BYTES_MAX = 7
"""A key of the state has 255 bytes at most, a handle 32 characters."""

BLOCKS = {
    "LATIN": "61-7A DF-24F 1E00-1EFF",
    "CYRILLIC": "430-45F 48A-52F",
    "GREEK": "3AC-3CE",
    "ARMENIAN": "561-586",
    "GEORGIAN": "10D0-10FA",
    "HEBREW": "5D0-5EA",
    "ARABIC": "620-64A 671-6D3",
    "DEVANAGARI": "900-963",
    "BENGALI": "980-9E3",
    "GURMUKHI": "A00-A5E",
    "GUJARATI": "A80-AE3",
    "TAMIL": "B80-BD7",
    "TELUGU": "C00-C63",
    "SINHALA": "D80-DDF",
    "THAI": "E01-E4E",
    "LAO": "E81-ECD",
    "MYANMAR": "1000-103F",
    "ETHIOPIC": "1200-135A",
    "KHMER": "1780-17D3",
    "KANA": "3041-3096 30A1-30FA 30FC",
    "HAN": "3400-4DBF 4E00-9FFF",
    "HANGUL": "AC00-D7A3",
}
"""Where the letters of the alphabets stand that a handle may be written in."""

ACCENTS_FALL = ("LATIN", "CYRILLIC", "GREEK", "ARABIC")
"""Alphabets in which a letter with an accent counts as the letter: a reader in a hurry sees no accent."""

OWN = {
    "0": "o",
    "w": "vv",
    "d": "cl",
    "\u04cf": "l",
    "\u0138": "k",
    "\u043a": "k",
    "\u043c": "m",
    "\u0442": "t",
    "\u03c4": "t",
    # Small capitals, in which the standard sees letters of their own: ve, en, komi sje.
    "\u0299": "b",
    "\u029c": "h",
    "\u0262": "g",
    # Read as others by whoever does not know the alphabet: soft sign and tone six, i, pe and pi, sha, omega, chi.
    "\u0185": "b",
    "\u1d0e": "u",
    "\u03c0": "n",
    "\u0448": "w",
    "\u03c9": "w",
    "\u03c7": "x",
    # E in its other forms: epsilon and ukrainian ie, turned e and schwa.
    "\ua793": "e",
    "\u01dd": "e",
    # Ze, yogh and ezh, and what else looks like a three.
    "\u025c": "3",
    "\u021d": "3",
    # The spelling of the sharp s where a keyboard has none; beta looks like it.
    "\xdf": "ss",
    # Letters of the north: eth, whose prototype is a mathematical sign, thorn, eng.
    "\u2202": "d",
    "\xfe": "p",
    "\u014b": "n",
    # Joined letters, and clicks.
    "\u0195": "hv",
    "\u0238": "db",
    "\u0239": "qp",
    "\u0237": "j",
    "\u01a8": "2",
    "!": "l",
}
"""Look-alikes beyond the standard: it judges by careful reading, and looks at capitals, which a handle has none of.

What joins two letters to one, and what belongs to the phonetic alphabet, is no letter of a handle in the first place.
"""

HEAD = '''"""Which letters a handle may hold, and what each looks like: made by `tools/handle_tables.py`, not by hand.

Frozen on purpose: nodes with different tables would disagree about whose handle it is.

Derived from the Unicode Character Database 14.0.0 and from confusables.txt of Unicode Technical Standard 39, version
13.0.0, copyright 1991-2021 Unicode, Inc., under the Unicode licence (https://www.unicode.org/license.txt).
A range reads FIRST-LAST, in hexadecimal.
"""
'''


def read(path: Path) -> dict[str, str]:
    """Read the standard's table: character = the one that stands for all that look like it."""
    raw = path.read_bytes()
    if hashlib.sha256(raw).hexdigest() != LOOK_ALIKES_DIGEST:
        raise SystemExit(f"{path} is not confusables.txt of version 13.0.0.")
    found = {}
    for line in raw.decode("utf-8-sig").splitlines():
        fields = line.partition("#")[0].split(";")
        if len(fields) >= len(("from", "to")):
            source, prototype = ("".join(chr(int(each, 16)) for each in field.split()) for field in fields[:2])
            found[source] = prototype
    return found


def characters(spelled: str) -> Iterator[str]:
    """Yield the lower-case letters and marks of a list of blocks that have one form only."""
    for entry in spelled.split():
        first, _, last = entry.partition("-")
        for point in range(int(first, 16), int(last or first, 16) + 1):
            character = chr(point)
            sound = unicodedata.category(character) in {"Ll", "Lo", "Mn", "Mc"} or character == "\u30fc"
            if sound and unicodedata.normalize("NFKC", character) == character:
                yield character


def skeleton(character: str, look_alikes: dict[str, str], *, accents_fall: bool) -> str:
    """Give what a character looks like, as far as nothing more can be replaced."""
    text = character
    while True:
        # A Korean syllable is not a letter with accents; it is left whole.
        parts = text if "\uac00" <= text <= "\ud7a3" else unicodedata.normalize("NFD", text).lower()
        if accents_fall:
            parts = "".join(part for part in parts if not unicodedata.combining(part))
        replaced = "".join(OWN.get(part) or look_alikes.get(part, part) for part in parts).lower()
        if replaced == text:
            return text
        text = replaced


def letters(name: str, look_alikes: dict[str, str]) -> Iterator[str]:
    """Yield the letters of an alphabet, without the few that look like so many others that keys would grow too long."""
    for letter in characters(BLOCKS[name]):
        if len(skeleton(letter, look_alikes, accents_fall=name in ACCENTS_FALL).encode()) <= SEEN_BYTES_MAX:
            yield letter


def spell(points: list[int]) -> Iterator[str]:
    """Yield code points as ranges."""
    start = 0
    for at in range(1, len(points) + 1):
        if at == len(points) or points[at] != points[at - 1] + 1:
            first, last = points[start], points[at - 1]
            yield f"{first:X}" if first == last else f"{first:X}-{last:X}"
            start = at


def entry(name: str, words: list[str]) -> str:
    """Lay words out as an entry of a table, over as many lines as the formatter would."""
    text = " ".join(words)
    if len(f'    "{name}": "{text}",') <= WIDTH:
        return f'    "{name}": "{text}",\n'
    whole = len(f'        "{text}"') <= WIDTH
    lines = [text] if whole else textwrap.wrap(text, LINE_MAX, break_long_words=False, break_on_hyphens=False)
    inner = "\n".join(f'        "{line}{"" if line is lines[-1] else " "}"' for line in lines)
    return f'    "{name}": (\n{inner}\n    ),\n'


def page(look_alikes: dict[str, str]) -> str:
    """Compose the whole file."""
    alphabets = {name: list(letters(name, look_alikes)) for name in BLOCKS}
    groups: dict[str, list[str]] = {}
    for name, found in (*alphabets.items(), ("DIGITS", list("0123456789"))):
        for letter in found:
            seen = skeleton(letter, look_alikes, accents_fall=name in ACCENTS_FALL)
            if seen != letter:
                groups.setdefault(" ".join(f"{ord(each):X}" for each in seen), []).append(f"{ord(letter):X}")
    return "".join(
        (
            HEAD,
            "\nALPHABETS = {\n",
            *(entry(name, list(spell([*map(ord, of)]))) for name, of in alphabets.items()),
            '}\n"""The letters that a handle may hold; one handle is written in one alphabet."""\n\n',
            "LOOK_ALIKES = {\n",
            *(entry(seen, alike) for seen, alike in sorted(groups.items())),
            '}\n"""What is seen, and the characters that look like it. All others look like themselves."""\n',
        )
    )


def main(arguments: list[str]) -> int:
    """Write the file or check it."""
    if unicodedata.unidata_version != VERSION:
        print(f"This Python has Unicode {unicodedata.unidata_version}, the tables are of {VERSION}. Use Python 3.11.")
        return 2
    if not arguments:
        print("Name the file confusables.txt.")
        return 2
    made = page(read(Path(arguments[0])))
    if arguments[1:] == ["--check"]:
        same = TARGET.read_text(encoding="ascii") == made
        print(f"{TARGET.name} {'is what Unicode says' if same else 'differs: write it again'}.")
        return 0 if same else 1
    TARGET.write_text(made, encoding="ascii")
    print(f"Wrote {TARGET.name}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
