"""Which object is due when: an ordered set of (deadline, object) kept in ordinary records, provable like all others.

    deadline, 32 bits                page, 8 bits
    ┌────────┬────────┬────────┬────────┬────────┐
    │ digit 0│ digit 1│ digit 2│ digit 3│ digit 4│──▶ page: sorted objects whose hash begins with digit 4
    └────────┴────────┴────────┴────────┴────────┘
       each node is a 256-bit map of the digits that exist below it

Objects that are due in the same second share its node, so in a busy block one write serves many of them. Within a
second the order is that of the objects' hashes, then names: the same on every node.
"""

from __future__ import annotations

from bisect import bisect_left
from hashlib import sha256
from typing import Annotated, Any

from msgspec import Meta

from sogdia.kernel.codec import Record
from sogdia.kernel.refusal import ensure
from sogdia.kernel.state import Reader, State, Table

DIGITS = 5

Map = Annotated[bytes, Meta(min_length=32, max_length=32)]
DueObject = Annotated[bytes, Meta(min_length=1, max_length=64)]
"""The table number of an object with a deadline, then its key."""


class DueNode(Record):
    """The digits that exist below a prefix, one bit each."""

    present: Map


class DuePage(Record):
    """The objects that are due at one second and whose hash begins with one byte."""

    objects: tuple[DueObject, ...]


def _show_slot(key: bytes) -> dict[str, Any]:
    return {"slot": key}


DUE_NODES: Table[bytes, DueNode] = Table("kernel/due-nodes", 3, DueNode, show_key=_show_slot)
DUE_PAGES: Table[bytes, DuePage] = Table("kernel/due-pages", 4, DuePage, show_key=_show_slot)


def slot_of(deadline: int, due_object: bytes) -> bytes:
    """Give the five digits under which an object stands."""
    return deadline.to_bytes(4, "big") + sha256(due_object).digest()[:1]


def schedule(state: State, deadline: int, due_object: bytes) -> None:
    """Enter an object under its deadline."""
    _enter(state, slot_of(deadline, due_object), due_object)


def unschedule(state: State, deadline: int, due_object: bytes) -> None:
    """Take an object out again."""
    _take_out(state, slot_of(deadline, due_object), due_object)


def move(state: State, before: int, after: int, due_object: bytes) -> None:
    """Move an object from one deadline to another."""
    if after != before:
        slot = slot_of(before, due_object)
        _take_out(state, slot, due_object)
        _enter(state, after.to_bytes(4, "big") + slot[4:], due_object)


def _enter(state: State, slot: bytes, due_object: bytes) -> None:
    page = DUE_PAGES.find(state, slot)
    if page is not None:
        objects = page.objects
        at = bisect_left(objects, due_object)
        ensure(objects[at : at + 1] != (due_object,), "an object is scheduled twice")
        DUE_PAGES.put(state, slot, DuePage(objects=(*objects[:at], due_object, *objects[at:])))
        return
    DUE_PAGES.put(state, slot, DuePage(objects=(due_object,)))
    for depth in range(DIGITS - 1, -1, -1):
        node = DUE_NODES.find(state, slot[:depth])
        bits = 0 if node is None else int.from_bytes(node.present, "big")
        DUE_NODES.put(state, slot[:depth], DueNode(present=(bits | 1 << slot[depth]).to_bytes(32, "big")))
        if node is not None:
            return


def _take_out(state: State, slot: bytes, due_object: bytes) -> None:
    objects = DUE_PAGES.must(state, slot).objects
    at = bisect_left(objects, due_object)
    ensure(objects[at : at + 1] == (due_object,), "an object that is not scheduled cannot be taken out")
    if len(objects) > 1:
        DUE_PAGES.put(state, slot, DuePage(objects=objects[:at] + objects[at + 1 :]))
        return
    DUE_PAGES.drop(state, slot)
    for depth in range(DIGITS - 1, -1, -1):
        bits = int.from_bytes(DUE_NODES.must(state, slot[:depth]).present, "big") & ~(1 << slot[depth])
        if bits:
            DUE_NODES.put(state, slot[:depth], DueNode(present=bits.to_bytes(32, "big")))
            return
        DUE_NODES.drop(state, slot[:depth])


def earliest(state: Reader) -> tuple[int, bytes] | None:
    """Give the earliest deadline and its first object, or nothing when nothing is scheduled."""
    slot = b""
    for depth in range(DIGITS):
        node = DUE_NODES.find(state, slot)
        if node is None:
            ensure(depth == 0, "the calendar has a gap")
            return None
        bits = int.from_bytes(node.present, "big")
        slot += bytes(((bits & -bits).bit_length() - 1,))
    return int.from_bytes(slot[:4], "big"), DUE_PAGES.must(state, slot).objects[0]
