"""The report: its tables as text, Markdown, HTML and JSON.

Nothing in it depends on the clock or the machine: the same series, seed and options give the same bytes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from fractions import Fraction
from html import escape
from textwrap import fill, wrap
from typing import TYPE_CHECKING, Any

from sogdia.simulate.payments import figures
from sogdia.simulate.payments.backing import BOND_POINTS, COVER_POINTS
from sogdia.simulate.payments.made_good import friends, made_good
from sogdia.simulate.payments.pricing import COVERS_DRAWN_ONE_IN, FUNDING_POINTS, HEDGE_MILLIONTHS, MARGINS
from sogdia.simulate.payments.returns import DAYS_MAX
from sogdia.simulate.payments.tables import Table, all_tables, day_words, tenths
from sogdia.simulate.payments.trades import FEE_POINTS, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sogdia.simulate.payments.made_good import Friends, MadeGood
    from sogdia.simulate.payments.replay import Played

TITLE = "Payments through real storms"
LINE_CHARACTERS = 120
HEAD_CHARACTERS = 16
STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:84rem;padding:0 1rem;color:#1b1b1b}"
    "table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}"
    "td,th{padding:.35rem .6rem;border-bottom:1px solid #ccc;text-align:right;vertical-align:top;font-weight:normal}"
    "thead th{vertical-align:bottom;font-weight:600}tr>:first-child{text-align:left}div{overflow-x:auto}"
)


@dataclass(frozen=True, slots=True)
class Report:
    """What a run has to say."""

    seed: str
    orders: int
    played: tuple[Played, ...]
    left_out: dict[str, str]
    """What was not played, and why."""

    def tables(self) -> list[Table]:
        """Give all tables that have rows."""
        return all_tables(self.played)


def as_text(report: Report) -> str:
    """Write the report for a terminal: heads are broken into lines, so that a table is not wider than it must be."""
    parts = [fill(line, LINE_CHARACTERS) for line in _opening(report)]
    for table in report.tables():
        heads = [wrap(cell, HEAD_CHARACTERS) for cell in table.head]
        deep = max(map(len, heads))
        rows = [*zip(*([*[""] * (deep - len(head)), *head] for head in heads), strict=True), *table.rows]
        widths = [max(len(row[at]) for row in rows) for at in range(len(heads))]
        lines = [_aligned(row, widths) for row in rows]
        parts.append("\n".join([table.title.upper(), fill(table.note, LINE_CHARACTERS), "", *lines]))
    return "\n\n".join(parts)


def as_markdown(report: Report) -> str:
    """Write the report as Markdown."""
    parts = [f"# {TITLE}", *_opening(report)]
    for table in report.tables():
        rows = [table.head, ("---", *("---:" for _ in table.head[1:])), *table.rows]
        parts += [f"## {table.title}", table.note, "\n".join(map(_row, rows))]
    return "\n\n".join(parts) + "\n"


def as_html(report: Report) -> str:
    """Write the report as one HTML page that needs nothing else."""
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        f'<meta name="viewport" content="width=device-width"><title>{TITLE}</title>',
        f"<style>{STYLE}</style></head><body><h1>{TITLE}</h1>",
        *(f"<p>{escape(line)}</p>" for line in _opening(report)),
    ]
    for table in report.tables():
        heads = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in table.head)
        parts.append(f"<h2>{escape(table.title)}</h2><p>{escape(table.note)}</p>")
        parts.append(f"<div><table><thead><tr>{heads}</tr></thead><tbody>")
        for name, *cells in table.rows:
            shown = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
            parts.append(f'<tr><th scope="row">{escape(name)}</th>{shown}</tr>')
        parts.append("</tbody></table></div>")
    return "\n".join([*parts, "</body></html>", ""])


def as_document(report: Report) -> dict[str, Any]:
    """Give the report as JSON: the tables as they are shown, and each replay's figures under names that stay."""
    tables = [
        {
            "title": table.title,
            "note": table.note,
            "rows": [dict(zip(table.head, row, strict=True)) for row in table.rows],
        }
        for table in report.tables()
    ]
    return {
        "seed": report.seed,
        "orders": report.orders,
        "left_out": report.left_out,
        "tables": tables,
        "replays": [_replay(played) for played in report.played],
    }


def as_json(report: Report) -> str:
    """Write the report as JSON."""
    return json.dumps(as_document(report), indent=1, ensure_ascii=False) + "\n"


