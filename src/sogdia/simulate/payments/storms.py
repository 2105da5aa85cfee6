"""What is replayed: which buyer pays whom in which monies, over which days, and how long an order may take.

corridor   a buyer's money and a merchant's: orders are placed over ordinary days
storm      the same in days when the rate broke away
synthetic  a path that never happened, for monies with three official days

Storms, and in full runs corridors, are played once more with orders that come back (`returns.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from sogdia.simulate.payments import sources

if TYPE_CHECKING:
    from collections.abc import Callable

    from sogdia.simulate.payments.rates import Series


class Kind(StrEnum):
    """In which table a replay stands."""

    STORM = "storm"
    CORRIDOR = "corridor"
    SYNTHETIC = "synthetic"
    OWN = "own"


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """How many days each state of an order may last on the network of a replay."""

    accept: int = 2
    ship: int = 7
    deliver: int = 12
    returns: int = 4
    answer: int = 2
    agree: int = 3
    rate: int = 12
    """How long a refund waits for a day on which dealers quote: longer than markets close over feasts."""

    def longest(self) -> int:
        """Give how many days an order may take from placing to its end, unless a refund of it waits for a rate."""
        return self.accept + self.ship + self.deliver + self.returns + self.answer + self.agree


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """One replay: `series` gives what a unit of the merchant's money costs in the buyer's."""

    name: str
    kind: Kind
    pays: str
    asks: str
    series: Callable[[str], Series]
    first: str
    last: str
    """Between which days orders are placed."""
    lots: tuple[int, int] = (20, 1_500)
    """How many pieces an order asks for, between these; a piece costs 12.37 of the merchant's money."""
    windows: Windows = field(default_factory=Windows)
    end_by: str = ""
    """By when every order has to be over, where the series ends."""
    long: tuple[str, str] | None = None
    """The days of a full run."""
    needs_ecb: bool = False
    comes_back: bool = False
    """Whether everything that is ordered comes back."""


SHORT = Windows(accept=2, ship=3, deliver=3, returns=1, answer=1, agree=1, rate=4)
"""For roubles, whose rates end with 1 March 2022."""

RUPEE_LOTS = (500, 40_000)


def _yuan(quote: str) -> Callable[[str], Series]:
    return lambda _seed: sources.ecb("CNY", quote)


def _yuan_in_rupees(_seed: str) -> Series:
    return sources.shipped("pkr.csv", "CNY", "PKR")


def _rupee_in_dirhams(_seed: str) -> Series:
    return sources.shipped("pkr.csv", "AED", "PKR").turned()


def _rupee_in_riyals(_seed: str) -> Series:
    return sources.shipped("pkr.csv", "SAR", "PKR").turned()


def _yuan_in_shillings(_seed: str) -> Series:
    return sources.shipped("kes.csv", "CNY", "KES")


def _made_up(quote: str) -> Callable[[str], Series]:
    return lambda seed: sources.synthetic("CNY", quote, seed)


def _storms() -> tuple[Replay, ...]:
    storm = Kind.STORM
    return (
        Replay(name="PKR, January 2023: China-Pakistan", kind=storm, pays="PKR", asks="CNY",
               series=_yuan_in_rupees, first="2023-01-09", last="2023-02-10"),
        Replay(name="PKR, January 2023: Gulf-Pakistan", kind=storm, pays="AED", asks="PKR",
               series=_rupee_in_dirhams, first="2023-01-09", last="2023-02-10", lots=RUPEE_LOTS),
        Replay(name="TRY, autumn 2021: China-Turkiye", kind=storm, pays="TRY", asks="CNY",
               series=_yuan("TRY"), needs_ecb=True, first="2021-11-01", last="2021-12-23"),
        Replay(name="RUB, February and March 2022: China-Russia", kind=storm, pays="RUB", asks="CNY",
               series=_yuan("RUB"), needs_ecb=True, first="2022-02-07", last="2022-02-25", windows=SHORT,
               end_by="2022-03-01"),
        Replay(name="IDR, autumn 2008: China-Indonesia", kind=storm, pays="IDR", asks="CNY",
               series=_yuan("IDR"), needs_ecb=True, first="2008-10-01", last="2008-11-28"),
        Replay(name="KES, February 2024: China-Kenya", kind=storm, pays="KES", asks="CNY",
               series=_yuan_in_shillings, first="2024-01-29", last="2024-03-08"),
    )  # fmt: skip


