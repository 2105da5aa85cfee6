"""Rates between two currencies as exact rationals: compared by multiplying crosswise, never divided, never rounded.

    ratio          minor units of the quote for minor units of the base, in lowest terms
    turned ratio   the same rate, told for the other currency: exact, too
    median         the middle one; of an even number the lower of the two in the middle

A median is always a rate that somebody has signed. A mean of the two in the middle would be nobody's, and would need
parts of twice as many digits; and whichever is taken, reporters in the minority cannot move it beyond the others.
"""

from __future__ import annotations

from functools import cmp_to_key
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from sogdia.kernel.exact import common_divisor, half_up, up

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

BASIS = 10_000
DIGITS = 12
"""So many digits of a rate are shown to people; the ratio itself is exact."""

RATIO_PART_MAX = 2**60
RatioPart = Annotated[int, Meta(ge=1, le=RATIO_PART_MAX)]


class Ratio(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """So many minor units of the quote for so many of the base: 2589 for 20 is 129.45."""

    quote: RatioPart
    base: RatioPart


def is_reduced(ratio: Ratio) -> bool:
    """Tell whether a ratio is in lowest terms: one rate has one spelling."""
    return common_divisor(ratio.quote, ratio.base) == 1


def turned(ratio: Ratio) -> Ratio:
    """Give the same rate the other way round."""
    return Ratio(quote=ratio.base, base=ratio.quote)


def in_order(ratios: Iterable[Ratio]) -> list[Ratio]:
    """Sort ratios, the lowest first."""
    return sorted(ratios, key=cmp_to_key(_compare))


def median_of(ratios: Sequence[Ratio]) -> Ratio:
    """Give the median of at least one ratio."""
    return in_order(ratios)[(len(ratios) - 1) // 2]


def falls_short(one: Ratio, other: Ratio, points: int) -> bool:
    """Tell whether one ratio is lower than another by more than so many basis points of that other."""
    return one.quote * other.base * BASIS < other.quote * one.base * (BASIS - points)


def are_apart(one: Ratio, other: Ratio, points: int) -> bool:
    """Tell whether either of two ratios falls short of the other; so it is the same whichever way round they are."""
    return falls_short(one, other, points) or falls_short(other, one, points)


def spread_of(ratios: Sequence[Ratio]) -> int:
    """Give by how many basis points the highest of some ratios is above the lowest, rounded up."""
    ordered = in_order(ratios)
    low, high = ordered[0], ordered[-1]
    return up((high.quote * low.base - low.quote * high.base) * BASIS, low.quote * high.base)


def decimal_text(ratio: Ratio) -> str:
    """Write a ratio as a decimal of about twelve digits, rounded half up: for people, never for a rule."""
    places = 0
    while ratio.quote * 10**places < ratio.base * 10 ** (DIGITS - 1):
        places += 1
    text = str(half_up(ratio.quote * 10**places, ratio.base)).rjust(places + 1, "0")
    return f"{text[:-places]}.{text[-places:]}".rstrip("0").rstrip(".") if places else text


def _compare(one: Ratio, other: Ratio) -> int:
    return one.quote * other.base - other.quote * one.base
