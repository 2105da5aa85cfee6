"""The report: tables of words for people, in Markdown, HTML or plain text, and the same as JSON for programs.

Nothing in it depends on the clock or the machine: the same series, seed and options give the same bytes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from html import escape
from textwrap import fill, wrap
from typing import TYPE_CHECKING, Any

from sogdia.modules.money.iso4217 import MINOR_DIGITS
from sogdia.simulate.payments import figures
from sogdia.simulate.payments.pricing import FUNDING_POINTS, HEDGE_MILLIONTHS, MARGINS
from sogdia.simulate.payments.storms import Kind
from sogdia.simulate.payments.trades import FEE_POINTS, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sogdia.simulate.payments.replay import Played

TITLES = {
    Kind.STORM: "Stress periods",
    Kind.CORRIDOR: "Corridors in ordinary times",
    Kind.OWN: "Series of your own",
    Kind.SYNTHETIC: "SYNTHETIC: paths that never happened",
}
NOTES = {
    Kind.STORM: "Every rate is a published one.",
    Kind.CORRIDOR: "Every rate is a published one.",
    Kind.OWN: "Rates as the file gives them.",
    Kind.SYNTHETIC: (
        "Three official days of April 2026, and behind them rates that a seed made up. They say that the ledger holds"
        " with these monies, and nothing about the monies."
    ),
}
HEAD_CHARACTERS = 16
PERFORMANCE = "docs/reference/performance.md"


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the report."""

    title: str
    note: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What a run has to say."""

    seed: str
    orders: int
    played: tuple[Played, ...]
    left_out: tuple[str, ...]

    def tables(self) -> list[Table]:
        """Give all tables that have rows."""
        real = [each for each in self.played if each.replay.kind is not Kind.SYNTHETIC]
        made: list[Table] = []
        for kind, title in TITLES.items():
            group = [each for each in self.played if each.replay.kind is kind]
            if group:
                made += [_protection(title, NOTES[kind], group), _all_in(title, group)]
        if real:
            made.append(_outcomes(real))
        made += [_dealers(self.played), _premiums(self.played), _finality(self.played)]
        return [table for table in made if table.rows]


def tenths(value: Fraction) -> str:
    """Write a number with one decimal, rounded half up, once."""
    number = (abs(value) * 20 + 1) // 2
    whole, part = divmod(int(number), 10)
    sign = "-" if value < 0 and number else ""
    return f"{sign}{whole:,}.{part}"


def as_markdown(report: Report) -> str:
    """Write the report as Markdown."""
    lines = ["# Payments through real storms", "", *_opening(report), ""]
    for table in report.tables():
        lines += [f"## {table.title}", "", table.note, ""]
        lines += [_row(table.head), _row(("---", *("---:" for _ in table.head[1:]))), *map(_row, table.rows), ""]
    return "\n".join(lines)


def as_text(report: Report) -> str:
    """Write the report for a terminal: heads are broken into lines, so that a table is not wider than it must be."""
    parts = [fill(line, 120) for line in _opening(report) if line]
    for table in report.tables():
        heads = [wrap(cell, HEAD_CHARACTERS) for cell in table.head]
        deep = max(map(len, heads))
        lines = [[*[""] * (deep - len(head)), *head] for head in heads]
        rows = [*zip(*lines, strict=True), *table.rows]
        widths = [max(len(row[at]) for row in rows) for at in range(len(heads))]
        shown = [
            "  ".join(cell.rjust(width) if at else cell.ljust(width) for at, (cell, width) in enumerate(zip(row, widths, strict=True)))
            for row in rows
        ]
        parts.append("\n".join([table.title.upper(), fill(table.note, 120), "", *(line.rstrip() for line in shown)]))
    return "\n\n".join(parts)


def as_html(report: Report) -> str:
    """Write the report as one HTML page that needs nothing else."""
    style = (
        "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:76rem;padding:0 1rem;color:#1b1b1b}"
        "table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}"
        "td,th{padding:.35rem .6rem;border-bottom:1px solid #ccc;text-align:right;vertical-align:top}"
        "td:first-child,th:first-child{text-align:left}div{overflow-x:auto}"
    )
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width"><title>Payments through real storms</title>',
        f"<style>{style}</style></head><body><h1>Payments through real storms</h1>",
        *(f"<p>{escape(line)}</p>" for line in _opening(report) if line),
    ]
    for table in report.tables():
        parts.append(f"<h2>{escape(table.title)}</h2><p>{escape(table.note)}</p><div><table><thead><tr>")
        parts += [f'<th scope="col">{escape(cell)}</th>' for cell in table.head]
        parts.append("</tr></thead><tbody>")
        for row in table.rows:
            cells = "".join(f"<td>{escape(cell)}</td>" for cell in row[1:])
            parts.append(f'<tr><th scope="row">{escape(row[0])}</th>{cells}</tr>')
        parts.append("</tbody></table></div>")
    return "\n".join([*parts, "</body></html>", ""])


def as_document(report: Report) -> dict[str, Any]:
    """Give the report as JSON: the tables as they are shown, and each replay's figures under names that stay."""
    return {
        "seed": report.seed,
        "orders": report.orders,
        "left_out": list(report.left_out),
        "tables": [
            {"title": table.title, "note": table.note, "rows": [dict(zip(table.head, row, strict=True)) for row in table.rows]}
            for table in report.tables()
        ],
        "replays": [_exact(played) for played in report.played],
    }


