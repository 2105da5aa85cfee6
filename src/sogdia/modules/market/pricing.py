"""What a line costs, and what comes back of it: whole minor units, every rounding named.

    goods     = tier price × quantity, rounded half up when prices are finer than a minor unit
    price     = goods − promotion (rounded down: a discount is never more than was said)
    freight   = freight a unit × quantity + share of the freight an order (cumulative over the lines, so shares add up)
    tax       = (price + freight) × rate, rounded half up
    refund of k out of n units, of each part = ⌊part × k / n⌋ less what has been refunded before

The cumulative rule makes every refund exact: whatever the order of partial returns, all n units give back all that was
paid.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.kernel.exact import half_up, share, up
from sogdia.modules.market.records import Parts

if TYPE_CHECKING:
    from sogdia.modules.market.records import Offer, Payment

BASIS = 10_000


def unit_price(offer: Offer, quantity: int) -> int:
    """Give the price of one unit when `quantity` are bought."""
    price = offer.price
    for tier in offer.tiers:
        if quantity >= tier.quantity:
            price = tier.price
    return price


def price_of(offer: Offer, quantity: int, time: int) -> tuple[int, int]:
    """Give what `quantity` units cost after promotion, and the promotion."""
    goods = half_up(unit_price(offer, quantity) * quantity, 10**offer.decimals)
    promotion = share(goods, offer.promotion, BASIS) if time <= offer.promotion_until else 0
    return goods - promotion, promotion


def line_parts(offer: Offer, quantity: int, price: int, order_freight: int) -> Parts:
    """Give a line's parts from its price and its share of the freight of the order."""
    freight = offer.freight_per_unit * quantity + order_freight
    return Parts(price, freight, half_up((price + freight) * offer.tax, BASIS) if offer.tax else 0)


def refund_parts(paid: Parts, quantity: int, before: int, more: int) -> Parts:
    """Give what comes back for `more` units of a line of `quantity`, of which `before` have come back already."""
    after = before + more
    return Parts(
        share(paid.price, after, quantity) - share(paid.price, before, quantity),
        share(paid.freight, after, quantity) - share(paid.freight, before, quantity),
        share(paid.tax, after, quantity) - share(paid.tax, before, quantity),
    )


def refund_promotion(promotion: int, quantity: int, before: int, more: int) -> int:
    """Give the part of a promotion that falls to returned units."""
    return share(promotion, before + more, quantity) - share(promotion, before, quantity)


def deposit_of(total: int, payment: Payment | None) -> int:
    """Give what of an order's total is set aside with it: all of it, or the deposit of its terms, rounded up."""
    return total if payment is None else up(total * payment.deposit, BASIS)
