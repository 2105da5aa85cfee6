"""The market: terms, listings with variants, and orders with where they stand.

An order's state follows from its facts alone. What a fact leaves out, such as the language of a listing, stands in
the operation in the same block; the ledger's state is never asked.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, Table, Text

from sogdia.index.batch import Projection
from sogdia.index.declared import json_text
from sogdia.index.projections.identity import PARTIES
from sogdia.index.projections.money import asset_text
from sogdia.index.schema import METADATA, Whole
from sogdia.index.search import COUNTERS, LISTING_WORDS, enter_document, remove_document
from sogdia.kernel.values import name_of, owner_of
from sogdia.modules.market import events as facts
from sogdia.modules.market.listings import STOCK_MAX, OpenListing, PublishTerms
from sogdia.modules.market.records import RESTOCKED, OrderState, Outcome, Parts
from sogdia.modules.money import Asset, asset_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sogdia.index.batch import Batch, Need
    from sogdia.index.rows import Row

TERMS = Table(
    "terms",
    METADATA,
    Column("terms", LargeBinary, primary_key=True),
    Column("asset", LargeBinary, nullable=False),
    Column("carrier", LargeBinary),
    Column("freight_per_order", Whole, nullable=False),
    Column("tax_collector", LargeBinary),
    Column("platform", LargeBinary),
    Column("platform_fee", Integer, nullable=False),
)

LISTINGS = Table(
    "listings",
    METADATA,
    Column("listing", LargeBinary, primary_key=True),
    Column("number", Whole, nullable=False, unique=True),
    Column("merchant", LargeBinary, nullable=False),
    Column("terms", LargeBinary, nullable=False),
    Column("asset", LargeBinary, nullable=False),
    Column("title", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("hs_code", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("opened_at", Whole, nullable=False),
    Column("closed_at", Whole),
)
"""`number` counts listings in the order of the ledger; the search knows them by it."""
Index("listings_by_merchant", LISTINGS.c.merchant, LISTINGS.c.number)

VARIANTS = Table(
    "variants",
    METADATA,
    Column("listing", LargeBinary, primary_key=True),
    Column("variant", Integer, primary_key=True, autoincrement=False),
    Column("price", Whole, nullable=False),
    Column("decimals", Integer, nullable=False),
    Column("minimum", Whole, nullable=False),
    Column("tax", Integer, nullable=False),
    Column("gtin", Text, nullable=False),
    Column("offer", Text, nullable=False),
    Column("stock", Whole, nullable=False),
    sqlite_with_rowid=False,
)
"""`offer` is the whole offer as JSON. Variants of a closed listing stay as they were when it closed."""
Index("variants_by_gtin", VARIANTS.c.gtin, sqlite_where=VARIANTS.c.gtin != "", postgresql_where=VARIANTS.c.gtin != "")

ORDERS = Table(
    "orders",
    METADATA,
    Column("order", LargeBinary, primary_key=True),
    Column("placed", Whole, nullable=False),
    Column("number", Integer, nullable=False),
    Column("buyer", LargeBinary, nullable=False),
    Column("merchant", LargeBinary, nullable=False),
    Column("carrier", LargeBinary),
    Column("from_country", Text, nullable=False),
    Column("to_country", Text, nullable=False),
    Column("asset", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("outcome", Integer),
    Column("lines", Integer, nullable=False),
    Column("paid_price", Whole, nullable=False),
    Column("paid_freight", Whole, nullable=False),
    Column("paid_tax", Whole, nullable=False),
    Column("refunded_price", Whole, nullable=False),
    Column("refunded_freight", Whole, nullable=False),
    Column("refunded_tax", Whole, nullable=False),
    Column("balance_due", Whole, nullable=False),
    Column("deadline", Whole),
    Column("return_until", Whole),
    Column("placed_at", Whole, nullable=False),
    Column("accepted_at", Whole),
    Column("shipped_at", Whole),
    Column("delivered_at", Whole),
    Column("closed_at", Whole),
    Column("changed", Whole, nullable=False),
)
"""`placed` and `changed` are positions, `number` is that of the fact that placed it. Goods go from the merchant's
country to the buyer's. A closed order's state is how it ended, such as settled or cancelled. Of an order whose state
is collected `balance_due` is the cash that its carrier owes."""
Index("orders_by_buyer", ORDERS.c.buyer, ORDERS.c.placed, ORDERS.c.number)
Index("orders_by_merchant", ORDERS.c.merchant, ORDERS.c.placed, ORDERS.c.number)
Index("orders_by_carrier", ORDERS.c.carrier, ORDERS.c.placed, ORDERS.c.number)

ORDER_LINES = Table(
    "order_lines",
    METADATA,
    Column("order", LargeBinary, primary_key=True),
    Column("lines", Text, nullable=False),
    Column("requested", Text, nullable=False),
)
"""An order's lines as JSON, [number, listing, variant, quantity, returned] each, and what is asked to be returned."""


