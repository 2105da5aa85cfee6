"""`sogdia esign`: national qualified electronic signatures over an account."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sogdia.cli import options
from sogdia.cli.options import Folder, json_option, keys_option, node_option

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNT = click.option("--account", required=True, help="The account that the signer holds.")
GENESIS = click.option("--genesis", type=Folder(), help="Without a node: the genesis of the network.")


@click.group()
def esign() -> None:
    """Bind an account to a person or firm by a national qualified electronic signature.

    An account's key alone is no legal signature in many countries. The holder signs a statement with a qualified
    certificate; anybody checks RSA and ECDSA here, a registrar of the country its national algorithms.
    """


@esign.command()
@ACCOUNT
@click.option("--out", type=Folder(), required=True, help="The new file for the statement.")
@GENESIS
@node_option
@keys_option
@json_option
def statement(  # noqa: PLR0913 - one parameter an option
    account: str,
    out: Path,
    genesis: Path | None,
    node_folder: Path | None,
    keys_folder: Path | None,
    *,
    as_json: bool,
) -> None:
    """Write the exact bytes that the holder of ACCOUNT signs."""
    from sogdia.cli import vouching  # noqa: PLC0415 - importing it takes longer than asking for help

    vouching.write_statement(account, out, genesis, options.Way(node_folder, keys_folder, as_json=as_json))


@esign.command()
@click.argument("file", type=Folder())
@ACCOUNT
@click.option("--anchors", type=Folder(), required=True, help="The certificates of trusted authorities, in PEM.")
@click.option("--at", metavar="MOMENT", help="The moment at which certificates must be valid. Default: now.")
@GENESIS
@node_option
@keys_option
@json_option
def verify(  # noqa: PLR0913 - one parameter an option
    file: Path,
    account: str,
    anchors: Path,
    at: str | None,
    genesis: Path | None,
    node_folder: Path | None,
    keys_folder: Path | None,
    *,
    as_json: bool,
) -> None:
    """Check the detached CMS signature in FILE over the statement of ACCOUNT.

    One that proves nothing gives status 4. Whether a certificate was revoked is not asked.
    """
    from sogdia.cli import vouching  # noqa: PLC0415 - as above

    way = options.Way(node_folder, keys_folder, as_json=as_json)
    vouching.verify_esign(file, account, anchors, at, genesis, way)
