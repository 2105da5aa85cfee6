"""Which object comes up at which height: what modules have to do when a block is reached, whatever its time.

Heights come one by one, so a record a height is enough: nothing has to be searched. What is scheduled for height H is
done at the end of block H-1, as the last thing before its ids are written down. So the state that block H begins with
holds it already, and whoever tries an envelope between the two blocks sees what will be in force.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from sogdia.kernel.calendar import DueObject
from sogdia.kernel.codec import Record
from sogdia.kernel.refusal import ensure
from sogdia.kernel.state import Reader, State, Table

OBJECTS_MAX = 256
"""So many objects can come up at one height; modules that schedule any keep to fewer."""


class DueHeight(Record):
    """The objects that come up at one height, in the order in which they were scheduled."""

    objects: Annotated[tuple[DueObject, ...], Meta(min_length=1, max_length=OBJECTS_MAX)]


def _height_key(height: int) -> bytes:
    return height.to_bytes(8, "big")


def _show_height(key: bytes) -> dict[str, Any]:
    return {"height": int.from_bytes(key, "big")}


DUE_HEIGHTS: Table[int, DueHeight] = Table("kernel/due-heights", 15, DueHeight, key=_height_key, show_key=_show_height)


def scheduled_at(state: Reader, height: int) -> tuple[bytes, ...]:
    """Give the objects that come up at a height."""
    due = DUE_HEIGHTS.find(state, height)
    return () if due is None else due.objects


def schedule_at(state: State, height: int, due_object: bytes) -> None:
    """Let an object come up at a height that no block has reached yet."""
    objects = scheduled_at(state, height)
    ensure(due_object not in objects, "an object is scheduled twice for one height")
    ensure(len(objects) < OBJECTS_MAX, "too many objects come up at one height")
    DUE_HEIGHTS.put(state, height, DueHeight(objects=(*objects, due_object)))


def unschedule_at(state: State, height: int, due_object: bytes) -> None:
    """Take an object out again."""
    objects = scheduled_at(state, height)
    ensure(due_object in objects, "an object that is not scheduled for a height cannot be taken out")
    left = tuple(each for each in objects if each != due_object)
    if left:
        DUE_HEIGHTS.put(state, height, DueHeight(objects=left))
    else:
        DUE_HEIGHTS.drop(state, height)
