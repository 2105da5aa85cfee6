"""Deadlines: handled in order and in bounded portions, with traffic and without, the same whichever way they come."""

from __future__ import annotations

from hashlib import sha256

import pytest

from sogdia.kernel import calendar
from sogdia.kernel.machine import Block
from sogdia.kernel.operation import Exit
from sogdia.kernel.receipt import Receipt, exit_id
from sogdia.kernel.refusal import Broken, Refused
from sogdia.kernel.refusals import KernelRefusal
from sogdia.kernel.state import State
from sogdia.kernel.values import name_of
from sogdia.modules.money import HOLDS, balance
from sogdia.modules.money.holds import CaptureHold, PlaceHold, ReleaseHold
from sogdia.modules.money.refusals import MoneyRefusal
from sogdia.testing.ledger import START, Ledger

K = 60
DUE = START + 100
WRITES_OF_ONE_EXIT_MAX = 12


def holding(ledger, deadlines):
    """Let Nairobi set a unit aside for each deadline; give the names of the holds."""
    ledger.check_invariants = False
    ledger.fund("nairobi", len(deadlines))
    requests = [
        PlaceHold(
            reference=f"h{number}",
            payee=ledger.account("bukhara"),
            asset=ledger.asset(),
            units=1,
            deadline=deadline,
            purpose="GDDS",
        )
        for number, deadline in enumerate(deadlines)
    ]
    ledger.block(*(ledger.sign("nairobi", *requests[at : at + 16]) for at in range(0, len(requests), 16)))
    assert len(list(HOLDS.items(ledger.state))) == len(deadlines)
    return [name_of(ledger.account("nairobi"), request.reference) for request in requests]


def has(ledger, who):
    """What a party has, available and held."""
    found = balance(ledger.state, ledger.account(who), ledger.asset())
    return found.available, found.held


def rank(name, deadline):
    """Where an object stands in the order of deadlines."""
    due_object = HOLDS.full_key(name)
    return deadline, sha256(due_object).digest()[:1], due_object


def ended_in(ledger):
    """The names of the holds that ended in the last block, in order."""
    return [receipt.events[0].hold for receipt in ledger.exit_receipts()]


def test_ten_times_what_a_block_may_do_due_in_one_second_is_spread_over_blocks():
    ledger = Ledger(limits={"exit_writes_max": K})
    count = 10 * K
    names = holding(ledger, [DUE] * count)

    ended: list[bytes] = []
    blocks = 0
    ledger.block(at=DUE)
    assert ended_in(ledger) == []
    while len(ended) < count:
        ledger.block(at=DUE + 1)
        blocks += 1
        assert 0 < ledger.last_block.state.writes < K + WRITES_OF_ONE_EXIT_MAX
        ended += ended_in(ledger)

    assert blocks >= 5
    assert ended == sorted(names, key=lambda name: rank(name, DUE))
    assert has(ledger, "nairobi") == (count, 0)
    assert calendar.earliest(ledger.state) is None
    ledger.machine.check_invariants(ledger.state)


def test_deadlines_are_handled_earliest_first_whatever_the_order_of_entry():
    ledger = Ledger()
    deadlines = [DUE + 7 * number % 13 for number in range(26)]
    names = holding(ledger, deadlines)

    ledger.block(at=DUE + 20)

    assert ended_in(ledger) == sorted(names, key=lambda name: rank(name, deadlines[names.index(name)]))


@pytest.mark.parametrize(("at", "ended"), [(DUE - 1, []), (DUE, []), (DUE + 1, [0]), (DUE + 2, [0, 1])])
def test_each_deadline_has_its_own_second(at, ended):
    ledger = Ledger()
    names = holding(ledger, [DUE, DUE + 1, DUE + 2])

    ledger.block(at=at)

    assert sorted(ended_in(ledger)) == sorted(names[number] for number in ended)


def test_an_overdue_object_that_waits_its_turn_is_closed_to_operations():
    ledger = Ledger(limits={"exit_writes_max": 1})
    names = holding(ledger, [DUE] * 20)
    last = max(names, key=lambda name: rank(name, DUE))

    capture, release = ledger.block(
        ledger.sign("bukhara", CaptureHold(hold=last, units=1)),
        ledger.sign("bukhara", ReleaseHold(hold=names[0])),
        at=DUE + 1,
    )

    assert (capture.code, release.code) == (MoneyRefusal.HOLD_UNKNOWN, MoneyRefusal.HOLD_UNKNOWN)
    assert ended_in(ledger)[:2] == [last, names[0]]
    assert len(ended_in(ledger)) == 3
    assert has(ledger, "bukhara") == (0, 0)


