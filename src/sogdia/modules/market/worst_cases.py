"""What an order can cost whom, at worst, before anybody signs: by how it is paid, how far it has come, and why it ends.

One table for one order. Amounts are what the rate, the time for which it was kept, and paying in steps can cost; the
goods are not in it, and neither is money that comes back. Where `rest_on_buyer` stands the buyer bears what the rate
has done beyond the amounts, which nobody can name yet. Everything else is bounded by what has been set aside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from sogdia.kernel.enums import Numbered
from sogdia.kernel.exact import share, up
from sogdia.kernel.operation import Query
from sogdia.kernel.refusal import Refused
from sogdia.kernel.values import UNITS_MAX, BasisPoints, Name, PositiveUnits, Units, owner_of
from sogdia.modules.exchange import CARDS, Backing, Cost, Wanted, backing_for, owed_by_merchant
from sogdia.modules.market.pricing import BASIS, deposit_of
from sogdia.modules.market.records import RULES, TERMS, Payment, RestPaid
from sogdia.modules.money import Asset

if TYPE_CHECKING:
    from sogdia.kernel.state import Reader


class Method(Numbered):
    """How an order is paid."""

    IN_THE_MERCHANTS_MONEY = 1
    AT_A_RATE = 2
    IN_STEPS = 3
    """A deposit with the order and the rest before shipping, or paid out in steps."""
    AT_THE_DOOR = 4


class Ends(Numbered):
    """How an order, or a part of it, ends."""

    COMPLETED = 1
    TAKEN_BACK = 2
    """By the buyer, before the merchant has accepted."""
    NOT_SHIPPED = 3
    """Declined by the merchant, or its time ran out."""
    RETURNED_BY_REMORSE = 4
    RETURNED_BY_THE_MERCHANTS_FAULT = 5
    LOST_ON_THE_WAY = 6
    """Or damaged, so that the buyer sends back what has arrived."""
    BALANCE_NOT_PAID = 7
    """The buyer did not pay the rest in time, and no freeze kept it from that."""
    REFUSED_AT_THE_DOOR = 8
    CASH_KEPT = 9
    """The carrier did not hand over what it had collected."""
    DIVIDED = 10
    """By a figure: the two have agreed on it, or an arbitrator has named it."""


class WorstCase(msgspec.Struct, frozen=True, kw_only=True):
    """The most that each side can lose by the rate: the merchant in its own money, the others in the one paid in."""

    method: int
    ends: int
    takes: Asset
    gives: Asset
    buyer_loses: Units
    merchant_loses: Units
    provider_loses: Units
    rest_on_buyer: bool


class WorstCases(msgspec.Struct, frozen=True, kw_only=True):
    """What an order of so many units costs and what stands behind it, and what can become of each side."""

    takes: Asset
    gives: Asset
    units: Units
    payment: Units
    premium: Units
    cover_premium: Units
    bond: Units
    cover: Units
    cases: tuple[WorstCase, ...]


class WorstCasesQuery(Query, tag="worst-cases"):
    """What an order of `units` under a merchant's terms can cost whom; with a card also when it is paid at its rate."""

    under: Name
    units: PositiveUnits
    card: Name | None = None
    cover: BasisPoints = 0

    def answer(self, state: Reader) -> WorstCases | None:
        """Give the table, or nothing when there are no such terms, or the card keeps no rate for such an order."""
        terms = TERMS.find(state, self.under)
        if terms is None:
            return None
        own = Monies(terms.asset, terms.asset)
        if terms.payment is not None:
            return _answer(own, self.units, NOTHING_BEHIND, _in_steps(own, self.units, terms.payment))
        plain = _cases(Method.IN_THE_MERCHANTS_MONEY, own, NOTHING_BEHIND, 0, rest_on_buyer=True)
        if self.card is None:
            return _answer(own, self.units, NOTHING_BEHIND, plain)
        card, windows = CARDS.find(state, self.card), RULES.must(state, None).windows
        if card is None or card.gives != terms.asset:
            return None
        wanted = Wanted(
            card=self.card,
            digest=b"",
            units=self.units,
            seconds=windows.accept + windows.ship,
            cover=self.cover,
            merchant=owner_of(self.under),
            bond=terms.bond,
            pay_at_most=UNITS_MAX,
        )
        try:
            backing = backing_for(state, card, wanted)
        except Refused:
            return None
        owed = owed_by_merchant(backing.cost.premium, self.units, backing.cost.payment, backing.bond)
        monies = Monies(card.takes, card.gives)
        at_rate = _cases(Method.AT_A_RATE, monies, backing, owed, rest_on_buyer=False)
        return _answer(monies, self.units, backing, plain + at_rate)