def from_genesis(_batch: Batch, _genesis: Any) -> None:  # noqa: ANN401 - its type depends on the modules
    """Nothing is on the market from the start."""


# ------------------------------------------------------------------------------------------------ terms and listings


def terms_published(batch: Batch, fact: facts.TermsPublished) -> None:
    """Enter terms. Who else is paid stands in the operation alone."""
    for asker, asked in () if batch.envelope is None else batch.envelope.operations(PublishTerms):
        if name_of(asker, asked.reference) == fact.terms:
            row = {
                "terms": fact.terms,
                "asset": asset_key(fact.asset),
                "carrier": asked.carrier,
                "freight_per_order": asked.freight_per_order,
                "tax_collector": asked.tax_collector,
                "platform": asked.platform,
                "platform_fee": asked.platform_fee,
            }
            batch.rows(TERMS).put(row)


def listing_opened(batch: Batch, fact: facts.ListingOpened) -> None:
    """Enter a listing and its words. What customs and buyers need to know stands in the operation alone."""
    merchant = owner_of(fact.listing)
    for asker, asked in () if batch.envelope is None else batch.envelope.operations(OpenListing):
        if name_of(asker, asked.reference) == fact.listing:
            terms = name_of(merchant, asked.terms)
            row = {
                "listing": fact.listing,
                "number": enter_document(batch, LISTING_WORDS, fact.title),
                "merchant": merchant,
                "terms": terms,
                "asset": batch.rows(TERMS).must(terms)["asset"],
                "title": fact.title,
                "language": asked.language,
                "unit": asked.unit,
                "hs_code": asked.hs_code,
                "origin": asked.origin,
                "open": True,
                "opened_at": batch.time,
                "closed_at": None,
            }
            batch.rows(LISTINGS).put(row)
    batch.count("listings")


def listing_closed(batch: Batch, fact: facts.ListingClosed) -> None:
    """Take a listing off the market: it is found no more."""
    row = batch.rows(LISTINGS).change(fact.listing)
    row.update(open=False, closed_at=batch.time)
    remove_document(batch, LISTING_WORDS, row["number"], row["title"])


def _offer_columns(offer: Any) -> Row:  # noqa: ANN401 - an offer
    return {
        "price": offer.price,
        "decimals": offer.decimals,
        "minimum": offer.minimum,
        "tax": offer.tax,
        "gtin": offer.gtin,
        "offer": json_text(offer),
    }


def variant_added(batch: Batch, fact: facts.VariantAdded) -> None:
    """Enter a variant."""
    row = {"listing": fact.listing, "variant": fact.variant, "stock": fact.stock}
    batch.rows(VARIANTS).put(row | _offer_columns(fact.offer))


def offer_changed(batch: Batch, fact: facts.OfferChanged) -> None:
    """Note what a variant costs now."""
    batch.rows(VARIANTS).change((fact.listing, fact.variant)).update(_offer_columns(fact.offer))


def stock_changed(batch: Batch, fact: facts.StockChanged) -> None:
    """Note what a merchant counted."""
    batch.rows(VARIANTS).change((fact.listing, fact.variant))["stock"] = fact.stock


