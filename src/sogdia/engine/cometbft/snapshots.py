"""The snapshots that a node keeps for nodes to come: taken from time to time beside the blocks, the last few kept.

    DIR/snapshots/HEIGHT/manifest, 00000, 00001, …

Every node that takes them at the same interval takes them at the same heights, in the same bytes: the first height with
results of every so many. What is on the disk is checked before it is given away: a peer bans who sends damaged chunks.
"""

from __future__ import annotations

import logging
import shutil
import time
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import sha256
from threading import Event
from typing import TYPE_CHECKING, NamedTuple

from sogdia.engine.folders.kept_snapshots import FOLDER, MANIFEST, Kept, chunk_path, kept_in, write_file
from sogdia.engine.folders.snapshot_form import (
    CHUNKS_MAX,
    FORMAT,
    Gathering,
    Manifest,
)
from sogdia.engine.folders.workplace import give_name, workplace
from sogdia.engine.storage.ledger_file import DamagedError, StorageFullError
from sogdia.kernel.codec import encode
from sogdia.kernel.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sogdia.engine.ledger.ledger import Ledger
    from sogdia.engine.ledger.sealing import SealedBlock
    from sogdia.kernel.comet import AppState

PAUSE_SECONDS_MAX = 1.0

_log = logging.getLogger(__name__)


class Taking(NamedTuple):
    """How often snapshots are taken, in blocks (0: never), and how many are kept."""

    every: int = 1_000
    kept: int = 3


class _StoppedError(Exception):
    """The node ends while a snapshot is being taken."""


class Snapshots:
    """The snapshots of one node."""

    def __init__(self, ledger: Ledger, taking: Taking = Taking()) -> None:  # noqa: B008 - frozen
        """Look into the ledger's folder."""
        self._ledger = ledger
        self.taking = taking
        self.folder = ledger.folder / FOLDER
        self._kept: dict[int, Kept] | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._under_way: Future[None] | None = None
        self._stop = Event()
        self.holds_the_next_beginning = False

    # ------------------------------------------------------------------------------------------------------ taking

    def is_due(self, height: int, results_before: int) -> bool:
        """Tell whether a snapshot is taken at a height with results, the last ones before being of another."""
        every = self.taking.every
        return bool(every) and height // every > results_before // every

    def begin(self, sealed: SealedBlock, state: AppState) -> None:
        """Begin to take a snapshot of the state after a committed block, in a thread; not while one is under way."""
        if self.is_under_way() or sealed.height in self.kept():
            return
        ledger = self._ledger
        try:
            ledger.commit(flush=True)
            ledger.file.hold()
        except StorageFullError as error:
            _log.error("no snapshot is taken, blocks come first: %s", error)
            return
        # The reading begins now; the thread goes on with it, whatever blocks come.
        buckets = ledger.file.all_buckets()
        manifest = Manifest(
            network=ledger.machine.network, state=state, header=sealed.header, records=ledger.tree.count, chunks=()
        )
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="snapshot")
        self._under_way = self._thread.submit(self._write, manifest, buckets)

    def is_under_way(self) -> bool:
        """Tell whether a snapshot is being taken; take note of one that is done."""
        if self._under_way is None:
            return False
        if not self._under_way.done():
            return True
        done, self._under_way = self._under_way, None
        self._ledger.file.let_go()
        self._kept = None
        error = done.exception()
        if isinstance(error, OSError):
            _log.error("no snapshot could be taken: %s", error)
        elif error is not None and not isinstance(error, _StoppedError):
            raise error
        self.drop_old()
        return False

    def finish(self) -> None:
        """Wait until no snapshot is under way."""
        if self._under_way is not None:
            self._under_way.exception()
            self.is_under_way()

    def _write(self, manifest: Manifest, buckets: Iterator[tuple[str, bytes]]) -> None:
        target = self.folder / str(manifest.height)
        began = time.monotonic()
        with workplace(target) as place:
            place.mkdir(mode=0o700)
            hashes = self._write_chunks(place, manifest, buckets)
            whole = Manifest(
                network=manifest.network,
                state=manifest.state,
                header=manifest.header,
                records=manifest.records,
                chunks=tuple(hashes),
            )
            write_file(place / MANIFEST, encode(whole))
            give_name(place, target)
        took = time.monotonic() - began
        _log.info("a snapshot of height %s was taken: %s chunks in %.1f s", manifest.height, len(hashes), took)

    def _write_chunks(self, place: Path, manifest: Manifest, buckets: Iterator[tuple[str, bytes]]) -> list[bytes]:
        """Write the chunks and give their hashes; the buckets that are read must lead to the state root."""
        hashes: list[bytes] = []
        began = time.monotonic()

        def put(raw: bytes) -> None:
            nonlocal began
            if self._stop.is_set():
                raise _StoppedError
            if len(hashes) >= CHUNKS_MAX:
                raise OSError(f"the ledger has outgrown snapshots of {CHUNKS_MAX} chunks")
            write_file(chunk_path(place, len(hashes)), raw)
            hashes.append(sha256(raw).digest())
            # Half of the time belongs to the blocks.
            time.sleep(min(time.monotonic() - began, PAUSE_SECONDS_MAX))
            began = time.monotonic()

        gathering = Gathering(put)

        def gathered() -> Iterator[tuple[str, bytes]]:
            for prefix, raw in buckets:
                gathering.add(prefix, raw)
                yield prefix, raw

        tree = Tree(_nothing)
        root = tree.rebuild(gathered())
        gathering.close()
        if root != manifest.state.state_root or tree.count != manifest.records:
            raise DamagedError(f"the records in {self._ledger.folder} do not match the state root of the snapshot")
        return hashes

    def drop_old(self) -> None:
        """Remove all but the last few, the one with which this ledger begins, and the one with which it will."""
        heights = sorted(self.kept())
        beginning = self._ledger.beginning.height
        needed = {beginning, *heights[-self.taking.kept :]}
        if self.holds_the_next_beginning:
            needed.update([height for height in heights if height > beginning][:1])
        for height in heights:
            if height not in needed:
                shutil.rmtree(self.folder / str(height))
                self._kept = None

    # ------------------------------------------------------------------------------------------------------ giving

    def kept(self) -> dict[int, Kept]:
        """Give the snapshots that are whole on the disk, by height; what cannot be read is left out."""
        if self._kept is None:
            self._kept = kept_in(self.folder, self._ledger.machine.network)
        return self._kept

    def load(self, height: int, format_: int, index: int) -> bytes:
        """Give a chunk, or nothing when it is not at hand, or damaged."""
        kept = self.kept().get(height)
        if kept is None or format_ != FORMAT or index >= len(kept.manifest.chunks):
            return b""
        try:
            return kept.chunk(index)
        except DamagedError as error:
            _log.error("%s", error)
            return b""

    def forget(self) -> None:
        """Look anew at what is on the disk."""
        self._kept = None

    def stop(self) -> None:
        """End what is under way, so that the file can be closed."""
        self._stop.set()
        self.finish()
        if self._thread is not None:
            self._thread.shutdown()


def _nothing(_prefix: str) -> None:
    return None
