"""What a price costs whoever pays in another money: over rate cards, books, and both together; the cheapest first.

Two ways lead from a buyer's money to a merchant's. A card may keep its rate for the order until the goods leave, for a
premium; the order is then placed at that rate. Or the merchant's money is bought now, over up to three books and cards,
and the order is placed in it, in the same envelope. A quote needs no state and reserves nothing. It is worked out by
the code that would carry it out, so whoever accepts it in the next block, before anything has changed, pays it to the
unit; if something has changed it is refused, by the digest of the card's terms or by the bound of the path. What a
merchant's bond has left is nobody else's to know: whether it suffices the order itself finds out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import msgspec

from sogdia.kernel.operation import Query
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
    hops_of,
    receive_exactly,
    search,
)
from sogdia.modules.exchange import (
    CARDS,
    Cost,
    Wanted,
    backing_for,
    cards_of,
    digest_of,
    kept_for,
    offered,
)
from sogdia.modules.market.asked_prices import AskedPrice, LinesText, lines_in, price_of_goods
from sogdia.modules.market.orders import OrderLine, PlaceOrder, PlaceOrderAtRate
from sogdia.modules.market.quoted_costs import (
    AtReference,
    Difference,
    Points,
    QuotedStep,
    at_reference,
    rounding_of,
    spread_over,
    step_of,
)
from sogdia.modules.market.records import RULES, Parts, VariantNumber
from sogdia.modules.money import Asset, asset_asked_for, asset_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sogdia.kernel.state import Reader

QUOTES_MAX = 20
"""So many quotes one answer has, the cheapest."""


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
    spread: Difference | None
    """What of the payment is beyond the reference rate; nothing without one."""
    spread_points: Points | None
    """By how many basis points its rates are beyond the reference, rounded up."""
    rounding: Units
    """What of the payment is there because amounts are rounded, itself rounded up."""
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
    reference: AtReference | None
    """What the price is by the reference rate, or why there is none; nothing in the price's own money."""
    quotes: list[Quoted]
    complete: bool
    """Whether all ways that could lead there were looked at."""


class QuotesQuery(Query, tag="quotes"):
    """What a price costs in the money `pays`, the cheapest way first, each with its parts and what accepts it.

    The price is that of `quantity` of a `variant` of a `listing`; of an order of several `lines` of one `merchant`
    (`ikat:1:3,bowl:2:1`: listing, variant, quantity); or `units` of the money `asks`, which `to` receives, or whoever
    asks. `reference` is the one under which an order would be placed, `payer` is who asks: its own cards and offers
    serve it nothing. With `cover` only those cards keep a rate that sell this cover of refunds. `at` is the time for
    which it is asked.
    """

    asker: ClassVar[str] = "payer"
    moment: ClassVar[str] = "at"

    pays: AssetKey
    listing: Name | None = None
    variant: VariantNumber = 0
    quantity: Quantity = 1
    merchant: Account | None = None
    lines: LinesText = ""
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
        reference = None if pays == price.asset else at_reference(state, price, pays, self.at)
        wish = _Wish(state, self, price, pays, reference, windows.accept + windows.ship)
        found, complete = list(_in_its_own_money(wish)), True
        if pays != price.asset:
            asked = Asked(self.pays, asset_key(price.asset), price.units, True, self.payer, self.at)  # noqa: FBT003
            ways, complete = search(state, asked)
            found += [_bought_now(wish, each) for each in ways]
            found += _at_kept_rates(wish)
        found.sort(key=lambda each: (each.total, len(each.steps), each.digest or b""))
        return Quotes(
            asset=price.asset,
            units=price.units,
            goods=price.goods,
            kept_for=kept_for(state, wish.seconds),
            at=self.at,
            reference=reference,
            quotes=found[:QUOTES_MAX],
            complete=complete and len(found) <= QUOTES_MAX,
        )


def _price_of(state: Reader, asked: QuotesQuery) -> AskedPrice | None:
    """Give the price that is asked for, or nothing when there is none."""
    if asked.lines and asked.merchant is not None:
        return price_of_goods(state, asked.payer, asked.at, asked.merchant, lines_in(asked.lines))
    if asked.listing is not None:
        line = OrderLine(reference_of(asked.listing), asked.variant, asked.quantity)
        return price_of_goods(state, asked.payer, asked.at, owner_of(asked.listing), (line,))
    asset = None if asked.asks is None else asset_asked_for(asked.asks)
    return None if asset is None or not asked.units else AskedPrice(asset, asked.units)


