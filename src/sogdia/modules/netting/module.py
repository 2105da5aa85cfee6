"""Netting: obligations, the pools in which they are gathered, and batches that net a pool."""

from __future__ import annotations

from sogdia.kernel.module import Module
from sogdia.modules.netting import batches, events, invariants, obligations, queries
from sogdia.modules.netting.genesis import NettingGenesis, load_genesis
from sogdia.modules.netting.records import BATCHES, OBLIGATIONS, PLACES, POOLS, POSITIONS, RULES
from sogdia.modules.netting.refusals import NettingRefusal
from sogdia.modules.netting.sweeping import BATCH_EXIT

MODULE = Module(
    name="netting",
    number=800,
    operations=(
        obligations.StateObligation,
        obligations.AcceptObligation,
        obligations.DeclineObligation,
        obligations.PayObligations,
        obligations.ForgiveObligation,
        obligations.LeavePool,
        batches.OpenBatch,
        batches.DeclarePotentials,
        batches.DeclareFlows,
        batches.CommitBatch,
        batches.DropBatch,
    ),
    tables=(RULES, OBLIGATIONS, POOLS, PLACES, BATCHES, POSITIONS),
    events=(
        events.ObligationStated,
        events.ObligationAccepted,
        events.ObligationDeclined,
        events.ObligationPaid,
        events.ObligationForgiven,
        events.PoolLeft,
        events.BatchOpened,
        events.BatchCommitted,
        events.BatchLapsed,
        events.ObligationNetted,
    ),
    refusals=NettingRefusal,
    queries=(
        queries.ObligationQuery,
        queries.ObligationsQuery,
        queries.PoolsQuery,
        queries.PoolQuery,
        queries.BatchQuery,
    ),
    invariants=(
        invariants.nobody_owes_less_than_nothing,
        invariants.every_pool_has_its_obligations_without_gaps,
        invariants.every_batch_counts_what_the_tables_say,
        invariants.every_position_has_its_batch,
    ),
    exits=(BATCH_EXIT,),
    genesis=NettingGenesis,
    load_genesis=load_genesis,
)
