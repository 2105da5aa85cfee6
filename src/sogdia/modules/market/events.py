"""Facts of the market. Numbers 400 to 499, for ever."""

from __future__ import annotations

import msgspec

from sogdia.kernel.codec import Event
from sogdia.kernel.values import Account, BasisPoints, Hash, Name, Quantity, Seconds, Units
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
    balance_due: Units
    """What of it the buyer has not set aside yet."""
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
    to_buyer: Units
    """What went back for them, in the order's money: less than the lines' parts where these were not paid yet, or had
    been paid out."""
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


class BalancePaid(Event, tag=421):
    """The buyer set the rest of an order's money aside; it is to be shipped, or at the door, until the deadline."""

    order: Name
    asset: Asset
    units: Units
    deadline: Seconds


class PartReleased(Event, tag=422):
    """A share of the price was paid out before the order's end, as its terms say."""

    order: Name
    released: BasisPoints
    payouts: tuple[Payout, ...]


class SplitAwarded(Event, tag=423):
    """An arbitrator decided what the buyer gets back."""

    order: Name
    arbitrator: Account
    to_buyer: Units


class CashCollected(Event, tag=424):
    """The receipt for cash at the door: the carrier owes it, and has set a stake aside, until the deadline."""

    order: Name
    carrier: Account
    asset: Asset
    units: Units
    staked: Units
    deadline: Seconds


class CashRemitted(Event, tag=425):
    """The carrier handed over what it had collected; it is in escrow, and the stake is free again."""

    order: Name
    carrier: Account
    asset: Asset
    units: Units
    staked: Units


class CashKept(Event, tag=426):
    """The carrier's time to hand over ran out: its stake is all that there is."""

    order: Name
    carrier: Account
    asset: Asset
    units: Units
    staked: Units


class ParcelRefused(Event, tag=427):
    """The carrier says that the buyer did not take the goods; what came of the deposit says `OrderClosed`."""

    order: Name
    carrier: Account
    reason: Hash | None


class RefusalContested(Event, tag=428):
    """The buyer says that it did not refuse."""

    order: Name
    reason: Hash | None


class RefundWaits(Event, tag=429):
    """Nobody exchanges back what is refunded: it waits for somebody who does, until then at the longest."""

    order: Name
    return_cause: CauseNumber
    until: Seconds


class ReturnAwarded(Event, tag=430):
    """An arbitrator decided that the goods go back that the buyer asks to return, and for which cause."""

    order: Name
    arbitrator: Account
    return_cause: CauseNumber


class DeadlinePutOff(Event, tag=431):
    """A freeze kept from paying who has to pay next: the time for it begins anew when that freeze can hold no more."""

    order: Name
    deadline: Seconds


class OrderDigested(Event, tag=420):
    """The order's lines have left the state; the root over them stays."""

    order: Name
    lines_root: Hash
