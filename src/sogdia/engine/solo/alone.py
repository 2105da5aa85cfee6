"""A node that orders its blocks itself, put together: its clock, what makes its blocks, what serves them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.engine.serving.service import Service
from sogdia.engine.serving.verification import second_core
from sogdia.engine.solo.clock import ManualClock, WallClock
from sogdia.engine.solo.producer import Producer

if TYPE_CHECKING:
    from sogdia.engine.ledger.ledger import Ledger
    from sogdia.engine.solo.clock import Clock


def clock_of(ledger: Ledger, *, accept_clock: bool = False) -> Clock:
    """Give the clock that the genesis asks for."""
    if ledger.genesis.clock == "manual":
        return ManualClock(ledger.tip.time)
    return WallClock(previous=ledger.tip.time if ledger.tip.height else 0, accepted=accept_clock)


def alone(ledger: Ledger, clock: Clock, *, verifier: bool | None = None) -> Service:
    """Make the service of a node that orders its blocks itself.

    Without a word about a `verifier` there is one when there is a second core for it.
    """
    return Service(Producer(ledger, clock, verifier=second_core() if verifier is None else verifier))
