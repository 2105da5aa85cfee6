"""`sogdia explorer`: the ledger as pages for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sogdia.cli import options
from sogdia.cli.commands.index import DATABASE_VARIABLE
from sogdia.cli.options import Folder

if TYPE_CHECKING:
    from pathlib import Path

    from sogdia.settings.sources import Said

INDEX_HELP = (
    f"The database of an index that 'sogdia index run' keeps. Default: ${DATABASE_VARIABLE}, or an index in the node's"
    " folder, which the explorer then keeps itself."
)
HOSTS_HELP = (
    "A name under which people reach the site, with the port if it is not that of the scheme; nobody can sign in under"
    " another. Repeatable. Default: explorer.hosts of the settings, or the place where it listens."
)


@click.group()
def explorer() -> None:
    """Show the ledger as pages for people: blocks, transactions, parties, listings, orders, each with its proof."""


@explorer.command()
@click.argument("folder", metavar="[DIR]", type=Folder(), required=False, envvar=options.NODE_VARIABLE)
@options.config_option
@click.option("--index", "database", metavar="URL", help=INDEX_HELP)
@click.option("--listen", metavar="HOST:PORT", help="Where to be found. Default: 127.0.0.1:8081.")
@click.option("--host", "hosts", multiple=True, metavar="NAME", help=HOSTS_HELP)
@options.until_input_ends_option
def start(  # noqa: PLR0913 - one parameter an option
    folder: Path | None,
    config: Path | None,
    database: str | None,
    listen: str | None,
    hosts: tuple[str, ...],
    *,
    until_input_ends: bool,
) -> None:
    """Serve the pages over the node of DIR until Ctrl-C.

    Before the public reaches it, put a web server in front that speaks HTTPS.
    """
    from sogdia.cli import explorer_work  # noqa: PLC0415 - it needs the web server's library

    said: dict[str, Said] = {"index.database": database, "explorer.listen": listen, "explorer.hosts": hosts or None}
    explorer_work.start(folder, config, said, until_input_ends=until_input_ends)
