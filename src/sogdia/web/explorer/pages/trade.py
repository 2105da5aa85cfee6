"""Parties, listings and currencies: what is public of trade."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from sogdia.client.codes import account_code, name_code
from sogdia.index.reading.trade import (
    LISTING_BY_NAME,
    LISTING_PAGES,
    LISTINGS_OF_MERCHANT,
    PARTY_BY_ACCOUNT,
    currencies_of,
    search_listings,
    search_parties,
    variants,
)
from sogdia.index.reading.trade import currencies as all_currencies
from sogdia.kernel.values import NO_ACCOUNT
from sogdia.modules.identity import Kind, Role
from sogdia.web.explorer.limits import LISTING_ROWS, ROWS
from sogdia.web.explorer.pages.asking import PageError
from sogdia.web.explorer.parts import Badge, Digest, Facts, Link, Page, Paragraph, Table, Words
from sogdia.web.explorer.texts import say, say_if_known
from sogdia.web.explorer.values import amount, asset_of_key, count, country, currency_path, most, share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sogdia.index.reading.trade import Currency, Listing, Party
    from sogdia.web.explorer.pages.asking import Asked
    from sogdia.web.explorer.parts import Cell, Section

LISTINGS_OF_PARTY = 6
PARTIES_FOUND = 12


def party(asked: Asked) -> Page:
    """A party: what it is, where, for whom it acts, what it offers and issues. Of its orders, nothing."""
    account = asked.account(asked.given("code"))
    found: Party | None = PARTY_BY_ACCOUNT.read(asked.index, account)
    if found is None:
        raise PageError(404, say("error.no_party"))
    kind = say_if_known(f"kind.{Kind(found.kind).name.lower()}", Kind(found.kind).name)
    lead = Words(say("party.lead", kind=kind, country=country(found.country).text))
    sections: list[Section] = []
    if found.suspended:
        words = (Badge(say("party.suspended"), "bad"), Words(say("party.suspended.about")))
        sections.append(Paragraph((*words, Words(found.reason, foreign=True)), warning=True))
    sections.append(_about(asked, found))
    sections += _offers(asked, account)
    issued = currencies_of(asked.index, account)
    if issued:
        sections.append(_currency_table(asked, issued, say("party.currencies")))
    sections.append(Paragraph((Words(say("party.orders")),)))
    return Page("party", asked.values.call(account), (lead,), sections, above=say("party.above"))


def _about(asked: Asked, found: Party) -> Facts:
    roles = [say(f"role.{str(each.name).lower()}") for each in Role if each & found.roles]
    above: Cell = Words(say("party.registrar.genesis"))
    if found.registrar != NO_ACCOUNT:
        above = asked.values.account(found.registrar)
    code = account_code(found.account)
    rows: list[tuple[str, Cell]] = [
        (say("party.roles"), Words(", ".join(roles) or say("none"))),
        (say("party.registrar"), above),
        (say("party.sponsor"), asked.values.account(found.sponsor)),
        (say("party.since"), asked.values.moment(found.registered_at)),
        (say("proof"), Link(f"/check/party/{code}", say("proof.link"))),
        (say("code"), Digest(code)),
    ]
    return Facts("", rows)


def _offers(asked: Asked, account: bytes) -> list[Section]:
    page = LISTINGS_OF_MERCHANT.read(asked.index, merchant=account, limit=LISTINGS_OF_PARTY)
    if not page.rows:
        return []
    sections: list[Section] = [listing_table(asked, page.rows, say("party.listings"), with_merchant=False)]
    if page.next is not None:
        path = f"/listings?merchant={account_code(account)}"
        sections.append(Paragraph((Link(path, say("party.listings.all")),)))
    return sections


# ------------------------------------------------------------------------------------------------------------ listings


def listing_table(  # noqa: PLR0913 - what a table of listings may have
    asked: Asked,
    listings: Sequence[Listing],
    title: str,
    *,
    with_merchant: bool = True,
    following: str | None = None,
    first: str | None = None,
) -> Table:
    """Show listings in rows."""
    columns = [
        say("column.title"),
        *([say("column.merchant")] if with_merchant else []),
        say("column.origin"),
        say("order.state"),
    ]
    rows = []
    for each in listings:
        row: list[Cell] = [Link(f"/listings/{name_code(each.listing)}", each.title, foreign=True)]
        row += [asked.values.account(each.merchant)] if with_merchant else []
        row += [country(each.origin), _open(each)]
        rows.append(row)
    return Table(title, columns, rows, say("listings.empty"), following=following, first=first)


def _open(listing: Listing) -> Badge:
    return Badge(say("listing.open"), "good") if listing.open else Badge(say("listing.closed"))


def listings(asked: Asked) -> Page:
    """All listings, the newest first, or those of one merchant."""
    merchant = asked.request.query_params.get("merchant")
    if merchant is None:
        page = LISTING_PAGES.read(asked.index, cursor=asked.cursor, limit=LISTING_ROWS)
        title, here, more = say("listings.title"), "/listings", "/listings?cursor="
    else:
        account = asked.account(merchant)
        page = LISTINGS_OF_MERCHANT.read(asked.index, cursor=asked.cursor, limit=LISTING_ROWS, merchant=account)
        title = say("listings.of", party=asked.values.call(account))
        here = f"/listings?merchant={account_code(account)}"
        more = f"{here}&cursor="
    following = None if page.next is None else more + page.next
    first = None if asked.cursor is None else here
    table = listing_table(asked, page.rows, "", following=following, first=first)
    return Page("listings", title, (Words(say("listings.lead")),), [table], template="home.html")


def listing(asked: Asked) -> Page:
    """A listing with its variants and prices."""
    name = asked.name(asked.given("code"))
    found: Listing | None = LISTING_BY_NAME.read(asked.index, name)
    if found is None:
        raise PageError(404, say("error.no_listing"))
    code = name_code(name)
    unit = say_if_known(f"unit.{found.unit}", say("unit.other", unit=found.unit))
    rows: list[tuple[str, Cell]] = [
        (say("listing.merchant"), asked.values.account(found.merchant)),
        (say("listing.origin"), country(found.origin)),
        (say("listing.hs"), Words(found.hs_code or say("unknown"))),
        (say("listing.unit"), Words(unit)),
        (say("listing.language"), Words(found.language)),
        (say("listing.since"), asked.values.moment(found.opened_at)),
    ]
    if found.closed_at is not None:
        rows.append((say("listing.until"), asked.values.moment(found.closed_at)))
    rows += [(say("proof"), Link(f"/check/listing/{code}", say("proof.link"))), (say("code"), Digest(code))]
    sections: list[Section] = [_variants(asked, found), Facts("", rows)]
    lead = (_open(found),)
    return Page("listing", found.title, lead, sections, above=say("listing.above"), foreign_title=True)


def _variants(asked: Asked, found: Listing) -> Table:
    currency = asset_of_key(found.asset).currency
    columns = [say(f"column.{name}") for name in ("variant", "price", "tax", "minimum", "stock", "gtin")]
    rows = [
        (
            Words(str(each.variant)),
            amount(each.price, currency, each.decimals),
            share(each.tax),
            count(each.minimum),
            count(each.stock),
            Words(each.gtin or say("none")),
        )
        for each in variants(asked.index, found.listing)[: ROWS * 2]
    ]
    numbers = frozenset({1, 2, 3, 4})
    return Table(say("listing.variants"), columns, rows, say("listing.no_variants"), numbers=numbers)


# ---------------------------------------------------------------------------------------------------------- currencies


def currencies(asked: Asked) -> Page:
    """All currencies, each with its issuer and how much there is."""
    table = _currency_table(asked, all_currencies(asked.index)[: ROWS * 4], "")
    return Page("currencies", say("currencies.title"), (Words(say("currencies.lead")),), [table])


def _currency_table(asked: Asked, found: Sequence[Currency], title: str) -> Table:
    columns = [say(f"column.{name}") for name in ("currency", "issuer", "supply", "most")]
    rows = [
        (
            Link(currency_path(each.currency, each.issuer), each.currency),
            asked.values.account(each.issuer),
            amount(each.supply, each.currency),
            most(each.supply_max, each.currency),
        )
        for each in found
    ]
    return Table(title, columns, rows, say("currencies.empty"), numbers=frozenset({2, 3}))


# -------------------------------------------------------------------------------------------------------------- search


def found_by_words(asked: Asked, question: str) -> Page:
    """Listings and parties that have every word of a question."""
    goods = search_listings(asked.index, question, cursor=asked.cursor, limit=LISTING_ROWS)
    following = None if goods.next is None else f"/find?{urlencode({'q': question, 'cursor': goods.next})}"
    sections: list[Section] = []
    if goods.rows:
        sections.append(listing_table(asked, goods.rows, say("search.listings"), following=following))
    people = search_parties(asked.index, question, limit=PARTIES_FOUND).rows if asked.cursor is None else []
    if people:
        columns = [say(f"column.{name}") for name in ("party", "kind", "country")]
        rows = [
            (
                asked.values.account(each.account),
                Words(say_if_known(f"kind.{Kind(each.kind).name.lower()}", "")),
                country(each.country),
            )
            for each in people
        ]
        sections.append(Table(say("search.parties"), columns, rows))
    if not sections:
        sections.append(
            Paragraph((Words(say("search.nothing", question=question)), Words(say("search.nothing.way_out"))))
        )
    more: dict[str, object] = {"question": question}
    return Page("found", say("search.title"), (), sections, template="home.html", more=more)
