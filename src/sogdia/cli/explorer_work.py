"""Serving the explorer from the command line, until a signal."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

import click

from sogdia.cli import options
from sogdia.cli.configured import door_folder, gathered
from sogdia.cli.exits import Exit, Stopped
from sogdia.operate import logs
from sogdia.web.explorer.serving import CannotListenError, running

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sogdia.settings.sources import Said

WAKE_SECONDS = 0.5


def start(folder: Path | None, config: Path | None, said: Mapping[str, Said], *, until_input_ends: bool) -> None:
    """Serve the pages, and keep their index unless somebody else does."""
    settings = gathered(config, said).settings
    node = door_folder(folder, settings)
    logs.begin(settings.log)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_signal: stop.set())
    if until_input_ends:
        options.end_with_the_input()
    try:
        with running(node, settings.explorer, settings.index.database) as address:
            click.echo(f"The explorer of the node in {node} is at {address}")
            while not stop.wait(WAKE_SECONDS):
                pass
    except CannotListenError as error:
        raise Stopped(
            Exit.UNREACHABLE, f"{error}.", "Give another place with --listen, or end what is there."
        ) from error
    click.echo("The explorer has stopped.", err=True)
