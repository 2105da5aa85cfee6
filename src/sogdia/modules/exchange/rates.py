"""What an exchange costs: exact rationals, one rounding, always to the side of whoever did not choose the amount.

    payment   = ⌈units × taken / given⌉         the provider never gets less than its rate
    premium   = ⌈payment × points / 10,000⌉     by how long the rate is kept
    part back = ⌊whole × units gone back / all units⌋ less what has gone back: all parts are the whole, in any order

A payment that rounding makes dearer than its exact price by more than a hundredth is refused: whoever buys one unit of
a cheap money with a dear one would else pay many times its price.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from sogdia.kernel.codec import encode
from sogdia.kernel.exact import down, share, up
from sogdia.kernel.refusal import require
from sogdia.kernel.values import UNITS_MAX
from sogdia.modules.exchange.refusals import ExchangeRefusal as Refuse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sogdia.modules.exchange.records import Cover, Premium, Rate, RateTerms
    from sogdia.modules.money import Asset

BASIS = 10_000
DEARER_AT_MOST = 100
"""One part in so many is what rounding may add."""


def digest_of(card: bytes, takes: Asset, gives: Asset, terms: RateTerms) -> bytes:
    """Give what an acceptance names: 32 bytes that stand for a card's name, its two monies and its terms."""
    return sha256(b"sogdia/rate-card" + encode((card, takes, gives, terms))).digest()


def rate_for(terms: RateTerms, units: int) -> Rate:
    """Give the rate at which so many units of the given money are had; at least the first tier's."""
    found = terms.tiers[0].rate
    for tier in terms.tiers:
        if units >= tier.units:
            found = tier.rate
    return found


def payment_for(rate: Rate, units: int) -> int:
    """Give what so many units of the given money cost, or refuse when rounding would make them too dear."""
    payment = up(units * rate.taken, rate.given)
    require(payment <= UNITS_MAX, Refuse.PAYMENT_TOO_LARGE, most=UNITS_MAX)
    require_close(rate, units, payment)
    return payment


def require_close(rate: Rate, units: int, payment: int) -> None:
    """Refuse a payment that rounding has made dearer than its exact price by more than a hundredth."""
    require(is_fair(rate, units, payment), Refuse.ROUNDING_TOO_LARGE, units=units, payment=payment)


def units_at(rate: Rate, payment: int) -> int:
    """Give how many units a payment suffices for at one rate."""
    return down(payment * rate.given, rate.taken)


def is_fair(rate: Rate, units: int, payment: int) -> bool:
    """Tell whether rounding adds no more to a payment than it may."""
    exact = units * rate.taken
    return (payment * rate.given - exact) * DEARER_AT_MOST <= exact


def units_for(terms: RateTerms, payment: int, at_most: int = UNITS_MAX) -> int:
    """Give the most that can be had for a payment, each tier for its own units; 0 when it suffices for none.

    A tier may be so much cheaper than the one before it that more costs less: `at_most` says what is wanted.
    """
    most = min(terms.most, at_most)
    for tier in reversed(terms.tiers):
        units = min(units_at(tier.rate, payment), most)
        if units >= tier.units:
            return units
        most = min(most, tier.units - 1)
    return 0


def premium_points(premiums: Sequence[Premium], seconds: int) -> int | None:
    """Give what keeping a rate for so many seconds costs, in basis points; nothing when it is not kept so long."""
    return next((each.points for each in premiums if seconds <= each.seconds), None)


def premium_for(payment: int, points: int) -> int:
    """Give the premium for a payment."""
    return up(payment * points, BASIS)


def cover_of(covers: Sequence[Cover], points: int) -> Cover | None:
    """Give the cover of exactly this share, nothing when it is not sold."""
    return next((each for each in covers if each.points == points), None)


def part_back(whole: int, units: int, before: int, more: int) -> int:
    """Give what of a whole falls to `more` of `units`, of which `before` have gone back already."""
    return share(whole, before + more, units) - share(whole, before, units)
