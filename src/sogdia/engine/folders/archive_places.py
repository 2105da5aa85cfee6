"""Where things stand in fetched segments: ids of envelopes and exits, and the steps in the lives of objects.

    DIR/archive/FIRST-LAST.places

    places = SHA-256 of what follows, 32 bytes ‖ run ‖ run …
    run    = which index, 1 byte ‖ count of entries, 4 bytes, big-endian ‖ entries in order, as `place_index` has them

A node that hands its own blocks on has these places in its data file. One that began with a later snapshot has not, and
makes them of each segment that it fetches. They are derived: a damaged or missing file finds less, and nothing false,
since whoever finds a place looks into the block.
"""

from __future__ import annotations

import mmap
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from sogdia.engine.storage.disk import sync_file, sync_folder
from sogdia.engine.storage.ledger_file import INDEXES
from sogdia.engine.storage.place_index import ENTRY_BYTES, PlaceIndex, search
from sogdia.kernel.stored_block import decode_block

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from sogdia.engine.storage.place_index import Place
    from sogdia.kernel.stored_block import StoredBlock

SUFFIX: Final = ".places"
RUN_ENTRIES_MAX: Final = 500_000
HASH_BYTES: Final = 32
HEAD_BYTES: Final = 5


def hashes_in(block: StoredBlock) -> tuple[list[bytes], list[bytes]]:
    """Give what of a block is found by each of the indexes: ids, and hashes of the keys of objects."""
    return [result.id for result in block.all_results()], [sha256(step.object).digest() for step in block.steps]


def write_places(segment: Path, raws: Iterable[bytes]) -> None:
    """Write down, durably, where things stand in the blocks of a segment."""
    path = segment.with_suffix(SUFFIX)
    draft = path.with_suffix(".unfinished-places")
    indexes = {name: PlaceIndex() for name in INDEXES}
    hashed = sha256()
    with draft.open("wb") as stream:
        stream.write(bytes(HASH_BYTES))

        def put() -> None:
            for number, name in enumerate(INDEXES):
                if indexes[name].size():
                    entries = indexes[name].make_run().entries
                    part = bytes([number]) + (len(entries) // ENTRY_BYTES).to_bytes(HEAD_BYTES - 1, "big") + entries
                    stream.write(part)
                    hashed.update(part)
                    indexes[name].run_stored()

        for raw in raws:
            block = decode_block(raw)
            for name, hashes in zip(INDEXES, hashes_in(block), strict=True):
                indexes[name].add(block.height, hashes)
            if sum(index.size() for index in indexes.values()) >= RUN_ENTRIES_MAX:
                put()
        put()
        stream.seek(0)
        stream.write(hashed.digest())
    sync_file(draft)
    draft.rename(path)
    sync_folder(path.parent)


class ArchivePlaces:
    """The places of all segments that were fetched into one folder."""

    def __init__(self, folder: Path) -> None:
        """Look into an archive's folder, which need not be there."""
        self._folder = folder
        self._seen = 0
        self._runs: dict[Path, list[tuple[str, memoryview]]] = {}

    def find(self, index: str, whole: bytes) -> Iterator[Place]:
        """Give the places that are known for the beginning of a hash."""
        self._look()
        for runs in self._runs.values():
            for name, entries in runs:
                if name == index:
                    yield from search(entries, whole)

    def _look(self) -> None:
        """Open what has come since the last look."""
        try:
            changed = self._folder.stat().st_mtime_ns
        except FileNotFoundError:
            return
        if changed != self._seen:
            self._seen = changed
            for path in sorted(self._folder.glob(f"*{SUFFIX}")):
                if path not in self._runs:
                    self._runs[path] = list(_runs_in(path))


def _runs_in(path: Path) -> Iterator[tuple[str, memoryview]]:
    """Give the runs of a file, none when it is damaged."""
    with path.open("rb") as stream:
        if path.stat().st_size <= HASH_BYTES:
            return
        mapped = memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))
    if sha256(mapped[HASH_BYTES:]).digest() != mapped[:HASH_BYTES]:
        return
    at = HASH_BYTES
    while at < len(mapped):
        end = at + HEAD_BYTES + int.from_bytes(mapped[at + 1 : at + HEAD_BYTES], "big") * ENTRY_BYTES
        yield INDEXES[mapped[at]], mapped[at + HEAD_BYTES : end]
        at = end
