"""One hop of a path: from a money to the next, by the book of the two or by one rate card that is named.

Each hop is worked out from what stands there and writes nothing; then it is carried out to the unit, or not at all. A
card counts as one crossing. It is taken as it stands: no digest is named, because what the payer is bound to is the
bound of the whole path, and a card's terms say nothing else that an exchange at once depends on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sogdia.kernel.exact import common_divisor
from sogdia.kernel.refusal import require
from sogdia.kernel.values import owner_of
from sogdia.modules.book.crossing import Stop, Sweep, Wish, sweep
from sogdia.modules.book.prices import is_exact
from sogdia.modules.book.records import Pair
from sogdia.modules.book.refusals import BookRefusal as Refuse
from sogdia.modules.book.settling import carry_out
from sogdia.modules.exchange import CARDS, Accepted, Converted, ExchangeRefusal, bought, offered, take
from sogdia.modules.money import Asset, asset_key, keep_promise, pass_on, require_may_receive

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import Reader
    from sogdia.modules.exchange import RateCard


class Hop(NamedTuple):
    """From which money to which, and by which card; without one, by the book."""

    gives: Asset
    gets: Asset
    card: bytes | None = None


class Taker(NamedTuple):
    """Who goes the path, and when."""

    account: bytes
    time: int


class Leg(NamedTuple):
    """A hop that has been worked out: how much is given for how much, and by what."""

    given: int
    got: int
    swept: Sweep | None
    accepted: Accepted | None
    hop: Hop

    @property
    def crossings(self) -> int:
        """Give how many offers and cards it meets."""
        return 1 if self.swept is None else len(self.swept.fills) + len(self.swept.ended)

    @property
    def roundings(self) -> int:
        """Give how many of its amounts are rounded, each by less than one minor unit."""
        if self.swept is not None:
            return sum(not is_exact(fill.offer.price, fill.base, fill.quote) for fill in self.swept.fills)
        return 0 if self.accepted is None or self.accepted.is_exact else 1

    @property
    def unrounded(self) -> tuple[int, int]:
        """Give what it would cost were nothing rounded, as a fraction in lowest terms: never more than `given`."""
        if self.swept is not None:
            return _added(fill.unrounded for fill in self.swept.fills)
        return (self.given, 1) if self.accepted is None else self.accepted.unrounded


def getting(state: Reader, hop: Hop, units: int, taker: Taker, most: int) -> Leg:
    """Work out what has to be given to get exactly so much, meeting at most so many offers, or refuse."""
    if hop.card is not None:
        require(most > 0, Refuse.CROSSINGS_TOO_MANY)
        name, card = _card_of(state, hop, taker)
        accepted = offered(name, card, units, taker.time)
        return _by_card(state, hop, accepted)
    wish = wish_for(hop.gives, hop.gets, units, exact_gets=True)
    met = _served(sweep(state, wish, taker.account, taker.time, most))
    return Leg(met.quote if wish.buys else met.base, units, met, None, hop)


def giving(state: Reader, hop: Hop, units: int, taker: Taker, most: int) -> Leg:
    """Work out what is got when exactly so much is given, meeting at most so many offers, or refuse."""
    if hop.card is not None:
        require(most > 0, Refuse.CROSSINGS_TOO_MANY)
        name, card = _card_of(state, hop, taker)
        accepted = bought(name, card, units, taker.time)
        return _by_card(state, hop, accepted)
    wish = wish_for(hop.gives, hop.gets, units, exact_gets=False)
    met = _served(sweep(state, wish, taker.account, taker.time, most))
    return Leg(units, met.base if wish.buys else met.quote, met, None, hop)


def go(ctx: Context, leg: Leg, payee: bytes | None) -> None:
    """Carry a leg out. The sender has set aside what it gives; without a payee, what is got stays set aside so."""
    if leg.swept is not None:
        carry_out(ctx, leg.swept, ctx.sender, payee)
    if leg.accepted is not None:
        _accept(ctx, leg.accepted, leg.hop, payee)


def wish_for(gives: Asset, gets: Asset, units: int, *, exact_gets: bool) -> Wish:
    """Give what is wished of the book between two monies: exactly so much of one of them."""
    buys = asset_key(gets) < asset_key(gives)
    pair = Pair(gets, gives) if buys else Pair(gives, gets)
    return Wish(pair, buys, exact_base=buys == exact_gets, amount=units)


def _added(fractions: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """Add fractions up, in lowest terms."""
    total, parts = 0, 1
    for numerator, denominator in fractions:
        total, parts = total * denominator + numerator * parts, parts * denominator
        divisor = common_divisor(total, parts)
        total, parts = total // divisor, parts // divisor
    return total, parts


def _served(met: Sweep) -> Sweep:
    require(met.stop != Stop.OWN, Refuse.OWN_OFFER_MET)
    require(met.stop != Stop.LIMIT, Refuse.CROSSINGS_TOO_MANY)
    require(met.stop != Stop.SMALL, Refuse.PATH_TOO_SMALL)
    require(met.left == 0, Refuse.NOT_ALL_TO_EXCHANGE, missing=met.left)
    return met


def _card_of(state: Reader, hop: Hop, taker: Taker) -> tuple[bytes, RateCard]:
    """Give the card of a hop with its name, or refuse."""
    name = hop.card or b""
    card = CARDS.get(state, name, ExchangeRefusal.CARD_UNKNOWN, card=name)
    require(owner_of(name) != taker.account, ExchangeRefusal.CARD_IS_OWN)
    require((card.takes, card.gives) == (hop.gives, hop.gets), Refuse.CARD_OF_OTHER_MONIES, card=name)
    return name, card


def _by_card(state: Reader, hop: Hop, accepted: Accepted) -> Leg:
    require_may_receive(state, hop.gives, accepted.provider, accepted.payment)
    return Leg(accepted.payment, accepted.units, None, accepted, hop)


def _accept(ctx: Context, accepted: Accepted, hop: Hop, payee: bytes | None) -> None:
    """Let the provider be paid, and give what it has set aside."""
    card, provider, units, payment = accepted
    keep_promise(ctx.state, card.takes, payment, ctx.sender, ((provider, payment),))
    if payee is None:
        pass_on(ctx.state, card.gives, units, provider, ctx.sender)
    else:
        keep_promise(ctx.state, card.gives, units, provider, ((payee, units),))
    name = hop.card or b""
    take(ctx, name, card, units)
    ctx.emit(Converted(card=name, account=ctx.sender, takes=card.takes, payment=payment, gives=card.gives, units=units))
