"""The report of a run: where every line went, and what was sold and returned by country, day and product.

Money comes in as facts. The driver makes them from the ledger's own receipts; `planned_money` makes those that the plan
expects. A return counts for the country of the order it comes from, on the day it comes back. Countries are called as
the files call them.

    report  =  lines, lines_by_class, orders, money_by_country, money_by_day, money_by_product, refusals, seconds,
               transactions; then, for whoever wants to know why: sums_by_class, ways_back, returns, price_differences,
               disagreements, invoices_in_several_files, malformed, country_codes, files
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from sogdia.simulate.online_retail.classes import MOVES_MONEY, LineClass
from sogdia.simulate.online_retail.moments import day_of
from sogdia.simulate.online_retail.plan import Order, Way, way_back
from sogdia.simulate.online_retail.prices import line_total_pence, price_as_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sogdia.simulate.online_retail.lines import Malformed
    from sogdia.simulate.online_retail.matching import Piece
    from sogdia.simulate.online_retail.plan import Disagreement, JudgedLine, Plan, Return


@dataclass(frozen=True, slots=True)
class MoneyFact:
    """Money that moved for one order line: what was paid for it, or what went back."""

    country: str
    day: str
    product: str
    sold_pence: int = 0
    returned_pence: int = 0


@dataclass(frozen=True, slots=True)
class SoldAndReturned:
    """One row of a money table, in pence."""

    sold: int
    returned: int


MoneyTable = dict[str, SoldAndReturned]


@dataclass(frozen=True, slots=True)
class ReturnedPiece:
    """A piece of an order line that came back: for which cancellation, which way, for how much."""

    file: str
    line_number: int
    cancellation: str
    order_invoice: str
    order_line: int
    quantity: int
    pence: int
    way: Way


@dataclass(frozen=True, slots=True)
class LedgerRefusal:
    """One transaction that the ledger refused: the refusal's number and name, and what it was about."""

    number: int
    name: str
    about: str


@dataclass(frozen=True, slots=True)
class RefusalCount:
    """How often the ledger refused for one reason, and the first time it did."""

    number: int
    name: str
    times: int
    first: str


@dataclass(frozen=True, slots=True)
class PriceDifference:
    """A returned line that names another price than was paid. The price paid is what went back."""

    file: str
    line_number: int
    invoice: str
    stock_code: str
    price_on_line: str
    prices_paid: tuple[str, ...]
    pence_on_line: int
    pence_refunded: int


