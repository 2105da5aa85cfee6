"""A seeded simulation: random life on several replicas in one process, batched, restarted and cut at random.

`random_life` says what is sent; every replica must come to the same app hash after each block, and in the end to the
same exported bytes, with all invariants kept. All choices come from the seed, so a failing one can be played again.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from sogdia.engine.cometbft.transactions import transaction_of
from sogdia.engine.folders.export import export_folder
from tests.network.chain import Chain
from tests.network.random_life import REPLICAS, random_life

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator
    from pathlib import Path


def play(seed: int, place: Path, blocks: int) -> Counter[str]:
    """Play one seed; gives how often each operation was applied. Whatever differs raises."""
    random = Random(seed)
    life = random_life(seed, blocks)
    chain = Chain(place, REPLICAS, made=life.ledger.genesis)
    try:
        for moment in life.moments:
            _maybe_hurt(chain, random)
            transactions = _batched(moment.envelopes, random)
            proposer = random.randrange(len(REPLICAS))
            chain.block(*transactions, at=moment.at, proposer=proposer, misbehaviour=moment.misbehaviour)
        first = chain.members[0].ledger
        first.machine.check_invariants(first.state())
        exported = [_exported(member) for member in chain.members]
    finally:
        chain.close()
    assert all(each == exported[0] for each in exported), "the replicas export different bytes"
    return life.applied


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
    """Hurt a member, mostly none: one case a number. A member that begins from another's snapshot belongs here, too."""
    member = random.choice(chain.members)
    match random.randrange(16):
        case 0:  # killed
            member.die()
            _begin_again(chain, member)
        case 1:  # restarted in order
            member.close()
            member.open()
            _begin_again(chain, member)
        case 2:  # executes a block that is not decided
            chain.prepare(member, at=chain.time + random.randrange(1_000))
        case 3:  # killed between the decision of a block and its commit
            chain.finalize(member, at=chain.time)
            member.die()
            _begin_again(chain, member)
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
