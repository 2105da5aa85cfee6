"""`sogdia api`: the HTTP API beside a node, in a process of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from sogdia.cli import options
from sogdia.cli.exits import Exit, Stopped, usage
from sogdia.cli.options import Folder

if TYPE_CHECKING:
    from pathlib import Path

    from sogdia.api.settings import Settings

LISTEN = "127.0.0.1:8080"


@click.group()
def api() -> None:
    """Serve HTTP beside a node: envelopes, queries, records, proofs, events."""


@api.command()
@click.argument("folder", metavar="[DIR]", type=Folder(), required=False, envvar=options.NODE_VARIABLE)
@click.option("--listen", default=LISTEN, show_default=True, metavar="HOST:PORT", help="Where to listen.")
@click.option("--allow-origin", multiple=True, metavar="ORIGIN", help="A site whose pages may read. Repeatable.")
@click.option("--settings", "file", type=Folder(), help="A TOML file of limits and other settings. Options win.")
def start(folder: Path | None, listen: str, allow_origin: tuple[str, ...], file: Path | None) -> int:
    """Serve HTTP beside the running node of DIR until Ctrl-C. Nothing that is done to it can stop the node."""
    from sogdia.api.serving import run  # noqa: PLC0415 - only serving needs it
    from sogdia.cli.finding import find_node  # noqa: PLC0415 - as above
    from sogdia.client.connection import Connection  # noqa: PLC0415 - as above

    found = find_node(folder)
    Connection(found).close()

    def ready(address: str) -> None:
        click.echo(f"The API of {found} answers at {address}/ and describes itself at {address}/v1/openapi.json.")

    if not run(found, _settings(file, listen, allow_origin), ready):
        raise Stopped(Exit.UNREACHABLE, f"The API could not begin at {listen}.", "Choose another address: --listen.")
    return Exit.DONE


def _settings(file: Path | None, listen: str, allow_origin: tuple[str, ...]) -> Settings:
    """Join the settings of the file and the options."""
    import tomllib  # noqa: PLC0415 - only serving needs it

    import msgspec  # noqa: PLC0415 - as above

    from sogdia.api.settings import Settings  # noqa: PLC0415 - as above

    given = {} if file is None else tomllib.loads(file.read_text("utf-8"))
    parts = re.fullmatch(r"(?:\[([0-9a-fA-F:]+)\]|([0-9A-Za-z.-]+)):([0-9]{1,5})", listen)
    if parts is None:
        raise usage(f"{listen!r} is no address to listen at.", "Write it like 127.0.0.1:8080 or [::1]:8080.")
    if listen != LISTEN or "port" not in given:
        given |= {"host": parts[1] or parts[2], "port": int(parts[3])}
    if allow_origin:
        given["allowed_origins"] = list(allow_origin)
    try:
        return msgspec.convert(given, Settings)
    except msgspec.ValidationError as error:
        raise usage(f"{file or 'The settings'}: {error}.", "Compare with docs/reference/http.md.") from error
