"""What a dealer asks: a spread, and a premium for keeping a rate. Both come of the past alone.

    volatility = √(mean of the squares of the last 40 daily moves), rounded up
    spread     = the dealer's own margin + a quarter of a day's volatility
    premium    = funding for the tenor + 0.4 × volatility × √(the time in which the buyer may cancel)

The second part of the premium is the price of the option that a buyer has while the merchant has not accepted: at the
money it is worth about four tenths of the volatility, times the root of the days. Later only the merchant can end the
order, who gains nothing by the rate.

A cover is priced as the same option over the days between the goods' leaving and the last return, as if one order in
four came back: cover premium = 0.4 × volatility × √(those days) / 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from typing import TYPE_CHECKING

from sogdia.kernel.exact import up
from sogdia.kernel.parameters import DAY
from sogdia.modules.exchange.records import Cover, Premium, Rate
from sogdia.modules.money.iso4217 import MINOR_DIGITS
from sogdia.simulate.payments.backing import COVER_POINTS
from sogdia.simulate.payments.rates import MILLION

if TYPE_CHECKING:
    from sogdia.simulate.payments.rates import Series
    from sogdia.simulate.payments.storms import Windows

PAST_DAYS = 40
PAST_DAYS_MIN = 5
FUNDING_POINTS = 500
"""What a dealer pays a year for the money that lies set aside, in basis points."""

YEAR_DAYS = 365
HEDGE_MILLIONTHS = 500
"""What exchanging on the market costs a dealer beside the mid rate: five basis points."""

MARGINS = (1_500, 2_500)
"""The dealers' own margins, in millionths: fifteen and twenty-five basis points."""

COVERS_DRAWN_ONE_IN = 4
"""Dealers price a cover as if one in so many were drawn. More orders come back complete, but who buys one knows why."""

PIPS = 10**9
"""A quote has at least so many steps: it is rounded up to one, which costs less than a millionth of a basis point."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What dealers ask on one day: the volatility that they see, and the premiums that come of it."""

    volatility: int
    premiums: tuple[Premium, ...]
    funding: tuple[int, ...]
    """How much of each premium is for funding, in basis points."""
    covers: tuple[Cover, ...]


def asked(series: Series, day: int, windows: Windows) -> Asked | None:
    """Give what is asked on a day, or nothing while the past is too short."""
    moves = series.moves(day, PAST_DAYS)
    if len(moves) < PAST_DAYS_MIN:
        return None
    square = up(sum(move * move for move in moves), len(moves))
    tenors = sorted({1, windows.accept, windows.accept + windows.ship + 1})
    funding = tuple(up(FUNDING_POINTS * days, YEAR_DAYS) for days in tenors)
    premiums = tuple(
        Premium(days * DAY, min(funded + _option(square, min(days, windows.accept)), 10_000))
        for days, funded in zip(tenors, funding, strict=True)
    )
    option = _option(square, windows.deliver + windows.returns)
    covers = (Cover(COVER_POINTS, min(up(option, COVERS_DRAWN_ONE_IN), COVER_POINTS)),)
    return Asked(_root(square), premiums, funding, covers)


def minor(price: Fraction, pays: str, asks: str) -> Fraction:
    """Give a rate in minor units: so many of the buyer's for one of the merchant's."""
    return price * Fraction(10 ** MINOR_DIGITS[pays], 10 ** MINOR_DIGITS[asks])


def quoted(mid: Fraction, margin: int, volatility: int) -> Rate:
    """Give a dealer's rate around a mid rate in minor units: dearer by its spread, and rounded up to a pip."""
    price = mid * (MILLION + margin + up(volatility, 4)) / MILLION
    scale = 1
    while price * scale < PIPS:
        scale *= 10
    pips = up(price.numerator * scale, price.denominator)
    reduced = Fraction(pips, scale)
    return Rate(reduced.numerator, reduced.denominator)


def market_gives(units: int, mid: Fraction) -> int:
    """Give what the market pays for so many units when one costs `mid` of the other: less its cost, rounded down."""
    worth = units * MILLION / (mid * (MILLION + HEDGE_MILLIONTHS))
    return worth.numerator // worth.denominator


def market_asks(units: int, mid: Fraction) -> int:
    """Give what so many units cost on the market: its cost on top, rounded up."""
    worth = units * (MILLION + HEDGE_MILLIONTHS) / (mid * MILLION)
    return up(worth.numerator, worth.denominator)


def _option(square: int, days: int) -> int:
    """Give what the right to cancel for so many days is worth, in basis points, rounded up."""
    return up(4 * _root(square * days), 1_000)


def _root(square: int) -> int:
    root = isqrt(square)
    return root if root * root == square else root + 1
