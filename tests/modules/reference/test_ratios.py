"""Ratios against Python's fractions: order, median, distance, and how they are written."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as some

from sogdia.modules.reference.ratios import (
    Ratio,
    are_apart,
    decimal_text,
    falls_short,
    in_order,
    is_reduced,
    median_of,
    spread_of,
    turned,
)

PARTS = some.integers(1, 2**60) | some.integers(1, 30)
POINTS = some.integers(0, 10_000)


def ratio_of(exact: Fraction) -> Ratio:
    return Ratio(quote=exact.numerator, base=exact.denominator)


RATIOS = some.builds(Fraction, PARTS, PARTS).map(ratio_of)


def exactly(ratio: Ratio) -> Fraction:
    return Fraction(ratio.quote, ratio.base)


@given(some.lists(RATIOS, min_size=1, max_size=9))
def test_ratios_are_in_the_order_of_their_fractions(ratios):
    assert [exactly(each) for each in in_order(ratios)] == sorted(map(exactly, ratios))


@given(some.lists(RATIOS, min_size=1, max_size=9))
def test_the_median_is_one_of_them_with_at_most_half_on_either_side(ratios):
    found = median_of(ratios)

    assert found in ratios
    below = sum(exactly(each) < exactly(found) for each in ratios)
    above = sum(exactly(each) > exactly(found) for each in ratios)
    assert below <= (len(ratios) - 1) // 2
    assert above <= len(ratios) // 2


@given(some.lists(RATIOS, min_size=1, max_size=5), some.lists(RATIOS, max_size=4))
def test_a_minority_cannot_move_the_median_beyond_what_the_others_report(honest, false):
    false = false[: len(honest) - 1]

    found = exactly(median_of([*honest, *false]))

    assert min(map(exactly, honest)) <= found <= max(map(exactly, honest))


def test_of_an_even_number_the_median_is_the_lower_of_the_two_in_the_middle():
    assert median_of([Ratio(4, 1), Ratio(1, 1), Ratio(3, 1), Ratio(2, 1)]) == Ratio(2, 1)


@given(RATIOS, RATIOS, POINTS)
def test_falling_short_is_exact(one, other, points):
    wanted = exactly(one) < exactly(other) * Fraction(10_000 - points, 10_000)

    assert falls_short(one, other, points) == wanted


def test_what_falls_short_by_just_so_much_does_not_fall_short():
    assert not falls_short(Ratio(9, 10), Ratio(1, 1), 1_000)
    assert falls_short(Ratio(9 * 10**15 - 1, 10**16), Ratio(1, 1), 1_000)


@given(RATIOS, RATIOS, POINTS)
def test_distance_is_the_same_whichever_way_round(one, other, points):
    assert (
        are_apart(one, other, points) == are_apart(other, one, points) == are_apart(turned(one), turned(other), points)
    )


@given(RATIOS)
def test_a_turned_ratio_is_the_exact_inverse_in_lowest_terms(ratio):
    assert exactly(turned(ratio)) * exactly(ratio) == 1
    assert is_reduced(turned(ratio))
    assert turned(turned(ratio)) == ratio


def test_what_can_be_divided_is_not_in_lowest_terms():
    assert is_reduced(Ratio(2_589, 20))
    assert not is_reduced(Ratio(5_178, 40))


@pytest.mark.parametrize(
    ("ratios", "points"),
    [
        ((Ratio(3, 1),), 0),
        ((Ratio(101, 1), Ratio(100, 1), Ratio(1_005, 10)), 100),
        ((Ratio(1, 1), Ratio(10_000_000_001, 10_000_000_000)), 1),
    ],
)
def test_the_spread_is_rounded_up(ratios, points):
    assert spread_of(ratios) == points


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (Ratio(2_589, 20), "129.45"),
        (Ratio(20, 2_589), "0.00772499034376"),
        (Ratio(12_000, 1), "12000"),
        (Ratio(2, 3), "0.666666666667"),
        (Ratio(1, 3), "0.333333333333"),
        (Ratio(2**60, 1), str(2**60)),
        (Ratio(1, 2**60), "0.000000000000000000867361737988"),
    ],
)
def test_a_ratio_is_written_as_a_decimal(ratio, text):
    assert decimal_text(ratio) == text


@given(RATIOS)
def test_a_decimal_is_off_by_less_than_one_in_a_hundred_thousand_million(ratio):
    written = Fraction(Decimal(decimal_text(ratio)))

    assert abs(written - exactly(ratio)) * 10**11 <= exactly(ratio)
