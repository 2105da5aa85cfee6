"""The kill harness proves itself on a small store: killed anywhere, it loses nothing and holds no half batch."""

import json
from pathlib import Path

import pytest

from tests.faults.commands import run
from tests.faults.kill.harness import (
    Check,
    MarkedPoint,
    Moment,
    NotKilledError,
    complaints_after_kills,
    kill_at,
    moments,
)
from tests.faults.workers import ADDITIONS, BATCHES

QUICK_KILLS = 8
FULL_KILLS = 200
# More batches than any program here lives for.
ENDLESS = "1000000"


def check_of(folder: Path) -> Check:
    """A check that opens the store again and compares it with the last batch acknowledged, in this life or before."""
    promised = 0

    def check(acknowledged: tuple[str, ...]) -> str | None:
        nonlocal promised
        promised = max([promised, *map(int, acknowledged)])
        ended = run([*BATCHES, "read", str(folder)], ADDITIONS, folder.parent / "errors")
        if ended.status != 0:
            return f"the store doesn't open or holds half a batch: {ended.lines} {ended.errors}"
        last = int(json.loads(ended.lines[0])["last"])
        if last not in {promised, promised + 1}:
            return f"{promised} promised, {last} there"
        promised = last
        return None

    return check


def test_nothing_acknowledged_is_lost_by_kills_at_random_moments(tmp_path, rotation, full_run):
    folder = tmp_path / "store"
    points = moments(FULL_KILLS if full_run else QUICK_KILLS, lines_max=12, microseconds_max=3000, seed=rotation)

    complaints = complaints_after_kills(
        points, [*BATCHES, "write", str(folder), ENDLESS], ADDITIONS, tmp_path / "errors", check_of(folder)
    )

    assert complaints == []


@pytest.mark.parametrize(("mark", "last"), [("batch_filled", 2), ("batch_committed", 3)])
def test_a_kill_at_a_mark_comes_at_that_passage(tmp_path, mark, last):
    folder = tmp_path / "store"
    argv = [*BATCHES, "write", str(folder), "10"]

    ended = kill_at(MarkedPoint(mark, 3), argv, ADDITIONS, tmp_path / "errors")

    assert ended.lines == ("1", "2")
    seen = run([*BATCHES, "read", str(folder)], ADDITIONS, tmp_path / "errors")
    assert json.loads(seen.lines[0]) == {"last": last, "whole": True}


def test_a_mark_that_is_never_passed_is_an_error_of_the_test(tmp_path):
    argv = [*BATCHES, "write", str(tmp_path / "store"), "2"]

    with pytest.raises(NotKilledError, match="mark batch_forgotten"):
        kill_at(MarkedPoint("batch_forgotten"), argv, ADDITIONS, tmp_path / "errors")


@pytest.mark.parametrize("text", ["batch_filled", "batch_filled:0", "batch_filled:-1", ":3", "batch_filled:many"])
def test_an_unreadable_mark_stops_the_program_at_its_start(tmp_path, text):
    argv = [*BATCHES, "write", str(tmp_path / "store"), "1"]

    ended = run(argv, {**ADDITIONS, "SOGDIA_MARK": text}, tmp_path / "errors")

    assert ended.status == 1
    assert "write a mark and a count from 1" in ended.errors


def test_the_check_notices_acknowledgements_before_the_commit(tmp_path):
    folder = tmp_path / "store"
    argv = [*BATCHES, "write", str(folder), ENDLESS, "--acknowledge", "early"]

    complaints = complaints_after_kills(
        [MarkedPoint("batch_filled", 4)], argv, ADDITIONS, tmp_path / "errors", check_of(folder)
    )

    assert complaints == ["mark batch_filled, passed 4 times: 4 promised, 3 there"]


def test_the_same_seed_gives_the_same_moments():
    assert moments(50, 9, 1000, seed=7) == moments(50, 9, 1000, seed=7)
    assert moments(50, 9, 1000, seed=7) != moments(50, 9, 1000, seed=8)
    assert all(moment.lines <= 9 and moment.microseconds <= 1000 for moment in moments(50, 9, 1000, seed=7))


def test_a_program_that_ended_before_the_moment_was_not_killed(tmp_path):
    argv = [*BATCHES, "write", str(tmp_path / "store"), "1"]

    with pytest.raises(NotKilledError, match="status 0"):
        kill_at(Moment(lines=2, microseconds=200_000), argv, ADDITIONS, tmp_path / "errors")
