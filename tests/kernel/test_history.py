"""The life of an object: folded from ids, receipts, heights and times, so that a list of steps can prove it.

The fold is computed here by separate code, from what a stranger has: envelopes' ids, receipts, heights and times.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from sogdia.kernel.receipt import result_leaf
from sogdia.modules.market.orders import AcceptOrder, CancelOrder, ConfirmDelivery, SettleOrder, ShipOrder
from sogdia.modules.market.records import CLOSED_ORDERS, LINES, ORDERS
from sogdia.modules.money import HOLDS
from sogdia.modules.money.holds import PlaceHold, ReleaseHold
from sogdia.testing.ledger import Ledger
from tests.kernel.wire import pay
from tests.modules.market.shop import BUYER, MERCHANT, open_shop, order, order_name

if TYPE_CHECKING:
    from sogdia.kernel.operation import Operation

NO_LIFE = bytes(32)


class Watcher:
    """Follows an object's life from outside, block by block."""

    def __init__(self, ledger: Ledger) -> None:
        """Begin before the object exists."""
        self.ledger = ledger
        self.history = NO_LIFE

    def saw(self, results, operation=0):
        """Fold the result of the last block in which the object changed."""
        block = self.ledger.last_block
        (result,) = results
        self.history = sha256(
            self.history
            + result.id
            + bytes((0, operation))
            + sha256(result.receipt).digest()
            + block.height.to_bytes(8, "big")
            + block.time.to_bytes(4, "big")
        ).digest()

    def send(self, who, *operations: Operation, about=(0,)):
        """Send an envelope whose operations `about` change the object."""
        self.ledger.must(who, *operations)
        for operation in about:
            self.saw(self.ledger.last_block.results, operation)

    def wait(self, seconds):
        """Let a deadline pass that changes the object."""
        self.ledger.wait(seconds)
        self.saw(self.ledger.last_block.exits)


@pytest.fixture
def shop():
    """A ledger with an open shop."""
    return open_shop(Ledger())


def test_the_life_of_an_order_from_placing_to_settlement(shop):
    watcher, name = Watcher(shop), order_name(shop)

    watcher.send(BUYER, order(shop))
    assert ORDERS.must(shop.state, name).history == watcher.history
    watcher.send(MERCHANT, AcceptOrder(order=name))
    watcher.send(MERCHANT, ShipOrder(order=name))
    watcher.send("carrier", ConfirmDelivery(order=name))
    assert ORDERS.must(shop.state, name).history == watcher.history
    watcher.send(BUYER, SettleOrder(order=name))

    assert CLOSED_ORDERS.must(shop.state, name).history == watcher.history


def test_steps_that_deadlines_cause_are_part_of_the_life(shop):
    watcher, name = Watcher(shop), order_name(shop)
    watcher.send(BUYER, order(shop))
    watcher.send(MERCHANT, AcceptOrder(order=name))
    watcher.send(MERCHANT, ShipOrder(order=name))

    watcher.wait(45 * 86_400 + 1)
    assert ORDERS.must(shop.state, name).history == watcher.history
    watcher.wait(14 * 86_400 + 1)

    assert CLOSED_ORDERS.must(shop.state, name).history == watcher.history


def test_operations_of_one_envelope_are_steps_in_their_order(shop):
    watcher, name = Watcher(shop), order_name(shop)
    watcher.send(BUYER, pay(shop), order(shop), pay(shop), about=(1,))

    watcher.send(
        MERCHANT, AcceptOrder(order=name), pay(shop, to=shop.account("bank")), ShipOrder(order=name), about=(0, 2)
    )

    assert ORDERS.must(shop.state, name).history == watcher.history


def test_a_step_counts_although_a_later_one_of_the_same_envelope_closes_the_order(shop):
    watcher, name = Watcher(shop), order_name(shop)
    watcher.send(BUYER, order(shop))
    watcher.send(MERCHANT, AcceptOrder(order=name), ShipOrder(order=name), about=(0, 1))

    watcher.send(BUYER, ConfirmDelivery(order=name), SettleOrder(order=name), about=(0, 1))

    assert CLOSED_ORDERS.must(shop.state, name).history == watcher.history
    assert [(step.operation, step.first) for step in shop.last_block.steps] == [(0, False), (1, False)]


def test_a_whole_life_in_one_envelope_has_all_its_steps(shop):
    watcher, name = Watcher(shop), order_name(shop)

    watcher.send(BUYER, order(shop), CancelOrder(order=name), about=(0, 1))

    assert CLOSED_ORDERS.must(shop.state, name).history == watcher.history


def test_the_life_of_a_closed_order_is_kept_under_the_key_it_began_with(shop):
    name = order_name(shop)
    shop.must(BUYER, order(shop))
    shop.must(BUYER, CancelOrder(order=name))

    (step,) = shop.last_block.steps
    assert step.object == ORDERS.full_key(name)
    assert CLOSED_ORDERS.life_key(CLOSED_ORDERS.full_key(name)) == ORDERS.full_key(name)


def test_a_refused_operation_is_no_step(shop):
    watcher, name = Watcher(shop), order_name(shop)
    watcher.send(BUYER, order(shop))

    shop.send(MERCHANT, ShipOrder(order=name))
    shop.send(MERCHANT, AcceptOrder(order=name), pay(shop, 10**12))

    assert ORDERS.must(shop.state, name).history == watcher.history


def test_an_exit_before_a_refused_operation_is_a_step(shop):
    watcher, name = Watcher(shop), order_name(shop)
    watcher.send(BUYER, order(shop))

    shop.time += 2 * 86_400 + 1
    refused = shop.send(MERCHANT, AcceptOrder(order=name))
    watcher.saw(shop.last_block.exits)

    assert refused.code
    assert CLOSED_ORDERS.must(shop.state, name).history == watcher.history


def test_a_hold_has_a_life_and_lines_have_none(shop):
    watcher = Watcher(shop)
    request = PlaceHold(
        reference="h1",
        payee=shop.account(MERCHANT),
        asset=shop.asset(),
        units=5,
        deadline=shop.time + 60,
        purpose="GDDS",
    )

    watcher.send(BUYER, request)

    assert HOLDS.must(shop.state, order_name(shop, "h1")).history == watcher.history
    assert not LINES.life


def test_the_block_names_each_step_and_its_object(shop):
    name = order_name(shop)
    shop.must(BUYER, order(shop))
    shop.must(MERCHANT, AcceptOrder(order=name), ShipOrder(order=name))

    block = shop.last_block
    (result,) = block.results
    assert [(step.object, step.id, step.operation, step.receipt_hash) for step in block.steps] == [
        (ORDERS.full_key(name), result.id, index, sha256(result.receipt).digest()) for index in (0, 1)
    ]


def test_who_touches_an_object_without_changing_it_adds_no_step(shop):
    watcher, name = Watcher(shop), order_name(shop)
    watcher.send(BUYER, order(shop))

    shop.send("lanzhou", ReleaseHold(hold=name))

    assert shop.last_block.steps == []
    assert ORDERS.must(shop.state, name).history == watcher.history


def test_a_result_s_leaf_is_its_id_and_the_hash_of_its_receipt():
    assert result_leaf(b"i" * 32, b"receipt") == b"i" * 32 + sha256(b"receipt").digest()
