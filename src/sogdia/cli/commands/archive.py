"""`sogdia archive`: old blocks in files that any node may serve and any reader can check."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sogdia.cli.options import Folder, json_option, keys_option

if TYPE_CHECKING:
    from pathlib import Path

DIR = click.argument("folder", metavar="[DIR]", type=Folder(), required=False)


@click.group()
def archive() -> None:
    """Old blocks in files: which there are, whether they are right, and fetching them from another node.

    A node whose operator lets old blocks go (setting network.blocks_kept) writes them into DIR/archive first: segments,
    each chained to the one before. A segment is right when the header after it, or the next segment, says so.
    """


@archive.command("list")
@DIR
@json_option
def list_(folder: Path | None, *, as_json: bool) -> None:
    """List the segments of the node in DIR, and which blocks are in none."""
    from sogdia.cli import archive_work  # noqa: PLC0415 - it needs the engine

    archive_work.run_list(folder, as_json=as_json)


@archive.command()
@DIR
@click.option("--header", metavar="HASH", help="The hash of the last header in them, from a proof that you checked.")
@json_option
def verify(folder: Path | None, header: str | None, *, as_json: bool) -> int:
    """Read all segments of DIR to the end, and follow them from header to header to what the node's own blocks say.

    DIR is a node's folder, or with --header any folder that holds segments of one network and its genesis.json.
    """
    from sogdia.cli import archive_work  # noqa: PLC0415 - it needs the engine

    return archive_work.run_verify(folder, header, as_json=as_json)


@archive.command()
@click.argument("source", metavar="FROM")
@DIR
@click.option("--as", "account", metavar="NAME", help="With an address: the key that signs in, of who runs a node.")
@keys_option
@json_option
def fetch(source: str, folder: Path | None, account: str | None, keys_folder: Path | None, *, as_json: bool) -> int:
    """Put segments of another node, or of a folder of copies, into the node's folder DIR, once they are checked.

    \b
    sogdia archive fetch /srv/copies DIR
    sogdia archive fetch https://ledger.example DIR --as kz-bank

    FROM is a folder, or the address of another organisation's API. Only those are taken that lead to the header with
    which the node's own blocks begin; nothing is written over. The node may run, and finds what was fetched at once.
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from sogdia.cli import archive_fetching  # noqa: PLC0415 - it needs the engine

    return archive_fetching.run_fetch(source, folder, account, keys_folder, as_json=as_json)
