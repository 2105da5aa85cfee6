"""Bonds and covers: what stands for an order at a rate, and what not shipping costs."""

from __future__ import annotations

import pytest
from msgspec import structs

from sogdia.kernel.exact import share
from sogdia.kernel.refusal import Broken
from sogdia.kernel.values import name_of
from sogdia.modules.exchange.bonds import WithdrawBond
from sogdia.modules.exchange.events import SwapEnded
from sogdia.modules.exchange.records import BONDS, SWAPPED
from sogdia.modules.exchange.refusals import ExchangeRefusal as Exchange
from sogdia.modules.market.orders import (
    AcceptOrder,
    CancelOrder,
    DeclineOrder,
    SettleOrder,
    ShipOrder,
)
from sogdia.modules.market.quotes import QuotesQuery
from sogdia.modules.money import asset_key
from tests.modules.exchange.bureau import (
    DEALER,
    card_name,
    digest,
    money_of,
    posting,
    rate_terms,
)
from tests.modules.market.at_a_rate import PAYMENT, PREMIUM, TOTAL, at_rate
from tests.modules.market.backed import (
    BOND,
    COVER,
    COVER_POINTS,
    TERMS,
    WHOLE,
    backed_shop,
    bond_of,
    changed,
    delivered,
    owned,
    placed,
    swapped_of,
)
from tests.modules.market.shop import (
    BUYER,
    DAY,
    MERCHANT,
    PAID,
    events_of,
    held,
    order_name,
    stored,
)
from tests.refused import poke


@pytest.fixture
def ledger():
    """A shop with a bond, and a bureau that asks for one and sells covers."""
    return backed_shop()


# ------------------------------------------------------------------------------------------------- placing and shipping


def test_placing_binds_the_bond_and_pays_for_the_cover(ledger):
    before = owned(ledger, BUYER)

    name = placed(ledger)

    assert owned(ledger, BUYER) == before
    assert money_of(ledger, BUYER)[1] == WHOLE
    assert bond_of(ledger) == structs.replace(bond_of(ledger), free=1_000 - BOND, bound=BOND)
    ledger.must(MERCHANT, AcceptOrder(order=name))
    ledger.must(MERCHANT, ShipOrder(order=name))
    assert money_of(ledger, DEALER)[:2] == (WHOLE - COVER, COVER)
    assert swapped_of(ledger, name).paid == WHOLE


def test_an_order_that_is_settled_frees_bond_and_cover(ledger):
    before = stored(ledger)
    name = delivered(ledger)

    receipt = ledger.must(BUYER, SettleOrder(order=name))

    assert money_of(ledger, DEALER)[:2] == (WHOLE, 0)
    assert (bond_of(ledger).free, bond_of(ledger).bound) == (1_000, 0)
    assert held(ledger, MERCHANT) == 1_000
    (told,) = [each for each in receipt.events if isinstance(each, SwapEnded)]
    assert (told.bond, told.cover) == (BOND, COVER)
    assert SWAPPED.find(ledger.state, name) is None
    assert stored(ledger) == before + 500


def test_an_order_without_a_cover_leaves_none_aside(ledger):
    ledger.must(BUYER, at_rate(ledger))
    name = order_name(ledger)
    ledger.must(MERCHANT, AcceptOrder(order=name))

    ledger.must(MERCHANT, ShipOrder(order=name))

    assert money_of(ledger, DEALER)[:2] == (TOTAL, 0)


def test_declined_lines_make_the_cover_smaller(ledger):
    name = placed(ledger)
    ledger.must(MERCHANT, AcceptOrder(order=name, declined=(2,)))

    ledger.must(MERCHANT, ShipOrder(order=name))

    payment = PAYMENT - share(PAYMENT, 966, PAID)
    assert swapped_of(ledger, name).cover == share(payment, COVER_POINTS, 10_000)


# -------------------------------------------------------------------------------------------- the merchant who does not


