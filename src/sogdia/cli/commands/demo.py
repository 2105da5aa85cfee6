"""`sogdia demo`: one trade from Bukhara to Nairobi, then a day of a real shop at speed."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sogdia.cli.options import Folder


@click.command()
@click.option("--once", is_flag=True, help="Play, check, and end, instead of keeping the node until Ctrl-C.")
@click.option("--folder", type=Folder(), help="Where to play. Default: a folder that is removed at the end.")
def demo(folder: Path | None, *, once: bool) -> None:
    """Play one trade from Bukhara to Nairobi on the wall clock, then a shop's days at speed.

    Afterwards its node runs on until Ctrl-C: 'sogdia query' and 'sogdia tx' work from a second terminal.
    """
    from sogdia.demo import play  # noqa: PLC0415 - it needs the whole engine

    play(click.echo, once=once, folder=folder, sogdia=sys.argv[0] if Path(sys.argv[0]).name == "sogdia" else "sogdia")
