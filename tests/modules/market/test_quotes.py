"""Quotes: what a price costs in another money by every way there is, and exactly that for whoever accepts it."""

from __future__ import annotations

import random
from typing import Any

import pytest

from sogdia.kernel.values import NO_ACCOUNT, name_of
from sogdia.modules.book import at_the_middle
from sogdia.modules.book.records import Side
from sogdia.modules.book.refusals import BookRefusal
from sogdia.modules.exchange.cards import ChangeCard, PostCard
from sogdia.modules.exchange.queries import QuoteQuery
from sogdia.modules.exchange.records import Premium, Rate, RateTerms, Tier
from sogdia.modules.exchange.refusals import ExchangeRefusal
from sogdia.modules.market.listings import AddVariant, CloseListing, OpenListing, PublishTerms
from sogdia.modules.market.quotes import Quotes, QuotesQuery, Ratio
from sogdia.modules.market.records import Offer, Parts
from sogdia.modules.money import asset_key, balance
from sogdia.testing.ledger import Ledger
from tests import rotation as chosen
from tests.modules.book.stand import WHO, card, enter_dealer, offer, open_money, open_stand, sell

DAY = 86_400
BUYER = "nairobi"
MERCHANT = "platform"
SILK = Offer(price=3_850, tax=1_200)
PREMIUMS = (Premium(DAY, 5), Premium(10 * DAY, 40))
MARKETS = 12
MARKETS_IN_A_FULL_RUN = 300


def open_shop(code: str = "USD") -> Ledger:
    """A merchant sells silk for dollars; a buyer has dinars, yuan and dollars; a dealer has all three."""
    ledger = open_stand(Ledger())
    open_money(ledger, "CNY")
    enter_dealer(ledger, "USD", "KWD", "CNY")
    terms = PublishTerms(
        reference="t", asset=ledger.asset(code), carrier=None, freight_per_order=1_200, tax_collector=None,
        platform=None, platform_fee=0,
    )  # fmt: skip
    listing = OpenListing(reference="silk", terms="t", title="Silk", language="en", unit="C62", hs_code="", origin="UZ")
    ledger.must(MERCHANT, terms, listing, AddVariant(listing="silk", variant=1, offer=SILK, stock=10_000))
    return ledger


@pytest.fixture
def shop() -> Ledger:
    """The shop with three ways to pay dinars for silk: a card that keeps its rate, one that doesn't, and two books."""
    ledger = open_shop()
    card(ledger, ("KWD", "USD"), (31, 100), "keeps", premiums=PREMIUMS)
    card(ledger, ("KWD", "USD"), (309, 1_000), "now")
    sell(ledger, "bukhara", 500_000, "0.1401", monies=("CNY", "USD"))
    ledger.must("bukhara", offer(ledger, Side.SELL, 500_000, "0.042", monies=("CNY", "KWD")))
    ledger.must("lanzhou", offer(ledger, Side.BUY, 500_000, "0.139", monies=("CNY", "USD")))
    return ledger


def quotes(ledger: Ledger, pays: str = "KWD", who: str | None = BUYER, **asked: Any) -> Quotes:  # noqa: ANN401 - any field
    """What three scarves cost, unless something else is asked."""
    fields: dict[str, Any] = {"at": ledger.time, "payer": NO_ACCOUNT if who is None else ledger.account(who)}
    if "asks" not in asked:
        fields |= {"listing": name_of(ledger.account(MERCHANT), "silk"), "variant": 1, "quantity": 3}
    found = QuotesQuery(pays=asset_key(ledger.asset(pays)), **(fields | asked)).answer(ledger.state)
    assert found is not None
    return found


def wealth(ledger: Ledger, who: str, code: str) -> int:
    """What somebody has of a money that is its own to spend."""
    return balance(ledger.state, ledger.account(who), ledger.asset(code)).available


def accept(ledger: Ledger, number: int, found: Quotes, who: str = BUYER):
    """Sign what a quote says."""
    return ledger.send(who, *(each.fields for each in found.quotes[number].accept))


