"""Where the parts of one organisation's node find each other: its folder, the engine's home, and the sockets.

    DIR/engine        the engine's home: config, keys, its own blocks and votes
    DIR/abci.sock     the engine calls the application here
    DIR/engine.sock   the application asks the engine here; it is never reached from another machine

A socket's path has at most 107 bytes; one that would be longer stands in the runtime folder instead.
"""

from __future__ import annotations

import os
from hashlib import sha256
from typing import TYPE_CHECKING

from sogdia.engine.serving.server import ADDRESS_BYTES_MAX
from sogdia.engine.serving.service import runtime_folder

if TYPE_CHECKING:
    from pathlib import Path

HOME = "engine"
ABCI_SOCKET = "abci.sock"
RPC_SOCKET = "engine.sock"
ENGINE_LOG = "engine.log"


def home(folder: Path) -> Path:
    """Give the engine's home."""
    return folder / HOME


def abci_socket(folder: Path) -> Path:
    """Give where the application listens for the engine."""
    return _socket(folder, ABCI_SOCKET)


def rpc_socket(folder: Path) -> Path:
    """Give where the engine listens for the application."""
    return _socket(folder, RPC_SOCKET)


def _socket(folder: Path, name: str) -> Path:
    path = folder.resolve() / name
    if len(os.fsencode(path)) <= ADDRESS_BYTES_MAX:
        return path
    short = runtime_folder()
    short.mkdir(mode=0o700, parents=True, exist_ok=True)
    if short.stat().st_uid != os.getuid():
        raise PermissionError(f"{short} belongs to somebody else; set XDG_RUNTIME_DIR to a folder of yours")
    return short / f"{sha256(os.fsencode(folder.resolve())).hexdigest()[:16]}-{name}"
