"""A real retailer's invoices, read, classed and planned as orders and returns that a driver can replay.

Everything here is plain data in, plain data out: no ledger, no clock. The order of reading is

    lines.py      CSV files into invoice lines, or a reason for each that can't be read
    classes.py    the one class each line ends in
    matching.py   cancellations matched to the purchases before them
    plan.py       parties, articles, orders and returns, in the order of time
    report.py     what came of it, as JSON; tables.py shows it to people
"""

from __future__ import annotations

from pathlib import Path


def shipped_files() -> tuple[Path, ...]:
    """Give the two trading days that come with the product, for the demo."""
    return tuple(sorted((Path(__file__).parent / "data").glob("*.csv")))