def as_json(report: Report) -> str:
    """Write the report as JSON."""
    return json.dumps(as_document(report), indent=1, ensure_ascii=False) + "\n"


def _opening(report: Report) -> list[str]:
    trades = sum(len(each.trades) for each in report.played)
    blocks = sum(each.blocks for each in report.played)
    checks = sum(each.checks for each in report.played)
    margins = " and ".join(tenths(Fraction(margin, 100)) for margin in MARGINS)
    lines = [
        (
            f"{trades:,} orders in {len(report.played)} replays, each on a ledger of its own: {blocks:,} sealed blocks of signed"
            f" envelopes. After every block all invariants held; {checks:,} times everybody's balances were compared with what"
            " was agreed, to the unit. Completed orders and those that ended before the goods left cost neither side anything by the"
            " rate, and the dealers' books balance."
        ),
        "",
        (
            f"Seed “{report.seed}”, {report.orders:,} orders a replay. Dealers ask {margins} basis points and a quarter of a day's"
            f" volatility; funding costs them {tenths(Fraction(FUNDING_POINTS, 100))} % a year, hedging"
            f" {tenths(Fraction(HEDGE_MILLIONTHS, 100))} basis points. The platform takes {FEE_POINTS} basis points of completed sales."
            " These, and how often orders end in which way, are assumptions; the rates are not. bp: basis points, hundredths of a"
            " percent."
        ),
    ]
    sources = sorted({each.series.source for each in report.played})
    lines += ["", f"Rates: {'; '.join(sources)}."]
    if report.left_out:
        lines += ["", f"Left out: {'; '.join(report.left_out)}."]
    return lines


def _protection(title: str, note: str, group: Sequence[Played]) -> Table:
    head = (
        "replay", "orders placed", "worst move in 30 days, %", "orders", "completed: buyer, bp", "ended before the swap: buyer, bp",
        "merchant, any outcome, bp", "refunded after the swap: buyer mean / worst, bp", "SWAP NOW, ended before shipping: buyer mean / worst, bp",
    )  # fmt: skip
    rows = []
    for each in group:
        done, before, after = figures.completed(each), figures.before_the_swap(each), figures.after_the_swap(each)
        rows.append((
            f"{each.replay.name} ({each.replay.pays} for {each.replay.asks})", f"{_day(each.first)} to {_day(each.last)}",
            tenths(figures.worst_move(each) / 100), str(len(each.trades)), _same(done), _same(before), _merchants(each),
            _pair(after.orders, after.mean, after.worst), _pair(before.orders, before.now_mean, before.now_worst),
        ))  # fmt: skip
    words = (
        f"{note} What the rate cost each side, in its own money. After the swap a refund is in the merchant's money, valued at that"
        " day's mid rate; minus is a gain. SWAP NOW is the same orders with the monies exchanged when they are placed."
    )
    return Table(f"{title}: who bears the rate", words, head, tuple(rows))


