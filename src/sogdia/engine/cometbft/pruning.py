"""Old blocks handed on to the archive, up to a snapshot from which everything later can be derived again.

    snapshot taken ─▶ old enough ─▶ light blocks kept ─▶ segment written ─▶ steps kept, blocks dropped ─▶ engine told

The ledger then begins with that snapshot, which stays as long as it does.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from sogdia.engine.cometbft.engine_rpc import EngineAwayError, EngineRefusedError
from sogdia.engine.folders.archive import FOLDER, write_segment
from sogdia.engine.storage.beginning import beginning_after
from sogdia.engine.storage.kept_lives import steps_of
from sogdia.engine.storage.ledger_file import StorageFullError
from sogdia.kernel.stored_block import decode_block

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sogdia.engine.cometbft.anchors import Anchors
    from sogdia.engine.cometbft.snapshots import Snapshots
    from sogdia.engine.ledger.ledger import Ledger

Steps = list[tuple[bytes, bytes]]

_log = logging.getLogger(__name__)


class Pruning:
    """Hands old blocks on when they are old enough."""

    def __init__(self, ledger: Ledger, snapshots: Snapshots, blocks_kept: int) -> None:
        """Keep at least the last `blocks_kept` blocks; all of them when it is 0."""
        self._ledger = ledger
        self._snapshots = snapshots
        self._blocks_kept = blocks_kept
        self._task: asyncio.Task[None] | None = None
        snapshots.holds_the_next_beginning = bool(blocks_kept)

    def due(self) -> int | None:
        """Give the height up to which blocks are to go now, or nothing."""
        if not self._blocks_kept or self._snapshots.is_under_way():
            return None
        beginning = self._ledger.beginning.height
        after = [height for height in self._snapshots.kept() if height > beginning]
        if not after or self._ledger.writer.durable_height - min(after) < self._blocks_kept:
            return None
        return min(after)

    def retain_height(self) -> int:
        """Give the lowest height that the engine has to keep, 0 for all: that of the block before our first."""
        return self._ledger.beginning.height if self._blocks_kept else 0

    def hand_on(self, height: int) -> None:
        """Hand on all blocks up to a height that has a snapshot, in one go."""
        self._finish(height, self._write(height, self._begin(height)))

    def look(self, anchors: Anchors) -> None:
        """Begin to hand on what is due, beside the blocks that come."""
        if self._task is not None:
            if not self._task.done():
                return
            self._task.result()
        height = self.due()
        if height is not None:
            self._task = asyncio.get_running_loop().create_task(self._hand_on(height, anchors))

    async def _hand_on(self, height: int, anchors: Anchors) -> None:
        try:
            await anchors.keep_way_to(height + 1)
        except (EngineAwayError, EngineRefusedError) as error:
            _log.warning("old blocks are not handed on yet: %s", error)
            return
        try:
            self._ledger.file.hold()
        except StorageFullError as error:
            _log.error("old blocks stay for now: %s", error)
            return
        raws = self._begin(height)
        try:
            steps = await asyncio.get_running_loop().run_in_executor(None, self._write, height, raws)
        except OSError as error:
            _log.error("old blocks could not be written to the archive: %s", error)
            return
        finally:
            self._ledger.file.let_go()
        self._finish(height, steps)

    def _begin(self, height: int) -> Iterator[bytes]:
        return self._ledger.file.blocks_in_data(self._ledger.file.first_height(), height)

    def _write(self, height: int, raws: Iterator[bytes]) -> Steps:
        """Write the segment, which checks it, and give the steps that stay behind."""
        steps: Steps = []

        def noted() -> Iterator[bytes]:
            for raw in raws:
                steps.extend(steps_of(decode_block(raw)))
                yield raw

        beginning = self._ledger.beginning
        write_segment(
            self._ledger.folder / FOLDER,
            self._ledger.machine.network,
            beginning.height + 1,
            height,
            beginning.hash,
            noted(),
        )
        return steps

    def _finish(self, height: int, steps: Steps) -> None:
        manifest = self._snapshots.kept()[height].manifest
        beginning = beginning_after(manifest.header, manifest.state.results_root)
        try:
            self._ledger.writer.store_indexes()
            self._ledger.file.begin_after(beginning, steps)
        except StorageFullError as error:
            _log.error("old blocks stay for now: %s", error)
            return
        self._snapshots.drop_old()
        _log.info("the blocks up to %s have gone to the archive", height)

    async def stop(self) -> None:
        """Wait until nothing is under way."""
        if self._task is not None:
            await asyncio.wait([self._task])
