"""Batches: a coordinator nets its pools of some dates. What it says is checked in parts; it counts whole or not at all.

    open ──potentials of the parties──flows of the obligations──commit──▶ committed ──a part at a time──▶ gone
      └───────────────────drop, or the deadline passes──────────────────▶ lapsed ─────a part at a time──▶ gone

While it is open the pools stay as they are, and for a while after one that lapsed no batch may hold them again. Each
part is checked by itself against the certificate (`certificate`), and the commit looks at counters alone: every
obligation is covered, every party gives up as much as it is let off, nobody has been frozen or unfrozen meanwhile.
From the commit on every obligation counts as reduced; the rest is bookkeeping, which the calendar brings about.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, ClassVar

import msgspec
from msgspec import Meta, structs

from sogdia.kernel import calendar, quota
from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.operation import Operation
from sogdia.kernel.refusal import require
from sogdia.kernel.values import UNITS_MAX, Account, Reference, Seconds, Units, name_of, owner_of
from sogdia.modules.money import Asset, balance, currency_of, freezes_counted
from sogdia.modules.netting.certificate import Fault, fault_of
from sogdia.modules.netting.events import BatchCommitted, BatchOpened
from sogdia.modules.netting.obligations import require_rising
from sogdia.modules.netting.records import (
    BATCHES,
    DUES_MAX,
    OBLIGATIONS,
    PLACES,
    POOLS,
    POSITIONS,
    RULES,
    Batch,
    Count,
    Position,
    Potential,
    Stage,
)
from sogdia.modules.netting.refusals import NettingRefusal as Refuse
from sogdia.modules.netting.sweeping import BATCH_BYTES, POSITION_BYTES, end_batch, place_at

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import Table
    from sogdia.modules.netting.records import Obligation

POTENTIALS_MAX = 1_000
FLOWS_MAX = 1_000


class BatchOperation(Operation):
    """An operation on a batch of the sender's."""

    batch: Reference

    def touches(self, sender: bytes) -> Iterable[tuple[Table[Any, Any], Any]]:
        """Name the batch: it may have run out."""
        return ((BATCHES, name_of(sender, self.batch)),)


class OpenBatch(BatchOperation, tag=806):
    """Begin to net the sender's pools of some dates in one money. Until the batch ends they stay as they are."""

    asset: Asset
    dues: Annotated[tuple[Seconds, ...], Meta(min_length=1, max_length=DUES_MAX)]

    def check(self) -> None:
        """Refuse dates out of order."""
        require(all(a < b for a, b in pairwise(self.dues)), Refuse.DUES_NOT_IN_ORDER)

    def apply(self, ctx: Context) -> None:
        """Hold the pools."""
        name = name_of(ctx.sender, self.batch)
        require(BATCHES.find(ctx.state, name) is None, Refuse.BATCH_EXISTS, batch=name)
        currency_of(ctx.state, self.asset)
        # What is due later would be given up for what is due now: a position is preserved date by date.
        together = len(self.dues) == 1 or self.dues[-1] <= ctx.time
        require(together, Refuse.DUE_AHEAD, due=self.dues[-1])
        sizes = tuple(size_of(ctx, self.asset, due) for due in self.dues)

        sponsor = PARTIES.must(ctx.state, ctx.sender).sponsor
        quota.occupy(ctx.state, sponsor, BATCH_BYTES)
        deadline = ctx.time + RULES.must(ctx.state, None).batch_period
        opened = Batch(
            asset=self.asset,
            dues=self.dues,
            sizes=sizes,
            stage=Stage.OPEN,
            deadline=deadline,
            freezes=freezes_counted(ctx.state, self.asset),
            covered=0,
            cleared=0,
            parties=0,
            unbalanced=0,
            last_party=b"",
            sponsor=sponsor,
        )
        BATCHES.put(ctx.state, name, opened)
        for due in self.dues:
            key = ctx.sender, self.asset, due
            POOLS.put(ctx.state, key, structs.replace(POOLS.must(ctx.state, key), batch=name))
        calendar.schedule(ctx.state, deadline, BATCHES.full_key(name))

        ctx.emit(BatchOpened(batch=name, asset=self.asset, dues=self.dues, obligations=sum(sizes), deadline=deadline))


