"""`sogdia payments`: files of payments from banks' programs, and messages to them (ISO 20022)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sogdia.cli.commands.tx import KeyName
from sogdia.cli.options import Folder, Way, json_option, keys_option, node_option

if TYPE_CHECKING:
    from pathlib import Path

JOURNAL_HELP = "The journal of what was imported. Default: ~/.sogdia/payments, a file for each network."


@click.group()
def payments() -> None:
    """Take files of payments (pain.001), report on them (pain.002), and write what was paid (pacs.008, 009, 004, 002).

    \b
    sogdia payments import salaries.xml --from treasury --dry-run
    sogdia payments import salaries.xml --from treasury --report report.xml
    sogdia payments status 6f1c…-…
    sogdia payments messages 6f1c…-… --out messages
    """  # noqa: D301 - \b is click's mark for lines that stay as they are


@payments.command("import")
@click.argument("file", type=Folder())
@click.option("--from", "from_", type=KeyName(), multiple=True, required=True, help="A payer's key. Repeatable.")
@click.option("--dry-run", is_flag=True, help="Try every payment; sign, note and send nothing.")
@click.option("--report", type=Folder(), help="Write the report, a pain.002.001.10, to this new file.")
@click.option("--journal", type=Folder(), help=JOURNAL_HELP)
@click.option("--yes", is_flag=True, help="Pay without asking.")
@node_option
@keys_option
@json_option
def import_(  # noqa: PLR0913 - one parameter an option
    file: Path,
    from_: tuple[str, ...],
    report: Path | None,
    journal: Path | None,
    node_folder: Path | None,
    keys_folder: Path | None,
    *,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Pay what a pain.001.001.09 asks for: all of it, or nothing if there is a fault anywhere.

    Every payment is tried first. A fault is told with its ISO reason code and in a sentence. The same file pays once,
    however often it is imported.
    """
    from sogdia.cli import payments_work  # noqa: PLC0415 - it needs the library that reads XML

    choices = payments_work.Choices(from_, report, journal, dry_run=dry_run, yes=yes)
    return payments_work.run_import(file, choices, Way(node_folder, keys_folder, as_json))


@payments.command()
@click.argument("uetr")
@click.option("--journal", type=Folder(), help=JOURNAL_HELP)
@node_option
@keys_option
@json_option
def status(
    uetr: str, journal: Path | None, node_folder: Path | None, keys_folder: Path | None, *, as_json: bool
) -> int:
    """Say what became of the payment with this UETR: one of the ledger's own, or one that came with a file."""
    from sogdia.cli import payments_work  # noqa: PLC0415 - it needs the library that reads XML

    return payments_work.show_status(uetr, journal, Way(node_folder, keys_folder, as_json))


@payments.command()
@click.argument("uetr")
@click.option("--out", type=Folder(), required=True, help="The folder to write to; it is made if need be.")
@node_option
@keys_option
@json_option
def messages(uetr: str, out: Path, node_folder: Path | None, keys_folder: Path | None, *, as_json: bool) -> None:
    """Write what was paid together with the payment of this UETR, as messages between banks.

    A customer's payment is a pacs.008, what a provider of exchange got a pacs.009, a return a pacs.004; the status of
    all is a pacs.002. The ledger is read from its first block, since a payment may be the end of a long story.
    """
    from sogdia.cli import payments_work  # noqa: PLC0415 - it needs the library that reads XML

    payments_work.write_messages(uetr, out, Way(node_folder, keys_folder, as_json))


@payments.command()
@click.argument("account", metavar="ACCOUNT")
@node_option
@keys_option
@json_option
def account(account: str, node_folder: Path | None, keys_folder: Path | None, *, as_json: bool) -> None:
    """Say how ACCOUNT is spelt in messages of banks, and read it back from that spelling."""
    from sogdia.cli import payments_work  # noqa: PLC0415 - as the others

    payments_work.show_account(account, Way(node_folder, keys_folder, as_json))
