"""Limit offers: sell or buy at a price or better; what is not exchanged at once stands, if it was meant to.

placed ──taken, in part or whole──▶ smaller, or over
   ├─────cancel, by its owner─────▶ over: what is set aside goes back
   └─────its time passes──────────▶ over: what is set aside goes back
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta

from sogdia.kernel import calendar, quota
from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.operation import Exit, Operation
from sogdia.kernel.refusal import require
from sogdia.kernel.values import UNITS_MAX, Name, PositiveUnits, Reference, Seconds, name_of
from sogdia.modules.book import queues
from sogdia.modules.book.crossing import CROSSINGS_MAX, Stop, Sweep, Wish, is_over, sweep
from sogdia.modules.book.events import LimitOfferPlaced
from sogdia.modules.book.prices import Price, check_price, is_worth, quote_down, quote_up
from sogdia.modules.book.records import OFFERS, RULES, LimitOffer, Pair, Side, Validity
from sogdia.modules.book.refusals import BookRefusal as Refuse
from sogdia.modules.book.settling import OFFER_BYTES, Cause, carry_out, cause_of, end
from sogdia.modules.money import Asset, asset_key, currency_of, require_may_receive, set_aside
from sogdia.modules.reference import Part, require_near

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import Reader, Table

SideNumber = Annotated[int, Meta(ge=0, le=1)]
ValidityNumber = Annotated[int, Meta(ge=1, le=4)]


class PlaceLimitOffer(Operation, tag=1000):
    """Offer to sell (side 0) or buy (side 1) `units` of the base of a pair at a price or better.

    Standing offers that are as good are taken first, at their prices. `validity` says what becomes of the rest: it
    stands (1), goes back (2), nothing is done unless all can be (3), or unless nothing is exchanged at once (4). Each
    offer that is taken can cost one minor unit by rounding.
    """

    reference: Reference
    base: Asset
    quote: Asset
    side: SideNumber
    price: Price
    units: PositiveUnits
    valid_until: Seconds
    validity: ValidityNumber
    despite_reference: bool = False
    """Whether a price far from the reference is meant."""

    def check(self) -> None:
        """Refuse what no state could make right."""
        require(asset_key(self.base) < asset_key(self.quote), Refuse.PAIR_NOT_IN_ORDER)
        check_price(self.price)
        require(is_worth(self.price, self.units), Refuse.OFFER_TOO_SMALL)
        require(quote_up(self.price, self.units) <= UNITS_MAX, Refuse.OFFER_TOO_LARGE, most=UNITS_MAX)

    def cost(self, state: Reader, sender: bytes) -> tuple[bytes, int]:  # noqa: ARG002 - it says itself what it costs
        """Give what may be paid."""
        if self.side == Side.SELL:
            return asset_key(self.base), self.units
        return asset_key(self.quote), quote_up(self.price, self.units)

    def touches(self, sender: bytes) -> Iterable[tuple[Table[Any, Any], Any]]:
        """Name the offer: an earlier one under this reference may be over."""
        return ((OFFERS, name_of(sender, self.reference)),)

    def apply(self, ctx: Context) -> None:
        """Take what stands, then let the rest stand."""
        name = name_of(ctx.sender, self.reference)
        require(OFFERS.find(ctx.state, name) is None, Refuse.OFFER_EXISTS, offer=name)
        require(self.valid_until > ctx.time, Refuse.OFFER_OVER, time=ctx.time)
        longest = RULES.must(ctx.state, None).lifetime_max
        require(self.valid_until - ctx.time <= longest, Refuse.OFFER_TOO_LONG, longest=longest)
        currency_of(ctx.state, self.base)
        currency_of(ctx.state, self.quote)
        require_near(ctx, *self._parts(), despite=self.despite_reference)

        wish = Wish(
            Pair(self.base, self.quote), self.side == Side.BUY, exact_base=True, amount=self.units, worst=self.price
        )
        met = sweep(ctx.state, wish, ctx.sender, ctx.time)
        rest = rest_of(met, self.price, self.validity)
        sponsor = PARTIES.must(ctx.state, ctx.sender).sponsor
        offer = LimitOffer(
            base=self.base,
            quote=self.quote,
            side=self.side,
            price=self.price,
            left=rest or self.units,
            valid_until=self.valid_until,
            before=None,
            behind=None,
            sponsor=sponsor,
        )
        paid, got = (met.quote, met.base) if wish.buys else (met.base, met.quote)
        to_get = rest if wish.buys else quote_down(self.price, rest)
        require_may_receive(ctx.state, offer.gets, ctx.sender, got + to_get)
        set_aside(ctx.state, offer.gives, paid + (offer.backing(rest) if rest else 0), ctx.sender, ())

        carry_out(ctx, met, ctx.sender, ctx.sender)
        if rest:
            quota.occupy(ctx.state, sponsor, OFFER_BYTES)
            queues.enter(ctx.state, name, offer)
            calendar.schedule(ctx.state, self.valid_until, OFFERS.full_key(name))
            ctx.emit(
                LimitOfferPlaced(
                    offer=name,
                    base=self.base,
                    quote=self.quote,
                    side=self.side,
                    price=self.price,
                    units=rest,
                    valid_until=self.valid_until,
                )
            )

    def _parts(self) -> tuple[Part, Part]:
        """Give what is paid and what is had for it, by the price alone."""
        base, quote = Part(self.base, 10**self.price.places), Part(self.quote, self.price.digits)
        return (base, quote) if self.side == Side.SELL else (quote, base)


class CancelLimitOffer(Operation, tag=1001):
    """Take back what is left of an offer."""

    offer: Reference

    reserved: ClassVar[bool] = True

    def touches(self, sender: bytes) -> Iterable[tuple[Table[Any, Any], Any]]:
        """Name the offer."""
        return ((OFFERS, name_of(sender, self.offer)),)

    def apply(self, ctx: Context) -> None:
        """Return what is set aside."""
        name = name_of(ctx.sender, self.offer)
        offer = OFFERS.get(ctx.state, name, Refuse.OFFER_UNKNOWN, offer=name)

        end(ctx, name, offer, Cause.CANCELLED)


class ClearLimitOffers(Operation, tag=1004):
    """End offers that stand in everybody's way: their owners may no longer pay with what they offer."""

    offers: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=CROSSINGS_MAX)]

    def check(self) -> None:
        """Refuse a list that names an offer twice."""
        require(len(set(self.offers)) == len(self.offers), Refuse.OFFERS_REPEAT)

    def apply(self, ctx: Context) -> None:
        """Return to their owners what they had set aside."""
        for name in self.offers:
            offer = OFFERS.get(ctx.state, name, Refuse.OFFER_UNKNOWN, offer=name)
            require(is_over(ctx.state, name, offer, ctx.time), Refuse.OFFER_STANDS, offer=name)
            end(ctx, name, offer, cause_of(ctx, offer))


