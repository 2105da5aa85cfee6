"""The tables of the report, as words: every figure is an exact fraction until it is written, and is rounded once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from sogdia.modules.money.iso4217 import MINOR_DIGITS
from sogdia.simulate.payments import figures
from sogdia.simulate.payments.replay import Played
from sogdia.simulate.payments.storms import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from fractions import Fraction

Column = tuple[str, Callable[[Played], str]]
"""The head of a column, and what gives a replay's cell in it."""

TITLES = {
    Kind.STORM: "Stress periods",
    Kind.CORRIDOR: "Corridors",
    Kind.OWN: "Series of your own",
    Kind.SYNTHETIC: "SYNTHETIC, paths that never happened",
}
NOTES = {
    Kind.STORM: "Every rate is a published one.",
    Kind.CORRIDOR: "Every rate is a published one.",
    Kind.OWN: "Rates as the file gives them.",
    Kind.SYNTHETIC: (
        "Three official days of April 2026, and behind them rates that a seed made up. This shows that the ledger holds"
        " with these monies, and says nothing about the monies."
    ),
}
PROTECTION = (
    "What the rate cost each side, in its own money. After the swap a refund is in the merchant's money, valued at that"
    " day's mid rate; minus is a gain. SWAP NOW is the same orders with the monies exchanged when they are placed."
)
ALL_IN = (
    "In basis points of what was swapped, at the mid rate of the day of the order. In and out is what the ledger takes"
    " when money is minted and redeemed; what a bank takes beside it is not known here. Minus is a gain."
)
OUTCOMES = (
    "All replays on real series, in basis points of what went back; mean over orders. After the swap the figure holds"
    " the spread that was paid when ordering, too. A buyer who takes an order back pays the premium: that is a price,"
    " and stands in the all-in cost."
)
DEALERS = (
    "In basis points of what was swapped. On the ledger a dealer sells what it got on the day of the swap, so it bears"
    " the rate between order and shipping. Beside it, worked out from the same orders: sold forward when the rate was"
    " locked and bought back when the lock was undone, without the interest between the two monies."
)
PREMIUMS = (
    "What cards ask for keeping a rate, by how long, and what buyers made of their right to cancel while the merchant"
    " has not accepted: saved is what cancelling and ordering again cost them less, after the premium."
)
FINALITY = (
    "Time here is the series' own. Each step is final in the block that holds it, and its money can be spent in the"
    " next envelope. How long a block takes was measured elsewhere: docs/reference/performance.md,"
    " under “A network”."
)


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the report."""

    title: str
    note: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def all_tables(played: Sequence[Played]) -> list[Table]:
    """Give all tables that have rows."""
    made: list[Table] = []
    for kind, title in TITLES.items():
        group = [each for each in played if each.replay.kind is kind]
        made += [protection(title, NOTES[kind], group), all_in(title, group)]
    real = [each for each in played if each.replay.kind is not Kind.SYNTHETIC]
    made += [outcomes(real), dealers(played), premiums(played), finality(played)]
    return [table for table in made if table.rows]


def protection(title: str, note: str, group: Iterable[Played]) -> Table:
    """Show what the rate cost buyers and merchants, beside what it would have cost with a swap at once."""
    return _table(
        f"{title}: who bears the rate",
        f"{note} {PROTECTION}",
        group,
        (
            ("orders placed", lambda each: f"{day_words(each.first)} to {day_words(each.last)}"),
            ("worst move of the money bought in 30 days, %", lambda each: tenths(figures.worst_move(each) / 100)),
            ("orders", lambda each: f"{len(each.trades):,}"),
            ("completed: buyer, bp", lambda each: _nothing(figures.completed(each))),
            ("ended before the swap: buyer, bp", lambda each: _nothing(figures.before_the_swap(each))),
            ("any outcome: merchant, bp", _merchants),
            ("refunded after the swap: buyer mean / worst, bp", _after),
            ("SWAP NOW, ended before shipping: buyer mean / worst, bp", _swap_now),
        ),
    )


def all_in(title: str, group: Iterable[Played]) -> Table:
    """Show what exchanging cost, part by part."""
    return _table(
        f"{title}: all-in cost",
        ALL_IN,
        group,
        (
            ("spread", lambda each: tenths(figures.costs(each).spread)),
            ("premium: funding", lambda each: tenths(figures.costs(each).funding)),
            ("premium: right to cancel", lambda each: tenths(figures.costs(each).option)),
            ("fees", lambda each: tenths(figures.costs(each).fees)),
            ("in and out", lambda each: tenths(figures.costs(each).ways_in_and_out)),
            ("agreed when ordering", lambda each: tenths(figures.costs(each).agreed())),
            ("refunds turned back", lambda each: tenths(figures.costs(each).conversions)),
            ("rate after the swap, on refunds", lambda each: tenths(figures.costs(each).refunds)),
            ("all-in, bp", lambda each: tenths(figures.costs(each).total())),
            ("SWAP NOW: all-in, bp", lambda each: tenths(figures.all_in_by_swap_now(each))),
        ),
    )


def outcomes(group: Sequence[Played]) -> Table:
    """Show what the rate cost by the way in which orders ended."""
    head = (
        "outcome",
        "orders",
        "buyer mean, bp",
        "buyer worst, bp",
        "merchant, bp",
        "SWAP NOW: buyer mean, bp",
        "SWAP NOW: buyer worst, bp",
    )
    rows = tuple(
        (
            outcome.value,
            f"{found.orders:,}",
            tenths(found.mean),
            tenths(found.worst),
            _units(found.merchants),
            tenths(found.now_mean),
            tenths(found.now_worst),
        )
        for outcome, found in figures.by_outcome(group).items()
        if found.orders
    )
    return Table("Exchange loss by outcome", OUTCOMES, head, rows)


def dealers(group: Iterable[Played]) -> Table:
    """Show what dealers earned and bore."""
    dealing = figures.dealing
    return _table(
        "Dealers",
        DEALERS,
        group,
        (
            ("swapped", lambda each: _money(sum(trade.swapped_units for trade in each.trades), each)),
            ("spread and premiums", lambda each: tenths(dealing(each).earned)),
            ("funding of locks", lambda each: tenths(dealing(each).funding)),
            ("result, hedged at the swap", lambda each: tenths(dealing(each).result)),
            ("the same less funding", lambda each: tenths(dealing(each).result - dealing(each).funding)),
            ("hedged when locked, less funding", lambda each: tenths(dealing(each).at_once - dealing(each).funding)),
            ("most set aside", lambda each: _money(dealing(each).most_set_aside, each)),
            ("dealers with orders", lambda each: str(dealing(each).dealers_with_orders)),
            ("orders not placed: cards spent, or too late in the series", lambda each: f"{each.not_placed:,}"),
            ("books", lambda _each: "balance"),
        ),
    )


def premiums(group: Iterable[Played]) -> Table:
    """Show what keeping a rate cost, and what the right to cancel was worth."""
    return _table(
        "Lock premiums, and the right to cancel",
        PREMIUMS,
        group,
        (
            ("a day's volatility, bp", lambda each: tenths(figures.option(each).volatility)),
            ("mean premium by tenor, bp (of it funding)", _tenors),
            ("cancelled because of the rate", lambda each: f"{figures.option(each).used:,}"),
            ("saved by it, bp", lambda each: tenths(figures.option(each).saved)),
        ),
    )


def finality(group: Iterable[Played]) -> Table:
    """Show when things are final, and how long orders lived."""
    return _table(
        "Time to finality",
        FINALITY,
        group,
        (
            ("blocks", lambda each: f"{each.blocks:,}"),
            ("envelopes", lambda each: f"{each.envelopes:,}"),
            ("blocks until a step is final", lambda _each: "1"),
            ("until the swap, days: mean", lambda each: tenths(figures.days_until_the_swap(each))),
            ("order life, days: mean", lambda each: tenths(figures.days_of_life(each)[0])),
            ("longest", lambda each: f"{figures.days_of_life(each)[1]}"),
        ),
    )


def tenths(value: Fraction) -> str:
    """Write a number with one decimal, rounded half up, once."""
    number = int((abs(value) * 20 + 1) // 2)
    whole, part = divmod(number, 10)
    sign = "-" if value < 0 and number else ""
    return f"{sign}{whole:,}.{part}"


def day_words(day: int) -> str:
    """Write a day."""
    return date.fromordinal(day).isoformat()


def _table(title: str, note: str, group: Iterable[Played], columns: Sequence[Column]) -> Table:
    rows = tuple((each.replay.name, *(cell(each) for _head, cell in columns)) for each in group)
    return Table(title, note, ("replay", *(head for head, _cell in columns)), rows)


def _nothing(found: figures.Losses) -> str:
    """Show a figure that has to be exactly nothing; the books have refused anything else, and it would show here."""
    if not found.orders:
        return "–"
    return "0" if found.mean == found.worst == 0 else _pair(found.orders, found.mean, found.worst)


def _merchants(played: Played) -> str:
    return _units(sum(trade.merchants_loss() for trade in played.trades))


def _after(played: Played) -> str:
    found = figures.after_the_swap(played)
    return _pair(found.orders, found.mean, found.worst)


def _swap_now(played: Played) -> str:
    found = figures.before_the_swap(played)
    return _pair(found.orders, found.now_mean, found.now_worst)


def _tenors(played: Played) -> str:
    premiums = figures.option(played).premiums
    return ", ".join(f"{days} d: {tenths(points)} ({funding})" for days, points, funding in premiums)


def _units(units: int) -> str:
    return "0" if units == 0 else f"{units} units"


def _pair(orders: int, mean: Fraction, worst: Fraction) -> str:
    return f"{tenths(mean)} / {tenths(worst)}" if orders else "–"


def _money(units: int, played: Played) -> str:
    currency = played.replay.asks
    return f"{units // 10 ** MINOR_DIGITS[currency]:,} {currency}"