def test_an_envelope_about_several_overdue_objects_lets_all_of_them_out_first():
    ledger = Ledger()
    names = holding(ledger, [DUE, DUE, DUE + 5])

    (answer,) = ledger.block(
        ledger.sign("bukhara", CaptureHold(hold=names[2], units=1), *(ReleaseHold(hold=name) for name in names[:2])),
        at=DUE + 1,
    )

    assert isinstance(answer, Receipt)
    assert (answer.code, answer.operation) == (MoneyRefusal.HOLD_UNKNOWN, 1)
    assert sorted(ended_in(ledger)) == sorted(names[:2])
    assert has(ledger, "nairobi") == (2, 1)


def test_an_exit_has_an_id_of_its_own_and_stands_behind_the_envelopes():
    ledger = Ledger()
    (name,) = holding(ledger, [DUE])

    ledger.block(ledger.sign("bukhara", CaptureHold(hold=name, units=1)), at=DUE + 1)

    due_object = HOLDS.full_key(name)
    identity = sha256(b"due" + due_object + DUE.to_bytes(4, "big")).digest()
    assert exit_id(due_object, DUE) == identity
    assert [result.id for result in ledger.last_block.all_results()][1:] == [identity]
    assert [(receipt.code, receipt.operation, receipt.facts) for receipt in ledger.exit_receipts()] == [(0, 0, ())]


def test_a_block_says_after_how_many_envelopes_each_exit_came():
    ledger = Ledger()
    first, second, third = holding(ledger, [DUE, DUE, DUE])
    captures = [ledger.sign("bukhara", CaptureHold(hold=name, units=1)) for name in (second, first)]
    answers = ledger.block(*captures, at=DUE + 1)

    due = [exit_id(HOLDS.full_key(name), DUE) for name in (second, first, third)]
    assert [answer.code for answer in answers] == [MoneyRefusal.HOLD_UNKNOWN] * 2
    assert [result.id for result in ledger.last_block.exits] == due
    assert ledger.last_block.exits_after == [0, 1, 2]


def test_an_envelope_that_is_kept_out_lets_nothing_out():
    ledger = Ledger()
    (name,) = holding(ledger, [DUE])
    late = ledger.sign("bukhara", CaptureHold(hold=name, units=1), expiry=DUE)
    block = Block(ledger.machine, ledger.base, ledger.base, height=9, time=DUE + 1)

    with pytest.raises(Refused, match="ENVELOPE_EXPIRED"):
        block.include(ledger.machine.envelopes.open(late.raw, block.limits))

    assert (block.exits, block.state.writes) == ([], 0)


def test_a_block_that_is_thrown_away_has_changed_nothing():
    ledger = Ledger()
    (name,) = holding(ledger, [DUE])
    before = dict(ledger.base.items())
    block = Block(ledger.machine, ledger.base, ledger.base, height=9, time=DUE + 1)

    block.include(ledger.machine.envelopes.open(ledger.sign("bukhara", ReleaseHold(hold=name)).raw, block.limits))
    block.close()

    assert len(block.exits) == 1
    assert dict(ledger.base.items()) == before


def test_an_exit_that_is_refused_is_our_own_mistake_and_stops_the_node():
    ledger = Ledger()
    holding(ledger, [DUE])

    def refuse(*_asked: object) -> None:
        raise Refused(KernelRefusal.IDS_AT_CAP)

    ledger.machine.exits[HOLDS.number] = Exit(HOLDS, deadline_of=lambda hold: hold.deadline, apply=refuse)

    with pytest.raises(Broken, match="what a rule does by itself was refused"):
        ledger.block(at=DUE + 1)


def test_a_calendar_that_names_nobody_stops_the_node():
    ledger = Ledger()
    state = State(ledger.base)
    calendar.schedule(state, DUE, HOLDS.full_key(b"nobody's"))
    ledger.base.tree.update(state.encoded_changes())

    with pytest.raises(Broken, match="does not exist"):
        ledger.block(at=DUE + 1)