def _restock(batch: Batch, listing: bytes, variant: int, quantity: int) -> None:
    """Put goods that were never shipped back, if the variant is still on the market."""
    if batch.rows(LISTINGS).must(listing)["open"]:
        row = batch.rows(VARIANTS).change((listing, variant))
        row["stock"] = min(row["stock"] + quantity, STOCK_MAX)


# ------------------------------------------------------------------------------------------------------------ orders


def _state(row: Row, state: OrderState) -> None:
    row["state"] = state.name.lower()


def _put_parts(row: Row, name: str, parts: Parts) -> None:
    row[f"{name}_price"], row[f"{name}_freight"], row[f"{name}_tax"] = parts.price, parts.freight, parts.tax


def order_placed(batch: Batch, fact: facts.OrderPlaced) -> None:
    """Enter an order and take its goods out of stock."""
    buyer = owner_of(fact.order)
    parties, variants = batch.rows(PARTIES), batch.rows(VARIANTS)
    terms = batch.rows(LISTINGS).must(fact.lines[0].listing)["terms"]
    row: Row = dict.fromkeys(ORDERS.columns.keys())
    row.update(
        order=fact.order,
        placed=batch.position,
        number=batch.number,
        buyer=buyer,
        merchant=fact.merchant,
        carrier=batch.rows(TERMS).must(terms)["carrier"],
        balance_due=fact.balance_due,
        from_country=parties.must(fact.merchant)["country"],
        to_country=parties.must(buyer)["country"],
        asset=asset_key(fact.asset),
        lines=len(fact.lines),
        deadline=fact.deadline,
        placed_at=batch.time,
        changed=batch.position,
    )
    _state(row, OrderState.PLACED)
    _put_parts(row, "paid", fact.paid)
    _put_parts(row, "refunded", Parts(0, 0, 0))
    batch.rows(ORDERS).put(row)
    lines = [[line.number, line.listing.hex(), line.variant, line.quantity, 0] for line in fact.lines]
    batch.rows(ORDER_LINES).put({"order": fact.order, "lines": json_text(lines), "requested": "[]"})
    for line in fact.lines:
        variants.change((line.listing, line.variant))["stock"] -= line.quantity
    batch.count("orders", asset_text(fact.asset), fact.paid.total())


def _order(batch: Batch, name: bytes) -> Row:
    """Give an order to change. Whatever happens to it concerns its merchant, whether a fact says so or not."""
    row = batch.rows(ORDERS).change(name)
    row["changed"] = batch.position
    batch.involve(row["merchant"])
    return row


def order_accepted(batch: Batch, fact: facts.OrderAccepted) -> None:
    """Note that the merchant will ship."""
    row = _order(batch, fact.order)
    row.update(deadline=fact.deadline, accepted_at=batch.time)
    _state(row, OrderState.ACCEPTED)


def order_shipped(batch: Batch, fact: facts.OrderShipped) -> None:
    """Note that the goods have left."""
    row = _order(batch, fact.order)
    row.update(deadline=fact.deadline, shipped_at=batch.time)
    _state(row, OrderState.SHIPPED)


def order_delivered(batch: Batch, fact: facts.OrderDelivered) -> None:
    """Note that the goods have arrived, or are taken as arrived."""
    row = _order(batch, fact.order)
    row.update(deadline=fact.return_until, return_until=fact.return_until, delivered_at=batch.time)
    _state(row, OrderState.DELIVERED)


def return_requested(batch: Batch, fact: facts.ReturnRequested) -> None:
    """Note what the buyer wants to return."""
    row = _order(batch, fact.order)
    row["deadline"] = fact.deadline
    _state(row, OrderState.RETURNING)
    asked = [[each.line, each.quantity] for each in fact.lines]
    batch.rows(ORDER_LINES).change(fact.order)["requested"] = json_text(asked)


def return_refused(batch: Batch, fact: facts.ReturnRefused) -> None:
    """Note that the merchant refuses."""
    row = _order(batch, fact.order)
    row["deadline"] = fact.deadline
    _state(row, OrderState.CONTESTED)


