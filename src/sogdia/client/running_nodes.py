"""The nodes that run on this machine for this user: each is written down while it runs, so that commands find it.

    ~/.sogdia/running/<process>.json        {"folder": "/…/node", "keys": "/…/keys"}

A note is worth no more than the process that it names: without that process, or a socket, it is passed over.
"""

from __future__ import annotations

import os
import secrets
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

NOTES = Path("~/.sogdia/running")
NOTE_BYTES_MAX = 16_384
SOCKETS = ("node.sock", "node.sock.path")
"""A node's socket in its folder, and the file that says where it is when the folder's path is too long."""


class RunningNode(msgspec.Struct, frozen=True):
    """A node by its data folder, and the folder of keys that belongs to it, if there is one."""

    folder: str
    keys: str | None = None


@contextmanager
def announced(folder: Path, keys: Path | None = None) -> Iterator[None]:
    """Write down that this process runs the node of `folder`, for as long as it does."""
    notes = NOTES.expanduser()
    notes.mkdir(parents=True, exist_ok=True, mode=0o700)
    note = notes / f"{os.getpid()}.json"
    draft = notes / f".{note.name}.{secrets.token_hex(4)}.draft"
    node = RunningNode(str(folder.resolve()), None if keys is None else str(keys.resolve()))
    draft.write_bytes(msgspec.json.encode(node) + b"\n")
    draft.replace(note)
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


def running_nodes() -> list[RunningNode]:
    """Give the nodes that run, by their folders; notes of processes that are gone are removed."""
    found: dict[str, RunningNode] = {}
    notes = NOTES.expanduser()
    for note in sorted(notes.glob("*.json")) if notes.is_dir() else ():
        with suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError):
            if not _is_alive(note.stem):
                note.unlink()
                continue
            with note.open("rb") as stream:
                node = msgspec.json.decode(stream.read(NOTE_BYTES_MAX), type=RunningNode)
            if any((Path(node.folder) / name).exists() for name in SOCKETS):
                found[node.folder] = node
    return [found[folder] for folder in sorted(found)]


def _is_alive(process: str) -> bool:
    if not process.isdigit() or len(process) > len(str(2**22)):
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it runs for somebody else
    return True
