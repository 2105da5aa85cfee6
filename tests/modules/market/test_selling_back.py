"""By which card a refund is exchanged, and that nobody who is gone holds it up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sogdia.kernel.exact import share
from sogdia.kernel.values import name_of
from sogdia.modules.exchange.cards import CloseCard
from sogdia.modules.exchange.records import CARDS, Tier
from sogdia.modules.identity.parties import SuspendParty
from sogdia.modules.market.causes import Cause
from sogdia.modules.market.orders import (
    AcceptOrder,
    ConfirmDelivery,
    SettleOrder,
    ShipOrder,
)
from sogdia.modules.market.records import OrderState
from sogdia.modules.money.currencies import FreezeHolder, SetCaps
from tests.modules.exchange.bureau import (
    DEALER,
    money_of,
)
from tests.modules.market.backed import (
    ALL,
    AS_IT_WAS,
    BACK,
    FALLEN,
    FALLEN_FURTHER,
    RISEN,
    WHOLE,
    backed_shop,
    bond_of,
    changed,
    delivered,
    owned,
    placed,
    refund,
    sells_back,
    sent_back,
)
from tests.modules.market.shop import (
    BUYER,
    DAY,
    MERCHANT,
    PAID,
    open_order,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from sogdia.testing.ledger import Ledger


@pytest.fixture
def ledger():
    """A shop with a bond, and a bureau that asks for one and sells covers."""
    return backed_shop()


# ----------------------------------------------------------------------------------------------------------- which card


def worse(ledger: Ledger, reference: str, **changes: Any) -> None:  # noqa: ANN401 - any field of the terms
    """A card that would be the cheapest, but for one thing."""
    sells_back(ledger, RISEN, reference, **changes)


def close_it(ledger: Ledger) -> None:
    """A card that its provider has closed."""
    worse(ledger, "closed")
    ledger.must(BACK, CloseCard(card="closed"))


def end_it(ledger: Ledger) -> None:
    """A card whose terms have ended."""
    worse(ledger, "short", valid_until=ledger.time + 2)
    ledger.wait(3)


UNUSABLE: dict[str, Callable[[Ledger], None]] = {
    "closed": close_it,
    "too little left": lambda it: worse(it, "little", capacity=WHOLE - 1),
    "too little at once": lambda it: worse(it, "small", most=WHOLE - 1),
    "too much at least": lambda it: worse(it, "large", tiers=(Tier(WHOLE + 1, RISEN),)),
    "ended": end_it,
}


@pytest.mark.parametrize("unusable", list(UNUSABLE))
def test_the_cheapest_card_that_can_be_used_is(ledger, unusable):
    name = delivered(ledger)
    sells_back(ledger, AS_IT_WAS, "plain")
    sells_back(ledger, FALLEN, "dear")
    UNUSABLE[unusable](ledger)
    before = owned(ledger, MERCHANT)

    refund(ledger, name, *ALL)

    assert changed(ledger, MERCHANT, before).dollars == PAID - -(-WHOLE * 1_000 // 3_077)


def test_of_two_cards_at_one_price_the_first_by_name_is_used(ledger):
    name = delivered(ledger)
    sells_back(ledger, AS_IT_WAS, "b")
    sells_back(ledger, AS_IT_WAS, "a")

    refund(ledger, name, *ALL)

    left = {each: CARDS.must(ledger.state, name_of(ledger.account(BACK), each)).left for each in ("a", "b")}
    assert left == {"a": 100_000 - WHOLE, "b": 100_000}


def cap_it(ledger: Ledger) -> None:
    """The issuer lets nobody have more than a unit."""
    ledger.must("bank", SetCaps(currency="KWD", supply_max=10**15, holder_max=1))


@pytest.mark.parametrize("cause", list(Cause))
@pytest.mark.parametrize("rate", [RISEN, AS_IT_WAS, FALLEN, FALLEN_FURTHER])
def test_no_cap_stands_between_a_buyer_and_its_own_money(rate, cause):
    """It had it before. So its issuer holds up no refund, and a purse that is full brings nobody anything."""
    ends = []
    for steps in ((), (cap_it,)):
        ledger = backed_shop()
        name = delivered(ledger)
        sells_back(ledger, rate)
        for step in steps:
            step(ledger)
        before = {who: owned(ledger, who) for who in (BUYER, MERCHANT, DEALER, BACK)}

        sent_back(ledger, name, *ALL, cause=cause)

        assert open_order(ledger, name).refunded.total() == PAID
        ends.append({who: changed(ledger, who, known) for who, known in before.items()})
    assert ends[0] == ends[1]


def test_the_provider_of_the_card_gets_its_price_and_gives_what_is_owed(ledger):
    name = delivered(ledger)
    sells_back(ledger)
    before = owned(ledger, BACK)

    refund(ledger, name, *ALL)

    assert changed(ledger, BACK, before) == (-WHOLE, -(-WHOLE * 1_000 // 3_077))


# ----------------------------------------------------------------------------------------------------- somebody is gone


@pytest.mark.parametrize("gone", [DEALER, BACK])
@pytest.mark.parametrize("state", [OrderState.PLACED, OrderState.ACCEPTED, OrderState.SHIPPED, OrderState.DELIVERED])
def test_nobody_who_is_gone_holds_up_an_order_or_a_refund(ledger, gone, state):
    """A provider is suspended at any stage: nothing needs a signature of its own."""
    name = placed(ledger)
    steps = [(MERCHANT, AcceptOrder), (MERCHANT, ShipOrder), ("carrier", ConfirmDelivery)]
    for who, step in steps[: state - 1]:
        ledger.must(who, step(order=name))
    sells_back(ledger)
    ledger.must("registrar", SuspendParty(account=ledger.account(gone), reason="Insolvent"))

    for who, step in steps[state - 1 :]:
        ledger.must(who, step(order=name))
    before = owned(ledger, BUYER)
    refund(ledger, name, (2, 2))
    ledger.must(BUYER, SettleOrder(order=name))

    assert changed(ledger, BUYER, before).dinars == share(WHOLE, 966, PAID)
    assert money_of(ledger, BUYER)[3] == 0


@pytest.mark.parametrize("state", [OrderState.PLACED, OrderState.ACCEPTED, OrderState.SHIPPED, OrderState.DELIVERED])
def test_no_issuer_holds_up_an_order_or_a_refund(ledger, state):
    """At any stage the issuer freezes everybody and lets nobody have more of its monies: all of it arrives.

    No card can be used, as its provider may have no more, either: bond and cover are the buyer's in the end.
    """
    name = placed(ledger)
    steps = [(MERCHANT, AcceptOrder), (MERCHANT, ShipOrder), ("carrier", ConfirmDelivery)]
    for who, step in steps[: state - 1]:
        ledger.must(who, step(order=name))
    sells_back(ledger)
    for currency in ("USD", "KWD"):
        ledger.must("bank", SetCaps(currency=currency, supply_max=10**15, holder_max=1))
        for who in (BUYER, MERCHANT, DEALER):
            ledger.must("bank", FreezeHolder(currency=currency, account=ledger.account(who), reason="Insolvent"))

    for who, step in steps[state - 1 :]:
        ledger.must(who, step(order=name))
    before = owned(ledger, MERCHANT).dollars
    sent_back(ledger, name, (2, 2))
    ledger.wait(15 * DAY)
    ledger.wait(15 * DAY)

    assert money_of(ledger, BUYER)[3] == 0
    assert owned(ledger, MERCHANT).dollars - before == 5_848 - 48
    assert bond_of(ledger).bound == 0
