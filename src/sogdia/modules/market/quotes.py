"""What a price costs whoever pays in another money: over rate cards, books, and both together; the cheapest first.

Two ways lead from a buyer's money to a merchant's. A card may keep its rate for the order until the goods leave, for a
premium; the order is then placed at that rate. Or the merchant's money is bought now, over up to three books and cards,
and the order is placed in it, in the same envelope. A quote needs no state and reserves nothing. It is worked out by
the code that would carry it out, so whoever accepts it in the next block, before anything has changed, pays it to the
unit; if something has changed it is refused, by the digest of the card's terms or by the bound of the path. What a
merchant's bond has left is nobody else's to know: whether it suffices the order itself finds out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple, cast

import msgspec
from msgspec import Meta

from sogdia.kernel.exact import common_divisor
from sogdia.kernel.operation import Context, Query
from sogdia.kernel.parameters import PARAMETERS
from sogdia.kernel.refusal import Refused
from sogdia.kernel.values import (
    NO_ACCOUNT,
    UNITS_MAX,
    Account,
    AssetKey,
    BasisPoints,
    Hash,
    Name,
    Quantity,
    Reference,
    Seconds,
    Units,
    owner_of,
    reference_of,
)
from sogdia.modules.book import (
    Asked,
    Found,
    Leg,
    RouteStrictReceive,
    Taker,
    at_the_middle,
    hops_of,
    receive_exactly,
    search,
)
from sogdia.modules.exchange import (
    CARDS,
    Wanted,
    backing_for,
    cards_of,
    digest_of,
    kept_for,
    offered,
    rate_for,
)
from sogdia.modules.market.orders import OrderLine, PlaceOrder, PlaceOrderAtRate, order_terms, price_lines
from sogdia.modules.market.records import LISTINGS, NOTHING, RULES, Parts, VariantNumber
from sogdia.modules.money import Asset, asset_asked_for, asset_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sogdia.kernel.state import Reader, State

QUOTES_MAX = 20
"""So many quotes one answer has, the cheapest."""

Difference = Annotated[int, Meta(ge=-UNITS_MAX, le=UNITS_MAX)]


class Ratio(msgspec.Struct, frozen=True, kw_only=True):
    """So many minor units of one money for so many of another, in lowest terms."""

    taken: Units
    given: Units


class QuotedStep(msgspec.Struct, frozen=True, kw_only=True):
    """One exchange of a quote, by a card or by the book of two monies, and what it costs by parts."""

    takes: Asset
    payment: Units
    gives: Asset
    units: Units
    card: Name | None
    rate: Ratio
    """What is paid for what is got, in lowest terms; by a card, the rate of its tier."""
    middle: Units | None
    """What it would cost half-way between best ask and best bid, where the book of the two monies has both."""
    spread: Difference | None
    """What it costs beyond that."""
    roundings: int
    """So many of its amounts are rounded, each by less than one minor unit."""


class Acceptance(msgspec.Struct, frozen=True, kw_only=True):
    """An operation that accepts a quote, or is the first or second of two that do, in one envelope."""

    operation: str
    fields: PlaceOrder | PlaceOrderAtRate | RouteStrictReceive


class Quoted(msgspec.Struct, frozen=True, kw_only=True):
    """One way to pay, and all that is paid for it."""

    takes: Asset
    total: Units
    """The payment and the premiums: what the payer has less afterwards."""
    payment: Units
    premium: Units
    """What keeping the rate until the goods leave costs; it comes back with an order that the merchant ends."""
    cover_premium: Units
    """What the asked cover of refunds costs."""
    steps: list[QuotedStep]
    valid_until: Seconds | None
    """When the first of its cards is over, at the latest. How long offers stand in a book is their owners' to know."""
    digest: Hash | None
    """The digest of the terms that are accepted, of a card that keeps its rate."""
    accept: list[Acceptance]
    """For one who has said who it is: what it signs. Nothing else has to be filled in."""


