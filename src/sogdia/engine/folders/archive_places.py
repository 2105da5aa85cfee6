"""Where things stand in the segments of an archive: ids of envelopes and exits, and the steps in the lives of objects.

    DIR/archive/FIRST-LAST.places

    places = SHA-256 of what follows, 32 bytes ‖ run ‖ run …
    run    = which index, 1 byte ‖ count of entries, 4 bytes, big-endian ‖ entries in order, as `place_index` has them

A node that hands its own blocks on has these places in its data file. One that began with a later snapshot, or was put
back to an earlier height, has not: `cover` makes them, in one file for all segments next to each other that have none
yet. They are derived: a damaged or missing file finds less, and nothing false, since whoever finds a place looks into
the block.
"""

from __future__ import annotations

import mmap
import re
from hashlib import sha256
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple

from sogdia.engine.folders.archive import SegmentWrongError, blocks_of, check_segment, segments_in
from sogdia.engine.storage.disk import sync_file, sync_folder
from sogdia.engine.storage.place_index import ENTRY_BYTES, INDEXES, PlaceIndex, search
from sogdia.kernel.stored_block import decode_block

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from sogdia.engine.folders.archive import Segment
    from sogdia.engine.storage.place_index import Place
    from sogdia.kernel.stored_block import StoredBlock

SUFFIX: Final = ".places"
NAME: Final = re.compile(r"([0-9]{1,15})-([0-9]{1,15})\.places")
RUN_ENTRIES_MAX: Final = 500_000
HASH_BYTES: Final = 32
HEAD_BYTES: Final = 5


class Covered(NamedTuple):
    """What was done: which files were made, and what is wrong with segments that could not be read."""

    made: list[str]
    wrong: list[str]


def cover(folder: Path, network: bytes) -> Covered:
    """Write down where things stand in all segments of an archive of which that is not known yet."""
    known = [heights for path in folder.glob(f"*{SUFFIX}") if (heights := _heights_of(path)) and _is_right(path)]
    made, wrong = [], []
    missing: list[Segment] = []
    for segment in segments_in(folder):
        if any(first <= segment.first and segment.last <= last for first, last in known):
            continue
        try:
            check_segment(segment.path, network)
        except SegmentWrongError as error:
            wrong.append(str(error))
        else:
            missing.append(segment)
    for together in _next_to_each_other(missing):
        path = folder / f"{together[0].first}-{together[-1].last}{SUFFIX}"
        _write(path, (raw for each in together for raw in blocks_of(each.path, network)))
        made.append(path.name)
    return Covered(made, wrong)


def _next_to_each_other(segments: list[Segment]) -> Iterator[list[Segment]]:
    together: list[Segment] = []
    for each in segments:
        if together and each.first != together[-1].last + 1:
            yield together
            together = []
        together.append(each)
    if together:
        yield together


def _hashes_in(block: StoredBlock) -> tuple[list[bytes], list[bytes]]:
    """Give what of a block is found by each of the indexes: ids, and hashes of the keys of objects."""
    return [result.id for result in block.all_results()], [sha256(step.object).digest() for step in block.steps]


def _write(path: Path, raws: Iterable[bytes]) -> None:
    """Write a file of places, whole or not at all."""
    draft = path.with_suffix(".unfinished-places")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    try:
        with draft.open("wb") as stream:
            stream.write(bytes(HASH_BYTES))
            digest = _write_runs(stream, raws)
            stream.seek(0)
            stream.write(digest)
        sync_file(draft)
        draft.rename(path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def _write_runs(stream: BinaryIO, raws: Iterable[bytes]) -> bytes:
    """Write the runs of blocks; gives their hash."""
    indexes = {name: PlaceIndex() for name in INDEXES}
    hashed = sha256()

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
        for name, hashes in zip(INDEXES, _hashes_in(block), strict=True):
            indexes[name].add(block.height, hashes)
        if sum(index.size() for index in indexes.values()) >= RUN_ENTRIES_MAX:
            put()
    put()
    return hashed.digest()


class ArchivePlaces:
    """The places that are known of the segments in one folder."""

    def __init__(self, folder: Path) -> None:
        """Look into an archive's folder, which need not be there."""
        self._folder = folder
        self._seen = 0
        self._runs: dict[tuple[Path, int], list[tuple[str, memoryview]]] = {}

    def find(self, index: str, whole: bytes) -> Iterator[Place]:
        """Give the places that are known for the beginning of a hash."""
        self._look()
        for runs in self._runs.values():
            for name, entries in runs:
                if name == index:
                    yield from search(entries, whole)

    def _look(self) -> None:
        """Open what has come since the last look, and let go of what is not there any more."""
        try:
            changed = self._folder.stat().st_mtime_ns
        except FileNotFoundError:
            return
        if changed == self._seen:
            return
        there = {(path, path.stat().st_ino): path for path in sorted(self._folder.glob(f"*{SUFFIX}"))}
        runs = self._runs
        self._runs = {file: runs[file] if file in runs else list(_runs_in(path)) for file, path in there.items()}
        self._seen = changed


def _heights_of(path: Path) -> tuple[int, int] | None:
    named = NAME.fullmatch(path.name)
    return None if named is None else (int(named[1]), int(named[2]))


def _is_right(path: Path) -> bool:
    """Tell whether a file holds what was written."""
    return _content(path) is not None


def _content(path: Path) -> memoryview | None:
    """Map a file, and give what follows its hash; nothing when it is damaged."""
    with path.open("rb") as stream:
        if path.stat().st_size < HASH_BYTES:
            return None
        mapped = memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))
    content = mapped[HASH_BYTES:]
    return content if sha256(content).digest() == mapped[:HASH_BYTES] else None


def _runs_in(path: Path) -> Iterator[tuple[str, memoryview]]:
    """Give the runs of a file, none when it is damaged."""
    content = _content(path) or memoryview(b"")
    at = 0
    while at < len(content):
        end = at + HEAD_BYTES + int.from_bytes(content[at + 1 : at + HEAD_BYTES], "big") * ENTRY_BYTES
        yield INDEXES[content[at]], content[at + HEAD_BYTES : end]
        at = end
