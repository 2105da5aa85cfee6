"""What a replay of returns comes to: out of what refunds were made good, who bore the rest, and what friends won.

Exact fractions of basis points; what is the merchant's money counts at the mid rate of its day.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from sogdia.simulate.payments.returns import BACKINGS
from sogdia.simulate.payments.trades import BASIS, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sogdia.simulate.payments.backing import Backing
    from sogdia.simulate.payments.replay import Played
    from sogdia.simulate.payments.trades import Trade

RETURNS = (Outcome.FAULTY, Outcome.LOST, Outcome.CHANGED_MIND)
FRIENDS = (Outcome.FRIENDS_BEFORE, Outcome.FRIENDS_AFTER)


class Parts(NamedTuple):
    """A whole order that went back after the swap: what was owed for it, and who gave it. The buyer's money."""

    owed: int
    escrow: Fraction
    bond: Fraction
    cover: int
    buyer: Fraction
    merchant: Fraction
    """What the merchant gave out of its bond, less what it gained; its bond's part holds the cost of exchanging it."""


@dataclass(frozen=True, slots=True)
class MadeGood:
    """A group of orders that went back: means in basis points of what was owed, and the worst for a buyer."""

    outcome: Outcome
    backing: Backing
    quoted: bool
    """Whether a dealer exchanged it, at once or while it could wait."""
    orders: int
    waited: int
    """How many of them waited for a day with a rate."""
    waited_most: int
    """For how many days, at most."""
    escrow: Fraction
    bond: Fraction
    cover: Fraction
    buyer: Fraction
    buyer_worst: Fraction
    merchant: Fraction


@dataclass(frozen=True, slots=True)
class Friends:
    """What buyers and merchants who are friends made of a right: means in basis points of the payment."""

    outcome: Outcome
    backing: Backing
    orders: int
    used: int
    worth: Fraction
    """What they won, less what the right cost them; means over all orders, used or not."""
    worth_most: Fraction
    from_bond: Fraction
    """What their bond paid the dealer."""
    premium: Fraction
    """What they paid for the cover."""
    cover: Fraction
    """What the dealer's cover paid them."""
    cover_most: Fraction


def parts_of(trade: Trade) -> Parts:
    """Give who gave what of all that the buyer is owed; its parts add up to it exactly."""
    owed = trade.swapped_total
    if not trade.repaid:
        escrow = sum((part.units * part.mid for part in trade.refunds), Fraction(0))
        return Parts(owed, escrow, Fraction(0), 0, owed - escrow, Fraction(0))
    escrow = sum((each.from_escrow() for each in trade.repaid), Fraction(0))
    bond = sum((each.from_bond() for each in trade.repaid), Fraction(0))
    merchant = sum(((each.amends.from_bond - each.amends.to_merchant) * each.mid for each in trade.repaid), Fraction(0))
    return Parts(owed, escrow, bond, trade.cover_used, owed - escrow - bond - trade.cover_used, merchant)


def made_good(played: Iterable[Played]) -> list[MadeGood]:
    """Give the returns of replays, by cause, by backing, and by whether anybody exchanged it."""
    trades = [trade for each in played for trade in each.trades]
    found = []
    for outcome in RETURNS:
        for quoted in (True, False):
            for backing in BACKINGS[outcome]:
                group = [
                    trade
                    for trade in trades
                    if (trade.outcome, trade.backing) == (outcome, backing) and _quoted(trade) is quoted
                ]
                if group:
                    found.append(_made_good(outcome, backing, group, quoted=quoted))
    return found


def friends(played: Iterable[Played]) -> list[Friends]:
    """Give what friends made of their rights, by backing."""
    trades = [trade for each in played for trade in each.trades]
    found = []
    for outcome in FRIENDS:
        for backing in BACKINGS[outcome]:
            group = [trade for trade in trades if (trade.outcome, trade.backing) == (outcome, backing)]
            if group:
                found.append(_friends(outcome, backing, group))
    return found


def worth(trade: Trade) -> Fraction:
    """Give what a right was worth to friends who had it with an order, in the buyer's money."""
    if trade.outcome is Outcome.FRIENDS_BEFORE:
        return trade.weighed or Fraction(0)
    return Fraction(trade.cover_used - trade.swapped_cover_premium)


def _quoted(trade: Trade) -> bool:
    return all(each.quoted for each in trade.repaid)


def _made_good(outcome: Outcome, backing: Backing, group: list[Trade], *, quoted: bool) -> MadeGood:
    parts = [parts_of(trade) for trade in group]
    waited = [max((each.waited for each in trade.repaid), default=0) for trade in group]

    def mean(values: Iterable[Fraction | int]) -> Fraction:
        shares = [value * Fraction(BASIS, each.owed) for value, each in zip(values, parts, strict=True)]
        return sum(shares, Fraction(0)) / len(shares)

    return MadeGood(
        outcome=outcome,
        backing=backing,
        quoted=quoted,
        orders=len(group),
        waited=sum(days > 0 for days in waited),
        waited_most=max(waited),
        escrow=mean(each.escrow for each in parts),
        bond=mean(each.bond for each in parts),
        cover=mean(each.cover for each in parts),
        buyer=mean(each.buyer for each in parts),
        buyer_worst=max(each.buyer * BASIS / each.owed for each in parts),
        merchant=mean(each.merchant for each in parts),
    )


def _friends(outcome: Outcome, backing: Backing, group: list[Trade]) -> Friends:
    def shares(values: Iterable[Fraction | int]) -> list[Fraction]:
        return [value * Fraction(BASIS, trade.payment) for value, trade in zip(values, group, strict=True)]

    def mean(values: Iterable[Fraction | int]) -> Fraction:
        return sum(shares(values), Fraction(0)) / len(group)

    return Friends(
        outcome=outcome,
        backing=backing,
        orders=len(group),
        used=sum(bool(trade.parts_undone or trade.refunds) for trade in group),
        worth=mean(worth(trade) for trade in group),
        worth_most=max(shares(worth(trade) for trade in group)),
        from_bond=mean(Fraction(trade.premium_from_bond * trade.payment, trade.units) for trade in group),
        premium=mean(trade.swapped_cover_premium for trade in group),
        cover=mean(trade.cover_used for trade in group),
        cover_most=max(shares(trade.cover_used for trade in group)),
    )
