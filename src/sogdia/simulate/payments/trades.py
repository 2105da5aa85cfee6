"""Orders of a replay: what is planned for each, drawn from the seed, and what has become of its money so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from sogdia.kernel.exact import share, up
from sogdia.modules.market.causes import Cause
from sogdia.simulate.payments.backing import Backing, Behind

if TYPE_CHECKING:
    from random import Random

    from sogdia.modules.exchange.records import Premium, Rate
    from sogdia.simulate.payments.backing import Quoted, Repaid
    from sogdia.simulate.payments.storms import Windows

FEE_POINTS = 5
"""The platform's share of the price, in basis points: the only fee that the network of a replay knows."""

PRICES = (1_237, 419)
"""What a piece of the first and of the second line costs, in minor units of the merchant's money."""

BASIS = 10_000


class Outcome(StrEnum):
    """How an order ends."""

    COMPLETED = "completed"
    IN_PART = "completed, one line declined before shipping"
    CANCELLED = "cancelled by the buyer for other reasons"
    EXERCISED = "cancelled by the buyer because the rate had moved"
    DECLINED = "declined by the merchant"
    NOT_ACCEPTED = "not accepted in time"
    NOT_SHIPPED = "not shipped in time"
    GOODWILL = "a part was faulty, refunded without being asked"
    CHANGED_MIND = "sent back, the buyer changed its mind"
    FAULTY = "sent back, wrong or faulty"
    LOST = "lost on the way, refunded whole"
    SPLIT = "disputed, halved by agreement"
    STANDS = "disputed, the sale stood"
    FRIENDS_BEFORE = "friends: declined if the rate had moved"
    FRIENDS_AFTER = "friends: sent back if the rate had moved"


SHARES = {
    Outcome.COMPLETED: 53,
    Outcome.IN_PART: 6,
    Outcome.CANCELLED: 4,
    Outcome.DECLINED: 6,
    Outcome.NOT_ACCEPTED: 4,
    Outcome.NOT_SHIPPED: 5,
    Outcome.GOODWILL: 5,
    Outcome.CHANGED_MIND: 4,
    Outcome.FAULTY: 4,
    Outcome.LOST: 3,
    Outcome.SPLIT: 4,
    Outcome.STANDS: 2,
}
"""Of a hundred orders, so many are meant to end so. A cancellation because of the rate is nobody's plan: it happens."""

BEFORE_THE_SWAP = frozenset(
    {Outcome.CANCELLED, Outcome.EXERCISED, Outcome.DECLINED, Outcome.NOT_ACCEPTED, Outcome.NOT_SHIPPED}
)
WITHOUT_REFUND = frozenset({Outcome.COMPLETED, Outcome.IN_PART, Outcome.STANDS})
CAUSES = {
    Outcome.GOODWILL: Cause.MERCHANT,
    Outcome.CHANGED_MIND: Cause.REMORSE,
    Outcome.FAULTY: Cause.MERCHANT,
    Outcome.LOST: Cause.CARRIER,
}
"""Why goods go back, where they do for a cause; of a disputed order the buyer says that they were faulty."""


class Action(StrEnum):
    """What somebody does about an order on a day."""

    CANCEL = "cancel"
    ACCEPT = "accept"
    ACCEPT_IN_PART = "accept in part"
    DECLINE = "decline"
    SHIP = "ship"
    DELIVER = "deliver"
    SETTLE = "settle"
    REFUND_PART = "refund a part"
    REQUEST = "request a return"
    APPROVE = "approve the return"
    REFUSE = "refuse the return"
    PROPOSE = "propose to halve it"
    WEIGH_DECLINE = "friends: decline if the rate has moved, else ship"
    WEIGH_RETURN = "friends: send back if the rate has moved, else settle"


@dataclass(frozen=True, slots=True)
class Plan:
    """How an order is meant to end, and what is done on the way, by days after it was placed."""

    outcome: Outcome
    steps: dict[int, Action]
    days: int
    """After how many days it is over at the latest."""


def draw(chance: Random, windows: Windows, days_max: int, *, only: Outcome | None = None) -> Plan | None:
    """Draw a plan that is over within so many days, or nothing when twenty draws give none."""
    for _ in range(20):
        plan = plan_for(only or _drawn(chance), chance, windows)
        if plan.days <= days_max:
            return plan
    return None


def plan_for(outcome: Outcome, chance: Random, windows: Windows) -> Plan:
    """Draw the days on which things happen to an order that is meant to end in a certain way."""
    accepted = chance.randint(1, windows.accept)
    match outcome:
        case Outcome.CANCELLED:
            return Plan(outcome, {1: Action.CANCEL}, 1)
        case Outcome.NOT_ACCEPTED:
            return Plan(outcome, {}, windows.accept)
        case Outcome.DECLINED:
            if chance.randrange(2):
                return Plan(outcome, {accepted: Action.DECLINE}, accepted)
            late = accepted + chance.randint(1, windows.ship)
            return Plan(outcome, {accepted: Action.ACCEPT, late: Action.DECLINE}, late)
        case Outcome.NOT_SHIPPED:
            return Plan(outcome, {accepted: Action.ACCEPT}, accepted + windows.ship)
        case _:
            return _shipped_plan(outcome, accepted, chance, windows)


