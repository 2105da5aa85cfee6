"""Where orders stand in the calendar: where they were entered until that moment comes, never after their deadline."""

from __future__ import annotations

import pytest

from sogdia.kernel import calendar
from sogdia.kernel.calendar import DUE_PAGES
from sogdia.kernel.receipt import exit_id
from sogdia.modules.market.orders import AcceptOrder, ConfirmDelivery, ShipOrder
from sogdia.modules.market.records import ORDERS, OrderState
from sogdia.testing.ledger import Ledger
from tests.modules.market.shop import BUYER, DAY, MERCHANT, bring, open_order, open_shop, place, state_of


@pytest.fixture
def ledger() -> Ledger:
    return open_shop(Ledger())


def places(ledger: Ledger) -> dict[bytes, int]:
    """Every object in the calendar, with the moment under which it stands there."""
    pages = DUE_PAGES.items(ledger.state)
    return {due: int.from_bytes(slot[:4], "big") for slot, page in pages for due in page.objects}


def place_of(ledger: Ledger, name: bytes) -> int:
    """Where an order stands, which is what its record says."""
    found = places(ledger)[ORDERS.full_key(name)]
    assert found == open_order(ledger, name).due
    return found


def test_an_order_that_moves_on_stays_where_it_stands(ledger):
    name = place(ledger)
    entered = open_order(ledger, name).deadline

    for who, step in ((MERCHANT, AcceptOrder(order=name)), (MERCHANT, ShipOrder(order=name))):
        ledger.must(who, step)
        assert not [key for key, (table, _record) in ledger.last_block.state.changes.items() if table is DUE_PAGES]

    assert open_order(ledger, name).deadline > entered
    assert place_of(ledger, name) == entered


def test_an_order_that_comes_up_moves_to_its_deadline_and_nothing_else_happens_to_it(ledger):
    name = bring(ledger, OrderState.SHIPPED)
    before = open_order(ledger, name)

    assert ledger.wait(before.due - ledger.time) == []
    assert place_of(ledger, name) == before.due
    assert ledger.wait(1) == []

    after = open_order(ledger, name)
    assert place_of(ledger, name) == before.deadline
    assert (after.state, after.deadline, after.history) == (before.state, before.deadline, before.history)
    assert ledger.last_block.steps == []


def test_an_order_that_is_due_sooner_than_it_stands_moves_to_the_front(ledger):
    name = bring(ledger, OrderState.SHIPPED)
    ledger.wait(3 * DAY)
    assert place_of(ledger, name) > ledger.time + 30 * DAY

    ledger.must(BUYER, ConfirmDelivery(order=name))

    assert place_of(ledger, name) == open_order(ledger, name).deadline == ledger.time + 14 * DAY


def test_an_exit_goes_by_the_deadline_and_not_by_the_place(ledger):
    name = bring(ledger, OrderState.ACCEPTED)
    deadline = open_order(ledger, name).deadline
    assert place_of(ledger, name) < deadline

    ledger.wait(30 * DAY)

    assert [result.id for result in ledger.last_block.exits] == [exit_id(ORDERS.full_key(name), deadline)]
    assert state_of(ledger, name) is None
    assert calendar.earliest(ledger.state) is None


def test_exits_are_in_the_order_of_deadlines_whatever_the_places(ledger):
    early = place(ledger, reference="o1")
    ledger.must(MERCHANT, AcceptOrder(order=early))
    ledger.wait(DAY)
    late = place(ledger, reference="o2")
    assert place_of(ledger, early) < place_of(ledger, late)
    assert open_order(ledger, early).deadline > open_order(ledger, late).deadline
    deadlines = [(ORDERS.full_key(name), open_order(ledger, name).deadline) for name in (late, early)]

    ledger.wait(30 * DAY)

    assert [result.id for result in ledger.last_block.exits] == [exit_id(*each) for each in deadlines]


def test_coming_up_is_bounded_work_like_exits():
    ledger = open_shop(Ledger(limits={"exit_writes_max": 1}))
    names = [place(ledger, reference=f"o{number}") for number in range(5)]
    for name in names:
        ledger.must(MERCHANT, AcceptOrder(order=name))
    last = max(open_order(ledger, name).due for name in names)

    left = []
    for _block in range(6):
        ledger.block(at=last + 1)
        left.append(sum(open_order(ledger, name).due <= last for name in names))

    assert left == [4, 3, 2, 1, 0, 0]
    assert {place_of(ledger, name) for name in names} == {open_order(ledger, name).deadline for name in names}
