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
    """A rate is kept for an order: both sides are set aside."""

    order: Name
    card: Name
    takes: Asset
    payment: Units
    premium: Units
    gives: Asset
    units: Units


class LockUndone(Event, tag=706):
    """A part of a lock, or all that was left, went back: payment and premium to the buyer, units to the provider.

    `owed` is the part of the premium that the provider got, because the buyer took the order back.
    """

    order: Name
    card: Name
    takes: Asset
    payment: Units
    premium: Units
    owed: Units
    gives: Asset
    units: Units


class MoneySwapped(Event, tag=707):
    """The goods have left: the provider has the buyer's money, and the order's escrow holds the given one."""

    order: Name
    card: Name
    takes: Asset
    payment: Units
    premium: Units
    gives: Asset
    units: Units