WITHIN_A_DAY, LONGER = -(-15 * PAID // PAYMENT), -(-PREMIUM * PAID // PAYMENT)
"""What keeping the rate costs in cents, at the rate that was kept: 15 fils for a day, then the whole premium."""


@pytest.mark.parametrize(
    ("end", "owed"),
    [
        (lambda it, name: it.must(MERCHANT, DeclineOrder(order=name)), 5),
        (
            lambda it, name: (it.must(MERCHANT, AcceptOrder(order=name)), it.must(MERCHANT, DeclineOrder(order=name))),
            5,
        ),
        (lambda it, _name: it.wait(2 * DAY + 1), 37),
    ],
    ids=["declined", "accepted-and-declined", "not-accepted"],
)
def test_who_does_not_ship_pays_for_the_time_out_of_its_bond(ledger, end, owed):
    buyer, dealer = owned(ledger, BUYER), owned(ledger, DEALER)
    name = placed(ledger)

    end(ledger, name)

    assert changed(ledger, BUYER, buyer) == (0, 0)
    assert changed(ledger, DEALER, dealer) == (0, owed)
    assert bond_of(ledger) == structs.replace(bond_of(ledger), free=1_000 - owed, bound=0)
    assert owed in (WITHIN_A_DAY, LONGER)


def test_a_buyer_who_takes_it_back_pays_itself_and_gets_the_covers_premium_back(ledger):
    buyer, merchant = owned(ledger, BUYER), owned(ledger, MERCHANT)
    name = placed(ledger)

    ledger.must(BUYER, CancelOrder(order=name))

    assert changed(ledger, BUYER, buyer) == (-15, 0)
    assert changed(ledger, MERCHANT, merchant) == (0, 0)
    assert bond_of(ledger).free == 1_000


def test_a_merchant_never_owes_more_than_its_bond(ledger):
    dear = rate_terms(
        ledger, **TERMS, premiums=(structs.replace(rate_terms(ledger).premiums[0], points=10_000, seconds=10 * DAY),)
    )
    ledger.must(DEALER, posting(ledger, "dear", rates=dear))
    asked = at_rate(ledger, card=card_name(ledger, "dear"), digest=digest(ledger, "dear"), pay_at_most=10**6)
    ledger.must(BUYER, asked)

    ledger.must(MERCHANT, DeclineOrder(order=order_name(ledger)))

    assert (bond_of(ledger).free, bond_of(ledger).bound) == (1_000 - BOND, 0)


# -------------------------------------------------------------------------------------------------- bonds by themselves


def test_a_bond_is_withdrawn_but_for_what_is_bound(ledger):
    placed(ledger)
    money = ledger.asset()

    receipt = ledger.must(MERCHANT, WithdrawBond(asset=money, units=1_000 - BOND))

    assert events_of(receipt) == ["BondWithdrawn"]
    assert (bond_of(ledger).free, bond_of(ledger).bound) == (0, BOND)


def test_a_bond_that_is_withdrawn_whole_leaves_nothing_behind(ledger):
    before = stored(ledger)

    ledger.must(MERCHANT, WithdrawBond(asset=ledger.asset(), units=1_000))

    assert BONDS.find(ledger.state, (ledger.account(MERCHANT), ledger.asset())) is None
    assert (held(ledger, MERCHANT), stored(ledger)) == (0, before - 250)


def test_a_quote_knows_bond_and_cover_and_nothing_of_what_a_bond_has_left(ledger):
    asked = QuotesQuery(
        pays=asset_key(ledger.asset("KWD")),
        listing=name_of(ledger.account(MERCHANT), "silk"),
        variant=1,
        quantity=1,
        cover=COVER_POINTS,
        payer=ledger.account(BUYER),
        at=ledger.time,
    )

    found = asked.answer(ledger.state)

    assert found is not None
    (kept,) = [each for each in found.quotes if each.digest is not None]
    assert kept.total == kept.payment + kept.premium + kept.cover_premium
    assert kept.cover_premium > 0
    before = owned(ledger, BUYER)
    ledger.must(BUYER, kept.accept[0].fields)
    assert money_of(ledger, BUYER)[1] == kept.total
    assert owned(ledger, BUYER) == before
    ledger.must(MERCHANT, WithdrawBond(asset=ledger.asset(), units=bond_of(ledger).free))
    again = structs.replace(asked, reference="o2", at=ledger.time).answer(ledger.state)
    assert again is not None
    (blind,) = [each for each in again.quotes if each.digest is not None]
    assert blind.total == kept.total
    assert ledger.send(BUYER, blind.accept[0].fields).code == Exchange.BOND_SPENT


# ----------------------------------------------------------------------------------------------------------- invariants


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"back": PAID + 1}, "more of an order went back"),
        ({"back": 1}, "another amount went back"),
        ({"units": PAID + 1}, "another amount went back"),
        ({"cover_used": COVER + 1}, "more of a cover was used"),
        ({"cover_used": 1}, "does not match what is set aside"),
        ({"bond_used": BOND + 1}, "more of a bond was used"),
        ({"bond_used": 1}, "bound to other orders"),
    ],
)
def test_a_swap_that_says_something_else_is_noticed(ledger, change, what):
    name = delivered(ledger)
    poke(ledger, SWAPPED, name, structs.replace(swapped_of(ledger, name), **change))

    with pytest.raises(Broken, match=what):
        ledger.machine.check_invariants(ledger.state)


def test_a_swap_of_other_money_is_noticed(ledger):
    name = delivered(ledger)
    poke(ledger, SWAPPED, name, structs.replace(swapped_of(ledger, name), gives=ledger.asset("KWD")))

    with pytest.raises(Broken):
        ledger.machine.check_invariants(ledger.state)


def test_a_swap_without_its_order_is_noticed(ledger):
    name = delivered(ledger)
    poke(ledger, SWAPPED, name + b"x", structs.replace(swapped_of(ledger, name), bond=0, cover=0))

    with pytest.raises(Broken, match="not on its way"):
        ledger.machine.check_invariants(ledger.state)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"bound": BOND + 1, "free": 1_000 - BOND - 1}, "bound to other orders"),
        ({"free": 0}, "does not match what is set aside"),
        ({"bound": 0, "free": 0}, "of which nothing is left"),
    ],
)
def test_a_bond_that_says_something_else_is_noticed(ledger, change, what):
    placed(ledger)
    poke(ledger, BONDS, (ledger.account(MERCHANT), ledger.asset()), structs.replace(bond_of(ledger), **change))

    with pytest.raises(Broken, match=what):
        ledger.machine.check_invariants(ledger.state)


def test_a_bond_that_is_not_there_is_noticed(ledger):
    placed(ledger)
    known = bond_of(ledger)
    poke(ledger, BONDS, (ledger.account("carrier"), ledger.asset()), known)

    with pytest.raises(Broken):
        ledger.machine.check_invariants(ledger.state)
