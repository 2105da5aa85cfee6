"""What is always true of netting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.kernel import calendar
from sogdia.kernel.refusal import ensure
from sogdia.kernel.values import ACCOUNT_BYTES, owner_of
from sogdia.modules.netting.certificate import fault_of
from sogdia.modules.netting.pools import pool_of
from sogdia.modules.netting.records import BATCHES, OBLIGATIONS, PLACES, POOLS, POSITIONS, Stage, pool_key
from sogdia.modules.netting.sweeping import place_at

if TYPE_CHECKING:
    from sogdia.kernel.state import Reader
    from sogdia.modules.netting.records import Batch

SLOT_BYTES = 4


def nobody_owes_less_than_nothing(state: Reader) -> None:
    """What is left of an obligation is something, at most its amount, at least its flow; and a flow has a batch."""
    for name, each in OBLIGATIONS.items(state):
        ensure(0 < each.left <= each.units, f"{name.hex()} has too little or too much left")
        ensure(0 <= each.flow <= each.left, f"more is netted of {name.hex()} than is left")
        ensure((each.batch is not None) == (each.flow > 0), f"{name.hex()} has a flow of no batch")
        ensure(each.batch is None or BATCHES.find(state, each.batch) is not None, "a flow of a batch that is gone")
        ensure(each.debtor != owner_of(name), f"{name.hex()} is owed to its debtor")
        ensure(each.slot is None or each.accepted, f"{name.hex()} is in a pool before it was accepted")


def every_pool_has_its_obligations_without_gaps(state: Reader) -> None:
    """The slots of a pool are those from 0 to its count, and each obligation stands at its own."""
    counted: dict[bytes, int] = {}
    for key, place in PLACES.items(state):
        pool, slot = key[:-SLOT_BYTES], int.from_bytes(key[-SLOT_BYTES:], "big")
        counted[pool] = counted.get(pool, 0) + 1
        each = OBLIGATIONS.must(state, place.obligation)
        ensure(each.slot == slot, f"{place.obligation.hex()} is not at its slot")
        ensure(pool_key(pool_of(place.obligation, each)) == pool, f"{place.obligation.hex()} is in another pool")
    pooled = sum(each.slot is not None for _name, each in OBLIGATIONS.items(state))
    ensure(pooled == sum(counted.values()), "an obligation has a slot at which it does not stand")
    for key, known in POOLS.items(state):
        ensure(known.count == counted.pop(key, 0), "a pool has another number of obligations than it says")
        ensure(known.count or known.batch is not None, "an empty pool is kept")
        ensure(known.batch is None or BATCHES.find(state, known.batch) is not None, "a pool is held by no batch")
    ensure(not counted, "obligations stand in a pool that is not there")


def every_batch_counts_what_the_tables_say(state: Reader) -> None:
    """An open batch's counters are those of its flows and positions, each flow stands its check, and it is due."""
    for name, batch in BATCHES.items(state):
        due_object = BATCHES.full_key(name)
        page = calendar.page_of(state, batch.deadline, due_object)
        ensure(page is not None and due_object in page.objects, "a batch is missing in the calendar")
        for due in batch.dues:
            held = POOLS.must(state, (owner_of(name), batch.asset, due))
            ensure(held.batch == name, "a pool of a batch is not held by it")
        if batch.stage == Stage.OPEN:
            _counts_are_right(state, name, batch)
        elif batch.stage == Stage.COMMITTED:
            ensure(batch.unbalanced == 0, "a batch was committed that is not balanced")


def every_position_has_its_batch(state: Reader) -> None:
    """A batch has as many positions as it counts, in one chain."""
    known: dict[bytes, int] = {}
    for key, _position in POSITIONS.items(state):
        of = key[:-ACCOUNT_BYTES]
        known[of] = known.get(of, 0) + 1
    for name, batch in BATCHES.items(state):
        account, length = batch.last_party, 0
        while account:
            account, length = POSITIONS.must(state, (name, account)).before, length + 1
        ensure(length == known.pop(name, 0) == batch.parties, "the chain of positions has not as many as the batch")
    ensure(not known, "positions of a batch that is gone")


def _counts_are_right(state: Reader, name: bytes, batch: Batch) -> None:
    """Add an open batch up from the obligations: sums by party, flows in all, the certificate."""
    sums: dict[bytes, int] = {}
    cleared = 0
    for index in range(batch.covered):
        place = PLACES.must(state, place_at(owner_of(name), batch, index))
        each, creditor = OBLIGATIONS.must(state, place.obligation), owner_of(place.obligation)
        owing, owed = POSITIONS.must(state, (name, each.debtor)), POSITIONS.must(state, (name, creditor))
        most = 0 if owing.frozen or owed.frozen else each.left
        sound = most == each.flow == 0 or fault_of(owing.potential, owed.potential, each.flow, most) is None
        ensure(sound, f"the flow of {place.obligation.hex()} does not fit its batch's potentials")
        sums[each.debtor] = sums.get(each.debtor, 0) + each.flow
        sums[creditor] = sums.get(creditor, 0) - each.flow
        cleared += each.flow
    ensure(cleared == batch.cleared, "a batch clears another sum than it says")
    for key, position in POSITIONS.items(state):
        if key[:-ACCOUNT_BYTES] == name:
            ensure(position.net == sums.pop(key[-ACCOUNT_BYTES:], 0), "a party's sum is not that of its flows")
    uncounted = sum(position.net != 0 for key, position in POSITIONS.items(state) if key[:-ACCOUNT_BYTES] == name)
    ensure(uncounted == batch.unbalanced, "a batch has other parties out of balance than it says")
