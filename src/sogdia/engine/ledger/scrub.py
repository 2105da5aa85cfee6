"""A slow walk over everything that is stored, so that damage is found before it is needed.

Records are checked against the state root, blocks against their hashes and against each other. Damage stops the node:
it must not answer from a file that it cannot trust.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sogdia.engine.ledger.sealing import results_root, transactions_root
from sogdia.engine.storage.ledger_file import DamagedError

if TYPE_CHECKING:
    from sogdia.engine.ledger.ledger import Ledger
    from sogdia.engine.ledger.lookups import Lookups

STEP_SECONDS = 0.002
"""A step comes ten times a second at most, so the walk takes at most a fiftieth of one core."""

REST_SECONDS = 3_600


class Scrub:
    """The walk: first over all buckets, then over all blocks, then a rest."""

    def __init__(self, ledger: Ledger, lookups: Lookups) -> None:
        """Begin before the first bucket."""
        self._ledger = ledger
        self._lookups = lookups
        self._prefixes: list[str] = []
        self._height = 0
        self._rests_until = 0.0
        self.rounds = 0
        self.buckets = 0
        self.blocks = 0

    def step(self) -> None:
        """Go on for a moment."""
        until = time.monotonic() + STEP_SECONDS
        if self._rests_until > until:
            return
        if not self._prefixes and not self._height:
            self._prefixes = self._ledger.tree.bucket_prefixes()[::-1]
            self._height = self._ledger.file.first_height()
        while self._prefixes and time.monotonic() < until:
            self._ledger.tree.check_bucket(self._prefixes.pop())
            self.buckets += 1
        while not self._prefixes and self._height and time.monotonic() < until:
            self._check_next_block()

    def finish_round(self) -> None:
        """Walk to the end of the round without a pause; for audits."""
        self._rests_until = 0.0
        before = self.rounds
        while self.rounds == before:
            self.step()

    def _check_next_block(self) -> None:
        height = max(self._height, self._ledger.file.first_height())
        if height >= self._lookups.height():
            self._height = 0
            self.rounds += 1
            self._rests_until = time.monotonic() + REST_SECONDS
            return
        check_link(self._lookups, height)
        self.blocks += 1
        self._height = height + 1


def check_link(lookups: Lookups, height: int) -> None:
    """Check a block's roots, and that the next header links to it."""
    block, following = lookups.block(height), lookups.header(height + 1).header
    header = block.header.header
    if (
        transactions_root(block.envelopes) != header.transactions_root
        or results_root(block.all_results(), block.exits_after) != following.results_root
        or header.hash() != following.previous
    ):
        raise DamagedError(f"block {height} does not fit its own header and the next one")
