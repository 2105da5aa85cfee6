"""Quotes: what a price costs in another money by every way there is, and exactly that for whoever accepts it."""

from __future__ import annotations

import random
from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from msgspec import structs

from sogdia.kernel.values import name_of
from sogdia.modules.book import at_the_middle
from sogdia.modules.book.events import LimitOfferFilled
from sogdia.modules.book.records import OFFERS, Side
from sogdia.modules.book.refusals import BookRefusal
from sogdia.modules.exchange.cards import ChangeCard, PostCard
from sogdia.modules.exchange.events import Converted, RateLocked
from sogdia.modules.exchange.queries import QuoteQuery
from sogdia.modules.exchange.records import CARDS, Rate, RateTerms, Tier
from sogdia.modules.exchange.refusals import ExchangeRefusal
from sogdia.modules.market.asked_prices import LINES_ASKED_MAX, LinesText
from sogdia.modules.market.listings import AddVariant, CloseListing, OpenListing, PublishTerms
from sogdia.modules.market.orders import PlaceOrderAtRate
from sogdia.modules.market.quoted_costs import POINTS_MAX, Ratio
from sogdia.modules.market.quotes import QuotesQuery
from sogdia.modules.market.records import LINES, TERMS, Parts, Payment, RestPaid
from sogdia.modules.money import asset_key
from tests import rotation as chosen
from tests.modules.book.stand import WHO, card, offer, sell
from tests.modules.market.silk_shop import (
    BUYER,
    DAY,
    MERCHANT,
    PREMIUMS,
    SEVERAL,
    SILK,
    accept,
    open_shop,
    quotes,
    wealth,
)
from tests.modules.reference.desk import put_in_force
from tests.refused import poke

if TYPE_CHECKING:
    from sogdia.kernel.receipt import Receipt
    from sogdia.modules.market.quotes import Quoted, Quotes
    from sogdia.testing.ledger import Ledger

MARKETS = 12
MARKETS_IN_A_FULL_RUN = 300


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


def test_goods_that_are_paid_in_steps_have_no_kept_rate(shop):
    steps = Payment(3_000, RestPaid.BEFORE_SHIPPING)
    terms = structs.replace(TERMS.must(shop.state, name_of(shop.account(MERCHANT), "t")), payment=steps)
    poke(shop, TERMS, name_of(shop.account(MERCHANT), "t"), terms)

    kept = [each for each in quotes(shop).quotes for asked in each.accept if isinstance(asked.fields, PlaceOrderAtRate)]

    assert kept == []
    assert quotes(shop).quotes


def test_several_lines_are_quoted_as_the_one_order_that_they_are(shop):
    found = quotes(shop, lines=SEVERAL)

    # silk: 11,550; bowls: 2 × 1,999.5 are 3,999; freight: 12.00 divided as 11,550 to 3,999, and 2 × 0.35 beside
    assert found.goods == Parts(15_549, 1_200 + 70, 1_493 + 219)
    assert found.units == 18_531
    (order,) = [each.fields for each in found.quotes[-1].accept]
    assert isinstance(order, PlaceOrderAtRate)
    assert [(each.listing, each.variant, each.quantity) for each in order.lines] == [("silk", 1, 3), ("bowl", 2, 2)]


@pytest.mark.parametrize("number", [0, 1, 2])
def test_several_lines_are_paid_as_quoted(shop, number):
    found = quotes(shop, lines=SEVERAL)
    before = wealth(shop, BUYER, "KWD")

    assert accept(shop, number, found).code == 0

    name = name_of(shop.account(BUYER), "order")
    assert before - wealth(shop, BUYER, "KWD") == found.quotes[number].total
    assert sum(LINES.must(shop.state, (name, line)).paid.total() for line in (1, 2)) == found.units


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("silk:1:1,rug:1:1", False),
        ("silk:1:1,wool:1:1", False),
        ("silk:1:1,bowl:1:1", False),
        ("silk:1:6000,silk:1:4000", True),
        ("silk:1:6000,silk:1:4001", False),
        ("silk:65536:1", False),
        ("silk:1:0", False),
        ("silk:1:2147483648", False),
    ],
    ids=["other terms", "no listing", "no variant", "all", "more than all", "no such number", "none", "no quantity"],
)
def test_lines_that_no_order_could_have_have_no_quote(shop, lines, told):
    terms = PublishTerms(
        reference="u", asset=shop.asset(), carrier=None, freight_per_order=0, tax_collector=None, platform=None,
        platform_fee=0,
    )  # fmt: skip
    rug = OpenListing(reference="rug", terms="u", title="Rug", language="en", unit="C62", hs_code="", origin="UZ")
    shop.must(MERCHANT, terms, rug, AddVariant(listing="rug", variant=1, offer=SILK, stock=1))

    asked = QuotesQuery(pays=asset_key(shop.asset("KWD")), merchant=shop.account(MERCHANT), lines=lines, at=shop.time)

    assert (asked.answer(shop.state) is not None) is told


