"""Copies of a ledger's file while the node runs: backups, and checkpoints at which proofs can be made later."""

from __future__ import annotations

import asyncio
import logging
import shutil
from typing import TYPE_CHECKING

from sogdia.engine.folders.beginnings import copy_beginning
from sogdia.engine.folders.workplace import give_name, workplace
from sogdia.engine.storage.ledger_file import StorageFullError

if TYPE_CHECKING:
    from pathlib import Path

    from sogdia.engine.ledger.checkpoints import Checkpoints
    from sogdia.engine.serving.block_maker import BlockMaker

_log = logging.getLogger(__name__)

NEW = "new"
TRIES = 3
"""A node hands old blocks on at most once in many blocks, so the second copy has what it goes on from."""


class Copies:
    """Makes copies, one at a time: each holds a snapshot of the file, which makes it grow while blocks go on."""

    def __init__(self, producer: BlockMaker, checkpoints: Checkpoints) -> None:
        """Copy the ledger of `producer`."""
        self._producer = producer
        self._checkpoints = checkpoints
        self._lock = asyncio.Lock()

    async def backup(self, target: Path) -> int:
        """Copy what is durable into the new folder `target`; gives the height up to which it is sure to reach."""
        async with self._lock:
            with workplace(target) as place:
                height = await self._copy_whole(place)
                give_name(place, target)
            return height

    async def _copy_whole(self, place: Path, tries: int = TRIES) -> int:
        """Copy the file, and what its blocks go on from; anew if the node has let that go on the way."""
        loop, ledger = asyncio.get_running_loop(), self._producer.ledger
        before = ledger.beginning.height
        height = await self._copy(place)
        if await loop.run_in_executor(None, copy_beginning, ledger.folder, place):
            return height
        if ledger.beginning.height == before or tries == 1:
            _log.warning("the backup lacks the snapshot of height %s, so it cannot be derived again", before)
            return height
        await loop.run_in_executor(None, shutil.rmtree, place)
        return await self._copy_whole(place, tries - 1)

    async def checkpoint(self) -> int:
        """Keep the present state; gives its height."""
        async with self._lock:
            with workplace(self._checkpoints.parent / NEW) as place:
                await self._copy(place)
                return self._checkpoints.keep(place)

    async def _copy(self, place: Path) -> int:
        loop = asyncio.get_running_loop()
        ledger = self._producer.ledger
        ready: asyncio.Future[int] = loop.create_future()

        def settle() -> None:
            # The buckets go into the file as well, so that the copy opens without executing anything again.
            try:
                self._producer.commit_now()
            except StorageFullError as error:
                ready.set_exception(error)
            else:
                ready.set_result(ledger.writer.durable_height)

        self._producer.when_durable(ledger.tip.height, settle)
        height = await ready
        ledger.file.hold()
        try:
            await loop.run_in_executor(None, ledger.file.copy_to, place)
        finally:
            ledger.file.let_go()
        return height
