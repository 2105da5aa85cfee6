"""States of earlier heights, for proofs of what was then: the snapshots that are kept anyway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.engine.folders.snapshot_form import SnapshotWrongError, read_chunk
from sogdia.engine.storage.ledger_file import DamagedError
from sogdia.kernel.blinding import blinding_of
from sogdia.kernel.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sogdia.engine.cometbft.snapshots import Snapshots
    from sogdia.engine.folders.kept_snapshots import Kept
    from sogdia.engine.ledger.ledger import Ledger
    from sogdia.kernel.tree import Bucket

CHUNKS_OPEN_MAX = 2


class PastStates:
    """The kept states of a ledger. One of them at a time is open: the first question about it reads it whole."""

    def __init__(self, ledger: Ledger, snapshots: Snapshots) -> None:
        """Look into the snapshots of `ledger`."""
        self._ledger = ledger
        self._snapshots = snapshots
        self._open: tuple[int, Tree] | None = None

    def tree(self, height: int) -> Tree | None:
        """Give the state after a height, or nothing when it is not kept, or damaged."""
        kept = self._snapshots.kept().get(height)
        if kept is None:
            return None
        if self._open is None or self._open[0] != height:
            try:
                opened = self._opened(kept)
            except (DamagedError, SnapshotWrongError):
                return None
            self._open = (height, opened)
        return self._open[1]

    def _opened(self, kept: Kept) -> Tree:
        blinding = blinding_of(self._ledger.file.secret())
        first_prefixes: list[str] = []
        chunks: dict[int, dict[str, Bucket]] = {}

        def chunk(index: int) -> dict[str, Bucket]:
            if index not in chunks:
                while len(chunks) >= CHUNKS_OPEN_MAX:
                    del chunks[next(iter(chunks))]
                chunks[index] = dict(read_chunk(kept.chunk(index), None, blinding))
            return chunks[index]

        def buckets() -> Iterator[tuple[str, bytes]]:
            for index in range(len(kept.manifest.chunks)):
                found = chunk(index)
                first_prefixes.append(next(iter(found)))
                for prefix, bucket in found.items():
                    yield prefix, bucket.to_bytes()

        def load(prefix: str) -> bytes | None:
            index = max(0, sum(each <= prefix for each in first_prefixes) - 1)
            found = chunk(index).get(prefix)
            return None if found is None else found.to_bytes()

        tree = Tree(load)
        if tree.rebuild(buckets()) != kept.manifest.state.state_root:
            raise DamagedError(f"the snapshot in {kept.folder} does not lead to its state root")
        return tree