def _opening(report: Report) -> list[str]:
    orders = sum(len(each.trades) for each in report.played)
    blocks = sum(each.blocks for each in report.played)
    checks = sum(each.checks for each in report.played)
    margins = " and ".join(tenths(Fraction(margin, 100)) for margin in MARGINS)
    bond, cover = (tenths(Fraction(points, 100)) for points in (BOND_POINTS, COVER_POINTS))
    what_it_was = (
        f"Replays: {len(report.played)}, each on a ledger of its own. Orders: {orders:,}, in {blocks:,} sealed blocks"
        f" of signed envelopes. After every block all invariants held, and {checks:,} times everybody's balances were"
        " compared with what was agreed, to the unit. Orders that were completed and orders that ended before the goods"
        " left cost neither side anything by the rate, and the dealers' books balance. Every refund after that was what"
        " its cause, the bond and the cover make it, by a second computation."
    )
    what_is_assumed = (
        f"Seed: {report.seed}. Orders a replay: {report.orders:,}, and those that are placed again. Dealers ask"
        f" {margins} basis points and a quarter of a day's volatility; funding costs them"
        f" {tenths(Fraction(FUNDING_POINTS, 100))} % a year, hedging {tenths(Fraction(HEDGE_MILLIONTHS, 100))} basis"
        f" points; the platform takes {FEE_POINTS}. Where there is a bond it stands for {bond} % of an order, a cover"
        f" for {cover} % of the payment, priced as if one in {COVERS_DRAWN_ONE_IN} were drawn; which order has which is"
        " left to chance. These, and how often orders end in which way, are assumptions; the rates are not. What comes"
        f" back is ordered on up to {DAYS_MAX} days of a replay, evenly spread. bp: basis points, hundredths of a"
        " percent."
    )
    sources = "; ".join(sorted({each.series.source for each in report.played}))
    lines = [what_it_was, what_is_assumed, f"Rates: {sources}."]
    for reason in sorted(set(report.left_out.values())):
        names = "; ".join(name for name, why in report.left_out.items() if why == reason)
        lines.append(f"Left out, {reason}: {names}.")
    return lines


def _replay(played: Played) -> dict[str, Any]:
    replay = played.replay
    return {
        "name": replay.name,
        "kind": replay.kind.value,
        "comes_back": replay.comes_back,
        "pays": replay.pays,
        "asks": replay.asks,
        "source": played.series.source,
        "first": day_words(played.first),
        "last": day_words(played.last),
        "orders": len(played.trades),
        "not_placed": played.not_placed,
        "blocks": played.blocks,
        "minted": dict(sorted(played.minted.items())),
        "burned": dict(sorted(played.burned.items())),
        "outcomes": {outcome.value: sum(trade.outcome is outcome for trade in played.trades) for outcome in Outcome},
        "made_good": [_group(each) for each in made_good([played])] if replay.comes_back else [],
        "friends": [_group(each) for each in friends([played])],
        "basis_points": {name: tenths(value) for name, value in _points(played).items()},
    }


def _group(group: MadeGood | Friends) -> dict[str, Any]:
    """Give a group of returns by the names of its fields."""
    found = {field.name: getattr(group, field.name) for field in fields(group)}
    return {name: tenths(value) if isinstance(value, Fraction) else value for name, value in found.items()}


def _points(played: Played) -> dict[str, Fraction]:
    """Give a replay's figures in basis points by name."""
    cost, dealing = figures.costs(played), figures.dealing(played)
    before, after = figures.before_the_swap(played), figures.after_the_swap(played)
    return {
        "spread": cost.spread,
        "premium_funding": cost.funding,
        "premium_option": cost.option,
        "premium_cover": cost.cover,
        "fees": cost.fees,
        "in_and_out": cost.ways_in_and_out,
        "conversions": cost.conversions,
        "refunds": cost.refunds,
        "agreed": cost.agreed(),
        "all_in": cost.total(),
        "swap_now_all_in": figures.all_in_by_swap_now(played),
        "buyer_completed": figures.completed(played).worst,
        "buyer_before_swap": before.worst,
        "buyer_after_swap_mean": after.mean,
        "buyer_after_swap_worst": after.worst,
        "swap_now_mean": before.now_mean,
        "swap_now_worst": before.now_worst,
        "dealers_earned": dealing.earned,
        "dealers_result": dealing.result,
        "dealers_hedged_at_once": dealing.at_once,
        "dealers_funding": dealing.funding,
        "worst_move": figures.worst_move(played),
    }


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = (
        cell.rjust(width) if at else cell.ljust(width) for at, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join(cells).rstrip()


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
