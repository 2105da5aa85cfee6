"""Movements: added up from the first block on they are the ledger's balances, whatever is done."""

from __future__ import annotations

from random import Random

import pytest

from sogdia.client.declared import events
from sogdia.modules.exchange.events import MoneySwapped
from sogdia.modules.market.events import LinesRefunded, OrderClosed
from sogdia.modules.money.events import HoldEnded
from sogdia.rails.movements import MOVES, MOVES_NOTHING, WITHOUT_MONEY, Fold, UnknownFactError
from tests.network.random_life import RandomLife
from tests.properties import random_trade
from tests.rails.watched import WatchedLedger

STEPS = 400


def watched(life: RandomLife) -> WatchedLedger:
    """The walk's ledger, whose blocks are read."""
    assert isinstance(life.ledger, WatchedLedger)
    return life.ledger


def agree(life: RandomLife, steps: int) -> None:
    """Walk, and look after every step that the books give what the ledger has."""
    for _ in range(steps):
        life.step()
        watched(life).agrees()


@pytest.mark.parametrize("walk", range(3))
def test_whatever_happens_movements_add_up_to_the_balances(walk, rotation, monkeypatch):
    monkeypatch.setattr(random_trade, "Ledger", WatchedLedger)
    life = RandomLife(Random(f"{rotation} {walk}").randrange(2**32))

    agree(life, STEPS)

    assert any(each.legs for each in watched(life).told)


def test_every_fact_is_known_to_move_money_or_not():
    unknown = [
        name
        for name, fact in events().items()
        if fact not in MOVES and fact not in MOVES_NOTHING and not fact.__module__.startswith(WITHOUT_MONEY)
    ]

    assert unknown == [], "enter them in rails/movements.py"


def test_a_fact_that_is_not_known_stops_the_books():
    class Novelty(HoldEnded, tag=399):
        """A fact of a later release."""

    Novelty.__module__ = "sogdia.modules.money.events"
    with pytest.raises(UnknownFactError, match="Novelty"):
        Fold().take(Novelty(hold=b"a" * 21, captured=1, returned=0))


@pytest.mark.parametrize("forgotten", [MoneySwapped, LinesRefunded, OrderClosed, HoldEnded])
def test_a_movement_that_is_left_out_is_seen(forgotten, monkeypatch):
    """Break it on purpose: without one of its lines the list does not add up any more."""
    monkeypatch.setattr(random_trade, "Ledger", WatchedLedger)
    monkeypatch.setitem(MOVES, forgotten, lambda _fold, _fact: iter(()))
    life = RandomLife(7)

    with pytest.raises(AssertionError):
        agree(life, 20 * STEPS)
