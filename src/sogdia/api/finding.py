"""What the index finds over HTTP: search, lists of what a party has done, and series for plots.

The index is asked nothing that decides. What of its rows is shown to whom is as for the records that they come from.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from sogdia.api.beyond import Threads, busy
from sogdia.api.faults import DoorRefusal
from sogdia.api.finding_forms import (
    Begun,
    Ended,
    HoldingsPage,
    IndexAnswer,
    Late,
    ListingPage,
    OfAccount,
    OfIssuer,
    OfName,
    OrderPage,
    Paging,
    PartyPage,
    PaymentPage,
    Plot,
    RefusalPage,
    Searching,
    Sum,
    ended,
    object_of,
    page_of,
)
from sogdia.api.problems import Problem, numbered
from sogdia.api.routing import Call, Route, answer
from sogdia.api.visibility import require
from sogdia.client import questions
from sogdia.index.cursors import CursorWrongError
from sogdia.index.errors import IndexAbsentError, IndexAwayError
from sogdia.index.reading import series as counted
from sogdia.index.reading import trade
from sogdia.index.reading.chain import REFUSAL_PAGES, RESULTS_OF_ACCOUNT
from sogdia.index.reading.movements import Holdings, holdings_page
from sogdia.index.reading.opened import OpenedIndex
from sogdia.index.reading.stand import stand

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection
    from starlette.responses import Response

    from sogdia.api.network import Network
    from sogdia.api.visibility import Visibility
    from sogdia.client.who_sees import Reader
    from sogdia.index.reading.pages import Page

THREADS = 4
OPEN_MEASURES: Final = frozenset({"envelopes", "exits", "refusals", "events", "listings", "minted", "burned"})
"""What is counted of public facts. Sums of orders and payments by currency would show single ones on a quiet day."""

OPEN_OF_ORDERS: Final = frozenset(
    "order buyer state outcome deadline placed placed_at accepted_at shipped_at delivered_at closed_at changed".split()
)
"""What of an order's row anybody is shown: what its record and its facts say to anybody, and when they were stated."""

T = TypeVar("T")


