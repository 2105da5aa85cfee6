"""What a quote costs by its parts: what the reference says, what is beyond it, what rounding adds.

    exact        = units × each step's own rate, unrounded               a fraction
    at_reference = ⌊units × reference⌋                                    rounded down
    spread       = ⌊exact⌋ − ⌊units × reference⌋                          may be below zero
    rounding     = payment − ⌊exact⌋                                      rounded up
    payment      = at_reference + spread + rounding                       to the unit
    points       = ⌈exact ÷ (units × reference) × 10,000⌉ − 10,000        rounded up, to the payer's cost

The reference is what several organisations report, and is only shown: a quote is off the ledger, and neither what it
costs nor what accepts it depends on it. Without one in force that is said, and nothing stands in its place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NamedTuple

import msgspec
from msgspec import Meta

from sogdia.kernel.exact import common_divisor, down, up
from sogdia.kernel.values import UNITS_MAX, Name, Units
from sogdia.modules.book import at_the_middle
from sogdia.modules.exchange import rate_for
from sogdia.modules.money import Asset, asset_key
from sogdia.modules.reference import standing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sogdia.kernel.state import Reader
    from sogdia.modules.book import Leg
    from sogdia.modules.market.asked_prices import AskedPrice

BASIS = 10_000
POINTS_MAX = 1_000_000
"""A hundred times as much. What is above that is told as that."""

Difference = Annotated[int, Meta(ge=-UNITS_MAX, le=UNITS_MAX)]
Points = Annotated[int, Meta(ge=-BASIS, le=POINTS_MAX)]


class Ratio(msgspec.Struct, frozen=True, kw_only=True):
    """So many minor units of one money for so many of another, in lowest terms."""

    taken: Units
    given: Units


class QuotedStep(msgspec.Struct, frozen=True, kw_only=True):
    """One exchange of a quote, by a card or by the book of two monies, and what it costs by parts."""

    takes: Asset
    payment: Units
    gives: Asset
    units: Units
    card: Name | None
    rate: Ratio
    """What is paid for what is got, in lowest terms; by a card, the rate of its tier."""
    middle: Units | None
    """What it would cost half-way between best ask and best bid, where the book of the two monies has both."""
    spread: Difference | None
    """What it costs beyond that."""
    roundings: int
    """So many of its amounts are rounded, each by less than one minor unit."""
    rounding: Units
    """What of the payment is there because of that, rounded up."""


class AtReference(msgspec.Struct, frozen=True, kw_only=True):
    """What the price is in the payer's money by the reference rate of the two currencies, where one is in force."""

    takes: Asset
    rate_state: int
    """1 in force, 2 stale, 3 halted; 0 when too few organisations have ever reported it."""
    rate: Ratio | None
    """So much of the payer's money for so much of the merchant's; nothing unless it is in force."""
    payment: Units | None
    """The price at that rate, rounded down; nothing without a rate, or when it is more than an amount can be."""


class Spread(NamedTuple):
    """How far a quote is from the reference: as an amount of the payer's money, and in basis points, rounded up."""

    units: int
    points: int


def at_reference(state: Reader, price: AskedPrice, pays: Asset, moment: int) -> AtReference:
    """Say what a price is by the reference rate."""
    stands = standing(state, price.asset.currency, pays.currency, moment)
    if stands.rate is None:
        return AtReference(takes=pays, rate_state=int(stands.state), rate=None, payment=None)
    payment = down(price.units * stands.rate.quote, stands.rate.base)
    return AtReference(
        takes=pays,
        rate_state=int(stands.state),
        rate=Ratio(taken=stands.rate.quote, given=stands.rate.base),
        payment=payment if payment <= UNITS_MAX else None,
    )


def spread_over(reference: AtReference, units: int, legs: Sequence[Leg]) -> Spread | None:
    """Say how far the rates of some legs are from the reference; nothing without one."""
    if reference.rate is None or reference.payment is None:
        return None
    cost, parts = unrounded(units, legs)
    fair = units * reference.rate.taken
    points = up(cost * reference.rate.given * BASIS, parts * fair) - BASIS
    return Spread(down(cost, parts) - reference.payment, min(points, POINTS_MAX))


def rounding_of(payment: int, units: int, legs: Sequence[Leg]) -> int:
    """Give what of a payment for so many units is there because amounts are rounded, itself rounded up."""
    return payment - down(*unrounded(units, legs))


def unrounded(units: int, legs: Sequence[Leg]) -> tuple[int, int]:
    """Give what so many units would cost over some legs were nothing rounded, as a fraction."""
    cost, parts = units, 1
    for leg in legs:
        given, of = leg.unrounded
        cost, parts = cost * given, parts * of * leg.got
    return cost, parts


def step_of(state: Reader, leg: Leg) -> QuotedStep:
    """Say what a leg costs, by parts."""
    hop, accepted = leg.hop, leg.accepted
    if accepted is None:
        divisor = common_divisor(leg.given, leg.got)
        rate = Ratio(taken=leg.given // divisor, given=leg.got // divisor)
    else:
        tier = rate_for(accepted.card.rates, accepted.units)
        rate = Ratio(taken=tier.taken, given=tier.given)
    middle = at_the_middle(state, asset_key(hop.gives), asset_key(hop.gets), leg.got)
    known = None if middle is None or middle > UNITS_MAX else middle
    return QuotedStep(
        takes=hop.gives,
        payment=leg.given,
        gives=hop.gets,
        units=leg.got,
        card=hop.card,
        rate=rate,
        middle=known,
        spread=None if known is None else leg.given - known,
        roundings=leg.roundings,
        rounding=rounding_of(leg.given, leg.got, (leg,)),
    )
