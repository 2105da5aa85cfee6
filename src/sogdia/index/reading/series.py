"""What was counted by hour or day, as small arrays for plots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec
from sqlalchemy import bindparam, func, select

from sogdia.index.schema import HOURLY, LAG

if TYPE_CHECKING:
    from sqlalchemy import Connection

HOUR, DAY = 3_600, 86_400
BUCKETS_MAX = 400
SUBJECTS_MAX = 100
TOTALS_MAX = 1_000
SPANS = {"hour": HOUR, "day": DAY}
Span = Literal["hour", "day"]

Measure = Literal[
    "envelopes",
    "exits",
    "refusals",
    "events",
    "orders",
    "orders settled",
    "orders cancelled",
    "orders split",
    "refunds",
    "transfers",
    "holds",
    "minted",
    "burned",
    "listings",
]
"""What is counted. The subject of a refusal is its number, of an event its name, of money `currency/issuer`."""


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """Buckets of time from `start` on, each `seconds` long; empty ones are there as 0."""

    start: int
    seconds: int
    count: list[int]
    units: list[int]


_SUM = select(HOURLY.c.hour, HOURLY.c.count, HOURLY.c.units).where(
    HOURLY.c.measure == bindparam("measure"),
    HOURLY.c.subject == bindparam("subject"),
    HOURLY.c.hour >= bindparam("first"),
    HOURLY.c.hour < bindparam("last"),
)
_SUBJECTS = (
    select(HOURLY.c.subject)
    .where(HOURLY.c.measure == bindparam("measure"))
    .group_by(HOURLY.c.subject)
    .order_by(HOURLY.c.subject)
    .limit(SUBJECTS_MAX)
)
_TOTALS = (
    select(HOURLY.c.subject, func.sum(HOURLY.c.count))
    .where(HOURLY.c.measure == bindparam("measure"))
    .group_by(HOURLY.c.subject)
    .order_by(HOURLY.c.subject)
    .limit(TOTALS_MAX)
)
_LAG = select(LAG.c.hour, LAG.c.seconds_max).where(LAG.c.hour >= bindparam("first"), LAG.c.hour < bindparam("last"))


def _buckets(until: int, span: Span, buckets: int) -> tuple[int, int, int]:
    """Give where the buckets begin, how long one is, and how many there are; the last one holds `until`."""
    seconds, number = SPANS[span], max(1, min(buckets, BUCKETS_MAX))
    return until - until % seconds - (number - 1) * seconds, seconds, number


def series(  # noqa: PLR0913 - what is plotted
    connection: Connection, measure: Measure, *, until: int, subject: str = "", span: Span = "hour", buckets: int = 48
) -> Series:
    """Give how many, and how many units, in each of the last buckets up to a moment."""
    start, seconds, number = _buckets(until, span, buckets)
    count, units = [0] * number, [0] * number
    asked = {"measure": measure, "subject": subject, "first": start, "last": start + number * seconds}
    for hour, counted, summed in connection.execute(_SUM, asked):
        at = (hour - start) // seconds
        count[at] += counted
        units[at] += int(summed)
    return Series(start=start, seconds=seconds, count=count, units=units)


def subjects(connection: Connection, measure: Measure) -> list[str]:
    """Give of what there are sums: numbers of refusals, currencies, names of events."""
    return [row[0] for row in connection.execute(_SUBJECTS, {"measure": measure})]


def totals(connection: Connection, measure: Measure) -> list[tuple[str, int]]:
    """Give how many there were since the beginning, by subject."""
    return [(subject, int(count)) for subject, count in connection.execute(_TOTALS, {"measure": measure})]


def lag(connection: Connection, *, until: int, span: Span = "hour", buckets: int = 48) -> Series:
    """Give by how many seconds the index was behind at most, in `units`."""
    start, seconds, number = _buckets(until, span, buckets)
    most = [0] * number
    for hour, behind in connection.execute(_LAG, {"first": start, "last": start + number * seconds}):
        at = (hour - start) // seconds
        most[at] = max(most[at], behind)
    return Series(start=start, seconds=seconds, count=[0] * number, units=most)
