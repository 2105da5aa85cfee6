"""Random life whose blocks are read as books: everything that happened, with the payments in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sogdia.rails.payments import Payment, Payments
from tests.network.random_life import RandomLife
from tests.properties import random_trade
from tests.rails.watched import WatchedLedger

if TYPE_CHECKING:
    import pytest

    from sogdia.kernel.receipt import Receipt
    from sogdia.kernel.refusal import Refused


class PayingLedger(WatchedLedger):
    """A ledger that is read for its payments, too."""

    def __init__(self, *args: Any, **how: Any) -> None:  # noqa: ANN401 - as a ledger takes them
        """Begin without payments."""
        super().__init__(*args, **how)
        self._reader = Payments(self.book.fold)
        self.payments: list[Payment] = []

    def block(self, *signed: Any, at: int | None = None) -> list[Receipt | Refused]:  # noqa: ANN401 - as a ledger
        """Make a block and read its payments."""
        before = len(self.told)
        answers = super().block(*signed, at=at)
        for told in self.told[before:]:
            self.payments += self._reader.of(told)
        return answers


def walk(seed: int, steps: int, monkeypatch: pytest.MonkeyPatch) -> PayingLedger:
    """Walk for some steps; gives the ledger."""
    monkeypatch.setattr(random_trade, "Ledger", PayingLedger)
    life = RandomLife(seed)
    for _ in range(steps):
        life.step()
    assert isinstance(life.ledger, PayingLedger)
    return life.ledger