class _Wish(NamedTuple):
    """What a quote is made of: who asks for which price, in which money, and what the reference says of it."""

    state: Reader
    asked: QuotesQuery
    price: AskedPrice
    pays: Asset
    reference: AtReference | None
    seconds: int
    """For how long an order's rate is kept: until its goods have to be shipped."""


def _in_its_own_money(wish: _Wish) -> Iterator[Quoted]:
    """Give the quote of an order that is paid in the merchant's money."""
    asked, price = wish.asked, wish.price
    if price.lines and wish.pays == price.asset:
        yield _quoted(wish, Cost(price.units, 0, 0), (), _order(asked, price))


def _bought_now(wish: _Wish, found: Found) -> Quoted:
    """Give the quote of a path over which the merchant's money is bought now."""
    asked, price = wish.asked, wish.price
    path = tuple(asset_asked_for(each) or price.asset for each in found.path)
    way = receive_exactly(wish.state, hops_of(path, found.cards), price.units, Taker(asked.payer, asked.at))
    route = RouteStrictReceive(
        to=asked.payer if price.lines or asked.to == NO_ACCOUNT else asked.to,
        path=path,
        cards=found.cards,
        receive=price.units,
        send_at_most=way.sent,
        purpose="GDDS",
        end_to_end="",
        travel_reference=None,
    )
    accept = (("route-strict-receive", route), *_order(asked, price))
    return _quoted(wish, Cost(way.sent, 0, 0), way.legs, accept)


def _at_kept_rates(wish: _Wish) -> Iterator[Quoted]:
    """Give the quotes of the cards that keep their rate until the goods leave."""
    state, asked, price = wish.state, wish.asked, wish.price
    for name in cards_of(state, wish.pays, price.asset) if price.lines and not price.in_steps else ():
        card = CARDS.must(state, name)
        if owner_of(name) == asked.payer:
            continue
        digest = digest_of(name, card.takes, card.gives, card.rates)
        wanted = Wanted(name, digest, price.units, wish.seconds, asked.cover, price.merchant, price.bond, UNITS_MAX)
        try:
            accepted = offered(name, card, price.units, asked.at)
            cost, _cover, _bond = backing_for(state, card, wanted)
        except Refused:
            continue
        placed = PlaceOrderAtRate(
            reference=asked.reference,
            merchant=price.merchant,
            lines=price.lines,
            card=name,
            digest=digest,
            pay_at_most=sum(cost),
            cover=asked.cover,
        )
        (hop,) = hops_of((wish.pays, price.asset), (name,))
        leg = Leg(accepted.payment, accepted.units, None, accepted, hop)
        yield _quoted(wish, cost, (leg,), (("place-order-at-rate", placed),), digest)


def _quoted(
    wish: _Wish, cost: Cost, legs: Sequence[Leg], accept: Iterable[tuple[str, Any]], digest: bytes | None = None
) -> Quoted:
    """Give one way to pay, by its parts. What accepts it is for somebody: one who is nobody could sign nothing."""
    spread = None if wish.reference is None else spread_over(wish.reference, wish.price.units, legs)
    until = [leg.accepted.card.rates.valid_until for leg in legs if leg.accepted is not None]
    signs = () if wish.asked.payer == NO_ACCOUNT else accept
    return Quoted(
        takes=wish.pays,
        total=sum(cost),
        payment=cost.payment,
        premium=cost.premium,
        cover_premium=cost.cover_premium,
        spread=None if spread is None else spread.units,
        spread_points=None if spread is None else spread.points,
        rounding=rounding_of(cost.payment, wish.price.units, legs),
        steps=[step_of(wish.state, leg) for leg in legs],
        valid_until=min(until, default=None),
        digest=digest,
        accept=[Acceptance(operation=name, fields=fields) for name, fields in signs],
    )


def _order(asked: QuotesQuery, price: AskedPrice) -> tuple[tuple[str, PlaceOrder], ...]:
    """Give the order in the merchant's money, if the price is that of goods."""
    if not price.lines:
        return ()
    placed = PlaceOrder(reference=asked.reference, merchant=price.merchant, lines=price.lines, pay_at_most=price.units)
    return (("place-order", placed),)
