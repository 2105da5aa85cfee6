"""The texts: every language has all of them, they are short, and they hold the same places."""

from __future__ import annotations

import re
import unicodedata

import pytest

from sogdia.client.codes import name_code
from sogdia.operate.notices.texts import LANGUAGES, TEXTS, language_for, written

CODE = name_code(bytes(20) + b"reference-of-16c")
SMS_CHARACTERS_MAX = 70 * 4
"""Four parts of an SMS in letters beyond the Latin ones; the longest code alone takes one."""

LETTERS = {"ru": "CYRILLIC", "zh": "CJK", "ar": "ARABIC"}


def places(text: str) -> list[str]:
    return sorted(re.findall(r"\{(\w+)\}", text))


def test_there_are_the_promised_languages():
    assert set(TEXTS) == set(LANGUAGES) == {"en", "ru", "zh", "uz", "sw", "ar"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_every_text_with_the_same_places(language):
    assert set(TEXTS[language]) == set(TEXTS["en"])
    for key, text in TEXTS[language].items():
        assert places(text.body) == places(TEXTS["en"][key].body)
        assert places(text.subject) == []
        assert "\n" not in text.subject
        assert 0 < len(text.subject) <= 60
        assert len(written(key, language, code=CODE, by=2**32 - 1).body) <= SMS_CHARACTERS_MAX


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_is_in_its_own_language_and_in_composed_letters(language):
    for key, text in TEXTS[language].items():
        words = text.subject + re.sub(r"\{\w+\}", "", text.body)
        assert unicodedata.is_normalized("NFC", words)
        names = {unicodedata.name(each).split()[0] for each in words if each.isalpha()}
        assert names <= {LETTERS.get(language, "LATIN"), "MODIFIER", "LATIN" if language == "uz" else "NONE"} | (
            {"LATIN"} if language not in LETTERS else set()
        )
        assert language == "en" or text.body != TEXTS["en"][key].body


def test_a_warning_names_its_moment_and_a_code_keeps_its_direction_in_arabic():
    assert "2023-11-14 22:13 UTC" in written("order_due", "en", code=CODE, by=1_700_000_000).body
    assert f"\u2066{CODE}\u2069" in written("order_due", "ar", code=CODE, by=1_700_000_000).body


@pytest.mark.parametrize(
    ("wanted", "given"), [("uz-Latn-UZ", "uz"), ("ZH-Hant", "zh"), ("sw", "sw"), ("kk", "en"), ("", "en")]
)
def test_a_tag_finds_its_language_or_english(wanted, given):
    assert language_for(wanted) == given
