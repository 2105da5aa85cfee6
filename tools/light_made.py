"""Light blocks made for tests: recorded ones read, and new ones signed by keys of the tests."""

from __future__ import annotations

import json
from functools import cache
from hashlib import sha256, sha512
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from nacl.bindings import (
    crypto_core_ed25519_add,
    crypto_core_ed25519_scalar_add,
    crypto_core_ed25519_scalar_mul,
    crypto_core_ed25519_scalar_reduce,
    crypto_scalarmult_ed25519_base_noclamp,
)
from nacl.signing import SigningKey

from sogdia.kernel.comet import (
    NANOSECONDS,
    BlockId,
    CometHeader,
    CometValidator,
    CometVersion,
    CometVote,
    Commit,
    LightBlock,
    header_hash,
    in_order,
    signed_bytes,
    validators_hash,
)
from sogdia.kernel.comet_answers import light_block

if TYPE_CHECKING:
    from collections.abc import Sequence

RECORDED = Path(__file__).parent / "recorded"
CHAIN = "sogdia-0123456789abcdef"
START = 1_790_000_000 * NANOSECONDS
NOTHING = sha256(b"").digest()
VOTES = {"C": 2, "N": 3}


@cache
def recording(name: str) -> dict[str, Any]:
    """Read a recorded chain."""
    found: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_text("utf-8"))
    return found


def answers_at(name: str, height: int) -> tuple[bytes, list[bytes]]:
    """Give what a node of a recorded chain said of a height."""
    said = recording(name)["heights"][str(height)]
    return json.dumps(said["commit"]).encode(), [json.dumps(said["validators"]).encode()]


@cache
def recorded(name: str) -> dict[int, LightBlock]:
    """Give the light blocks of a recorded chain by their height."""
    return {int(height): light_block(*answers_at(name, int(height))) for height in recording(name)["heights"]}


@cache
def key(number: int) -> SigningKey:
    """Give one of the keys of the tests."""
    return SigningKey(sha256(b"light client test key %d" % number).digest())


def public(number: int) -> bytes:
    """Give the public half of one of the keys."""
    return bytes(key(number).verify_key)


def voters(*weights: int, first: int = 0) -> tuple[CometValidator, ...]:
    """Give validators of these weights, with keys counted from `first`, in CometBFT's order."""
    return in_order(CometValidator(public(first + number), power) for number, power in enumerate(weights))


def signed(block: LightBlock, *, chain_id: str | None = None) -> LightBlock:
    """Sign every vote of a light block anew, with the key of the validator at its place."""
    keys = {public(number): key(number) for number in range(128)}
    present = [vote for vote in block.commit.votes if vote is not None]
    messages = iter(signed_bytes(chain_id or block.header.chain_id, block.commit, present))
    votes = tuple(
        None if vote is None else replace(vote, signature=keys[validator.public].sign(next(messages)).signature)
        for validator, vote in zip(block.validators, block.commit.votes, strict=True)
    )
    return replace(block, commit=replace(block.commit, votes=votes))


NOWHERE = b"\x01" + bytes(31)
"""The neutral point: as a key it has a small order, and what nobody made is a signature under it."""

ORDER_2 = bytes.fromhex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")
"""The point of order two."""


def odd_signature(number: int, message: bytes) -> bytes:
    """Sign so that ZIP-215, the rule of CometBFT, takes it and the strict rule does not: R has a part of order two.

    Only who holds the key can do so, and only on purpose.
    """
    hashed = sha512(bytes(key(number))).digest()
    secret = bytes((hashed[0] & 248,)) + hashed[1:31] + bytes((hashed[31] & 63 | 64,))
    chosen = crypto_core_ed25519_scalar_reduce(sha512(hashed[32:] + message).digest())
    point = crypto_core_ed25519_add(crypto_scalarmult_ed25519_base_noclamp(chosen), ORDER_2)
    challenge = crypto_core_ed25519_scalar_reduce(sha512(point + public(number) + message).digest())
    reduced = crypto_core_ed25519_scalar_reduce(secret + bytes(32))
    return point + crypto_core_ed25519_scalar_add(chosen, crypto_core_ed25519_scalar_mul(challenge, reduced))


def made(  # noqa: PLR0913 - what tests vary
    height: int,
    validators: Sequence[CometValidator],
    votes: str = "",
    *,
    following: Sequence[CometValidator] | None = None,
    time: int | None = None,
    rounds: int = 0,
    **fields: Any,  # noqa: ANN401 - any fields of the header
) -> LightBlock:
    """Make a light block whose parts fit, with a vote a letter: C for the block, N for none, - for not heard."""
    time = START + height * NANOSECONDS if time is None else time
    before = BlockId(hash=NOTHING, parts=1, parts_hash=NOTHING)
    header = CometHeader(
        version=CometVersion(block=11, app=1),
        chain_id=CHAIN,
        height=height,
        time=time,
        last_block_id=before if height > 1 else None,
        last_commit_hash=NOTHING,
        data_hash=NOTHING,
        validators_hash=validators_hash(tuple(validators)),
        next_validators_hash=validators_hash(tuple(following or validators)),
        consensus_hash=NOTHING,
        app_hash=NOTHING,
        last_results_hash=NOTHING,
        evidence_hash=NOTHING,
        proposer_address=bytes(20),
    )
    return voted(replace(header, **fields), validators, votes, rounds)


def voted(header: CometHeader, validators: Sequence[CometValidator], votes: str = "", rounds: int = 0) -> LightBlock:
    """Let validators vote on a header."""
    times = range(header.time + NANOSECONDS, header.time + NANOSECONDS + len(validators))
    given = tuple(
        None if letter == "-" else CometVote(flag=VOTES[letter], time=time, signature=bytes(64))  # type: ignore[arg-type]
        for letter, time in zip(votes or "C" * len(validators), times, strict=True)
    )
    block_id = BlockId(hash=header_hash(header), parts=1, parts_hash=sha256(b"parts").digest())
    commit = Commit(height=header.height, round=rounds, block_id=block_id, votes=given)
    return signed(LightBlock(header=header, commit=commit, validators=tuple(validators)))
