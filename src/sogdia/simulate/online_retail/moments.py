"""Moments as the files write them: text such as `2010-12-01 08:26:00`, taken as UTC, and whole seconds since 1970."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

YEAR_MIN = 1970
YEAR_MAX = 2100
"""Ledger time is seconds since 1970 and ends in 2106; the rest is room for return windows."""

_MOMENT = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2}) ([0-9]{2}):([0-9]{2}):([0-9]{2})", re.ASCII)
_START = datetime(YEAR_MIN, 1, 1, tzinfo=UTC)


def moment_from_text(text: str) -> int:
    """Read a date and time; a `ValueError` says what is wrong with it."""
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise ValueError("not written as YYYY-MM-DD HH:MM:SS")
    year, month, day, hour, minute, second = (int(part) for part in found.groups())
    if not YEAR_MIN <= year <= YEAR_MAX:
        raise ValueError(f"not in the years {YEAR_MIN} to {YEAR_MAX}")
    try:
        since_start = datetime(year, month, day, hour, minute, second, tzinfo=UTC) - _START
    except ValueError as error:
        raise ValueError(f"no calendar or clock has it ({error})") from error
    return since_start.days * 86_400 + since_start.seconds


def moment_as_text(seconds: int) -> str:
    """Write a moment as the files do."""
    return (_START + timedelta(seconds=seconds)).strftime("%Y-%m-%d %H:%M:%S")


def day_of(seconds: int) -> str:
    """Give the day, in UTC, on which a moment falls."""
    return moment_as_text(seconds)[:10]
