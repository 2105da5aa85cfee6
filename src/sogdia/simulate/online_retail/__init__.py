"""A real retailer's invoices, read, classed and planned as orders and returns, and replayed on a ledger.

The first half is plain data in, plain data out: no ledger, no clock. The order of reading is

    lines.py         CSV files into invoice lines, or a reason for each that can't be read
    classes.py       the one class each line ends in
    matching.py      cancellations matched to the purchases before them
    plan.py          parties, articles, orders and returns, in the order of time
    report.py        what came of it, as JSON; tables.py shows it to people

The second half runs a plan on a ledger of its own, with a manual clock:

    driver.py        `run`: files and a folder in, a report out
    network.py       the genesis, the parties and their keys
    catalogue.py     the listings: references, titles, offers
    clerk.py         the signed envelopes of every step
    ledger_facts.py  what the ledger's stored blocks say, each receipt checked
    figures.py       that, joined with the plan, for the report
"""

from __future__ import annotations

from pathlib import Path


def shipped_files() -> tuple[Path, ...]:
    """Give the two trading days that come with the product, for the demo."""
    return tuple(sorted((Path(__file__).parent / "data").glob("*.csv")))
