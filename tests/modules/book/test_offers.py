"""Limit offers: the best price first, then the oldest; every unit accounted for; a book that is never crossed."""

from __future__ import annotations

from typing import Any

import pytest

from sogdia.kernel.quota import QUOTAS
from sogdia.kernel.values import UNITS_MAX, name_of
from sogdia.modules.book.crossing import CROSSINGS_MAX
from sogdia.modules.book.events import LimitOfferEnded, LimitOfferFilled, LimitOfferPlaced
from sogdia.modules.book.offers import CancelLimitOffer, ClearLimitOffers
from sogdia.modules.book.queries import DepthQuery, LimitOfferQuery, PathsQuery
from sogdia.modules.book.records import NEIGHBOURS, OFFERS, PRICES, QUEUES, Side, Validity
from sogdia.modules.book.refusals import BookRefusal as Refuse
from sogdia.modules.exchange.queries import RateCardsQuery
from sogdia.modules.money import asset_key
from sogdia.modules.money.currencies import AuthoriseHolder, FreezeHolder, Mint, RevokeAuthorisation, SetCaps
from sogdia.modules.money.transfers import Transfer
from tests.modules.book.stand import DAY, FUNDS, book, buy, has, offer, open_money, pair, price, sell, standing


def stored(ledger):
    return QUOTAS.must(ledger.state, ledger.account("registrar")).stored_bytes


def test_an_offer_stands_with_what_it_may_pay_set_aside(ledger):
    before = stored(ledger)
    sell(ledger, "bukhara", 1_000, "3.25", "ask")
    receipt = buy(ledger, "nairobi", 1_001, "3.2451", "bid")

    assert has(ledger, "bukhara", "KWD") == (-1_000, 1_000)
    assert has(ledger, "nairobi", "USD") == (-3_249, 3_249)
    assert stored(ledger) - before == 1_200
    base, quote = pair(ledger)
    assert receipt.events == (
        LimitOfferPlaced(
            offer=name_of(ledger.account("nairobi"), "bid"),
            base=base,
            quote=quote,
            side=Side.BUY,
            price=price("3.2451"),
            units=1_001,
            valid_until=ledger.time + DAY,
        ),
    )


def test_a_queue_keeps_its_order_whoever_leaves_it_and_under_whichever_name(ledger):
    for who in ("bukhara", "lanzhou", "carrier"):
        sell(ledger, who, 500, "3.25", "again")

    ledger.must("bukhara", CancelLimitOffer(offer="again"))
    sell(ledger, "bukhara", 400, "3.25", "again")
    assert book(ledger, Side.SELL) == [("lanzhou", 500), ("carrier", 500), ("bukhara", 400)]

    buy(ledger, "nairobi", 500, "3.25", validity=Validity.AT_ONCE)
    assert book(ledger, Side.SELL) == [("carrier", 500), ("bukhara", 400)]

    sell(ledger, "lanzhou", 300, "3.25", "again")
    ledger.must("bukhara", CancelLimitOffer(offer="again"))
    assert book(ledger, Side.SELL) == [("carrier", 500), ("lanzhou", 300)]

    ledger.must("lanzhou", CancelLimitOffer(offer="again"))
    ledger.must("carrier", CancelLimitOffer(offer="again"))
    assert book(ledger, Side.SELL) == []
    assert list(QUEUES.items(ledger.state)) == []


def test_the_best_price_is_taken_first_and_of_a_price_the_oldest(ledger):
    sell(ledger, "bukhara", 500, "3.26")
    sell(ledger, "lanzhou", 400, "3.25")
    sell(ledger, "carrier", 300, "3.25")
    assert book(ledger, Side.SELL) == [("lanzhou", 400), ("carrier", 300), ("bukhara", 500)]

    buy(ledger, "nairobi", 900, "3.26", validity=Validity.AT_ONCE)

    assert book(ledger, Side.SELL) == [("bukhara", 300)]
    assert has(ledger, "lanzhou", "USD") == (1_300, 0)
    assert has(ledger, "carrier", "USD") == (975, 0)
    assert has(ledger, "bukhara", "USD") == (652, 0)
    assert has(ledger, "nairobi", "USD") == (-2_927, 0)
    assert has(ledger, "nairobi", "KWD") == (900, 0)


