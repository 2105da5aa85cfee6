"""The light client at four validators, all heard: headers a second on one core, beside their bare signatures."""

from __future__ import annotations

import time
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec
from nacl.bindings import crypto_sign_open

from sogdia.client.light.verify import Bounds, follow, read_light_block, trust_in
from sogdia.kernel.codec import encode
from sogdia.kernel.comet import NANOSECONDS, signed_bytes
from tools.light_made import START, made, voters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sogdia.kernel.comet import LightBlock

VALIDATORS = 4
ROUNDS = 7


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """What one core does in a second, counted in its own time."""

    headers_per_second: float
    bare_headers_per_second: float
    bytes_per_light_block: float

    @property
    def ratio(self) -> float:
        """How much of the time is bare verification."""
        return self.headers_per_second / self.bare_headers_per_second


def chain(headers: int) -> Iterator[LightBlock]:
    """Make light blocks that follow each other, each with a vote by all validators."""
    validators = voters(*[1] * VALIDATORS)
    before = None
    for height in range(1, headers + 1):
        block = made(height, validators, last_block_id=before, app_hash=sha256(height.to_bytes(8, "big")).digest())
        before = block.commit.block_id
        yield block


def measure(headers: int) -> Rates:
    """Follow light blocks from their bytes, and verify their signatures bare, in turns; the best rate of each."""
    rows = [encode(block) for block in chain(headers + 1)]
    first = trust_in(read_light_block(rows[0]))
    now = START + (headers + 2) * NANOSECONDS
    signatures = [pair for row in rows[1:] for pair in _signatures(read_light_block(row))]

    def followed() -> None:
        last = follow(first, map(read_light_block, rows[1:]), now, Bounds())
        if last.height != headers + 1:
            raise RuntimeError(f"trust reached height {last.height}")

    def bare() -> None:
        for signed, public in signatures:
            crypto_sign_open(signed, public)

    best = [0.0, 0.0]
    for _round in range(ROUNDS):
        for at, way in enumerate((followed, bare)):
            began = time.process_time()
            way()
            best[at] = max(best[at], headers / (time.process_time() - began))
    return Rates(
        headers_per_second=best[0],
        bare_headers_per_second=best[1],
        bytes_per_light_block=sum(map(len, rows)) / len(rows),
    )


def _signatures(block: LightBlock) -> Iterator[tuple[bytes, bytes]]:
    """Give each signature before its message, and the key that it is by."""
    votes = [vote for vote in block.commit.votes if vote is not None]
    messages = signed_bytes(block.header.chain_id, block.commit, votes)
    for validator, vote, message in zip(block.validators, votes, messages, strict=True):
        yield vote.signature + message, validator.public
