"""Rate cards: a provider's standing, firm offer. What it may still give is set aside, so nobody is refused at the last.

    post ──▶ in force ──change──▶ other terms from the next block on
                │ fund: more to give, at once
                └─close──▶ ended with the block; what is left is the provider's again

Changes wait for the end of their block: whoever accepts what was shown in the block before is served, however the block
is ordered. What a stale rate can cost its provider is bounded by what is left, and by how long the terms are valid.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from msgspec import structs

from sogdia.kernel import heights, quota
from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.exact import common_divisor
from sogdia.kernel.operation import Operation, Turn
from sogdia.kernel.refusal import require
from sogdia.kernel.values import PositiveUnits, Reference, name_of, owner_of
from sogdia.modules.exchange.events import CardChanged, CardClosed, CardFunded, CardPosted
from sogdia.modules.exchange.partners import meet, part
from sogdia.modules.exchange.rates import (
    digest_of,
    payment_for,
    rate_for,
    require_close,
    units_at,
    units_for,
)
from sogdia.modules.exchange.records import (
    CARDS,
    CARDS_OF_A_PAIR_MAX,
    OWN_CARDS_OF_A_PAIR_MAX,
    PAIR_CARDS,
    RULES,
    PairCards,
    RateCard,
    RateTerms,
)
from sogdia.modules.exchange.refusals import ExchangeRefusal as Refuse
from sogdia.modules.identity import Role, has_role
from sogdia.modules.money import Asset, asset_key, currency_of, keep_promise, set_aside
from sogdia.modules.reference import Part, require_near

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import Reader

CARD_BYTES = 900
"""What a card counts for in the sponsor's storage, its share of the tree included."""

CHANGES_MAX = 128
"""So many cards can change with one block; there is room left for what else heights bring about."""

OWN_CHANGES_MAX = 16
"""So many of one provider, so that it keeps no other from closing a card."""


class PostCard(Operation, tag=700):
    """Offer to exchange: set money aside that is given for other money by the stated terms."""

    reference: Reference
    takes: Asset
    gives: Asset
    capacity: PositiveUnits
    rates: RateTerms
    despite_reference: bool = False
    """Whether a rate far from the reference is meant."""

    def check(self) -> None:
        """Refuse terms that no state could make right."""
        require(self.takes != self.gives, Refuse.MONIES_IDENTICAL)
        check_terms(self.rates)

    def cost(self, state: Reader, sender: bytes) -> tuple[bytes, int]:  # noqa: ARG002 - it says itself what it costs
        """Give what is set aside."""
        return asset_key(self.gives), self.capacity

    def apply(self, ctx: Context) -> None:
        """Set the money aside; the card is in force at once."""
        name = name_of(ctx.sender, self.reference)
        require(has_role(ctx.state, ctx.sender, Role.LIQUIDITY_PROVIDER), Refuse.SENDER_NOT_PROVIDER)
        require(CARDS.find(ctx.state, name) is None, Refuse.CARD_EXISTS, card=name)
        require_in_time(ctx, self.rates)
        currency_of(ctx.state, self.takes)
        require_no_slip(ctx, self.takes, self.gives, self.rates, despite=self.despite_reference)

        set_aside(ctx.state, self.gives, self.capacity, ctx.sender, ())
        sponsor = PARTIES.must(ctx.state, ctx.sender).sponsor
        quota.occupy(ctx.state, sponsor, CARD_BYTES)
        posted = RateCard(
            takes=self.takes,
            gives=self.gives,
            rates=self.rates,
            next_rates=None,
            left=self.capacity,
            closing=False,
            sponsor=sponsor,
        )
        CARDS.put(ctx.state, name, posted)
        list_card(ctx, name, posted)

        ctx.emit(
            CardPosted(
                card=name,
                takes=self.takes,
                gives=self.gives,
                rates=self.rates,
                capacity=self.capacity,
                digest=digest_of(name, self.takes, self.gives, self.rates),
            )
        )


class ChangeCard(Operation, tag=701):
    """Let other terms hold on a card from the next block on. What it has left stays."""

    card: Reference
    rates: RateTerms
    despite_reference: bool = False
    """Whether a rate far from the reference is meant."""

    def check(self) -> None:
        """Refuse terms that no state could make right."""
        check_terms(self.rates)

    def apply(self, ctx: Context) -> None:
        """Write the next terms down."""
        name, card = own_card(ctx, self.card)
        require_in_time(ctx, self.rates)
        require_no_slip(ctx, card.takes, card.gives, self.rates, despite=self.despite_reference)
        change_with_the_block(ctx, name, card)

        CARDS.put(ctx.state, name, structs.replace(card, next_rates=self.rates))


