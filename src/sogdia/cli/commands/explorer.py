"""`sogdia explorer`: the ledger as pages for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sogdia.cli.commands.index import DATABASE_VARIABLE
from sogdia.cli.options import NODE_VARIABLE, Folder

if TYPE_CHECKING:
    from pathlib import Path

INDEX_HELP = (
    f"The database of an index that 'sogdia index run' keeps. Default: ${DATABASE_VARIABLE}, or an index in the node's"
    " folder, which the explorer then keeps itself."
)
HOSTS_VARIABLE = "SOGDIA_EXPLORER_HOSTS"
HOSTS_HELP = (
    "A name under which people reach the site, with the port if it is not that of the scheme; nobody can sign in under"
    f" another. Repeatable. Default: ${HOSTS_VARIABLE}, or the place where it listens."
)


@click.group()
def explorer() -> None:
    """Show the ledger as pages for people: blocks, transactions, parties, listings, orders, each with its proof."""


@explorer.command()
@click.argument("folder", metavar="[DIR]", type=Folder(), required=False, envvar=NODE_VARIABLE)
@click.option("--index", "database", metavar="URL", envvar=DATABASE_VARIABLE, help=INDEX_HELP)
@click.option("--listen", default="127.0.0.1:8081", show_default=True, metavar="HOST:PORT", help="Where to be found.")
@click.option("--host", "hosts", multiple=True, metavar="NAME", envvar=HOSTS_VARIABLE, help=HOSTS_HELP)
def start(folder: Path | None, database: str | None, listen: str, hosts: tuple[str, ...]) -> None:
    """Serve the pages over the node of DIR until Ctrl-C.

    Before the public reaches it, put a web server in front that speaks HTTPS.
    """
    from sogdia.cli import explorer_work  # noqa: PLC0415 - it needs the web server's library

    explorer_work.start(folder, database, listen, hosts)
