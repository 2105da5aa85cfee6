"""The records of the market: terms, listings with variants, orders with lines, and what stays of a closed order."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from sogdia.kernel.codec import Face, Record
from sogdia.kernel.enums import Numbered
from sogdia.kernel.parameters import no_key, show_no_key
from sogdia.kernel.state import Table
from sogdia.kernel.values import Account, BasisPoints, Hash, Name, Quantity, Reference, Seconds, Units
from sogdia.modules.money import Asset

LINES_MAX = 2_000
VARIANTS_MAX = 200

LineNumber = Annotated[int, Meta(ge=1, le=LINES_MAX)]
VariantNumber = Annotated[int, Meta(ge=0, le=2**16 - 1)]
Stock = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Title = Annotated[str, Meta(min_length=1, max_length=200)]
Language = Annotated[str, Meta(min_length=2, max_length=35, pattern=r"^[A-Za-z0-9-]+\Z")]
Unit = Annotated[str, Meta(min_length=1, max_length=3, pattern=r"^[A-Z0-9]+\Z")]
"""A unit of measure by UN/ECE Recommendation 20, such as C62 (one) or KGM."""

Digits = Annotated[str, Meta(max_length=14, pattern=r"^[0-9]*\Z")]
CountryOrNone = Annotated[str, Meta(max_length=2, pattern=r"^[A-Z]*\Z")]


Window = Annotated[int, Meta(ge=0, le=400 * 86_400)]
"""How long a state may last, in seconds: at most about a year, so that a deadline always fits its 32 bits."""


class Windows(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long each state of an order may last, in seconds."""

    accept: Window = 2 * 86_400
    ship: Window = 7 * 86_400
    deliver: Window = 45 * 86_400
    returns: Window = 14 * 86_400
    answer: Window = 7 * 86_400
    agree: Window = 14 * 86_400


class MarketRules(Record):
    """The windows of this network."""

    windows: Windows


class Terms(Record):
    """Under what terms a merchant sells: in which money, and who is paid beside the merchant. Terms never change."""

    asset: Asset
    carrier: Account | None
    """Receives the freight and may confirm delivery; without one the merchant receives it and the buyer confirms."""
    freight_per_order: Units
    tax_collector: Account | None
    platform: Account | None
    platform_fee: BasisPoints
    """Share of the price (not of freight and tax), rounded down."""
    bond: BasisPoints
    """For how much of an order at a rate the merchant's bond stands: the most that a refund, or not shipping, costs."""


class Listing(Record):
    """Goods that a merchant offers. Prices and stock stand on the variants."""

    terms: Reference
    title: Title
    language: Language
    unit: Unit
    hs_code: Digits
    origin: CountryOrNone
    open: bool
    variants: tuple[VariantNumber, ...]
    sponsor: Account
    """Whose storage the listing takes."""


