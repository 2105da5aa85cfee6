"""`sogdia explorer`: the ledger as pages for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sogdia.cli import options
from sogdia.cli.commands.index import DATABASE_VARIABLE
from sogdia.cli.options import Folder

if TYPE_CHECKING:
    from pathlib import Path

INDEX_HELP = (
    f"The database of an index that 'sogdia index run' keeps. Default: ${DATABASE_VARIABLE}, or an index in the node's"
    " folder, which the explorer then keeps itself."
)


@click.group()
def explorer() -> None:
    """Show the ledger as pages for people: blocks, transactions, parties, listings, orders, each with its proof."""


@explorer.command()
@click.argument("folder", metavar="[DIR]", type=Folder(), required=False, envvar=options.NODE_VARIABLE)
@options.config_option
@click.option("--index", "database", metavar="URL", help=INDEX_HELP)
@click.option("--listen", metavar="HOST:PORT", help="Where to be found. Default: 127.0.0.1:8081.")
@options.until_input_ends_option
def start(
    folder: Path | None, config: Path | None, database: str | None, listen: str | None, *, until_input_ends: bool
) -> None:
    """Serve the pages over the node of DIR until Ctrl-C.

    Before the public reaches it, put a web server in front that speaks HTTPS.
    """
    from sogdia.cli import explorer_work  # noqa: PLC0415 - it needs the web server's library

    said = {"index.database": database, "explorer.listen": listen}
    explorer_work.start(folder, config, said, until_input_ends=until_input_ends)
