"""Stored blocks: what came when, and that no block says it in two ways."""

from __future__ import annotations

import msgspec
import pytest

from sogdia.kernel.codec import encode
from sogdia.kernel.header import Header, SignedHeader
from sogdia.kernel.machine import Result
from sogdia.kernel.stored_block import StoredBlock, decode_block, encode_block

HASHES = dict.fromkeys(Header.__struct_fields__, bytes(32))


def stored(envelopes: int, exits_after: list[int]) -> StoredBlock:
    """A block with so many envelopes, and with exits that came after so many of them."""
    header = Header(**{**HASHES, "height": 1, "time": 1})  # type: ignore[arg-type]
    results = [Result(bytes([number]) * 32, b"") for number in range(envelopes + len(exits_after))]
    return StoredBlock(
        header=SignedHeader(header=header, signatures=(bytes(64),)),
        envelopes=[b""] * envelopes,
        results=results[:envelopes],
        exits=results[envelopes:],
        steps=[],
        misbehaviour=(),
        exits_after=exits_after,
    )


@pytest.mark.parametrize(
    ("envelopes", "exits_after", "numbers"),
    [
        (0, [], []),
        (3, [], [0, 1, 2]),
        (0, [0, 0], [0, 1]),
        (2, [0], [2, 0, 1]),
        (2, [1, 1], [0, 2, 3, 1]),
        (2, [0, 1, 2, 2], [2, 0, 3, 1, 4, 5]),
    ],
)
def test_exits_stand_before_the_envelope_that_came_upon_their_object(envelopes, exits_after, numbers):
    block = decode_block(encode_block(stored(envelopes, exits_after)))

    results = block.all_results()
    assert list(block.as_it_happened()) == [(number, results[number]) for number in numbers]


@pytest.mark.parametrize("wrong", [[], [0], [1, 0], [0, 0, 0], [0, 3], [-1, 0]])
def test_a_block_that_does_not_say_when_its_exits_came_cannot_be_read(wrong):
    parts = list(msgspec.structs.astuple(stored(2, [0, 2])))
    parts[-1] = wrong

    with pytest.raises(msgspec.ValidationError):
        decode_block(encode(parts))
