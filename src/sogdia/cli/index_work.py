"""Work on an index: following a node, making it anew, saying how far it is."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sogdia.cli import options
from sogdia.cli.configured import gathered
from sogdia.cli.exits import Exit, Stopped
from sogdia.cli.folder_work import existing
from sogdia.cli.progress import counted
from sogdia.client.connection import NodeNotRunningError
from sogdia.client.wording import moment_words
from sogdia.index import following
from sogdia.index.database import database_in
from sogdia.index.reading.stand import read_stand
from sogdia.index.sources import FolderSource, NodeSource, Source
from sogdia.index.writer import clear
from sogdia.operate import logs

if TYPE_CHECKING:
    from sogdia.index.writer import IndexWriter


def database_of(folder: Path, url: str | None) -> str:
    """Give the database that is meant: the named one, or a file in the node's folder."""
    return url or database_in(folder)


def source_of(folder: Path) -> Source:
    """Give the blocks of a folder: from the node that runs on it, or as they lie."""
    try:
        return NodeSource(folder)
    except NodeNotRunningError:
        return FolderSource(folder)


def run(node_folder: Path | None, config: Path | None, database: str | None) -> None:
    """Follow a node until a signal."""
    settings = gathered(config, {"index.database": database}).settings
    folder = existing(node_folder or (Path(settings.node.folder) if settings.node.folder else None))
    logs.begin(settings.log)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_signal: stop.set())

    def ready(writer: IndexWriter) -> None:
        where = writer.engine.url.render_as_string(hide_password=True)
        click.echo(f"The index in {where} follows the node of {folder} from height {writer.stand.height}.", err=True)

    following.follow(folder, database_of(folder, settings.index.database), stop, ready=ready)
    click.echo("The index has stopped; what it has written is whole.", err=True)


def rebuild(node_folder: Path | None, database: str | None, *, as_json: bool) -> None:
    """Make an index anew."""
    folder = existing(node_folder)
    url = database_of(folder, database)
    with closing(source_of(folder)) as source:
        clear(url)
        started = time.monotonic()
        with counted("Indexing") as progress:
            height = following.build(source, url, progress)
    seconds = time.monotonic() - started
    words = f"Made the index anew up to height {height}; {seconds:.1f} s."
    options.show(words, {"height": height, "seconds": round(seconds, 3)}, as_json=as_json)


def show_status(node_folder: Path | None, database: str | None, *, as_json: bool) -> None:
    """Say how far an index is."""
    folder = existing(node_folder)
    stand = read_stand(database_of(folder, database))
    if stand is None:
        raise Stopped(Exit.NOT_FOUND, "There is no index yet.", "Make one with 'sogdia index run' or 'rebuild'.")
    with closing(source_of(folder)) as source:
        height = source.height()
        late = source.time(height) - stand.time if height > stand.height else 0
        behind: dict[str, Any] = {
            "node_height": height,
            "heights_behind": height - stand.height,
            "seconds_behind": max(0, late),
        }
    lines = [
        f"network   {stand.name} {stand.network.hex()}",
        f"height    {stand.height}, {moment_words(stand.time)}",
        f"node      {behind['node_height']}",
        f"lag       {behind['heights_behind']} heights, {behind['seconds_behind']} s",
    ]
    document = {
        "network": stand.network.hex(),
        "name": stand.name,
        "schema": stand.schema,
        "height": stand.height,
        "hash": stand.hash.hex(),
        "time": stand.time,
        **behind,
    }
    options.show("\n".join(lines), document, as_json=as_json)