class Quotes(msgspec.Struct, frozen=True, kw_only=True):
    """A price in its own money, and what it costs in the payer's by each way there is, the cheapest first."""

    asset: Asset
    units: Units
    goods: Parts | None
    """The price by its parts, when it is that of goods. There are no fees beside it."""
    kept_for: int
    """For how many seconds a kept rate is kept: until the goods have to be shipped, and the network's margin."""
    at: Seconds
    quotes: list[Quoted]
    complete: bool
    """Whether all ways that could lead there were looked at."""


class QuotesQuery(Query, tag="quotes"):
    """What a price costs in the money `pays`, the cheapest way first, each with its parts and what accepts it.

    The price is that of `quantity` of a `variant` of a `listing`; or `units` of the money `asks`, which `to` receives,
    or whoever asks. `reference` is the one under which an order would be placed, `payer` is who asks: its own cards
    and offers serve it nothing. With `cover` only those cards keep a rate that sell this cover of refunds. `at` is the
    time for which it is asked.
    """

    asker: ClassVar[str] = "payer"
    moment: ClassVar[str] = "at"

    pays: AssetKey
    listing: Name | None = None
    variant: VariantNumber = 0
    quantity: Quantity = 1
    asks: AssetKey | None = None
    units: Units = 0
    to: Account = NO_ACCOUNT
    reference: Reference = "order"
    cover: BasisPoints = 0
    payer: Account = NO_ACCOUNT
    at: Seconds = 0

    def answer(self, state: Reader) -> Quotes | None:
        """Give the quotes; nothing when there is no such price, or it is in no money."""
        price = _price_of(state, self)
        pays = asset_asked_for(self.pays)
        if price is None or pays is None:
            return None
        windows = RULES.must(state, None).windows
        seconds = windows.accept + windows.ship
        found, complete = list(_in_its_own_money(self, price, pays)), True
        if pays != price.asset:
            asked = Asked(self.pays, asset_key(price.asset), price.units, True, self.payer, self.at)  # noqa: FBT003
            ways, complete = search(state, asked)
            found += [_bought_now(state, self, price, each) for each in ways]
            if price.line is not None:
                found += _at_kept_rates(state, self, price, pays, seconds)
        found.sort(key=lambda each: (each.total, len(each.steps), each.digest or b""))
        return Quotes(
            asset=price.asset,
            units=price.units,
            goods=price.goods,
            kept_for=kept_for(state, seconds),
            at=self.at,
            quotes=found[:QUOTES_MAX],
            complete=complete and len(found) <= QUOTES_MAX,
        )


class _Price(NamedTuple):
    asset: Asset
    units: int
    goods: Parts | None
    merchant: bytes
    line: OrderLine | None
    bond: int
    """For which share of an order at a rate the merchant's bond stands."""


def _price_of(state: Reader, asked: QuotesQuery) -> _Price | None:
    """Give the price that is asked for, or nothing when there is none."""
    if asked.listing is None:
        asset = None if asked.asks is None else asset_asked_for(asked.asks)
        return None if asset is None or not asked.units else _Price(asset, asked.units, None, NO_ACCOUNT, None, 0)
    if LISTINGS.find(state, asked.listing) is None:
        return None
    merchant = owner_of(asked.listing)
    line = OrderLine(reference_of(asked.listing), asked.variant, asked.quantity)
    ctx = Context(
        state=cast("State", state),  # it is only read
        network=b"",
        height=0,
        time=asked.at,
        limits=PARAMETERS.must(state, None).limits,
        sender=asked.payer,
    )
    try:
        terms = order_terms(ctx, merchant, (line,))
        (priced,), _stocks = price_lines(ctx, merchant, (line,), terms)
    except Refused:
        return None
    goods, total = NOTHING.plus(priced.paid), priced.paid.total()
    return _Price(terms.asset, total, goods, merchant, line, terms.bond) if 0 < total <= UNITS_MAX else None


def _in_its_own_money(asked: QuotesQuery, price: _Price, pays: Asset) -> Iterator[Quoted]:
    """Give the quote of an order that is paid in the merchant's money."""
    if price.line is not None and pays == price.asset:
        yield Quoted(
            takes=pays,
            total=price.units,
            payment=price.units,
            premium=0,
            cover_premium=0,
            steps=[],
            valid_until=None,
            digest=None,
            accept=_accepted(asked, *_order(asked, price)),
        )