def _all_in(title: str, group: Sequence[Played]) -> Table:
    head = (
        "replay", "spread", "premium: funding", "premium: right to cancel", "fees", "in and out", "refunds turned back",
        "rate after the swap, on refunds", "all-in, bp",
    )  # fmt: skip
    rows = []
    for each in group:
        cost = figures.costs(each)
        parts = (
            cost.spread, cost.funding, cost.option, cost.fees, cost.ways_in_and_out, cost.conversions, cost.refunds, cost.total(),
        )  # fmt: skip
        rows.append((each.replay.name, *map(tenths, parts)))
    words = (
        "All-in cost in basis points of what was swapped, at the mid rate of the day of the order. In and out: what the ledger"
        " takes when money is minted and redeemed; what a bank takes beside it is not known here. Minus is a gain."
    )
    return Table(f"{title}: all-in cost", words, head, tuple(rows))


def _outcomes(group: Sequence[Played]) -> Table:
    head = ("outcome", "orders", "buyer mean, bp", "buyer worst, bp", "merchant, bp", "SWAP NOW: buyer mean, bp", "SWAP NOW: buyer worst, bp")
    found = figures.by_outcome(group)
    rows = tuple(
        (
            outcome.value, str(found[outcome].orders), tenths(found[outcome].mean), tenths(found[outcome].worst),
            _zero(found[outcome].merchants), tenths(found[outcome].now_mean), tenths(found[outcome].now_worst),
        )
        for outcome in Outcome
        if found[outcome].orders
    )  # fmt: skip
    words = (
        "All replays on real series. In basis points of what went back; mean over orders. After the swap the figure holds the spread"
        " that was paid when ordering, too. A buyer who takes an order back pays the premium, which is a price and stands in the"
        " all-in cost."
    )
    return Table("Exchange loss by outcome", words, head, rows)


def _dealers(group: Sequence[Played]) -> Table:
    head = (
        "replay", "swapped", "spread and premiums", "funding of locks", "result, hedged at the swap", "the same less funding",
        "hedged when locked, less funding", "most set aside", "dealers with orders", "books",
    )  # fmt: skip
    rows = []
    for each in group:
        found = figures.dealing(each)
        swapped = sum(trade.swapped_units for trade in each.trades)
        rows.append((
            each.replay.name, _money(swapped, each.replay.asks), tenths(found.earned), tenths(found.funding), tenths(found.result),
            tenths(found.result - found.funding), tenths(found.at_once - found.funding),
            _money(found.most_set_aside, each.replay.asks), str(found.dealers_with_orders), "balance to the unit",
        ))  # fmt: skip
    words = (
        "In basis points of what was swapped. On the ledger a dealer sells what it got on the day of the swap, so it bears the rate between"
        " order and shipping. Beside it, worked out from the same orders: sold forward when the rate was locked, bought back when"
        " the lock was undone, without interest between the two monies."
    )
    return Table("Dealers", words, head, tuple(rows))


