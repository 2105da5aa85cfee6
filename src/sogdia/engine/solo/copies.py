"""Copies of a ledger's file while the node runs: backups, and checkpoints at which proofs can be made later."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from sogdia.engine.solo.checkpoints import Checkpoints
    from sogdia.engine.solo.producer import Producer

_one_at_a_time = asyncio.Lock()


async def copy_while_running(producer: Producer, target: Path | None, checkpoints: Checkpoints) -> tuple[int, Path]:
    """Copy what is durable into a new folder (no target: as a checkpoint); gives the height and the folder.

    A copy holds a snapshot of the file, which makes it grow while blocks go on; so there is one at a time.
    """
    async with _one_at_a_time:
        loop = asyncio.get_running_loop()
        ready: asyncio.Future[int] = loop.create_future()
        ledger = producer.ledger

        def settle() -> None:
            producer.commit_now()
            ready.set_result(ledger.writer.durable_height)

        producer.when_durable(ledger.tip.height, settle)
        height = await ready
        folder = checkpoints.folder(height) if target is None else target
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        ledger.file.hold()
        try:
            await loop.run_in_executor(None, ledger.file.copy_to, folder)
        finally:
            ledger.file.let_go()
        return height, folder
