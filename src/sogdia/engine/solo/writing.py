"""Making executed blocks durable: what goes into which transaction, now or in a thread beside the next block."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING, NamedTuple

from sogdia.engine.storage.ledger_file import BlockWrite, Flush, Flushed, StorageFullError

if TYPE_CHECKING:
    from sogdia.engine.solo.sealing import SealedBlock
    from sogdia.engine.storage.ledger_file import LedgerFile
    from sogdia.engine.storage.transaction_index import TransactionIndex
    from sogdia.kernel.tree import Tree

FLUSH_BUCKETS = 20_000
FLUSH_BYTES = 64 * 2**20
FLUSH_BLOCKS = 2_000
KEPT_BUCKETS_MAX = 20_000


class Commit(NamedTuple):
    """A write that is under way in its thread."""

    write: BlockWrite
    future: Future[None]


class Writer:
    """Holds the executed blocks that are not durable yet, and writes them in order. One write at a time."""

    def __init__(self, file: LedgerFile, tree: Tree, index: TransactionIndex, height: int) -> None:
        """Begin with everything up to `height` durable."""
        self._file = file
        self._tree = tree
        self._index = index
        self._waiting: list[SealedBlock] = []
        self._thread: ThreadPoolExecutor | None = None
        self._executed_height = height
        self._flushed_height = file.flushed().height
        self.durable_height = height

    def add(self, block: SealedBlock) -> None:
        """Take an executed block; it is written with the next commit."""
        self._waiting.append(block)
        self._executed_height = block.height
        self._index.add(block.height, [result.id for result in block.results + block.exits])

    def waiting(self) -> bool:
        """Tell whether there is anything that is not durable."""
        return bool(self._waiting)

    def commit(self, *, flush: bool = False) -> None:
        """Write all that waits, and the changed buckets too when asked to. Raises `StorageFullError` and keeps all."""
        write = self._gather(flush=flush)
        if not (write.blocks or write.flush or write.run):
            return
        try:
            self._file.make_room(write)
            self._file.write(write)
        except StorageFullError:
            self._failed(write)
            raise
        self._written(write)

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

    def close(self) -> None:
        """End the thread."""
        if self._thread is not None:
            self._thread.shutdown()

    def _write(self, write: BlockWrite, entered: Event) -> None:
        try:
            self._file.write(write, entered.set)
        finally:
            entered.set()

    def _gather(self, *, flush: bool) -> BlockWrite:
        tree = self._tree
        buckets: Flush | None = None
        if self._flush_is_due() or (flush and self._flushed_height != self._executed_height):
            buckets = Flush(tree.changed, Flushed(self._executed_height, tree.root, tree.count))
            tree.flushed()
        blocks = [(block.height, block.raw) for block in self._waiting]
        return BlockWrite(blocks, buckets, self._index.full_run())

    def _flush_is_due(self) -> bool:
        return (
            len(self._tree.changed) > FLUSH_BUCKETS
            or self._tree.changed_bytes > FLUSH_BYTES
            or self._executed_height - self._flushed_height > FLUSH_BLOCKS
        )

    def _written(self, write: BlockWrite) -> None:
        self._file.refresh()
        if write.blocks:
            self.durable_height = write.blocks[-1][0]
            del self._waiting[: len(write.blocks)]
        if write.flush is not None:
            self._flushed_height = write.flush.stand.height
        if write.run is not None:
            self._index.run_stored()
        self._tree.trim(KEPT_BUCKETS_MAX)

    def _failed(self, write: BlockWrite) -> None:
        if write.flush is not None:
            self._tree.flush_failed()
