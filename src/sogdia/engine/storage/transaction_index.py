"""Where each id stands: from the first 8 bytes of an envelope's or exit's id to its height and place in the block.

New entries gather in memory. When there are 65,536 of them they are sorted and stored as one run, under the height up
to which it reaches. A run is never changed, so the cost of an entry doesn't grow with the ledger, as it would in a
tree that takes random keys. Eight bytes may belong to several ids: who asks looks into the block.

    run   = entry ‖ entry …                    in order
    entry = id, first 8 bytes ‖ height, 6 bytes ‖ place in the block, 2 bytes
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ID_PART_BYTES = 8
ENTRY_BYTES = 16
ENTRIES_IN_RUN = 65_536
PLACES_MAX = 2**16


class Place(NamedTuple):
    """Where a result stands."""

    height: int
    index: int


class Run(NamedTuple):
    """Sorted entries of all blocks up to `height` that earlier runs don't hold."""

    height: int
    entries: bytes


class TransactionIndex:
    """The entries that are in no stored run yet, and the search through those that are."""

    def __init__(self) -> None:
        """Start with nothing pending."""
        self._pending: dict[bytes, int] = {}
        self._several: dict[bytes, list[int]] = {}
        self._run: Run | None = None
        self._in_run: dict[bytes, int] = {}
        self._height = 0

    def add(self, height: int, ids: Iterable[bytes]) -> None:
        """Enter a block's ids, in the order of its results."""
        pending = self._pending
        place = height << 16
        for each in ids:
            part = each[:ID_PART_BYTES]
            if part in pending:
                self._several.setdefault(part, []).append(place)
            else:
                pending[part] = place
            place += 1
        self._height = height

    def full_run(self) -> Run | None:
        """Give a run to be stored, once there are enough entries for one; the same again until it has been stored."""
        if self._run is None and len(self._pending) >= ENTRIES_IN_RUN:
            entries = [part + place.to_bytes(8, "big") for part, place in self._pending.items()]
            entries += [part + place.to_bytes(8, "big") for part, places in self._several.items() for place in places]
            entries.sort()
            self._run = Run(self._height, b"".join(entries))
            self._in_run, self._pending, self._several = self._pending, {}, {}
        return self._run

    def run_stored(self) -> None:
        """Forget the entries of the run: it is searched in storage from now on."""
        self._run = None
        self._in_run = {}

    def pending(self, envelope_id: bytes) -> Iterator[Place]:
        """Give the places that the memory knows for the beginning of an id."""
        part = envelope_id[:ID_PART_BYTES]
        if part in self._pending:
            yield Place(*divmod(self._pending[part], PLACES_MAX))
        for place in self._several.get(part, ()):
            yield Place(*divmod(place, PLACES_MAX))
        if self._run is not None and part in self._in_run:
            yield from search(memoryview(self._run.entries), envelope_id)


def search(entries: memoryview, envelope_id: bytes) -> Iterator[Place]:
    """Give the places that a stored run knows for the beginning of an id."""
    part = envelope_id[:ID_PART_BYTES]
    count = len(entries) // ENTRY_BYTES

    def part_of(at: int) -> bytes:
        start = at * ENTRY_BYTES
        return bytes(entries[start : start + ID_PART_BYTES])

    at = bisect_left(range(count), part, key=part_of)
    while at < count and part_of(at) == part:
        place = int.from_bytes(entries[at * ENTRY_BYTES + ID_PART_BYTES : (at + 1) * ENTRY_BYTES], "big")
        yield Place(*divmod(place, PLACES_MAX))
        at += 1
