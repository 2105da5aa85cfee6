"""Replays of a few orders, for tests: the storms themselves, with less traffic."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from sogdia.simulate.payments import storms
from sogdia.simulate.payments.replay import Played, Player
from sogdia.simulate.payments.run import order_days
from sogdia.simulate.payments.trades import Action, Outcome, Plan

if TYPE_CHECKING:
    import pytest

    from sogdia.simulate.payments.backing import Backing
    from sogdia.simulate.payments.storms import Replay

ORDERS = 10
SEED = "tests"
SHIPPED = {
    Outcome.COMPLETED: {1: Action.ACCEPT, 3: Action.SHIP, 6: Action.DELIVER, 8: Action.SETTLE},
    Outcome.IN_PART: {1: Action.ACCEPT_IN_PART, 3: Action.SHIP, 6: Action.DELIVER, 8: Action.SETTLE},
    Outcome.CANCELLED: {1: Action.CANCEL},
    Outcome.DECLINED: {1: Action.ACCEPT, 4: Action.DECLINE},
    Outcome.NOT_ACCEPTED: {},
    Outcome.NOT_SHIPPED: {1: Action.ACCEPT},
    Outcome.GOODWILL: {1: Action.ACCEPT, 3: Action.SHIP, 6: Action.DELIVER, 8: Action.REFUND_PART},
    Outcome.CHANGED_MIND: {1: Action.ACCEPT, 3: Action.SHIP, 6: Action.DELIVER, 7: Action.REQUEST, 8: Action.APPROVE},
    Outcome.FAULTY: {1: Action.ACCEPT, 3: Action.SHIP, 6: Action.DELIVER, 7: Action.REQUEST, 8: Action.APPROVE},
    Outcome.LOST: {1: Action.ACCEPT, 3: Action.SHIP, 16: Action.REQUEST, 17: Action.APPROVE},
    Outcome.SPLIT: {
        1: Action.ACCEPT,
        3: Action.SHIP,
        6: Action.DELIVER,
        7: Action.REQUEST,
        8: Action.REFUSE,
        9: Action.PROPOSE,
    },
    Outcome.STANDS: {1: Action.ACCEPT, 3: Action.SHIP, 6: Action.DELIVER, 7: Action.REQUEST, 8: Action.REFUSE},
}
"""What is done on which day about an order that ends in a certain way."""


def named(name: str) -> Replay:
    """Give a replay by a part of its name."""
    (found,) = (each for each in storms.ALL if name in each.name and not each.comes_back)
    return found


def player(folder: Path, replay: Replay, orders: int = ORDERS, seed: str = SEED) -> Player:
    """Set the stage for a replay of a few orders."""
    series = replay.series(seed)
    return Player(replay, series, order_days(replay, series, orders), folder / "ledger", seed)


def play(replay: Replay, orders: int = ORDERS, seed: str = SEED) -> Played:
    """Play a few orders of a replay to their end."""
    with TemporaryDirectory() as folder:
        return player(Path(folder), replay, orders, seed).play(lambda _done, _total: None)


HEARTS = {
    "PKR": ("2023-01-18", "2023-02-01"),
    "TRY": ("2021-12-06", "2021-12-20"),
    "RUB": ("2022-02-14", "2022-02-25"),
    "IDR": ("2008-10-06", "2008-10-20"),
    "KES": ("2024-02-05", "2024-02-19"),
}
"""Two weeks in which the rate broke away."""


@cache
def storm(name: str) -> Played:
    """Play a few orders in the heart of a storm, once for all tests that look at it."""
    first, last = HEARTS[name[:3]]
    return play(replace(named(name), first=first, last=last))


def each_order_ends(monkeypatch: pytest.MonkeyPatch, *outcomes: Outcome) -> None:
    """Let orders end in the given ways, one after the other, instead of by chance."""
    left = list(outcomes)

    def drawn(_chance: object, _windows: object, _days: int) -> Plan:
        outcome = left.pop(0)
        return Plan(outcome, SHIPPED[outcome], 16)

    monkeypatch.setattr("sogdia.simulate.payments.replay.draw", drawn)


@cache
def returns_of(name: str) -> Played:
    """Play what comes back in the heart of a storm, once for all tests that look at it."""
    first, last = HEARTS[name[:3]]
    return play(storms.with_returns(replace(named(name), first=first, last=last)))


def every_order_has(monkeypatch: pytest.MonkeyPatch, backing: Backing) -> None:
    """Let the same stand behind all orders, instead of what chance draws."""
    monkeypatch.setattr("sogdia.simulate.payments.replay.Backing", (backing,))


def calm(first: str = "2021-01-11", last: str = "2021-01-22") -> Replay:
    """Give two weeks in which rupees for yuan hardly move."""
    return replace(next(each for each in storms.CORRIDORS if each.name == "China-Pakistan"), first=first, last=last)
