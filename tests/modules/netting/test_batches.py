"""Netting a pool: what a batch does to whom, step by step, and when."""

from __future__ import annotations

import pytest

from sogdia.kernel.quota import QUOTAS
from sogdia.kernel.values import name_of
from sogdia.modules.money import balance
from sogdia.modules.money.currencies import FreezeHolder
from sogdia.modules.netting.batches import CommitBatch, DropBatch
from sogdia.modules.netting.obligations import (
    DeclineObligation,
    ForgiveObligation,
    LeavePool,
    Payment,
    PayObligations,
)
from sogdia.modules.netting.queries import ObligationQuery, PoolQuery, PoolsQuery
from sogdia.modules.netting.records import BATCHES, OBLIGATIONS, POOLS, POSITIONS, Stage
from sogdia.modules.netting.refusals import NettingRefusal as Refuse
from tests.modules.netting.house import (
    CIRCLE,
    HOUSE,
    PEAKS,
    TODAY,
    TOMORROW,
    YESTERDAY,
    batch_of,
    flows,
    left,
    net,
    open_batch_of,
    opening,
    owe,
    owe_all,
    pooled,
    positions,
    potentials,
    stating,
)


def stored_bytes(ledger):
    return QUOTAS.must(ledger.state, ledger.account("registrar")).stored_bytes


def test_a_circle_is_cleared_and_nobodys_position_changes(ledger):
    names = owe_all(ledger)
    before = positions(ledger)

    net(ledger)
    receipts = ledger.wait(1)

    assert [left(ledger, each) for each in names] == [200, 0, 100]
    assert positions(ledger) == before
    assert batch_of(ledger) is None
    told = [(each.obligation, each.units, each.left) for receipt in receipts for each in receipt.events]
    assert sorted(told) == sorted(zip(names, (300, 300, 300), (200, 0, 100), strict=True))
    assert pooled(ledger) == [names[0], names[2]]


def test_what_remains_is_paid_in_one_transaction(ledger):
    names = owe_all(ledger, [*CIRCLE, ("bukhara", "carrier", 50)])
    ledger.fund("bukhara", 250)
    net(ledger, {**PEAKS, "carrier": 0}, (300, 300, 300, 0))
    ledger.wait(1)

    pay = PayObligations(
        asset=ledger.asset(),
        payments=tuple(sorted((Payment(names[0], 200), Payment(names[3], 50)), key=lambda each: each.obligation)),
    )
    ledger.must("bukhara", pay)

    assert balance(ledger.state, ledger.account("bukhara"), ledger.asset()).available == 0
    assert balance(ledger.state, ledger.account("nairobi"), ledger.asset()).available == 200
    assert balance(ledger.state, ledger.account("carrier"), ledger.asset()).available == 50
    assert [left(ledger, each) for each in names] == [0, 0, 100, 0]


def test_what_remains_is_paid_whole_or_not_at_all(ledger):
    names = owe_all(ledger, [("bukhara", "nairobi", 200), ("bukhara", "carrier", 50)])
    ledger.fund("bukhara", 249)
    before = ledger.snapshot()

    payments = tuple(sorted((Payment(names[0], 200), Payment(names[1], 50)), key=lambda each: each.obligation))
    receipt = ledger.send("bukhara", PayObligations(asset=ledger.asset(), payments=payments))

    assert receipt.code == 310
    assert ledger.snapshot() == before


def test_a_committed_batch_counts_before_it_is_written_down(ledger):
    names = owe_all(ledger)
    ledger.fund("bukhara", 500)
    net(ledger)
    assert [left(ledger, each) for each in names] == [500, 300, 400]

    too_much = ledger.send("bukhara", PayObligations(asset=ledger.asset(), payments=(Payment(names[0], 201),)))
    receipt = ledger.must("bukhara", PayObligations(asset=ledger.asset(), payments=(Payment(names[0], 200),)))
    gone = ledger.send("nairobi", PayObligations(asset=ledger.asset(), payments=(Payment(names[1], 1),)))

    assert too_much.code == Refuse.UNITS_ABOVE_LEFT
    assert [type(each).__name__ for each in receipt.events] == ["ObligationNetted", "ObligationPaid"]
    assert receipt.events[0].units == 300
    assert gone.code == Refuse.OBLIGATION_UNKNOWN
    ledger.wait(1)
    assert [left(ledger, each) for each in names] == [0, 0, 100]
    assert batch_of(ledger) is None