class Monies(NamedTuple):
    """In which money an order is paid, and which its merchant gets."""

    takes: Asset
    gives: Asset


NOTHING_BEHIND = Backing(Cost(0, 0, 0), 0, 0)


def _cases(
    method: Method, monies: Monies, backing: Backing, not_shipped: int, *, rest_on_buyer: bool
) -> tuple[WorstCase, ...]:
    """Give a row for each way in which an order ends."""
    rows = (
        (Ends.COMPLETED, 0, 0, 0, False),
        (Ends.TAKEN_BACK, backing.cost.premium, 0, 0, rest_on_buyer),
        (Ends.NOT_SHIPPED, 0, not_shipped, 0, rest_on_buyer),
        (Ends.RETURNED_BY_REMORSE, 0, 0, 0, True),
        (Ends.RETURNED_BY_THE_MERCHANTS_FAULT, 0, backing.bond, backing.cover, True),
        (Ends.LOST_ON_THE_WAY, 0, 0, backing.cover, True),
        (Ends.DIVIDED, 0, 0, 0, True),
    )
    return tuple(_case(method, monies, *row) for row in rows)


def _in_steps(monies: Monies, units: int, payment: Payment) -> tuple[WorstCase, ...]:
    """Give the rows of an order that is paid, or paid out, in steps: what was paid early does not come back."""
    deposit = deposit_of(units, payment)
    delivered = up(units * (payment.on_shipment + payment.on_delivery), BASIS)
    at_the_door = payment.rest_paid == RestPaid.ON_DELIVERY
    not_staked = units - deposit - share(units - deposit, payment.carrier_stakes, BASIS)
    rows = [
        (Ends.COMPLETED, 0, 0, 0, False),
        (Ends.TAKEN_BACK, 0, 0, 0, True),
        (Ends.NOT_SHIPPED, 0, 0, 0, True),
        (Ends.RETURNED_BY_REMORSE, delivered, 0, 0, True),
        (Ends.RETURNED_BY_THE_MERCHANTS_FAULT, delivered, 0, 0, True),
        (Ends.LOST_ON_THE_WAY, delivered, 0, 0, True),
        (Ends.DIVIDED, delivered, 0, 0, True),
    ]
    if at_the_door:
        rows += [(Ends.REFUSED_AT_THE_DOOR, deposit, 0, 0, False), (Ends.CASH_KEPT, 0, not_staked, 0, False)]
    elif deposit < units:
        rows.append((Ends.BALANCE_NOT_PAID, deposit, 0, 0, False))
    method = Method.AT_THE_DOOR if at_the_door else Method.IN_STEPS
    return tuple(_case(method, monies, *row) for row in rows)


def _case(  # noqa: PLR0913 - the columns of the table
    method: Method,
    monies: Monies,
    ends: Ends,
    buyer: int,
    merchant: int,
    provider: int,
    rest: bool,  # noqa: FBT001 - the last column
) -> WorstCase:
    return WorstCase(
        method=method,
        ends=ends,
        takes=monies.takes,
        gives=monies.gives,
        buyer_loses=buyer,
        merchant_loses=merchant,
        provider_loses=provider,
        rest_on_buyer=rest,
    )


def _answer(monies: Monies, units: int, backing: Backing, cases: tuple[WorstCase, ...]) -> WorstCases:
    payment, premium, cover_premium = backing.cost
    return WorstCases(
        takes=monies.takes,
        gives=monies.gives,
        units=units,
        payment=payment,
        premium=premium,
        cover_premium=cover_premium,
        bond=backing.bond,
        cover=backing.cover,
        cases=cases,
    )
