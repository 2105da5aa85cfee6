"""Serving the explorer from the command line, until a signal."""

from __future__ import annotations

import logging
import re
import signal
import threading
from typing import TYPE_CHECKING

import click

from sogdia.cli.exits import Exit, Stopped, usage
from sogdia.cli.finding import find_node
from sogdia.client.logins import is_site
from sogdia.web.explorer.serving import CannotListenError, database_of, running
from sogdia.web.explorer.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

_LISTEN = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9A-Za-z.-]+)):([0-9]{1,5})")
PORT_MAX = 65_535
WAKE_SECONDS = 0.5


def read_listen(text: str) -> tuple[str, int]:
    """Read a host and a port: 127.0.0.1:8081, or [::1]:8081."""
    found = _LISTEN.fullmatch(text)
    if found is None or int(found[3]) > PORT_MAX:
        raise usage(f"{text!r} is no place to listen.", "Write HOST:PORT, such as 127.0.0.1:8081 or [::1]:8081.")
    return found[1] or found[2], int(found[3])


def start(folder: Path | None, database: str | None, listen: str, hosts: tuple[str, ...]) -> None:
    """Serve the pages, and keep their index unless somebody else does."""
    host, port = read_listen(listen)
    for each in hosts:
        if not is_site(each):
            raise usage(f"{each!r} is no name of a site.", "Write HOST or HOST:PORT, such as ledger.example.")
    node = find_node(folder)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_signal: stop.set())
    settings = Settings(node_folder=node, database=database or database_of(node), hosts=hosts)
    try:
        with running(settings, host, port, follow=database is None) as address:
            click.echo(f"The explorer of the node in {node} is at {address}", err=True)
            while not stop.wait(WAKE_SECONDS):
                pass
    except CannotListenError as error:
        raise Stopped(
            Exit.UNREACHABLE, f"{error}.", "Give another place with --listen, or end what is there."
        ) from error
    click.echo("The explorer has stopped.", err=True)
