"""Where the blocks of a folder begin: after the genesis, or after a later height whose state is all that is there.

A folder that was restored from a snapshot, or whose old blocks were given to the archive, has no block up to that
height. What the next block needs of the last one stands here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from sogdia.kernel.header import SignedHeader
from sogdia.kernel.merkle import EMPTY_ROOT
from sogdia.kernel.values import Hash

if TYPE_CHECKING:
    from sogdia.kernel.genesis import GenesisBase


class Beginning(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """The last height without a block here, its time, the hash of its header, the root over its results, its header.

    With the genesis: height 0, the network's hash, no results, no header.
    """

    height: int
    time: int
    hash: Hash
    results_root: Hash
    header: SignedHeader | None


class NotHereError(Exception):
    """A block that this folder does not have any more, or never had; the message says where to look."""

    def __init__(self, height: int, beginning: int) -> None:
        """Remember the height, and after which height the blocks begin."""
        super().__init__(
            f"block {height} is not here: the blocks of this node begin with {beginning + 1}. Older ones are in the"
            " archive; see 'sogdia archive list', and fetch segments from a node that has them"
        )
        self.height = height
        self.beginning = beginning


decode_beginning = msgspec.msgpack.Decoder(Beginning, strict=True).decode


def genesis_beginning(genesis: GenesisBase, network: bytes) -> Beginning:
    """Give the beginning of a ledger that has all its blocks."""
    return Beginning(height=0, time=genesis.time, hash=network, results_root=EMPTY_ROOT, header=None)


def beginning_after(header: SignedHeader, results_root: bytes) -> Beginning:
    """Give the beginning after a block."""
    own = header.header
    return Beginning(height=own.height, time=own.time, hash=own.hash(), results_root=results_root, header=header)