def _premiums(group: Sequence[Played]) -> Table:
    head = ("replay", "a day's volatility, bp", "mean premium by tenor, bp (of it funding)", "cancelled because of the rate", "saved by it, bp")
    rows = []
    for each in group:
        found = figures.option(each)
        tenors = ", ".join(f"{days} d: {tenths(points)} ({funding})" for days, points, funding in found.premiums)
        rows.append((each.replay.name, tenths(found.volatility), tenors, str(found.used), tenths(found.saved)))
    words = (
        "What cards ask for keeping a rate, by how long, and what buyers made of their right to cancel while the merchant has not"
        " accepted: saved is what cancelling and ordering again cost them less, after the premium."
    )
    return Table("Lock premiums, and the right to cancel", words, head, tuple(rows))


def _finality(group: Sequence[Played]) -> Table:
    head = ("replay", "blocks", "envelopes", "blocks until a step is final", "order life, days: mean / longest", "until the swap, days: mean")
    rows = []
    for each in group:
        lives = [Fraction(trade.closed_on - trade.placed_on) for trade in each.trades if trade.closed_on is not None]
        swaps = [Fraction(trade.swapped_on - trade.placed_on) for trade in each.trades if trade.swapped_on is not None]
        mean = sum(lives, Fraction(0)) / (len(lives) or 1)
        until = sum(swaps, Fraction(0)) / (len(swaps) or 1)
        rows.append((
            each.replay.name, f"{each.blocks:,}", f"{each.envelopes:,}", "1", f"{tenths(mean)} / {max(lives, default=Fraction(0))}",
            tenths(until),
        ))  # fmt: skip
    words = (
        "Here time is the series' own. Each step is final in the block that holds it, and its money can be spent in the next envelope."
        f" How long a block takes was measured elsewhere: {PERFORMANCE}."
    )
    return Table("Time to finality", words, head, tuple(rows))


def _exact(played: Played) -> dict[str, Any]:
    cost, found, after = figures.costs(played), figures.dealing(played), figures.after_the_swap(played)
    before = figures.before_the_swap(played)
    points = {
        "spread": cost.spread, "premium_funding": cost.funding, "premium_option": cost.option, "fees": cost.fees,
        "in_and_out": cost.ways_in_and_out, "conversions": cost.conversions, "refunds": cost.refunds, "all_in": cost.total(),
        "buyer_after_swap_mean": after.mean, "buyer_after_swap_worst": after.worst, "swap_now_mean": before.now_mean,
        "swap_now_worst": before.now_worst, "dealers_result": found.result, "dealers_hedged_at_once": found.at_once,
        "dealers_funding": found.funding, "worst_move": figures.worst_move(played),
    }  # fmt: skip
    return {
        "name": played.replay.name,
        "kind": played.replay.kind.value,
        "pays": played.replay.pays,
        "asks": played.replay.asks,
        "source": played.series.source,
        "first": _day(played.first),
        "last": _day(played.last),
        "orders": len(played.trades),
        "not_placed": played.not_placed,
        "blocks": played.blocks,
        "minted": dict(sorted(played.minted.items())),
        "burned": dict(sorted(played.burned.items())),
        "outcomes": {outcome.value: sum(trade.outcome is outcome for trade in played.trades) for outcome in Outcome},
        "basis_points": {name: tenths(value) for name, value in points.items()},
    }


def _same(found: figures.Losses) -> str:
    """Show a figure that has to be exactly nothing; anything else was refused by the books, and would show here, too."""
    if not found.orders:
        return "–"
    return "0" if found.mean == found.worst == 0 else _pair(found.orders, found.mean, found.worst)


def _merchants(played: Played) -> str:
    return _zero(sum(trade.merchants_loss() for trade in played.trades))


def _zero(units: int) -> str:
    return "0" if units == 0 else f"{units} units"


def _pair(orders: int, mean: Fraction, worst: Fraction) -> str:
    return f"{tenths(mean)} / {tenths(worst)}" if orders else "–"


def _money(units: int, currency: str) -> str:
    return f"{units // 10 ** MINOR_DIGITS[currency]:,} {currency}"


def _day(day: int) -> str:
    return date.fromordinal(day).isoformat()


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
