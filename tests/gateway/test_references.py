"""Funding references: the standard's check, slips that are noticed, and how they are found in a payer's text."""

from __future__ import annotations

import pytest

from sogdia.gateway import references
from sogdia.gateway.references import found_in, in_groups, is_sound, reference_of

SOME = reference_of(b"n" * 32, b"i" * 20, "KES", b"a" * 20)


def test_the_check_is_that_of_the_standard():
    # The sample that ISO 11649 itself prints, RF18 5390 0754 7034, without the length that ours have.
    assert references._check_of("539007547034") == 18


def test_a_reference_is_the_same_whenever_it_is_asked_for_and_another_for_another():
    assert reference_of(b"n" * 32, b"i" * 20, "KES", b"a" * 20) == SOME
    others = {
        reference_of(b"m" * 32, b"i" * 20, "KES", b"a" * 20),
        reference_of(b"n" * 32, b"j" * 20, "KES", b"a" * 20),
        reference_of(b"n" * 32, b"i" * 20, "USD", b"a" * 20),
        reference_of(b"n" * 32, b"i" * 20, "KES", b"b" * 20),
    }
    assert len(others | {SOME}) == 5
    assert len(SOME) == 22
    assert is_sound(SOME)


def test_every_wrong_digit_and_every_swap_of_neighbours_is_noticed():
    for number in range(50):
        sound = reference_of(b"n" * 32, b"i" * 20, "KES", number.to_bytes(20, "big"))
        for at in range(2, len(sound)):
            for digit in "0123456789":
                changed = f"{sound[:at]}{digit}{sound[at + 1 :]}"
                assert is_sound(changed) == (changed == sound)
            swapped = f"{sound[:at]}{sound[at + 1 : at + 2]}{sound[at]}{sound[at + 2 :]}"
            assert is_sound(swapped) == (swapped == sound)


@pytest.mark.parametrize(
    "wrong", ["", "RF", SOME[:-1], f"{SOME}0", SOME.replace("RF", "XX"), f"{SOME[:-1]}²", SOME.lower()]
)
def test_what_has_another_form_is_not_sound(wrong):
    assert not is_sound(wrong)


@pytest.mark.parametrize(
    "text",
    [
        SOME,
        in_groups(SOME),
        f"top up {in_groups(SOME)} thanks",
        SOME.lower(),
        f"/ROC/{SOME}/",
        "-".join((SOME[:8], SOME[8:])),
    ],
)
def test_a_reference_is_found_as_people_write_it(text):
    assert found_in(text) == {SOME}


def test_a_reference_that_is_too_short_or_too_long_is_found_as_wrong():
    assert found_in(f"for {SOME[:-1]}") == {SOME[:-1]}
    assert not is_sound(next(iter(found_in(f"{SOME}1"))))


@pytest.mark.parametrize("text", ["", "rent", "PERF 12", "INVOICE 7/2026", "XRF123"])
def test_other_texts_hold_none(text):
    assert found_in(text) == set()


def test_two_are_two():
    other = reference_of(b"n" * 32, b"i" * 20, "KES", b"b" * 20)

    assert found_in(f"{SOME} or {other}") == {SOME, other}
