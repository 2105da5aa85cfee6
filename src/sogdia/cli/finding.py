"""Finding the node that is meant: the one that is named, or the one that runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sogdia.cli.exits import Exit, Stopped, usage
from sogdia.client.running_nodes import running_nodes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sogdia.client.running_nodes import RunningNode


def find_node(given: Path | None) -> Path:
    """Give the folder of the node that is meant."""
    if given is not None:
        if not given.is_dir():
            raise Stopped(Exit.NOT_FOUND, f"There is no folder {given}.", "Correct --node or SOGDIA_NODE.")
        return given
    running = running_nodes()
    if not running:
        raise Stopped(
            Exit.UNREACHABLE,
            "No node runs on this machine.",
            "Start one with 'sogdia node start DIR', or name its folder with --node DIR.",
        )
    return Path(nearest(running, Path.cwd()).folder)


def keys_beside(folder: Path) -> tuple[Path, ...]:
    """Give the folder of keys that belongs to a running node, if there is one."""
    here = str(folder.resolve())
    return tuple(Path(node.keys) for node in running_nodes() if node.folder == here and node.keys is not None)


def nearest(running: Sequence[RunningNode], here: Path) -> RunningNode:
    """Give the only node, or the only one whose folder lies in or above `here`; otherwise say which there are."""
    if len(running) == 1:
        return running[0]
    near = [node for node in running if _related(Path(node.folder), here)]
    if len(near) == 1:
        return near[0]
    folders = ", ".join(node.folder for node in running)
    raise usage(f"Several nodes run on this machine: {folders}.", "Say which one with --node DIR.")


def _related(folder: Path, here: Path) -> bool:
    return folder == here or folder in here.parents or here in folder.parents
