"""Cancellations matched to purchases: which line of which earlier order each returned article came from.

A cancellation takes from the oldest earlier purchase of that customer and product with quantity left, then from the
next; "earlier" is the order in which purchases are remembered here. One that is larger than all that is left takes
nothing. One whose quantity isn't below zero takes nothing back, so no purchase can belong to it. A guest is nobody we
know again, so a guest's purchases are not remembered and a guest's cancellation finds none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from sogdia.simulate.online_retail.classes import LineClass


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of one order line that comes back, and the money that goes back for it at the price paid."""

    order_invoice: str
    order_line: int
    ordered_at: int
    paid_price_e12: int
    quantity: int
    refund_pence: int


@dataclass(slots=True)
class Purchase:
    """One order line, and how much of it has come back so far."""

    invoice: str
    line_number: int
    time: int
    unit_price_e12: int
    quantity: int
    paid_pence: int
    returned: int = 0

    @property
    def left(self) -> int:
        """What may still come back."""
        return self.quantity - self.returned

    def take_back(self, quantity: int) -> Piece:
        """Take back `quantity` of what is left."""
        before, self.returned = self.returned, self.returned + quantity
        refund = refund_up_to(self.paid_pence, self.quantity, self.returned)
        refund -= refund_up_to(self.paid_pence, self.quantity, before)
        return Piece(self.invoice, self.line_number, self.time, self.unit_price_e12, quantity, refund)


class Match(NamedTuple):
    """What became of a cancellation: its class, and the pieces it takes back."""

    line_class: LineClass
    pieces: tuple[Piece, ...] = ()


@dataclass(slots=True)
class Purchases:
    """All purchases so far, by customer and product, oldest first."""

    _by_customer_and_code: dict[tuple[str, str], list[Purchase]] = field(default_factory=dict)

    def remember(self, customer: str, stock_code: str, purchase: Purchase) -> None:
        """Add the newest purchase."""
        self._by_customer_and_code.setdefault((customer, stock_code), []).append(purchase)

    def match(self, customer: str | None, stock_code: str, quantity: int) -> Match:
        """Take `quantity` back from the oldest purchases, all of it or none."""
        purchases = [] if customer is None else self._by_customer_and_code.get((customer, stock_code), [])
        if not purchases or quantity <= 0:
            return Match(LineClass.CANCELLATION_WITHOUT_PURCHASE)
        if quantity > sum(purchase.left for purchase in purchases):
            return Match(LineClass.EXCEEDS_PURCHASE)

        pieces = []
        for purchase in purchases:
            taken = min(quantity, purchase.left)
            if taken > 0:
                pieces.append(purchase.take_back(taken))
                quantity -= taken
        return Match(LineClass.RETURNED, tuple(pieces))


def refund_up_to(paid_pence: int, quantity: int, returned: int) -> int:
    """Say what has gone back in total once `returned` of `quantity` are back: rounded down, and exact at the end.

    Each refund is the difference of two such totals, so parts can never add up to more than was paid, and the last
    article back makes it exactly what was paid.
    """
    return paid_pence * returned // quantity
