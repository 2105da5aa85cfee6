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
from sogdia.simulate.payments.sources import ECB, ecb_is_there
from sogdia.simulate.payments.storms import (
    CORRIDORS,
    QUICK_CORRIDORS,
    STORMS,
    SYNTHETICS,
    Kind,
    Replay,
    ordinal,
    own,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from sogdia.simulate.payments.rates import Series

SEED = "storms"
ORDERS = 30
ORDERS_FULL = 300
ORDERS_MAX = 5_000
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
    """Names of replays; none means all."""


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
            left_out.append(f"{replay.name} has no rate on these days")
            continue

        def tell(done: int, total: int, number: int = number, name: str = replay.name) -> None:
            progress(number * SCALE + done * SCALE // max(total, 1), len(replays) * SCALE, name)

        with TemporaryDirectory(prefix="sogdia-payments-") as folder:
            played.append(Player(replay, series, days, Path(folder) / "ledger", wish.seed).play(tell))
    if not played:
        raise InputRefused("the days", "hold no rate of any replay", "Choose other days with --from and --to.")
    return reports.Report(wish.seed, wish.orders, tuple(played), tuple(left_out))


def _chosen(wish: Wish) -> tuple[list[Replay], list[str]]:
    """Give the replays of a wish, and what is left out for want of rates."""
    if wish.rates is not None:
        found: tuple[Replay, ...] = tuple(own(series) for series in read_rates(wish.rates).values())
    elif wish.full:
        found = (*STORMS, *(_long(each) for each in CORRIDORS), *SYNTHETICS)
    else:
        found = (*STORMS, *(each for each in CORRIDORS if each.name in QUICK_CORRIDORS), *SYNTHETICS)
    if wish.only:
        found = tuple(each for each in found if each.name in wish.only)
    cut = [each for each in (_cut(each, wish) for each in found) if each is not None]
    left_out = [f"{each.name} lies outside the chosen days" for each in found if _cut(each, wish) is None]
    if not ecb_is_there():
        lacking = [each for each in cut if each.needs_ecb]
        cut = [each for each in cut if not each.needs_ecb]
        words = f"needs the rates of the {ECB.partition(',')[0]}: pip install 'sogdia[simulate]'"
        left_out += [f"{each.name} {words}" for each in lacking]
    return cut, left_out


def _long(replay: Replay) -> Replay:
    return replay if replay.long is None else replace(replay, first=replay.long[0], last=replay.long[1])


def _cut(replay: Replay, wish: Wish) -> Replay | None:
    """Cut a replay to the days that were asked for; nothing when none is left."""
    first, last = max(replay.first, wish.first or replay.first), min(replay.last, wish.last or replay.last)
    return None if first > last else replace(replay, first=first, last=last)


def order_days(replay: Replay, series: Series, orders: int) -> tuple[int, ...]:
    """Spread so many orders evenly over the days with a rate; dealers need a few days of the past first."""
    first = ordinal(replay.first)
    if replay.kind is Kind.OWN and len(series.days) > PAST_DAYS_MIN:
        first = max(first, series.days[PAST_DAYS_MIN])
    days = series.between(first, ordinal(replay.last))
    return tuple(days[at * len(days) // orders] for at in range(orders)) if days else ()