def _shipped_plan(outcome: Outcome, accepted: int, chance: Random, windows: Windows) -> Plan:
    steps = {accepted: Action.ACCEPT_IN_PART if outcome is Outcome.IN_PART else Action.ACCEPT}
    shipped = accepted + chance.randint(1, windows.ship)
    steps[shipped] = Action.SHIP
    if outcome is Outcome.LOST:
        late = shipped + windows.deliver + 1
        steps |= {late: Action.REQUEST, late + 1: Action.APPROVE}
        return Plan(outcome, steps, late + max(windows.returns, 1 + windows.rate))
    delivered = shipped + chance.randint(1, windows.deliver)
    steps[delivered] = Action.DELIVER
    over = delivered + windows.returns
    soon = delivered + chance.randint(1, windows.returns)
    match outcome:
        case Outcome.GOODWILL:
            steps[soon] = Action.REFUND_PART
            over = max(over, soon + windows.rate)
        case Outcome.CHANGED_MIND | Outcome.FAULTY:
            steps |= {soon: Action.REQUEST, soon + 1: Action.APPROVE}
            over = max(over, soon + 1 + (windows.rate if outcome is Outcome.FAULTY else 0))
        case Outcome.SPLIT:
            steps |= {soon: Action.REQUEST, soon + 1: Action.REFUSE, soon + 2: Action.PROPOSE}
            over = soon + 2
        case Outcome.STANDS:
            steps |= {soon: Action.REQUEST, soon + 1: Action.REFUSE}
            over = max(over, soon + 1 + windows.agree + 1)
        case _ if chance.randrange(2):
            steps[soon] = Action.SETTLE
            over = soon
    return Plan(outcome, steps, over)


def _drawn(chance: Random) -> Outcome:
    at = chance.randrange(sum(SHARES.values()))
    for outcome, weight in SHARES.items():
        at -= weight
        if at < 0:
            return outcome
    raise AssertionError("the shares add up to more than they were")


class Part(NamedTuple):
    """A part of an order that went back, in the merchant's money, and the mid rate of that day in minor units."""

    day: int
    units: int
    mid: Fraction
    made_good: bool = False
    """Whether it went back for a cause that is not the buyer's: then a `Repaid` tells what came of it."""


class Waits(NamedTuple):
    """A refund that waits for somebody who exchanges it."""

    day: int
    until: int
    """The second until which it may."""
    offers: tuple[tuple[bytes, Quoted], ...]
    """The cards that were in force when it began to."""


