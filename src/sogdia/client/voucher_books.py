"""Books of vouchers: one text a line, everything that a phone signed, or that a till took. They only grow.

Whoever loses the book of a purse may sign a number twice, which is proof of fraud: so a line is on the disk before its
voucher is shown to anybody.
"""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING, Self

from sogdia.client.voucher_text import VoucherTextWrong, read_voucher, voucher_text

if TYPE_CHECKING:
    from pathlib import Path

    from sogdia.modules.vouchers.signed import SignedVoucher

BOOK_BYTES_MAX = 4 << 20
"""Some 15,000 vouchers; a new purse may begin a new book."""


class BookWrong(Exception):  # noqa: N818 - reads as what it says
    """A book that cannot be used, with what to do about it."""


class Book:
    """An open book, which nobody else writes into meanwhile."""

    def __init__(self, path: Path) -> None:
        """Open the book, or begin it."""
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX)
            self.vouchers: list[SignedVoucher] = _read(self._file, path)
        except BaseException:
            os.close(self._file)
            raise

    def add(self, signed: SignedVoucher) -> None:
        """Write a voucher down; it is on the disk when this returns."""
        line = voucher_text(signed).encode("ascii") + b"\n"
        # Short writes cannot be told apart later from damage, so one that happens is said at once.
        if os.write(self._file, line) != len(line):
            raise BookWrong("The disk took a part of a line only. Make room, and remove the book's last line.")
        os.fsync(self._file)
        self.vouchers.append(signed)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_why: object) -> None:
        os.close(self._file)


def _read(file: int, path: Path) -> list[SignedVoucher]:
    """Read every line."""
    raw = b""
    while part := os.read(file, 1 << 20):
        raw += part
        if len(raw) > BOOK_BYTES_MAX:
            message = f"{path} has more than {BOOK_BYTES_MAX} bytes. Begin a new book with a new purse."
            raise BookWrong(message)
    found = []
    for number, line in enumerate(raw.decode("utf-8", "replace").splitlines(), start=1):
        try:
            found.append(read_voucher(line))
        except VoucherTextWrong as wrong:
            message = f"{path}, line {number}: {wrong} Until it is mended the book is not used."
            raise BookWrong(message) from wrong
    return found
