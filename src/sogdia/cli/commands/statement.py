"""`sogdia statement` and `sogdia reconcile`: an account's days, and an institution's books beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sogdia.cli.commands.index import DATABASE_VARIABLE
from sogdia.cli.options import Folder, Way, json_option, keys_option, node_option

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

FORMS = ("words", "camt.053", "camt.054", "csv", "html")
DAY_HELP = "The day, by UTC, such as 2026-11-22. Default: the day of the ledger's time."
TO_HELP = "The last day, where it is to be several."
INDEX_HELP = (
    f"The database of an index that 'sogdia index run' keeps. Default: ${DATABASE_VARIABLE}, or an index in the node's"
    " folder, when there is one."
)
LOCALE_HELP = (
    "Whose numbers the page of --form html shows, such as uz, ru-KZ or ar-EG. Default: English, as its words are."
)
FROM_BLOCKS_HELP = "Read every block from the first on, also where there is an index."


def books_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add from where the books are read."""
    command = click.option("--from-blocks", is_flag=True, help=FROM_BLOCKS_HELP)(command)
    return click.option("--index", "database", metavar="URL", envvar=DATABASE_VARIABLE, help=INDEX_HELP)(command)


@click.command()
@click.argument("account", metavar="ACCOUNT")
@click.option("--money", metavar="CUR@ISSUER", help="Only this money. Default: all that the account has or had.")
@click.option("--day", metavar="DAY", help=DAY_HELP)
@click.option("--to", "to", metavar="DAY", help=TO_HELP)
@click.option("--form", type=click.Choice(FORMS), default="words", show_default=True, help="How it is written.")
@click.option("--locale", metavar="LANGUAGE", help=LOCALE_HELP)
@click.option("--out", type=Folder(), help="Write it to this new file.")
@books_options
@node_option
@keys_option
@json_option
def statement(  # noqa: PLR0913 - one parameter an option
    account: str,
    money: str | None,
    day: str | None,
    to: str | None,
    database: str | None,
    form: str,
    locale: str | None,
    out: Path | None,
    node_folder: Path | None,
    keys_folder: Path | None,
    *,
    from_blocks: bool,
    as_json: bool,
) -> None:
    """State what ACCOUNT had at the beginning of a day, what happened, and what it has at the end.

    \b
    sogdia statement @nairobi --day 2026-11-22
    sogdia statement @nairobi --day 2026-11-01 --to 2026-11-30 --form camt.053 --out november.xml
    sogdia statement @nairobi --money USD@bank --form html --locale uz --out today.html

    camt.053 is the statement for banks' programs, camt.054 its credits and debits as a notice, csv a table, html a page
    to read and to print. With an index the entries of these days are read from it, and the blocks that it has not come
    to yet; without one, every block from the first on. Both are compared with the ledger's own balances: a statement
    that does not balance is not written.
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from sogdia.cli import statement_work  # noqa: PLC0415 - importing it takes longer than asking for help

    asked = statement_work.Asked(account, money, day, to, database, from_blocks)
    style = statement_work.style_of(form, locale)
    statement_work.run_statement(asked, style, out, Way(node_folder, keys_folder, as_json))


@click.command()
@click.argument("file", type=Folder())
@click.option("--account", metavar="ACCOUNT", required=True, help="Whose books these are.")
@click.option("--money", metavar="CUR@ISSUER", required=True, help="In which money.")
@click.option("--day", metavar="DAY", help=DAY_HELP)
@click.option("--to", "to", metavar="DAY", help=TO_HELP)
@books_options
@node_option
@keys_option
@json_option
def reconcile(  # noqa: PLR0913 - one parameter an option
    file: Path,
    account: str,
    money: str,
    day: str | None,
    to: str | None,
    database: str | None,
    node_folder: Path | None,
    keys_folder: Path | None,
    *,
    from_blocks: bool,
    as_json: bool,
) -> int:
    """Compare an institution's own table with the ledger, and list every difference.

    FILE is a table (CSV, UTF-8) whose first line names the columns date, reference and amount, in any order and among
    others: 2026-11-22,inv-17,-1250.00. What left the account is below nothing. A column currency chooses the lines.

    Lines match by reference (the UETR, or the payer's own) and amount; what is left, by amount and day. The exit status
    is 0 when all matches, and 4 when not.
    """
    from sogdia.cli import statement_work  # noqa: PLC0415 - importing it takes longer than asking for help

    asked = statement_work.Asked(account, money, day, to, database, from_blocks)
    return statement_work.run_reconcile(file, asked, Way(node_folder, keys_folder, as_json))
