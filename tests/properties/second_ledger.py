"""A second ledger: what everybody should have, worked out from the rules in words, sharing no code with the real one.

It is slow, keeps everything in dictionaries and calculates with fractions. It says of each wish whether it is granted,
and what everybody has afterwards. The random trade compares it with the real ledger after every block.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from math import floor

from tests.properties.second_money import STORAGE, Currency, Hold, Named, SecondMoney

__all__ = ["WINDOWS", "Currency", "Goods", "Hold", "Named", "Order", "SecondLedger", "Terms"]

WINDOWS = {"accept": 100, "ship": 200, "deliver": 300, "returns": 150, "answer": 80, "agree": 120}
PARTS = ("price", "freight", "tax")


def half_up(value: Fraction) -> int:
    """Round to whole units, halves up."""
    return floor(value + Fraction(1, 2))


@dataclass
class Goods:
    """A listing with its one variant."""

    merchant: str
    terms: str
    price: int
    decimals: int
    minimum: int
    tier: tuple[int, int] | None
    freight: int
    tax: int
    promotion: int
    until: int
    stock: int
    open: bool = True


@dataclass
class Terms:
    """Who is paid beside the merchant, and in which money."""

    currency: str
    carrier: str | None
    freight: int
    tax_collector: str | None
    platform: str | None
    fee: int


@dataclass
class Line:
    """What was bought, and how much of it came back."""

    goods: Named
    quantity: int
    paid: dict[str, int]
    promotion: int
    returned: int = 0

    def refund(self, more: int) -> dict[str, int]:
        """What comes back for so many more."""
        before, after = (Fraction(each, self.quantity) for each in (self.returned, self.returned + more))
        return {part: floor(self.paid[part] * after) - floor(self.paid[part] * before) for part in PARTS}


@dataclass
class Order:
    """An order, open or closed."""

    buyer: str
    merchant: str
    terms: Terms
    lines: list[Line]
    deadline: int
    state: str = "PLACED"
    paid: dict[str, int] = field(default_factory=dict)
    refunded: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PARTS, 0))
    return_until: int = 0
    confirmed: bool = False
    requested: dict[int, int] = field(default_factory=dict)
    split: tuple[str, int] | None = None

    def escrow(self) -> dict[str, int]:
        """What is still set aside, by part."""
        return {part: self.paid[part] - self.refunded[part] for part in PARTS}


class SecondLedger(SecondMoney):
    """Everything there is, by name."""

    def __init__(self, parties: tuple[str, ...], currencies: dict[str, Currency], now: int) -> None:
        """Begin with parties that have nothing."""
        super().__init__(parties, currencies, now)
        self.terms: dict[Named, Terms] = {}
        self.goods: dict[Named, Goods] = {}
        self.unstocked: set[Named] = set()
        self.orders: dict[Named, Order] = {}
        self.closed: dict[Named, Order] = {}

    # ---------------------------------------------------------------------------------------------------- goods

    def publish(self, name: Named, wish: Terms) -> bool:
        """A merchant publishes terms."""
        if name in self.terms:
            return False
        self.terms[name] = wish
        self.stored += STORAGE["terms"]
        return True

    def open_listing(self, name: Named, wish: Goods) -> bool:
        """A merchant opens a listing."""
        if (wish.merchant, wish.terms) not in self.terms or name in self.goods:
            return False
        self.goods[name] = wish
        self.unstocked.add(name)
        self.stored += STORAGE["listing"]
        return True

    def add_variant(self, name: Named) -> bool:
        """A merchant adds the variant to its listing."""
        self.unstocked.discard(name)
        self.stored += STORAGE["variant"]
        return True

    def change_stock(self, name: Named, by: int) -> bool:
        """A merchant counts its goods."""
        goods = self.goods[name]
        if not goods.open or name in self.unstocked or goods.stock + by < 0:
            return False
        goods.stock += by
        return True

    def close_listing(self, name: Named) -> bool:
        """A merchant closes a listing."""
        goods = self.goods[name]
        if not goods.open:
            return False
        goods.open = False
        self.stored -= 0 if name in self.unstocked else STORAGE["variant"]
        return True

    # -------------------------------------------------------------------------------------------------- placing

    def priced(self, terms: Terms, asked: list[tuple[Named, int]]) -> list[Line]:
        """What the lines cost now."""
        lines = []
        for key, quantity in asked:
            goods = self.goods[key]
            each = goods.tier[1] if goods.tier and quantity >= goods.tier[0] else goods.price
            whole = half_up(Fraction(each * quantity, 10**goods.decimals))
            off = floor(Fraction(whole * goods.promotion, 10_000)) if self.now <= goods.until else 0
            lines.append(Line(key, quantity, {"price": whole - off}, off))
        total = sum(line.paid["price"] for line in lines)
        behind = 0
        for number, line in enumerate(lines):
            price = line.paid["price"]
            if total:
                freight = floor(Fraction(terms.freight * (behind + price), total))
                freight -= floor(Fraction(terms.freight * behind, total))
            else:
                freight = 0 if number else terms.freight
            behind += price
            goods = self.goods[line.goods]
            line.paid["freight"] = freight + goods.freight * line.quantity
            line.paid["tax"] = half_up(Fraction((price + line.paid["freight"]) * goods.tax, 10_000))
        return lines

    def can_be_had(self, merchant: str, asked: list[tuple[Named, int]]) -> Terms | None:
        """The terms of goods that are all on offer in these quantities, or nothing."""
        on_offer = [key for key, goods in self.goods.items() if goods.open and goods.merchant == merchant]
        left = {key: self.goods[key].stock for key in on_offer if key not in self.unstocked}
        for key, quantity in asked:
            if key not in left or quantity < self.goods[key].minimum or quantity > left[key]:
                return None
            left[key] -= quantity
        references = {self.goods[key].terms for key, _quantity in asked}
        return self.terms[merchant, references.pop()] if len(references) == 1 else None

    def place(self, name: Named, merchant: str, asked: list[tuple[Named, int]], pay_at_most: int) -> bool:
        """A buyer orders."""
        who = name[0]
        if who == merchant or merchant not in self.parties or merchant in self.suspended:
            return False
        terms = None if name in self.orders or name in self.closed else self.can_be_had(merchant, asked)
        if terms is None:
            return False
        lines = self.priced(terms, asked)
        order = Order(who, merchant, terms, lines, self.now + WINDOWS["accept"])
        order.paid = {part: sum(line.paid[part] for line in lines) for part in PARTS}
        total = sum(order.paid.values())
        if not 0 < total <= pay_at_most or not self.may_spend(who, terms.currency, total):
            return False
        shares = self.shares(order, order.paid)
        if not all(self.may_receive(payee, terms.currency, units) for payee, units in shares.items() if units):
            return False
        self.set_aside(who, terms.currency, total)
        for key, quantity in asked:
            self.goods[key].stock -= quantity
        self.orders[name] = order
        self.stored += STORAGE["order"] + STORAGE["line"] * len(lines)
        return True

    # --------------------------------------------------------------------------------------------------- paying

    def shares(self, order: Order, parts: dict[str, int]) -> dict[str, int]:
        """Who gets what of what is not refunded."""
        terms = order.terms
        fee = floor(Fraction(parts["price"] * terms.fee, 10_000)) if terms.platform else 0
        found: dict[str, int] = {}
        for payee, units in (
            (terms.platform, fee),
            (terms.carrier, parts["freight"]),
            (terms.tax_collector, parts["tax"]),
            (order.merchant, parts["price"] - fee),
        ):
            found[payee or order.merchant] = found.get(payee or order.merchant, 0) + units
        return found

    def pay_back(self, order: Order, wanted: dict[int, int]) -> None:
        """Give money for lines back to the buyer, and goods that have not left back into stock."""
        for number, quantity in wanted.items():
            line = order.lines[number - 1]
            for part, units in line.refund(quantity).items():
                order.refunded[part] += units
                self.set_aside(order.buyer, order.terms.currency, -units)
            line.returned += quantity
            if order.state in ("PLACED", "ACCEPTED"):
                self.goods[line.goods].stock += quantity

    def close(self, name: Named, outcome: str, to_buyer: int = 0) -> None:
        """Pay everybody."""
        order = self.orders.pop(name)
        escrow = order.escrow()
        if outcome == "CANCELLED":
            to_buyer = sum(escrow.values())
            for line in order.lines:
                self.goods[line.goods].stock += line.quantity - line.returned
                line.returned = line.quantity
        left = after_split(escrow, to_buyer)
        currency = order.terms.currency
        self.held[order.buyer, currency] -= sum(escrow.values())
        self.give(order.buyer, currency, to_buyer)
        for payee, units in self.shares(order, left).items():
            self.give(payee, currency, units)
        order.refunded = {part: order.paid[part] - left[part] for part in PARTS}
        order.state = outcome
        self.closed[name] = order
        self.stored -= STORAGE["line"] * len(order.lines)

    # ------------------------------------------------------------------------------------------------- the steps

    def step(self, who: str, name: Named, step: str, **more: object) -> bool:
        """A step in the life of an order: whether it is granted, and what comes of it."""
        order = self.orders.get(name)
        if order is None:
            return False
        granted: bool = getattr(self, f"_{step}")(who, name, order, **more)
        return granted

    def _move_on(self, order: Order, state: str, window: str) -> bool:
        order.state = state
        order.deadline = self.now + WINDOWS[window]
        return True

    def _cancel(self, who: str, name: Named, order: Order) -> bool:
        if order.state != "PLACED" or who != order.buyer:
            return False
        self.close(name, "CANCELLED")
        return True

    def _decline(self, who: str, name: Named, order: Order) -> bool:
        if order.state not in ("PLACED", "ACCEPTED") or who != order.merchant:
            return False
        self.close(name, "CANCELLED")
        return True

    def _accept(self, who: str, _name: Named, order: Order, declined: tuple[int, ...] = ()) -> bool:
        numbers_are_right = len(declined) < len(order.lines) and all(number <= len(order.lines) for number in declined)
        if order.state != "PLACED" or who != order.merchant or not numbers_are_right:
            return False
        self.pay_back(order, {number: order.lines[number - 1].quantity for number in declined})
        return self._move_on(order, "ACCEPTED", "ship")

    def _ship(self, who: str, _name: Named, order: Order) -> bool:
        return order.state == "ACCEPTED" and who == order.merchant and self._move_on(order, "SHIPPED", "deliver")

    def _confirm(self, who: str, _name: Named, order: Order) -> bool:
        if order.state != "SHIPPED" or who not in (order.buyer, order.terms.carrier):
            return False
        order.confirmed = True
        self._move_on(order, "DELIVERED", "returns")
        order.return_until = order.deadline
        return True

    def _settle(self, who: str, name: Named, order: Order) -> bool:
        if order.state != "DELIVERED" or who != order.buyer:
            return False
        self.close(name, "SETTLED")
        return True

    def _left_of(self, order: Order, wanted: dict[int, int]) -> bool:
        """Whether so much is left of the lines."""
        return all(
            number <= len(order.lines)
            and quantity <= order.lines[number - 1].quantity - order.lines[number - 1].returned
            for number, quantity in wanted.items()
        )

    def _request(self, who: str, _name: Named, order: Order, wanted: dict[int, int]) -> bool:
        in_time = order.state == "DELIVERED" and self.now <= order.return_until
        if not in_time or who != order.buyer or not self._left_of(order, wanted):
            return False
        order.requested = dict(wanted)
        return self._move_on(order, "RETURNING", "answer")

    def _approve(self, who: str, _name: Named, order: Order) -> bool:
        if order.state not in ("RETURNING", "CONTESTED") or who != order.merchant:
            return False
        self.pay_back(order, order.requested)
        self._end_return(order)
        return True

    def _refuse(self, who: str, _name: Named, order: Order) -> bool:
        return order.state == "RETURNING" and who == order.merchant and self._move_on(order, "CONTESTED", "agree")

    def _refund(self, who: str, _name: Named, order: Order, wanted: dict[int, int]) -> bool:
        if order.state == "PLACED" or who != order.merchant or not self._left_of(order, wanted):
            return False
        self.pay_back(order, wanted)
        if order.requested:
            left = {number: quantity - wanted.get(number, 0) for number, quantity in order.requested.items()}
            order.requested = {number: quantity for number, quantity in left.items() if quantity > 0}
            if not order.requested:
                self._end_return(order)
        return True

    def _end_return(self, order: Order) -> None:
        order.state = "DELIVERED"
        order.deadline = max(order.return_until, self.now)
        order.requested, order.split = {}, None

    def _propose(self, who: str, _name: Named, order: Order, to_buyer: int) -> bool:
        if order.state in ("PLACED", "ACCEPTED") or who not in (order.buyer, order.merchant):
            return False
        if to_buyer > sum(order.escrow().values()):
            return False
        order.split = (who, to_buyer)
        return True

    def _agree(self, who: str, name: Named, order: Order, to_buyer: int) -> bool:
        if order.state in ("PLACED", "ACCEPTED") or who not in (order.buyer, order.merchant):
            return False
        if order.split is None or order.split[1] != to_buyer or order.split[0] == who:
            return False
        if to_buyer > sum(order.escrow().values()):
            return False
        self.close(name, "SPLIT", to_buyer)
        return True

    def refund_late(self, who: str, name: Named, number: int, quantity: int) -> bool:
        """A merchant gives something back after the settlement."""
        order = self.closed.get(name)
        if order is None or order.state != "SETTLED" or who != order.merchant:
            return False
        line = order.lines[number - 1]
        if quantity > line.quantity - line.returned:
            return False
        parts = line.refund(quantity)
        if sum(parts.values()) and not self.transfer(who, order.buyer, order.terms.currency, sum(parts.values())):
            return False
        line.returned += quantity
        order.refunded = {part: order.refunded[part] + parts[part] for part in PARTS}
        return True

    # --------------------------------------------------------------------------------------------- the deadlines

    def time_out(self, name: Named) -> bool:
        """Let an order whose time is over leave its state; tell whether there was one."""
        order = self.orders.get(name)
        if order is None or order.deadline >= self.now:
            return False
        if order.state in ("PLACED", "ACCEPTED"):
            self.close(name, "CANCELLED")
        elif order.state == "SHIPPED":
            self._move_on(order, "DELIVERED", "returns")
            order.return_until = order.deadline
        elif order.state == "DELIVERED":
            self.close(name, "SETTLED")
        else:
            if order.state == "RETURNING" or not order.confirmed:
                self.pay_back(order, order.requested)
            self._end_return(order)
        return True

    def everything_due(self) -> int:
        """Do all that deadlines ask for, and count it."""
        return sum(
            [self.hold_out(name) for name in list(self.holds)] + [self.time_out(name) for name in list(self.orders)]
        )


def after_split(escrow: dict[str, int], to_buyer: int) -> dict[str, int]:
    """What is left of each part: freight and tax by their share, rounded down, price the rest; no part grows."""
    total = sum(escrow.values())
    rest = total - to_buyer
    if not total:
        return dict(escrow)
    freight, tax = (floor(Fraction(escrow[part] * rest, total)) for part in ("freight", "tax"))
    price = min(escrow["price"], rest - freight - tax)
    freight = min(escrow["freight"], rest - price - tax)
    return {"price": price, "freight": freight, "tax": rest - price - freight}