def test_the_highest_buyer_is_served_first_at_its_own_price(ledger):
    buy(ledger, "bukhara", 400, "3.2")
    buy(ledger, "lanzhou", 400, "3.24")

    receipt = sell(ledger, "nairobi", 600, "3.1", "ask")

    assert has(ledger, "lanzhou", "KWD") == (400, 0)
    assert has(ledger, "bukhara", "KWD") == (200, 0)
    assert has(ledger, "nairobi", "USD") == (1_296 + 640, 0)
    assert [type(each) for each in receipt.events] == [LimitOfferFilled, LimitOfferFilled]
    assert standing(ledger, "nairobi", "ask") is None


def test_rounding_is_to_the_cost_of_whoever_comes(ledger):
    sell(ledger, "bukhara", 1_000, "3.333")
    buy(ledger, "nairobi", 101, "3.333", validity=Validity.AT_ONCE)
    assert has(ledger, "bukhara", "USD") == (337, 0)

    buy(ledger, "lanzhou", 1_000, "3.331")
    sell(ledger, "carrier", 101, "3.331", validity=Validity.AT_ONCE)
    assert has(ledger, "carrier", "USD") == (336, 0)


def test_a_buyers_backing_fits_after_each_fill(ledger):
    buy(ledger, "bukhara", 1_000, "3.3333", "bid")
    for units in (101, 103, 107, 109):
        sell(ledger, "nairobi", units, "3", validity=Validity.AT_ONCE)
        left = standing(ledger, "bukhara", "bid")
        assert left is not None
        assert has(ledger, "bukhara", "USD")[1] == left.backing(left.left)
        assert left.price == price("3.3333")


def test_what_is_left_and_too_small_goes_back(ledger):
    sell(ledger, "bukhara", 1_000, "3.25", "ask")

    receipt = buy(ledger, "nairobi", 901, "3.25", validity=Validity.AT_ONCE)

    assert standing(ledger, "bukhara", "ask") is None
    assert has(ledger, "bukhara", "KWD") == (-901, 0)
    (filled,) = receipt.events
    assert isinstance(filled, LimitOfferFilled)
    assert (filled.left, filled.returned) == (0, 99)


def test_what_just_suffices_to_stand_stands(ledger):
    sell(ledger, "bukhara", 1_000, "3.25", "ask")

    buy(ledger, "nairobi", 900, "3.25", validity=Validity.AT_ONCE)

    left = standing(ledger, "bukhara", "ask")
    assert left is not None
    assert left.left == 100


def test_the_rest_of_what_crosses_stands_at_its_own_price(ledger):
    sell(ledger, "bukhara", 500, "3.2")

    buy(ledger, "nairobi", 800, "3.3", "bid")

    assert book(ledger, Side.SELL) == []
    assert book(ledger, Side.BUY) == [("nairobi", 300)]
    assert has(ledger, "nairobi", "USD") == (-1_600 - 990, 990)


def test_a_rest_too_small_to_stand_goes_back(ledger):
    sell(ledger, "bukhara", 500, "3.2")

    buy(ledger, "nairobi", 599, "3.3", "bid")

    assert standing(ledger, "nairobi", "bid") is None
    assert has(ledger, "nairobi", "USD") == (-1_600, 0)


def test_who_meets_an_own_offer_exchanges_what_stands_before_it_and_no_more(ledger):
    sell(ledger, "bukhara", 500, "3.2")
    sell(ledger, "nairobi", 500, "3.21", "own")
    sell(ledger, "lanzhou", 500, "3.22")

    buy(ledger, "nairobi", 1_500, "3.3", "bid")

    assert has(ledger, "nairobi", "KWD") == (0, 500)
    assert standing(ledger, "nairobi", "bid") is None
    assert book(ledger, Side.SELL) == [("nairobi", 500), ("lanzhou", 500)]


def test_only_what_can_be_exchanged_at_once_is(ledger):
    sell(ledger, "bukhara", 500, "3.2")

    buy(ledger, "nairobi", 800, "3.2", validity=Validity.AT_ONCE)

    assert has(ledger, "nairobi", "USD") == (-1_600, 0)
    assert book(ledger, Side.BUY) == []


