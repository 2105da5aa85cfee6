"""Which refunds wait for somebody who exchanges them, and which go back as they are."""

from __future__ import annotations

from typing import Any

import pytest

from sogdia.modules.exchange.records import Rate, Tier
from sogdia.modules.market.causes import Cause
from sogdia.modules.market.orders import AcceptOrder, ConfirmDelivery, OrderLine, ShipOrder
from sogdia.modules.market.records import Offer, OrderState
from sogdia.modules.market.returns import (
    RefundLines,
)
from sogdia.modules.money.currencies import SetCaps
from tests.modules.exchange.bureau import DEALER, card_name, digest, posting, rate_terms
from tests.modules.market.at_a_rate import at_rate
from tests.modules.market.backed import (
    ALL,
    AS_IT_WAS,
    FALLEN_FAR,
    FALLEN_FURTHER,
    WHOLE,
    Changes,
    backed_shop,
    changed,
    delivered,
    owned,
    placed,
    sells_back,
    sent_back,
)
from tests.modules.market.shop import (
    BUYER,
    MERCHANT,
    PAID,
    bring,
    open_order,
    order,
    order_name,
    quantities,
    sell,
    state_of,
    terms,
)
from tests.modules.market.waits import told, try_again, waiting


@pytest.fixture
def ledger():
    """A shop with a bond, and a bureau that asks for one and sells covers; nobody sells dinars."""
    return backed_shop()


def test_a_buyer_who_changed_its_mind_waits_for_nobody(ledger):
    name = delivered(ledger)
    before = owned(ledger, BUYER)

    sent_back(ledger, name, *ALL, cause=Cause.REMORSE)

    assert state_of(ledger, name) == OrderState.DELIVERED
    assert changed(ledger, BUYER, before) == (0, 0)
    assert open_order(ledger, name).refunded.total() == PAID


def test_an_order_in_one_money_waits_for_nobody(ledger):
    name = bring(ledger, OrderState.DELIVERED)

    sent_back(ledger, name, *ALL)

    assert (state_of(ledger, name), open_order(ledger, name).refunded.total()) == (OrderState.DELIVERED, PAID)


def test_what_has_nothing_behind_it_waits_for_nobody(ledger):
    """No bond stands for what the carrier lost, and this buyer has bought no cover."""
    name = delivered(ledger, cover=0)
    before = owned(ledger, BUYER)

    sent_back(ledger, name, *ALL, cause=Cause.CARRIER)

    assert state_of(ledger, name) == OrderState.DELIVERED
    assert changed(ledger, BUYER, before) == (0, 0)


def test_what_is_nothing_in_the_buyers_money_waits_for_nobody(ledger):
    """A hundred cents cost a fils here, so nothing is owed for the first twenty; a cent of the bond stands for them."""
    many = rate_terms(ledger, tiers=(Tier(1, Rate(1, 100)),), covers=(), bond=0)
    ledger.must(DEALER, posting(ledger, "many", capacity=20_000, rates=many))
    ledger.must(MERCHANT, terms(ledger, "plain", carrier=None, freight_per_order=0, tax_collector=None, bond=500))
    for reference, price in (("rug", 8_990), ("bead", 1)):
        sell(ledger, reference, Offer(price=price), of_terms="plain")
    lines = [OrderLine("rug", 1, 1), OrderLine("bead", 1, 30)]
    card = {"card": card_name(ledger, "many"), "digest": digest(ledger, "many")}
    ledger.must(BUYER, at_rate(ledger, order(ledger, lines), **card))
    name = order_name(ledger)
    for who, step in ((MERCHANT, AcceptOrder), (MERCHANT, ShipOrder), (BUYER, ConfirmDelivery)):
        ledger.must(who, step(order=name))

    sent_back(ledger, name, (2, 20))
    assert state_of(ledger, name) == OrderState.DELIVERED
    sent_back(ledger, name, (1, 1))
    assert state_of(ledger, name) == OrderState.REFUNDING


def test_what_goes_back_before_the_goods_leave_waits_for_nobody(ledger):
    name = placed(ledger)
    ledger.must(MERCHANT, AcceptOrder(order=name))

    ledger.must(MERCHANT, RefundLines(order=name, lines=quantities(*ALL), return_cause=Cause.CARRIER))

    assert open_order(ledger, name).refunded.total() == PAID


CARDS: dict[str, dict[str, Any]] = {
    "too-small": {"most": WHOLE - 1},
    "spent": {"capacity": WHOLE - 1},
    "only-large": {"tiers": (Tier(WHOLE + 1, AS_IT_WAS),)},
}


@pytest.mark.parametrize("cards", [*([each] for each in CARDS), [*CARDS]], ids="-and-".join)
def test_a_card_that_does_not_exchange_so_much_or_so_little_is_none(ledger, cards):
    """Else a merchant's friend could end the wait, and spare the bond, with a card that is no use to the buyer."""
    name = delivered(ledger)
    for each in cards:
        sells_back(ledger, reference=each, **CARDS[each])

    sent_back(ledger, name, *ALL)

    assert state_of(ledger, name) == OrderState.REFUNDING


@pytest.mark.parametrize("rate", [FALLEN_FAR, Rate(1_000, 1)], ids=["fallen-far", "out-of-all-reason"])
def test_a_card_that_does_not_reach_ends_no_wait(ledger, rate):
    """Else a buyer's friend could name a rate that nobody pays, and bond and cover were the buyer's."""
    name = waiting(ledger)
    before = {who: owned(ledger, who) for who in (BUYER, MERCHANT, DEALER)}

    assert told(try_again(ledger, name, rate=rate)) == []

    assert state_of(ledger, name) == OrderState.REFUNDING
    assert {who: changed(ledger, who, before[who]) for who in before} == dict.fromkeys(before, Changes(0, 0))
    (only,) = told(try_again(ledger, name, rate=FALLEN_FURTHER, reference="fair"))
    assert only.exchanged + only.from_cover == WHOLE


def test_a_card_that_has_been_emptied_is_waited_for(ledger):
    """Whoever would have it that nobody exchanges has to keep it so at every try."""
    name = delivered(ledger)
    sells_back(ledger, capacity=WHOLE - 1)
    before = owned(ledger, BUYER)
    sent_back(ledger, name, *ALL)

    try_again(ledger, name, reference="fresh")

    assert changed(ledger, BUYER, before).dinars == WHOLE


def test_a_provider_who_may_not_be_paid_is_nobody(ledger):
    name = delivered(ledger)
    sells_back(ledger)
    ledger.must("bank", SetCaps(currency="USD", supply_max=10**15, holder_max=1))

    sent_back(ledger, name, *ALL)

    assert state_of(ledger, name) == OrderState.REFUNDING
