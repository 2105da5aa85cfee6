"""The clock: never back, waiting when behind, and asking a person before it believes a jump."""

import pytest

from sogdia.engine.solo.clock import ClockRefusedError, ManualClock, WallClock

DAY = 86_400
LAST_BLOCK = 1_750_000_000


class Hands:
    """Two clocks that a test sets: the one that tells the time and the one that only counts."""

    def __init__(self, wall: float) -> None:
        """Begin at a time."""
        self.wall = wall
        self.counter = 100.0

    def pass_by(self, seconds: float) -> None:
        """Let time pass by both."""
        self.wall += seconds
        self.counter += seconds


def wall_clock(hands, *, previous=LAST_BLOCK, accepted=False):
    return WallClock(previous=previous, accepted=accepted, wall=lambda: hands.wall, counter=lambda: hands.counter)


def test_a_block_gets_the_whole_second_of_the_clock():
    hands = Hands(LAST_BLOCK + 7.9)

    assert wall_clock(hands).read(LAST_BLOCK) == LAST_BLOCK + 7


@pytest.mark.parametrize("behind", [1, 5])
def test_a_clock_a_little_behind_repeats_the_last_time(behind):
    hands = Hands(LAST_BLOCK - behind)

    assert wall_clock(hands).read(LAST_BLOCK) == LAST_BLOCK


def test_a_clock_six_seconds_behind_has_to_catch_up():
    hands = Hands(LAST_BLOCK - 6)
    clock = wall_clock(hands)

    before = clock.read(LAST_BLOCK)
    hands.pass_by(1)

    assert before is None
    assert clock.read(LAST_BLOCK) == LAST_BLOCK


def test_thirty_days_past_the_last_block_are_believed_and_a_second_more_is_not():
    wall_clock(Hands(LAST_BLOCK + 30 * DAY))

    with pytest.raises(ClockRefusedError, match="--accept-clock"):
        wall_clock(Hands(LAST_BLOCK + 30 * DAY + 1))


def test_a_person_may_accept_any_clock_at_the_start():
    hands = Hands(LAST_BLOCK + 300 * DAY)

    assert wall_clock(hands, accepted=True).read(LAST_BLOCK) == LAST_BLOCK + 300 * DAY


def test_a_ledger_without_blocks_believes_the_clock():
    hands = Hands(LAST_BLOCK + 300 * DAY)

    assert wall_clock(hands, previous=0).read(LAST_BLOCK) == LAST_BLOCK + 300 * DAY


@pytest.mark.parametrize("leap", [61, -61])
def test_a_leap_of_more_than_a_minute_while_running_stops_the_node(leap):
    hands = Hands(LAST_BLOCK)
    clock = wall_clock(hands)
    hands.pass_by(10)
    clock.read(LAST_BLOCK)

    hands.wall += leap

    with pytest.raises(ClockRefusedError, match="leapt"):
        clock.read(LAST_BLOCK)


def test_a_leap_of_a_minute_is_let_pass():
    hands = Hands(LAST_BLOCK)
    clock = wall_clock(hands)

    hands.wall += 60

    assert clock.read(LAST_BLOCK) == LAST_BLOCK + 60


def test_clocks_that_drift_apart_slowly_do_not_stop_the_node():
    hands = Hands(LAST_BLOCK)
    clock = wall_clock(hands)

    for _hour in range(1_000):
        hands.pass_by(3_600)
        hands.wall += 1
        clock.read(LAST_BLOCK)

    assert clock.now() == LAST_BLOCK + 1_000 * 3_601


def test_a_manual_clock_moves_only_when_told_and_never_back():
    clock = ManualClock(LAST_BLOCK)

    clock.advance(LAST_BLOCK + 5)

    assert clock.read(LAST_BLOCK) == LAST_BLOCK + 5
    with pytest.raises(ValueError, match="cannot go back"):
        clock.advance(LAST_BLOCK + 4)
