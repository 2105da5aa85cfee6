"""Which object is due when: an ordered set of (deadline, object) kept in ordinary records, provable like all others.

    deadline, 32 bits                page, 8 bits
    ┌────────┬────────┬────────┬────────┬────────┐
    │ digit 0│ digit 1│ digit 2│ digit 3│ digit 4│──▶ page: sorted objects whose hash begins with digit 4
    └────────┴────────┴────────┴────────┴────────┘
       each node is a 256-bit map of the digits that exist below it

Objects that are due in the same second share its node, so in a busy block one write serves many of them. A page that
grows beyond a limit becomes a node, with pages below it by the next byte of the hashes: names can be chosen so that
their hashes begin alike, and a page is written whole whenever one object joins it. Within a second the order is that of
those bytes of the objects' hashes, then names: the same on every node.
"""

from __future__ import annotations

from bisect import bisect_left
from hashlib import sha256
from typing import Annotated, Any

from msgspec import Meta

from sogdia.kernel.codec import Record
from sogdia.kernel.digit_maps import DigitMap, clear, first, knows, mark
from sogdia.kernel.refusal import Broken, ensure
from sogdia.kernel.state import Reader, State, Table

DIGITS = 5
"""Digits of a page that was never too full."""

PAGE_OBJECTS_MAX = 256
"""With one object more a page becomes a node."""

DueObject = Annotated[bytes, Meta(min_length=1, max_length=64)]
"""The table number of an object with a deadline, then its key."""


class DuePage(Record):
    """The objects that are due at one second and whose hash begins with one byte, or with more when many do."""

    objects: tuple[DueObject, ...]


def _show_slot(key: bytes) -> dict[str, Any]:
    return {"slot": key}


DUE_NODES: Table[bytes, DigitMap] = Table("kernel/due-nodes", 3, DigitMap, show_key=_show_slot)
DUE_PAGES: Table[bytes, DuePage] = Table("kernel/due-pages", 4, DuePage, show_key=_show_slot)


def page_of(state: Reader, deadline: int, due_object: bytes) -> DuePage | None:
    """Give the page on which an object stands under a deadline, if it does."""
    return _page_in(state, _digits_of(deadline, due_object))[1]


def schedule(state: State, deadline: int, due_object: bytes) -> None:
    """Enter an object under its deadline."""
    _enter(state, _digits_of(deadline, due_object), due_object)


def unschedule(state: State, deadline: int, due_object: bytes) -> None:
    """Take an object out again."""
    _take_out(state, _digits_of(deadline, due_object), due_object)


def move(state: State, before: int, after: int, due_object: bytes) -> None:
    """Move an object from one deadline to another."""
    if after != before:
        digits = _digits_of(before, due_object)
        _take_out(state, digits, due_object)
        _enter(state, after.to_bytes(4, "big") + digits[4:], due_object)


def _digits_of(deadline: int, due_object: bytes) -> bytes:
    """Give all digits under which an object can stand; a page takes the first five, or more where it is crowded."""
    return deadline.to_bytes(4, "big") + sha256(due_object).digest()


def _page_in(state: Reader, digits: bytes) -> tuple[bytes, DuePage | None]:
    """Give as many digits as lead to a page, and the page; or to the place of one, and nothing."""
    slot = digits[:DIGITS]
    # The node above is asked: it will be needed, and there is nothing below a digit that it does not know.
    while (page := DUE_PAGES.find(state, slot)) is None and slot != digits and knows(state, DUE_NODES, slot):
        slot = digits[: len(slot) + 1]
    return slot, page


def _enter(state: State, digits: bytes, due_object: bytes) -> None:
    slot, page = _page_in(state, digits)
    if page is None:
        DUE_PAGES.put(state, slot, DuePage(objects=(due_object,)))
        mark(state, DUE_NODES, slot)
        return
    objects = page.objects
    at = bisect_left(objects, due_object)
    ensure(objects[at : at + 1] != (due_object,), "an object is scheduled twice")
    objects = (*objects[:at], due_object, *objects[at:])
    if len(objects) <= PAGE_OBJECTS_MAX or slot == digits:
        DUE_PAGES.put(state, slot, DuePage(objects=objects))
    else:
        _divide(state, slot, objects)


def _divide(state: State, slot: bytes, objects: tuple[bytes, ...]) -> None:
    """Put a node in the place of a full page, and its objects on pages below."""
    DUE_PAGES.drop(state, slot)
    below: dict[int, list[bytes]] = {}
    for each in objects:
        below.setdefault(sha256(each).digest()[len(slot) - 4], []).append(each)
    for digit in sorted(below):
        DUE_PAGES.put(state, slot + bytes((digit,)), DuePage(objects=tuple(below[digit])))
        mark(state, DUE_NODES, slot + bytes((digit,)), len(slot))


def _take_out(state: State, digits: bytes, due_object: bytes) -> None:
    slot, page = _page_in(state, digits)
    objects = () if page is None else page.objects
    at = bisect_left(objects, due_object)
    ensure(objects[at : at + 1] == (due_object,), "an object that is not scheduled cannot be taken out")
    if len(objects) > 1:
        DUE_PAGES.put(state, slot, DuePage(objects=objects[:at] + objects[at + 1 :]))
        return
    DUE_PAGES.drop(state, slot)
    clear(state, DUE_NODES, slot)


def earliest(state: Reader) -> tuple[int, bytes] | None:
    """Give the earliest deadline and its first object, or nothing when nothing is scheduled."""
    slot = first(state, DUE_NODES)
    if slot is None:
        return None
    page = DUE_PAGES.find(state, slot)
    if page is None:
        raise Broken("the calendar has a gap")
    return int.from_bytes(slot[:4], "big"), page.objects[0]
