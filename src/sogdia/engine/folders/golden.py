"""A data folder that any release has written: it is opened, or the reader is told which release opens or migrates it.

One small folder and one export of each release are kept in `tests/golden`. Every later release has to open them to the
same state root, or name in `FORMATS_MIGRATED_BY` the release that migrates them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.engine.storage.ledger_file import DATA, FolderNotUsableError, LedgerFile

if TYPE_CHECKING:
    from pathlib import Path


def open_file(folder: Path) -> LedgerFile:
    """Open the file of a ledger that is there, or raise `FolderNotUsableError` with the way out; executes nothing."""
    if not (folder / DATA).is_file():
        raise FolderNotUsableError(f"{folder} holds no ledger: there is no {DATA} in it. Correct the path.")
    file = LedgerFile(folder)
    try:
        file.check_format()
    except BaseException:
        file.close()
        raise
    return file


def folder_problem(folder: Path) -> str | None:
    """Say why this release does not open a folder, and which one does; nothing when it opens it."""
    try:
        open_file(folder).close()
    except FolderNotUsableError as error:
        return str(error)
    return None
