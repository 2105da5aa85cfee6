"""Pairs of a trusted light block and a new one, each with our verdict; CometBFT's own is recorded.

A case is one step: may the new block be trusted because the other is? `stricter` says why we refuse what CometBFT's
light client takes. The other way round there is no case: what we take, it takes.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from sogdia.client.light.verify import Bounds
from sogdia.client.light.verify import LightFault as Fault
from sogdia.kernel.comet import (
    NANOSECONDS,
    TOTAL_POWER_MAX,
    BlockId,
    CometValidator,
    CometVersion,
    CometVote,
    LightBlock,
    shortened,
    signed_bytes,
    validators_hash,
)
from tools.light_made import (
    CHAIN,
    NOTHING,
    NOWHERE,
    START,
    made,
    odd_signature,
    public,
    recorded,
    signed,
    voted,
    voters,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

STRICT = "the strict rule for Ed25519"
HOUR = 3_600 * NANOSECONDS
BOUNDS = Bounds(trusting_period=HOUR, clock_drift=10 * NANOSECONDS)
NOW = START + 600 * NANOSECONDS
FOUR = voters(1, 1, 1, 1)


class Case(NamedTuple):
    """One step of trust, and what we say to it: nothing when it holds, else the fault."""

    name: str
    trusted: LightBlock
    new: LightBlock
    fault: Fault | None = None
    now: int = NOW
    bounds: Bounds = BOUNDS
    stricter: str = ""


def cases() -> list[Case]:
    """Give all cases."""
    parts = (real, shares, sets, forms, times, entries, oddities, overlaps)
    return [case for part in parts for case in part()]


def real() -> Iterator[Case]:
    """Give steps on the recorded chains: each height to the next recorded one, and far ones."""
    for name in ("v0.40", "v0.38"):
        blocks = recorded(name)
        heights = sorted(blocks)
        now = blocks[heights[-1]].header.time + NANOSECONDS
        for one, later in pairwise(heights):
            yield Case(f"{name}: {one} to {later}", blocks[one], blocks[later], now=now)
            short = shortened(blocks[later], blocks[one].validators)
            yield Case(f"{name}: {one} to {later}, no vote too many", blocks[one], short, now=now)
        yield Case(f"{name}: back", blocks[2], blocks[1], Fault.HEIGHT, now=now)
        yield Case(f"{name}: the same height", blocks[2], blocks[2], Fault.HEIGHT, now=now)
    blocks = recorded("v0.40")
    now = blocks[max(blocks)].header.time + NANOSECONDS
    yield Case("all validators are others", blocks[1], blocks[max(blocks)], Fault.TRUST, now=now)
    other = recorded("v0.38")[2]
    yield Case("a header of another chain", blocks[1], other, Fault.CHAIN, now=now)
    renamed = replace(other, header=replace(other.header, chain_id=blocks[1].header.chain_id))
    yield Case("a header of another chain under the name of this one", blocks[1], renamed, Fault.BLOCK_ID, now=now)


def shares() -> Iterator[Case]:
    """Give commits of two thirds, a little more and a little less."""
    for weights, votes, fault in (
        ((1, 1, 1), "CC-", Fault.POWER),
        ((1, 1, 1), "CCC", None),
        ((1, 1, 1, 1), "CC--", Fault.POWER),
        ((1, 1, 1, 1), "C-CC", None),
        ((2, 2, 1, 1), "CC--", Fault.POWER),
        ((3, 2, 1, 1), "CC--", None),
        ((199, 100), "C-", Fault.POWER),
        ((200, 100), "C-", Fault.POWER),
        ((201, 100), "C-", None),
        ((1,), "C", None),
        ((2**59, 2**58 - 1), "C-", None),
        ((2**59, 2**58), "C-", Fault.POWER),
        ((1,) * 64, "C" * 42 + "-" * 22, Fault.POWER),
        ((1,) * 64, "C" * 43 + "-" * 21, None),
        ((1, 1, 1), "CCN", Fault.POWER),
        ((1, 1, 1, 1), "CNCC", None),
        ((1, 1, 1, 1), "NNNN", Fault.POWER),
        ((1, 1, 1, 1), "----", Fault.POWER),
    ):
        validators = voters(*weights)
        name = f"weights {weights[:4]}, votes {votes}"
        yield Case(f"{name}, next height", made(5, validators), made(6, validators, votes), fault)
        # Exactly two thirds are more than one third, so that only the block's own share fails.
        expected = Fault.TRUST if set(votes) <= {"N", "-"} else fault
        yield Case(f"{name}, far height", made(5, validators), made(9, validators, votes), expected)


def sets() -> Iterator[Case]:
    """Give sets of validators that are not what a header says, or that no header may have."""
    step = made(6, FOUR)
    yield Case("another set was announced", made(5, FOUR, following=voters(1, 1, 1, 2)), step, Fault.VALIDATORS)
    changed = voters(1, 1, 1, 2)
    yield Case("the announced set", made(5, FOUR, following=changed), made(6, changed))
    for name, validators in (
        ("a weight is another", (CometValidator(FOUR[0].public, 2), *FOUR[1:])),
        ("two have changed places", (FOUR[1], FOUR[0], *FOUR[2:])),
        ("one is another", (*FOUR[:3], CometValidator(public(9), 1))),
    ):
        yield Case(f"{name}, next", made(5, FOUR), signed(replace(step, validators=validators)), Fault.VALIDATORS)
        far = signed(replace(made(9, FOUR), validators=validators))
        yield Case(f"{name}, far", made(5, FOUR), far, Fault.VALIDATORS)
    fewer = replace(step, validators=FOUR[:3])
    yield Case("one validator too few", made(5, FOUR), fewer, Fault.COMMIT)
    longer = replace(step, commit=replace(step.commit, votes=(*step.commit.votes, None)))
    yield Case("one entry too many", made(5, FOUR), longer, Fault.COMMIT)
    shorter = replace(step, commit=replace(step.commit, votes=step.commit.votes[:3]))
    yield Case("one entry too few", made(5, FOUR), shorter, Fault.COMMIT)
    twice = (FOUR[0], FOUR[0], FOUR[1], FOUR[2])
    announced = made(5, FOUR, following=twice)
    yield Case(
        "a set that names one twice, announced",
        announced,
        made(6, twice),
        Fault.VALIDATORS,
        stricter="no engine makes such a set",
    )
    yield Case("a set that names one twice, far", made(5, FOUR), made(9, twice), Fault.VALIDATORS)
    yield Case(
        "one who stands in the set twice votes once",
        announced,
        made(6, twice, "C-CC"),
        Fault.VALIDATORS,
        stricter="as before",
    )
    full = voters(TOTAL_POWER_MAX - 2, 1, 1)
    over = voters(TOTAL_POWER_MAX - 2, 2, 1)
    yield Case("a set that weighs as much as one can", made(5, FOUR, following=full), made(6, full))
    yield Case("a set that weighs one more", made(5, FOUR, following=over), made(6, over), Fault.VALIDATORS)
    unsorted = (FOUR[1], FOUR[0], FOUR[3], FOUR[2])
    yield Case("a set in another order, so announced", made(5, FOUR, following=unsorted), made(6, unsorted))


def forms() -> Iterator[Case]:
    """Give light blocks whose parts do not fit, and headers with fields at their ends."""
    before, step = made(5, FOUR), made(6, FOUR)
    later = replace(step, commit=replace(step.commit, height=7))
    yield Case("a commit of another height", before, signed(later), Fault.COMMIT)
    for name, block_id in (
        ("another block", replace(step.commit.block_id, hash=NOTHING)),
        ("the block before", made(5, FOUR).commit.block_id),
    ):
        yield Case(
            f"votes for {name}",
            before,
            signed(replace(step, commit=replace(step.commit, block_id=block_id))),
            Fault.BLOCK_ID,
        )
    for name, block_id in (
        ("other parts", replace(step.commit.block_id, parts_hash=NOTHING)),
        ("more parts", replace(step.commit.block_id, parts=2)),
    ):
        given = replace(step, commit=replace(step.commit, block_id=block_id))
        yield Case(f"votes for {name}, not signed so", before, given, Fault.SIGNATURES)
        yield Case(f"votes for {name}, signed so", before, signed(given))
    yield Case("another chain's name was signed", before, signed(step, chain_id=CHAIN[:-1] + "0"), Fault.SIGNATURES)
    yield Case("another chain", before, made(6, FOUR, chain_id=CHAIN[:-1] + "0"), Fault.CHAIN)
    other_round = replace(step, commit=replace(step.commit, round=1))
    yield Case("votes of another round", before, other_round, Fault.SIGNATURES)
    for name, fields in (
        ("app version 0", {"version": CometVersion(block=11, app=0)}),
        ("app version 300", {"version": CometVersion(block=11, app=300)}),
        ("the largest app version", {"version": CometVersion(block=11, app=2**63 - 1)}),
        ("no app hash", {"app_hash": b""}),
        ("an app hash of 8 bytes", {"app_hash": bytes(8)}),
        ("an app hash of 64 bytes", {"app_hash": b"\x01" * 64}),
        ("whole seconds", {"time": START + 700 * NANOSECONDS}),
        ("no block before", {"last_block_id": None}),
        ("many parts before", {"last_block_id": BlockId(hash=NOTHING, parts=2**32 - 1, parts_hash=NOTHING)}),
    ):
        yield Case(name, before, made(6, FOUR, **fields), now=NOW + HOUR // 10)
    for height in (127, 128, 16_383, 16_384, 2**32, 2**48):
        yield Case(f"height {height}", made(height - 1, FOUR, time=START), made(height, FOUR, time=START + 1))
    for rounds in (1, 127, 2**31 - 1):
        yield Case(f"round {rounds}", before, made(6, FOUR, rounds=rounds))
    long = made(5, FOUR, chain_id="x" * 50)
    yield Case("a chain with a name of 50 letters", long, made(6, FOUR, chain_id="x" * 50))


def times() -> Iterator[Case]:
    """Give both sides of every bound in time, for the next height and for a later one."""
    for height in (6, 9):
        before = made(5, FOUR, time=START)
        new = made(height, FOUR, time=START + 1)
        expiry = START + BOUNDS.trusting_period
        last = made(height, FOUR, time=NOW + BOUNDS.clock_drift - 1)
        late = made(height, FOUR, time=NOW + BOUNDS.clock_drift)
        yield Case(f"one nanosecond later, {height}", before, new)
        yield Case(f"the same time, {height}", before, made(height, FOUR, time=START), Fault.TIME)
        yield Case(f"one nanosecond earlier, {height}", before, made(height, FOUR, time=START - 1), Fault.TIME)
        yield Case(f"in the last trusted nanosecond, {height}", before, new, now=expiry - 1)
        yield Case(f"when trust has ended, {height}", before, new, Fault.EXPIRED, now=expiry)
        yield Case(f"as far in the future as may be, {height}", before, last)
        yield Case(f"one nanosecond further, {height}", before, late, Fault.TIME)


def present(block: LightBlock) -> tuple[CometVote, ...]:
    """Give the votes of a light block."""
    return tuple(vote for vote in block.commit.votes if vote is not None)


def entries() -> Iterator[Case]:
    """Give commits with votes that are not their validators'."""
    before, step = made(5, FOUR), made(6, FOUR)
    votes = present(step)

    def with_votes(*given: CometVote | None, sign: bool = False) -> LightBlock:
        block = replace(step, commit=replace(step.commit, votes=tuple(given)))
        return signed(block) if sign else block

    first, second, third, fourth = votes
    yield Case("two signatures have changed places", before, with_votes(second, first, third, fourth), Fault.SIGNATURES)
    yield Case("one signature stands at two places", before, with_votes(first, first, third, fourth), Fault.SIGNATURES)
    yield Case("one signature at three places", before, with_votes(first, first, first, None), Fault.SIGNATURES)
    nil = replace(first, flag=3)
    yield Case(
        "a vote for the block is called one for none",
        before,
        with_votes(nil, second, third, fourth),
        Fault.SIGNATURES,
        stricter="every vote shown is checked",
    )
    none = made(6, FOUR, "NCCC")
    claimed = replace(present(none)[0], flag=2)
    yield Case(
        "a vote for none is called one for the block",
        before,
        with_votes(claimed, second, third, None),
        Fault.SIGNATURES,
    )
    wrong = replace(fourth, signature=bytes(64))
    yield Case(
        "the one vote too many is not signed",
        before,
        with_votes(first, second, third, wrong),
        Fault.SIGNATURES,
        stricter="every vote shown is checked",
    )
    yield Case("the one vote too many is left out", before, with_votes(first, second, third, None))
    yield Case(
        "a needed vote is not signed",
        before,
        with_votes(first, replace(second, signature=bytes(64)), third, None),
        Fault.SIGNATURES,
    )
    moved = replace(second, time=second.time + 1)
    yield Case("the time of a vote is another", before, with_votes(first, moved, third, fourth), Fault.SIGNATURES)
    old = replace(second, time=0)
    yield Case("a vote of 1970, so signed", before, with_votes(first, old, third, fourth, sign=True))
    whole = replace(second, time=START)
    yield Case("a vote at a whole second", before, with_votes(first, whole, third, fourth, sign=True))


