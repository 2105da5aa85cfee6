"""Settings as commands use them: from the command line, the environment and a file, in this order."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from sogdia.cli import options
from sogdia.cli.exits import usage
from sogdia.settings.sources import FIELDS, Gathered, gather, value_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sogdia.settings.sections import Settings
    from sogdia.settings.sources import Said


def gathered(config: Path | None, said: Mapping[str, Said] | None = None) -> Gathered:
    """Put the settings together; `said` is what the command line says, by the names of settings."""
    return gather(config, os.environ, said)


def node_folder(folder: Path | None, settings: Settings) -> Path:
    """Give the node's folder: the one named, or the one in the settings."""
    if folder is not None:
        return folder
    if settings.node.folder:
        return Path(settings.node.folder)
    given = os.environ.get(options.NODE_VARIABLE)
    if given:
        return Path(given)
    raise usage("No folder is named.", "Say DIR, or set node.folder in the file of --config.")


def door_folder(folder: Path | None, settings: Settings) -> Path:
    """Give the folder of the node that a door stands beside: the named one, that of the settings, or one that runs."""
    from sogdia.cli.finding import find_node  # noqa: PLC0415 - a node's own start needs no search

    return find_node(folder or (Path(settings.node.folder) if settings.node.folder else None))


def shown(found: Gathered) -> list[tuple[str, object, str]]:
    """Give every setting with its value and where it comes from."""
    return [(key, value_of(found.settings, key), found.origins.get(key, "default")) for key in FIELDS]