def rest_of(met: Sweep, price: Price, validity: int) -> int:
    """Give how much is to stand of an offer that met so much, or refuse when that is not what was asked for."""
    taken, left = bool(met.fills), met.left
    may_stand = met.stop == Stop.EMPTY
    if validity == Validity.ONLY_STANDS:
        require(not taken and may_stand, Refuse.WOULD_EXCHANGE)
        return left
    require(taken or met.stop != Stop.OWN, Refuse.OWN_OFFER_MET)
    all_or_nothing = validity == Validity.ALL_OR_NOTHING
    require(met.stop != Stop.LIMIT or (taken and not all_or_nothing), Refuse.CROSSINGS_TOO_MANY)
    require(left == 0 or not all_or_nothing, Refuse.NOT_ALL_TO_EXCHANGE, missing=left)
    stands = validity == Validity.STANDS and may_stand and is_worth(price, left)
    require(taken or stands, Refuse.NOTHING_TO_EXCHANGE)
    return left if stands else 0


def _deadline_of(offer: LimitOffer) -> int:
    return offer.valid_until


def _run_out(ctx: Context, name: bytes, offer: LimitOffer, writes_max: int) -> None:  # noqa: ARG001 - it takes few writes
    end(ctx, name, offer, Cause.TIME_PASSED)


OFFER_EXIT = Exit(OFFERS, deadline_of=_deadline_of, apply=_run_out)
