"""Facts of the exchange. Numbers 700 to 799, for ever."""

from __future__ import annotations

from sogdia.kernel.codec import Event
from sogdia.kernel.values import Account, Hash, Name, Units
from sogdia.modules.exchange.records import RateTerms
from sogdia.modules.money import Asset


class CardPosted(Event, tag=700):
    """A provider offers to exchange: the digest is that of the terms."""

    card: Name
    takes: Asset
    gives: Asset
    rates: RateTerms
    capacity: Units
    digest: Hash


class CardChanged(Event, tag=701):
    """Other terms hold on a card from this block's end on."""

    card: Name
    rates: RateTerms
    digest: Hash


class CardFunded(Event, tag=702):
    """A provider set more aside for a card."""

    card: Name
    units: Units


class CardClosed(Event, tag=703):
    """A card has ended; what it had left is the provider's to spend again."""

    card: Name
    returned: Units


class Converted(Event, tag=704):
    """A party paid in one money and received another."""

    card: Name
    account: Account
    takes: Asset
    payment: Units
    gives: Asset
    units: Units


class RateLocked(Event, tag=705):
    """A rate is kept for an order: both sides are set aside, and so much of the merchant's bond stands for it."""

    order: Name
    card: Name
    takes: Asset
    payment: Units
    premium: Units
    cover_premium: Units
    gives: Asset
    units: Units
    bond: Units


class LockUndone(Event, tag=706):
    """A part of a lock, or all that was left, went back: `payment_back` to the buyer, and `units` to the provider.

    What keeping the rate has cost the provider got of the buyer who took the order back, or of the bond of the merchant
    who did not fulfil it.
    """

    order: Name
    card: Name
    takes: Asset
    payment_back: Units
    owed: Units
    gives: Asset
    units: Units
    merchant: Account
    from_bond: Units


class MoneySwapped(Event, tag=707):
    """The goods have left: the provider has the buyer's money, and the order's escrow holds the given one.

    Of what was paid the provider leaves `cover` set aside for refunds.
    """

    order: Name
    card: Name
    takes: Asset
    payment: Units
    premium: Units
    cover_premium: Units
    cover: Units
    gives: Asset
    units: Units


class BondPosted(Event, tag=708):
    """A merchant set more aside to stand for orders at a rate."""

    account: Account
    asset: Asset
    units: Units


class BondWithdrawn(Event, tag=709):
    """A merchant took back what stood for no order."""

    account: Account
    asset: Asset
    units: Units


class RefundedAtRate(Event, tag=710):
    """A part of an order that was paid in another money went back to the buyer in that money, as far as it reached.

    Of the escrow's part `to_merchant` is what was not needed. The buyer has the rest with `from_bond`, and `from_cover`
    of the money in which it is owed; what it paid of that for `exchanged`, by a card, the `Converted` behind it tells.
    """

    order: Name
    provider: Account
    takes: Asset
    owed: Units
    gives: Asset
    escrow: Units
    to_merchant: Units
    merchant: Account
    from_bond: Units
    from_cover: Units
    exchanged: Units


class SwapEnded(Event, tag=711):
    """An order that was paid in another money is over: what was not used of its bond is free, and of its cover back."""

    order: Name
    merchant: Account
    gives: Asset
    bond: Units
    provider: Account
    takes: Asset
    cover: Units
