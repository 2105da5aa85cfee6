"""Limits on how often somebody may ask, and on what the API remembers of them."""

from __future__ import annotations

import time

import pytest

from sogdia.api import edge, readers
from sogdia.api.edge import Rates
from sogdia.api.problems import Problem
from sogdia.api.readers import Seen


def test_a_bucket_empties_and_fills_again():
    rates = Rates(a_second=10, at_once=3)

    waits = [rates.wait_for("address 192.0.2.1", 100.0) for _request in range(4)]

    assert waits[:3] == [0.0, 0.0, 0.0]
    assert waits[3] == pytest.approx(0.1)
    assert rates.wait_for("address 192.0.2.2", 100.0) == 0
    assert rates.wait_for("address 192.0.2.1", 100.09) > 0
    assert rates.wait_for("address 192.0.2.1", 100.21) == 0


def test_no_more_buckets_are_kept_than_may_be(monkeypatch):
    monkeypatch.setattr(edge, "BUCKETS_MAX", 10)
    rates = Rates(a_second=1, at_once=1)

    for number in range(100):
        rates.wait_for(f"address {number}", 100.0)

    assert len(rates._buckets) == 10


def test_what_was_seen_is_remembered_as_long_as_it_could_be_used(monkeypatch):
    monkeypatch.setattr(readers, "SEEN_MAX", 2)
    seen = Seen()

    assert seen.first_time(b"one", time.time() + 60)
    assert not seen.first_time(b"one", time.time() + 60)
    assert seen.first_time(b"two", time.time() + 60)
    with pytest.raises(Problem, match="Too many"):
        seen.first_time(b"three", time.time() + 60)


def test_what_could_not_be_used_any_more_is_forgotten(monkeypatch):
    seen = Seen()
    assert seen.first_time(b"one", time.time() + 1)

    monkeypatch.setattr(time, "time", lambda: 2**33)

    assert seen.first_time(b"two", 2**33 + 1)
    assert len(seen._until) == 1
