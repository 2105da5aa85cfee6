"""Real chains of the pinned CometBFT and of the older one, followed from their genesis while they run."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sogdia.client.light.verify import Bounds, Trust, follow, reach, trust_in
from sogdia.kernel.comet import CometValidator, in_order, validators_hash
from sogdia.kernel.comet_answers import nanoseconds_of
from tests import go_programs
from tests.client.light.chain import NEWEST, OLDER, Chain

if TYPE_CHECKING:
    from sogdia.kernel.comet import LightBlock

pytestmark = [pytest.mark.real("CometBFT"), pytest.mark.slow, pytest.mark.timeout(900)]


def trust_of(genesis: dict[str, Any]) -> Trust:
    """Trust CometBFT's own genesis, as ours is trusted when its chain follows from it."""
    validators = in_order(
        CometValidator(base64.b64decode(each["pub_key"]["value"], validate=True), int(each["power"]))
        for each in genesis["validators"]
    )
    return Trust(
        chain_id=genesis["chain_id"],
        height=0,
        time=nanoseconds_of(genesis["genesis_time"]),
        hash=b"",
        validators=validators,
        next_validators_hash=validators_hash(validators),
    )


@pytest.mark.parametrize(("module", "headers"), [(NEWEST, 1_000), (OLDER, 50)], ids=["pinned", "older"])
def test_every_header_of_a_running_chain_is_verified_from_its_genesis(module, headers, tmp_path):
    program = go_programs.program(module)
    if not isinstance(program, Path):
        pytest.skip(program)

    with Chain(program, tmp_path / "chain", voting=4, others=1) as chain:
        chain.weigh(4, 5)
        chain.weigh(0, 0)
        chain.wait_for(headers + 1, seconds=600)
        blocks: list[LightBlock] = [chain.light_block(height) for height in range(1, headers + 1)]
        genesis = trust_of(chain.genesis)
    now = blocks[-1].header.time + 10**9

    last = follow(genesis, blocks, now, Bounds())
    way = reach(genesis, blocks[-1], now, Bounds(), lambda height, /: blocks[height - 1])

    assert last == trust_in(blocks[-1])
    assert last.height == headers
    assert len({block.header.validators_hash for block in blocks}) == 3
    assert way[-1] == blocks[-1]
    assert len(way) < 5
