"""Conversions: payment against payment, to the unit, for as long as there is anything left."""

from __future__ import annotations

import pytest

from sogdia.modules.exchange.events import Converted
from sogdia.modules.exchange.queries import LockQuery, QuoteQuery, RateCardQuery, RateCardsQuery
from sogdia.modules.exchange.records import Rate, Tier
from sogdia.modules.exchange.refusals import ExchangeRefusal as Refuse
from sogdia.modules.money import asset_key
from sogdia.modules.money.currencies import FreezeHolder
from tests.modules.exchange.bureau import (
    CAPACITY,
    CUSTOMER,
    CUSTOMERS_DINARS,
    DAY,
    DEALER,
    DEALERS_DOLLARS,
    card,
    card_name,
    convert,
    digest,
    money_of,
    posting,
    quote,
    rate_terms,
)


def test_both_are_paid_in_one_step(ledger):
    receipt = ledger.must(CUSTOMER, convert(ledger, 1_001))

    assert money_of(ledger, CUSTOMER) == (CUSTOMERS_DINARS - 3_081, 0, 1_001, 0)
    assert money_of(ledger, DEALER) == (3_081, 0, DEALERS_DOLLARS - CAPACITY, CAPACITY - 1_001)
    assert receipt.events == (
        Converted(
            card=card_name(ledger),
            account=ledger.account(CUSTOMER),
            takes=ledger.asset("KWD"),
            payment=3_081,
            gives=ledger.asset("USD"),
            units=1_001,
        ),
    )


def test_a_larger_amount_has_the_better_rate(ledger):
    ledger.must(CUSTOMER, convert(ledger, 500_000))

    assert money_of(ledger, CUSTOMER)[0] == CUSTOMERS_DINARS - 1_535_000


def test_acceptances_are_filled_in_their_order_until_nothing_is_left(ledger):
    asked = [convert(ledger, units) for units in (600_000, 399_950, 400_000, 100)]

    answers = ledger.block(*(ledger.sign(CUSTOMER, each) for each in asked))

    assert [each.code for each in answers] == [0, 0, Refuse.CAPACITY_SPENT, Refuse.CAPACITY_SPENT]
    assert card(ledger).left == 50


@pytest.mark.parametrize(("later", "code"), [(600, 0), (601, Refuse.CARD_EXPIRED)])
def test_terms_hold_through_their_last_second(ledger, later, code):
    assert ledger.send(CUSTOMER, convert(ledger, 100), at=ledger.time + later).code == code


@pytest.mark.parametrize(("at_most", "code"), [(3_081, 0), (3_080, Refuse.PAYMENT_ABOVE_MAXIMUM)])
def test_nobody_pays_more_than_it_said(ledger, at_most, code):
    assert ledger.send(CUSTOMER, convert(ledger, 1_001, at_most)).code == code


def test_a_dealer_whose_money_is_frozen_keeps_what_it_has_promised(ledger):
    ledger.must("bank", FreezeHolder(currency="USD", account=ledger.account(DEALER), reason="court order"))

    ledger.must(CUSTOMER, convert(ledger, 1_000))

    assert money_of(ledger, CUSTOMER)[2] == 1_000


# ----------------------------------------------------------------------------------------------------------- questions


@pytest.mark.parametrize("units", [100, 1_001, 499_999, 500_000, 800_000])
def test_a_quote_is_what_is_paid(ledger, units):
    shown = quote(ledger, units=units)

    ledger.must(CUSTOMER, convert(ledger, units, shown.payment, digest=shown.digest))

    assert money_of(ledger, CUSTOMER)[0] == CUSTOMERS_DINARS - shown.payment


def test_a_quote_for_a_payment_gives_what_it_suffices_for(ledger):
    shown = quote(ledger, payment=3_081)

    assert (shown.units, shown.payment) == (1_001, 3_081)


@pytest.mark.parametrize(("seconds", "premium"), [(None, 0), (1, 2), (DAY, 2), (DAY + 1, 13), (10 * DAY, 13)])
def test_a_quote_for_an_order_has_the_premium(ledger, seconds, premium):
    assert quote(ledger, units=1_001, seconds=seconds).premium == premium


@pytest.mark.parametrize(
    "asked", [{"units": 99}, {"units": 800_001}, {"payment": 1}, {}, {"units": 100, "seconds": 10 * DAY + 1}]
)
def test_what_a_card_does_not_exchange_has_no_quote(ledger, asked):
    assert QuoteQuery(card=card_name(ledger), **asked).answer(ledger.state) is None


def test_a_quote_that_rounding_would_make_dear_is_none(ledger):
    ledger.must(DEALER, posting(ledger, "dong", rates=rate_terms(ledger, tiers=(Tier(1, Rate(25, 967)),))))

    assert QuoteQuery(card=card_name(ledger, "dong"), units=1).answer(ledger.state) is None


def test_what_is_not_there_is_nothing(ledger):
    name = card_name(ledger, "gone")

    assert QuoteQuery(card=name, units=1).answer(ledger.state) is None
    assert RateCardQuery(name=name).answer(ledger.state) is None
    assert LockQuery(name=name).answer(ledger.state) is None


def test_cards_are_found_by_their_monies_page_by_page(ledger):
    dinars, dollars = ledger.asset("KWD"), ledger.asset("USD")
    for reference in ("b", "a"):
        ledger.must(DEALER, posting(ledger, reference, capacity=1_000))

    first = RateCardsQuery(takes=asset_key(dinars), gives=asset_key(dollars), limit=2).answer(ledger.state)
    rest = RateCardsQuery(takes=asset_key(dinars), gives=asset_key(dollars), after=first[-1].name).answer(ledger.state)

    names = [each.name for each in (*first, *rest)]
    assert names == [card_name(ledger, reference) for reference in ("a", "b", "usd")]
    assert RateCardQuery(name=names[2]).answer(ledger.state) == rest[0]
    assert rest[0].digest == digest(ledger)
    assert RateCardsQuery(takes=asset_key(dollars), gives=asset_key(dinars)).answer(ledger.state) == []