class Tier(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """From which quantity another unit price holds."""

    quantity: Quantity
    price: Units


class Offer(msgspec.Struct, frozen=True, array_like=True, gc=False, kw_only=True):
    """What a variant costs, and under which number the trade knows it."""

    price: Annotated[int, Meta(ge=1, le=2**53)]
    minimum: Quantity = 1
    tiers: Annotated[tuple[Tier, ...], Meta(max_length=8)] = ()
    freight_per_unit: Annotated[int, Meta(ge=0, le=2**53)] = 0
    tax: BasisPoints = 0
    promotion: BasisPoints = 0
    promotion_until: Seconds = 0
    gtin: Digits = ""
    decimals: Annotated[int, Meta(ge=0, le=12)] = 0
    """Prices are in minor units / 10^decimals, for goods that cost less than a minor unit a piece."""


class Variant(Record):
    """One form of the goods of a listing: its offer and how many are in stock."""

    offer: Offer
    stock: Stock


class Parts(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An amount by what it is for; `price` is what is left of it after promotion."""

    price: Units
    freight: Units
    tax: Units

    def total(self) -> int:
        """Add the parts up."""
        return self.price + self.freight + self.tax

    def plus(self, other: Parts) -> Parts:
        """Add another amount, part by part."""
        return Parts(self.price + other.price, self.freight + other.freight, self.tax + other.tax)

    def minus(self, other: Parts) -> Parts:
        """Take another amount away, part by part."""
        return Parts(self.price - other.price, self.freight - other.freight, self.tax - other.tax)


NOTHING = Parts(0, 0, 0)


class OrderState(Numbered):
    """Where an order is in its life."""

    PLACED = 1
    ACCEPTED = 2
    SHIPPED = 3
    DELIVERED = 4
    RETURNING = 5
    CONTESTED = 6
    CLOSING = 7
    REFUNDING = 8


class Outcome(Numbered):
    """How an order ended."""

    SETTLED = 1
    CANCELLED = 2
    SPLIT = 3


class LineQuantity(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A quantity of one line of an order."""

    line: LineNumber
    quantity: Quantity


class Split(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A proposal to divide what is in escrow."""

    proposer: Account
    to_buyer: Units


class Closing(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How far the closing of an order has come: the next line, and the tree over the final lines before it."""

    outcome: int
    next_line: int
    peaks: tuple[Hash, ...]


class Order(Record):
    """An order under way. Its name is the buyer's account and reference; its money is held on the buyer's balance."""

    merchant: Account
    asset: Asset
    carrier: Account | None
    tax_collector: Account | None
    platform: Account | None
    platform_fee: BasisPoints
    due: Seconds
    """Where it stands in the calendar: at its deadline, or before it."""
    lines: int
    paid: Parts
    refunded: Parts
    commitment: Hash | None
    sponsor: Account
    """Whose storage the order takes."""
    delivery_confirmed: bool = False
    return_until: Seconds = 0
    requested: tuple[LineQuantity, ...] = ()
    return_cause: Annotated[int, Meta(ge=0, le=3)] = 0
    """Why the requested lines go back, while some do."""
    split: Split | None = None
    closing: Closing | None = None
    state: int
    deadline: Seconds
    history: Hash


class OrderFace(Face):
    """What anybody may know of an order under way."""

    state: int
    deadline: Seconds
    history: Hash


class Line(Record):
    """One line of an order: what was bought, what was paid for it, and how much of it has come back."""

    listing: Name
    variant: VariantNumber
    quantity: Quantity
    paid: Parts
    promotion: Units
    returned: Stock


class FinalLine(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A line as it stands in the root of a closed order."""

    number: LineNumber
    listing: Name
    variant: VariantNumber
    quantity: Quantity
    paid: Parts
    promotion: Units
    returned: Stock


class ClosedOrder(Record):
    """What stays of an order: who, how much, how it ended, and the root over its final lines."""

    merchant: Account
    asset: Asset
    paid: Parts
    refunded: Parts
    lines: int
    lines_root: Hash
    outcome: int
    closed_at: Seconds
    history: Hash


class ClosedOrderFace(Face):
    """What anybody may know of a closed order."""

    outcome: int
    closed_at: Seconds
    history: Hash


def _show_name(key: bytes) -> dict[str, Any]:
    return {"name": key}


def _numbered_key(key: tuple[bytes, int]) -> bytes:
    return key[0] + key[1].to_bytes(2, "big")


def _show_numbered(key: bytes) -> dict[str, Any]:
    return {"name": key[:-2], "number": int.from_bytes(key[-2:], "big")}


RULES: Table[None, MarketRules] = Table("market/rules", 40, MarketRules, key=no_key, show_key=show_no_key)
TERMS: Table[bytes, Terms] = Table("market/terms", 41, Terms, show_key=_show_name)
LISTINGS: Table[bytes, Listing] = Table("market/listings", 42, Listing, show_key=_show_name)
VARIANTS: Table[tuple[bytes, int], Variant] = Table(
    "market/variants", 43, Variant, key=_numbered_key, show_key=_show_numbered
)
ORDERS: Table[bytes, Order] = Table("market/orders", 44, Order, show_key=_show_name, life=True, face=OrderFace)
LINES: Table[tuple[bytes, int], Line] = Table("market/lines", 45, Line, key=_numbered_key, show_key=_show_numbered)
CLOSED_ORDERS: Table[bytes, ClosedOrder] = Table(
    "market/closed-orders", 46, ClosedOrder, show_key=_show_name, continues=ORDERS, face=ClosedOrderFace
)
