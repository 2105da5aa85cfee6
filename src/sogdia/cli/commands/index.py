"""`sogdia index`: what happened as tables of SQL, to be searched and counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sogdia.cli.options import config_option, json_option, node_option

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

DATABASE_VARIABLE = "SOGDIA_INDEX_DATABASE"
DATABASE_HELP = (
    f"The database: sqlite:///FILE or postgresql://…. Default: ${DATABASE_VARIABLE}, or a SQLite file in the node's"
    " folder."
)


def database_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--database`."""
    return click.option("--database", metavar="URL", envvar=DATABASE_VARIABLE, help=DATABASE_HELP)(command)


@click.group()
def index() -> None:
    """Keep what happened in SQL: follow a node, rebuild, see how far it is.

    The index decides nothing and can be made again from the blocks at any time. It is a process of its own and never
    holds the node up.
    """


@index.command()
@node_option
@config_option
@database_option
def run(node_folder: Path | None, config: Path | None, database: str | None) -> None:
    """Follow a node until Ctrl-C. A node or database that is away is waited for."""
    from sogdia.cli import index_work  # noqa: PLC0415 - it needs the database's library

    index_work.run(node_folder, config, database)


@index.command()
@node_option
@database_option
@json_option
def rebuild(node_folder: Path | None, database: str | None, *, as_json: bool) -> None:
    """Remove the index and make it anew from the blocks, of a node that runs or of a folder at rest.

    If it is interrupted, 'sogdia index run' goes on from there.
    """
    from sogdia.cli import index_work  # noqa: PLC0415 - it needs the database's library

    index_work.rebuild(node_folder, database, as_json=as_json)


@index.command()
@node_option
@database_option
@json_option
def status(node_folder: Path | None, database: str | None, *, as_json: bool) -> None:
    """Say how far the index is, and how far behind its node, in heights and seconds."""
    from sogdia.cli import index_work  # noqa: PLC0415 - it needs the database's library

    index_work.show_status(node_folder, database, as_json=as_json)
