"""The report as plain text for people: short tables, and how much the JSON holds beyond them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.simulate.online_retail.prices import pence_as_text
from sogdia.simulate.online_retail.report import total_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sogdia.simulate.online_retail.report import MoneyTable, Report

ROWS_MAX = 12
DAYS_MAX = 31

Row = tuple[str, str, str]


def report_as_text(report: Report) -> str:
    """Write a report as tables."""
    run = f"{report.transactions:,} transactions in {report.seconds:,.1f} seconds"
    parts = [
        f"{report.lines:,} lines, {report.orders:,} orders, {run}",
        _classes(report),
        _money("Country", report.money_by_country, _largest_first(report.money_by_country), ROWS_MAX),
        _money("Day (UTC)", report.money_by_day, sorted(report.money_by_day), DAYS_MAX),
        _money("Product", report.money_by_product, _largest_first(report.money_by_product), ROWS_MAX),
        _ways(report),
        *_lists(report),
    ]
    return "\n\n".join(parts) + "\n"


def _classes(report: Report) -> str:
    """Show where the lines went. What moves money shows its sums in the money tables instead."""
    rows = [
        (name, f"{count:,}", pence_as_text(report.sums_by_class[name]) if name in report.sums_by_class else "")
        for name, count in report.lines_by_class.items()
        if count
    ]
    rows.append(("all", f"{report.lines:,}", ""))
    return _aligned(("Class of line", "lines", "own sum, GBP"), rows)


def _largest_first(table: MoneyTable) -> list[str]:
    """Order a money table's keys by what was sold."""
    return sorted(table, key=lambda key: (-table[key].sold, key))


def _money(title: str, table: MoneyTable, keys: Sequence[str], rows_max: int) -> str:
    """Show one money table."""
    rows = [(key, pence_as_text(table[key].sold), pence_as_text(table[key].returned)) for key in keys[:rows_max]]
    if len(keys) > rows_max:
        rows.append((f"… and {len(keys) - rows_max:,} more in the JSON", "", ""))
    total = total_of(table)
    rows.append(("all", pence_as_text(total.sold), pence_as_text(total.returned)))
    return _aligned((title, "sold, GBP", "returned, GBP"), rows)


def _ways(report: Report) -> str:
    """Show which ways goods came back."""
    rows = [(way, f"{sums['pieces']:,}", pence_as_text(sums["pence"])) for way, sums in report.ways_back.items()]
    return _aligned(("Way back", "pieces", "GBP"), rows)


def _lists(report: Report) -> Iterator[str]:
    """Show what a reader should look at, where there is any."""
    lists: tuple[tuple[str, list[str]], ...] = (
        (
            "Refused by the ledger",
            [f"{row.number} {row.name}, {row.times:,} times, first: {row.first}" for row in report.refusals],
        ),
        (
            "Returned with another price on the line than was paid",
            [
                f"{row.file}:{row.line_number} {row.invoice} {row.stock_code}: "
                f"{row.price_on_line} on the line, {' and '.join(row.prices_paid)} paid"
                for row in report.price_differences
            ],
        ),
        (
            "Lines that differ from their invoice's first",
            [
                f"{row.file}:{row.line_number} {row.invoice} {row.column}: {row.on_line!r}, not {row.on_invoice!r}"
                for row in report.disagreements
            ],
        ),
        ("Invoices found in several files", list(report.invoices_in_several_files)),
        ("Malformed lines", [f"{row.file}:{row.line_number} {row.reason}" for row in report.malformed]),
    )
    return (_listed(title, rows) for title, rows in lists if rows)


def _listed(title: str, rows: list[str]) -> str:
    """Show the first rows of a list under its title."""
    more = [f"… and {len(rows) - ROWS_MAX:,} more in the JSON"] if len(rows) > ROWS_MAX else []
    return "\n".join([f"{title}: {len(rows):,}", *(f"  {row}" for row in [*rows[:ROWS_MAX], *more])])


def _aligned(heads: Row, rows: Iterable[Row]) -> str:
    """Line three columns up: names to the left, figures to the right."""
    lines = [heads, *rows]
    name_width, first_width, second_width = (max(len(line[column]) for line in lines) for column in range(3))
    shown = (f"{name:<{name_width}}  {first:>{first_width}}  {second:>{second_width}}" for name, first, second in lines)
    return "\n".join(line.rstrip() for line in shown)
