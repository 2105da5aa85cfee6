"""Processes that end suddenly or stand still: at the engine's own marked places, around each of its calls, and away."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any

import pytest

from sogdia.engine import marks
from tests.faults.network.hurting import RETURN_SECONDS
from tests.network.running import FOUR, Load
from tests.rotation import full, seed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from tests.faults.network.hurting import HurtNetwork

ENGINE_PLACES = range(18)
"""Each block of a validator passes eleven: after each own vote, and nine between a decision and the next height."""

IN_EVERY_BLOCK = ("check_tx", "prepare_proposal", "process_proposal", "finalize_block", "commit")
CALLS = [f"{side}-call-{name}" for name in IN_EVERY_BLOCK for side in ("before", "after")]
AT_THE_START = [f"{side}-call-{name}" for name in ("info", "init_chain") for side in ("before", "after")]
COUNTS = (1, 4)
PARTS = (("application",), ("engine",), ("application", "engine"), ("pair", "application", "engine"))
PAUSE_SECONDS = 10.0
BLOCKS_AWAY = 200


def slice_of(every: Iterable[Any], quick: int) -> list[Any]:
    """All in a full run, else as many as are quick, chosen by the seed."""
    cases = list(every)
    return cases if full() else random.Random(seed()).sample(cases, quick)


def turn(case: object) -> tuple[str, str]:
    """Give whom a case hurts, and through whom the load goes meanwhile: another one each time."""
    number = random.Random(f"{seed()} {case}").randrange(4)
    return FOUR[number], FOUR[(number + 1) % 4]


@pytest.mark.slow
@pytest.mark.parametrize("place", slice_of(ENGINE_PLACES, 2))
def test_the_engine_fails_at_one_of_its_marked_places(four: HurtNetwork, place: int):
    name, through = turn(place)
    four.down(name)
    load = Load(four, through)
    words = f"*** fail-test {place} ***"
    before = four.engine_said(name, words)
    four.fail_engine(name, place)

    four.start(name)
    four.until(lambda: four.engine_said(name, words) > before, f"place {place} is not passed", RETURN_SECONDS)

    four.stands(load, back=RETURN_SECONDS)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mark", "count"), slice_of([(mark, count) for mark in CALLS for count in (COUNTS if full() else COUNTS[1:])], 2)
)
def test_the_application_is_killed_around_a_call(four: HurtNetwork, mark: str, count: int):
    name, _through = turn(mark)
    four.down(name)
    four.hurt(name, marks=[f"{mark}:{count}"])
    died = four.said_by(name, DIED)
    load = Load(four, name)  # its own envelopes, so that its calls of CheckTx come at once

    four.start(name)
    four.until(lambda: four.said_by(name, DIED) > died, f"{mark} is not passed", RETURN_SECONDS)

    four.stands(load, back=RETURN_SECONDS)


@pytest.mark.slow
@pytest.mark.takes_turns
def test_the_older_line_of_the_engine_fails_and_comes_back_too(
    make_network: Callable[..., HurtNetwork], engine_before: Path
):
    network = make_network(engine_before)
    network.fail_engine(FOUR[1], BETWEEN_DECISION_AND_COMMIT)
    network.hurt(FOUR[2], marks=["after-call-commit:3"])
    network.start()
    load = Load(network, FOUR[0])

    words = f"*** fail-test {BETWEEN_DECISION_AND_COMMIT} ***"
    network.until(lambda: network.engine_said(FOUR[1], words) == 1, "the engine has not failed", RETURN_SECONDS)
    network.until(lambda: network.said_by(FOUR[2], DIED) == 1, "the application was not killed", RETURN_SECONDS)
    network.up()

    network.stands(load, back=RETURN_SECONDS)


DIED = "the application has ended with status -9"
BETWEEN_DECISION_AND_COMMIT = 16


@pytest.mark.slow
@pytest.mark.takes_turns
def test_the_application_is_killed_around_a_query(four: HurtNetwork):
    for mark in ("before-call-query", "after-call-query"):
        name, through = turn(mark)
        four.down(name)
        four.hurt(name, marks=[f"{mark}:1"])
        died = four.said_by(name, DIED)
        load = Load(four, through)
        four.up(name)

        def asked_until_it_died(name: str = name, died: int = died) -> bool:
            four.ask_engine(name, "abci_query", path="/record", data="00")
            return four.said_by(name, DIED) > died

        four.until(asked_until_it_died, f"{mark} is not passed", RETURN_SECONDS)

        four.stands(load, back=RETURN_SECONDS)


@pytest.mark.slow
@pytest.mark.takes_turns
def test_the_application_is_killed_at_the_beginning_of_the_network(make_network: Callable[..., HurtNetwork]):
    network = make_network()
    marked = dict(zip(network.names, AT_THE_START, strict=True))
    for name, mark in marked.items():
        network.hurt(name, marks=[f"{mark}:1"])
    network.start()
    load = Load(network, "kz-bank")

    for name, mark in marked.items():
        network.until(lambda: network.said_by(name, DIED) == 1, f"{mark} is not passed", RETURN_SECONDS)  # noqa: B023 - called at once
    network.up()

    network.stands(load, back=RETURN_SECONDS)


def test_every_call_that_has_a_mark_is_one_of_these():
    tried = {mark.removeprefix("before-call-") for mark in (*CALLS, *AT_THE_START) if mark.startswith("before")}

    assert {*tried, "query"} == set(marks.CALLS)


@pytest.mark.slow
@pytest.mark.parametrize("parts", slice_of(PARTS, 1))
def test_parts_of_a_node_are_killed_under_load(four: HurtNetwork, parts: tuple[str, ...]):
    name, through = turn(parts)
    load = Load(four, through)
    four.until(lambda: len(load.acknowledged) > 3, "too little was acknowledged")

    four.kill(name, *parts)
    if "pair" in parts:
        four.until(lambda: not four.is_up(name), "it is still there")
        four.start(name)

    four.stands(load, back=RETURN_SECONDS)


@pytest.mark.slow
@pytest.mark.takes_turns
@pytest.mark.parametrize("part", slice_of(["application", "engine"], 1))
def test_a_process_that_stands_still_for_ten_seconds_goes_on(four: HurtNetwork, part: str):
    name, through = turn(part)
    load = Load(four, through)
    height = four.height(through)

    four.pause(name, part, PAUSE_SECONDS)

    assert four.height(through) > height + 3, "the others have waited"
    four.stands(load)


@pytest.mark.slow
@pytest.mark.takes_turns
def test_all_are_restarted_in_order_under_load_one_after_another(four: HurtNetwork):
    load = Load(four, FOUR[0])
    chosen = FOUR if full() else FOUR[1:2]

    for name in chosen:
        four.down(name)
        four.up(name)

    four.stands(load)


@pytest.mark.slow
@pytest.mark.takes_turns
def test_one_of_four_is_away_for_two_hundred_blocks(four: HurtNetwork):
    name, through = turn("away")
    load = Load(four, through)
    height = four.height(through)
    four.kill(name, "pair", "application", "engine")

    four.until(lambda: four.height(through) >= height + BLOCKS_AWAY, "the others do not go on", AWAY_SECONDS)
    four.start(name)

    four.stands(load, back=RETURN_SECONDS)


AWAY_SECONDS = 180.0


@pytest.mark.slow
@pytest.mark.takes_turns
def test_two_of_four_halt_and_answer_and_four_go_on(four: HurtNetwork):
    gone, left = FOUR[2:], FOUR[:2]
    load = Load(four, left[0])
    for name in gone:
        four.kill(name, "pair", "application", "engine")
    time.sleep(2)
    height = four.height(left[0])

    time.sleep(4)

    assert four.height(left[0]) == height
    acknowledged = len(load.acknowledged)
    assert load.check(left) == acknowledged, "reads are answered while nothing is decided"
    four.start(*gone)
    four.stands(load, back=RETURN_SECONDS)
