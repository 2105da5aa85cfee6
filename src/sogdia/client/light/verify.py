"""The check of one light block by another that is trusted, as CometBFT's own light client makes it.

    next height       its validators are those that the trusted header announced
    any later one     more than a third of the trusted validators' weight voted for it
    both              more than two thirds of its own validators' weight voted for it, every vote shown is signed,
                      the trusted block is not too old, and the new one is later than it and not from the future

Where CometBFT stops reading once there are votes enough, every vote that is shown is checked here, so that no byte of a
light block can be changed unnoticed. Who passes blocks on may leave out votes that are not needed.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, NoReturn

import msgspec

from sogdia.kernel.codec import Codec, NotCanonicalError
from sogdia.kernel.comet import (
    NANOSECONDS,
    TOTAL_POWER_MAX,
    CometValidator,
    LightBlock,
    NoWayError,
    Provider,
    header_hash,
    is_over,
    power_among,
    power_for,
    signed_bytes,
    total_power,
    validators_hash,
    way,
)
from sogdia.kernel.faults import FaultError
from sogdia.kernel.signature import ED25519, verify

if TYPE_CHECKING:
    from collections.abc import Iterable

LIGHT_BLOCK_BYTES_MAX: Final = 16 * 1024
"""The longest light block that is read; with 64 validators all heard it has 8 kB."""

DAY_NANOSECONDS: Final = 24 * 3_600 * NANOSECONDS

_BLOCKS: Final[Codec[LightBlock]] = Codec(LightBlock)


class LightFault(StrEnum):
    """Why a light block is not to be trusted."""

    FORM = "form"
    CHAIN = "chain"
    HEIGHT = "height"
    EXPIRED = "expired"
    TIME = "time"
    BLOCK_ID = "block id"
    VALIDATORS = "validators"
    COMMIT = "commit"
    TRUST = "trust"
    POWER = "power"
    SIGNATURES = "signatures"
    CONFLICT = "conflict"
    APP_HASH = "app hash"


class LightWrong(FaultError[LightFault]):
    """A light block that is not to be trusted: which rule it breaks, and how."""


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """How long a header is trusted, and how far its clock may be ahead of ours; both in nanoseconds."""

    trusting_period: int = 14 * DAY_NANOSECONDS
    clock_drift: int = 10 * NANOSECONDS


class Trust(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a height that is trusted. At height 0 it is the genesis that is, and `hash` is empty."""

    chain_id: str
    height: int
    time: int
    hash: bytes
    validators: tuple[CometValidator, ...]
    next_validators_hash: bytes


def read_light_block(raw: bytes) -> LightBlock:
    """Read a light block; only its form is checked."""
    if len(raw) > LIGHT_BLOCK_BYTES_MAX:
        _wrong(LightFault.FORM, f"it has {len(raw)} bytes; at most {LIGHT_BLOCK_BYTES_MAX} are read")
    try:
        return _BLOCKS.decode(raw)
    except NotCanonicalError as error:
        raise LightWrong(LightFault.FORM, f"not the canonical form of a light block: {error}") from error


def verify_next(trust: Trust, block: LightBlock, now: int, bounds: Bounds) -> Trust:
    """Give trust in a light block that follows from trust in an earlier height; `now` is in nanoseconds since 1970.

    The fault `trust` says that the block may be good, but too few of the trusted validators voted for it: ask for one
    between the two.
    """
    header = block.header
    if trust.time + bounds.trusting_period <= now:
        _wrong(LightFault.EXPIRED, f"height {trust.height} was trusted until {trust.time + bounds.trusting_period}")
    block_hash = _check_form(trust.chain_id, block)
    if header.height <= trust.height:
        _wrong(LightFault.HEIGHT, f"height {header.height} does not come after the trusted {trust.height}")
    # The first block's time is that of the genesis itself.
    if header.time < trust.time or (header.time == trust.time and trust.height > 0):
        _wrong(LightFault.TIME, f"its time {header.time} is not after the trusted {trust.time}")
    if header.time >= now + bounds.clock_drift:
        _wrong(LightFault.TIME, f"its time {header.time} is in the future; it is {now}")
    if header.height == trust.height + 1:
        if header.validators_hash != trust.next_validators_hash:
            _wrong(LightFault.VALIDATORS, f"height {header.height} has other validators than were announced for it")
    else:
        known = power_among(trust.validators, block)
        whole = total_power(trust.validators)
        if not is_over(known, 1, 3, whole):
            _wrong(
                LightFault.TRUST,
                f"of the weight {whole} trusted at height {trust.height}, {known} voted for height {header.height};"
                " more than a third is needed",
            )
    _check_votes(block)
    return _trust_in(block, block_hash)


