"""`sogdia vault`: documents off the ledger."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sogdia.cli import options
from sogdia.cli.options import Folder, json_option, keys_option, node_option

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

F = TypeVar("F", bound="Callable[..., Any]")

VAULT_HELP = (
    "The vault: a folder, s3://BUCKET, or https://SERVER/BUCKET. Default: $SOGDIA_VAULT_PLACE, or beside the node."
)


def common(command: F) -> F:
    """Add what all commands that seal or open need."""
    for option in (
        json_option,
        keys_option,
        node_option,
        click.option("--vault", "place", metavar="PLACE", envvar="SOGDIA_VAULT_PLACE", help=VAULT_HELP),
        click.option("--from", "who", metavar="KEY[=ACCOUNT]", required=True, help="The key of whoever acts."),
    ):
        command = option(command)
    return command


@click.group()
def vault() -> None:
    """Seal documents, read them, share and erase them.

    A document is sealed on this machine; the vault keeps it for those whom the ledger entitles. For instance:

    \b
    sogdia tx open-order-file --from buyer --order @buyer/o1
    sogdia vault put address.txt --from buyer --reference address --about order:@buyer/o1 --class address
    sogdia vault get buyer/address --from carrier --out address.txt
    sogdia vault list order:@buyer/o1
    """  # noqa: D301 - \b is click's mark for lines that stay as they are


@vault.command()
@click.argument("file", type=Folder())
@click.option("--reference", required=True, help="What you call the document: 1 to 16 of 0-9 A-Z a-z . _ -")
@click.option("--about", required=True, metavar="OBJECT", help="order:@nairobi/o1 or party:@nairobi; it needs a file.")
@click.option("--class", "document_class", required=True, metavar="CLASS", help="address, name, message, evidence, …")
@click.option("--reader", "readers", multiple=True, metavar="ACCOUNT", help="Who may read beside the entitled.")
@click.option("--title", default="", help="A line inside the seal. Default: the file's name.")
@common
def put(  # noqa: PLR0913 - one parameter an option
    file: Path,
    reference: str,
    about: str,
    document_class: str,
    readers: tuple[str, ...],
    title: str,
    who: str,
    place: str | None,
    node_folder: Path | None,
    keys_folder: Path | None,
    *,
    as_json: bool,
) -> None:
    """Seal FILE (up to 16 MiB), commit it on the ledger, and put it into the vault."""
    from sogdia.cli import vault_work  # noqa: PLC0415 - importing it takes longer than asking for help

    given = vault_work.Putting(file, reference, about, document_class, readers, title)
    vault_work.put(given, who, place, options.Way(node_folder, keys_folder, as_json=as_json))


@vault.command()
@click.argument("name")
@click.option("--out", type=Folder(), help="The new file for the content. Default: standard output.")
@click.option("--purpose", help="For authorities: customs, tax, product_safety, court_order.")
@click.option("--case", help="For authorities: under which number the matter is kept.")
@click.option("--receipt", metavar="ID", help="For authorities: the envelope that recorded this reading before.")
@common
def get(  # noqa: PLR0913 - one parameter an option
    name: str,
    out: Path | None,
    purpose: str | None,
    case: str | None,
    receipt: str | None,
    who: str,
    place: str | None,
    node_folder: Path | None,
    keys_folder: Path | None,
    *,
    as_json: bool,
) -> None:
    """Get the document NAME, open it, and compare it with the ledger's commitment.

    An authority states purpose and case first; the statement stays on the ledger for the subject to see.
    """
    from sogdia.cli import vault_work  # noqa: PLC0415 - as above

    stating = vault_work.Stating(purpose, case, receipt)
    way = options.Way(node_folder, keys_folder, as_json=as_json)
    content = vault_work.get(name, out, stating, who, place, way)
    if content is not None:
        sys.stdout.buffer.write(content)


@vault.command()
@click.argument("name")
@click.argument("reader")
@common
def grant(  # noqa: PLR0913 - one parameter an option
    name: str,
    reader: str,
    who: str,
    place: str | None,
    node_folder: Path | None,
    keys_folder: Path | None,
    *,
    as_json: bool,
) -> None:
    """Let READER read your document NAME, or wrap its key anew for a reader that has another key now."""
    from sogdia.cli import vault_work  # noqa: PLC0415 - as above

    vault_work.grant(name, reader, who, place, options.Way(node_folder, keys_folder, as_json=as_json))


@vault.command()
@click.argument("name")
@click.argument("reader")
@common
def revoke(  # noqa: PLR0913 - one parameter an option
    name: str,
    reader: str,
    who: str,
    place: str | None,
    node_folder: Path | None,
    keys_folder: Path | None,
    *,
    as_json: bool,
) -> None:
    """Take READER off your document NAME: it is sealed anew for everybody else.

    What the reader has read or kept before, it has; nothing can take that back.
    """
    from sogdia.cli import vault_work  # noqa: PLC0415 - as above

    vault_work.revoke(name, reader, who, place, options.Way(node_folder, keys_folder, as_json=as_json))


@vault.command()
@click.argument("name")
@common
def erase(  # noqa: PLR0913 - one parameter an option
    name: str,
    who: str,
    place: str | None,
    node_folder: Path | None,
    keys_folder: Path | None,
    *,
    as_json: bool,
) -> None:
    """Erase your document NAME: a tombstone stays on the ledger, nothing stays in the vault."""
    from sogdia.cli import vault_work  # noqa: PLC0415 - as above

    vault_work.erase(name, who, place, options.Way(node_folder, keys_folder, as_json=as_json))


@vault.command()
@click.option("--from", "who", metavar="KEY[=ACCOUNT]", required=True, help="The key file it is derived from.")
@node_option
@keys_option
@json_option
def key(who: str, node_folder: Path | None, keys_folder: Path | None, *, as_json: bool) -> None:
    """Publish the key with which others seal for you; 'put' does it by itself the first time."""
    from sogdia.cli import vault_work  # noqa: PLC0415 - as above

    vault_work.publish_key(who, options.Way(node_folder, keys_folder, as_json=as_json))


@vault.command("list")
@click.argument("about", metavar="OBJECT")
@node_option
@keys_option
@json_option
def list_(about: str, node_folder: Path | None, keys_folder: Path | None, *, as_json: bool) -> None:
    """List the documents about OBJECT, and which authorities have stated why they read them."""
    from sogdia.cli import vault_work  # noqa: PLC0415 - as above

    vault_work.show_list(about, options.Way(node_folder, keys_folder, as_json=as_json))
