"""A seeded simulation: random life on several replicas in one process, batched, restarted, cut and restored at random.

`random_life` says what is sent; every replica must come to the same app hash after each block, and in the end to the
same exported bytes, with all invariants kept. All choices come from the seed, so a failing one can be played again.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from sogdia.engine.cometbft import abci_pb2 as abci
from sogdia.engine.cometbft.keeping import Keeping
from sogdia.engine.cometbft.snapshots import Taking
from sogdia.engine.cometbft.transactions import transaction_of
from sogdia.engine.folders.export import export_folder
from tests.network.chain import Chain
from tests.network.random_life import REPLICAS, random_life
from tests.network.restoring import offers, restore

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator
    from pathlib import Path

    from tests.network.chain import Member

KEEPING = Keeping(Taking(every=8, kept=2))


def play(seed: int, place: Path, blocks: int) -> Counter[str]:
    """Play one seed; gives how often each operation was applied. Whatever differs raises."""
    random = Random(seed)
    life = random_life(seed, blocks)
    chain = Chain(place, REPLICAS, made=life.ledger.genesis, keeping=KEEPING)
    try:
        for moment in life.moments:
            _maybe_hurt(chain, random)
            transactions = _batched(moment.envelopes, random)
            proposer = random.randrange(len(REPLICAS))
            chain.block(*transactions, at=moment.at, proposer=proposer, misbehaviour=moment.misbehaviour)
            for member in chain.members:
                member.replica.snapshots.finish()
        first = chain.members[0].ledger
        first.machine.check_invariants(first.state())
        for member in chain.members:
            _looks_like(member, chain.members[0])
        exported = [_exported(each) for each in chain.members if not each.ledger.beginning.height]
    finally:
        chain.close()
    assert all(each == exported[0] for each in exported), "the replicas export different bytes"
    return life.applied


def _looks_like(member: Member, first: Member) -> None:
    """Look that a member has the state and the blocks of the first, as far back as it has any."""
    tip = first.ledger.tip
    assert (member.ledger.tip, member.root()) == (tip, first.root()), f"{member.name} does not end like {first.name}"
    for height in range(member.ledger.beginning.height + 1, tip.height + 1):
        assert member.replica.lookups.raw_block(height) == first.replica.lookups.raw_block(height), f"block {height}"


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
    """Hurt a member, mostly none: one case a number."""
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
        case 4:  # loses everything, and begins from another's snapshot
            _restore(chain, random)
        case _:
            pass


def _restore(chain: Chain, random: Random) -> None:
    """Let a member, not the first, take the state from another's snapshot and catch up; nothing while there is none."""
    member = random.choice(chain.members[1:])
    giver = random.choice([each for each in chain.members if each is not member])
    offered = offers(giver)
    if not offered:
        return
    member.begin_anew()
    restore(member, giver, random.choice(offered), chain.network)
    member.ask(info=abci.RequestInfo(abci_version="2.0.0"))
    chain.catch_up(member)


def _begin_again(chain: Chain, member: Member) -> None:
    if chain.height == 0:
        member.ask(init_chain=chain.init_chain())


def _exported(member: Member) -> bytes:
    path = member.folder.parent / f"{member.name}.export"
    member.close()
    export_folder(member.folder, path)
    member.open()
    return path.read_bytes()
