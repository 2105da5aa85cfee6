"""The lock of a data folder: one process at a time may have it open."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path

NAME = "lock"


class FolderInUseError(Exception):
    """Another process has the data folder open."""


class FolderLock:
    """Holds a data folder for this process; the system lets go of it when the process ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        """Take the lock, or say which process has it."""
        self._file = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(self._file, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(self._file)
            raise FolderInUseError(
                f"{folder} is in use by process {holder}. Stop that process, or work with it through its socket."
            ) from error
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode("ascii"), 0)

    def release(self) -> None:
        """Let go of the folder."""
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_why: object) -> None:
        self.release()
