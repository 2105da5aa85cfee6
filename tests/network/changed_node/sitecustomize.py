"""Loaded by Python at the start of a node under test, when it is told to: chunks of another size, or a peer that lies.

SOGDIA_TEST_CHUNK_BYTES   how many bytes a chunk has
SOGDIA_TEST_LIES          every chunk that is given away has one byte changed
"""

from __future__ import annotations

import os

from sogdia.engine.cometbft import snapshots
from sogdia.engine.folders import snapshot_form

snapshot_form.CHUNK_BYTES = int(os.environ.get("SOGDIA_TEST_CHUNK_BYTES", str(snapshot_form.CHUNK_BYTES)))

if os.environ.get("SOGDIA_TEST_LIES"):
    honest = snapshots.Snapshots.load

    def load(self: snapshots.Snapshots, height: int, format_: int, index: int) -> bytes:
        """Give a chunk that is not the one asked for."""
        raw = honest(self, height, format_, index)
        return raw[:-1] + bytes((raw[-1] ^ 1,)) if raw else raw

    snapshots.Snapshots.load = load  # type: ignore[method-assign]
