"""The journal of imported files: which payment of which message became which envelope, written before it is sent.

Nothing else remembers a payer's message. An envelope that stands here is sent again as it was, never made anew, so a
file that is imported twice, or once more after a crash between two lines, pays once. One line of JSON for each payment;
a line that was cut off while it was written is the last one, and its envelope was not sent.
"""

from __future__ import annotations

import fcntl
import os
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Self

import msgspec

from sogdia.rails.reasons import MessageRefused, Reason

if TYPE_CHECKING:
    from pathlib import Path

    from sogdia.rails.initiation import Wish

LINE_BYTES_MAX: Final = 1 << 20


class JournalWrongError(Exception):
    """The journal cannot be read, or another import is using it."""


class Noted(msgspec.Struct, frozen=True):
    """A payment that was imported: how its message calls it, what it asks for, and its envelope."""

    debtor: bytes
    message: str
    end_to_end: str
    wish: bytes
    """SHA-256 of what is asked for: the same reference for something else is refused."""
    uetr: str | None
    """The UETR that came with it."""
    envelope: bytes
    id: bytes
    expiry: int


def digest_of(wish: Wish) -> bytes:
    """Give the digest of what a payment asks for."""
    asset = wish.asset
    parts = (
        wish.debtor,
        wish.creditor,
        asset.currency,
        asset.issuer,
        wish.units,
        wish.purpose,
        wish.end_to_end,
        wish.day,
        *([] if wish.travel_reference is None else [wish.travel_reference]),
    )
    return sha256(b"sogdia/wish" + msgspec.msgpack.encode(parts)).digest()


class Journal:
    """An open journal; one process at a time has it."""

    def __init__(self, path: Path) -> None:
        """Open the journal of a network, or begin it."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._known: dict[tuple[bytes, str, str], Noted] = {}
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._file)
            raise JournalWrongError(f"another import is using {path}: wait for its end") from error
        self._read()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_why: object) -> None:
        os.close(self._file)

    def find(self, message: str, wish: Wish) -> Noted | None:
        """Give what a payment became before; raises `MessageRefused` when its reference stood for something else."""
        noted = self._known.get((wish.debtor, message, wish.end_to_end))
        if noted is not None and noted.wish != digest_of(wish):
            raise MessageRefused(
                Reason.AM05,
                f"Message {message!r} has asked for another payment as {wish.end_to_end!r}. Give a new EndToEndId.",
            )
        return noted

    def by_uetr(self, uetr: str) -> Noted | None:
        """Give the payment that came with a UETR."""
        return next((each for each in self._known.values() if each.uetr == uetr), None)

    def note(self, noted: Noted) -> None:
        """Write a payment down; it is on the disk when this returns."""
        os.write(self._file, msgspec.json.encode(noted) + b"\n")
        os.fsync(self._file)
        self._known[_key(noted)] = noted

    def _read(self) -> None:
        whole = 0
        with self._path.open("rb") as stream:
            for number, line in enumerate(stream, start=1):
                if not line.endswith(b"\n"):
                    break
                try:
                    noted = msgspec.json.decode(line, type=Noted)
                except msgspec.MsgspecError as error:
                    raise JournalWrongError(f"{self._path}, line {number}: {error}") from error
                self._known[_key(noted)] = noted
                whole += len(line)
        os.ftruncate(self._file, whole)


def _key(noted: Noted) -> tuple[bytes, str, str]:
    return noted.debtor, noted.message, noted.end_to_end
