"""`sogdia simulate`: replay real data through the whole ledger."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sogdia.cli import options
from sogdia.cli.options import Folder, json_option

if TYPE_CHECKING:
    from sogdia.simulate.online_retail.report import Report

SEED = "online retail"
LEDGER = Path("online-retail-ledger")


@click.group()
def simulate() -> None:
    """Replay real data through the whole ledger."""


@simulate.command("online-retail")
@click.argument("files", nargs=-1, metavar="[FILE…]", type=Folder())
@click.option("--report", type=Folder(), help="Write the whole report to this file, as JSON.")
@click.option(
    "--folder",
    type=Folder(),
    default=LEDGER,
    show_default=True,
    help="The ledger's folder. A run that was interrupted goes on there.",
)
@click.option("--seed", default=SEED, show_default=True, metavar="TEXT", help="All keys are derived from it.")
@click.option(
    "--return-window",
    type=click.IntRange(0, 400),
    default=14,
    show_default=True,
    metavar="DAYS",
    help="How long goods can be sent back.",
)
@json_option
def online_retail(  # noqa: PLR0913 - one parameter an option
    files: tuple[Path, ...], report: Path | None, folder: Path, seed: str, return_window: int, *, as_json: bool
) -> None:
    """Replay invoices of an online shop as signed orders, each through its whole life.

    FILE is a CSV file with the columns InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice,
    CustomerID and Country. Without one, the days that come with the program are taken. The order of the files doesn't
    matter. Every line ends in exactly one class; the report says which.
    """
    from sogdia.cli.progress import stages  # noqa: PLC0415 - importing it takes longer than asking for help
    from sogdia.simulate.online_retail import driver, shipped_files  # noqa: PLC0415 - it needs the whole engine

    chosen = files or shipped_files()
    with stages() as progress:
        made = driver.run(
            chosen, folder, seed=seed.encode(), return_window=return_window, report=report, progress=progress
        )
    _show(made, folder, as_json=as_json)


def _show(made: Report, folder: Path, *, as_json: bool) -> None:
    import json  # noqa: PLC0415 - as above

    from sogdia.simulate.online_retail.report import report_as_json  # noqa: PLC0415 - as above
    from sogdia.simulate.online_retail.tables import report_as_text  # noqa: PLC0415 - as above

    words = (
        "" if as_json else f"{report_as_text(made)}\nThe ledger stands in {folder}; 'sogdia audit {folder}' checks it."
    )
    options.show(words, json.loads(report_as_json(made)) if as_json else None, as_json=as_json)
