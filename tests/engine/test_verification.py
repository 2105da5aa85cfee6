"""Verdicts on signatures that are checked ahead: used once they are there, and not kept."""

from __future__ import annotations

from sogdia.engine.solo.checks import check_of
from sogdia.engine.solo.verification import CheckedAhead


def test_a_verdict_is_used_once_it_is_there_and_not_kept_after_its_envelope(monkeypatch):
    on_the_spot: list[bytes] = []
    monkeypatch.setattr("sogdia.engine.solo.verification.holds", on_the_spot.append)
    parts = (bytes(32), bytes(32), bytes(64))
    checked, check = CheckedAhead(), check_of(1, *parts)

    checked.expect([check])
    checked(1, *parts)
    assert len(on_the_spot) == 1
    checked.take_arrived = lambda: checked.enter([check], b"\x01")
    assert checked(1, *parts)
    assert len(on_the_spot) == 1
    checked.forget(check)
    checked.enter([check], b"\x01")
    checked(1, *parts)
    assert len(on_the_spot) == 2
