"""A ledger's file made from a snapshot: bucket after bucket; at the end the state root says whether all is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.engine.folders.snapshot_form import SnapshotWrongError, read_chunk
from sogdia.engine.storage.beginning import beginning_after
from sogdia.engine.storage.ledger_file import LedgerFile
from sogdia.engine.storage.writes import BlockWrite, Flush, Flushed
from sogdia.kernel.blinding import blinding_of
from sogdia.kernel.refusal import Broken
from sogdia.kernel.tree import Tree
from sogdia.kernel.tree_hashes import EMPTY

if TYPE_CHECKING:
    from pathlib import Path

    from sogdia.engine.folders.kept_snapshots import Kept
    from sogdia.engine.folders.snapshot_form import Manifest
    from sogdia.kernel.tree import Bucket


class Building:
    """A file under way."""

    def __init__(self, folder: Path, like: LedgerFile, manifest: Manifest) -> None:
        """Begin in the new `folder` what the manifest promises, for the network of another file."""
        self._manifest = manifest
        self._after: str | None = None
        self._count = 0
        self._blinding = blinding_of(like.secret())
        self._file = LedgerFile(folder)
        self._is_open = True
        self._file.begin(
            like.genesis(),
            like.secret(),
            like.network(),
            Flush({}, 0, Flushed(manifest.height, EMPTY, 0)),
            beginning_after(manifest.header, manifest.state.results_root),
        )

    def add(self, chunk: bytes) -> None:
        """Take the next chunk; raises `SnapshotWrongError` when it can belong to no state."""
        buckets = dict(read_chunk(chunk, self._after, self._blinding))
        self._after = next(reversed(buckets), self._after)
        self._count += sum(len(bucket.pairs) // 2 for bucket in buckets.values())
        self._write({**buckets}, len(chunk), EMPTY)

    def finish(self) -> int:
        """Compare all that has come with the state root, and close; gives the number of records."""
        manifest = self._manifest
        tree = Tree(self._file.bucket)
        try:
            root = tree.rebuild(self._file.all_buckets())
        except (Broken, KeyError) as error:
            raise SnapshotWrongError(f"its buckets make no tree: {error}") from error
        # Buckets that could be merged would lead to the same root; no tree of ours is divided so.
        if root != manifest.state.state_root or not tree.count == self._count == manifest.records or tree.changed:
            raise SnapshotWrongError(
                f"its {self._count} records lead to the state root {root.hex()}, and {manifest.records} with"
                f" {manifest.state.state_root.hex()} were promised"
            )
        self._write({}, 0, root)
        self.close()
        return self._count

    def close(self) -> None:
        """Close the file."""
        if self._is_open:
            self._is_open = False
            self._file.close()

    def _write(self, buckets: dict[str, Bucket | None], size: int, root: bytes) -> None:
        write = BlockWrite([], Flush(buckets, size, Flushed(self._manifest.height, root, self._count)), [])
        self._file.make_room(write)
        self._file.write(write)
        self._file.refresh()


def build_from(kept: Kept, folder: Path, like: LedgerFile) -> None:
    """Make the new `folder` from a kept snapshot; raises `SnapshotWrongError` or `DamagedError`."""
    building = Building(folder, like, kept.manifest)
    try:
        for index in range(len(kept.manifest.chunks)):
            building.add(kept.chunk(index))
        building.finish()
    finally:
        building.close()