@dataclass(frozen=True, slots=True)
class LedgerFigures:
    """What the driver learned from the ledger in one run. `refused_lines` are (file, line number)."""

    orders: int
    transactions: int
    seconds: float
    money: tuple[MoneyFact, ...]
    returns: tuple[ReturnedPiece, ...]
    refusals: tuple[LedgerRefusal, ...] = ()
    refused_lines: frozenset[tuple[str, int]] = frozenset()


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a run has to say. The fields are the keys of the JSON, in this order."""

    lines: int
    lines_by_class: dict[str, int]
    orders: int
    money_by_country: MoneyTable
    money_by_day: MoneyTable
    money_by_product: MoneyTable
    refusals: tuple[RefusalCount, ...]
    seconds: float
    transactions: int
    sums_by_class: dict[str, int]
    ways_back: dict[str, dict[str, int]]
    returns: tuple[ReturnedPiece, ...]
    price_differences: tuple[PriceDifference, ...]
    disagreements: tuple[Disagreement, ...]
    invoices_in_several_files: tuple[str, ...]
    malformed: tuple[Malformed, ...]
    country_codes: dict[str, str]
    files: tuple[str, ...]


def build_report(plan: Plan, ledger: LedgerFigures) -> Report:
    """Put a plan and what the ledger made of it into one report."""
    judged = [(_class_in_the_end(line, ledger.refused_lines), line.pence) for line in plan.judged]
    return Report(
        lines=len(judged),
        lines_by_class=lines_by_class(line_class for line_class, _ in judged),
        orders=ledger.orders,
        money_by_country=money_table((fact.country, fact) for fact in ledger.money),
        money_by_day=money_table((fact.day, fact) for fact in ledger.money),
        money_by_product=money_table((fact.product, fact) for fact in ledger.money),
        refusals=count_refusals(ledger.refusals),
        seconds=round(ledger.seconds, 1),
        transactions=ledger.transactions,
        sums_by_class=sums_by_class(judged),
        ways_back=ways_back(ledger.returns),
        returns=ledger.returns,
        price_differences=tuple(price_differences(plan)),
        disagreements=plan.disagreements,
        invoices_in_several_files=plan.invoices_in_several_files,
        malformed=plan.malformed,
        country_codes=dict(sorted({order.country_name: order.country_code for order in plan.orders}.items())),
        files=plan.files,
    )


def report_as_json(report: Report) -> str:
    """Write a report as JSON."""
    return json.dumps(asdict(report), indent=1, ensure_ascii=False) + "\n"


def planned_money(plan: Plan) -> Iterator[MoneyFact]:
    """Give the money facts that the plan expects of the ledger."""
    country_of = {(order.party, order.invoice): order.country_name for order in plan.orders}
    for step in plan.steps:
        day = day_of(step.time)
        if isinstance(step, Order):
            for line in step.lines:
                yield MoneyFact(step.country_name, day, line.source.stock_code, sold_pence=line.total_pence)
        else:
            for piece in step.pieces:
                country = country_of[step.party, piece.order_invoice]
                yield MoneyFact(country, day, step.source.stock_code, returned_pence=piece.refund_pence)


def planned_returns(plan: Plan, window_seconds: int) -> Iterator[ReturnedPiece]:
    """Give the pieces that the plan expects to come back, and which way."""
    for step in plan.returns:
        for piece in step.pieces:
            yield returned_piece(step, piece, piece.refund_pence, way_back(piece.ordered_at, step.time, window_seconds))


def returned_piece(step: Return, piece: Piece, pence: int, way: Way) -> ReturnedPiece:
    """Say how one piece of a return went."""
    source = step.source
    return ReturnedPiece(
        file=source.file,
        line_number=source.line_number,
        cancellation=step.invoice,
        order_invoice=piece.order_invoice,
        order_line=piece.order_line,
        quantity=piece.quantity,
        pence=pence,
        way=way,
    )


def money_table(facts: Iterable[tuple[str, MoneyFact]]) -> MoneyTable:
    """Add up money facts by key."""
    sold: defaultdict[str, int] = defaultdict(int)
    returned: defaultdict[str, int] = defaultdict(int)
    for key, fact in facts:
        sold[key] += fact.sold_pence
        returned[key] += fact.returned_pence
    return {key: SoldAndReturned(sold[key], returned[key]) for key in sorted(sold)}


def lines_by_class(classes: Iterable[LineClass]) -> dict[str, int]:
    """Count lines by class; every class is named, also an empty one."""
    counted = Counter(classes)
    return {line_class.value: counted[line_class] for line_class in LineClass}


def sums_by_class(judged: Iterable[tuple[LineClass, int]]) -> dict[str, int]:
    """Add up the lines' own sums for the classes that move no money. A malformed line has no sum we could know."""
    sums: Counter[LineClass] = Counter()
    for line_class, pence in judged:
        sums[line_class] += pence
    silent = MOVES_MONEY | {LineClass.MALFORMED}
    return {line_class.value: sums[line_class] for line_class in LineClass if line_class not in silent}


def ways_back(returns: Iterable[ReturnedPiece]) -> dict[str, dict[str, int]]:
    """Count pieces and pence by the way they took."""
    ways = {way.value: {"pieces": 0, "pence": 0} for way in Way}
    for piece in returns:
        ways[piece.way]["pieces"] += 1
        ways[piece.way]["pence"] += piece.pence
    return ways


def count_refusals(refusals: Iterable[LedgerRefusal]) -> tuple[RefusalCount, ...]:
    """Count what the ledger refused, by number."""
    times: Counter[tuple[int, str]] = Counter()
    first: dict[tuple[int, str], str] = {}
    for refusal in refusals:
        times[refusal.number, refusal.name] += 1
        first.setdefault((refusal.number, refusal.name), refusal.about)
    return tuple(RefusalCount(*key, count, first[key]) for key, count in sorted(times.items()))


def price_differences(plan: Plan) -> Iterator[PriceDifference]:
    """Find the returned lines that name another price than was paid for any of their pieces."""
    for step in plan.returns:
        source = step.source
        if all(piece.paid_price_e12 == source.unit_price_e12 for piece in step.pieces):
            continue
        yield PriceDifference(
            file=source.file,
            line_number=source.line_number,
            invoice=step.invoice,
            stock_code=source.stock_code,
            price_on_line=price_as_text(source.unit_price_e12),
            prices_paid=tuple(price_as_text(piece.paid_price_e12) for piece in step.pieces),
            pence_on_line=-line_total_pence(source.quantity, source.unit_price_e12),
            pence_refunded=step.refund_pence,
        )


def total_of(table: Mapping[str, SoldAndReturned]) -> SoldAndReturned:
    """Add up the rows of a money table."""
    rows = table.values()
    return SoldAndReturned(sum(row.sold for row in rows), sum(row.returned for row in rows))


def _class_in_the_end(line: JudgedLine, refused: frozenset[tuple[str, int]]) -> LineClass:
    """Give a line's class after the ledger has spoken."""
    return LineClass.REFUSED if (line.file, line.line_number) in refused else line.line_class
