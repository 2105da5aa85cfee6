"""`sogdia sandbox`: a network for trials, with everything that an integrator needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sogdia.cli.exits import Exit, Stopped
from sogdia.cli.options import Folder

if TYPE_CHECKING:
    from pathlib import Path

LISTEN = "127.0.0.1:8090"
EXPLORER = "127.0.0.1:8091"


@click.group()
def sandbox() -> None:
    """Run a network for trials: anybody is admitted and funded up to a quota, and its time is moved by hand."""


@sandbox.command()
@click.argument("folder", metavar="[DIR]", type=Folder(), required=False)
@click.option("--listen", default=LISTEN, show_default=True, metavar="HOST:PORT", help="Where the API listens.")
@click.option(
    "--explorer", default=EXPLORER, show_default=True, metavar="HOST:PORT", help="Where the pages are; or another port."
)
@click.option("--no-explorer", is_flag=True, help="Serve no pages.")
def start(folder: Path | None, listen: str, explorer: str, *, no_explorer: bool) -> int:
    """Make a sandbox in DIR, or take up the one that is there, and run it until Ctrl-C.

    Without DIR it is removed at the end. Keep it to yourself: who reaches it may do in its registrar's and bank's name
    whatever a sandbox does.
    """
    from sogdia import sandbox as trial  # noqa: PLC0415 - it needs the whole engine
    from sogdia.settings.sources import gather  # noqa: PLC0415 - as above

    settings = gather(None, None, {"api.listen": listen, "explorer.listen": explorer}).settings
    if not trial.start(click.echo, folder, settings.api, None if no_explorer else settings.explorer):
        raise Stopped(Exit.UNREACHABLE, f"The API could not begin at {listen}.", "Choose another address: --listen.")
    return Exit.DONE
