"""What is always true of netting, each broken on purpose: the audit has to notice."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from sogdia.kernel import calendar
from sogdia.kernel.refusal import Broken
from sogdia.kernel.state import State
from sogdia.kernel.values import name_of
from sogdia.modules.netting import invariants
from sogdia.modules.netting.batches import CommitBatch
from sogdia.modules.netting.records import BATCHES, OBLIGATIONS, PLACES, POOLS, POSITIONS, Place, Stage
from tests.modules.netting.house import CIRCLE, HOUSE, PEAKS, TODAY, flows, opening, owe_all, potentials
from tests.refused import poke

CARE = invariants.nobody_owes_less_than_nothing
POOL = invariants.every_pool_has_its_obligations_without_gaps
BATCH = invariants.every_batch_counts_what_the_tables_say
CHAIN = invariants.every_position_has_its_batch


@pytest.fixture
def netted(ledger):
    """The house's batch with two of three flows declared."""
    ledger.names = owe_all(ledger, [*CIRCLE, ("bukhara", "carrier", 40)])
    ledger.batch = name_of(ledger.account(HOUSE), "b1")
    ledger.pool = ledger.account(HOUSE), ledger.asset(), TODAY
    ledger.must(HOUSE, opening(ledger))
    ledger.must(HOUSE, potentials(ledger, {**PEAKS, "carrier": 0}))
    ledger.must(HOUSE, flows(300, 300))
    return ledger


def change(table, key, **fields: Any):  # noqa: ANN401 - any field
    """Change some fields of a record."""
    return lambda it: poke(it, table, key(it), structs.replace(table.must(it.state, key(it)), **fields))


def first(it):
    return it.names[0]


def batch(it):
    return it.batch


def pool(it):
    return it.pool


def bukhara(it):
    return it.batch, it.account("bukhara")


def forget(table, key):
    """Take a record away."""
    return lambda it: poke(it, table, key(it), None)


def unscheduled(it):
    state = State(it.base)
    calendar.unschedule(state, BATCHES.must(state, it.batch).deadline, BATCHES.full_key(it.batch))
    it.base.tree.update(state.encoded_changes())


def committed_out_of_balance(it):
    it.must(HOUSE, flows(300, 0, start=2))
    it.check_invariants = False
    it.must(HOUSE, CommitBatch(batch="b1"))
    change(BATCHES, batch, unbalanced=1)(it)


@pytest.mark.parametrize(
    ("invariant", "harm"),
    [
        (CARE, change(OBLIGATIONS, first, left=0)),
        (CARE, change(OBLIGATIONS, first, left=501)),
        (CARE, change(OBLIGATIONS, first, left=299)),
        (CARE, change(OBLIGATIONS, first, flow=501)),
        (CARE, change(OBLIGATIONS, first, flow=0)),
        (CARE, change(OBLIGATIONS, first, batch=None)),
        (CARE, forget(BATCHES, batch)),
        (CARE, lambda it: change(OBLIGATIONS, first, debtor=it.account("nairobi"))(it)),
        (CARE, change(OBLIGATIONS, first, accepted=False)),
        (POOL, change(OBLIGATIONS, first, slot=1)),
        (POOL, change(OBLIGATIONS, first, slot=None)),
        (POOL, change(OBLIGATIONS, first, due=0)),
        (POOL, lambda it: poke(it, PLACES, (it.pool, 3), Place(obligation=it.names[0]))),
        (POOL, forget(PLACES, lambda it: (it.pool, 3))),
        (POOL, change(POOLS, pool, count=3)),
        (POOL, forget(POOLS, pool)),
        (POOL, forget(BATCHES, batch)),
        (BATCH, unscheduled),
        (BATCH, change(BATCHES, batch, deadline=5)),
        (BATCH, change(POOLS, pool, batch=None)),
        (BATCH, change(BATCHES, batch, cleared=599)),
        (BATCH, change(BATCHES, batch, covered=1)),
        (BATCH, change(BATCHES, batch, unbalanced=1)),
        (BATCH, change(POSITIONS, bukhara, net=299)),
        (BATCH, change(POSITIONS, bukhara, potential=9)),
        (BATCH, change(POSITIONS, bukhara, frozen=True)),
        (BATCH, change(OBLIGATIONS, first, flow=301)),
        (BATCH, committed_out_of_balance),
        (CHAIN, change(BATCHES, batch, parties=3)),
        (CHAIN, change(BATCHES, batch, last_party=b"")),
        (CHAIN, change(POSITIONS, lambda it: (it.batch, BATCHES.must(it.state, it.batch).last_party), before=b"")),
        (CHAIN, forget(BATCHES, batch)),
    ],
)
def test_what_is_broken_is_noticed(netted, invariant, harm):
    invariant(netted.state)

    harm(netted)

    with pytest.raises(Broken):
        invariant(netted.state)


def test_an_empty_pool_is_noticed(netted):
    netted.check_invariants = False
    for slot, name in enumerate(netted.names):
        poke(netted, PLACES, (netted.pool, slot), None)
        poke(netted, OBLIGATIONS, name, structs.replace(OBLIGATIONS.must(netted.state, name), slot=None))
    change(POOLS, pool, count=0, batch=None)(netted)

    with pytest.raises(Broken, match="an empty pool"):
        POOL(netted.state)


def test_the_batch_of_the_tests_stands_open(netted):
    assert BATCHES.must(netted.state, netted.batch).stage == Stage.OPEN