class FundCard(Operation, tag=702):
    """Set more aside for a card."""

    card: Reference
    units: PositiveUnits

    def cost(self, state: Reader, sender: bytes) -> tuple[bytes, int] | None:
        """Give what is set aside, in the card's money."""
        card = CARDS.find(state, name_of(sender, self.card))
        return None if card is None else (asset_key(card.gives), self.units)

    def apply(self, ctx: Context) -> None:
        """Set the money aside."""
        name, card = own_card(ctx, self.card)

        set_aside(ctx.state, card.gives, self.units, ctx.sender, ())
        CARDS.put(ctx.state, name, structs.replace(card, left=card.left + self.units))

        ctx.emit(CardFunded(card=name, units=self.units))


class CloseCard(Operation, tag=703):
    """End a card with this block; what it has left is the sender's to spend again. Locks stay as they are."""

    card: Reference

    reserved: ClassVar[bool] = True

    def apply(self, ctx: Context) -> None:
        """Let the card end."""
        name, card = own_card(ctx, self.card)
        change_with_the_block(ctx, name, card)

        CARDS.put(ctx.state, name, structs.replace(card, closing=True))


class Accepted(NamedTuple):
    """A card that has been accepted as it stands, and what its units cost."""

    card: RateCard
    provider: bytes
    units: int
    payment: int

    @property
    def is_exact(self) -> bool:
        """Whether nothing had to be rounded."""
        rate = rate_for(self.card.rates, self.units)
        return self.units * rate.taken == self.payment * rate.given

    @property
    def unrounded(self) -> tuple[int, int]:
        """Give what its units would cost were nothing rounded, as a fraction."""
        rate = rate_for(self.card.rates, self.units)
        return self.units * rate.taken, rate.given


def accept(ctx: Context, name: bytes, digest: bytes, units: int) -> Accepted:
    """Give a card whose terms are those that were accepted and hold for so many units, or refuse. Writes nothing."""
    card = CARDS.get(ctx.state, name, Refuse.CARD_UNKNOWN, card=name)
    require(owner_of(name) != ctx.sender, Refuse.CARD_IS_OWN)
    now = digest_of(name, card.takes, card.gives, card.rates)
    require(now == digest, Refuse.DIGEST_DIFFERS, digest=now)
    return offered(name, card, units, ctx.time)


def offered(name: bytes, card: RateCard, units: int, time: int) -> Accepted:
    """Give what exactly so many units cost by a card as it stands, or refuse. Writes nothing."""
    terms = card.rates
    require(time <= terms.valid_until, Refuse.CARD_EXPIRED, valid_until=terms.valid_until)
    return Accepted(card, owner_of(name), units, payment_by(card, units))


def payment_by(card: RateCard, units: int) -> int:
    """Give what so many units cost by a card as it stands, or refuse when it does not give so many."""
    terms = card.rates
    least = terms.tiers[0].units
    require(units >= least, Refuse.UNITS_BELOW_LEAST, least=least, asked=units)
    require(units <= terms.most, Refuse.UNITS_ABOVE_MOST, most=terms.most, asked=units)
    require(units <= card.left, Refuse.CAPACITY_SPENT, left=card.left, asked=units)
    return payment_for(rate_for(terms, units), units)


def bought(name: bytes, card: RateCard, payment: int, time: int) -> Accepted:
    """Give what exactly so much buys by a card as it stands, or refuse. Writes nothing.

    The provider gets all of it: what suffices for no whole unit more is the payer's cost of rounding.
    """
    units = units_for(card.rates, payment)
    found = offered(name, card, units, time)
    rate = rate_for(card.rates, units)
    more = units_at(rate, payment)
    require(more == units, Refuse.UNITS_ABOVE_MOST, most=units, asked=more)
    require_close(rate, units, payment)
    return found._replace(payment=payment)


def take(ctx: Context, name: bytes, card: RateCard, units: int) -> None:
    """Take units out of what a card has left; they stay set aside until the caller says for whom."""
    CARDS.put(ctx.state, name, structs.replace(card, left=card.left - units))


def own_card(ctx: Context, reference: str) -> tuple[bytes, RateCard]:
    """Give a card of the sender's with its name, or refuse."""
    name = name_of(ctx.sender, reference)
    return name, CARDS.get(ctx.state, name, Refuse.CARD_UNKNOWN, card=name)


