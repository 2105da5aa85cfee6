"""Movements: added up from the first block on they are the ledger's balances, whatever is done."""

from __future__ import annotations

from random import Random

import pytest

from sogdia.client.declared import events
from sogdia.kernel.envelope import OPERATIONS_MAX
from sogdia.modules.book.crossing import CROSSINGS_MAX
from sogdia.modules.book.events import LimitOfferFilled
from sogdia.modules.book.records import Side
from sogdia.modules.exchange.events import LockUndone, MoneySwapped
from sogdia.modules.market.events import LinesRefunded, OrderClosed
from sogdia.modules.market.orders import AcceptOrder, CancelOrder, ConfirmDelivery, ShipOrder
from sogdia.modules.market.returns import ApproveReturn, RequestReturn
from sogdia.modules.money.events import HoldEnded
from sogdia.rails.books import FACTS_MAX
from sogdia.rails.movements import MOVES, MOVES_NOTHING, WITHOUT_MONEY, Fold, UnknownFactError
from tests.modules.book.stand import offer, open_stand
from tests.modules.exchange.bureau import open_bureau
from tests.modules.market.at_a_rate import at_rate
from tests.modules.market.shop import open_shop, order_name, quantities
from tests.network.random_life import RandomLife
from tests.properties import random_trade
from tests.rails.watched import WatchedLedger

STEPS = 400


def watched(life: RandomLife) -> WatchedLedger:
    """The walk's ledger, whose blocks are read."""
    assert isinstance(life.ledger, WatchedLedger)
    return life.ledger


def agree(life: RandomLife, steps: int) -> None:
    """Walk, and look after every step that the books give what the ledger has."""
    for _ in range(steps):
        life.step()
        watched(life).agrees()


@pytest.mark.parametrize("walk", range(3))
def test_whatever_happens_movements_add_up_to_the_balances(walk, rotation, monkeypatch):
    monkeypatch.setattr(random_trade, "Ledger", WatchedLedger)
    life = RandomLife(Random(f"{rotation} {walk}").randrange(2**32))

    agree(life, STEPS)

    assert any(each.legs for each in watched(life).told)


def test_every_fact_is_known_to_move_money_or_not():
    unknown = [
        name
        for name, fact in events().items()
        if fact not in MOVES and fact not in MOVES_NOTHING and not fact.__module__.startswith(WITHOUT_MONEY)
    ]

    assert unknown == [], "enter them in rails/movements.py"


def test_a_fact_that_is_not_known_stops_the_books():
    class Novelty(HoldEnded, tag=399):
        """A fact of a later release."""

    Novelty.__module__ = "sogdia.modules.money.events"
    with pytest.raises(UnknownFactError, match="Novelty"):
        Fold().take(Novelty(hold=b"a" * 21, captured=1, returned=0))


@pytest.mark.parametrize("forgotten", [MoneySwapped, LinesRefunded, OrderClosed, HoldEnded])
def test_a_movement_that_is_left_out_is_seen(forgotten, monkeypatch):
    """Break it on purpose: without one of its lines the list does not add up any more."""
    monkeypatch.setattr(random_trade, "Ledger", WatchedLedger)
    monkeypatch.setitem(MOVES, forgotten, lambda _fold, _fact: iter(()))
    life = RandomLife(8)

    with pytest.raises(AssertionError):
        agree(life, 20 * STEPS)


@pytest.fixture
def bureau():
    """A dealer and a shop on a ledger whose blocks are read."""
    return open_shop(open_bureau(WatchedLedger()))


def test_what_goes_back_before_the_goods_leave_is_told_once_and_in_the_money_that_was_paid(bureau):
    name = order_name(bureau)
    bureau.must("nairobi", at_rate(bureau))

    bureau.must("bukhara", AcceptOrder(order=name, declined=(1,)))

    bureau.agrees()
    moved = [each for leg in bureau.told[-3].legs + bureau.told[-2].legs for each in leg.movements]
    assert {(each.account, each.asset.currency) for each in moved} == {
        (bureau.account("nairobi"), "KWD"),
        (bureau.account("dealer"), "USD"),
    }


def test_what_goes_back_after_the_goods_have_left_is_in_the_merchants_money(bureau):
    name = order_name(bureau)
    bureau.must("nairobi", at_rate(bureau))
    bureau.must("bukhara", AcceptOrder(order=name))
    bureau.must("bukhara", ShipOrder(order=name))

    bureau.must("nairobi", ConfirmDelivery(order=name))
    bureau.must("nairobi", RequestReturn(order=name, lines=quantities((1, 1))))
    bureau.must("bukhara", ApproveReturn(order=name))

    bureau.agrees()
    ((refund,),) = (leg.movements for leg in bureau.told[-1].legs)
    assert (refund.account, refund.asset.currency, refund.booked) == (bureau.account("nairobi"), "USD", 0)


def test_a_buyer_who_takes_an_order_back_pays_for_the_time_and_that_is_told(bureau):
    name = order_name(bureau)
    bureau.must("nairobi", at_rate(bureau))

    bureau.must("nairobi", CancelOrder(order=name), at=bureau.time + 60)

    bureau.agrees()
    undone = next(each for each in bureau.told if isinstance(each.fact, LockUndone))
    paid = [leg.movements for leg in undone.legs if len(leg.movements) > 1]
    assert [(payer.booked, payee.booked) for payer, payee in paid] == [(-undone.fact.owed, undone.fact.owed)]
    assert undone.fact.owed > 0


def test_an_envelope_that_takes_all_the_offers_it_may_is_told_and_every_payment_has_its_uetr():
    ledger = WatchedLedger()
    open_stand(ledger)
    ledger.check_invariants = False
    for _round in range(CROSSINGS_MAX):
        ledger.must("bukhara", *(offer(ledger, Side.SELL, 1_000, "3") for _each in range(OPERATIONS_MAX)))
    before = len(ledger.told)

    ledger.must(
        "nairobi",
        *(offer(ledger, Side.BUY, CROSSINGS_MAX * 1_000, "3") for _each in range(OPERATIONS_MAX)),
    )

    ledger.agrees()
    taken = ledger.told[before:]
    assert sum(isinstance(each.fact, LimitOfferFilled) for each in taken) == OPERATIONS_MAX * CROSSINGS_MAX
    assert taken[-1].position.number < FACTS_MAX // 2
    uetrs = [leg.uetr for each in taken for leg in each.legs]
    assert len(set(uetrs)) == len(uetrs)
