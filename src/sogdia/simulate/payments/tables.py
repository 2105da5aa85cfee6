"""The tables of the report, as words: every figure is an exact fraction until it is written, and is rounded once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING

from sogdia.modules.money.iso4217 import MINOR_DIGITS
from sogdia.simulate.payments import figures
from sogdia.simulate.payments.backing import Backing
from sogdia.simulate.payments.made_good import friends, made_good
from sogdia.simulate.payments.replay import Played
from sogdia.simulate.payments.storms import Kind
from sogdia.simulate.payments.trades import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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
    "What the rate cost each side, in its own money. After the swap a refund goes by its cause; what of it is in the"
    " merchant's money counts at that day's mid rate; minus is a gain. SWAP NOW is the same orders with the monies"
    " exchanged when they are placed."
)
ALL_IN = (
    "In basis points of what was swapped, at the mid rate of the day of the order. In and out is what the ledger takes"
    " when money is minted and redeemed; what a bank takes beside it is not known here. Minus is a gain."
)
OUTCOMES = (
    "All replays on real series, in basis points of what went back; mean over orders. After the swap the figure holds"
    " the spread that was paid when ordering, too; what goes back for the merchant's or the carrier's cause is"
    " measured by all that was paid for it, premiums included. A buyer who takes an order back pays the premium: that"
    " is a price, and stands in the all-in cost."
)
DEALERS = (
    "In basis points of what was swapped. On the ledger a dealer sells what it got on the day of the swap, so it bears"
    " the rate between order and shipping. Beside it, worked out from the same orders: sold forward when the rate was"
    " locked and bought back when the lock was undone, without the interest between the two monies. Their books"
    " balance: a run in which they did not after any block would have ended there, with what is missing."
)
PREMIUMS = (
    "What cards ask for keeping a rate, by how long, and what buyers made of their right to cancel while the merchant"
    " has not accepted: saved is what cancelling and ordering again cost them less, after the premium."
)
MADE_GOOD = (
    "The same goods, ordered at the same moment at the same rate, and sent back on the same day for each cause: what"
    " differs is what stood behind the order. In basis points of all that was paid, premiums included: that is what"
    " the buyer is owed, unless it changed its mind. Escrow, bond and cover, and what the buyer bears, add up to"
    " 10,000. What it got in the merchant's money counts at the day's mid rate. Minus is a gain."
)
BY_REPLAY = (
    "Goods sent back as faulty, and paid on a day on which dealers quoted: what the buyer bears of what it is owed, in"
    " basis points, mean / worst."
)
FRIENDS = (
    "A buyer and a merchant who act as one look at the rate as late as they can. Before shipping the merchant declines"
    " when the rate has gone their way; worth is against the same money bought on that day. After shipping the goods go"
    " back as faulty when the merchant's money has fallen; escrow and bond are their own, so what they win is the"
    " dealer's cover, which is never more than what was set aside for it. Basis points of the payment, means over all"
    " such orders, used or not."
)
FINALITY = (
    "Time here is the series' own. Each step is final in the block that holds it, one block after it was sent, and its"
    " money can be spent in the next envelope. How long a block takes was measured elsewhere:"
    " docs/reference/performance.md, under “A network”."
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
    ordinary = [each for each in played if not each.replay.comes_back]
    for kind, title in TITLES.items():
        group = [each for each in ordinary if each.replay.kind is kind]
        made += [protection(title, NOTES[kind], group), all_in(title, group)]
    real = [each for each in ordinary if each.replay.kind is not Kind.SYNTHETIC]
    made.append(outcomes(real))
    for kind, title in TITLES.items():
        back = [each for each in played if each.replay.comes_back and each.replay.kind is kind]
        made += [made_good_table(title, back), by_replay(title, back), friends_table(title, back)]
    made += [dealers(ordinary), premiums(ordinary), finality(ordinary)]
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
            ("premium: cover", lambda each: tenths(figures.costs(each).cover)),
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
        "merchant lacks of what was agreed",
        "merchant, out of its bond less gains: mean, bp",
        "dealer, out of its cover: mean, bp",
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
            tenths(found.merchants_bear),
            tenths(found.covers_paid),
            tenths(found.now_mean),
            tenths(found.now_worst),
        )
        for outcome, found in figures.by_outcome(group).items()
        if found.orders
    )
    return Table("Exchange loss by outcome", OUTCOMES, head, rows)


def made_good_table(title: str, group: Sequence[Played]) -> Table:
    """Show out of what refunds were made good, by cause and by what stood behind the order."""
    head = (
        "why, and what stood behind it",
        "orders",
        "waited for a rate: orders / days at most",
        "out of the escrow",
        "out of the bond",
        "out of the cover",
        "the buyer bears: mean",
        "worst",
        "the merchant gives less gains: mean",
    )
    rows = tuple(
        (
            f"{each.outcome}; {each.backing}{'' if each.quoted else '; NOBODY EXCHANGED IT'}",
            f"{each.orders:,}",
            f"{each.waited:,} / {each.waited_most}",
            *map(tenths, (each.escrow, each.bond, each.cover, each.buyer, each.buyer_worst, each.merchant)),
        )
        for each in made_good(group)
    )
    return Table(f"{title}: everything comes back, and who makes up for the rate", MADE_GOOD, head, rows)


def by_replay(title: str, group: Sequence[Played]) -> Table:
    """Show what buyers bear of faulty goods in each replay, by what stood behind the order."""

    def borne(backing: Backing, played: Played) -> str:
        for each in made_good([played]):
            if (each.outcome, each.backing, each.quoted) == (Outcome.FAULTY, backing, True):
                return _pair(each.orders, each.buyer, each.buyer_worst)
        return _pair(0, Fraction(0), Fraction(0))

    columns: list[Column] = [
        ("worst move of the money bought in 30 days, %", lambda each: tenths(figures.worst_move(each) / 100))
    ]
    columns += [(backing.value, partial(borne, backing)) for backing in Backing]
    return _table(f"{title}: what the buyer bears of faulty goods", BY_REPLAY, group, columns)


def friends_table(title: str, group: Sequence[Played]) -> Table:
    """Show what a buyer and a merchant who are friends could win, and who paid for it."""
    head = (
        "what they do, and what stood behind it",
        "orders",
        "done",
        "worth to them: mean",
        "most",
        "their bond paid: mean",
        "premium for the cover: mean",
        "the dealer's cover paid: mean",
        "most",
    )
    rows = tuple(
        (
            f"{each.outcome}; {each.backing}",
            f"{each.orders:,}",
            f"{each.used:,}",
            *map(tenths, (each.worth, each.worth_most, each.from_bond, each.premium, each.cover, each.cover_most)),
        )
        for each in friends(group)
    )
    return Table(f"{title}: what friends could win, and who pays for it", FRIENDS, head, rows)


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
