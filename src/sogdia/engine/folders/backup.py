"""Copies of a ledger, also of one that goes on working, and a folder made from such a copy again.

A copy is one file, the state of one moment: the data file takes the log before. Keys are not in it: they are kept by
other means than data. To copy a ledger at work its own thread writes down everything and holds the file; then another
thread copies and takes its time.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from typing import TYPE_CHECKING

import lmdb
import msgspec
from msgspec.structs import replace

from sogdia.engine.folders.audit import audit
from sogdia.engine.folders.beginnings import copy_beginning
from sogdia.engine.folders.finding import Finding
from sogdia.engine.folders.golden import open_file
from sogdia.engine.folders.progress import Progress, silent
from sogdia.engine.folders.workplace import give_name, workplace
from sogdia.engine.storage.ledger_file import DATA, DamagedError, StorageFullError
from sogdia.kernel.tree import Tree

if TYPE_CHECKING:
    from pathlib import Path

    from sogdia.engine.storage.ledger_file import LedgerFile
    from sogdia.kernel.module import Module

LOOK_SECONDS = 0.1


class Copied(msgspec.Struct, frozen=True, kw_only=True):
    """A copy: up to which height it has blocks, and how many records it has, with their height and state root."""

    height: int
    records_height: int
    records: int
    state_root: bytes
    size: int
    derivable: bool = True
    """Whether it has what its blocks go on from; a folder that began with a snapshot and lost that works without."""


class BackupRefusedError(Exception):
    """A backup that is not restored because of what was found in it."""

    def __init__(self, backup: Path, findings: list[Finding]) -> None:
        """Remember the findings."""
        first = findings[0].message
        super().__init__(
            f"{backup} is damaged: {first} ({len(findings)} findings). Nothing was restored; use another backup."
        )
        self.findings = findings


def back_up_folder(folder: Path, target: Path, progress: Progress = silent) -> Copied:
    """Copy the ledger in `folder`, which no process may have open, into the new folder `target`."""
    with closing(open_file(folder)) as file:
        file.take_log()
        return back_up(file, target, progress)


def back_up(file: LedgerFile, target: Path, progress: Progress = silent) -> Copied:
    """Copy an open file into the new folder `target`; any thread may do it, between `file.hold` and `file.let_go`.

    Blocks that are made meanwhile may be in the copy or not. `progress` counts bytes.
    """
    with workplace(target) as place:
        copied = _copy_checked(file, place, progress)
        copied = replace(copied, derivable=copy_beginning(file.folder, place))
        give_name(place, target)
    return copied


def restore(backup: Path, folder: Path, modules: tuple[Module, ...], progress: Progress = silent) -> Copied:
    """Make the new `folder` from a backup, once an audit of the copy has found nothing.

    `progress` counts bytes while the file is copied, and then what the audit counts. Raises `BackupRefusedError`.
    """
    with closing(open_file(backup)) as file, workplace(folder) as place:
        file.take_log()
        try:
            copied = _copy_checked(file, place, progress)
        except DamagedError as error:
            raise BackupRefusedError(backup, [Finding(part="records", message=str(error))]) from error
        copied = replace(copied, derivable=copy_beginning(backup, place))
        findings = audit(place, modules, progress)
        if findings:
            raise BackupRefusedError(backup, findings)
        give_name(place, folder)
    return copied


def _copy_checked(file: LedgerFile, place: Path, progress: Progress = silent) -> Copied:
    """Copy a file into the new folder `place`, and see that the copy's records lead to their state root."""
    _copy(file, place, progress)
    with closing(open_file(place)) as copy:
        stand, height = copy.flushed(), copy.height()
        tree = Tree(copy.bucket)
        if tree.rebuild(copy.all_buckets()) != stand.root or tree.count != stand.count:
            raise DamagedError(f"the records in {file.folder} do not match the state root of height {stand.height}")
    return Copied(
        height=height,
        records_height=stand.height,
        records=stand.count,
        state_root=stand.root,
        size=(place / DATA).stat().st_size,
    )


def _copy(file: LedgerFile, place: Path, progress: Progress) -> None:
    total = file.used_bytes()
    with ThreadPoolExecutor(1, thread_name_prefix="copy") as pool:
        copying = pool.submit(file.copy_to, place)
        while not wait([copying], LOOK_SECONDS).done:
            path = place / DATA
            progress(min(path.stat().st_size if path.exists() else 0, total), total)
    try:
        copying.result()
    except lmdb.Error as error:
        raise StorageFullError(f"{file.folder} could not be copied to {place.parent.parent}: {error}") from error
    progress(total, total)
