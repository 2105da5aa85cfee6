"""The records of the market: terms, listings with variants, orders with lines, and what stays of a closed order."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from sogdia.kernel.accounts import show_account_key
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

Times = Annotated[int, Meta(ge=0)]
"""How often something happened."""

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
    pay: Window = 7 * 86_400
    remit: Window = 3 * 86_400
    rate: Window = 14 * 86_400


class MarketRules(Record):
    """The windows of this network."""

    windows: Windows


class RestPaid(Numbered):
    """When the buyer pays what it has not set aside with its order."""

    BEFORE_SHIPPING = 1
    ON_DELIVERY = 2
    """In cash at the door, to the carrier, who owes it from then on; or by the buyer's own hand until then."""


RestPaidNumber = Annotated[int, Meta(ge=1, le=2)]


class Payment(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """In which steps an order is paid, and paid out, when it is not all set aside at once and paid out at the end."""

    deposit: BasisPoints
    """The share of the whole that the buyer sets aside with the order, rounded up."""
    rest_paid: RestPaidNumber
    """When the rest is paid: before the goods leave, or at the door."""
    carrier_stakes: BasisPoints = 0
    """The share of the cash that a carrier takes for which it sets money of its own aside until it hands over."""
    on_shipment: BasisPoints = 0
    """The share of the price that is paid out when the goods leave."""
    on_delivery: BasisPoints = 0
    """The share of the price that is paid out when somebody says that they have arrived."""


class Share(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A further payee: which share of the price an insurer or an arbitrator gets, rounded down; one may work for 0."""

    account: Account
    points: BasisPoints


SHARES_MAX = 4

Shares = Annotated[tuple[Share, ...], Meta(max_length=SHARES_MAX)]


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
    shares: Shares
    payment: Payment | None
    """Nothing: all is set aside with the order, and paid out when it is over."""


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
    COLLECTED = 9


class Outcome(Numbered):
    """How an order ended."""

    SETTLED = 1
    CANCELLED = 2
    SPLIT = 3
    FORFEITED = 4
    """The buyer did not pay the rest in time, and the merchant has the deposit."""
    REFUSED = 5
    """The buyer did not take the goods at the door."""
    REFUSAL_CONTESTED = 6
    """The carrier says that it did not, and the buyer that it never was asked."""
    NOT_DELIVERED = 7
    """Goods to be paid at the door never came to it."""
    CASH_KEPT = 8
    """The carrier did not hand over the cash in time; what it had staked was paid out."""


SOLD = frozenset({Outcome.SETTLED, Outcome.SPLIT, Outcome.CASH_KEPT})
"""How an order ends whose goods stay with the buyer; else all its lines count as returned."""

RESTOCKED = frozenset({Outcome.CANCELLED, Outcome.FORFEITED})
"""How an order ends whose goods never left: they are in stock again."""


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


class DoorRecord(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How often a buyer who would pay at the door did, and did not."""

    paid: Times = 0
    refused: Times = 0
    contested: Times = 0
    """Refusals that the carrier reported and the buyer contested; not counted as refused."""


class CashRecord(Record):
    """What came of cash on delivery: of somebody as the buyer, and as the carrier."""

    as_buyer: DoorRecord
    collected: Times
    """How often it took cash as a carrier,"""
    remitted: Times
    """how often of these it handed it over in time,"""
    kept: Times
    """and how often not."""


class Order(Record):
    """An order under way. Its name is the buyer's account and reference; its money is held on the buyer's balance."""

    merchant: Account
    asset: Asset
    carrier: Account | None
    tax_collector: Account | None
    platform: Account | None
    platform_fee: BasisPoints
    shares: Shares
    payment: Payment | None
    balance_due: Units
    """What of all that is not refunded nobody has set aside yet."""
    released: BasisPoints = 0
    """Which share of the price has been paid out. What comes back does so without it."""
    door_record: DoorRecord | None = None
    """How the buyer had done by cash on delivery when it ordered so."""
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
    tries_at: Seconds = 0
    """When the requested lines are tried next, while they wait for somebody who exchanges what goes back."""
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
CASH_RECORDS: Table[bytes, CashRecord] = Table("market/cash-records", 47, CashRecord, show_key=show_account_key)
CLOSED_ORDERS: Table[bytes, ClosedOrder] = Table(
    "market/closed-orders", 46, ClosedOrder, show_key=_show_name, continues=ORDERS, face=ClosedOrderFace
)