def test_a_price_is_told_by_its_parts_and_each_way_by_its_own_the_cheapest_first(shop):
    found = quotes(shop)

    # 3 × 38.50 and 12.00 of freight with 12% of tax are 142.80
    assert (found.asset, found.units) == (shop.asset(), 14_280)
    assert found.goods == Parts(11_550, 1_200, 1_530)
    assert found.kept_for == 9 * DAY + 3_600
    assert found.complete
    by_books, by_card, kept = found.quotes
    assert [each.total for each in found.quotes] == [4_315, 4_413, 4_445]
    assert [step.card for step in by_books.steps] == [None, None]
    assert [each.operation for each in by_books.accept] == ["route-strict-receive", "place-order"]
    assert [step.card for step in by_card.steps] == [name_of(shop.account("dealer"), "now")]
    assert (kept.payment, kept.premium, kept.digest) == (4_427, 18, quote_of(shop, "keeps").digest)
    assert [each.valid_until for each in found.quotes] == [None, shop.time + 600, shop.time + 600]
    assert [each.operation for each in kept.accept] == ["place-order-at-rate"]


def quote_of(ledger, reference):
    name = name_of(ledger.account("dealer"), reference)
    found = QuoteQuery(card=name, units=14_280, seconds=9 * DAY + 3_600).answer(ledger.state)
    assert found is not None
    return found


def test_a_step_says_what_it_costs_beyond_the_middle_and_how_often_it_is_rounded(shop):
    shop.must("lanzhou", offer(shop, Side.BUY, 100_000, "3.2"))
    shop.must("carrier", offer(shop, Side.SELL, 100_000, "3.3"))

    found = quotes(shop)

    (step,) = next(each for each in found.quotes if each.digest is not None).steps
    # 14,280 cents at 3.25 a fil are ⌈4,393.8…⌉ fils; the card takes ⌈14,280 × 0.31⌉ = ⌈4,426.8⌉
    assert (step.rate, step.payment, step.units) == (Ratio(taken=31, given=100), 4_427, 14_280)
    assert (step.middle, step.spread, step.roundings) == (4_394, 33, 1)
    (by_books,) = [each for each in found.quotes if [step.card for step in each.steps] == [None, None]]
    assert [step.middle is None for step in by_books.steps] == [True, False], "a book of one side has no middle"


@pytest.mark.parametrize("number", [0, 1, 2])
def test_each_quote_is_paid_to_the_unit(shop, number):
    found = quotes(shop)
    before = wealth(shop, BUYER, "KWD")

    assert accept(shop, number, found).code == 0

    assert before - wealth(shop, BUYER, "KWD") == found.quotes[number].total


def test_who_asks_for_nobody_in_particular_is_told_the_same_and_signs_nothing(shop):
    mine, nobodys = quotes(shop), quotes(shop, who=None)

    assert [each.total for each in nobodys.quotes] == [each.total for each in mine.quotes]
    assert all(each.accept == [] for each in nobodys.quotes)


def test_nobody_is_quoted_its_own_card_or_offer(shop):
    cards = [name_of(shop.account("dealer"), each) for each in ("now", "keeps")]

    assert cards_in(quotes(shop, who="dealer")) == {None}
    assert [[step.card for step in each.steps] for each in quotes(shop, who="bukhara").quotes] == [
        [each] for each in cards
    ]


def cards_in(found):
    return {step.card for each in found.quotes for step in each.steps}


def test_what_has_changed_is_refused_and_not_paid_otherwise(shop):
    found = quotes(shop)
    for reference in ("keeps", "now"):
        dearer = RateTerms(
            tiers=(Tier(100, Rate(8, 25)),),
            most=500_000, premiums=PREMIUMS, valid_until=shop.time + 600,
        )  # fmt: skip
        shop.must("dealer", ChangeCard(card=reference, rates=dearer))

    assert accept(shop, 2, found).code == ExchangeRefusal.DIGEST_DIFFERS
    assert accept(shop, 1, found).code == BookRefusal.PATH_TOO_DEAR


def test_an_amount_is_quoted_for_whoever_is_to_receive_it(shop):
    carrier = shop.account("carrier")
    found = quotes(shop, asks=asset_key(shop.asset()), units=14_280, to=carrier)
    before = wealth(shop, "carrier", "USD")

    assert [each.total for each in found.quotes] == [4_315, 4_413]
    assert accept(shop, 0, found).code == 0
    assert wealth(shop, "carrier", "USD") - before == 14_280