def test_whatever_happens_while_a_batch_is_carried_out_it_is_carried_out(ledger):
    names = owe_all(ledger)
    ledger.fund("bukhara", 500)
    net(ledger)

    ledger.must("bukhara", PayObligations(asset=ledger.asset(), payments=(Payment(names[0], 200),)))
    late = owe(ledger, "nairobi", "carrier", 7, "late")
    ledger.must("lanzhou", LeavePool(obligations=(names[2],)))
    ledger.wait(1)

    assert [left(ledger, each) for each in (*names, late)] == [0, 0, 100, 7]
    assert pooled(ledger) == [late]
    assert OBLIGATIONS.must(ledger.state, names[2]).coordinator is None


def test_storage_is_given_back_when_all_is_over(ledger):
    before = stored_bytes(ledger)
    owe_all(ledger, [("bukhara", "nairobi", 9), ("nairobi", "bukhara", 9)])
    net(ledger, {"bukhara": 1, "nairobi": 1}, (9, 9))
    assert stored_bytes(ledger) > before

    ledger.wait(1)

    assert stored_bytes(ledger) == before
    for table in (OBLIGATIONS, POOLS, BATCHES, POSITIONS):
        assert not list(table.items(ledger.state))


def test_an_open_batch_holds_its_pool_until_its_deadline_and_no_second_longer(ledger):
    names = owe_all(ledger)
    ledger.fund("bukhara", 500)
    pay = PayObligations(asset=ledger.asset(), payments=(Payment(names[0], 1),))
    ledger.must(HOUSE, opening(ledger))
    ledger.must(HOUSE, potentials(ledger, PEAKS))
    ledger.must(HOUSE, flows(300, 300))
    deadline = ledger.time + 900

    held = ledger.send("bukhara", pay, at=deadline)
    assert (held.code, dict(held.facts)["until"]) == (Refuse.OBLIGATION_HELD, deadline)
    ledger.must("bukhara", pay, at=deadline + 1)

    assert left(ledger, names[0]) == 499
    late = ledger.send(HOUSE, CommitBatch(batch="b1"))
    assert late.code == Refuse.BATCH_NOT_OPEN
    ledger.wait(1)
    assert batch_of(ledger) is None
    assert [left(ledger, each) for each in names] == [499, 300, 400]


def test_after_a_batch_that_lapsed_the_pool_rests(ledger):
    owe_all(ledger)
    ledger.must(HOUSE, opening(ledger))
    ledger.must(HOUSE, DropBatch(batch="b1"))
    until = ledger.time + 900
    ledger.wait(1)

    too_soon = ledger.send(HOUSE, opening(ledger), at=until - 1)
    assert (too_soon.code, dict(too_soon.facts)["until"]) == (Refuse.POOL_RESTS, until)
    ledger.must(HOUSE, opening(ledger), at=until)


def test_after_a_committed_batch_the_pool_needs_no_rest(ledger):
    owe_all(ledger)
    net(ledger)
    still = ledger.send(HOUSE, opening(ledger, "b2"))
    ledger.wait(1)

    ledger.must(HOUSE, opening(ledger, "b2"))

    assert still.code == Refuse.POOL_STILL_CARRIED_OUT


def test_obligations_are_netted_in_parts(ledger):
    names = owe_all(ledger)
    ledger.must(HOUSE, opening(ledger))
    ledger.must(HOUSE, potentials(ledger, {"nairobi": 0}))
    ledger.must(HOUSE, potentials(ledger, {"bukhara": 1, "lanzhou": 2}))

    for start in range(3):
        ledger.must(HOUSE, flows(300, start=start))
        assert open_batch_of(ledger).unbalanced == (2, 2, 0)[start]
    ledger.must(HOUSE, CommitBatch(batch="b1"))
    ledger.wait(1)

    assert [left(ledger, each) for each in names] == [200, 0, 100]


