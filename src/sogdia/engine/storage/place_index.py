"""Where things stand in the blocks: ids of envelopes and exits, and the steps in the lives of objects.

New entries gather in memory. When there are enough of them they are sorted and stored as one run, under the height up
to which it reaches. A run is never changed, so the cost of an entry doesn't grow with the ledger, as it would in a
tree that takes random keys. Eight bytes of a hash may belong to several things: who asks looks into the block.

    run   = entry ‖ entry …                    in order
    entry = hash, first 8 bytes ‖ height, 5 bytes ‖ number within the block, 3 bytes
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

IDS = "ids"
STEPS = "steps"
INDEXES = (IDS, STEPS)

HASH_PART_BYTES = 8
ENTRY_BYTES = 16
NUMBERS_MAX = 2**24


class Place(NamedTuple):
    """Where something stands: the block's height, and its number among its like within the block."""

    height: int
    number: int


class Run(NamedTuple):
    """Sorted entries of all blocks up to `height` that earlier runs don't hold."""

    height: int
    entries: bytes


class PlaceIndex:
    """The entries that are in no stored run yet."""

    def __init__(self) -> None:
        """Start with nothing pending."""
        self._pending: dict[bytes, int] = {}
        self._several: dict[bytes, list[int]] = {}
        self._run: Run | None = None
        self._height = 0
        self._count = 0

    def add(self, height: int, hashes: Iterable[bytes]) -> None:
        """Enter a block's hashes, numbered from 0 in their order."""
        pending = self._pending
        place = height * NUMBERS_MAX
        for each in hashes:
            part = each[:HASH_PART_BYTES]
            if part in pending:
                self._several.setdefault(part, []).append(place)
            else:
                pending[part] = place
            place += 1
            self._count += 1
        self._height = height

    def size(self) -> int:
        """Give how many hashes are in no run yet."""
        return self._count

    def make_run(self) -> Run:
        """Turn the pending entries into a run; they can be found all the time."""
        entries = [part + place.to_bytes(8, "big") for part, place in self._pending.items()]
        entries += [part + place.to_bytes(8, "big") for part, places in self._several.items() for place in places]
        entries.sort()
        self._run = Run(self._height, b"".join(entries))
        self._pending, self._several, self._count = {}, {}, 0
        return self._run

    def run_stored(self) -> None:
        """Forget the entries of the run: it is searched in storage from now on."""
        self._run = None

    def pending(self, whole: bytes) -> Iterator[Place]:
        """Give the places that the memory knows for the beginning of a hash."""
        part = whole[:HASH_PART_BYTES]
        if part in self._pending:
            yield Place(*divmod(self._pending[part], NUMBERS_MAX))
        for place in self._several.get(part, ()):
            yield Place(*divmod(place, NUMBERS_MAX))
        if self._run is not None:
            yield from search(memoryview(self._run.entries), whole)


def search(entries: memoryview, whole: bytes) -> Iterator[Place]:
    """Give the places that a run knows for the beginning of a hash."""
    part = whole[:HASH_PART_BYTES]
    count = len(entries) // ENTRY_BYTES

    def part_of(at: int) -> bytes:
        start = at * ENTRY_BYTES
        return bytes(entries[start : start + HASH_PART_BYTES])

    at = bisect_left(range(count), part, key=part_of)
    while at < count and part_of(at) == part:
        place = int.from_bytes(entries[at * ENTRY_BYTES + HASH_PART_BYTES : (at + 1) * ENTRY_BYTES], "big")
        yield Place(*divmod(place, NUMBERS_MAX))
        at += 1
