"""Numbers as people of a language write them: marks, groups and digits by CLDR, and as many places as ISO 4217 has.

CLDR would show thirteen currencies with fewer places, and what is shown without its last digits does not balance for
its reader. So the number of places is never CLDR's, and nothing is rounded.

    12345678 minor units of USD    en 123,456.78    uz 123 456,78    ne १,२३,४५६.७८
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from functools import cache
from typing import TYPE_CHECKING, Final

from babel.core import Locale, UnknownLocaleError
from babel.numbers import get_minus_sign_symbol, parse_pattern

from sogdia.modules.money.iso4217 import MINOR_DIGITS

if TYPE_CHECKING:
    from babel.numbers import NumberPattern

DIGITS_MAX: Final = 60
"""More digits than any amount or sum of amounts has."""

TAG_CHARACTERS_MAX: Final = 35
"""How long the tag of a language is at most (BCP 47, 4.4.1)."""

ZEROS: Final = {
    "adlm": "\U0001e950",
    "arab": "\u0660",
    "arabext": "\u06f0",
    "beng": "\u09e6",
    "cakm": "\U00011136",
    "deva": "\u0966",
    "hmnp": "\U0001e140",
    "latn": "0",
    "mtei": "\uabf0",
    "mymr": "\u1040",
    "nkoo": "\u07c0",
    "olck": "\u1c50",
    "tibt": "\u0f20",
}
"""The zero of each numbering system that a language of CLDR has by default; the other nine digits follow it."""


class LocaleUnknown(ValueError):  # noqa: N818 - reads as what it says
    """A text that names no language of which CLDR says how it writes numbers."""


def read_locale(tag: str) -> Locale:
    """Read a language as BCP 47 writes it: uz, ru-KZ, zh-Hant-TW; an underscore is taken for a hyphen.

    Where CLDR does not know it in a country, it is the language as such (RFC 4647, 3.4). Raises `LocaleUnknown`.
    """
    known = tag.replace("_", "-") if len(tag) <= TAG_CHARACTERS_MAX and tag.isascii() else ""
    while known:
        try:
            return Locale.parse(known, sep="-")
        except UnknownLocaleError:
            known = known.rpartition("-")[0]
        except ValueError:
            break
    raise LocaleUnknown(f"{tag!r} is no language that CLDR knows")


def amount_for_people(units: int, currency: str, locale: Locale, decimals: int = 0) -> str:
    """Write minor units, or 10^-decimals of them, without the currency's code."""
    return _written(units, MINOR_DIGITS[currency] + decimals, locale)


def count_for_people(number: int, locale: Locale) -> str:
    """Write how many."""
    return _written(number, 0, locale)


def _written(number: int, places: int, locale: Locale) -> str:
    with localcontext(prec=DIGITS_MAX):
        size = Decimal(abs(number)).scaleb(-places)
        text: str = _pattern(locale, places).apply(size, locale, numbering_system="default")
    return (_minus(locale) if number < 0 else "") + text.translate(_digits(locale))


# The library knows a language's marks; its own digits and its own minus are put in here.


@cache
def _pattern(locale: Locale, places: int) -> NumberPattern:
    pattern = parse_pattern(locale.decimal_formats[None].pattern)
    pattern.frac_prec = (places, places)
    return pattern


@cache
def _minus(locale: Locale) -> str:
    return get_minus_sign_symbol(locale, numbering_system="default")


@cache
def _digits(locale: Locale) -> dict[int, int]:
    zero = ord(ZEROS[locale.default_numbering_system])
    return {ord("0") + digit: zero + digit for digit in range(10)}
