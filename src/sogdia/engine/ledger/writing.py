"""Making executed blocks durable: what is written together, now or in a thread beside the next block."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import sha256
from threading import Event
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from sogdia.engine.storage.block_log import LoggedBlock
from sogdia.engine.storage.ledger_file import MapTooSmallError, StorageFullError
from sogdia.engine.storage.place_index import IDS, STEPS, PlaceIndex
from sogdia.engine.storage.writes import BlockWrite, Flush, Flushed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sogdia.engine.ledger.sealing import SealedBlock
    from sogdia.engine.storage.ledger_file import LedgerFile
    from sogdia.engine.storage.place_index import Run
    from sogdia.kernel.machine import Result
    from sogdia.kernel.tree import Tree

FLUSH_BUCKETS = 20_000
FLUSH_BYTES = 64 * 2**20
FLUSH_BLOCKS = 2_000
KEPT_BUCKETS_MAX = 20_000
RUN_ENTRIES = 65_536
RUN_BLOCKS = 5_000
MAP_ATTEMPTS = 6
SHORT_SECONDS = 0.003
"""So little is written without a thread, while the disk is quick: a thread would first have to wake up, and wake us."""


class Commit(NamedTuple):
    """A write that is under way in its thread."""

    write: BlockWrite
    future: Future[None]


class Writer:
    """Holds the executed blocks that are not durable yet, and writes them in order. One write at a time."""

    def __init__(self, file: LedgerFile, tree: Tree, height: int) -> None:
        """Begin with everything up to `height` durable."""
        self._file = file
        self._tree = tree
        self._waiting: list[LoggedBlock] = []
        self._thread: ThreadPoolExecutor | None = None
        self._executed_height = self._settled_height = height
        self._flushed_height = file.flushed().height
        self.indexes = {IDS: PlaceIndex(), STEPS: PlaceIndex()}
        self._indexed_height = file.indexed_height(IDS)
        self._runs: list[tuple[str, Run]] = []
        self.handovers = [raw for _height, raw in file.handovers()]
        self._flush_may_be_tried = True
        self._indexes_wanted = False
        self._last_seconds = 0.0
        self.durable_height = height

    def add(self, block: SealedBlock) -> None:
        """Take an executed block; it is written with the next commit."""
        self._waiting.append(LoggedBlock(block.height, block.raw, block.handover))
        self._executed_height = block.height
        self.enter(block.height, block.results + block.exits, [step.object for step in block.steps])
        if block.handover is not None:
            self.handovers.append(block.handover)

    def settled(self, height: int) -> None:
        """Take note of how far the tree has come: it may be one block behind what has been executed."""
        self._settled_height = height

    def already_durable(self, block: SealedBlock) -> None:
        """Take note of a block that was stored before and has been executed again."""
        self._executed_height = self.durable_height = block.height
        self.enter(block.height, block.results + block.exits, [step.object for step in block.steps])

    def enter(self, height: int, results: Iterable[Result], objects: Iterable[bytes]) -> None:
        """Enter a block's ids and the objects of its steps into the indexes, unless stored runs hold them already."""
        if height > self._indexed_height:
            self.indexes[IDS].add(height, [result.id for result in results])
            self.indexes[STEPS].add(height, [sha256(each).digest() for each in objects])

    def waiting(self) -> bool:
        """Tell whether there is anything that is not durable."""
        return bool(self._waiting)

    def last_seconds(self) -> float:
        """Give how long the last write took."""
        return self._last_seconds

    def is_short(self) -> bool:
        """Tell whether writing all that waits takes so little time that nothing need run beside it."""
        return (
            self._last_seconds < SHORT_SECONDS
            and not self._flush_is_due()
            and self._file.is_for_log(BlockWrite(self._waiting, None, self._due_runs()))
        )

    def commit(self, *, flush: bool = False) -> None:
        """Write all that waits, and the changed buckets too when asked to. Raises `StorageFullError` and keeps all."""
        write = self._gather(flush=flush)
        if not (write.blocks or write.flush or write.runs):
            return
        try:
            self._write_here(write)
        except StorageFullError:
            self._failed(write)
            raise
        self._written(write)

    def _write_here(self, write: BlockWrite) -> None:
        self._file.make_room(write)
        for _attempt in range(MAP_ATTEMPTS):
            try:
                self._timed_write(write)
            except MapTooSmallError:
                self._file.make_room(write)
            else:
                return
        self._timed_write(write)

    def begin_commit(self) -> Commit:
        """Begin to write all that waits in a thread; comes back when the thread needs nothing from memory any more."""
        write = self._gather(flush=False)
        try:
            self._file.make_room(write)
        except StorageFullError:
            self._failed(write)
            raise
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="commit")
        entered = Event()
        future = self._thread.submit(self._write, write, entered)
        # While the buckets are being laid out this thread stands still, so that they cannot change under the writer,
        # and so that the two don't pass the interpreter's lock to and fro twenty thousand times.
        entered.wait()
        return Commit(write, future)

    def end_commit(self, commit: Commit) -> None:
        """Wait for a write and take note of how it ended. Raises `StorageFullError` and keeps all."""
        try:
            commit.future.result()
        except StorageFullError:
            self._failed(commit.write)
            raise
        self._written(commit.write)

    def store_indexes(self) -> None:
        """Write all that waits, and what the indexes have in memory: blocks that it comes of are about to go."""
        self._indexes_wanted = self._executed_height > self._indexed_height
        self.commit()
        self._indexes_wanted = False

    def close(self) -> None:
        """End the thread."""
        if self._thread is not None:
            self._thread.shutdown()

    def _write(self, write: BlockWrite, entered: Event) -> None:
        try:
            self._timed_write(write, entered.set)
        finally:
            entered.set()

    def _timed_write(self, write: BlockWrite, entered: Callable[[], None] | None = None) -> None:
        started = perf_counter()
        self._file.write(write, entered)
        self._last_seconds = perf_counter() - started

    def _gather(self, *, flush: bool) -> BlockWrite:
        tree = self._tree
        buckets: Flush | None = None
        if (self._flush_may_be_tried and self._flush_is_due()) or (
            flush and self._flushed_height != self._settled_height
        ):
            size = tree.changed_bytes + tree.loaded_bytes
            buckets = Flush(tree.changed, size, Flushed(self._settled_height, tree.root, tree.count))
            tree.flushed()
        return BlockWrite(self._waiting.copy(), buckets, self._due_runs())

    def _due_runs(self) -> list[tuple[str, Run]]:
        """Give the runs to be stored, once there is enough for them; the same again until they have been stored."""
        enough = sum(index.size() for index in self.indexes.values()) >= RUN_ENTRIES
        waited = self._executed_height - self._indexed_height
        if not self._runs and (enough or waited >= RUN_BLOCKS or self._indexes_wanted):
            self._runs = [(name, index.make_run()) for name, index in self.indexes.items()]
            self._indexed_height = self._executed_height
        return self._runs

    def _flush_is_due(self) -> bool:
        return (
            len(self._tree.changed) > FLUSH_BUCKETS
            or self._tree.changed_bytes > FLUSH_BYTES
            or self._settled_height - self._flushed_height > FLUSH_BLOCKS
        )

    def _written(self, write: BlockWrite) -> None:
        self._file.refresh()
        self._flush_may_be_tried = True
        if write.blocks:
            self.durable_height = write.blocks[-1].height
            del self._waiting[: len(write.blocks)]
        if write.flush is not None:
            self._flushed_height = write.flush.stand.height
        if write.runs:
            self._runs = []
            for index in self.indexes.values():
                index.run_stored()
        self._tree.trim(KEPT_BUCKETS_MAX)

    def _failed(self, write: BlockWrite) -> None:
        # The blocks come first: what room there is goes to them, and the buckets wait for more of it.
        self._flush_may_be_tried = False
        if write.flush is not None:
            self._tree.flush_failed()
