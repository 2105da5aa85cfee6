"""Parties, currencies, transfers, listings and orders, as a shop and an explorer ask for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import bindparam, select

from sogdia.index.cursors import Cursors, Place
from sogdia.index.projections.identity import PARTIES
from sogdia.index.projections.market import LISTINGS, ORDERS, VARIANTS
from sogdia.index.projections.money import CURRENCIES, HOLDS, TRANSFERS
from sogdia.index.reading.pages import ROWS, Page, Pages, Single, rows_at_most
from sogdia.index.reading.stand import stand
from sogdia.index.search import LISTING_WORDS, PARTY_WORDS
from sogdia.index.words import query_words

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from sogdia.index.search import WordTables


class Party(msgspec.Struct, frozen=True):
    """Who takes part."""

    account: bytes
    number: int
    registrar: bytes
    reference: str
    kind: int
    country: str
    roles: int
    sponsor: bytes
    suspended: bool
    reason: str
    registered_at: int


class Currency(msgspec.Struct, frozen=True):
    """What an issuer issues, and how much of it there is."""

    asset: bytes
    currency: str
    issuer: bytes
    digits: int
    supply: int
    supply_max: int
    holder_max: int
    by_authorisation: bool
    opened_at: int


class Transfer(msgspec.Struct, frozen=True):
    """A payment."""

    position: int
    number: int
    time: int
    asset: bytes
    payer: bytes
    payee: bytes
    units: int
    purpose: str
    end_to_end: str


class Hold(msgspec.Struct, frozen=True):
    """Money set aside; `ended_at`, `captured` and `returned` are there once it has ended."""

    hold: bytes
    placed: int
    payer: bytes
    payee: bytes
    asset: bytes
    units: int
    purpose: str
    deadline: int
    placed_at: int
    ended_at: int | None
    captured: int | None
    returned: int | None


class Listing(msgspec.Struct, frozen=True):
    """Goods that a merchant offers, or has offered."""

    listing: bytes
    number: int
    merchant: bytes
    terms: bytes
    asset: bytes
    title: str
    language: str
    unit: str
    hs_code: str
    origin: str
    open: bool
    opened_at: int
    closed_at: int | None


class Variant(msgspec.Struct, frozen=True):
    """One form of the goods; `offer` is the whole offer as JSON."""

    listing: bytes
    variant: int
    price: int
    decimals: int
    minimum: int
    tax: int
    gtin: str
    offer: str
    stock: int


class Order(msgspec.Struct, frozen=True):
    """An order: who, between which countries, how much, and where it stands."""

    order: bytes
    placed: int
    buyer: bytes
    merchant: bytes
    carrier: bytes | None
    from_country: str
    to_country: str
    asset: bytes
    state: str
    outcome: int | None
    lines: int
    paid_price: int
    paid_freight: int
    paid_tax: int
    refunded_price: int
    refunded_freight: int
    refunded_tax: int
    balance_due: int
    deadline: int | None
    return_until: int | None
    placed_at: int
    accepted_at: int | None
    shipped_at: int | None
    delivered_at: int | None
    closed_at: int | None
    changed: int


PARTY_BY_ACCOUNT = Single(PARTIES, Party, PARTIES.c.account)
PARTY_PAGES = Pages("parties", PARTIES, Party, number=PARTIES.c.number)
PARTIES_OF_COUNTRY = Pages(
    "parties of a country", PARTIES, Party, number=PARTIES.c.number, filters=(PARTIES.c.country,)
)
TRANSFERS_BY_PAYER = Pages(
    "paid", TRANSFERS, Transfer, number=TRANSFERS.c.position, second=TRANSFERS.c.number, filters=(TRANSFERS.c.payer,)
)
TRANSFERS_BY_PAYEE = Pages(
    "received",
    TRANSFERS,
    Transfer,
    number=TRANSFERS.c.position,
    second=TRANSFERS.c.number,
    filters=(TRANSFERS.c.payee,),
)
HOLDS_BY_PAYER = Pages("holds", HOLDS, Hold, number=HOLDS.c.placed, second=HOLDS.c.number, filters=(HOLDS.c.payer,))
LISTING_BY_NAME = Single(LISTINGS, Listing, LISTINGS.c.listing)
LISTING_PAGES = Pages("listings", LISTINGS, Listing, number=LISTINGS.c.number)
LISTINGS_OF_MERCHANT = Pages(
    "listings of a merchant", LISTINGS, Listing, number=LISTINGS.c.number, filters=(LISTINGS.c.merchant,)
)
ORDER_BY_NAME = Single(ORDERS, Order, ORDERS.c.order)
# Several orders may come of one envelope, so their position alone would not say where a page ends.
ORDERS_OF_BUYER = Pages(
    "orders of a buyer", ORDERS, Order, number=ORDERS.c.placed, second=ORDERS.c.number, filters=(ORDERS.c.buyer,)
)
ORDERS_OF_MERCHANT = Pages(
    "orders of a merchant",
    ORDERS,
    Order,
    number=ORDERS.c.placed,
    second=ORDERS.c.number,
    filters=(ORDERS.c.merchant,),
)
ORDERS_OF_CARRIER = Pages(
    "orders of a carrier",
    ORDERS,
    Order,
    number=ORDERS.c.placed,
    second=ORDERS.c.number,
    filters=(ORDERS.c.carrier,),
)

CURRENCIES_MAX = 1_000
_CURRENCIES = (
    select(*[CURRENCIES.c[name] for name in Currency.__struct_fields__])
    .order_by(CURRENCIES.c.asset)
    .limit(CURRENCIES_MAX)
)
_HOLD_AT = (
    select(*[HOLDS.c[name] for name in Hold.__struct_fields__])
    .where(HOLDS.c.hold == bindparam("hold"), HOLDS.c.placed <= bindparam("position"))
    .order_by(HOLDS.c.placed.desc(), HOLDS.c.number.desc())
    .limit(1)
)
_VARIANTS = (
    select(*[VARIANTS.c[name] for name in Variant.__struct_fields__])
    .where(VARIANTS.c.listing == bindparam("listing"))
    .order_by(VARIANTS.c.variant)
)
_LISTINGS_BY_NUMBER = select(*[LISTINGS.c[name] for name in Listing.__struct_fields__]).where(
    LISTINGS.c.number.in_(bindparam("numbers", expanding=True))
)
_PARTIES_BY_NUMBER = select(*[PARTIES.c[name] for name in Party.__struct_fields__]).where(
    PARTIES.c.number.in_(bindparam("numbers", expanding=True))
)

_CURRENCIES_OF_ISSUER = (
    select(*[CURRENCIES.c[name] for name in Currency.__struct_fields__])
    .where(CURRENCIES.c.issuer == bindparam("issuer"))
    .order_by(CURRENCIES.c.asset)
    .limit(CURRENCIES_MAX)
)


def currencies(connection: Connection) -> list[Currency]:
    """Give all currencies with their supply, by code and issuer."""
    return [Currency(*row) for row in connection.execute(_CURRENCIES)]


def currencies_of(connection: Connection, issuer: bytes) -> list[Currency]:
    """Give the currencies of an issuer with their supply."""
    return [Currency(*row) for row in connection.execute(_CURRENCIES_OF_ISSUER, {"issuer": issuer})]


def hold_at(connection: Connection, hold: bytes, position: int) -> Hold | None:
    """Give the hold of a name that was the last to be placed up to a position; a name may be used again."""
    row = connection.execute(_HOLD_AT, {"hold": hold, "position": position}).one_or_none()
    return None if row is None else Hold(*row)


def variants(connection: Connection, listing: bytes) -> list[Variant]:
    """Give the variants of a listing; a listing has at most two hundred."""
    return [Variant(*row) for row in connection.execute(_VARIANTS, {"listing": listing})]


def _numbers(
    connection: Connection, tables: WordTables, question: str, cursor: str | None, limit: int
) -> tuple[list[int], str | None]:
    """Give the numbers of the documents on a page of hits, and where the next page begins."""
    cursors = Cursors(stand(connection).network, tables.name, *query_words(question))
    place = cursors.read(cursor)
    rows = rows_at_most(limit)
    found = tables.find(connection, question, below=None if place is None else place.number, limit=rows + 1)
    return found[:rows], cursors.write(Place(found[rows - 1])) if len(found) > rows else None


def search_listings(
    connection: Connection, question: str, *, cursor: str | None = None, limit: int = ROWS
) -> Page[Listing]:
    """Give the open listings that have every word of a question, the newest first."""
    numbers, following = _numbers(connection, LISTING_WORDS, question, cursor, limit)
    found = [Listing(*row) for row in connection.execute(_LISTINGS_BY_NUMBER, {"numbers": numbers})]
    return Page(sorted(found, key=lambda each: -each.number), following)


def search_parties(
    connection: Connection, question: str, *, cursor: str | None = None, limit: int = ROWS
) -> Page[Party]:
    """Give the parties whose reference has every word of a question, the newest first."""
    numbers, following = _numbers(connection, PARTY_WORDS, question, cursor, limit)
    found = [Party(*row) for row in connection.execute(_PARTIES_BY_NUMBER, {"numbers": numbers})]
    return Page(sorted(found, key=lambda each: -each.number), following)


def complete_title(connection: Connection, begun: str) -> list[tuple[str, int]]:
    """Give words of titles that begin as the last word typed, folded, each with in how many open listings it is."""
    return LISTING_WORDS.complete(connection, begun)
