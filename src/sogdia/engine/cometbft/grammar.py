"""The order in which CometBFT may call an application, and a checker that notices when it does not keep to it.

    run        = Info (clean | recovery)
    clean      = InitChain [state sync] heights             nothing has been committed
    recovery   = heights                                    something has
    state sync = (OfferSnapshot | ApplySnapshotChunk) …     before the first block that is executed here only
    height     = (PrepareProposal | ProcessProposal) … FinalizeBlock Commit

Heights follow one another. While blocks are caught up with there are no proposals. Calls of the mempool, of queries
and those that offer our own snapshots to others may come at any time and are not part of this.
"""

from __future__ import annotations

from enum import Enum


class Call(Enum):
    """The calls whose order is checked."""

    INFO = "info"
    INIT_CHAIN = "init_chain"
    OFFER_SNAPSHOT = "offer_snapshot"
    APPLY_SNAPSHOT_CHUNK = "apply_snapshot_chunk"
    PREPARE_PROPOSAL = "prepare_proposal"
    PROCESS_PROPOSAL = "process_proposal"
    FINALIZE_BLOCK = "finalize_block"
    COMMIT = "commit"


class OrderWrongError(Exception):
    """CometBFT called what it may not call now."""


_PROPOSALS = (Call.PREPARE_PROPOSAL, Call.PROCESS_PROPOSAL)
_SNAPSHOTS = (Call.OFFER_SNAPSHOT, Call.APPLY_SNAPSHOT_CHUNK)


class Grammar:
    """Follows the calls of one run of the engine."""

    def __init__(self, height: int, beginning: int = 0) -> None:
        """Begin with `height` committed; up to `beginning` it came from a snapshot, and may come from another."""
        self._height = height
        self._beginning = beginning
        self._finalized = False
        self._started = height > 0
        self._syncing = False

    def hear(self, call: Call, height: int = 0) -> None:
        """Take note of a call, or raise because it may not come now."""
        if call is Call.INFO:
            # Asked at every start, and now and then over the connection for queries.
            return
        if call is Call.INIT_CHAIN:
            self._require(not self._started, call, "blocks have been committed already")
            self._started = True
            return
        if call in _SNAPSHOTS:
            self._require(self._height == self._beginning, call, "blocks have been committed already")
            self._started = self._syncing = True
            return
        self._require(self._started, call, "InitChain has not been called")
        if call is Call.COMMIT:
            self._require(self._finalized, call, "no block has been finalized")
            self._height, self._finalized = self._height + 1, False
            return
        self._require(not self._finalized, call, f"block {self._height + 1} has been finalized and not committed")
        self._require(height == self._height + 1, call, f"it is for height {height}, and {self._height} is committed")
        self._finalized = call is Call.FINALIZE_BLOCK

    def restored(self, height: int) -> None:
        """Take note that a snapshot of a height has been restored."""
        self._require(self._syncing, Call.APPLY_SNAPSHOT_CHUNK, "no snapshot was offered")
        self._height = self._beginning = height
        self._syncing = False

    def _require(self, fits: bool, call: Call, why: str) -> None:  # noqa: FBT001 - a condition
        if not fits:
            raise OrderWrongError(f"CometBFT called {call.value} out of order: {why}")
