"""Copies of a ledger that goes on working, and a folder made from such a copy again.

    in the ledger's thread     copying = Copying(ledger, folder)     everything is written, and the file is held
    in any thread              copying.run()                         the copy is made, checked and given its name
    in the ledger's thread     copying.end()                         the file may grow again

A copy is one file, the state of one moment. Keys are not in it: they are kept by other means than data.
"""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYetDoneError
from contextlib import closing
from typing import TYPE_CHECKING

import lmdb
import msgspec

from sogdia.engine.folders.audit import Finding, audit
from sogdia.engine.folders.golden import open_file
from sogdia.engine.folders.progress import Progress, silent
from sogdia.engine.folders.workplace import give_name, require_new, workplace
from sogdia.engine.storage.ledger_file import DATA, DamagedError, StorageFullError
from sogdia.kernel.refusal import ensure
from sogdia.kernel.tree import Tree

if TYPE_CHECKING:
    from pathlib import Path

    from sogdia.engine.solo.ledger import Ledger
    from sogdia.engine.storage.ledger_file import LedgerFile
    from sogdia.kernel.module import Module

LOOK_SECONDS = 0.1


class Copied(msgspec.Struct, frozen=True, kw_only=True):
    """A copy: up to which height it has blocks, and at which height its records stand."""

    height: int
    records_height: int
    records: int
    state_root: bytes
    size: int


class BackupRefusedError(Exception):
    """A backup that is not restored because of what was found in it."""

    def __init__(self, folder: Path, findings: list[Finding]) -> None:
        """Remember the findings."""
        first = findings[0].message
        super().__init__(
            f"{folder} is damaged ({len(findings)} findings; the first: {first}). Nothing was restored; use another copy."
        )
        self.findings = findings
