"""Sudden ends: a program is killed at a random moment or at a mark of the product, and what it said must still hold.

The program acknowledges by whole lines on its standard output. `complaints_after_kills` starts it again and again on
the same data: each start is the restart after the kill before.
"""

import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sogdia.engine import marks
from tests.faults.commands import SECONDS_MAX, Ended, Running

KILLED = -9

# Given the lines that a killed program had written; says what is wrong after a restart, or nothing.
Check = Callable[[tuple[str, ...]], str | None]


class NotKilledError(Exception):
    """The program ended by itself: the mark wasn't passed so often, or the moment came too late."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When to kill: so many microseconds after so many lines."""

    lines: int
    microseconds: int

    def __str__(self) -> str:
        """The moment in words."""
        return f"{self.microseconds} µs after {self.lines} lines"


@dataclass(frozen=True, slots=True)
class MarkedPoint:
    """Where to kill: when the product passes the mark `name` for the `count`-th time."""

    name: str
    count: int = 1

    def __str__(self) -> str:
        """The point in words."""
        return f"mark {self.name}, passed {self.count} times"

    def environment(self) -> dict[str, str]:
        """What arms the mark in a program that is started by other means."""
        return {marks.VARIABLE: f"{self.name}:{self.count}"}


def moments(count: int, lines_max: int, microseconds_max: int, seed: int) -> list[Moment]:
    """Random moments: after nought to `lines_max` lines, and up to `microseconds_max` later.

    That should be about the time between two lines, so that the moments fall anywhere in the work behind one.
    """
    drawn = random.Random(seed)
    return [Moment(drawn.randint(0, lines_max), drawn.randint(0, microseconds_max)) for _ in range(count)]


def marked_points(counts: Iterable[int] = (1,)) -> list[MarkedPoint]:
    """Every mark of the product, at each of the given counts."""
    return [MarkedPoint(name, count) for name in marks.NAMES for count in counts]


def kill_at(
    point: Moment | MarkedPoint,
    argv: Sequence[str],
    additions: Mapping[str, str],
    errors: Path,
    seconds_max: float = SECONDS_MAX,
) -> Ended:
    """Run a program until it is killed at `point`; its lines are what it had acknowledged."""
    if isinstance(point, MarkedPoint):
        ended = Running(argv, {**additions, **point.environment()}, errors).end(seconds_max)
    else:
        running = Running(argv, additions, errors)
        running.wait_for_lines(point.lines, seconds_max)
        time.sleep(point.microseconds / 1_000_000)
        running.kill()
        ended = running.end(seconds_max)
    if ended.status != KILLED or ended.out_of_time:
        raise NotKilledError(f"{point}: the program ended with status {ended.status}. {ended.errors}")
    return ended


def complaints_after_kills(
    points: Iterable[Moment | MarkedPoint],
    argv: Sequence[str],
    additions: Mapping[str, str],
    errors: Path,
    check: Check,
) -> list[str]:
    """Kill at each point in turn, on data that lives through all of them, and collect what `check` finds wrong."""
    complaints = []
    for point in points:
        ended = kill_at(point, argv, additions, errors)
        words = check(ended.lines)
        if words is not None:
            complaints.append(f"{point}: {words}")
    return complaints
