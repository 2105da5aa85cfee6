"""A data file without any entry, made so that it is there whole or not at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import lmdb

from sogdia.engine.storage.disk import sync_folder

if TYPE_CHECKING:
    from pathlib import Path

DRAFT = "data.mdb.unfinished"


def make_empty_file(path: Path) -> None:
    """Make a file without any entry, durably. It gets its name last: LMDB does not write its first two pages safely."""
    draft = path.with_name(DRAFT)
    draft.unlink(missing_ok=True)
    lmdb.open(os.fspath(draft), subdir=False, lock=False, mode=0o600).close()
    descriptor = os.open(draft, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    draft.rename(path)
    sync_folder(path.parent)
    sync_folder(path.parent.parent)
