"""How a batch ends: its flows are written down and its positions put away, a few with each block.

Whatever the parties do meanwhile goes by what the batch has decided (`pools.as_it_stands`). The calendar brings the
batch up again until nothing is left of it; each time it uses at most half of the writes that deadlines have left in
that block, so that it never stands before the deadlines of others.

Slots are gone through from the last to the first. An obligation that leaves its pool meanwhile lets the pool's last
one take its slot, so what waits only ever moves down, towards what is still to come.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from sogdia.kernel import calendar, quota
from sogdia.kernel.operation import Exit
from sogdia.kernel.refusal import ensure
from sogdia.kernel.values import owner_of
from sogdia.modules.netting.events import BatchLapsed
from sogdia.modules.netting.pools import reduce
from sogdia.modules.netting.records import BATCHES, OBLIGATIONS, PLACES, POOLS, POSITIONS, RULES, Batch, PoolKey, Stage

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context

BATCH_BYTES = 1_200
"""What a batch counts for in its coordinator's sponsor's storage, with the marks on its pools."""

POSITION_BYTES = 250

WRITES_A_STEP = 10
"""What an obligation or a position takes at most, with the batch's own record."""

STEPS_MAX = 500
"""So many obligations and positions are looked at in a block."""

WRITES_TO_END = 80
"""What the last step takes at most: each pool, the batch and its place in the calendar."""


def place_at(coordinator: bytes, batch: Batch, index: int) -> tuple[PoolKey, int]:
    """Give the pool and the slot of the obligation that a batch counts as its `index`th: by dates, then slots."""
    for due, size in zip(batch.dues, batch.sizes, strict=True):
        if index < size:
            return (coordinator, batch.asset, due), index
        index -= size
    raise AssertionError("a batch has fewer obligations than are asked for")


def end_batch(ctx: Context, name: bytes, batch: Batch, stage: Stage) -> None:
    """Let a batch be committed or lapse: with this step all of it counts, or nothing."""
    until = ctx.time + RULES.must(ctx.state, None).rest_period if stage == Stage.LAPSED else 0
    for due in batch.dues:
        key = owner_of(name), batch.asset, due
        POOLS.put(ctx.state, key, structs.replace(POOLS.must(ctx.state, key), resting_until=until))
    _come_back(ctx, name, batch, structs.replace(batch, stage=stage, deadline=ctx.time))
    if stage == Stage.LAPSED:
        ctx.emit(BatchLapsed(batch=name))


def _deadline_of(batch: Batch) -> int:
    return batch.deadline


def _come_up(ctx: Context, name: bytes, batch: Batch, writes_max: int) -> None:
    """Let an open batch lapse; carry out a part of one that has ended."""
    if batch.stage == Stage.OPEN:
        end_batch(ctx, name, batch, Stage.LAPSED)
        return
    start, allowed = ctx.state.writes, writes_max // 2
    after = batch
    for _step in range(STEPS_MAX):
        if ctx.state.writes - start + WRITES_A_STEP > allowed:
            break
        if after.covered:
            after = _carry_out(ctx, name, after)
        elif after.parties:
            after = _put_away(ctx, name, after)
        else:
            break
    done = not after.covered and not after.parties
    if done and ctx.state.writes - start + WRITES_TO_END <= writes_max:
        _forget(ctx, name, after)
    else:
        _come_back(ctx, name, batch, structs.replace(after, deadline=ctx.time))


def _carry_out(ctx: Context, name: bytes, batch: Batch) -> Batch:
    """Write the last flow down that waits."""
    state, index = ctx.state, batch.covered - 1
    after = structs.replace(batch, covered=index)
    place = PLACES.find(state, place_at(owner_of(name), batch, index))
    if place is None:
        return after  # the pool has become smaller
    # With no batch named nothing was netted of it, or that was written down when somebody paid of it.
    if OBLIGATIONS.must(state, place.obligation).batch == name:
        reduce(ctx, place.obligation, 0)
    return after


def _put_away(ctx: Context, name: bytes, batch: Batch) -> Batch:
    """Forget the last position."""
    position = POSITIONS.must(ctx.state, (name, batch.last_party))
    POSITIONS.drop(ctx.state, (name, batch.last_party))
    quota.give_back(ctx.state, batch.sponsor, POSITION_BYTES)
    return structs.replace(batch, parties=batch.parties - 1, last_party=position.before)


def _forget(ctx: Context, name: bytes, batch: Batch) -> None:
    """Let the pools go, and forget the batch."""
    ensure(batch.last_party == b"", "positions of a batch are left over")
    for due in batch.dues:
        key = owner_of(name), batch.asset, due
        pool = POOLS.must(ctx.state, key)
        if pool.count:
            POOLS.put(ctx.state, key, structs.replace(pool, batch=None))
        else:
            POOLS.drop(ctx.state, key)
    calendar.unschedule(ctx.state, batch.deadline, BATCHES.full_key(name))
    BATCHES.drop(ctx.state, name)
    quota.give_back(ctx.state, batch.sponsor, BATCH_BYTES)


def _come_back(ctx: Context, name: bytes, before: Batch, after: Batch) -> None:
    """Write a batch down that comes up again with the next block whose time is later."""
    calendar.move(ctx.state, before.deadline, after.deadline, BATCHES.full_key(name))
    BATCHES.put(ctx.state, name, after)


BATCH_EXIT = Exit(BATCHES, deadline_of=_deadline_of, apply=_come_up)
