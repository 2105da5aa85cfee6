"""What a node keeps of the past: snapshots for nodes to come, and how many blocks."""

from __future__ import annotations

from typing import NamedTuple

from sogdia.engine.cometbft.snapshots import Taking


class Keeping(NamedTuple):
    """How snapshots are taken, and how many of the last blocks stay in the ledger's own file at least (0: all)."""

    snapshots: Taking = Taking()
    blocks: int = 0
