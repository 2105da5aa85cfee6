"""A data folder that any release has written: it is opened, or the reader is told which release opens or migrates it.

One small folder and one export of each release are kept in `tests/golden`. Every later release has to open them to the
same state root, or name in `FORMATS_MIGRATED_BY` the release that migrates them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from sogdia.engine.storage.ledger_file import DATA, DamagedError, FolderNotUsableError, LedgerFile
from sogdia.kernel.genesis import genesis_type, network_of

if TYPE_CHECKING:
    from pathlib import Path

    from sogdia.kernel.module import Module


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


def genesis_of(file: LedgerFile, modules: tuple[Module, ...]) -> Any:  # noqa: ANN401 - its type depends on the modules
    """Read the genesis that a file holds; raises `DamagedError` when it is not the one that the ledger was made from."""
    try:
        genesis = msgspec.json.decode(file.genesis(), type=genesis_type(modules))
    except msgspec.MsgspecError as error:
        raise DamagedError(f"the genesis in {file.folder} cannot be read: {error}") from error
    if network_of(genesis) != file.network():
        raise DamagedError(f"the genesis in {file.folder} is not the one that the ledger was made from")
    return genesis
