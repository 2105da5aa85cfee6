"""A seeded simulation: random trade through several replicas in one process, batched, restarted and cut at random.

The walk of `tests/properties` says what happens; every replica must come to the same app hash after each block, and in
the end to the same exported bytes. All choices come from the seed, so a failing one can be played again.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

import msgspec

from sogdia.engine.cometbft.transactions import transaction_of
from sogdia.engine.folders.export import export_folder
from tests.network.chain import VALIDATORS, Chain, network_genesis
from tests.properties.random_trade import RandomTrade

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REPLICAS = VALIDATORS[:3]
ENVELOPES_A_BLOCK = 6


class Moment:
    """What was sent at one time, in its order."""

    def __init__(self, at: int) -> None:
        """Nothing has been sent yet."""
        self.at = at
        self.envelopes: list[bytes] = []


def moments(seed: int, blocks: int) -> tuple[Any, list[Moment]]:
    """Walk a random trade; gives its genesis and what was sent when."""
    made = msgspec.to_builtins(network_genesis(REPLICAS))
    trade = RandomTrade(seed, **{part: made[part] for part in ("engine", "validators", "identity", "governance")})
    told: list[Moment] = []
    ledger = trade.ledger
    make_block = ledger.block

    def keep(*signed: Any, at: int | None = None) -> Any:  # noqa: ANN401 - as the ledger's own method
        answers = make_block(*signed, at=at)
        raws = [each if isinstance(each, bytes) else each.raw for each in signed]
        if not told or told[-1].at != ledger.time or len(told[-1].envelopes) >= ENVELOPES_A_BLOCK:
            told.append(Moment(ledger.time))
        told[-1].envelopes += raws
        return answers

    ledger.block = keep  # type: ignore[method-assign]
    while len(told) < blocks:
        trade.step()
    return ledger.genesis, told


def play(seed: int, place: Path, blocks: int) -> bytes:
    """Play one seed; gives the bytes that every replica exports. Whatever differs raises."""
    random = Random(seed)
    genesis, told = moments(seed, blocks)
    chain = Chain(place, REPLICAS, made=genesis)
    try:
        for moment in told:
            _maybe_hurt(chain, random)
            chain.block(*_batched(moment.envelopes, random), at=moment.at, proposer=random.randrange(len(REPLICAS)))
        exported = [_exported(member) for member in chain.members]
    finally:
        chain.close()
    assert all(each == exported[0] for each in exported), "the replicas export different bytes"
    return exported[0]


def _batched(envelopes: list[bytes], random: Random) -> Iterator[bytes]:
    """Cut what was sent into transactions at random; now and then something comes that may be in no block."""
    left = list(envelopes)
    while left:
        count = random.choice([1, 1, 2, 3])
        yield transaction_of(left[:count])
        del left[:count]
        if random.randrange(8) == 0:
            yield random.choice([b"garbage", envelopes[0], transaction_of([envelopes[0], b"garbage"])])


def _maybe_hurt(chain: Chain, random: Random) -> None:
    """Kill a member, or restart it in order, or let it execute a block that is not decided, or look in at its door."""
    member = random.choice(chain.members)
    match random.randrange(12):
        case 0:
            member.die()
            _begin_again(chain, member)
        case 1:
            member.close()
            member.open()
            _begin_again(chain, member)
        case 2:
            chain.prepare(member, at=chain.time + random.randrange(1_000))
        case _:
            pass


def _begin_again(chain: Chain, member: Any) -> None:  # noqa: ANN401 - a Member
    if chain.height == 0:
        member.ask(init_chain=chain.init_chain())


def _exported(member: Any) -> bytes:  # noqa: ANN401 - a Member
    path: Path = member.folder.parent / f"{member.name}.export"
    member.close()
    export_folder(member.folder, path)
    member.open()
    return path.read_bytes()
