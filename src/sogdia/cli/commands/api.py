"""`sogdia api`: the HTTP API beside a node, in a process of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sogdia.cli import options
from sogdia.cli.exits import Exit, Stopped
from sogdia.cli.options import Folder

if TYPE_CHECKING:
    from pathlib import Path

    from sogdia.settings.sources import Said


@click.group()
def api() -> None:
    """Serve HTTP beside a node: envelopes, queries, records, proofs, events."""


@api.command()
@click.argument("folder", metavar="[DIR]", type=Folder(), required=False, envvar=options.NODE_VARIABLE)
@options.config_option
@click.option("--listen", metavar="HOST:PORT", help="Where to listen. Default: 127.0.0.1:8080.")
@click.option("--allow-origin", multiple=True, metavar="ORIGIN", help="A site whose pages may read. Repeatable.")
@options.until_input_ends_option
def start(
    folder: Path | None,
    config: Path | None,
    listen: str | None,
    allow_origin: tuple[str, ...],
    *,
    until_input_ends: bool,
) -> int:
    """Serve HTTP beside the running node of DIR until Ctrl-C. Nothing that is done to it can stop the node.

    Limits and all else stand in the section [api] of the settings ('sogdia config show').
    """
    from sogdia.api.serving import run  # noqa: PLC0415 - only serving needs it
    from sogdia.cli.configured import door_folder, gathered  # noqa: PLC0415 - as above
    from sogdia.client.connection import Connection  # noqa: PLC0415 - as above
    from sogdia.operate import logs  # noqa: PLC0415 - as above

    said: dict[str, Said] = {"api.listen": listen, "api.allowed_origins": allow_origin or None}
    settings = gathered(config, said).settings
    found = door_folder(folder, settings)
    Connection(found).close()
    logs.begin(settings.log)
    if until_input_ends:
        options.end_with_the_input()

    def ready(address: str) -> None:
        click.echo(f"The API of {found} answers at {address}/ and describes itself at {address}/v1/openapi.json.")

    if not run(found, settings, ready):
        where = settings.api.listen
        raise Stopped(Exit.UNREACHABLE, f"The API could not begin at {where}.", "Choose another address: --listen.")
    return Exit.DONE
