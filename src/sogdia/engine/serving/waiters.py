"""Answers that wait until the height that they come from is durable."""

from __future__ import annotations

from bisect import insort
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from sogdia.engine.ledger.ledger import Ledger


class Waiters:
    """Who waits for which height; they are called in the order of heights, and of their coming."""

    def __init__(self, ledger: Ledger) -> None:
        """Wait for blocks of `ledger`."""
        self._ledger = ledger
        self._waiting: list[tuple[int, int, Callable[[], None]]] = []
        self._so_far = 0

    def __len__(self) -> int:
        """Give how many wait."""
        return len(self._waiting)

    def add(self, height: int, then: Callable[[], None]) -> None:
        """Call `then` once `height` is durable: at once, or later."""
        if height <= self._ledger.writer.durable_height:
            then()
            return
        self._so_far += 1
        insort(self._waiting, (height, self._so_far, then))

    def look(self) -> None:
        """Call those whose height is durable now."""
        while self._waiting and self._waiting[0][0] <= self._ledger.writer.durable_height:
            self._waiting.pop(0)[2]()
