"""Plays a chain that was written down on one replica, and writes the app hash after each block, for comparison.

chain_hashes.py CHAIN FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import msgspec

from sogdia.kernel.genesis import genesis_type
from sogdia.modules import ALL
from tests.network.chain import Chain
from tests.network.random_life import REPLICAS, Moment, random_life


class WrittenChain(msgspec.Struct):
    """What every reader plays: the genesis, and what was sent for each block."""

    genesis: Any
    moments: list[Moment]


def write_chain(seed: int, blocks: int, file: Path) -> None:
    """Write a random life down."""
    life = random_life(seed, blocks)
    written = WrittenChain(msgspec.to_builtins(life.ledger.genesis), life.moments)
    file.write_bytes(msgspec.msgpack.encode(written))


def main() -> None:
    """Play it; each moment is a block, whose envelopes travel alone."""
    written = msgspec.msgpack.decode(Path(sys.argv[1]).read_bytes(), type=WrittenChain)
    genesis = msgspec.convert(written.genesis, genesis_type(ALL))
    chain = Chain(Path(sys.argv[2]), REPLICAS[:1], made=genesis)
    for moment in written.moments:
        chain.block(*moment.envelopes, at=moment.at, misbehaviour=moment.misbehaviour)
        sys.stdout.write(f"{chain.height} {chain.app_hash.hex()}\n")
    chain.close()


if __name__ == "__main__":
    main()
