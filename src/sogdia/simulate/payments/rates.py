"""Daily rates from files: every decimal becomes an exact fraction, and what is not in order is refused by its line.

date,base,quote,rate
2023-01-25,CNY,PKR,34.028004        one yuan cost 34.028004 rupees on that day
"""

from __future__ import annotations

import csv
from bisect import bisect_right
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING

from sogdia.modules.money.iso4217 import MINOR_DIGITS
from sogdia.simulate.online_retail.lines import InputRefused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

HEADER = ["date", "base", "quote", "rate"]
BYTES_MAX = 64 * 2**20
DIGITS_MAX = 18
GAP_DAYS_MAX = 15
"""Markets close for a week or more over feasts; a longer hole is a missing page, and no dealer could have quoted."""

MILLION = 1_000_000
WAY_OUT = "Correct the file; its columns are date, base, quote, rate."

Pair = tuple[str, str]


class _Wrong(Exception):  # noqa: N818 - private to this file: carries a reason out of a field
    """A line breaks a rule of the format."""


@dataclass(frozen=True, slots=True)
class Series:
    """What one unit of `base` cost in `quote`, day by day. Days are ordinals (`date.toordinal`), rates exact."""

    base: str
    quote: str
    days: tuple[int, ...]
    rates: tuple[Fraction, ...]
    source: str

    def on(self, day: int) -> Fraction | None:
        """Give the rate of a day, or nothing when none was published."""
        at = bisect_right(self.days, day)
        return self.rates[at - 1] if at and self.days[at - 1] == day else None

    def known(self, day: int) -> Fraction:
        """Give the last rate that was published up to a day; there has to be one."""
        return self.rates[bisect_right(self.days, day) - 1]

    def moves(self, day: int, most: int) -> list[int]:
        """Give the last daily moves up to a day, in millionths, rounded down: nothing that a later day would tell."""
        end = bisect_right(self.days, day)
        rates = self.rates[max(0, end - most - 1) : end]
        return [_millionths(rates[at] - rates[at - 1], rates[at - 1]) for at in range(1, len(rates))]

    def turned(self) -> Series:
        """Give the same rates the other way round, as exact as they were."""
        return Series(self.quote, self.base, self.days, tuple(1 / rate for rate in self.rates), self.source)

    def between(self, first: int, last: int) -> tuple[int, ...]:
        """Give the days with a rate from one day to another, both included."""
        return tuple(day for day in self.days if first <= day <= last)

    def worst_move(self, first: int, last: int, days: int) -> Fraction:
        """Give the largest change within so many days, as a share, of a rate between two days."""
        worst = Fraction(0)
        for day in self.between(first, last):
            at = self.known(day)
            for later in self.between(day + 1, min(day + days, last)):
                move = self.known(later) / at - 1
                worst = max(worst, move, key=abs)
        return worst


def read_rates(path: Path) -> dict[Pair, Series]:
    """Read a file of daily rates; raises `InputRefused` with the line and the reason."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputRefused(str(path), f"cannot be read ({error.strerror})", "Name a file that can be read.") from error
    return parse_rates(raw, path.name)


def parse_rates(raw: bytes, name: str) -> dict[Pair, Series]:
    """Read the bytes of a file of daily rates."""
    if len(raw) > BYTES_MAX:
        raise InputRefused(name, f"has more than {BYTES_MAX:,} bytes", "Give fewer days or fewer currencies.")
    if raw.startswith(b"\xef\xbb\xbf"):
        raise InputRefused(f"{name}, line 1", "begins with a byte order mark", "Save it as UTF-8 without one.")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise InputRefused(f"{name}, line {line}", "is not UTF-8", "Save it as UTF-8.") from error
    days: dict[Pair, list[int]] = {}
    rates: dict[Pair, list[Fraction]] = {}
    for line, row in _rows(text, name):
        try:
            day, pair, rate = _entry(row)
            _require_next(days.get(pair, []), day, pair)
        except _Wrong as wrong:
            raise InputRefused(f"{name}, line {line}", str(wrong), WAY_OUT) from wrong
        days.setdefault(pair, []).append(day)
        rates.setdefault(pair, []).append(rate)
    if not days:
        raise InputRefused(name, "holds no rates", WAY_OUT)
    return {pair: Series(*pair, tuple(days[pair]), tuple(rates[pair]), name) for pair in sorted(days)}


def decimal(text: str) -> Fraction:
    """Read a positive decimal as what it says, to the last digit; raises `ValueError` with the reason."""
    whole, point, part = text.partition(".")
    digits = whole + part
    if text.startswith("-"):
        raise ValueError(f"the rate {text} is negative")
    if not (digits.isascii() and digits.isdigit() and whole) or (point and not part):
        raise ValueError(f"the rate {text!r} is not a decimal number such as 34.028004")
    if len(digits) > DIGITS_MAX:
        raise ValueError(f"the rate {text[:40]} has more than {DIGITS_MAX} digits")
    if not int(digits):
        raise ValueError("the rate is zero")
    return Fraction(int(digits), 10 ** len(part))


def _rows(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    lines: Iterable[str] = text.splitlines()
    reader = csv.reader(lines, strict=True)
    try:
        header = next(reader, [])
        if header != HEADER:
            semicolons = any(";" in cell for cell in header)
            reason = "is separated by semicolons" if semicolons else "is not the header date,base,quote,rate"
            raise InputRefused(f"{name}, line 1", reason, WAY_OUT)
        for row in reader:
            yield reader.line_num, row
    except csv.Error as error:
        raise InputRefused(f"{name}, line {reader.line_num}", f"is no CSV ({error})", WAY_OUT) from error


def _entry(row: list[str]) -> tuple[int, Pair, Fraction]:
    if len(row) != len(HEADER):
        raise _Wrong(f"has {len(row)} fields instead of 4")
    moment, base, quote, rate = row
    try:
        day = date.fromisoformat(moment)
    except ValueError as error:
        raise _Wrong(f"the date {moment!r} is not a day such as 2023-01-25") from error
    if day.isoformat() != moment:
        raise _Wrong(f"the date {moment!r} is not written as in 2023-01-25")
    for code in (base, quote):
        if code not in MINOR_DIGITS:
            raise _Wrong(f"the currency {code!r} is unknown to ISO 4217")
    if base == quote:
        raise _Wrong(f"{base} is quoted in itself")
    try:
        return day.toordinal(), (base, quote), decimal(rate)
    except ValueError as error:
        raise _Wrong(str(error)) from error


def _require_next(before: list[int], day: int, pair: Pair) -> None:
    if not before:
        return
    last = date.fromordinal(before[-1]).isoformat()
    if day == before[-1]:
        raise _Wrong(f"{pair[0]} to {pair[1]} stands there twice for {last}")
    if day < before[-1]:
        raise _Wrong(f"{pair[0]} to {pair[1]} goes back in time: the line before it is of {last}")
    if day - before[-1] > GAP_DAYS_MAX:
        raise _Wrong(
            f"{pair[0]} to {pair[1]} lacks the {day - before[-1] - 1} days since {last}; at most {GAP_DAYS_MAX - 1} may"
        )


def _millionths(part: Fraction, whole: Fraction) -> int:
    return part.numerator * whole.denominator * MILLION // (part.denominator * whole.numerator)
