"""What a replay comes to: costs, losses and results, as exact fractions of basis points. Rounding is the report's.

Shares are of the orders that were swapped, each valued at the mid rate of the day on which it was placed.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from sogdia.simulate.payments.pricing import FUNDING_POINTS, HEDGE_MILLIONTHS, YEAR_DAYS
from sogdia.simulate.payments.rates import MILLION
from sogdia.simulate.payments.trades import BASIS, BEFORE_THE_SWAP, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sogdia.simulate.payments.replay import Played
    from sogdia.simulate.payments.trades import Trade

NOTHING = Fraction(0)
LIFE_DAYS = 30


@dataclass(frozen=True, slots=True)
class Costs:
    """What exchanging cost, part by part, in basis points of what was swapped."""

    spread: Fraction
    funding: Fraction
    option: Fraction
    cover: Fraction
    fees: Fraction
    ways_in_and_out: Fraction
    conversions: Fraction
    refunds: Fraction

    def agreed(self) -> Fraction:
        """Add up what the buyer and the merchant agreed to when the order was placed."""
        return self.spread + self.funding + self.option + self.cover + self.fees + self.ways_in_and_out

    def total(self) -> Fraction:
        """Add all parts up, with what the rate made of refunds after the swap."""
        return self.agreed() + self.conversions + self.refunds


@dataclass(frozen=True, slots=True)
class Losses:
    """What the rate cost in a group of orders, in basis points of what went back (of the order, where nothing did)."""

    orders: int
    mean: Fraction
    worst: Fraction
    merchants: int
    """What merchants lack of what was agreed, in minor units."""
    merchants_bear: Fraction
    """What the rate cost them on average: out of their bonds, less what they gained."""
    covers_paid: Fraction
    """What dealers' covers paid on average."""
    now_mean: Fraction
    now_worst: Fraction


@dataclass(frozen=True, slots=True)
class Dealing:
    """What dealers earned and bore, in basis points of what was swapped."""

    earned: Fraction
    result: Fraction
    """By their books: hedged on the day of the swap."""
    at_once: Fraction
    """Had they sold forward on the day of the order, and bought back what was undone."""
    funding: Fraction
    most_set_aside: int
    dealers_with_orders: int


@dataclass(frozen=True, slots=True)
class Option:
    """The buyer's right to cancel: how often it was used, and what it was worth."""

    used: int
    saved: Fraction
    """In basis points of the orders that were cancelled and ordered again."""
    premiums: tuple[tuple[int, Fraction, int], ...]
    """Per tenor: days, the mean premium, and what of it is for funding."""
    volatility: Fraction
    """The mean of a day's volatility that the dealers saw, in basis points."""


def costs(played: Played) -> Costs:
    """Give the parts of what exchanging cost."""
    swapped = [trade for trade in played.trades if trade.swapped_on is not None]
    spread = sum((trade.swapped_payment - trade.swapped_units * trade.mid for trade in swapped), NOTHING)
    premium = sum(trade.swapped_premium + trade.owed + trade.premium_from_bond * trade.mid for trade in played.trades)
    cover = Fraction(sum(trade.swapped_cover_premium for trade in played.trades))
    funding = sum((trade.for_funding() for trade in played.trades), NOTHING)
    fees = sum((trade.fee * trade.mid for trade in swapped), NOTHING)
    unburned = sum(played.minted[code] - played.burned.get(code, 0) for code in played.minted)
    back = sum((each.paid * each.mid - each.got for each in played.conversions), NOTHING)
    refunds = sum((part.units * (trade.mid - part.mid) for trade in swapped for part in trade.refunds), NOTHING)
    refunds += sum((each.paid * (each.since - each.mid) for each in played.conversions), NOTHING)
    for each in (repaid for trade in swapped for repaid in trade.repaid):
        back += each.amends.payment * each.mid - each.amends.sold
        refunds -= each.amends.from_cover
    parts = spread, funding, premium - funding, cover, fees, Fraction(unburned), back, refunds
    return Costs(*(part * BASIS / (_value(swapped) or 1) for part in parts))


def all_in_by_swap_now(played: Played) -> Fraction:
    """Give what the same orders would have cost, had the monies been swapped when they were placed, in basis points.

    No rate is kept, so there is no premium; whatever goes back, before shipping or after, is turned back at that day's
    mid rate, less the spread that was paid on the way out.
    """
    cost = NOTHING
    for trade in played.trades:
        share = (trade.payment - trade.units * trade.mid) / (trade.units * trade.mid)
        cost += trade.payment - trade.units * trade.mid + trade.fee * trade.mid
        for part in (*trade.parts_undone, *trade.refunds):
            cost += part.units * (trade.mid - part.mid) + part.units * part.mid * share
    swapped = [trade for trade in played.trades if trade.swapped_on is not None]
    return cost * BASIS / (_value(swapped) or 1)


def losses(trades: Iterable[Trade]) -> Losses:
    """Give what the rate cost buyers and merchants in a group of orders, and what it would have by a swap at once."""
    group = list(trades)
    own = [trade.buyers_loss() * BASIS / trade.gone_back() for trade in group]
    now = [trade.buyers_loss_by_swap_now() * BASIS / trade.gone_back() for trade in group]
    return Losses(
        orders=len(group),
        mean=_mean(own),
        worst=max(own, default=NOTHING),
        merchants=sum(trade.merchants_loss() for trade in group),
        merchants_bear=_mean([trade.merchant_bears() * trade.mid * BASIS / trade.gone_back() for trade in group]),
        covers_paid=_mean([trade.cover_used * BASIS / trade.gone_back() for trade in group]),
        now_mean=_mean(now),
        now_worst=max(now, default=NOTHING),
    )


