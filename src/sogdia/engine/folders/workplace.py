"""Where a new folder is built: a hidden sibling that takes the folder's name once all has gone well.

So a folder is there as a whole or not at all. What a process that was killed has left behind is not locked any more,
and is removed by the next one that builds a folder of that name.
"""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from sogdia.engine.storage.disk import sync_folder
from sogdia.engine.storage.folder_lock import FolderInUseError, FolderLock
from sogdia.engine.storage.ledger_file import FolderNotUsableError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def workplace(folder: Path) -> Iterator[Path]:
    """Give the path at which to build what shall become `folder`. Whatever is left there is removed at the end."""
    require_new(folder)
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beginning = f".{folder.name}.unfinished-"
    for left in folder.parent.glob(f"{_literal(beginning)}*"):
        _remove_if_abandoned(left)
    place = Path(mkdtemp(prefix=beginning, dir=folder.parent))
    try:
        with FolderLock(place):
            yield place / "built"
    finally:
        shutil.rmtree(place)


def require_new(folder: Path) -> None:
    """Refuse a path at which there is something already."""
    if os.path.lexists(folder):
        raise FolderNotUsableError(f"{folder} is there already, and nothing is ever overwritten. Choose another path.")


def give_name(built: Path, folder: Path) -> None:
    """Give what has been built its name, durably."""
    require_new(folder)
    sync_folder(built)
    built.rename(folder)
    sync_folder(folder.parent)


def _remove_if_abandoned(place: Path) -> None:
    try:
        lock = FolderLock(place)
    except FolderInUseError:
        return
    with lock:
        shutil.rmtree(place)


def _literal(text: str) -> str:
    """Write text down so that a pattern takes it letter by letter."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in text)
