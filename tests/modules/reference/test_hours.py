"""Market hours against the calendar of Python: when it is open, and how long what was reported stays fresh."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from sogdia.kernel.parameters import DAY
from sogdia.modules.reference.hours import HOUR, WEEK, Hours, is_open, last_moment, midnight_of, opening

FRIDAY, SUNDAY = 4, 6
CHRISTMAS = "2026-12-25"
HOLIDAYS = ("2026-12-25", "2026-12-26", "2026-12-28", "2027-01-01")
BEGIN = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp())


def moment(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def midnight(text: str) -> int:
    found = midnight_of(text)
    assert found is not None
    return found


USUAL = Hours(closes=4 * DAY + 21 * HOUR, closed_for=50 * HOUR, holidays=tuple(map(midnight, HOLIDAYS)))


def is_open_by_the_calendar(at: int) -> bool:
    """Look at a calendar whether the usual market is open."""
    now = datetime.fromtimestamp(at, UTC)
    weekday, hour = now.weekday(), now.hour
    weekend = (weekday == FRIDAY and hour >= 21) or FRIDAY < weekday < SUNDAY or (weekday == SUNDAY and hour < 23)
    return not weekend and now.date().isoformat() not in HOLIDAYS


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2026-11-27T20:59:59", True),
        ("2026-11-27T21:00:00", False),
        ("2026-11-29T22:59:59", False),
        ("2026-11-29T23:00:00", True),
        ("2026-12-24T23:59:59", True),
        ("2026-12-25T00:00:00", False),
        ("2026-12-27T23:00:00", True),
        ("2026-12-28T00:00:00", False),
        ("2026-12-29T00:00:00", True),
        ("2027-01-01T00:00:00", False),
        ("2027-01-02T00:00:00", False),
    ],
)
def test_the_market_closes_and_opens_to_the_second(text, wanted):
    assert is_open(USUAL, moment(text)) == wanted


def test_every_hour_of_two_years_is_that_of_the_calendar():
    moments = [BEGIN + hour * HOUR + beside for hour in range(-9_000, 9_000) for beside in (-1, 0, 1)]

    assert [at for at in moments if is_open(USUAL, at) != is_open_by_the_calendar(at)] == []


def test_after_christmas_it_opens_for_an_hour_before_the_next_holiday():
    assert opening(USUAL, moment("2026-12-25T12:00:00")) == moment("2026-12-27T23:00:00")
    assert opening(USUAL, moment("2026-12-28T00:00:00")) == moment("2026-12-29T00:00:00")
    assert opening(USUAL, moment("2026-12-29T00:00:00")) == moment("2026-12-29T00:00:00")


@pytest.mark.parametrize(
    ("begin", "seconds", "last"),
    [
        ("2026-11-24T12:00:00", HOUR, "2026-11-24T13:00:00"),
        ("2026-11-27T20:59:59", HOUR, "2026-11-29T23:59:59"),
        ("2026-11-27T20:00:00", HOUR, "2026-11-29T23:00:00"),
        ("2026-11-27T20:00:00", HOUR - 1, "2026-11-27T20:59:59"),
        ("2026-11-28T12:00:00", HOUR, "2026-11-30T00:00:00"),
        ("2026-12-24T23:00:00", 2 * HOUR, "2026-12-29T00:00:00"),
        ("2026-12-24T23:00:00", 2 * HOUR + 1, "2026-12-29T00:00:01"),
    ],
)
def test_age_counts_only_while_the_market_is_open(begin, seconds, last):
    assert last_moment(USUAL, moment(begin), seconds) == moment(last)


@given(some.integers(0, 80 * 24), some.integers(0, 100))
def test_so_many_hours_are_open_until_the_last_moment_and_not_one_second_more(begin, hours):
    start = BEGIN + begin * HOUR
    last = last_moment(USUAL, start, hours * HOUR)

    def open_hours(until: int) -> int:
        return sum(is_open_by_the_calendar(at) for at in range(start, until, HOUR))

    assert last % HOUR == 0
    assert open_hours(last) == hours
    assert is_open_by_the_calendar(last)


@given(some.integers(0, 2**31), some.integers(0, 40 * DAY))
def test_a_market_that_never_closes_ages_by_the_clock(begin, seconds):
    always = Hours(closes=0, closed_for=0, holidays=())

    assert is_open(always, begin)
    assert last_moment(always, begin, seconds) == begin + seconds


def test_a_closure_may_go_beyond_the_end_of_the_week():
    hours = Hours(closes=WEEK - HOUR, closed_for=2 * HOUR, holidays=())

    shown = [is_open(hours, moment(f"2026-11-{day}:00:00")) for day in ("29T22", "29T23", "30T00", "30T01")]

    assert shown == [True, False, False, True]


def test_every_day_of_the_ledgers_time_begins_when_the_calendar_says():
    first = date(1970, 1, 1)

    for number in range(2**32 // DAY + 1):
        assert midnight_of((first + timedelta(days=number)).isoformat()) == number * DAY


@pytest.mark.parametrize(
    "text",
    ["2026-00-01", "2026-13-01", "2026-01-00", "2026-01-32", "2026-04-31", "2026-02-29", "2100-02-29", "2028-02-30"],
)
def test_what_is_no_day_has_no_midnight(text):
    assert midnight_of(text) is None