def by_outcome(played: Iterable[Played]) -> dict[Outcome, Losses]:
    """Give the losses for each way in which orders ended."""
    trades = [trade for each in played for trade in each.trades]
    return {outcome: losses(trade for trade in trades if trade.outcome is outcome) for outcome in Outcome}


def before_the_swap(played: Played) -> Losses:
    """Give the losses of orders that ended before the swap."""
    return losses(trade for trade in played.trades if trade.outcome in BEFORE_THE_SWAP)


def completed(played: Played) -> Losses:
    """Give the losses of orders that were swapped and of which nothing went back afterwards."""
    return losses(trade for trade in played.trades if trade.swapped_on is not None and not trade.refunds)


def after_the_swap(played: Played) -> Losses:
    """Give the losses of orders of which something went back after the swap."""
    return losses(trade for trade in played.trades if trade.refunds)


def dealing(played: Played) -> Dealing:
    """Give what the dealers earned and bore."""
    swapped = [trade for trade in played.trades if trade.swapped_on is not None]
    units = sum(trade.swapped_units for trade in swapped) or 1
    taken = sum(((trade.swapped_total - trade.cover_used) / trade.mid for trade in swapped), NOTHING)
    owed = sum((trade.owed / trade.mid + trade.premium_from_bond for trade in played.trades), NOTHING)
    locked = sum(_days_locked(trade) for trade in played.trades)
    at_once = sum((_sold_at_once(trade) for trade in played.trades), NOTHING)
    for dealer in played.dealers:
        at_once += dealer.converted_b - dealer.converted_market * _dearer()
    return Dealing(
        earned=(taken + owed - sum(trade.swapped_units for trade in swapped)) * BASIS / units,
        result=Fraction(sum(played.profits) * BASIS, units),
        at_once=at_once * BASIS / units,
        funding=Fraction(locked * FUNDING_POINTS, YEAR_DAYS * units),
        most_set_aside=sum(dealer.most_set_aside for dealer in played.dealers),
        dealers_with_orders=len({trade.dealer for trade in played.trades}),
    )


def option(played: Played) -> Option:
    """Give how often buyers used their right to cancel, and what it was worth to them."""
    used = [trade for trade in played.trades if trade.saved]
    paid = sum(trade.payment for trade in used)
    quotes = played.quotes
    premiums = tuple(
        (
            quotes[0].premiums[at].seconds // 86_400,
            _mean([Fraction(quote.premiums[at].points) for quote in quotes]),
            quotes[0].funding[at],
        )
        for at in range(len(quotes[0].premiums) if quotes else 0)
    )
    saved = Fraction(sum(trade.saved for trade in used) * BASIS, paid or 1)
    volatility = _mean([Fraction(quote.volatility, MILLION // BASIS) for quote in quotes])
    return Option(len(used), saved, premiums, volatility)


def days_of_life(played: Played) -> tuple[Fraction, int]:
    """Give how many days orders lived, on average and at most."""
    lives = [trade.closed_on - trade.placed_on for trade in played.trades if trade.closed_on is not None]
    return _mean([Fraction(days) for days in lives]), max(lives, default=0)


def days_until_the_swap(played: Played) -> Fraction:
    """Give how many days went by from the order to the swap, on average."""
    swapped = [trade for trade in played.trades if trade.swapped_on is not None]
    return _mean([Fraction((trade.swapped_on or 0) - trade.placed_on) for trade in swapped])


def worst_move(played: Played) -> Fraction:
    """Give the largest move of the rate within thirty days of a replay, in basis points."""
    return played.series.worst_move(played.first, played.ended, LIFE_DAYS) * BASIS


def _value(swapped: Sequence[Trade]) -> Fraction:
    return sum((trade.swapped_units * trade.mid for trade in swapped), NOTHING)


def _mean(values: Sequence[Fraction]) -> Fraction:
    return sum(values, NOTHING) / len(values) if values else NOTHING


def _days_locked(trade: Trade) -> int:
    """Give for how long how many units of the dealer's money lay aside for an order: units times days."""
    days = sum(part.units * (part.day - trade.placed_on) for part in trade.parts_undone)
    return days + (trade.swapped_units * (trade.swapped_on - trade.placed_on) if trade.swapped_on is not None else 0)


def _dearer() -> Fraction:
    return Fraction(MILLION + HEDGE_MILLIONTHS, MILLION)


def _sold_at_once(trade: Trade) -> Fraction:
    """Give what an order would have brought a dealer that hedges when the rate is locked, in the merchant's money."""
    forward = 1 / (trade.mid * _dearer())
    result = trade.swapped_total * forward - trade.swapped_units + trade.premium_from_bond
    result -= sum((each.amends.from_cover * _dearer() / each.mid for each in trade.repaid), NOTHING)
    for part in trade.parts_undone:
        units = trade.payment * Fraction(part.units, trade.units)
        result += units * forward - units * _dearer() / part.mid
    last = trade.parts_undone[-1].mid if trade.parts_undone else trade.mid
    return result + trade.owed / (last * _dearer())
