"""One step of trust: each rule on both sides of its bound, and CometBFT's own verdict on the same."""

from __future__ import annotations

import json
import random
from itertools import pairwise

import pytest
from msgspec.structs import replace

from sogdia.client.light.verify import (
    LIGHT_BLOCK_BYTES_MAX,
    Bounds,
    LightFault,
    LightWrong,
    Trust,
    follow,
    reach,
    read_light_block,
    trust_by_hash,
    trust_in,
    verify_next,
)
from sogdia.kernel.codec import encode
from sogdia.kernel.comet import PATH_BLOCKS_MAX, CometValidator, LightBlock, header_hash, shortened, validators_hash
from tests.client.light.oracle import ours
from tools.light_cases import BOUNDS, FOUR, NOW, Case, cases
from tools.light_made import CHAIN, RECORDED, made, recorded, voters

CASES = {case.name: case for case in cases()}
VERDICTS = json.loads((RECORDED / "verdicts.json").read_text("utf-8"))["verdicts"]


def refused(case: Case) -> LightFault | None:
    said = ours(case)
    return LightFault(said) if said else None


def test_every_case_has_a_name_of_its_own_and_a_recorded_verdict():
    assert len(CASES) == len(cases())
    assert set(VERDICTS) == set(CASES), "run `python -m tests.client.light.oracle`"


@pytest.mark.parametrize("case", CASES.values(), ids=lambda case: case.name)
def test_a_step_is_judged_as_by_cometbft(case):
    assert refused(case) == case.fault

    taken = not VERDICTS[case.name]
    assert taken == (case.fault is None or bool(case.stricter))
    assert VERDICTS[case.name].startswith("trust: ") == (case.fault is LightFault.TRUST)


def test_the_cases_try_every_fault_of_a_step():
    tried = {case.fault for case in CASES.values()}

    assert set(LightFault) - tried == {LightFault.FORM, LightFault.CONFLICT, LightFault.APP_HASH}


# ------------------------------------------------------------------------------------------------------------ damage


def holds(trust: Trust, raw: bytes, now: int) -> bool:
    try:
        verify_next(trust, read_light_block(raw), now, Bounds())
    except LightWrong:
        return False
    return True


def alterations(raw: bytes, chance: random.Random, full_run: bool):  # noqa: FBT001 - a fixture hands it over
    """Give every byte altered: in full runs to all other values, else to three of them, the neighbours among these."""
    for place, byte in enumerate(raw):
        others = range(256) if full_run else {byte ^ 1, byte ^ 0x80, chance.randrange(256)}
        for other in others:
            if other != byte:
                yield place, raw[:place] + bytes((other,)) + raw[place + 1 :]


@pytest.mark.parametrize("height", [2, 6])
@pytest.mark.parametrize("far", [False, True])
def test_no_byte_of_a_recorded_light_block_can_be_altered(height, far, rotation, full_run):
    blocks = recorded("v0.38")
    block, first = blocks[height], trust_in(blocks[1])
    trust = first if far else replace(first, height=height - 1, next_validators_hash=block.header.validators_hash)
    now = block.header.time + 10**9
    assert holds(trust, encode(block), now)

    for place, raw in alterations(encode(block), random.Random(rotation), full_run):
        assert not holds(trust, raw, now), f"byte {place} was altered, and nobody noticed: {raw.hex()}"


@pytest.mark.parametrize("height", [47, 68])
def test_no_byte_of_a_commit_with_rare_votes_can_be_altered(height, rotation, full_run):
    blocks = recorded("v0.40")
    trust, block = trust_in(blocks[44]), blocks[height]
    now = block.header.time + 10**9
    assert holds(trust, encode(block), now)

    for place, raw in alterations(encode(block), random.Random(rotation), full_run):
        assert not holds(trust, raw, now), f"byte {place} was altered, and nobody noticed: {raw.hex()}"


def test_a_vote_that_is_not_needed_may_be_left_out_and_is_the_only_thing_that_may():
    block = made(6, FOUR)
    trust = trust_in(made(5, FOUR))

    for place in range(4):
        votes = (*block.commit.votes[:place], None, *block.commit.votes[place + 1 :])
        fewer = replace(block, commit=replace(block.commit, votes=votes))
        assert verify_next(trust, fewer, NOW, BOUNDS) == trust_in(block)
        for other in set(range(4)) - {place}:
            none = tuple(None if number == other else vote for number, vote in enumerate(votes))
            with pytest.raises(LightWrong) as wrong:
                verify_next(trust, replace(block, commit=replace(block.commit, votes=none)), NOW, BOUNDS)
            assert wrong.value.fault is LightFault.POWER


def test_a_light_block_is_read_up_to_its_limit():
    raw = encode(made(6, FOUR))

    assert read_light_block(raw) == made(6, FOUR)
    for other in (
        raw + b"\x00",
        raw[:-1],
        b"",
        b"\xc0",
        bytes(LIGHT_BLOCK_BYTES_MAX),
        bytes(LIGHT_BLOCK_BYTES_MAX + 1),
    ):
        with pytest.raises(LightWrong) as wrong:
            read_light_block(other)
        assert wrong.value.fault is LightFault.FORM


def test_a_set_has_at_most_64_validators():
    many = made(6, voters(*[1] * 65))

    assert read_light_block(encode(made(6, voters(*[1] * 64)))).header.height == 6
    with pytest.raises(LightWrong):
        read_light_block(encode(many))


