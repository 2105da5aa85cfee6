"""A block as it is stored, exported and executed again: everything from which the state can be derived once more.

    stored block = [signed header, [envelope, …], [[id, receipt], …], [[id, receipt], …], [step, …], [address, …],
                    [envelopes before, …]]
    step         = [object, number of the result, index of the operation, whether a life begins with it]

The first list of results belongs to the envelopes, in their order; the second to the exits that deadlines caused. The
number of a result counts through both. A step says that this result went into the history of that object. Addresses
are those of keys that have provably signed two blocks of one height, as the engine that decided the block was shown.
The last list says of each exit how many of the envelopes had been applied when it came: an object that is overdue
leaves its state before the envelope that is about it, and not after the last one like those that nobody asks for.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from sogdia.kernel.codec import encode
from sogdia.kernel.header import SignedHeader
from sogdia.kernel.machine import Result

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class StoredStep(NamedTuple):
    """One step in the life of an object: its key, which result, which operation of the envelope, and if it begins."""

    object: bytes
    result: int
    operation: int
    first: bool


class StoredBlock(msgspec.Struct, frozen=True, array_like=True, gc=False, kw_only=True):
    """A signed header with the envelopes, the results and the steps of its height."""

    header: SignedHeader
    envelopes: list[bytes]
    results: list[Result]
    exits: list[Result]
    steps: list[StoredStep]
    misbehaviour: tuple[bytes, ...]
    exits_after: list[int]

    def __post_init__(self) -> None:
        """Refuse a block that does not say of each exit, in their order, when it came."""
        within = [0, *self.exits_after, len(self.results)]
        if len(self.exits_after) != len(self.exits) or within != sorted(within):
            message = "a stored block does not say in order when its exits came"
            raise ValueError(message)

    @property
    def height(self) -> int:
        """The block's height."""
        return self.header.header.height

    def all_results(self) -> list[Result]:
        """Give the results of the envelopes in order, then those of the exits in order."""
        return self.results + self.exits

    def as_it_happened(self) -> Iterator[tuple[int, Result]]:
        """Give all results in the order in which the ledger came to them, each with its number."""
        return as_it_happened(self.results, self.exits, self.exits_after)


def as_it_happened(
    results: Sequence[Result], exits: Sequence[Result], exits_after: Sequence[int]
) -> Iterator[tuple[int, Result]]:
    """Give all results of a block in the order in which the ledger came to them, each with its number in the block."""
    of_envelopes = enumerate(results)
    taken = 0
    for number, (result, after) in enumerate(zip(exits, exits_after, strict=True), len(results)):
        yield from islice(of_envelopes, after - taken)
        yield number, result
        taken = after
    yield from of_envelopes


class _HeaderOnly(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The beginning of a stored block, for those who need no more of it."""

    header: SignedHeader


_decode = msgspec.msgpack.Decoder(StoredBlock, strict=True).decode
_decode_header = msgspec.msgpack.Decoder(_HeaderOnly, strict=True).decode


def encode_block(block: StoredBlock) -> bytes:
    """Lay a block out for storage."""
    return encode(block)


def decode_block(raw: bytes) -> StoredBlock:
    """Read a stored block; raises `msgspec.MsgspecError` when the bytes are damaged."""
    return _decode(raw)


def decode_signed_header(raw: bytes) -> SignedHeader:
    """Read only the signed header of a stored block."""
    return _decode_header(raw).header
