"""The time that blocks get: whole seconds that never go back, from the computer's clock or from a driver.

Deadlines cannot be undone, so a computer's clock is not believed when it jumps: behind the last block the node waits,
and far ahead of it, or against the clock that only counts, a person has to accept it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

BEHIND_SECONDS_MAX = 5
LEAP_SECONDS_MAX = 60
AHEAD_SECONDS_MAX = 30 * 86_400
COMPARE_AGAIN_SECONDS = 600


class ClockRefusedError(Exception):
    """The computer's clock cannot be believed without a person's word."""


class Clock(Protocol):
    """Gives the time of the next block."""

    def read(self, previous: int) -> int | None:
        """Give the next block's time, given that of the `previous` one; nothing when the clock must first catch up."""

    def now(self) -> int:
        """Give the clock's own time, whatever the blocks say."""


class ManualClock:
    """A clock that moves only when its driver says so, for simulations."""

    def __init__(self, start: int) -> None:
        """Stand at `start`."""
        self._now = start

    def read(self, previous: int) -> int | None:
        """Give the time at which the driver has put the clock."""
        return max(self._now, previous)

    def now(self) -> int:
        """Give the time at which the driver has put the clock."""
        return self._now

    def advance(self, to: int) -> None:
        """Put the clock forward."""
        if to < self._now:
            raise ValueError(f"the clock stands at {self._now} and cannot go back to {to}")
        self._now = to


class WallClock:
    """The computer's clock, compared with the one that only counts."""

    def __init__(
        self,
        *,
        previous: int,
        accepted: bool = False,
        wall: Callable[[], float] = time.time,
        counter: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin after a block of time `previous`; `accepted` says that a person has looked at the clock."""
        self._wall = wall
        self._counter = counter
        now = wall()
        self._seen = (now, counter())
        if previous and now - previous > AHEAD_SECONDS_MAX and not accepted:
            raise ClockRefusedError(
                f"the computer's clock is {int(now) - previous} s past the last block, more than 30 days. Deadlines"
                " that have passed cannot be taken back. If the clock is right, start again with --accept-clock."
            )

    def now(self) -> int:
        """Give the computer's time, or refuse it when it has leapt."""
        now, count = self._wall(), self._counter()
        seen_now, seen_count = self._seen
        leap = (now - seen_now) - (count - seen_count)
        if abs(leap) > LEAP_SECONDS_MAX:
            raise ClockRefusedError(
                f"the computer's clock has leapt by {int(leap)} s while the node was running. Set it right and start"
                " the node again; if it is right now, start it with --accept-clock."
            )
        if count - seen_count > COMPARE_AGAIN_SECONDS:
            # Clocks drift apart slowly; only a leap counts.
            self._seen = (now, count)
        return int(now)

    def read(self, previous: int) -> int | None:
        """Give the next block's time; nothing while the clock is more than 5 s behind the last block."""
        now = self.now()
        return None if now < previous - BEHIND_SECONDS_MAX else max(now, previous)
