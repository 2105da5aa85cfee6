"""Questions about the exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from sogdia.kernel.operation import Query
from sogdia.kernel.refusal import Refused
from sogdia.kernel.values import Account, AssetKey, Hash, Name, Seconds, Units
from sogdia.modules.exchange.cards import cards_of
from sogdia.modules.exchange.rates import digest_of, payment_for, premium_for, premium_points, rate_for, units_for
from sogdia.modules.exchange.records import BONDS, CARDS, LOCKS, SWAPPED, Bond, Lock, Rate, RateCard, Swapped, Tenor
from sogdia.modules.money import Asset, asset_asked_for

if TYPE_CHECKING:
    from sogdia.kernel.state import Reader

PAGE_MAX = 200


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """What a card gives and costs, to the unit; an acceptance with this digest gets exactly that while it holds."""

    digest: Hash
    valid_until: Seconds
    left: Units
    takes: Asset
    gives: Asset
    units: Units
    rate: Rate
    payment: Units
    premium: Units
    """What is paid beside the payment when the rate is kept for `seconds`; 0 for a conversion at once."""


class NamedCard(msgspec.Struct, frozen=True, kw_only=True):
    """A card with its name and the digest of its terms."""

    name: Name
    digest: Hash
    card: RateCard


class RateCardQuery(Query, tag="rate-card"):
    """A rate card."""

    name: Name

    def answer(self, state: Reader) -> NamedCard | None:
        """Give the card with its digest, or nothing."""
        card = CARDS.find(state, self.name)
        return None if card is None else _named(self.name, card)


class RateCardsQuery(Query, tag="rate-cards"):
    """All cards from one money to another, by name."""

    takes: AssetKey
    gives: AssetKey
    after: Name | None = None
    limit: Annotated[int, Meta(ge=1, le=PAGE_MAX)] = PAGE_MAX

    def answer(self, state: Reader) -> list[NamedCard]:
        """Give a page of cards behind `after`."""
        takes, gives = asset_asked_for(self.takes), asset_asked_for(self.gives)
        listed = () if takes is None or gives is None else cards_of(state, takes, gives)
        found = [name for name in listed if name > (self.after or b"")]
        return [_named(name, CARDS.must(state, name)) for name in found[: self.limit]]


class QuoteQuery(Query, tag="quote"):
    """What exchanging by a card costs now: `units` of what it gives, or as many as `payment` suffices for.

    With `seconds` the rate is to be kept for so long, as for an order.
    """

    card: Name
    units: Units = 0
    payment: Units = 0
    seconds: Tenor | None = None

    def answer(self, state: Reader) -> Quote | None:
        """Give the quote, or nothing when there is no such card or it exchanges no such amount."""
        card = CARDS.find(state, self.card)
        if card is None:
            return None
        terms = card.rates
        points = premium_points(terms.premiums, self.seconds) if self.seconds else 0
        units = self.units or units_for(terms, self.payment)
        if points is None or not terms.tiers[0].units <= units <= min(terms.most, card.left):
            return None
        rate = rate_for(terms, units)
        try:
            payment = payment_for(rate, units)
        except Refused:
            return None
        return Quote(
            digest=digest_of(self.card, card.takes, card.gives, terms),
            valid_until=terms.valid_until,
            left=card.left,
            takes=card.takes,
            gives=card.gives,
            units=units,
            rate=rate,
            payment=payment,
            premium=premium_for(payment, points),
        )


class LockQuery(Query, tag="lock"):
    """The rate that is kept for an order that has not been shipped."""

    name: Name

    def answer(self, state: Reader) -> Lock | None:
        """Give the lock, or nothing."""
        return LOCKS.find(state, self.name)


class SwappedQuery(Query, tag="swapped"):
    """What an order was paid with in another money, from the moment its goods left until it is over."""

    name: Name

    def answer(self, state: Reader) -> Swapped | None:
        """Give the record, or nothing."""
        return SWAPPED.find(state, self.name)


class BondQuery(Query, tag="bond"):
    """What a merchant has set aside in a money to stand for orders at a rate."""

    account: Account
    asset: AssetKey

    def answer(self, state: Reader) -> Bond | None:
        """Give the bond, or nothing."""
        asset = asset_asked_for(self.asset)
        return None if asset is None else BONDS.find(state, (self.account, asset))


def _named(name: bytes, card: RateCard) -> NamedCard:
    return NamedCard(name=name, digest=digest_of(name, card.takes, card.gives, card.rates), card=card)