def _corridors() -> tuple[Replay, ...]:
    corridor = Kind.CORRIDOR
    named = {"INR": "India", "MYR": "Malaysia", "THB": "Thailand", "ZAR": "South Africa"}
    return (
        Replay(name="China-Pakistan", kind=corridor, pays="PKR", asks="CNY", series=_yuan_in_rupees,
               first="2021-01-04", last="2021-01-29", long=("2013-10-01", "2023-11-20")),
        Replay(name="Gulf-Pakistan (AED)", kind=corridor, pays="AED", asks="PKR", series=_rupee_in_dirhams,
               first="2021-01-04", last="2021-01-29", lots=RUPEE_LOTS, long=("2013-10-01", "2023-11-20")),
        Replay(name="Gulf-Pakistan (SAR)", kind=corridor, pays="SAR", asks="PKR", series=_rupee_in_riyals,
               first="2021-01-04", last="2021-01-29", lots=RUPEE_LOTS, long=("2018-01-02", "2023-11-20")),
        Replay(name="China-Kenya", kind=corridor, pays="KES", asks="CNY", series=_yuan_in_shillings,
               first="2024-09-02", last="2024-09-27", long=("2024-03-11", "2025-05-23")),
        Replay(name="China-Turkiye", kind=corridor, pays="TRY", asks="CNY", series=_yuan("TRY"), needs_ecb=True,
               first="2024-06-03", last="2024-06-28", long=("2020-01-06", "2025-12-19")),
        Replay(name="China-Indonesia", kind=corridor, pays="IDR", asks="CNY", series=_yuan("IDR"), needs_ecb=True,
               first="2024-06-03", last="2024-06-28", long=("2020-01-06", "2025-12-19")),
        *(Replay(name=f"China-{name}", kind=corridor, pays=code, asks="CNY", series=_yuan(code), needs_ecb=True,
                 first="2024-06-03", last="2024-06-28", long=("2020-01-06", "2025-12-19"))
          for code, name in named.items()),
    )  # fmt: skip


def _synthetic() -> tuple[Replay, ...]:
    return tuple(
        Replay(name=f"{sources.SYNTHETIC}: China-{name}", kind=Kind.SYNTHETIC, pays=code, asks="CNY",
               series=_made_up(code), first="2026-05-04", last="2026-06-19")
        for code, name in (("KZT", "Kazakhstan"), ("UZS", "Uzbekistan"))
    )  # fmt: skip


def with_returns(played: Replay) -> Replay:
    """Give a replay once more, in which everything comes back."""
    return replace(played, name=f"{played.name}, returns", comes_back=True)


STORMS = _storms()
CORRIDORS = _corridors()
SYNTHETICS = _synthetic()
STORMS_BACK = tuple(with_returns(each) for each in STORMS)
ALL = (*STORMS, *STORMS_BACK, *CORRIDORS, *SYNTHETICS)
QUICK_CORRIDORS = ("China-Pakistan", "Gulf-Pakistan (AED)", "China-Kenya", "China-Turkiye")
"""What a quick run replays of the corridors."""


def ordinal(day: str) -> int:
    """Give a day's number."""
    return date.fromisoformat(day).toordinal()


def own(series: Series) -> Replay:
    """Give the replay of a series from somebody's own file: the buyer pays its quote, the merchant asks its base."""
    first = date.fromordinal(series.days[0]).isoformat()
    last = date.fromordinal(series.days[-1]).isoformat()
    name = f"{series.base} bought with {series.quote}"
    return Replay(name=name, kind=Kind.OWN, pays=series.quote, asks=series.base, series=lambda _seed: series,
                  first=first, last=last, end_by=last)  # fmt: skip
