"""Pools: the obligations that one coordinator may net, by money and due date, each at a slot of its own.

    slots  0 1 2 3 4          4 leaves 1:   0 4 2 3

Slots have no gaps, so a batch names flows by slot: none can be left out, and none named twice. While a batch holds the
pool nothing enters, leaves or changes; that ends by itself. What a committed batch has reduced is known from then on
(`as_it_stands`), and written down a few obligations at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from sogdia.kernel import quota
from sogdia.kernel.refusal import Broken, require
from sogdia.modules.netting.events import ObligationNetted
from sogdia.modules.netting.records import BATCHES, OBLIGATIONS, PLACES, POOLS, RULES, Place, Pool, Stage
from sogdia.modules.netting.refusals import NettingRefusal as Refuse

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import Reader, State
    from sogdia.modules.netting.records import Batch, Obligation, PoolKey

OBLIGATION_BYTES = 700
"""What an obligation counts for in its creditor's sponsor's storage, with its place in a pool and share of the tree."""


def as_it_stands(state: Reader, obligation: Obligation, time: int) -> Obligation:
    """Give an obligation with what a batch that has ended did to it."""
    if obligation.batch is None:
        return obligation
    batch = BATCHES.must(state, obligation.batch)
    if is_open(batch, time):
        return obligation
    flow = obligation.flow if batch.stage == Stage.COMMITTED else 0
    return structs.replace(obligation, left=obligation.left - flow, batch=None, flow=0)


def is_open(batch: Batch, time: int) -> bool:
    """Tell whether a batch holds its pools; one whose time is up does not, even before it has been put away."""
    return batch.stage == Stage.OPEN and batch.deadline >= time


def pool_of(name: bytes, obligation: Obligation) -> PoolKey:
    """Give the pool in which an obligation stands, or would."""
    if obligation.coordinator is None:
        message = f"the obligation {name.hex()} has no coordinator"
        raise Broken(message)
    return obligation.coordinator, obligation.asset, obligation.due


def held_until(state: Reader, key: PoolKey, time: int) -> int | None:
    """Give until when a batch holds a pool, or nothing."""
    pool = POOLS.find(state, key)
    if pool is None or pool.batch is None:
        return None
    batch = BATCHES.must(state, pool.batch)
    return batch.deadline if is_open(batch, time) else None


def require_not_held(ctx: Context, name: bytes, obligation: Obligation) -> None:
    """Refuse what would change an obligation that a batch holds."""
    if obligation.slot is None:
        return
    until = held_until(ctx.state, pool_of(name, obligation), ctx.time)
    require(until is None, Refuse.OBLIGATION_HELD, obligation=name, until=until or 0)


def require_room(ctx: Context, key: PoolKey) -> None:
    """Refuse an obligation for which a pool has no room now."""
    until = held_until(ctx.state, key, ctx.time)
    require(until is None, Refuse.POOL_HELD, until=until or 0)
    pool, most = POOLS.find(ctx.state, key), RULES.must(ctx.state, None).pool_max
    require(pool is None or pool.count < most, Refuse.POOL_FULL, most=most)


def enter(state: State, name: bytes, obligation: Obligation) -> None:
    """Put an obligation at the end of its pool."""
    key = pool_of(name, obligation)
    pool = POOLS.find(state, key) or Pool(count=0, batch=None, resting_until=0)
    PLACES.put(state, (key, pool.count), Place(obligation=name))
    POOLS.put(state, key, structs.replace(pool, count=pool.count + 1))
    OBLIGATIONS.put(state, name, structs.replace(obligation, slot=pool.count))


def leave(state: State, name: bytes, obligation: Obligation) -> None:
    """Take an obligation out of its pool, if it is in one; the last of the pool takes its slot."""
    if obligation.slot is None:
        return
    key = pool_of(name, obligation)
    pool = POOLS.must(state, key)
    last = pool.count - 1
    if obligation.slot != last:
        moved = PLACES.must(state, (key, last))
        PLACES.put(state, (key, obligation.slot), moved)
        other = OBLIGATIONS.must(state, moved.obligation)
        OBLIGATIONS.put(state, moved.obligation, structs.replace(other, slot=obligation.slot))
    PLACES.drop(state, (key, last))
    if last or pool.batch is not None:
        POOLS.put(state, key, structs.replace(pool, count=last))
    else:
        POOLS.drop(state, key)


def written_down(ctx: Context, name: bytes) -> Obligation:
    """Give an obligation as it stands, to be written by the caller, and state what a batch did to it."""
    before = OBLIGATIONS.must(ctx.state, name)
    now = as_it_stands(ctx.state, before, ctx.time)
    units = before.left - now.left
    if units and before.batch is not None:
        ctx.emit(
            ObligationNetted(
                obligation=name,
                debtor=now.debtor,
                batch=before.batch,
                asset=now.asset,
                units=units,
                left=now.left,
            )
        )
    return now


def reduce(ctx: Context, name: bytes, units: int) -> int:
    """Take units off what is left of an obligation, and forget it once nothing is; give what is left."""
    obligation = written_down(ctx, name)
    left = obligation.left - units
    if left:
        OBLIGATIONS.put(ctx.state, name, structs.replace(obligation, left=left))
    else:
        forget(ctx.state, name, obligation)
    return left


def forget(state: State, name: bytes, obligation: Obligation) -> None:
    """End an obligation."""
    leave(state, name, obligation)
    OBLIGATIONS.drop(state, name)
    quota.give_back(state, obligation.sponsor, OBLIGATION_BYTES)