def test_all_or_nothing_takes_all(ledger):
    sell(ledger, "bukhara", 500, "3.2")
    sell(ledger, "lanzhou", 500, "3.25")

    buy(ledger, "nairobi", 1_000, "3.25", validity=Validity.ALL_OR_NOTHING)

    assert has(ledger, "nairobi", "KWD") == (1_000, 0)


def test_what_only_stands_does_so_beside_the_other_side(ledger):
    sell(ledger, "bukhara", 500, "3.2")

    buy(ledger, "nairobi", 500, "3.1999", validity=Validity.ONLY_STANDS)

    assert book(ledger, Side.BUY) == [("nairobi", 500)]


def test_monies_know_of_each_other_as_long_as_anybody_stands_on_either_side(ledger):
    sell(ledger, "bukhara", 500, "3.2", "ask")
    buy(ledger, "nairobi", 500, "3.1", "bid")
    known = dict(NEIGHBOURS.items(ledger.state))

    ledger.must("nairobi", CancelLimitOffer(offer="bid"))
    assert dict(NEIGHBOURS.items(ledger.state)) == known != {}
    ledger.must("bukhara", CancelLimitOffer(offer="ask"))
    assert not list(NEIGHBOURS.items(ledger.state))


def test_a_cancelled_offer_goes_home(ledger):
    before = stored(ledger)
    buy(ledger, "nairobi", 1_000, "3.2451", "bid")

    receipt = ledger.must("nairobi", CancelLimitOffer(offer="bid"))

    assert has(ledger, "nairobi", "USD") == (0, 0)
    assert receipt.events == (
        LimitOfferEnded(
            offer=name_of(ledger.account("nairobi"), "bid"), returned=3_246, returned_in=ledger.asset(), cause=0
        ),
    )
    assert stored(ledger) == before
    assert not list(QUEUES.items(ledger.state))
    assert not list(PRICES.items(ledger.state))
    assert not list(NEIGHBOURS.items(ledger.state))


@pytest.mark.parametrize("gone", ["o1", "o2", "o3"])
def test_whoever_leaves_a_queue_leaves_the_others_in_order(ledger, gone):
    for who, reference in (("bukhara", "o1"), ("lanzhou", "o2"), ("carrier", "o3")):
        sell(ledger, who, 500, "3.25", reference)
    owner = {"o1": "bukhara", "o2": "lanzhou", "o3": "carrier"}[gone]

    ledger.must(owner, CancelLimitOffer(offer=gone))

    assert book(ledger, Side.SELL) == [(who, 500) for who in ("bukhara", "lanzhou", "carrier") if who != owner]


def test_an_offer_whose_time_has_passed_goes_home_by_itself(ledger):
    sell(ledger, "bukhara", 500, "3.25", "ask", valid_until=ledger.time + 60)

    ledger.block(at=ledger.time + 60)
    assert standing(ledger, "bukhara", "ask") is not None
    ledger.block(at=ledger.time + 1)

    assert standing(ledger, "bukhara", "ask") is None
    assert has(ledger, "bukhara", "KWD") == (0, 0)


def test_an_offer_that_is_over_is_not_taken_by_who_comes_in_the_same_block(ledger):
    sell(ledger, "bukhara", 500, "3.2", "old", valid_until=ledger.time + 60)
    sell(ledger, "lanzhou", 500, "3.25")

    ledger.time += 61
    buy(ledger, "nairobi", 500, "3.3", validity=Validity.AT_ONCE)

    assert has(ledger, "bukhara", "KWD") == (0, 0)
    assert has(ledger, "lanzhou", "USD") == (1_625, 0)


def test_a_frozen_holders_offers_are_passed_over_and_end(ledger):
    sell(ledger, "bukhara", 500, "3.2", "ask")
    sell(ledger, "lanzhou", 500, "3.25")
    ledger.must("bank", FreezeHolder(currency="KWD", account=ledger.account("bukhara"), reason="Court order 17"))

    receipt = buy(ledger, "nairobi", 500, "3.3", validity=Validity.AT_ONCE)

    offer_name = name_of(ledger.account("bukhara"), "ask")
    ended = LimitOfferEnded(offer=offer_name, returned=500, returned_in=ledger.asset("KWD"), cause=2)
    assert ended in receipt.events
    assert has(ledger, "bukhara", "KWD") == (0, 0)
    assert has(ledger, "lanzhou", "USD") == (1_625, 0)


