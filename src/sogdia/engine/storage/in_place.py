"""One ledger's files put in the place of another's, so that a loss of power leaves the one or the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.engine.storage.block_log import NAME as LOG
from sogdia.engine.storage.disk import sync_folder
from sogdia.engine.storage.ledger_file import DATA
from sogdia.engine.storage.witness import NAME as WITNESS

if TYPE_CHECKING:
    from pathlib import Path


def put_in_place(made: Path, folder: Path) -> None:
    """Let the data file in `made` become that of `folder`; nobody may have either of them open.

    What stands beside the old data file goes first: log and witness speak of blocks that the new one need not have.
    """
    for name in (WITNESS, LOG):
        (folder / name).unlink(missing_ok=True)
    sync_folder(folder)
    (made / DATA).rename(folder / DATA)
    sync_folder(folder)