# --------------------------------------------------------------------------------------------------------- following


def test_a_recorded_chain_is_followed_height_by_height():
    blocks = recorded("v0.40")
    way = [blocks[height] for height in range(2, 45)]

    last = follow(trust_in(blocks[1]), way, way[-1].header.time + 10**9, Bounds())

    assert (last.height, last.hash) == (44, header_hash(blocks[44].header))


def test_a_recorded_chain_whose_validators_all_change_is_crossed_over_few_heights():
    blocks = recorded("v0.40")
    asked = []

    def provider(height: int, /) -> LightBlock:
        asked.append(height)
        return blocks[height]

    way = reach(trust_in(blocks[1]), blocks[44], blocks[44].header.time + 10**9, Bounds(), provider)

    assert way[-1] == blocks[44]
    assert 1 < len(way) <= 4
    assert len(asked) <= 8


def test_the_way_is_as_short_as_the_weights_allow():
    sets = {height: voters(1, 1, 1, first=height // 10) for height in range(1, 100)}
    blocks = {height: made(height, validators) for height, validators in sets.items()}
    asked = []

    def provider(height: int, /) -> LightBlock:
        asked.append(height)
        return blocks[height]

    way = reach(trust_in(blocks[1]), blocks[99], NOW, BOUNDS, provider)

    heights = [1, *(block.header.height for block in way)]
    assert heights[-1] == 99
    assert all(later // 10 - one // 10 <= 1 for one, later in pairwise(heights))
    assert len(asked) < 40


@pytest.mark.parametrize("lie", ["another height", "votes of nobody", "another set"])
def test_a_provider_that_lies_gets_no_trust(lie):
    blocks = recorded("v0.40")

    def provider(height: int, /) -> LightBlock:
        block = blocks[height]
        if lie == "another height":
            return blocks[height - 1]
        if lie == "votes of nobody":
            votes = tuple(None if vote is None else replace(vote, signature=bytes(64)) for vote in block.commit.votes)
            return replace(block, commit=replace(block.commit, votes=votes))
        return replace(block, validators=blocks[1].validators)

    with pytest.raises(LightWrong) as wrong:
        reach(trust_in(blocks[1]), blocks[44], blocks[44].header.time + 10**9, Bounds(), provider)

    expected = {
        "another height": {LightFault.TRUST},
        "votes of nobody": {LightFault.SIGNATURES},
        "another set": {LightFault.VALIDATORS, LightFault.COMMIT},
    }
    assert wrong.value.fault in expected[lie]


def test_a_provider_is_asked_at_most_so_often():
    strangers = {
        height: replace(made(height, FOUR), validators=(CometValidator(height.to_bytes(32, "big"), 1),))
        for height in range(1, 2 * PATH_BLOCKS_MAX)
    }
    asked = []

    def provider(height: int, /) -> LightBlock:
        asked.append(height)
        return strangers[height]

    with pytest.raises(LightWrong, match="did not lead to height"):
        reach(trust_in(strangers[1]), strangers[max(strangers)], NOW * 2, Bounds(trusting_period=NOW * 3), provider)
    assert len(asked) == PATH_BLOCKS_MAX


@pytest.mark.parametrize("height", [4, 5])
def test_trust_does_not_go_back(height):
    with pytest.raises(LightWrong) as wrong:
        reach(trust_in(made(5, FOUR)), made(height, FOUR), NOW, BOUNDS, lambda height, /: made(height, FOUR))

    assert wrong.value.fault is LightFault.HEIGHT


# -------------------------------------------------------------------------------------------------- trust in a header


def test_a_header_named_by_height_and_hash_is_trusted_whatever_its_age():
    block = recorded("v0.40")[20]

    trust = trust_by_hash(block.header.chain_id, 20, header_hash(block.header), block)

    assert trust == trust_in(block)
    assert trust.next_validators_hash == validators_hash(recorded("v0.40")[21].validators)


@pytest.mark.parametrize(
    ("chain", "height", "wanted", "block", "fault"),
    [
        (CHAIN + "x", 6, None, made(6, FOUR), LightFault.CHAIN),
        (CHAIN, 7, None, made(6, FOUR), LightFault.HEIGHT),
        (CHAIN, 6, bytes(32), made(6, FOUR), LightFault.BLOCK_ID),
        (CHAIN, 6, None, made(6, FOUR, "CC--"), LightFault.POWER),
        (CHAIN, 6, None, replace(made(6, FOUR), validators=voters(1, 1, 1, 2)), LightFault.VALIDATORS),
    ],
)
def test_a_light_block_that_is_not_the_named_header_s_is_refused(chain, height, wanted, block, fault):
    with pytest.raises(LightWrong) as wrong:
        trust_by_hash(chain, height, wanted or header_hash(block.header), block)

    assert wrong.value.fault is fault


def test_shortened_light_blocks_hold_for_whom_they_were_shortened():
    blocks = recorded("v0.40")
    trust = trust_in(blocks[1])
    short = shortened(blocks[18], trust.validators)

    assert len(encode(short)) < len(encode(blocks[18]))
    assert verify_next(trust, short, blocks[18].header.time + 10**9, Bounds()) == trust_in(blocks[18])
