"""The app hash: what CometBFT's header of the next height says of the state and of the results of a block.

    app hash = H("sogdia/app" ‖ state root ‖ results root)

It covers nothing else, so it stands still when nothing happens: the results root of an empty block is that of no
results, and after one more empty block the engine has no reason to make another.
"""

from __future__ import annotations

from hashlib import sha256

DOMAIN = b"sogdia/app"


def app_hash(state_root: bytes, results_root: bytes) -> bytes:
    """Join the two roots after a block."""
    return sha256(DOMAIN + state_root + results_root).digest()
