"""A buyer and a merchant who are friends: what they make of the right to end an order when the rate has moved.

before shipping   the merchant declines, and all that was paid comes back: an option on the rate, for which the bond
                  pays by the time. Worth to them: what going on costs more than the same money bought today
after shipping    the goods, which nobody needs, go back as faulty. What escrow and bond bring is their own; what they
                  win is what the dealer's cover adds, less the premium for it
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from sogdia.simulate.payments.acts import acts
from sogdia.simulate.payments.dealers import BACK
from sogdia.simulate.payments.offers import cheapest
from sogdia.simulate.payments.trades import Action

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sogdia.simulate.payments.dealers import Dealer
    from sogdia.simulate.payments.stage import Step
    from sogdia.simulate.payments.trades import Trade


def weigh(trade: Trade, action: Action, dealers: Sequence[Dealer], time: int) -> list[Step]:
    """Give what friends do about an order now; without dealers who quote they let it stand."""
    if action is Action.WEIGH_DECLINE:
        return _decline_or_ship(trade, dealers, time)
    return _return_or_settle(trade, dealers)


def _decline_or_ship(trade: Trade, dealers: Sequence[Dealer], time: int) -> list[Step]:
    """Decline when that costs less than going on: the same money, bought today, against all that was paid."""
    today = cheapest(dealers, trade.units, trade.backing)
    if today is None:
        return acts(trade, Action.SHIP)
    for_time = Fraction(trade.owed_by_bond(trade.owed_at(time)) * trade.payment, trade.units)
    going_on = today.payment - trade.paid_in
    trade.weighed = max(Fraction(going_on), -for_time)
    return acts(trade, Action.DECLINE if -for_time > going_on else Action.SHIP)


def _return_or_settle(trade: Trade, dealers: Sequence[Dealer]) -> list[Step]:
    """Send the goods back when the escrow no longer buys what was paid for it."""
    first = [] if Action.DELIVER in trade.plan.steps.values() else acts(trade, Action.DELIVER)
    prices = [
        trade.swapped_total * card.rate.taken / Fraction(card.rate.given)
        for dealer in dealers
        if (card := dealer.cards[BACK]).rate is not None
    ]
    if prices and min(prices) > trade.swapped_units:
        return [*first, *acts(trade, Action.REQUEST), *acts(trade, Action.APPROVE)]
    return [*first, *acts(trade, Action.SETTLE)]