class PartyPotential(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A party and its potential."""

    account: Account
    potential: Potential


class DeclarePotentials(BatchOperation, tag=807):
    """Say the potentials of some parties of an open batch, once each."""

    potentials: Annotated[tuple[PartyPotential, ...], Meta(min_length=1, max_length=POTENTIALS_MAX)]

    def check(self) -> None:
        """Refuse accounts out of order."""
        require_rising([each.account for each in self.potentials])

    def apply(self, ctx: Context) -> None:
        """Begin the parties' sums at nothing."""
        name, batch = open_batch(ctx, self.batch)
        for each in self.potentials:
            new = POSITIONS.find(ctx.state, (name, each.account)) is None
            require(new, Refuse.PARTY_DECLARED, account=each.account)

        quota.occupy(ctx.state, batch.sponsor, POSITION_BYTES * len(self.potentials))
        before = batch.last_party
        for each in self.potentials:
            frozen = balance(ctx.state, each.account, batch.asset).frozen
            position = Position(potential=each.potential, frozen=frozen, net=0, before=before)
            POSITIONS.put(ctx.state, (name, each.account), position)
            before = each.account
        parties = batch.parties + len(self.potentials)
        BATCHES.put(ctx.state, name, structs.replace(batch, parties=parties, last_party=before))


class DeclareFlows(BatchOperation, tag=808):
    """Say by how much the next obligations of an open batch are reduced, in the order of dates and slots."""

    start: Count
    """How many have a flow already: a part that is sent twice counts once."""
    flows: Annotated[tuple[Units, ...], Meta(min_length=1, max_length=FLOWS_MAX)]

    def apply(self, ctx: Context) -> None:
        """Check each obligation by itself, and add up."""
        name, batch = open_batch(ctx, self.batch)
        require(self.start == batch.covered, Refuse.PART_NOT_NEXT, next=batch.covered)
        left = sum(batch.sizes) - batch.covered
        require(len(self.flows) <= left, Refuse.FLOWS_TOO_MANY, left=left)
        known: dict[bytes, Position] = {}
        net: dict[bytes, int] = {}
        reduced: list[tuple[bytes, Obligation, int]] = []
        for index, flow in enumerate(self.flows, self.start):
            owed = PLACES.must(ctx.state, place_at(ctx.sender, batch, index)).obligation
            obligation = OBLIGATIONS.must(ctx.state, owed)
            debtor, creditor = obligation.debtor, owner_of(owed)
            from_, to = position_of(ctx, known, name, debtor), position_of(ctx, known, name, creditor)
            require_right(owed, obligation, from_, to, flow)
            if flow:
                net[debtor] = net.get(debtor, from_.net) + flow
                net[creditor] = net.get(creditor, to.net) - flow
                reduced.append((owed, obligation, flow))
        cleared = batch.cleared + sum(self.flows)
        require(cleared <= UNITS_MAX, Refuse.SUMS_TOO_LARGE, most=UNITS_MAX)  # no party's sum is larger than that

        for owed, obligation, flow in reduced:
            OBLIGATIONS.put(ctx.state, owed, structs.replace(obligation, batch=name, flow=flow))
        unbalanced = batch.unbalanced
        for account, sum_ in net.items():
            before = known[account]
            POSITIONS.put(ctx.state, (name, account), structs.replace(before, net=sum_))
            unbalanced += (sum_ != 0) - (before.net != 0)
        covered = batch.covered + len(self.flows)
        counted = structs.replace(batch, covered=covered, cleared=cleared, unbalanced=unbalanced)
        BATCHES.put(ctx.state, name, counted)


class CommitBatch(BatchOperation, tag=809):
    """Reduce every obligation of a complete batch by its flow, at once."""

    def apply(self, ctx: Context) -> None:
        """Look at the counters."""
        name, batch = open_batch(ctx, self.batch)
        require(batch.covered == sum(batch.sizes), Refuse.NOT_COVERED, next=batch.covered)
        require(batch.unbalanced == 0, Refuse.NOT_CONSERVING, parties=batch.unbalanced)

        end_batch(ctx, name, batch, Stage.COMMITTED)

        ctx.emit(BatchCommitted(batch=name, asset=batch.asset, obligations=batch.covered, cleared=batch.cleared))


class DropBatch(BatchOperation, tag=810):
    """Give an open batch up. Nothing has changed, and its pools rest as after one that lapsed."""

    reserved: ClassVar[bool] = True

    def apply(self, ctx: Context) -> None:
        """Let it lapse."""
        name, batch = own_batch(ctx, self.batch)

        end_batch(ctx, name, batch, Stage.LAPSED)


def own_batch(ctx: Context, reference: str) -> tuple[bytes, Batch]:
    """Give an open batch of the sender's with its name, or refuse."""
    name = name_of(ctx.sender, reference)
    batch = BATCHES.get(ctx.state, name, Refuse.BATCH_UNKNOWN, batch=name)
    require(batch.stage == Stage.OPEN, Refuse.BATCH_NOT_OPEN, batch=name)
    return name, batch


def open_batch(ctx: Context, reference: str) -> tuple[bytes, Batch]:
    """Give an open batch of the sender's that freezes have not overtaken, or refuse."""
    name, batch = own_batch(ctx, reference)
    require(batch.freezes == freezes_counted(ctx.state, batch.asset), Refuse.FREEZES_CHANGED, batch=name)
    return name, batch


def size_of(ctx: Context, asset: Asset, due: int) -> int:
    """Give how many obligations a pool of the sender's has that may be held now, or refuse."""
    pool = POOLS.get(ctx.state, (ctx.sender, asset, due), Refuse.POOL_EMPTY, due=due)
    require(pool.batch is None, Refuse.POOL_STILL_CARRIED_OUT, due=due)
    require(ctx.time >= pool.resting_until, Refuse.POOL_RESTS, due=due, until=pool.resting_until)
    return pool.count


def position_of(ctx: Context, known: dict[bytes, Position], batch: bytes, account: bytes) -> Position:
    """Give a party's position as it was before this part, or refuse; `known` holds those that have been read."""
    found = known.get(account)
    if found is None:
        found = POSITIONS.get(ctx.state, (batch, account), Refuse.PARTY_NOT_DECLARED, account=account)
        known[account] = found
    return found


def require_right(name: bytes, obligation: Obligation, from_: Position, to: Position, flow: int) -> None:
    """Refuse a flow that does not fit the potentials of debtor and creditor; of frozen parties nothing is netted."""
    most = 0 if from_.frozen or to.frozen else obligation.left
    if flow == most == 0:
        return
    fault = fault_of(from_.potential, to.potential, flow, most)
    if fault is None:
        return
    drop = from_.potential - to.potential
    require(fault is not Fault.ABOVE, Refuse.FLOW_ABOVE_AMOUNT, obligation=name, flow=flow, most=most)
    require(fault is not Fault.BELOW, Refuse.CLEARABLE_LEFT, obligation=name, flow=flow, most=most, drop=drop)
    require(fault is not Fault.TOO_MUCH, Refuse.CLEARED_AT_A_LOSS, obligation=name, flow=flow, most=most, drop=drop)