def oddities() -> Iterator[Case]:
    """Give signatures on which CometBFT's rule for Ed25519, ZIP-215, and ours differ."""
    before, step = made(5, FOUR), made(6, FOUR)
    number = next(number for number in range(4) if public(number) == FOUR[0].public)
    first, *others = present(step)
    (message,) = signed_bytes(CHAIN, step.commit, (first,))
    odd = replace(first, signature=odd_signature(number, message))
    with_odd = replace(step, commit=replace(step.commit, votes=(odd, *others)))
    yield Case("a signature with a part of small order", before, with_odd, Fault.SIGNATURES, stricter=STRICT)
    yield Case("such a signature left out", before, shortened(with_odd))
    weak = (*FOUR[:3], CometValidator(NOWHERE, 1))
    block = made(6, FOUR, "CC-C", validators_hash=validators_hash(weak))
    votes = (*block.commit.votes[:3], replace(others[-1], signature=NOWHERE + bytes(32)))
    nobody = replace(block, validators=weak, commit=replace(block.commit, votes=votes))
    announced = made(5, FOUR, following=weak)
    yield Case("a key of small order, and no signature", announced, nobody, Fault.SIGNATURES, stricter=STRICT)


def overlaps() -> Iterator[Case]:
    """Give later heights with some of the trusted validators among their own."""
    trusted = made(5, voters(1, 1, 1))
    for name, validators, votes, fault in (
        ("a third stayed", voters(1, 1, 1, first=2), "CCC", Fault.TRUST),
        ("two thirds stayed", voters(1, 1, 1, first=1), "CCC", None),
        ("none stayed", voters(1, 1, 1, first=7), "CCC", Fault.TRUST),
        ("all stayed, weighing little", voters(1, 1, 1, 9, 9, 9, 9), "CCCCCCC", None),
    ):
        yield Case(f"{name}, far", trusted, made(9, validators, votes), fault)
        announced = made(5, voters(1, 1, 1), following=validators)
        yield Case(f"{name}, next", announced, made(6, validators, votes))
    heavy = made(5, voters(4, 4, 4))
    mixed = (CometValidator(public(7), 9), *voters(1, 1, 1))
    silent = "C" + "".join("C" if each.public == public(0) else "-" for each in mixed[1:])
    two = "C" + "".join("-" if each.public == public(0) else "C" for each in mixed[1:])
    yield Case("one trusted third voted, a heavy stranger did the rest", heavy, made(9, mixed, silent), Fault.TRUST)
    yield Case("two trusted thirds voted, with a heavy stranger", heavy, made(9, mixed, two))
    new = made(9, mixed, two)
    forged = replace(
        new, commit=replace(new.commit, votes=(new.commit.votes[0], *made(8, mixed, two).commit.votes[1:]))
    )
    yield Case("the trusted votes are for another height", heavy, forged, Fault.SIGNATURES)
    yield Case("a light block from a header alone", heavy, voted(new.header, mixed, "C---"), Fault.TRUST)