def _bought_now(state: Reader, asked: QuotesQuery, price: _Price, found: Found) -> Quoted:
    """Give the quote of a path over which the merchant's money is bought now."""
    path = tuple(asset_asked_for(each) or price.asset for each in found.path)
    way = receive_exactly(state, hops_of(path, found.cards), price.units, Taker(asked.payer, asked.at))
    route = RouteStrictReceive(
        to=asked.payer if price.line is not None or asked.to == NO_ACCOUNT else asked.to,
        path=path,
        cards=found.cards,
        receive=price.units,
        send_at_most=way.sent,
        purpose="GDDS",
        end_to_end="",
        travel_reference=None,
    )
    return Quoted(
        takes=path[0],
        total=way.sent,
        payment=way.sent,
        premium=0,
        cover_premium=0,
        steps=[_step(state, leg) for leg in way.legs],
        valid_until=min((leg.accepted.card.rates.valid_until for leg in way.legs if leg.accepted), default=None),
        digest=None,
        accept=_accepted(asked, ("route-strict-receive", route), *_order(asked, price)),
    )


def _at_kept_rates(state: Reader, asked: QuotesQuery, price: _Price, pays: Asset, seconds: int) -> Iterator[Quoted]:
    """Give the quotes of the cards that keep their rate until the goods leave."""
    for name in cards_of(state, pays, price.asset):
        card = CARDS.must(state, name)
        if price.line is None or owner_of(name) == asked.payer:
            continue
        digest = digest_of(name, card.takes, card.gives, card.rates)
        wanted = Wanted(name, digest, price.units, seconds, asked.cover, price.merchant, price.bond, UNITS_MAX)
        try:
            accepted = offered(name, card, price.units, asked.at)
            cost, _cover, _bond = backing_for(state, card, wanted)
        except Refused:
            continue
        total = sum(cost)
        placed = PlaceOrderAtRate(
            reference=asked.reference,
            merchant=price.merchant,
            lines=(price.line,),
            card=name,
            digest=digest,
            pay_at_most=total,
            cover=asked.cover,
        )
        (hop,) = hops_of((pays, price.asset), (name,))
        yield Quoted(
            takes=pays,
            total=total,
            payment=cost.payment,
            premium=cost.premium,
            cover_premium=cost.cover_premium,
            steps=[_step(state, Leg(accepted.payment, accepted.units, None, accepted, hop))],
            valid_until=card.rates.valid_until,
            digest=digest,
            accept=_accepted(asked, ("place-order-at-rate", placed)),
        )


def _order(asked: QuotesQuery, price: _Price) -> tuple[tuple[str, PlaceOrder], ...]:
    """Give the order in the merchant's money, if the price is that of goods."""
    if price.line is None:
        return ()
    placed = PlaceOrder(
        reference=asked.reference, merchant=price.merchant, lines=(price.line,), pay_at_most=price.units
    )
    return (("place-order", placed),)


def _accepted(asked: QuotesQuery, *operations: tuple[str, Any]) -> list[Acceptance]:
    """Write down what accepts a quote; somebody who is nobody in particular could sign nothing."""
    if asked.payer == NO_ACCOUNT:
        return []
    return [Acceptance(operation=name, fields=fields) for name, fields in operations]


def _step(state: Reader, leg: Leg) -> QuotedStep:
    """Say what a leg costs, by parts."""
    hop, accepted = leg.hop, leg.accepted
    if accepted is None:
        divisor = common_divisor(leg.given, leg.got)
        rate = Ratio(taken=leg.given // divisor, given=leg.got // divisor)
    else:
        tier = rate_for(accepted.card.rates, accepted.units)
        rate = Ratio(taken=tier.taken, given=tier.given)
    middle = at_the_middle(state, asset_key(hop.gives), asset_key(hop.gets), leg.got)
    known = None if middle is None or middle > UNITS_MAX else middle
    return QuotedStep(
        takes=hop.gives,
        payment=leg.given,
        gives=hop.gets,
        units=leg.got,
        card=hop.card,
        rate=rate,
        middle=known,
        spread=None if known is None else leg.given - known,
        roundings=leg.roundings,
    )