def refund_waits(batch: Batch, fact: facts.RefundWaits) -> None:
    """Note how long a refund waits for somebody who exchanges it."""
    row = _order(batch, fact.order)
    row["deadline"] = fact.until
    _state(row, OrderState.REFUNDING)


def return_dropped(batch: Batch, fact: facts.ReturnDropped) -> None:
    """Note that the sale stands."""
    batch.rows(ORDER_LINES).change(fact.order)["requested"] = "[]"
    _delivered_again(batch, _order(batch, fact.order))


def _delivered_again(batch: Batch, row: Row) -> None:
    row["deadline"] = max(row["return_until"], batch.time)
    _state(row, OrderState.DELIVERED)


def balance_paid(batch: Batch, fact: facts.BalancePaid) -> None:
    """Note until when the order is to be shipped, or handed over."""
    _order(batch, fact.order).update(deadline=fact.deadline, balance_due=0)


def cash_collected(batch: Batch, fact: facts.CashCollected) -> None:
    """Note that the carrier has the money."""
    row = _order(batch, fact.order)
    row["deadline"] = fact.deadline
    _state(row, OrderState.COLLECTED)


def cash_remitted(batch: Batch, fact: facts.CashRemitted) -> None:
    """Note that the carrier owes nothing any more."""
    _order(batch, fact.order)["balance_due"] = 0


def cash_kept(batch: Batch, fact: facts.CashKept) -> None:
    """Note what the carrier's stake has paid of what is due."""
    _order(batch, fact.order)["balance_due"] -= fact.staked


def deadline_put_off(batch: Batch, fact: facts.DeadlinePutOff) -> None:
    """Note until when somebody has to pay whom an issuer keeps from paying."""
    _order(batch, fact.order)["deadline"] = fact.deadline


def refusal_contested(batch: Batch, fact: facts.RefusalContested) -> None:
    """Note that a closed order's end is contested."""
    row = _order(batch, fact.order)
    row["outcome"] = int(Outcome.REFUSAL_CONTESTED)
    row["state"] = Outcome.REFUSAL_CONTESTED.name.lower()


def happened(batch: Batch, fact: Any) -> None:  # noqa: ANN401 - any fact about an order
    """Note that something happened to the order; what, its facts say."""
    _order(batch, fact.order)


def lines_refunded(batch: Batch, fact: facts.LinesRefunded) -> None:
    """Count a refund, and see what it leaves of a return that was asked."""
    row = _order(batch, fact.order)
    held = batch.rows(ORDER_LINES).change(fact.order)
    lines: list[list[Any]] = json.loads(held["lines"])
    not_shipped = row["shipped_at"] is None and not fact.late
    for line in fact.lines:
        row["refunded_price"] += line.parts.price
        row["refunded_freight"] += line.parts.freight
        row["refunded_tax"] += line.parts.tax
        lines[line.number - 1][4] += line.quantity
        if not_shipped:
            _restock(batch, line.listing, line.variant, line.quantity)
    held["lines"] = json_text(lines)
    if row["balance_due"]:
        # What is refunded before the rest is paid is taken off the rest first, and nothing has been paid out by then.
        row["balance_due"] -= sum(line.parts.total() for line in fact.lines) - fact.to_buyer
    batch.count("refunds", _asset_text_of(row), sum(line.parts.total() for line in fact.lines))
    if not fact.late and held["requested"] != "[]":
        _shorten_request(batch, row, held, {line.number: line.quantity for line in fact.lines})


def _shorten_request(batch: Batch, row: Row, held: Row, given: dict[int, int]) -> None:
    """Take what was refunded off a return; an exit that has more lines than a block goes on a second later.

    What has waited for a rate and is exchanged in time keeps the time that it had.
    """
    asked: list[list[int]] = json.loads(held["requested"])
    left = [[line, quantity - given.get(line, 0)] for line, quantity in asked if quantity > given.get(line, 0)]
    held["requested"] = json_text(left)
    if not left:
        _delivered_again(batch, row)
    elif batch.by_deadline:
        if row["deadline"] < batch.time:
            row["deadline"] += 1
        _state(row, OrderState.REFUNDING)


