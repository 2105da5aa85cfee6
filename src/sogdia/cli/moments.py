"""Moments and lengths of time as people write them. The ledger counts seconds since 1970-01-01 UTC."""

from __future__ import annotations

import re
from calendar import timegm
from datetime import datetime

from sogdia.cli.exits import usage

MOMENT_MAX = 2**32 - 1
SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
LENGTH_CHARACTERS_MAX = 20

_LENGTH = re.compile(r"(?:[0-9]+[smhdw])+\Z")
_PART = re.compile(r"([0-9]+)([smhdw])")


def read_length(text: str) -> int:
    """Read a length of time: 90, 90s, 15m, 2h, 3d, 1w, or several together such as 1d12h."""
    if re.fullmatch(r"[0-9]{1,10}", text):
        return int(text)
    if not _LENGTH.match(text) or len(text) > LENGTH_CHARACTERS_MAX:
        raise usage(f"{text!r} is no length of time.", "Write seconds, or 90s, 15m, 2h, 3d, 1w, 1d12h.")
    return sum(int(count) * SECONDS[unit] for count, unit in _PART.findall(text))


def read_moment(text: str, now: int | None) -> int:
    """Read a moment: seconds since 1970, a date and time in UTC, or +3d from the network's time `now`."""
    if text.startswith("+"):
        if now is None:
            raise usage(
                f"{text!r} counts from the network's time, which is not known here.",
                "Work with a node (--node DIR), or write the moment itself, like 2026-11-22T10:00:00Z.",
            )
        return _within(text, now + read_length(text[1:]))
    if re.fullmatch(r"[0-9]{1,11}", text):
        return _within(text, int(text))
    try:
        moment = datetime.fromisoformat(text)
        seconds = timegm(moment.utctimetuple())  # without a zone it is taken as UTC
    except (ValueError, OverflowError) as error:
        raise usage(
            f"{text!r} is no moment.", "Write 2026-11-22T10:00:00Z, seconds since 1970, or +3d from now."
        ) from error
    return _within(text, seconds)


def _within(text: str, moment: int) -> int:
    if not 0 <= moment <= MOMENT_MAX:
        raise usage(f"{text!r} lies outside what the ledger can write down.", "Moments run from 1970 to 2106.")
    return moment