def test_in_the_merchants_own_money_the_price_is_the_price(shop):
    found = quotes(shop, pays="USD")

    assert [(each.total, each.steps) for each in found.quotes] == [(14_280, [])]
    assert accept(shop, 0, found).code == 0


@pytest.mark.parametrize(
    "asked",
    [
        {"quantity": 10_001},
        {"variant": 2},
        {"listing": bytes(24)},
        {"pays": b"usd" + bytes(20)},
        {"listing": None},
        {"listing": None, "asks": b"USD" + bytes(20)},
    ],
)
def test_no_price_has_no_quote(shop, asked):
    fields = {
        "pays": asset_key(shop.asset("KWD")), "listing": name_of(shop.account(MERCHANT), "silk"), "variant": 1,
        "at": shop.time,
    }  # fmt: skip

    assert QuotesQuery(**(fields | asked)).answer(shop.state) is None


def test_a_closed_listing_has_no_quote(shop):
    shop.must(MERCHANT, CloseListing(listing="silk"))

    asked = QuotesQuery(pays=asset_key(shop.asset("KWD")), listing=name_of(shop.account(MERCHANT), "silk"), variant=1)
    assert asked.answer(shop.state) is None


@pytest.mark.parametrize("number", range(MARKETS_IN_A_FULL_RUN if chosen.full() else MARKETS))
def test_on_any_market_what_is_quoted_is_what_is_paid(number):
    chance = random.Random(chosen.seed() + number)
    shop = open_shop(chance.choice(("USD", "CNY")))
    monies = (("KWD", "USD"), ("CNY", "KWD"), ("CNY", "USD"))
    for each in range(chance.randrange(5, 40)):
        asked = offer(
            shop, Side(chance.randrange(2)), chance.choice((400, 1_000, 7_777)),
            chance.choice(("0.3", "0.997", "1", "1.01", "3.3")), f"o{each}", monies=chance.choice(monies),
        )  # fmt: skip
        shop.send(chance.choice(WHO[2:]), asked)
    for each in range(chance.randrange(6)):
        takes, gives = chance.sample(("KWD", "USD", "CNY"), 2)
        tiers = tuple(Tier(units, Rate(chance.randrange(1, 99) * 2 + 1, 64)) for units in (100, 5_000))
        terms = RateTerms(tiers=tiers, most=90_000, premiums=PREMIUMS, valid_until=shop.time + chance.choice((1, 600)))
        monies_of_it: dict[str, Any] = {"takes": shop.asset(takes), "gives": shop.asset(gives)}
        shop.must("dealer", PostCard(reference=f"c{each}", **monies_of_it, capacity=95_000, rates=terms))
    tried = 0

    for pays in ("KWD", "USD", "CNY"):
        for quantity in (1, chance.randrange(2, 9)):
            for place in range(len(quotes(shop, pays, quantity=quantity).quotes)):
                reference = f"{pays}{quantity}-{place}"
                found = quotes(shop, pays, quantity=quantity, reference=reference)
                if place >= len(found.quotes):
                    break
                quoted, before = (
                    found.quotes[place],
                    {code: wealth(shop, BUYER, code) for code in ("KWD", "USD", "CNY")},
                )
                assert accept(shop, place, found).code == 0
                after = {code: wealth(shop, BUYER, code) for code in before}
                assert {code: before[code] - after[code] for code in before if before[code] != after[code]} == {
                    pays: quoted.total
                }
                tried += 1
                assert [each.total for each in found.quotes] == sorted(each.total for each in found.quotes)
    assert tried


@pytest.mark.parametrize(
    ("gives", "gets", "units", "cost"),
    [("USD", "KWD", 1_000, 3_250), ("KWD", "USD", 3_250, 1_000), ("USD", "CNY", 9, None)],
)
def test_the_middle_is_half_way_between_the_best_ask_and_the_best_bid(gives, gets, units, cost):
    ledger = open_shop()
    ledger.must("lanzhou", offer(ledger, Side.BUY, 100_000, "3.2"))
    ledger.must("carrier", offer(ledger, Side.SELL, 100_000, "3.3"))
    sell(ledger, "bukhara", 1_000, "1", monies=("CNY", "USD"))

    given, got = (asset_key(ledger.asset(each)) for each in (gives, gets))
    assert at_the_middle(ledger.state, given, got, units) == cost