def check_terms(terms: RateTerms) -> None:
    """Refuse tiers, premiums and covers out of order, and rates that have a second spelling."""
    ordered = all(a.units < b.units for a, b in pairwise(terms.tiers))
    require(ordered, Refuse.TIERS_NOT_IN_ORDER)
    require(terms.tiers[-1].units <= terms.most, Refuse.TIERS_ABOVE_MOST, most=terms.most)
    reduced = all(common_divisor(each.rate.taken, each.rate.given) == 1 for each in terms.tiers)
    require(reduced, Refuse.RATE_NOT_REDUCED)
    rising = all(a.seconds < b.seconds and a.points <= b.points for a, b in pairwise(terms.premiums))
    require(rising, Refuse.PREMIUMS_NOT_IN_ORDER)
    covers = all(a.points < b.points and a.premium <= b.premium for a, b in pairwise(terms.covers))
    require(covers and all(each.points for each in terms.covers), Refuse.COVERS_NOT_IN_ORDER)


def require_in_time(ctx: Context, terms: RateTerms) -> None:
    """Refuse terms that have ended or hold for longer than the network allows."""
    age_max = RULES.must(ctx.state, None).age_max
    require(terms.valid_until > ctx.time, Refuse.TERMS_EXPIRED, time=ctx.time)
    require(terms.valid_until - ctx.time <= age_max, Refuse.TERMS_VALID_TOO_LONG, longest=age_max)


def require_no_slip(ctx: Context, takes: Asset, gives: Asset, terms: RateTerms, *, despite: bool) -> None:
    """Refuse a rate that is far from the reference, to the provider's cost, unless it is meant."""
    for each in terms.tiers:
        require_near(ctx, Part(gives, each.rate.given), Part(takes, each.rate.taken), despite=despite)


def change_with_the_block(ctx: Context, name: bytes, card: RateCard) -> None:
    """Let a card come up at the end of this block, once."""
    pending = card.closing or card.next_rates is not None
    require(not pending, Refuse.CHANGE_PENDING, card=name)
    changing = heights.scheduled_at(ctx.state, ctx.height + 1)
    own = sum(each.startswith(CARDS.full_key(ctx.sender)) for each in changing)
    require(own < OWN_CHANGES_MAX, Refuse.CHANGES_TOO_MANY, most=OWN_CHANGES_MAX)
    require(len(changing) < CHANGES_MAX, Refuse.CHANGES_TOO_MANY, most=CHANGES_MAX)
    heights.schedule_at(ctx.state, ctx.height + 1, CARDS.full_key(name))


def list_card(ctx: Context, name: bytes, card: RateCard) -> None:
    """Let a new card be found by its two monies, or refuse when they, or its provider, have too many."""
    pair = (card.takes, card.gives)
    known = cards_of(ctx.state, *pair)
    own = sum(owner_of(each) == ctx.sender for each in known)
    require(own < OWN_CARDS_OF_A_PAIR_MAX, Refuse.OWN_CARDS_TOO_MANY, most=OWN_CARDS_OF_A_PAIR_MAX)
    require(len(known) < CARDS_OF_A_PAIR_MAX, Refuse.CARDS_TOO_MANY, most=CARDS_OF_A_PAIR_MAX)
    at = bisect_left(known, name)
    PAIR_CARDS.put(ctx.state, pair, PairCards(cards=(*known[:at], name, *known[at:])))
    if not known:
        meet(ctx.state, *pair)


def cards_of(state: Reader, takes: Asset, gives: Asset) -> tuple[bytes, ...]:
    """Give the names of all cards from one money to another, sorted."""
    found = PAIR_CARDS.find(state, (takes, gives))
    return () if found is None else found.cards


def _strike_card(ctx: Context, name: bytes, card: RateCard) -> None:
    pair = (card.takes, card.gives)
    left = tuple(each for each in cards_of(ctx.state, *pair) if each != name)
    if left:
        PAIR_CARDS.put(ctx.state, pair, PairCards(cards=left))
    else:
        PAIR_CARDS.drop(ctx.state, pair)
        part(ctx.state, *pair)


def _change(ctx: Context, name: bytes, card: RateCard) -> None:
    """Put the next terms in force, or end the card."""
    if card.next_rates is not None:
        CARDS.put(ctx.state, name, structs.replace(card, rates=card.next_rates, next_rates=None))
        digest = digest_of(name, card.takes, card.gives, card.next_rates)
        ctx.emit(CardChanged(card=name, rates=card.next_rates, digest=digest))
        return
    provider = owner_of(name)
    keep_promise(ctx.state, card.gives, card.left, provider, ((provider, card.left),))
    CARDS.drop(ctx.state, name)
    _strike_card(ctx, name, card)
    quota.give_back(ctx.state, card.sponsor, CARD_BYTES)
    ctx.emit(CardClosed(card=name, returned=card.left))


CARD_TURN = Turn(CARDS, apply=_change)
