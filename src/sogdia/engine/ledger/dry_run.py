"""Trying an envelope without applying it: what would become of it in a block now, and what it would change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.kernel.codec import encode
from sogdia.kernel.dry_run import ChangedRecord, DryRun, NotAdmissible, Scheduled
from sogdia.kernel.machine import Block
from sogdia.kernel.refusal import Refused

if TYPE_CHECKING:
    from sogdia.engine.ledger.ledger import Ledger
    from sogdia.kernel.admission import Verifier
    from sogdia.kernel.operation import Exit
    from sogdia.kernel.state import State


def dry_run(ledger: Ledger, raw: bytes, time: int, valid: Verifier) -> DryRun:
    """Include an envelope in a block over the present state, and throw the block away.

    Its receipt has the blind of a network without a secret: the real one is for those who may see the real receipt.
    """
    block = Block(ledger.machine, ledger.base, ledger.ids, height=ledger.tip.height + 1, time=time, valid=valid)
    envelope = ledger.machine.envelopes.open(raw, block.limits)
    receipt: bytes | None = None
    refusal = None
    try:
        block.include(envelope)
        receipt = block.results[-1].receipt
    except Refused as refused:
        refusal = NotAdmissible(int(refused.code), refused.facts)
    state = block.state
    return DryRun(
        height=block.height,
        time=time,
        id=envelope.id,
        receipt=receipt,
        not_admissible=refusal,
        changes=_changes(state),
        scheduled=_scheduled(ledger.machine.exits, state),
    )


def _changes(state: State) -> list[ChangedRecord]:
    found = []
    for key, (table, record) in state.changes.items():
        before = state.base.find(table, key)
        if before != record:
            found.append(ChangedRecord(key, _bytes_of(before), _bytes_of(record)))
    return found


def _scheduled(exits: dict[int, Exit], state: State) -> list[Scheduled]:
    """Find the objects that have another deadline than before."""
    found = []
    for key, (table, record) in state.changes.items():
        way_out = exits.get(table.number)
        if way_out is None or record is None:
            continue
        before = state.base.find(table, key)
        deadline = way_out.deadline_of(record)
        if deadline is not None and (before is None or way_out.deadline_of(before) != deadline):
            found.append(Scheduled(deadline, key))
    return sorted(found, key=lambda each: (each.deadline, each.object))


def _bytes_of(record: object) -> bytes | None:
    return None if record is None else encode(record)