def test_dates_that_have_come_are_netted_together(ledger):
    names = owe_all(ledger, CIRCLE[:1], due=YESTERDAY)
    names += owe_all(ledger, CIRCLE[1:])
    ledger.must(HOUSE, opening(ledger, dues=(YESTERDAY, TODAY)))
    ledger.must(HOUSE, potentials(ledger, PEAKS))
    ledger.must(HOUSE, flows(300, 300, 300))
    ledger.must(HOUSE, CommitBatch(batch="b1"))
    ledger.wait(1)

    assert [left(ledger, each) for each in names] == [200, 0, 100]
    assert len(pooled(ledger, YESTERDAY)) == len(pooled(ledger, TODAY)) == 1


def test_a_date_to_come_is_netted_by_itself(ledger):
    owe_all(ledger, due=TOMORROW)
    owe_all(ledger)

    ledger.must(HOUSE, opening(ledger, dues=(TOMORROW,)))
    receipt = ledger.send(HOUSE, opening(ledger, "b2", dues=(TODAY, TOMORROW)))

    assert receipt.code == Refuse.DUE_AHEAD


@pytest.mark.parametrize("many", [1, 150])
def test_a_large_batch_is_carried_out_over_several_blocks(ledger, many):
    ledger.check_invariants = False  # adding everything up after each of some hundred blocks tells nothing new
    owe_all(ledger, [("bukhara", "nairobi", 5), ("nairobi", "bukhara", 5)] * many)
    ledger.check_invariants = True
    net(ledger, {"bukhara": 0, "nairobi": 0}, [5] * (2 * many))

    blocks = 0
    while batch_of(ledger) is not None:
        assert open_batch_of(ledger).stage == Stage.COMMITTED
        ledger.wait(1)
        blocks += 1
        assert blocks < 20

    assert blocks > 1 or many == 1
    assert not list(OBLIGATIONS.items(ledger.state))


def test_a_credit_note_reduces_an_obligation_and_the_last_one_ends_it(ledger):
    (name,) = owe_all(ledger, [("bukhara", "nairobi", 100)])

    ledger.must("nairobi", ForgiveObligation(obligation="i0", units=40))
    assert left(ledger, name) == 60
    ledger.must("nairobi", ForgiveObligation(obligation="i0", units=60))

    assert OBLIGATIONS.find(ledger.state, name) is None
    assert pooled(ledger) == []


@pytest.mark.parametrize("who", ["bukhara", "nairobi"])
def test_what_nobody_has_accepted_is_turned_down_or_taken_back(ledger, who):
    before = stored_bytes(ledger)
    ledger.must("nairobi", stating(ledger, "bukhara"))

    ledger.must(who, DeclineObligation(obligation=name_of(ledger.account("nairobi"), "i1")))

    assert not list(OBLIGATIONS.items(ledger.state))
    assert stored_bytes(ledger) == before


def test_what_was_not_accepted_for_netting_is_in_no_pool(ledger):
    name = owe(ledger, "bukhara", "nairobi", 10, "plain", netting=False)

    assert pooled(ledger) == []
    assert OBLIGATIONS.must(ledger.state, name).coordinator is None


def test_the_coordinator_sees_what_is_offered_to_it(ledger):
    names = owe_all(ledger)
    ledger.must("bank", FreezeHolder(currency="USD", account=ledger.account("nairobi"), reason="court order"))

    page = PoolQuery(
        coordinator=ledger.account(HOUSE), asset=b"USD" + ledger.account("bank"), due=TODAY, start=1
    ).answer(ledger.state)
    (pool,) = PoolsQuery(coordinator=ledger.account(HOUSE)).answer(ledger.state)

    assert [(each.name, each.frozen, each.obligation.left) for each in page] == [
        (names[1], True, 300),
        (names[2], False, 400),
    ]
    assert (pool.due, pool.count, pool.batch) == (TODAY, 3, None)
    seen = ObligationQuery(name=name_of(ledger.account("nairobi"), "i0")).answer(ledger.state)
    assert seen is not None
    assert seen.units == 500


def test_a_money_that_there_cannot_be_has_an_empty_pool(ledger):
    owe_all(ledger)

    asked = PoolQuery(coordinator=ledger.account(HOUSE), asset=b"\xff" * 23, due=TODAY)

    assert asked.answer(ledger.state) == []
