"""The same totals by other means: an independent reading of the invoice files, to check the importer against.

This shares nothing with the product. It reads with `csv`, reckons with `decimal`, and takes cancelled goods back one
article at a time instead of by pieces. Whoever changes the rules changes them here as well, from the issue's words.
"""

from __future__ import annotations

import csv
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, DecimalException
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

DATA = Path(__file__).parents[2] / "data" / "online_retail"
ALL_FILES = tuple(sorted(DATA.glob("*.csv")))

_NEVER = datetime(1, 1, 1)  # noqa: DTZ001 - the files' time is UTC throughout


@dataclass
class Row:
    """One readable row, with the file and line it came from."""

    place: tuple[str, int]
    invoice: str
    code: str
    quantity: int
    when: datetime
    price: Decimal
    customer: str
    country: str


@dataclass
class Totals:
    """What the files come to."""

    class_of: dict[tuple[str, int], str] = field(default_factory=dict)
    orders: set[tuple[str, str]] = field(default_factory=set)
    sold: dict[str, Counter[str]] = field(
        default_factory=lambda: {"country": Counter(), "day": Counter(), "product": Counter()}
    )
    returned: dict[str, Counter[str]] = field(
        default_factory=lambda: {"country": Counter(), "day": Counter(), "product": Counter()}
    )
    own_sums: Counter[str] = field(default_factory=Counter)

    def count(self, counters: dict[str, Counter[str]], row: Row, country: str, day: str, pence: int) -> None:
        """Add pence under all three keys."""
        counters["country"][country] += pence
        counters["day"][day] += pence
        counters["product"][row.code] += pence

    def lines_by_class(self) -> dict[str, int]:
        """Count lines by class, leaving empty classes out."""
        return dict(Counter(self.class_of.values()))

    def money_by(self, key: str) -> dict[str, dict[str, int]]:
        """Give a money table as the report's JSON has it; `key` is country, day or product."""
        names = self.sold[key].keys() | self.returned[key].keys()
        return {name: {"sold": self.sold[key][name], "returned": self.returned[key][name]} for name in sorted(names)}


def totals_of(paths: Iterable[Path]) -> Totals:
    """Reckon the totals of some files."""
    totals = Totals()
    rows_by_file = [_rows_of(path, totals) for path in paths]
    rows_by_file.sort(key=lambda rows: (rows[0].when, rows[0].place[0]) if rows else (_NEVER, ""))
    invoices: dict[str, list[Row]] = {}
    for rows in rows_by_file:
        for row in rows:
            invoices.setdefault(row.invoice, []).append(row)

    articles: dict[tuple[str, str], deque[tuple[int, str]]] = {}
    for number in sorted(invoices, key=lambda number: (invoices[number][0].when, number)):
        first = invoices[number][0]
        for row in invoices[number]:
            name = _reckon(totals, articles, row, first.country, first.when.date().isoformat())
            totals.class_of[row.place] = name
            if name not in {"ordered", "guest_ordered", "returned"}:
                totals.own_sums[name] += _pence(row)
    return totals


def _rows_of(path: Path, totals: Totals) -> list[Row]:
    """Read one file; a row that can't be read is noted as malformed."""
    rows = []
    with path.open(encoding="utf-8-sig", newline="") as opened:
        lines = opened.read().split("\n")
    for number, line in enumerate(lines[1:-1] if lines[-1] == "" else lines[1:], start=2):
        place = (path.name, number)
        try:
            invoice, code, _, quantity, when, price, customer, country = next(csv.reader([line]))
            moment = datetime.strptime(when, "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - the files' time is UTC throughout
            number_of = customer and str(int(Decimal(customer)))
            rows.append(Row(place, invoice, code, int(quantity), moment, Decimal(price), number_of, country))
        except (ValueError, DecimalException, StopIteration):
            totals.class_of[place] = "malformed"
    return rows


def _reckon(  # noqa: PLR0911 - one return for each class is the clearest list of them
    totals: Totals, articles: dict[tuple[str, str], deque[tuple[int, str]]], row: Row, country: str, day: str
) -> str:
    """Book one row and name its class. `articles` holds every article bought: its refund and its order's country."""
    pence = _pence(row)
    if not (row.code[:5].isascii() and row.code[:5].isdigit() and len(row.code) > 4):
        return "adjustment"
    if row.price == 0:
        return "zero_price"
    if row.invoice[:1] == "C":
        bought = articles.get((row.customer, row.code)) if row.customer else None
        if bought is None or row.quantity >= 0:
            return "cancellation_without_purchase"
        if len(bought) < -row.quantity:
            return "exceeds_purchase"
        for _ in range(-row.quantity):
            refund, order_country = bought.popleft()
            totals.count(totals.returned, row, order_country, day, refund)
        return "returned"
    if row.quantity <= 0 or row.price < 0 or pence == 0:
        return "nonpositive_sale"

    totals.orders.add((row.invoice, row.customer))
    totals.count(totals.sold, row, country, day, pence)
    if not row.customer:
        return "guest_ordered"
    bought = articles.setdefault((row.customer, row.code), deque())
    for nth in range(row.quantity):
        refund = pence * (nth + 1) // row.quantity - pence * nth // row.quantity
        bought.append((refund, country))
    return "ordered"


def _pence(row: Row) -> int:
    """Give a row's sum in pence, half a penny rounded away from zero."""
    return int((row.quantity * row.price * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))
