"""The book: limit offers for pairs of monies, and payments over a path of such pairs."""

from __future__ import annotations

from sogdia.kernel.module import Module
from sogdia.modules.book import events, invariants, offers, paths, queries
from sogdia.modules.book.genesis import BookGenesis, load_genesis
from sogdia.modules.book.records import BEST, NEIGHBOURS, OFFERS, PRICES, QUEUES, RULES
from sogdia.modules.book.refusals import BookRefusal

MODULE = Module(
    name="book",
    number=1000,
    operations=(
        offers.PlaceLimitOffer,
        offers.CancelLimitOffer,
        paths.PayStrictReceive,
        paths.PayStrictSend,
        offers.ClearLimitOffers,
        paths.RouteStrictReceive,
        paths.RouteStrictSend,
    ),
    tables=(RULES, OFFERS, QUEUES, PRICES, BEST, NEIGHBOURS),
    events=(events.LimitOfferPlaced, events.LimitOfferFilled, events.LimitOfferEnded, events.PaidAcross),
    refusals=BookRefusal,
    queries=(queries.LimitOfferQuery, queries.DepthQuery, queries.PathsQuery),
    invariants=(
        invariants.queues_are_their_offers_in_order,
        invariants.prices_are_those_of_the_queues,
        invariants.no_book_is_crossed,
        invariants.neighbours_are_those_of_open_books,
        invariants.every_offer_is_worth_something_and_due,
    ),
    exits=(offers.OFFER_EXIT,),
    genesis=BookGenesis,
    load_genesis=load_genesis,
)
