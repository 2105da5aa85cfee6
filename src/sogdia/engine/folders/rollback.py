"""A ledger as it was at an earlier height: made anew from its own blocks, and put in the place of the later one.

It goes as far back as the folder's own beginning: the genesis, or the snapshot after which its blocks begin.

For a node whose state has gone another way than that of its peers: back to the last height at which they agreed, from
where its engine, or an import, brings it forward again. What was there is kept beside, under a name that says so.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import msgspec

from sogdia.engine.folders.archive import FOLDER as ARCHIVE
from sogdia.engine.folders.archive_places import cover
from sogdia.engine.folders.beginnings import ledger_at_beginning
from sogdia.engine.folders.following import follow_all
from sogdia.engine.folders.golden import open_file
from sogdia.engine.folders.progress import Progress, silent
from sogdia.engine.folders.snapshot_form import SnapshotWrongError
from sogdia.engine.folders.workplace import workplace
from sogdia.engine.ledger.ledger import stored_genesis
from sogdia.engine.storage.block_log import NAME as LOG
from sogdia.engine.storage.disk import sync_folder
from sogdia.engine.storage.folder_lock import FolderLock
from sogdia.engine.storage.ledger_file import DATA, DamagedError, FolderNotUsableError
from sogdia.engine.storage.witness import NAME as WITNESS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sogdia.engine.ledger.ledger import Ledger
    from sogdia.engine.storage.ledger_file import LedgerFile
    from sogdia.kernel.module import Module

BYTES_IN_COMMIT = 16 * 2**20


class RolledBack(msgspec.Struct, frozen=True, kw_only=True):
    """What was done: from which height to which, what the state is there, and where the later ledger is kept."""

    before: int
    height: int
    state_root: bytes
    kept: str
    wrong: tuple[str, ...] = ()
    """What is wrong with segments of the archive: what stands in them is not found any more."""


def roll_back(folder: Path, to: int, modules: tuple[Module, ...], progress: Progress = silent) -> RolledBack:
    """Put the ledger of a folder, which no process may have open, back to the height `to`."""
    with closing(open_file(folder)) as file:
        last, begins_after, network = file.height(), file.first_height() - 1, file.network()
    if not begins_after <= to < last:
        older = " Before that, make a new node from its peers' snapshots." if begins_after else ""
        raise FolderNotUsableError(
            f"{folder} stands at height {last}: it can go back to {begins_after} to {last - 1}, not to {to}.{older}"
        )
    kept = folder / f"before-rollback-{last}"
    with workplace(kept) as place:
        root = _build(folder, place, to, modules, progress)
        with FolderLock(folder):
            # The file that knows where things stand in the archive is about to go.
            wrong = cover(folder / ARCHIVE, network).wrong
            _change_places(folder, place, kept)
    return RolledBack(before=last, height=to, state_root=root, kept=str(kept), wrong=tuple(wrong))


def _build(folder: Path, place: Path, to: int, modules: tuple[Module, ...], progress: Progress) -> bytes:
    """Make the earlier ledger in `place`; gives its state root."""
    with closing(open_file(folder)) as file:
        try:
            ledger = ledger_at_beginning(file, place, modules, stored_genesis(file, modules))
        except SnapshotWrongError as error:
            raise DamagedError(f"the snapshot with which {folder} begins: {error}") from error
        try:
            ledger.file.take_lives(file)
            _execute(ledger, file, to, progress)
            root = ledger.tree.root
            ledger.close()
        except BaseException:
            ledger.abandon()
            raise
    return root


def _execute(ledger: Ledger, file: LedgerFile, to: int, progress: Progress) -> None:
    def blocks() -> Iterator[bytes]:
        for height in range(file.first_height(), to + 1):
            progress(height, to)
            yield file.block(height)

    size = 0
    for followed in follow_all(ledger, blocks()):
        ledger.writer.add(followed.sealed)
        size += len(followed.sealed.raw)
        if size > BYTES_IN_COMMIT:
            ledger.commit()
            size = 0


def _change_places(folder: Path, made: Path, kept: Path) -> None:
    """Move what is there aside, and what was made into its place; a loss of power in between loses neither."""
    kept.mkdir(mode=0o700)
    for name in (DATA, LOG, WITNESS):
        if (folder / name).exists():
            (folder / name).rename(kept / name)
    sync_folder(kept)
    for name in (LOG, WITNESS, DATA):
        if (made / name).exists():
            (made / name).rename(folder / name)
    sync_folder(folder)
