"""Asking what does not answer at once, such as a database or a store: in a few threads, so that nobody else waits."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from sogdia.api.problems import Problem, numbered

if TYPE_CHECKING:
    from collections.abc import Callable

    from sogdia.api.faults import DoorRefusal

WAITING_MAX = 64
"""Questions that may wait for a thread; who comes then is asked to come again."""

T = TypeVar("T")


class Threads:
    """A few threads for one thing that is asked."""

    def __init__(self, name: str, count: int, away: DoorRefusal) -> None:
        """Start none before the first question; `away` is said when too many wait."""
        self._pool = ThreadPoolExecutor(count, name)
        self._under_way = 0
        self._away = away

    async def run(self, work: Callable[[], T]) -> T:
        """Do something that may take a while."""
        if self._under_way >= WAITING_MAX:
            raise busy(self._away)
        self._under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._under_way -= 1

    def close(self) -> None:
        """Take nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def busy(code: DoorRefusal) -> Problem:
    """Say that it may go better in a moment."""
    return numbered(503, code, headers={"retry-after": "5"})
