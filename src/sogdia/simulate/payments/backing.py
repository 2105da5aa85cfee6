"""What stands behind an order in two monies once its goods have left, and what a refund by cause must come to.

    nothing           what the escrow does not reach is the buyer's
    bond              the merchant's, 5 % of the order: for refunds by the merchant's cause
    cover             the dealer's, 10 % of the payment, bought with a premium: behind the bond, for all but remorse
    bond and cover    both

`amends` is worked out apart from the ledger's own code: prices are tried out and the best amount is searched for, where
the ledger has closed forms. `books.Books` holds every refund against it, to the unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from sogdia.kernel.exact import up

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sogdia.modules.exchange.records import RateTerms
    from sogdia.modules.market.causes import Cause
    from sogdia.modules.money import Asset

BOND_POINTS = 500
"""For how much of an order the merchant's bond stands where there is one, in basis points."""

COVER_POINTS = 1_000
"""Which share of the payment a cover leaves aside where the buyer buys one, in basis points."""

FAIR_ONE_IN = 100
"""The ledger exchanges nothing that rounding makes dearer by more than one part in so many."""


class Backing(StrEnum):
    """What stands behind an order."""

    NOTHING = "nothing"
    BOND = "bond"
    COVER = "cover"
    BOTH = "bond and cover"

    @property
    def bond_points(self) -> int:
        """For how much of the order the merchant's bond stands."""
        return BOND_POINTS if self in {Backing.BOND, Backing.BOTH} else 0

    @property
    def cover_points(self) -> int:
        """Which share of the payment the dealer leaves aside."""
        return COVER_POINTS if self in {Backing.COVER, Backing.BOTH} else 0


@dataclass(slots=True)
class Quoted:
    """A card as the facts of the ledger tell it."""

    owner: str
    takes: Asset
    gives: Asset
    terms: RateTerms
    left: int

    def price(self, units: int) -> int | None:
        """Give what so many units cost, or nothing when the card does not exchange so many."""
        tier = self.terms.tiers[0]
        if not tier.units <= units <= min(self.terms.most, self.left):
            return None
        payment = self._asked(units)
        exact = units * tier.rate.taken
        return payment if (payment * tier.rate.given - exact) * FAIR_ONE_IN <= exact else None

    def most_for(self, budget: int, units_max: int) -> tuple[int, int] | None:
        """Give the most units, up to so many, that cost no more than a budget, and their price: by halving."""
        low, high = 0, units_max
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self._asked(middle) <= budget else (low, middle - 1)
        price = self.price(low)
        return None if price is None else (low, price)

    def _asked(self, units: int) -> int:
        rate = self.terms.tiers[0].rate
        return up(units * rate.taken, rate.given)


class Behind(NamedTuple):
    """What there is for one part that goes back: in the buyer's money, but for escrow and bond."""

    owed: int
    escrow: int
    bond: int
    cover: int
    own_bond: int = 0
    """What falls to this part alone, without what earlier ones have left."""
    own_cover: int = 0


class Amends(NamedTuple):
    """How a part goes back. `sold` and `from_cover` are the buyer's money, all else is the merchant's."""

    card: bytes | None
    sold: int
    payment: int
    from_bond: int
    from_cover: int
    kept: int
    """What the buyer has of escrow and bond as it is."""
    to_merchant: int


class Repaid(NamedTuple):
    """A refund after the swap for a cause that is not the buyer's: what was owed, and out of what it was made good."""

    day: int
    cause: Cause
    quoted: bool
    """Whether anybody exchanged back at that time."""
    waited: int
    """For how many days it waited for somebody who does."""
    behind: Behind
    amends: Amends
    mid: Fraction

    def from_escrow(self) -> Fraction:
        """Give what the buyer got out of the escrow, in its own money; what it kept counts at the day's mid rate."""
        amends = self.amends
        if amends.card is None:
            return (amends.kept - amends.from_bond) * self.mid
        return amends.sold * self._of_payment(amends.payment - amends.from_bond) + amends.kept * self.mid

    def from_bond(self) -> Fraction:
        """Give what the buyer got out of the bond, in its own money."""
        if self.amends.card is None:
            return self.amends.from_bond * self.mid
        return self.amends.sold * self._of_payment(self.amends.from_bond)

    def borne_by_buyer(self) -> Fraction:
        """Give what the buyer lacks of what it is owed; less than nothing when the rate has moved for it."""
        return self.behind.owed - self.from_escrow() - self.from_bond() - self.amends.from_cover

    def _of_payment(self, part: int) -> Fraction:
        return Fraction(part, self.amends.payment)


def amends(behind: Behind, cards: Iterable[tuple[bytes, Quoted]], *, gain_to_buyer: bool) -> Amends:
    """Give what a part that goes back must come to; `cards` are those in force, which sell the buyer's money.

    Where none reaches, what falls to the part goes back with it: that it had to wait before that is `books.Books`' to
    see.
    """
    if behind.owed == 0:
        return Amends(None, 0, 0, 0, 0, behind.escrow, 0)
    as_it_is = Amends(None, 0, 0, behind.own_bond, behind.own_cover, behind.escrow + behind.own_bond, 0)
    budget = behind.escrow + behind.bond
    wholes = sorted(
        (price, name, card) for name, card in cards if (price := card.price(behind.owed)) is not None
    )  # names differ, so cards are never compared
    if not wholes:
        return as_it_is
    price, name, _card = wholes[0]
    if price <= budget:
        return _sold(behind, name, behind.owed, price, gain_to_buyer=gain_to_buyer)
    parts = [
        (-found[0], found[1], name)
        for _price, name, card in wholes
        if (found := card.most_for(budget, behind.owed)) is not None
    ]
    if parts:
        less, payment, name = min(parts)
        if behind.owed + less <= behind.cover:
            return _sold(behind, name, -less, payment, gain_to_buyer=gain_to_buyer)
    return as_it_is


def _sold(behind: Behind, card: bytes, units: int, payment: int, *, gain_to_buyer: bool) -> Amends:
    gain = max(0, behind.escrow - payment)
    return Amends(
        card=card,
        sold=units,
        payment=payment,
        from_bond=max(0, payment - behind.escrow),
        from_cover=behind.owed - units,
        kept=gain if gain_to_buyer else 0,
        to_merchant=0 if gain_to_buyer else gain,
    )
