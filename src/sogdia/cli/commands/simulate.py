"""`sogdia simulate`: replay real data through the whole ledger."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sogdia.cli import options
from sogdia.cli.exits import Exit, Stopped
from sogdia.cli.options import Folder, json_option

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sogdia.simulate.online_retail.report import Report

SEED = "online retail"
LEDGER = Path("online-retail-ledger")
STORMS_SEED = "storms"


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


@simulate.command("payments")
@click.option(
    "--report", type=Folder(), help="Write the report to this file: Markdown (.md), HTML (.html) or JSON (.json)."
)
@click.option(
    "--from", "first", type=click.DateTime(["%Y-%m-%d"]), metavar="DAY", help="Place no order before this day."
)
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), metavar="DAY", help="Place no order after this day.")
@click.option(
    "--rates",
    type=Folder(),
    metavar="FILE",
    help="Replay this CSV file (date,base,quote,rate) instead: the merchant asks the base, the buyer pays the quote.",
)
@click.option(
    "--seed", default=STORMS_SEED, show_default=True, metavar="TEXT", help="All chance and all keys come of it."
)
@click.option(
    "--orders", type=click.IntRange(1, 5_000), metavar="N", help="Orders a replay. Default: 30, in a full run 300."
)
@click.option("--full", is_flag=True, help="Replay every corridor over years. Takes ten minutes or more.")
@json_option
def payments(  # noqa: PLR0913 - one parameter an option
    report: Path | None,
    first: datetime | None,
    last: datetime | None,
    rates: Path | None,
    seed: str,
    orders: int | None,
    *,
    full: bool,
    as_json: bool,
) -> None:
    """Replay real exchange rates with dealers, orders and refunds, and say what it cost whom.

    Each replay is a ledger of its own: dealers quote and hedge day by day, buyers pay in one money and merchants get
    another, and every balance is compared with what was agreed after each block. Without --rates the storms and
    corridors that come with the program are played.
    """
    from sogdia.cli.progress import stages  # noqa: PLC0415 - importing it takes longer than asking for help
    from sogdia.simulate.payments import report as reports  # noqa: PLC0415 - it needs the whole engine
    from sogdia.simulate.payments.run import ORDERS, ORDERS_FULL, Wish, run  # noqa: PLC0415 - as above

    writer = _writer(report, reports)
    wish = Wish(
        seed=seed,
        orders=orders or (ORDERS_FULL if full else ORDERS),
        full=full,
        rates=rates,
        first=f"{first:%Y-%m-%d}" if first else "",
        last=f"{last:%Y-%m-%d}" if last else "",
    )
    with stages() as progress:
        made = run(wish, progress)
    if report is not None:
        report.write_text(writer(made), encoding="utf-8")
    words = "" if as_json else reports.as_text(made)
    options.show(words, reports.as_document(made) if as_json else None, as_json=as_json)


def _writer(report: Path | None, reports: Any) -> Callable[[Any], str]:  # noqa: ANN401 - a module that is imported late
    """Give what writes a report in the form that its file's ending asks for."""
    forms = {".md": reports.as_markdown, ".html": reports.as_html, ".json": reports.as_json}
    if report is not None and report.suffix not in forms:
        raise Stopped(Exit.USAGE, f"{report} ends in no form of a report.", "Let it end in .md, .html or .json.")
    writer: Callable[[Any], str] = forms[report.suffix if report is not None else ".md"]
    return writer