def test_lines_of_nobody_have_no_quote(shop):
    assert QuotesQuery(pays=asset_key(shop.asset("KWD")), lines=SEVERAL).answer(shop.state) is None


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("", True),
        (SEVERAL, True),
        (",".join(["silk:1:1"] * LINES_ASKED_MAX), True),
        (",".join(["silk:1:1"] * (LINES_ASKED_MAX + 1)), False),
        ("silk:1", False),
        ("silk:1:1,", False),
        ("silk:1:1\n", False),
        ("silk:-1:1", False),
        ("silk:1:\u0661", False),
        ("s" * 17 + ":1:1", False),
    ],
)
def test_lines_have_one_form_and_a_most(text, fits):
    try:
        read = msgspec.convert(text, LinesText)
    except msgspec.ValidationError:
        read = None

    assert (read is not None) is fits


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
    dinar = Fraction(chance.randrange(1, 500), chance.randrange(1, 500))
    put_in_force(shop, str(dinar))
    tried = 0

    for pays in ("KWD", "USD", "CNY"):
        for goods in ({"quantity": 1}, {"quantity": chance.randrange(2, 9)}, {"lines": SEVERAL}):
            for place in range(len(quotes(shop, pays, **goods).quotes)):
                found = quotes(shop, pays, **goods, reference=f"r{tried}")
                if place >= len(found.quotes):
                    break
                quoted, prices = found.quotes[place], prices_of(shop)
                before = {code: wealth(shop, BUYER, code) for code in ("KWD", "USD", "CNY")}
                receipt = accept(shop, place, found)
                assert receipt.code == 0
                after = {code: wealth(shop, BUYER, code) for code in before}
                assert {code: before[code] - after[code] for code in before if before[code] != after[code]} == {
                    pays: quoted.total
                }
                exact = unrounded(receipt, quoted, found.units, prices)
                assert quoted.rounding == quoted.payment - floor(exact)
                assert beyond(quoted) == spread_to(dinar, found, quoted, exact)
                tried += 1
                assert [each.total for each in found.quotes] == sorted(each.total for each in found.quotes)
    assert tried


def prices_of(shop: Ledger) -> dict[bytes, Any]:
    """What stands on the ledger: each offer's price, each card's tiers."""
    offers = {name: Fraction(each.price.digits, 10**each.price.places) for name, each in OFFERS.items(shop.state)}
    return offers | {name: each.rates.tiers for name, each in CARDS.items(shop.state)}


def unrounded(receipt: Receipt, quoted: Quoted, units: int, prices: dict[bytes, Any]) -> Fraction:
    """What it would have cost with fractions of a cent: by what was done, and at the prices that stood there."""
    cost = Fraction(units)
    for step in quoted.steps:
        of_step = Fraction()
        for fact in receipt.events:
            if isinstance(fact, LimitOfferFilled) and {fact.base, fact.quote} == {step.takes, step.gives}:
                price = prices[fact.offer]
                of_step += fact.base_units * price if fact.base == step.gives else fact.quote_units / price
            if isinstance(fact, Converted | RateLocked) and fact.card == step.card:
                tier = [each for each in prices[fact.card] if fact.units >= each.units][-1]
                of_step += Fraction(fact.units * tier.rate.taken, tier.rate.given)
        assert of_step <= step.payment < of_step + max(step.roundings, 1)
        assert step.rounding == step.payment - floor(of_step)
        cost *= of_step / step.units
    return cost


def beyond(quoted: Quoted) -> tuple[int | None, int | None]:
    """What a quote says of the reference."""
    return quoted.spread, quoted.spread_points


def spread_to(dinar: Fraction, found: Quotes, quoted: Quoted, exact: Fraction) -> tuple[int | None, int | None]:
    """How far an exact cost is from what it would be with a dinar at its reference; only dollars have one, too."""
    monies = quoted.takes.currency, found.asset.currency
    if set(monies) != {"KWD", "USD"}:
        assert found.reference is None or found.reference.rate is None
        return None, None
    fair = found.units / dinar if monies[0] == "KWD" else found.units * dinar
    assert found.reference is not None
    assert found.reference.payment == floor(fair)
    spread = quoted.payment - quoted.rounding - floor(fair)
    return spread, min(ceil((exact / fair - 1) * 10_000), POINTS_MAX)


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
