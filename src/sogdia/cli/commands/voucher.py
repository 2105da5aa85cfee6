"""`sogdia voucher`: paying and being paid without a connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from sogdia.cli import options
from sogdia.cli.options import Folder, json_option, keys_option, node_option

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

F = TypeVar("F", bound="Callable[..., Any]")

TEXT = click.argument("text", metavar="TEXT")
TEXTS = click.argument("texts", metavar="TEXT…", nargs=-1)
TIME = click.option("--time", "moment", metavar="MOMENT", help="Look as of this moment. Default: this machine's clock.")
QR = click.option("--qr", is_flag=True, help="Draw the QR code, too.")
SVG = click.option("--svg", type=Folder(), help="Write the QR code into this new SVG file.")
FROM = click.option("--from", "from_", required=True, metavar="KEY", help="Whose key sends it. Anybody may.")
BOOK = click.option("--book", type=Folder(), help="The vouchers in this file, one a line.")


def purse_options(command: F) -> F:
    """Add what says which purse, and by whose word."""
    for each in (
        click.option("--network", metavar="HEX", help="With a key: the hash of the genesis."),
        click.option("--trust", metavar="FILE|KEY|HEADER", help="Trust these keys, as with 'sogdia verify'."),
        click.option("--genesis", type=Folder(), help="Trust the keys that this genesis names."),
        click.option("--purse", "proof", type=Folder(), required=True, help="The proof of the purse's record."),
    ):
        command = each(command)
    return options.sandbox_option(command)


@click.group()
def voucher() -> None:
    """Pay and be paid without a connection: sign, check, redeem.

    Signing and checking need no node: the payer carries a proof of its purse, and both sides keep a book.

    \b
    sogdia tx open-purse --from nairobi --reference p1 …
    sogdia prove record vouchers/purses nairobi/p1 --out p1.proof
    sogdia voucher sign --purse p1.proof --genesis genesis.json --key phone --to @bukhara --amount 4.50 --expires +7d
    sogdia voucher check VCHR… --purse p1.proof --genesis genesis.json --keep till.book
    sogdia voucher redeem --from bukhara --book till.book
    """  # noqa: D301 - \b is click's mark for lines that stay as they are


@voucher.command()
@purse_options
@click.option("--key", required=True, metavar="KEY", help="The key that the purse names.")
@click.option("--to", required=True, metavar="ACCOUNT", help="Who is to be paid.")
@click.option("--amount", required=True, help="How much, such as 4.50.")
@click.option("--expires", required=True, metavar="MOMENT", help="Its last second: 2026-12-24T12:00:00Z, or +7d.")
@click.option("--share", type=click.IntRange(0, 15), help="From this share. Default: the payee's own, or anybody's.")
@click.option("--book", type=Folder(), help="What this key signed. Default: beside the proof, ending in .book.")
@TIME
@QR
@SVG
@keys_option
@json_option
def sign(**given: Any) -> None:  # noqa: ANN401 - as click gives them
    """Sign a voucher, offline; it is written into the book before it is shown.

    Keep one book for a purse, and one phone: a number that is signed twice is proof of fraud.
    """
    from sogdia.cli import voucher_work  # noqa: PLC0415 - importing it takes longer than asking for help

    voucher_work.sign(voucher_work.Signing(**given))


@voucher.command()
@TEXT
@purse_options
@click.option("--payee", metavar="ACCOUNT", help="Who is looking: a voucher for somebody else is turned down.")
@click.option(
    "--keep", "book", type=Folder(), help="Look into this book, and write the voucher down there if it is good."
)
@TIME
@keys_option
@json_option
def check(text: str, **given: Any) -> None:  # noqa: ANN401 - as click gives them
    """Check the voucher TEXT, offline, and say whether it is certain to be paid, and until when.

    One that is not to be taken gives status 4.
    """
    from sogdia.cli import voucher_work  # noqa: PLC0415 - as above

    voucher_work.check(text, voucher_work.Checking(**given))


@voucher.command()
@TEXT
@QR
@SVG
@keys_option
@json_option
def show(text: str, keys_folder: Path | None, svg: Path | None, *, qr: bool, as_json: bool) -> None:
    """Say what the voucher TEXT says, without any check of it; draw it for another phone."""
    from sogdia.cli import voucher_work  # noqa: PLC0415 - as above

    voucher_work.show(text, keys_folder, svg, qr=qr, as_json=as_json)


@voucher.command()
@TEXTS
@BOOK
@FROM
@node_option
@keys_option
@json_option
def redeem(  # noqa: PLR0913 - one parameter an option
    texts: tuple[str, ...],
    book: Path | None,
    from_: str,
    node_folder: Path | None,
    keys_folder: Path | None,
    *,
    as_json: bool,
) -> None:
    """Have vouchers paid to the payees that they name; those that were paid before are passed over."""
    from sogdia.cli import voucher_work  # noqa: PLC0415 - as above

    voucher_work.redeem(texts, book, from_, options.Way(node_folder, keys_folder, as_json=as_json))


@voucher.command()
@TEXTS
@FROM
@node_option
@keys_option
@json_option
def report(
    texts: tuple[str, ...], from_: str, node_folder: Path | None, keys_folder: Path | None, *, as_json: bool
) -> None:
    """Show the ledger vouchers of one share that cannot all be paid: proof of fraud against their payer."""
    from sogdia.cli import voucher_work  # noqa: PLC0415 - as above

    voucher_work.report(texts, from_, options.Way(node_folder, keys_folder, as_json=as_json))