def test_an_offer_whose_owner_may_not_receive_is_passed_over(ledger):
    yuan = open_money(ledger, "CNY", by_authorisation=True)
    for who in ("lanzhou", "bukhara", "nairobi"):
        ledger.must("bank", AuthoriseHolder(currency="CNY", account=ledger.account(who)))
    ledger.must("bank", Mint(currency="CNY", to=ledger.account("nairobi"), units=100_000))
    monies = ("CNY", "USD")
    buy(ledger, "bukhara", 1_000, "0.15", "bid", monies=monies)
    buy(ledger, "lanzhou", 1_000, "0.14", monies=monies)
    ledger.must("bank", RevokeAuthorisation(currency="CNY", account=ledger.account("bukhara")))

    sell(ledger, "nairobi", 1_000, "0.1", validity=Validity.AT_ONCE, monies=monies)

    assert standing(ledger, "bukhara", "bid") is None
    assert has(ledger, "bukhara", "USD") == (0, 0)
    assert has(ledger, "lanzhou", "CNY") == (1_000 - FUNDS, 0)
    assert asset_key(yuan)[:3] == b"CNY"


def test_an_offer_that_would_pass_its_owners_cap_is_passed_over(ledger):
    sell(ledger, "bukhara", 1_000, "3.2", "ask")
    ledger.must("bank", SetCaps(currency="USD", supply_max=10**15, holder_max=FUNDS + 3_199))

    receipt = ledger.send("nairobi", offer(ledger, Side.BUY, 1_000, "3.3", validity=Validity.AT_ONCE))

    assert receipt.code == Refuse.NOTHING_TO_EXCHANGE
    ledger.must("bank", SetCaps(currency="USD", supply_max=10**15, holder_max=FUNDS + 3_200))
    buy(ledger, "nairobi", 1_000, "3.3", validity=Validity.AT_ONCE)
    assert has(ledger, "bukhara", "USD") == (3_200, 0)


def test_several_offers_of_one_owner_together_do_not_pass_its_cap(ledger):
    for number in range(3):
        sell(ledger, "bukhara", 1_000, "3.2", f"ask{number}")
    ledger.must("bank", SetCaps(currency="USD", supply_max=10**15, holder_max=FUNDS + 6_400))

    buy(ledger, "nairobi", 3_000, "3.3", validity=Validity.AT_ONCE)

    assert has(ledger, "bukhara", "USD") == (6_400, 0)
    assert book(ledger, Side.SELL) == []


@pytest.mark.parametrize("apart", [False, True])
def test_no_more_stands_at_a_price_than_can_be_counted(ledger, apart):
    """At a low price much is asked for with little set aside."""
    open_money(ledger, "AED", supply_max=UNITS_MAX, holder_max=UNITS_MAX)
    low: dict[str, Any] = {"monies": ("AED", "USD"), "despite_reference": True}
    half = UNITS_MAX // 2
    asked = [offer(ledger, Side.BUY, half, "0.0000000000000001", f"x{at}", **low) for at in range(2)]
    ledger.must("bukhara", *asked)
    assert UNITS_MAX - 2 * half == 1

    at = "0.0000000000000002" if apart else "0.0000000000000001"
    receipt = ledger.send("bukhara", offer(ledger, Side.BUY, 10**18, at, "x2", **low))

    assert (receipt.code, receipt.facts) == ((0, ()) if apart else (Refuse.PRICE_FULL, (("most", 1),)))
    ledger.wait(DAY + 1)
    assert book(ledger, Side.BUY, ("AED", "USD")) == []


def test_fifty_offers_are_taken_at_once_and_no_more(ledger):
    asks = [offer(ledger, Side.SELL, 100, "3.2") for _each in range(CROSSINGS_MAX + 1)]
    for first in range(0, len(asks), 15):
        ledger.must("bukhara", *asks[first : first + 15])

    receipt = ledger.send("nairobi", offer(ledger, Side.BUY, 5_100, "3.2", validity=Validity.ALL_OR_NOTHING))
    assert receipt.code == Refuse.CROSSINGS_TOO_MANY

    buy(ledger, "nairobi", 5_100, "3.2", "bid")
    assert has(ledger, "nairobi", "KWD") == (5_000, 0)
    assert standing(ledger, "nairobi", "bid") is None
    assert book(ledger, Side.SELL) == [("bukhara", 100)]


