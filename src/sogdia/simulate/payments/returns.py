"""Orders that come back, each with and without what can stand behind it, and friends who would make something of it.

On each of some days through a storm the same goods are ordered several times over, from the same dealers at the same
rates, and all of it comes back on the same day: so what differs is the cause, and what stands behind the order.

    fault, loss, remorse    a return for each cause, by every backing that matters for it
    friends, before         buyer and merchant are friends. As late as they can they look at the rate: has it gone
                            their way, the merchant declines, and they keep their money; else it ships
    friends, after          the same after the swap: has the merchant's money fallen the goods are sent back as faulty,
                            and the friends have what they paid as far as it reaches; else the order is settled
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sogdia.simulate.payments.backing import Backing
from sogdia.simulate.payments.trades import Action, Outcome, Plan, plan_for

if TYPE_CHECKING:
    from random import Random

    from sogdia.simulate.payments.rates import Series
    from sogdia.simulate.payments.storms import Windows

DAYS_MAX = 30
"""So many days at most on which such orders are placed in a replay."""

ORDERS_A_DAY = 5
"""A replay of returns has one such day for so many orders that are asked for."""

LOTS_IN = 15
"""Such an order is for one in so many pieces of the largest."""

BACKINGS = {
    Outcome.FAULTY: tuple(Backing),
    Outcome.LOST: (Backing.NOTHING, Backing.COVER),
    Outcome.CHANGED_MIND: (Backing.NOTHING,),
    Outcome.FRIENDS_BEFORE: (Backing.NOTHING, Backing.BOND),
    Outcome.FRIENDS_AFTER: tuple(Backing),
}
"""What is played of each: a bond is not asked for what gets lost on the way, and nothing stands behind remorse."""


class Wanted(NamedTuple):
    """An order of a replay of returns."""

    plan: Plan
    backing: Backing


def days_of_returns(days: tuple[int, ...], series: Series, windows: Windows, orders: int) -> tuple[int, ...]:
    """Choose the days on which such orders are placed: evenly over those that leave time for an order's whole life."""
    fit = [day for day in days if day + windows.longest() + windows.rate <= series.days[-1]]
    count = min(len(fit), DAYS_MAX, max(2, orders // ORDERS_A_DAY))
    return tuple(fit[at * len(fit) // count] for at in range(count))


def orders_of_a_day(day: int, series: Series, windows: Windows, chance: Random) -> list[Wanted]:
    """Give what is ordered on a day: for each way in which it ends one plan, by every backing."""
    plans = {
        outcome: plan_for(outcome, chance, windows) for outcome in (Outcome.FAULTY, Outcome.LOST, Outcome.CHANGED_MIND)
    }
    plans[Outcome.FRIENDS_BEFORE] = _before(day, series, windows)
    plans[Outcome.FRIENDS_AFTER] = _after(day, series, windows)
    return [Wanted(plans[outcome], backing) for outcome, backings in BACKINGS.items() for backing in backings]


def _before(day: int, series: Series, windows: Windows) -> Plan:
    """Accept at once, and look at the rate on the last day with one on which the goods can still leave in time."""
    looks = _last_with_a_rate(series, day, windows.ship + 1, 2)
    steps = {1: Action.ACCEPT, looks: Action.WEIGH_DECLINE, looks + 1: Action.DELIVER, looks + 2: Action.SETTLE}
    return Plan(Outcome.FRIENDS_BEFORE, steps, looks + windows.longest())


def _after(day: int, series: Series, windows: Windows) -> Plan:
    """Ship at once, confirm late, and look at the rate on the last day with one in the time for returns."""
    delivered = windows.deliver + 1
    looks = _last_with_a_rate(series, day, delivered + windows.returns - 1, 3)
    steps = {1: Action.ACCEPT, 2: Action.SHIP, looks: Action.WEIGH_RETURN}
    if delivered < looks:
        steps[delivered] = Action.DELIVER
    return Plan(Outcome.FRIENDS_AFTER, steps, looks)


def _last_with_a_rate(series: Series, day: int, latest: int, earliest: int) -> int:
    """Give after how many days the last rate between two is published; the later one where there is none."""
    found = [each - day for each in series.between(day + earliest, day + latest)]
    return found[-1] if found else latest
