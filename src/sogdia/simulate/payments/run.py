"""A run: which replays, how many orders, over which days; and the report that comes of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from sogdia.simulate.online_retail.lines import InputRefused
from sogdia.simulate.payments import report as reports
from sogdia.simulate.payments.pricing import PAST_DAYS_MIN
from sogdia.simulate.payments.rates import read_rates
from sogdia.simulate.payments.replay import Player
from sogdia.simulate.payments.returns import days_of_returns
from sogdia.simulate.payments.sources import ecb_is_there
from sogdia.simulate.payments.storms import (
    CORRIDORS,
    QUICK_CORRIDORS,
    STORMS,
    STORMS_BACK,
    SYNTHETICS,
    Replay,
    ordinal,
    own,
    with_returns,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from sogdia.simulate.payments.rates import Series

SEED = "storms"
ORDERS = 30
ORDERS_FULL = 300
ORDERS_MAX = 5_000
OUTSIDE = "outside the chosen days"
NO_RATES = "without a rate on the chosen days and five before it"
TOO_SHORT = "too short for the returns of whole orders"
WITHOUT_ECB = "in need of the rates of the European Central Bank (pip install 'sogdia[simulate]')"
SCALE = 1_000
"""In how many parts a replay's progress is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody asks for."""

    seed: str = SEED
    orders: int = ORDERS
    full: bool = False
    rates: Path | None = None
    first: str = ""
    last: str = ""
    only: tuple[str, ...] = ()
    """Names of replays; none means all that a quick or a full run has."""


def silent(_done: int, _total: int, _text: str) -> None:
    """Show no progress."""


def run(wish: Wish, progress: Callable[[int, int, str], None] = silent) -> reports.Report:
    """Play everything that is asked for; raises `InputRefused`, or `PromiseBroken` when a promise did not hold."""
    replays, left_out = _chosen(wish)
    played = []
    for number, replay in enumerate(replays):
        series = replay.series(wish.seed)
        days = order_days(replay, series, wish.orders)
        if not days:
            left_out[replay.name] = TOO_SHORT if replay.comes_back else NO_RATES
            continue

        def tell(done: int, total: int, number: int = number, name: str = replay.name) -> None:
            progress(number * SCALE + done * SCALE // max(total, 1), len(replays) * SCALE, name)

        with TemporaryDirectory(prefix="sogdia-payments-") as folder:
            played.append(Player(replay, series, days, Path(folder) / "ledger", wish.seed).play(tell))
    if not played:
        reasons = "; ".join(sorted(set(left_out.values())))
        raise InputRefused("no replay", f"is left, {reasons}", "Choose other days with --from and --to.")
    return reports.Report(wish.seed, wish.orders, tuple(played), left_out)


def _chosen(wish: Wish) -> tuple[list[Replay], dict[str, str]]:
    """Give the replays of a wish, and for those that are left out the reason."""
    if wish.rates is not None:
        own_ones = [own(series) for series in read_rates(wish.rates).values()]
        found: tuple[Replay, ...] = (*own_ones, *map(with_returns, own_ones))
    elif wish.full:
        long = [_long(each) for each in CORRIDORS]
        found = (*STORMS, *STORMS_BACK, *long, *map(with_returns, long), *SYNTHETICS)
    else:
        quick = wish.only or QUICK_CORRIDORS
        found = (*STORMS, *STORMS_BACK, *(each for each in CORRIDORS if each.name in quick), *SYNTHETICS)
    left_out: dict[str, str] = {}
    chosen = []
    for each in found:
        cut = _cut(each, wish)
        if wish.only and each.name not in wish.only:
            continue
        if cut is None:
            left_out[each.name] = OUTSIDE
        elif each.needs_ecb and not ecb_is_there():
            left_out[each.name] = WITHOUT_ECB
        else:
            chosen.append(cut)
    return chosen, left_out


def _long(replay: Replay) -> Replay:
    return replay if replay.long is None else replace(replay, first=replay.long[0], last=replay.long[1])


def _cut(replay: Replay, wish: Wish) -> Replay | None:
    """Cut a replay to the days that were asked for; nothing when none is left."""
    first, last = max(replay.first, wish.first or replay.first), min(replay.last, wish.last or replay.last)
    return None if first > last else replace(replay, first=first, last=last)


def order_days(replay: Replay, series: Series, orders: int) -> tuple[int, ...]:
    """Spread so many orders evenly over the days with a rate, once dealers have a past to go by."""
    between = series.between(ordinal(replay.first), ordinal(replay.last))
    days = tuple(day for day in between if len(series.moves(day, PAST_DAYS_MIN)) == PAST_DAYS_MIN)
    if replay.comes_back:
        return days_of_returns(days, series, replay.windows, orders)
    return tuple(days[at * len(days) // orders] for at in range(orders)) if days else ()
