"""Numbers for people: by CLDR in their marks, groups and digits, by ISO 4217 in how many places they have."""

# ruff: noqa: RUF001 - digits and marks of other languages are meant

from __future__ import annotations

import unicodedata

import pytest
from babel.core import Locale
from babel.localedata import locale_identifiers
from babel.numbers import get_currency_precision

from sogdia.client.locales import ZEROS, LocaleUnknown, amount_for_people, count_for_people, read_locale
from sogdia.kernel.values import UNITS_MAX
from sogdia.modules.money.iso4217 import MINOR_DIGITS

REGION = (
    "en ru kk ky uz tg tk mn ka az hy ar ar-EG ur fa ps tr id ms sw km lo my th vi bn si ne am he fr zh sr-Latn".split()
)


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("en", "-1,234,567.89"),
        ("ru-KZ", "-1\u00a0234\u00a0567,89"),
        ("uz", "-1\u00a0234\u00a0567,89"),
        ("tr", "-1.234.567,89"),
        ("fr", "-1\u202f234\u202f567,89"),
        ("hi", "-12,34,567.89"),
        ("sv", "−1\u00a0234\u00a0567,89"),
        ("he", "\u200e-1,234,567.89"),
        ("ar-EG", "\u061c-١٬٢٣٤٬٥٦٧٫٨٩"),
        ("fa", "\u200e−۱٬۲۳۴٬۵۶۷٫۸۹"),
        ("bn", "-১২,৩৪,৫৬৭.৮৯"),
        ("my", "-၁,၂၃၄,၅၆၇.၈၉"),
    ],
)
def test_an_amount_is_written_as_a_language_writes_it(language, shown):
    assert amount_for_people(-123_456_789, "USD", read_locale(language)) == shown


def test_places_are_those_of_iso_4217_and_never_fewer():
    english = read_locale("en")

    assert amount_for_people(100_000, "JPY", english) == "100,000"
    assert amount_for_people(999, "USD", english) == "9.99"
    assert amount_for_people(5, "KWD", english) == "0.005"
    assert amount_for_people(-5, "KWD", english, decimals=2) == "-0.00005"
    assert amount_for_people(0, "CLF", english) == "0.0000"
    shorter = {code for code, digits in MINOR_DIGITS.items() if get_currency_precision(code) < digits}
    assert {"AFN", "IQD", "IRR", "LAK", "MMK"} <= shorter
    for code in shorter:
        places = MINOR_DIGITS[code]
        assert amount_for_people(1, code, english) == f"0.{'1'.rjust(places, '0')}", "CLDR would show 0"


@pytest.mark.parametrize("language", REGION)
def test_what_is_shown_says_the_whole_amount(language):
    locale = read_locale(language)

    for units in (0, 1, 99, 100, 12_345, UNITS_MAX - 1, UNITS_MAX, UNITS_MAX * 10**12 + 7):
        text = amount_for_people(units, "IQD", locale)
        plain = "".join(str(unicodedata.digit(each, each)) for each in text)
        assert int("".join(each for each in plain if each.isdigit())) == units
        assert plain.count(plain[-4]) == 1, "one mark stands before the three places of the dinar"
        assert count_for_people(units, locale) == amount_for_people(units, "JPY", locale)


def test_every_language_of_cldr_has_its_digits():
    systems = {Locale.parse(each).default_numbering_system for each in locale_identifiers()}

    assert systems == ZEROS.keys()
    for zero in ZEROS.values():
        assert [unicodedata.decimal(chr(ord(zero) + digit)) for digit in range(10)] == list(range(10))


def test_a_language_may_be_named_in_any_country():
    assert read_locale("uz-TJ") == read_locale("uz")
    assert str(read_locale("zh_Hant_TW")) == "zh_Hant_TW"


@pytest.mark.parametrize("tag", ["", "-", "english", "xx", "C", "en/../../x", "uz" * 18, "\u0443\u0437", "uz\n"])
def test_what_names_no_language_is_refused(tag):
    with pytest.raises(LocaleUnknown, match="is no language that CLDR knows"):
        read_locale(tag)