def test_offers_of_a_frozen_holder_can_be_cleared_by_anybody(ledger):
    references = [f"f{number}" for number in range(CROSSINGS_MAX)]
    asks = [offer(ledger, Side.SELL, 100, "3.2", each) for each in references]
    for first in range(0, len(asks), 15):
        ledger.must("bukhara", *asks[first : first + 15])
    sell(ledger, "lanzhou", 500, "3.25")
    ledger.must("bank", FreezeHolder(currency="KWD", account=ledger.account("bukhara"), reason="Court order 17"))
    wanted = offer(ledger, Side.BUY, 500, "3.25")
    assert ledger.send("nairobi", wanted).code == Refuse.CROSSINGS_TOO_MANY

    names = tuple(name_of(ledger.account("bukhara"), each) for each in references)
    ledger.must("carrier", ClearLimitOffers(offers=names))
    ledger.must("nairobi", wanted)

    assert has(ledger, "bukhara", "KWD") == (0, 0)
    assert has(ledger, "nairobi", "KWD") == (500, 0)


def test_what_is_set_aside_cannot_be_spent_twice(ledger):
    sell(ledger, "bukhara", FUNDS, "3.2")
    asked = Transfer(to=ledger.account("nairobi"), asset=ledger.asset("KWD"), units=1, purpose="GDDS", end_to_end="")

    assert ledger.send("bukhara", asked).code != 0


def test_the_depth_of_a_book_shows_amounts_by_price_and_nobody(ledger):
    sell(ledger, "bukhara", 500, "3.26")
    sell(ledger, "lanzhou", 400, "3.25")
    sell(ledger, "carrier", 300, "3.25")
    buy(ledger, "nairobi", 200, "3.2")
    base, quote = (asset_key(each) for each in pair(ledger))

    depth = DepthQuery(base=base, quote=quote).answer(ledger.state)
    best = DepthQuery(base=base, quote=quote, limit=1).answer(ledger.state)

    assert depth is not None
    assert best is not None
    assert [(each.price, each.units) for each in depth.asks] == [(price("3.25"), 700), (price("3.26"), 500)]
    assert [(each.price, each.units) for each in depth.bids] == [(price("3.2"), 200)]
    assert len(best.asks) == 1


@pytest.mark.parametrize("key", [bytes(23), b"\xff" * 23, b"usd" + bytes(20)])
def test_what_is_no_money_has_no_depth(ledger, key):
    money = asset_key(ledger.asset())

    assert DepthQuery(base=key, quote=money).answer(ledger.state) is None
    assert DepthQuery(base=money, quote=key).answer(ledger.state) is None
    assert RateCardsQuery(takes=key, gives=money).answer(ledger.state) == []
    assert PathsQuery(source=key, target=money, sent=100).answer(ledger.state).paths == []


def test_an_offer_can_be_asked_for_by_its_name(ledger):
    sell(ledger, "bukhara", 500, "3.26", "ask")
    name = name_of(ledger.account("bukhara"), "ask")

    assert LimitOfferQuery(name=name).answer(ledger.state) == OFFERS.must(ledger.state, name)


def test_prices_are_found_in_order_however_they_came(ledger):
    texts = ["3.25", "3.3", "0.9", "12", "3.251", "3.249", "100", "3.2501"]
    for text in texts:
        sell(ledger, "bukhara", 500, text)

    base, quote = (asset_key(each) for each in pair(ledger))
    depth = DepthQuery(base=base, quote=quote).answer(ledger.state)
    assert depth is not None
    shown = [each.price for each in depth.asks]
    assert shown == [price(text) for text in sorted(texts, key=float)]


def test_an_offer_can_be_placed_again_under_the_reference_of_one_that_is_over(ledger):
    sell(ledger, "bukhara", 500, "3.25", "ask")
    buy(ledger, "nairobi", 500, "3.25", validity=Validity.AT_ONCE)

    sell(ledger, "bukhara", 600, "3.3", "ask")

    placed = standing(ledger, "bukhara", "ask")
    assert placed is not None
    assert placed.left == 600
