"""What comes up at a height: in order, once, at the end of the block before, with a receipt of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Never

import pytest

from sogdia.kernel.heights import OBJECTS_MAX, schedule_at, scheduled_at, unschedule_at
from sogdia.kernel.machine import Machine
from sogdia.kernel.operation import Turn
from sogdia.kernel.receipt import turn_id
from sogdia.kernel.refusal import Broken, Refused
from sogdia.kernel.refusals import KernelRefusal
from sogdia.kernel.state import State
from sogdia.modules import ALL
from sogdia.modules.money.currencies import Mint
from sogdia.modules.money.events import Minted
from sogdia.modules.money.records import CURRENCIES
from sogdia.testing.ledger import Ledger, MemoryBase

ONE, TWO, THREE = b"\x30one", b"\x30two", b"\x30three"


@pytest.fixture
def state():
    """An empty state."""
    return State(MemoryBase())


def test_objects_come_up_in_the_order_in_which_they_were_scheduled(state):
    for each in (TWO, ONE, THREE):
        schedule_at(state, 7, each)
    schedule_at(state, 8, ONE)

    assert scheduled_at(state, 7) == (TWO, ONE, THREE)
    assert scheduled_at(state, 8) == (ONE,)
    assert scheduled_at(state, 9) == ()


def test_what_is_taken_out_leaves_nothing_behind(state):
    schedule_at(state, 7, ONE)
    schedule_at(state, 7, TWO)

    unschedule_at(state, 7, ONE)
    assert scheduled_at(state, 7) == (TWO,)
    unschedule_at(state, 7, TWO)

    assert all(record is None for _table, record in state.changes.values())


def test_an_object_is_scheduled_once_and_taken_out_once(state):
    schedule_at(state, 7, ONE)

    with pytest.raises(Broken, match="scheduled twice"):
        schedule_at(state, 7, ONE)
    with pytest.raises(Broken, match="not scheduled"):
        unschedule_at(state, 7, TWO)


def test_so_many_can_come_up_at_one_height(state):
    for number in range(OBJECTS_MAX):
        schedule_at(state, 7, number.to_bytes(3, "big"))

    with pytest.raises(Broken, match="too many"):
        schedule_at(state, 7, ONE)


def turning(apply):
    """A ledger on which the currency USD comes up at height 3, and `apply` says what it does."""
    modules = tuple(
        replace(module, turns=(Turn(CURRENCIES, apply=apply),)) if module.name == "money" else module for module in ALL
    )
    ledger = Ledger()
    ledger.machine = Machine(ledger.network, modules)
    return ledger, let_come_up(ledger, "USD")


def let_come_up(ledger, currency):
    """Schedule a currency for height 3."""
    due_object = CURRENCIES.full_key(ledger.asset(currency))
    state = ledger.state
    schedule_at(state, 3, due_object)
    ledger.base.tree.update(state.encoded_changes())
    return due_object


def test_what_comes_up_is_done_last_in_the_block_before_and_has_a_receipt():
    seen = []

    def apply(ctx, key, record) -> None:
        seen.append((ctx.height, ctx.sender, key[:3], record.supply))
        ctx.emit(Minted(asset=ledger.asset(), to=bytes(20), units=1))

    ledger, due_object = turning(apply)

    ledger.block()
    assert seen == []
    ledger.must("bank", Mint(currency="USD", to=ledger.account("nairobi"), units=5))

    assert seen == [(2, bytes(20), b"USD", 5)], "after the envelopes of block 2, before block 3"
    assert ledger.last_block.exits[0].id == turn_id(due_object, 3)
    assert [type(fact) for fact in ledger.exit_receipts()[0].events] == [Minted]
    assert scheduled_at(ledger.state, 3) == ()
    ledger.block()
    assert (len(seen), ledger.last_block.exits) == (1, [])


def test_what_comes_up_never_refuses():
    def apply(_ctx, _key, _record) -> Never:
        raise Refused(KernelRefusal.IDS_AT_CAP)

    ledger, _due_object = turning(apply)
    ledger.block()

    with pytest.raises(Broken, match="what a rule does by itself was refused"):
        ledger.block()


def test_one_that_comes_up_can_take_out_another_of_the_same_height():
    def apply(ctx, _key, _record) -> None:
        for each in scheduled_at(ctx.state, 3):
            unschedule_at(ctx.state, 3, each)

    ledger, _due_object = turning(apply)
    let_come_up(ledger, "KWD")

    ledger.block()
    ledger.block()

    assert len(ledger.last_block.exits) == 1