def trust_by_hash(chain_id: str, height: int, wanted: bytes, block: LightBlock) -> Trust:
    """Give trust in the light block whose header was named by height and hash, by a way that is trusted."""
    block_hash = _check_form(chain_id, block)
    if block.header.height != height:
        _wrong(LightFault.HEIGHT, f"it is of height {block.header.height}; the trusted header has {height}")
    if block_hash != wanted:
        _wrong(LightFault.BLOCK_ID, f"its header has the hash {block_hash.hex()}; the trusted one has {wanted.hex()}")
    _check_votes(block)
    return _trust_in(block, block_hash)


def follow(trust: Trust, blocks: Iterable[LightBlock], now: int, bounds: Bounds) -> Trust:
    """Move trust along light blocks; gives the trust in the last."""
    for block in blocks:
        trust = verify_next(trust, block, now, bounds)
    return trust


def reach(trust: Trust, target: LightBlock, now: int, bounds: Bounds, provider: Provider) -> list[LightBlock]:
    """Move trust to a light block over as few others as will do, which a provider gives by their height.

    Gives those that trust went over, `target` last.
    """
    if target.header.height <= trust.height:
        _wrong(LightFault.HEIGHT, f"height {target.header.height} does not come after the trusted {trust.height}")
    try:
        blocks = way(trust.validators, trust.height, target, provider)
    except NoWayError as error:
        raise LightWrong(LightFault.TRUST, str(error)) from error
    follow(trust, blocks, now, bounds)
    return blocks


def trust_in(block: LightBlock) -> Trust:
    """Give trust in a light block that was checked before."""
    return _trust_in(block, header_hash(block.header))


def _trust_in(block: LightBlock, block_hash: bytes) -> Trust:
    header = block.header
    return Trust(
        chain_id=header.chain_id,
        height=header.height,
        time=header.time,
        hash=block_hash,
        validators=block.validators,
        next_validators_hash=header.next_validators_hash,
    )


def _check_form(chain_id: str, block: LightBlock) -> bytes:
    """Refuse a light block whose parts do not belong together or to the chain; give its header's hash."""
    header, commit = block.header, block.commit
    if header.chain_id != chain_id:
        _wrong(LightFault.CHAIN, f"it is of chain {header.chain_id}, not of {chain_id}")
    if commit.height != header.height:
        _wrong(LightFault.COMMIT, f"a commit of height {commit.height} stands beside a header of {header.height}")
    block_hash = header_hash(header)
    if block_hash != commit.block_id.hash:
        _wrong(LightFault.BLOCK_ID, f"the votes are for {commit.block_id.hash.hex()}, the header is {block_hash.hex()}")
    if len(commit.votes) != len(block.validators):
        _wrong(LightFault.COMMIT, f"{len(commit.votes)} entries of {len(block.validators)} validators")
    if len({each.public for each in block.validators}) != len(block.validators):
        _wrong(LightFault.VALIDATORS, "a validator stands in the set twice")
    whole = total_power(block.validators)
    if whole > TOTAL_POWER_MAX:
        _wrong(LightFault.VALIDATORS, f"the validators weigh {whole}; a set weighs at most {TOTAL_POWER_MAX}")
    if validators_hash(block.validators) != header.validators_hash:
        _wrong(LightFault.VALIDATORS, f"these are not the validators of height {header.height}, or in another order")
    return block_hash


def _check_votes(block: LightBlock) -> None:
    """Refuse a light block that not more than two thirds voted for, or with a vote that is not its validator's."""
    own, whole = power_for(block), total_power(block.validators)
    if not is_over(own, 2, 3, whole):
        _wrong(
            LightFault.POWER,
            f"of the weight {whole} of height {block.header.height}, {own} voted for it; more than two thirds are"
            " needed",
        )
    pairs = zip(block.validators, block.commit.votes, strict=True)
    voted = [(validator, vote) for validator, vote in pairs if vote is not None]
    messages = signed_bytes(block.header.chain_id, block.commit, [vote for _validator, vote in voted])
    for (validator, vote), message in zip(voted, messages, strict=True):
        if not verify(ED25519, validator.public, message, vote.signature):
            _wrong(
                LightFault.SIGNATURES,
                f"a vote on height {block.header.height} is not signed by {validator.public.hex()}",
            )


def _wrong(fault: LightFault, message: str) -> NoReturn:
    raise LightWrong(fault, message)
