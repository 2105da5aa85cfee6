"""Where blobs lie: what a store must do, the store that a URL means, and the folder that is used by default.

    FOLDER/blobs/ab/abcd…       sealed blobs by address
    FOLDER/wraps/ab/abcd…       the wrapped keys of a blob
    FOLDER/documents/ab/abcd…   which blob a document's is now

A file is written under another name, synced, renamed, and its folder synced: after a crash all of it
is there, or nothing.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from sogdia.vault.faults import StoreFailedError, StoreFullError

if TYPE_CHECKING:
    from collections.abc import Iterator

DRAFT_PREFIX = ".draft-"
DRAFT_SECONDS_MAX = 3_600
_KEY = re.compile(r"(blobs|wraps|documents)/[0-9a-f]{2,80}\Z")
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Kept(NamedTuple):
    """Something that a store keeps: its key, and how many seconds ago it was put there."""

    key: str
    age_seconds: float


class Store(Protocol):
    """Keeps bytes under keys. A put is all or nothing, and durable when it returns."""

    def put(self, key: str, data: bytes) -> None:
        """Keep bytes under a key, in the place of what was there; `StoreFullError` when there is no room."""

    def get(self, key: str) -> bytes | None:
        """Give what is kept under a key, or nothing."""

    def delete(self, key: str) -> None:
        """Destroy what is kept under a key, if anything is."""

    def keys(self, family: str) -> Iterator[Kept]:
        """Walk over what is kept of a family: blobs, wraps or documents."""


class FolderStore:
    """A folder on this machine."""

    def __init__(self, folder: Path) -> None:
        """Keep everything in `folder`, which is made when it is not there."""
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._clear_drafts()
        except OSError as error:
            raise StoreFailedError(f"{folder} cannot be used as a vault: {error.strerror}.") from error

    def put(self, key: str, data: bytes) -> None:
        """Keep bytes under a key."""
        path = self._path(key)
        draft = path.with_name(DRAFT_PREFIX + secrets.token_hex(8))
        try:
            self._make_folder(path.parent)
            try:
                _write_synced(draft, data)
                os.replace(draft, path)  # noqa: PTH105 - the name of the system call says that a reader sees old or new
            except BaseException:
                draft.unlink(missing_ok=True)
                raise
            _sync(path.parent)
        except OSError as error:
            raise _failed(error, self.folder) from error

    def get(self, key: str) -> bytes | None:
        """Give what is kept under a key, or nothing."""
        try:
            return self._path(key).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _failed(error, self.folder) from error

    def delete(self, key: str) -> None:
        """Destroy what is kept under a key: the bytes are overwritten first, for what that is worth on a disk."""
        path = self._path(key)
        try:
            with suppress(FileNotFoundError):
                size = path.stat().st_size
                with suppress(OSError), path.open("r+b", buffering=0) as stream:
                    stream.write(bytes(size))
                    os.fsync(stream.fileno())
                path.unlink()
                _sync(path.parent)
        except OSError as error:
            raise _failed(error, self.folder) from error

    def keys(self, family: str) -> Iterator[Kept]:
        """Walk over a family."""
        now = time.time()
        for path in sorted((self.folder / family).glob("[0-9a-f][0-9a-f]/[0-9a-f]*")):
            with suppress(FileNotFoundError):
                yield Kept(f"{family}/{path.name}", now - path.stat().st_mtime)

    def _path(self, key: str) -> Path:
        """Give the file of a key; a key is made of a family and hexadecimal digits, so it leads nowhere else."""
        if not _KEY.match(key):
            message = f"{key!r} is no key of the vault"
            raise ValueError(message)
        family, _, name = key.partition("/")
        return self.folder / family / name[:2] / name

    def _make_folder(self, folder: Path) -> None:
        """Make a folder of the store, and make it last."""
        for each in (folder.parent, folder):
            if not each.is_dir():
                each.mkdir(exist_ok=True, mode=0o700)
                _sync(each.parent)

    def _clear_drafts(self) -> None:
        """Take away what writers left that were killed; one that is at work is younger."""
        for draft in self.folder.glob(f"*/*/{DRAFT_PREFIX}*"):
            with suppress(FileNotFoundError):
                if time.time() - draft.stat().st_mtime > DRAFT_SECONDS_MAX:
                    draft.unlink()


def store_at(place: str) -> Store:
    """Give the store that a place means: a folder, or a bucket of an S3-compatible server."""
    if place.startswith(("s3://", "http://", "https://")):
        from sogdia.vault.s3_store import S3Bucket  # noqa: PLC0415 - the library is an extra

        return S3Bucket.at(place)
    return FolderStore(Path(place).expanduser())


def _write_synced(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _failed(error: OSError, folder: Path) -> Exception:
    if error.errno in _FULL:
        return StoreFullError(f"The vault in {folder} is full; nothing was kept. Make room and put it again.")
    return StoreFailedError(f"The vault in {folder} cannot do it: {error.strerror}.")
