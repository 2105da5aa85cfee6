"""`sogdia prove` and `sogdia verify`: write down a proof, and check one without trusting anybody's node."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sogdia.cli import options
from sogdia.cli.options import Folder, json_option, keys_option, node_option

if TYPE_CHECKING:
    from pathlib import Path

OUT = click.option("--out", type=Folder(), required=True, help="The new file for the proof.")


START = click.option(
    "--from-header",
    "start",
    type=click.IntRange(min=1),
    metavar="HEIGHT",
    help="Begin with the header of this height, for a reader who trusts it. Default: with the genesis.",
)
FACE = click.option("--face", is_flag=True, help="Show only what anybody may see of it: a proof for strangers.")


@click.group()
def prove() -> None:
    """Write down a proof that anybody can check, offline, with 'sogdia verify'.

    \b
    sogdia prove order @nairobi/o1 --out order.proof
    sogdia prove order @nairobi/o1 --face --out for-strangers.proof
    sogdia prove record money/balances @nairobi USD@bank --out balance.proof
    sogdia prove tx ID --out receipt.proof
    """  # noqa: D301 - \b is click's mark for lines that stay as they are


@prove.command()
@click.argument("table")
@click.argument("key", nargs=-1)
@click.option("--height", type=int, help="As of this height, of which a checkpoint is kept. Default: now.")
@FACE
@START
@OUT
@node_option
@keys_option
@json_option
def record(  # noqa: PLR0913 - one parameter an option
    table: str,
    key: tuple[str, ...],
    height: int | None,
    start: int | None,
    out: Path,
    node_folder: Path | None,
    keys_folder: Path | None,
    *,
    face: bool,
    as_json: bool,
) -> None:
    """Prove a record of TABLE, or that there is none, by its KEY.

    TABLE is a name such as money/balances, or its number. KEY is what the table goes by: an account, an object's
    name, an account and its money (@nairobi USD@bank), a name and a number (@bukhara/tea 0), or hexadecimal.
    """
    from sogdia.cli import proving  # noqa: PLC0415 - importing it takes longer than asking for help

    way = options.Way(node_folder, keys_folder, as_json=as_json)
    proving.prove_record(table, key, height, out, way, face=face, start=start)


@prove.command()
@click.argument("name")
@FACE
@START
@OUT
@node_option
@keys_option
@json_option
def order(  # noqa: PLR0913 - one parameter an option
    name: str,
    start: int | None,
    out: Path,
    node_folder: Path | None,
    keys_folder: Path | None,
    *,
    face: bool,
    as_json: bool,
) -> None:
    """Prove the whole life of the order NAME, or (--face) only that it is there, and its state."""
    from sogdia.cli import proving  # noqa: PLC0415 - as above

    way = options.Way(node_folder, keys_folder, as_json=as_json)
    proving.prove_order(name, out, way, face=face, start=start)


@prove.command()
@click.argument("id", metavar="ID")
@START
@OUT
@node_option
@keys_option
@json_option
def tx(  # noqa: PLR0913 - one parameter an option
    id: str,  # noqa: A002 - the argument's name
    start: int | None,
    out: Path,
    node_folder: Path | None,
    keys_folder: Path | None,
    *,
    as_json: bool,
) -> None:
    """Prove how the envelope or the deadline's exit ID ended."""
    from sogdia.cli import proving  # noqa: PLC0415 - as above

    proving.prove_result(id, out, options.Way(node_folder, keys_folder, as_json=as_json), start=start)


@click.command()
@click.argument("file", type=Folder())
@click.option("--genesis", type=Folder(), help="Trust the keys that this genesis names.")
@click.option(
    "--trust",
    metavar="FILE|KEY|HEADER",
    help="Trust the keys in this file; or this one key, or this header HEIGHT:HASH, with --network.",
)
@click.option("--network", metavar="HEX", help="With a key: the hash of the genesis.")
@options.sandbox_option
@json_option
def verify(  # noqa: PLR0913 - one parameter an option
    file: Path, genesis: Path | None, trust: str | None, network: str | None, *, sandbox: bool, as_json: bool
) -> None:
    """Check the proof in FILE, offline, and say what it proves.

    Whom you trust must come to you by a way that you trust, never with the proof: the network's genesis, or a file
    of its keys. A proof that proves nothing gives status 4.
    """
    from sogdia.cli import proving  # noqa: PLC0415 - as above

    proving.verify(file, proving.trusted(genesis, trust, network, sandbox=sandbox), as_json=as_json)