@dataclass(slots=True)
class Trade:
    """An order, what was agreed when it was placed, and what its money has done since. All amounts are minor units."""

    reference: str
    name: bytes
    buyer: str
    dealer: str
    quantities: tuple[int, int]
    paid: tuple[int, int]
    """What each line costs, in the merchant's money."""
    mid: Fraction
    rate: Rate
    payment: int
    premium: int
    premiums: tuple[Premium, ...]
    funding: tuple[int, ...]
    """How many basis points of each premium are for funding."""
    placed_on: int
    placed_at: int
    placed_height: int
    plan: Plan
    merchant: str = "merchant"
    backing: Backing = Backing.NOTHING
    cover_premium: int = 0
    bond: int = 0
    """How much of the merchant's bond stands for it, in the merchant's money."""
    reordered_from: str = ""
    takes_back: bool = False
    """The buyer has sent its cancellation."""
    saved: int = 0
    """What the buyer saved by cancelling and ordering again, in its own money."""
    returned: list[int] = field(default_factory=lambda: [0, 0])
    undone: int = 0
    back: int = 0
    """What came back of payment and premium before the swap."""
    owed: int = 0
    parts_undone: list[Part] = field(default_factory=list)
    swapped_on: int | None = None
    swapped_units: int = 0
    swapped_payment: int = 0
    swapped_premium: int = 0
    swapped_cover_premium: int = 0
    cover: int = 0
    """What the dealer leaves aside since the swap, in the buyer's money."""
    refunds: list[Part] = field(default_factory=list)
    """All that went back after the swap, in whichever money."""
    repaid: list[Repaid] = field(default_factory=list)
    """What of it went back for a cause that is not the buyer's."""
    waits: Waits | None = None
    """Since when a refund waits for a rate, while one does."""
    in_hand: list[Part] = field(default_factory=list)
    """What the buyer got of it in the merchant's money."""
    premium_from_bond: int = 0
    """What the merchant paid for the time, having not shipped, in its own money."""
    weighed: Fraction | None = None
    """What a choice was worth to friends who had it, in the buyer's money."""
    merchant_got: int = 0
    fee: int = 0
    closed_on: int | None = None
    closed_height: int = 0

    @property
    def units(self) -> int:
        """What the order costs in the merchant's money."""
        return sum(self.paid)

    @property
    def outcome(self) -> Outcome:
        """How it ended, or is meant to end."""
        return Outcome.EXERCISED if self.saved else self.plan.outcome

    @property
    def cause(self) -> Cause:
        """Why goods go back after the swap, if they do."""
        return CAUSES.get(self.outcome, Cause.MERCHANT)

    @property
    def paid_in(self) -> int:
        """What the buyer paid when it ordered, premiums included."""
        return self.payment + self.premium + self.cover_premium

    @property
    def swapped_total(self) -> int:
        """What the buyer paid for what was swapped, premiums included."""
        return self.swapped_payment + self.swapped_premium + self.swapped_cover_premium

    @property
    def refunded(self) -> int:
        """What went back after the swap, in the merchant's money."""
        return sum(part.units for part in self.refunds)

    @property
    def bond_used(self) -> int:
        """What refunds took out of the bond."""
        return sum(each.amends.from_bond for each in self.repaid)

    @property
    def cover_used(self) -> int:
        """What refunds took out of the cover."""
        return sum(each.amends.from_cover for each in self.repaid)

    def part_back(self, whole: int, more: int) -> int:
        """Give what goes back of payment or premium when so many more units do: a difference of rounded-down shares."""
        return share(whole, self.undone + more, self.units) - share(whole, self.undone, self.units)

    def line_back(self, line: int, more: int) -> int:
        """Give what goes back for so many more pieces of a line, numbered from 0."""
        paid, of, before = self.paid[line], self.quantities[line], self.returned[line]
        return share(paid, before + more, of) - share(paid, before, of)

    def owed_for(self, payment: int, premium: int, time: int) -> int:
        """Give what keeping the rate until a time costs, for a part with such a payment and premium."""
        for each in self.premiums:
            if time - self.placed_at <= each.seconds:
                return min(premium, up(payment * each.points, BASIS))
        return premium

    def owed_at(self, time: int) -> int:
        """Give what a buyer who takes the whole order back at a time owes for it."""
        return self.owed_for(self.payment, self.premium, time)

    def owed_by_bond(self, owed: int) -> int:
        """Give what the bond pays of it when the merchant has not shipped: at the rate that was kept, rounded up."""
        return min(self.bond - self.premium_from_bond, up(owed * self.units, self.payment))

    def behind_part(self, units: int, *, merchant_bears: bool) -> Behind:
        """Give what stands behind so many units more that go back after the swap: shares of wholes, rounded down."""
        before, of = self.refunded, self.swapped_units
        owed = share(self.swapped_total, before + units, of) - share(self.swapped_total, before, of)
        bond = share(self.bond - self.premium_from_bond, before + units, of) - self.bond_used
        cover = share(self.cover, before + units, of) - self.cover_used
        own_bond, own_cover = (
            share(whole, before + units, of) - share(whole, before, of)
            for whole in (self.bond - self.premium_from_bond, self.cover)
        )
        if not merchant_bears:
            bond = own_bond = 0
        return Behind(owed, units, bond, cover, own_bond, own_cover)

    def for_funding(self) -> Fraction:
        """Give how much of the premium that was paid is for funding; the rest is for the right to cancel."""
        whole = self.premiums[-1].points
        return (self.swapped_premium + self.owed) * Fraction(self.funding[-1], whole) if whole else Fraction(0)

    def buyers_loss(self) -> Fraction:
        """Give what the rate has cost the buyer, in its money: paid, less agreed for what it kept, less what came back.

        What came back in the merchant's money counts at the mid rate of its day. Before the swap everything comes back
        in the money that was paid, so the difference is exactly 0: `books.Books` holds every order to that. What went
        back for somebody else's cause is measured by all that was paid for it; else premiums are a price, and no loss.
        """
        left = self.paid_in - self.back - self.owed
        if self.swapped_on is None:
            return Fraction(left)
        lost = Fraction(left - self.swapped_total)
        for part in self.refunds:
            if not part.made_good:
                lost += Fraction(self.swapped_payment * part.units, self.swapped_units) - part.units * part.mid
        return lost + sum((each.borne_by_buyer() for each in self.repaid), Fraction(0))

    def buyers_loss_by_swap_now(self) -> Fraction:
        """Give what the rate would have cost the buyer, had the monies been swapped when the order was placed."""
        parts = (*self.parts_undone, *self.refunds)
        return sum(
            (self.payment * Fraction(part.units, self.units) - part.units * part.mid for part in parts), Fraction(0)
        )

    def merchants_loss(self) -> int:
        """Give what the merchant lacks of what was agreed for the goods that it sold, in its own money."""
        if self.swapped_on is None:
            return 0 - self.merchant_got
        return self.swapped_units - self.refunded - self.fee - self.merchant_got

    def merchant_bears(self) -> int:
        """Give what the rate has cost the merchant, in its money: out of its bond, less what it gained."""
        gained = sum(each.amends.to_merchant for each in self.repaid)
        return self.premium_from_bond + self.bond_used - gained

    def gone_back(self) -> Fraction:
        """Give the value, at the agreed rate, of what went back; the whole order's when nothing did."""
        units = self.undone + self.refunded
        return self.payment * Fraction(units or self.units, self.units)
