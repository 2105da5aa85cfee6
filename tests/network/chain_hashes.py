"""Plays one seed of the simulation on one replica and writes the app hash after each block, for comparison.

chain_hashes.py SEED BLOCKS FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.network.chain import Chain
from tests.network.simulation import REPLICAS, moments


def main() -> None:
    """Play it; a moment is a block, whose envelopes travel alone."""
    seed, blocks, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    genesis, told = moments(seed, blocks)
    chain = Chain(folder, REPLICAS[:1], made=genesis)
    for moment in told:
        chain.block(*moment.envelopes, at=moment.at, misbehaviour=moment.misbehaviour)
        sys.stdout.write(f"{chain.height} {chain.app_hash.hex()}\n")
    chain.close()


if __name__ == "__main__":
    main()
