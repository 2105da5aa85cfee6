"""The records of the exchange: what providers quote, and the rates that are locked for orders under way."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from sogdia.kernel.codec import Record
from sogdia.kernel.parameters import no_key, show_no_key
from sogdia.kernel.state import Table
from sogdia.kernel.values import Account, AssetKey, BasisPoints, Name, PositiveUnits, Seconds, Units
from sogdia.modules.money import Asset, asset_key, balance_key, show_balance

TIERS_MAX = 8
PREMIUMS_MAX = 8
COVERS_MAX = 4
CARDS_OF_A_PAIR_MAX = 256
OWN_CARDS_OF_A_PAIR_MAX = 16
"""So many of them may be one provider's: nobody can take up the places of all others."""

PARTNERS_MAX = 256

ASSET_BYTES = 23

RatePart = Annotated[int, Meta(ge=1, le=2**60)]
Tenor = Annotated[int, Meta(ge=1, le=400 * 86_400)]


class Rate(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """So many minor units of the money that is taken for so many of the money that is given: exact, in lowest terms."""

    taken: RatePart
    given: RatePart


class Tier(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """From how many units of the given money on a rate holds."""

    units: PositiveUnits
    rate: Rate


class Premium(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What keeping a rate for an order costs, as a share of what is paid, when it lasts at most so many seconds."""

    seconds: Tenor
    points: BasisPoints


class Cover(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What it costs that a share of the payment stays with the provider's promise, for refunds after the swap.

    Both are shares of what is paid. What escrow and bond do not reach of a refund in the buyer's money comes out of it.
    """

    points: BasisPoints
    premium: BasisPoints


class RateTerms(msgspec.Struct, frozen=True, array_like=True, gc=False, kw_only=True):
    """What a provider binds itself to. Whoever accepts names the digest of exactly these."""

    tiers: Annotated[tuple[Tier, ...], Meta(min_length=1, max_length=TIERS_MAX)]
    """By rising units; the first says the least that is exchanged."""
    most: PositiveUnits
    """The most that one acceptance takes."""
    premiums: Annotated[tuple[Premium, ...], Meta(max_length=PREMIUMS_MAX)]
    """By rising seconds; the last says how long a rate is kept at most. Without any, no rate is kept for orders."""
    valid_until: Seconds
    covers: Annotated[tuple[Cover, ...], Meta(max_length=COVERS_MAX)] = ()
    """By rising shares. Without any, the provider covers no refunds."""
    bond: BasisPoints = 0
    """For how much of an order, at least, its merchant's bond has to stand, or no rate is kept for it."""


class ExchangeRules(Record):
    """How old terms may get on this network, and by how long a lock outlives the time for shipping."""

    age_max: Tenor
    lock_margin: Tenor


class RateCard(Record):
    """A provider's standing, firm offer to exchange: what it may still give is set aside on its balance."""

    takes: Asset
    gives: Asset
    rates: RateTerms
    next_rates: RateTerms | None
    """What holds from the next block on, when the provider has just changed them."""
    left: Units
    closing: bool
    sponsor: Account
    """Whose storage the card takes."""


class PairCards(Record):
    """The cards from one money to another, sorted by name."""

    cards: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=CARDS_OF_A_PAIR_MAX)]


class Partners(Record):
    """The monies with which a money has a card, either way, sorted."""

    monies: Annotated[tuple[AssetKey, ...], Meta(min_length=1, max_length=PARTNERS_MAX)]


class Lock(Record):
    """A rate that is kept for an order, with both sides set aside: the buyer's money and the provider's.

    Its name is the order's. `units` of the given money stand for `payment` of the taken money; when a part of the order
    goes back, so does the same part of both.
    """

    card: Name
    """Whose owner is the provider."""
    takes: Asset
    gives: Asset
    payment: Units
    premium: Units
    units: Units
    undone: Units
    """How many of `units` have gone back already."""
    opened_at: Seconds
    premiums: tuple[Premium, ...]
    cover: BasisPoints
    """Which share of the payment stays set aside after the swap, on the provider's balance."""
    cover_premium: Units
    merchant: Account
    bond: Units
    """How much of the merchant's bond stands for this order, in the given money."""
    sponsor: Account
    """Whose storage the lock takes."""


class Swapped(Record):
    """What an order was paid with in another money, once its goods have left: what refunds are measured by.

    `paid` of the taken money stands for `units` of the given one. Each time that a part goes back, so much of bond and
    cover may be used for it as falls to that part, and what was not used before.
    """

    card: Name
    """Whose owner is the provider that left the cover aside."""
    takes: Asset
    gives: Asset
    paid: Units
    units: Units
    back: Units
    """How many of `units` have gone back already, in whichever money."""
    cover: Units
    cover_used: Units
    merchant: Account
    bond: Units
    bond_used: Units
    sponsor: Account
    """Whose storage the record takes."""


class Bond(Record):
    """What a merchant sets aside in one money, to stand for refunds of orders that were paid in another."""

    free: Units
    bound: Units
    """What stands for orders under way."""
    sponsor: Account
    """Whose storage the bond takes."""


def _show_name(key: bytes) -> dict[str, Any]:
    return {"name": key}


def _show_money(key: bytes) -> dict[str, Any]:
    return {"money": key}


def _pair_key(key: tuple[Asset, Asset]) -> bytes:
    return asset_key(key[0]) + asset_key(key[1])


def _show_pair(key: bytes) -> dict[str, Any]:
    return {"takes": key[:ASSET_BYTES], "gives": key[ASSET_BYTES:]}


RULES: Table[None, ExchangeRules] = Table("exchange/rules", 70, ExchangeRules, key=no_key, show_key=show_no_key)
CARDS: Table[bytes, RateCard] = Table("exchange/cards", 71, RateCard, show_key=_show_name)
PAIR_CARDS: Table[tuple[Asset, Asset], PairCards] = Table(
    "exchange/pairs", 73, PairCards, key=_pair_key, show_key=_show_pair
)
LOCKS: Table[bytes, Lock] = Table("exchange/locks", 72, Lock, show_key=_show_name)
SWAPPED: Table[bytes, Swapped] = Table("exchange/swapped", 74, Swapped, show_key=_show_name)
BONDS: Table[tuple[bytes, Asset], Bond] = Table("exchange/bonds", 75, Bond, key=balance_key, show_key=show_balance)
PARTNERS: Table[bytes, Partners] = Table("exchange/partners", 76, Partners, show_key=_show_money)
