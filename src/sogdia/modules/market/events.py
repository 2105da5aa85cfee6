"""Facts of the market. Numbers 400 to 499, for ever."""

from __future__ import annotations

import msgspec

from sogdia.kernel.codec import Event
from sogdia.kernel.values import Account, Hash, Name, Quantity, Seconds, Units
from sogdia.modules.market.causes import CauseNumber
from sogdia.modules.market.records import LineNumber, LineQuantity, Offer, Parts, Stock, VariantNumber
from sogdia.modules.money import Asset


class LineFact(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A line, or a part of one, with the amounts that moved for it."""

    number: LineNumber
    listing: Name
    variant: VariantNumber
    quantity: Quantity
    parts: Parts
    promotion: Units


class Payout(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What one payee received."""

    account: Account
    units: Units


class TermsPublished(Event, tag=400):
    """A merchant published terms."""

    terms: Name
    asset: Asset


class ListingOpened(Event, tag=401):
    """A merchant offered goods."""

    listing: Name
    title: str


class VariantAdded(Event, tag=402):
    """A listing got another variant."""

    listing: Name
    variant: VariantNumber
    offer: Offer
    stock: Stock


class OfferChanged(Event, tag=403):
    """A variant costs something else from now on."""

    listing: Name
    variant: VariantNumber
    offer: Offer


class StockChanged(Event, tag=404):
    """A merchant counted its stock up or down."""

    listing: Name
    variant: VariantNumber
    stock: Stock


class ListingClosed(Event, tag=405):
    """A merchant took a listing off the market."""

    listing: Name


class OrderPlaced(Event, tag=410):
    """A buyer ordered, and its money is set aside."""

    order: Name
    merchant: Account
    asset: Asset
    paid: Parts
    deadline: Seconds
    lines: tuple[LineFact, ...]


class OrderAccepted(Event, tag=411):
    """The merchant will ship the order, but for the lines that `LinesRefunded` names."""

    order: Name
    deadline: Seconds


class LinesRefunded(Event, tag=412):
    """Lines, or parts of them, were refunded to the buyer for a cause: out of escrow, or `late` by the merchant."""

    order: Name
    late: bool
    return_cause: CauseNumber
    lines: tuple[LineFact, ...]


class OrderShipped(Event, tag=413):
    """The goods left the merchant."""

    order: Name
    deadline: Seconds
    commitment: Hash | None


class OrderDelivered(Event, tag=414):
    """The goods arrived; without a confirmation the time for it ran out."""

    order: Name
    confirmed_by: Account | None
    return_until: Seconds


class ReturnRequested(Event, tag=415):
    """The buyer wants to return lines; unanswered, they are refunded at the deadline."""

    order: Name
    lines: tuple[LineQuantity, ...]
    return_cause: CauseNumber
    deadline: Seconds


class ReturnRefused(Event, tag=416):
    """The merchant refused a return; the two have until the deadline to agree."""

    order: Name
    deadline: Seconds
    reason: Hash | None


class ReturnDropped(Event, tag=417):
    """The time to agree about a return ran out, and the goods had been received: the sale stands."""

    order: Name
    lines: tuple[LineQuantity, ...]


class SplitProposed(Event, tag=418):
    """One side proposed to divide what is in escrow."""

    order: Name
    proposer: Account
    to_buyer: Units


class OrderClosed(Event, tag=419):
    """The order's money was paid out and what stays of it is fixed."""

    order: Name
    outcome: int
    paid: Parts
    refunded: Parts
    payouts: tuple[Payout, ...]


class OrderDigested(Event, tag=420):
    """The order's lines have left the state; the root over them stays."""

    order: Name
    lines_root: Hash
