"""`sogdia config`: check settings, and show which hold and where each comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sogdia.cli import options
from sogdia.cli.options import Folder, config_option, json_option

if TYPE_CHECKING:
    from pathlib import Path


@click.group()
def config() -> None:
    """Check settings, and show which hold and where each comes from.

    Settings come from the command line, from the environment (SOGDIA_SECTION_NAME), from a TOML file, in this order.
    """


@config.command()
@click.argument("file", metavar="FILE", type=Folder())
@json_option
def check(file: Path, *, as_json: bool) -> None:
    """Check FILE, together with the environment: every fault with its line and the way out."""
    from sogdia.cli.configured import gathered  # noqa: PLC0415 - only used here

    found = gathered(file)
    words = f"{file} is right: {len(found.origins)} settings are given, all others have their defaults."
    options.show(words, {"file": str(file), "given": sorted(found.origins), "faults": []}, as_json=as_json)


@config.command()
@config_option
@json_option
def show(config: Path | None, *, as_json: bool) -> None:
    """Show the settings that hold, and where each comes from."""
    from sogdia.cli.configured import gathered, shown  # noqa: PLC0415 - only used here

    rows = shown(gathered(config))
    lines = [f"{key} = {_written(value)}    ({where})" for key, value, where in rows]
    document = {key: {"value": value, "from": where} for key, value, where in rows}
    options.show("\n".join(lines), document, as_json=as_json)


def _written(value: object) -> str:
    """Write a value as TOML does."""
    from sogdia.cli.documents import write_json  # noqa: PLC0415 - only used here

    return write_json(value).strip()
