"""The witness beside the data file: how far that had been written, so that a file which has gone back is noticed.

LMDB keeps its newest state and the one before, and the greater of two numbers says which is which. Nothing checks these
numbers: one flipped bit brings back the state before the last write, whole and right in itself. So the height is noted
here as well, after each write and before any of its receipts leaves.

    height, 8 bytes ‖ SHA-256 of these, 32 bytes

It costs no sync: what the disk has not taken when the power fails is lost with it. A witness may therefore be missing,
torn or behind the data file, and then it says little. It is never ahead, since the data file was synced before the
witness was written: a witness that is ahead means that the data file has gone back.
"""

from __future__ import annotations

import os
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

NAME = "witness"
HEIGHT_BYTES = 8


class Witness:
    """The witness of one data folder, whose lock is held."""

    def __init__(self, folder: Path) -> None:
        """Prepare; nothing is opened before it is needed."""
        self.path = folder / NAME
        self._file: int | None = None

    def read(self) -> int:
        """Give the height that had been written, 0 when there is no witness or it is torn."""
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return 0
        height = raw[:HEIGHT_BYTES]
        return int.from_bytes(height, "big") if raw[HEIGHT_BYTES:] == sha256(height).digest() else 0

    def write(self, height: int) -> None:
        """Note that everything up to `height` is durable."""
        raw = height.to_bytes(HEIGHT_BYTES, "big")
        # The blocks are safe without their witness: a full disk must not undo that, and an old witness does no harm.
        with suppress(OSError):
            if self._file is None:
                self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.pwrite(self._file, raw + sha256(raw).digest(), 0)

    def forget(self) -> None:
        """Remove the witness of a ledger that is gone, so that it doesn't speak against a new one."""
        self.close()
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