def order_closed(batch: Batch, fact: facts.OrderClosed) -> None:
    """Note how an order ended and what was paid out."""
    row = _order(batch, fact.order)
    row.update(outcome=fact.outcome, deadline=None, balance_due=0)
    _put_parts(row, "paid", fact.paid)
    _put_parts(row, "refunded", fact.refunded)
    _state(row, OrderState.CLOSING)
    outcome = Outcome(fact.outcome).name.lower()
    batch.count(f"orders {outcome}", _asset_text_of(row), fact.paid.total() - fact.refunded.total())


def order_digested(batch: Batch, fact: facts.OrderDigested) -> None:
    """Note that an order is closed for good; what a cancelled one had left in stock is there again."""
    row = _order(batch, fact.order)
    row.update(state=Outcome(row["outcome"]).name.lower(), closed_at=batch.time)
    if row["outcome"] in RESTOCKED:
        for _number, listing, variant, quantity, returned in json.loads(
            batch.rows(ORDER_LINES).must(fact.order)["lines"]
        ):
            if quantity > returned:
                _restock(batch, bytes.fromhex(listing), variant, quantity - returned)


def _asset_text_of(row: Row) -> str:
    return asset_text(Asset(row["asset"][:3].decode(), row["asset"][3:]))


# ------------------------------------------------------------------------------------------------- what will be needed


def _needs_order(fact: facts.OrderPlaced) -> Iterable[Need]:
    yield PARTIES, owner_of(fact.order)
    yield PARTIES, fact.merchant
    yield ORDERS, fact.order
    yield LISTINGS, fact.lines[0].listing
    for line in fact.lines:
        yield VARIANTS, (line.listing, line.variant)


def _needs_variant(fact: facts.OfferChanged | facts.StockChanged | facts.VariantAdded) -> Iterable[Need]:
    return ((VARIANTS, (fact.listing, fact.variant)),)


def _needs_lines(fact: Any) -> Iterable[Need]:  # noqa: ANN401 - any fact about an order
    return ((ORDER_LINES, fact.order),)


PROJECTION = Projection(
    tables=(TERMS, LISTINGS, VARIANTS, ORDERS, ORDER_LINES, LISTING_WORDS.vocabulary, COUNTERS),
    appended=LISTING_WORDS.appended,
    handlers={
        facts.TermsPublished: terms_published,
        facts.ListingOpened: listing_opened,
        facts.ListingClosed: listing_closed,
        facts.VariantAdded: variant_added,
        facts.OfferChanged: offer_changed,
        facts.StockChanged: stock_changed,
        facts.OrderPlaced: order_placed,
        facts.OrderAccepted: order_accepted,
        facts.OrderShipped: order_shipped,
        facts.OrderDelivered: order_delivered,
        facts.ReturnRequested: return_requested,
        facts.ReturnRefused: return_refused,
        facts.ReturnDropped: return_dropped,
        facts.RefundWaits: refund_waits,
        facts.SplitProposed: happened,
        facts.SplitAwarded: happened,
        facts.ReturnAwarded: happened,
        facts.PartReleased: happened,
        facts.BalancePaid: balance_paid,
        facts.CashCollected: cash_collected,
        facts.CashRemitted: cash_remitted,
        facts.CashKept: cash_kept,
        facts.DeadlinePutOff: deadline_put_off,
        facts.ParcelRefused: happened,
        facts.RefusalContested: refusal_contested,
        facts.LinesRefunded: lines_refunded,
        facts.OrderClosed: order_closed,
        facts.OrderDigested: order_digested,
    },
    keyed_by={"order": ORDERS, "listing": LISTINGS, "terms": TERMS},
    needs={
        facts.OrderPlaced: _needs_order,
        facts.VariantAdded: _needs_variant,
        facts.OfferChanged: _needs_variant,
        facts.StockChanged: _needs_variant,
        facts.LinesRefunded: _needs_lines,
        facts.ReturnRequested: _needs_lines,
        facts.ReturnDropped: _needs_lines,
    },
    genesis=from_genesis,
)