class FindingRoutes:
    """The routes over the index."""

    def __init__(self, network: Network, visibility: Visibility, database: str) -> None:
        """Read the index of `network` in a database."""
        self._network = network
        self._visibility = visibility
        self._index = OpenedIndex(database)
        self._threads = Threads("index", THREADS, DoorRefusal.INDEX_AWAY)

    def close(self) -> None:
        """End all connections."""
        self._threads.close()
        self._index.close()

    async def _read(self, work: Callable[[Connection], T]) -> T:
        """Ask the index something, unless it is of another network."""

        def read() -> T:
            with self._index.connect() as connection:
                if stand(connection).network != self._network.hash:
                    raise numbered(503, DoorRefusal.INDEX_FOREIGN)
                return work(connection)

        try:
            return await self._threads.run(read)
        except IndexAbsentError as error:
            raise numbered(404, DoorRefusal.INDEX_ABSENT) from error
        except IndexAwayError as error:
            raise busy(DoorRefusal.INDEX_AWAY) from error
        except CursorWrongError as error:
            raise Problem(404, "This cursor was not given here.", "Begin again without one.") from error

    # ------------------------------------------------------------------------------------------------------ for anybody

    async def index(self, _call: Call) -> Response:
        """Say how far the index is."""
        found = await self._read(stand)
        height = await self._network.ask(questions.height())
        return answer(IndexAnswer(found.height, found.time, height))

    async def search_listings(self, call: Call) -> Response:
        """Find listings by the words of their titles."""
        asked = call.query
        page = await self._read(
            lambda index: trade.search_listings(index, asked.q, cursor=asked.cursor, limit=asked.limit)
        )
        return answer(page)

    async def search_parties(self, call: Call) -> Response:
        """Find parties by the words of their references."""
        asked = call.query
        page = await self._read(
            lambda index: trade.search_parties(index, asked.q, cursor=asked.cursor, limit=asked.limit)
        )
        return answer(page)

    async def words(self, call: Call) -> Response:
        """Complete what has been typed."""
        found = await self._read(lambda index: trade.complete_title(index, call.query.q))
        return answer({"words": [{"word": word, "listings": listings} for word, listings in found]})

    async def listings(self, call: Call) -> Response:
        """Give a page of listings."""
        asked = call.query
        if asked.merchant is None:
            page = await self._page(trade.LISTING_PAGES, asked)
        else:
            page = await self._page(trade.LISTINGS_OF_MERCHANT, asked, merchant=asked.merchant)
        return answer(page)

    async def listing(self, call: Call) -> Response:
        """Give a listing with its variants."""
        name = call.path.name
        found, variants = await self._read(
            lambda index: (trade.LISTING_BY_NAME.read(index, name), trade.variants(index, name))
        )
        if found is None:
            raise Problem(404, "The index knows no such listing.", "Look how far it is: /v1/index.")
        return answer({"listing": found, "variants": variants})

    async def parties(self, call: Call) -> Response:
        """Give a page of parties."""
        asked = call.query
        if asked.country is None:
            page = await self._page(trade.PARTY_PAGES, asked)
        else:
            page = await self._page(trade.PARTIES_OF_COUNTRY, asked, country=asked.country)
        return answer(page)

    async def party(self, call: Call) -> Response:
        """Give a party."""
        found = await self._read(lambda index: trade.PARTY_BY_ACCOUNT.read(index, call.path.account))
        if found is None:
            raise Problem(404, "The index knows no such party.", "Look how far it is: /v1/index.")
        return answer({"party": found})

    async def currencies(self, call: Call) -> Response:
        """Give currencies with their supply."""
        issuer = call.query.issuer
        found = await self._read(
            lambda index: trade.currencies(index) if issuer is None else trade.currencies_of(index, issuer)
        )
        return answer({"currencies": found})

    async def refusals(self, call: Call) -> Response:
        """Give what a rule has turned down; the values it compared are for whoever signed."""
        page = await self._page(REFUSAL_PAGES, call.query, code=call.query.number)
        return answer({"rows": [ended(each) for each in page.rows], "next": page.next})

    async def lag(self, call: Call) -> Response:
        """Give how many seconds the index was behind."""
        asked = call.query
        until = int(time.time()) if asked.until is None else asked.until
        found = await self._read(lambda index: counted.lag(index, until=until, span=asked.span, buckets=asked.buckets))
        return answer(found)

    async def series(self, call: Call) -> Response:
        """Give how many there were in each hour or day."""
        asked = call.query
        require(call.reader, entitled=asked.measure in OPEN_MEASURES or call.reader.sees_all)
        until = await self._now() if asked.until is None else asked.until
        found = await self._read(
            lambda index: counted.series(
                index, asked.measure, until=until, subject=asked.subject, span=asked.span, buckets=asked.buckets
            )
        )
        return answer(found)

    async def _now(self) -> int:
        found = await self._network.ask(questions.status())
        return max(found.now, found.time)

    async def totals(self, call: Call) -> Response:
        """Give how many there were since the beginning, by what they are about."""
        measure = call.query.measure
        require(call.reader, entitled=measure in OPEN_MEASURES or call.reader.sees_all)
        found = await self._read(lambda index: counted.totals(index, measure))
        return answer({"totals": [{"subject": subject, "count": count} for subject, count in found]})

    # --------------------------------------------------------------------------------------------------- for some alone

    async def orders(self, call: Call) -> Response:
        """Give a party's orders as their reader may see them; what it sells or carries to itself and its overseers."""
        asked, account = call.query, call.path.account
        if asked.side == "merchant":
            require(call.reader, entitled=await self._oversees(call.reader, account))
            page = await self._page(trade.ORDERS_OF_MERCHANT, asked, merchant=account)
        elif asked.side == "carrier":
            require(call.reader, entitled=await self._oversees(call.reader, account))
            page = await self._page(trade.ORDERS_OF_CARRIER, asked, carrier=account)
        else:
            page = await self._page(trade.ORDERS_OF_BUYER, asked, buyer=account)
        return answer({"rows": [await self._order(call.reader, each) for each in page.rows], "next": page.next})

    async def order(self, call: Call) -> Response:
        """Give an order."""
        found = await self._read(lambda index: trade.ORDER_BY_NAME.read(index, call.path.name))
        if found is None:
            raise Problem(404, "The index knows no such order.", "Look how far it is: /v1/index.")
        return answer(await self._order(call.reader, found))

    async def _order(self, reader: Reader, found: trade.Order) -> dict[str, Any]:
        """Show an order as its record would be shown."""
        whole = await self._visibility.sees_order(reader, found.order)
        shown = msgspec.structs.asdict(found)
        if not whole:
            shown = {name: value for name, value in shown.items() if name in OPEN_OF_ORDERS}
        return {"whole": whole, "order": shown}

    async def payments(self, call: Call) -> Response:
        """Give what a party has paid or received, to itself and whoever runs a node."""
        asked, account = call.query, call.path.account
        require(call.reader, entitled=_is(call.reader, account))
        if asked.side == "payer":
            return answer(await self._page(trade.TRANSFERS_BY_PAYER, asked, payer=account))
        return answer(await self._page(trade.TRANSFERS_BY_PAYEE, asked, payee=account))

    async def holds(self, call: Call) -> Response:
        """Give what a party has set aside, to itself and whoever runs a node."""
        require(call.reader, entitled=_is(call.reader, call.path.account))
        return answer(await self._page(trade.HOLDS_BY_PAYER, call.query, payer=call.path.account))

    async def balances(self, call: Call) -> Response:
        """Give what a party has of each money, to itself and whoever runs a node."""
        asked, account = call.query, call.path.account
        require(call.reader, entitled=_is(call.reader, account))
        after = asked.after or b""
        return answer(await self._read(lambda index: holdings_page(index, account, after, asked.limit)))

    async def involved(self, call: Call) -> Response:
        """Give the envelopes and exits that concern a party, to itself and whoever runs a node."""
        require(call.reader, entitled=_is(call.reader, call.path.account))
        page = await self._page(RESULTS_OF_ACCOUNT, call.query, account=call.path.account)
        return answer({"rows": [ended(each) for each in page.rows], "next": page.next})

    async def _oversees(self, reader: Reader, account: bytes) -> bool:
        """Whether a reader may see with whom another trades: itself, its country's authorities, who runs a node."""
        if _is(reader, account):
            return True
        party = await self._network.party(account) if reader.is_authority else None
        return party is not None and party.country == reader.country

    async def _page(self, pages: Any, asked: Any, **filters: Any) -> Page[Any]:  # noqa: ANN401 - any declared list
        found: Page[Any] = await self._read(
            lambda index: pages.read(index, cursor=asked.cursor, limit=asked.limit, **filters)
        )
        return found

    # ----------------------------------------------------------------------------------------------------------- routes

    def routes(self) -> list[Route]:
        """Declare the routes."""
        return [*self._open_routes(), *self._own_routes()]

    def _open_routes(self) -> list[Route]:
        return [
            Route(method="GET", path="/v1/index", name="index", handler=self.index, answers={200: IndexAnswer},
                  summary="Say how far the index is"),
            Route(method="GET", path="/v1/search/listings", name="search_listings", handler=self.search_listings,
                  query_type=Searching, answers={200: page_of(trade.Listing)},
                  summary="Find open listings that have every word, in any script, the newest first"),
            Route(method="GET", path="/v1/search/parties", name="search_parties", handler=self.search_parties,
                  query_type=Searching, answers={200: page_of(trade.Party)},
                  summary="Find parties whose reference has every word, the newest first"),
            Route(method="GET", path="/v1/search/words", name="search_words", handler=self.words, query_type=Begun,
                  answers={200: object_of({"words": [{"word": str, "listings": int}]})},
                  summary="Complete the last word typed from titles of open listings"),
            Route(method="GET", path="/v1/index/listings", name="index_listings", handler=self.listings,
                  query_type=ListingPage, answers={200: page_of(trade.Listing)},
                  summary="Give listings, all or a merchant's, the newest first"),
            Route(method="GET", path="/v1/index/listings/{name}", name="index_listing", handler=self.listing,
                  path_type=OfName, summary="Give a listing with its variants",
                  answers={200: object_of({"listing": trade.Listing, "variants": [trade.Variant]})}),
            Route(method="GET", path="/v1/index/parties", name="index_parties", handler=self.parties,
                  query_type=PartyPage, answers={200: page_of(trade.Party)},
                  summary="Give parties, all or a country's, the newest first"),
            Route(method="GET", path="/v1/index/parties/{account}", name="index_party", handler=self.party,
                  path_type=OfAccount, summary="Give a party", answers={200: object_of({"party": trade.Party})}),
            Route(method="GET", path="/v1/index/currencies", name="index_currencies", handler=self.currencies,
                  query_type=OfIssuer, summary="Give currencies with their supply, all or an issuer's",
                  answers={200: object_of({"currencies": [trade.Currency]})}),
            Route(method="GET", path="/v1/index/refusals", name="index_refusals", handler=self.refusals,
                  query_type=RefusalPage, answers={200: page_of(Ended)},
                  summary="Give the envelopes that a rule has turned down, the newest first"),
            Route(method="GET", path="/v1/index/series", name="index_series", handler=self.series, query_type=Plot,
                  answers={200: counted.Series}, summary="Count by hour or day, for plots"),
            Route(method="GET", path="/v1/index/totals", name="index_totals", handler=self.totals, query_type=Sum,
                  answers={200: object_of({"totals": [{"subject": str, "count": int}]})},
                  summary="Count since the beginning, by what it is about"),
            Route(method="GET", path="/v1/index/lag", name="index_lag", handler=self.lag, query_type=Late,
                  answers={200: counted.Series}, summary="Give by how many seconds the index was behind at most"),
        ]  # fmt: skip

    def _own_routes(self) -> list[Route]:
        shown = {"whole": bool, "order": {"type": "object"}}
        return [
            Route(method="GET", path="/v1/index/orders/{name}", name="index_order", handler=self.order,
                  path_type=OfName, summary="Give an order as a row, whole to those who may see it",
                  answers={200: object_of(shown)}),
            Route(method="GET", path="/v1/index/parties/{account}/orders", name="index_orders", handler=self.orders,
                  path_type=OfAccount, query_type=OrderPage, answers={200: page_of(shown)},
                  summary="Give the orders that a party has placed, or that were placed with it"),
            Route(method="GET", path="/v1/index/parties/{account}/payments", name="index_payments", path_type=OfAccount,
                  handler=self.payments, query_type=PaymentPage, answers={200: page_of(trade.Transfer)},
                  needs_reader=True, summary="Give what a party has paid or received, to itself"),
            Route(method="GET", path="/v1/index/parties/{account}/holds", name="index_holds", handler=self.holds,
                  path_type=OfAccount, query_type=Paging, answers={200: page_of(trade.Hold)}, needs_reader=True,
                  summary="Give what a party has set aside, to itself"),
            Route(method="GET", path="/v1/index/parties/{account}/balances", name="index_balances",
                  handler=self.balances, path_type=OfAccount, query_type=HoldingsPage, answers={200: Holdings},
                  needs_reader=True, summary="Give what a party has of each money, to itself"),
            Route(method="GET", path="/v1/index/parties/{account}/envelopes", name="index_involved",
                  handler=self.involved, path_type=OfAccount, query_type=Paging, answers={200: page_of(Ended)},
                  needs_reader=True, summary="Give the envelopes and exits that concern a party, to itself"),
        ]  # fmt: skip


def _is(reader: Reader, account: bytes) -> bool:
    """Whether a reader is an account, or runs a node."""
    return reader.sees_all or reader.account == account
