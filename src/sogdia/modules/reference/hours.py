"""When the market of currencies is open: whole seconds on the block's time, nothing but arithmetic.

    open ──Fri 21:00 UTC──▶ closed ──Sun 23:00 UTC──▶ open         as the network's genesis says
    open ──00:00 UTC of a holiday──▶ closed ──24:00──▶ open

A report ages only while the market is open. So what was fresh when it closed is so for as long after it opens again as
it would have been: over a weekend the last rate of Friday stands, and nobody has to report one that nobody trades at.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Annotated

import msgspec
from msgspec import Meta

from sogdia.kernel.parameters import DAY
from sogdia.kernel.values import Seconds

WEEK = 7 * DAY
HOUR = 3_600
HOLIDAYS_MAX = 256
MOMENT_MAX = 2**32 - 1
"""The last moment that the ledger can write down."""

_FIRST_MONDAY = 4 * DAY
"""1970-01-01 was a Thursday."""

_MARCH_1970 = 719_468
"""Days from 0000-03-01 to 1970-01-01, in the calendar of today."""


class Hours(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """From when on the market is closed each week, and for how long; and the days on which it is closed, too."""

    closes: Annotated[int, Meta(ge=0, lt=WEEK)]
    """Seconds after Monday, 00:00 UTC."""
    closed_for: Annotated[int, Meta(ge=0, le=WEEK - HOUR)]
    holidays: Annotated[tuple[Seconds, ...], Meta(max_length=HOLIDAYS_MAX)]
    """Midnights at which they begin, sorted."""


def opening(hours: Hours, moment: int) -> int:
    """Give the first moment from this one on at which the market is open."""
    while True:
        closed_until = max(_end_of_week(hours, moment), _end_of_holiday(hours, moment))
        if closed_until <= moment:
            return moment
        moment = closed_until


def is_open(hours: Hours, moment: int) -> bool:
    """Tell whether the market is open."""
    return opening(hours, moment) == moment


def last_moment(hours: Hours, begin: int, seconds: int) -> int:
    """Give the last moment until which the market has been open for at most so many seconds, from `begin` on."""
    at = opening(hours, begin)
    while True:
        closing = _closing(hours, at)
        if at + seconds < closing:
            return min(at + seconds, MOMENT_MAX)
        seconds -= closing - at
        at = opening(hours, closing)


def midnight_of(date: str) -> int | None:
    """Give the midnight UTC at which a date begins, written 2026-12-25; nothing when there is no such day.

    Years are counted from March, so that the day of a leap year is the last (as in Howard Hinnant's `days_from_civil`).
    """
    year, month, day = (int(part) for part in date.split("-"))
    if not 1 <= month <= 12 or not 1 <= day <= _days_in(year, month):  # noqa: PLR2004 - months of a year
        return None
    years, months = (year, month - 3) if month > 2 else (year - 1, month + 9)  # noqa: PLR2004 - February
    days = 365 * years + years // 4 - years // 100 + years // 400 + (153 * months + 2) // 5 + day - 1
    return (days - _MARCH_1970) * DAY


def _end_of_week(hours: Hours, moment: int) -> int:
    """Give until when the market is closed as every week; a moment that has passed when it is not."""
    since = (moment - _FIRST_MONDAY - hours.closes) % WEEK
    return moment - since + hours.closed_for


def _end_of_holiday(hours: Hours, moment: int) -> int:
    """Give the end of the holiday that began last; 0 when none has."""
    begun = bisect_right(hours.holidays, moment)
    return hours.holidays[begun - 1] + DAY if begun else 0


def _closing(hours: Hours, moment: int) -> int:
    """Give when the market closes next, from a moment on at which it is open."""
    since = (moment - _FIRST_MONDAY - hours.closes) % WEEK
    weekly = moment - since + WEEK
    begun = bisect_right(hours.holidays, moment)
    return min((weekly, *hours.holidays[begun : begun + 1]))


def _days_in(year: int, month: int) -> int:
    if month == 2:  # noqa: PLR2004 - February
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31
