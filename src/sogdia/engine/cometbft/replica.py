"""One organisation's copy of the ledger under CometBFT: proposals, decided blocks, and those who wait for them.

    submit ─▶ door ─▶ engine's pool ─▶ proposal ─▶ decided ─▶ committed, durable ─▶ answered

The engine decides which block is next. Whatever it asks is answered from the block and the committed state alone.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from typing import TYPE_CHECKING

from sogdia.engine.cometbft.ahead import Ahead
from sogdia.engine.cometbft.candidates import BlockFullError, Candidates
from sogdia.engine.cometbft.door import Door
from sogdia.engine.cometbft.keeping import Keeping
from sogdia.engine.cometbft.known import KnownSignatures, KnownTransactions
from sogdia.engine.cometbft.last_results import LastResults, last_results
from sogdia.engine.cometbft.pruning import Pruning
from sogdia.engine.cometbft.snapshots import Snapshots
from sogdia.engine.ledger.lookups import Lookups
from sogdia.engine.ledger.scrub import Scrub
from sogdia.engine.serving.waiters import Waiters
from sogdia.kernel.comet import AppState, app_hash
from sogdia.kernel.refusal import Broken, Refused, ensure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sogdia.engine.cometbft.candidates import Occasion, Outcome
    from sogdia.engine.ledger.ledger import Ledger
    from sogdia.engine.ledger.sealing import SealedBlock

TICK_SECONDS = 0.1
TIME_MAX = 2**32 - 2**28
"""In the year 2097. Seconds are written in 32 bits, and a deadline may be some years behind its block."""

_log = logging.getLogger(__name__)


class Decided:
    """What a decided block came to."""

    __slots__ = ("app_hash", "outcomes", "sealed", "validators")

    def __init__(
        self, sealed: SealedBlock, outcomes: list[Outcome], validators: list[tuple[bytes, int]], root: bytes
    ) -> None:
        """Hold the sealed block, an outcome a transaction, the changes of validators and the app hash."""
        self.sealed = sealed
        self.outcomes = outcomes
        self.validators = validators
        self.app_hash = root


class Replica:
    """Executes what the engine decides."""

    def __init__(self, ledger: Ledger, keeping: Keeping = Keeping(), *, verifier: bool = False) -> None:  # noqa: B008 - frozen
        """Go on from where `ledger` stands, keeping of the past what `keeping` says.

        With a `verifier` a second process checks signatures ahead.
        """
        self.ledger = ledger
        self.lookups = Lookups(ledger)
        self.signatures = KnownSignatures()
        ledger.valid = self.signatures
        self.ahead = Ahead(ledger, self.signatures, verifier=verifier)
        self.known = KnownTransactions(ledger.machine.envelopes)
        self.candidates = Candidates(ledger, self.known)
        self.door = Door(ledger, self.known)
        self.waiters = Waiters(ledger)
        self.scrub = Scrub(ledger, self.lookups)
        self.snapshots = Snapshots(ledger, keeping.snapshots)
        self.pruning = Pruning(ledger, self.snapshots, keeping.blocks)
        self.refusals: Counter[int] = Counter()
        self.applied = 0
        self.on_block: Callable[[SealedBlock, float], None] | None = None
        self.on_commit: list[Callable[[SealedBlock], None]] = []
        self._last_results = last_results(ledger, self.lookups, ledger.tip.height)
        self._results_before = self._last_results.height
        self._decided: tuple[SealedBlock, list[bytes]] | None = None
        self._last_block = time.monotonic()
        self._ticking: asyncio.TimerHandle | None = None

    # ----------------------------------------------------------------------------------------------- what is decided

    def app_hash(self) -> bytes:
        """Give the app hash after the last executed block."""
        return app_hash(self.app_state())

    def app_state(self) -> AppState:
        """Give what the app hash after the last executed block stands for.

        It covers the state and the last results that there were, with their height, and nothing else: it stands still
        when nothing happens, so that the engine has no reason to make another block.
        """
        return self._last_results.with_state(self.ledger.tree.root)

    def propose(self, occasion: Occasion, transactions: Sequence[bytes], bytes_max: int) -> list[bytes]:
        """Choose the transactions of a block that this node proposes."""
        return self.candidates.select(occasion, transactions, bytes_max)

    def accepts(self, occasion: Occasion, transactions: Sequence[bytes]) -> str | None:
        """Judge a proposal: nothing when it may be decided, otherwise why not."""
        wrong = self._wrong_time(occasion.time)
        if wrong is not None:
            return wrong
        try:
            self.candidates.check(occasion, transactions)
        except (Refused, BlockFullError) as error:
            return str(error)
        return None

    def _wrong_time(self, time: int) -> str | None:
        """Say what is wrong with a block's time. How far it is from this computer's clock plays no part."""
        if time < self.ledger.tip.time:
            return f"its time, {time}, is before that of the block before, {self.ledger.tip.time}"
        if time > TIME_MAX:
            return f"its time, {time}, is later than {TIME_MAX}, the last that deadlines fit behind"
        return None

    def decide(self, occasion: Occasion, transactions: Sequence[bytes]) -> Decided:
        """Execute a decided block. It is in memory only; `commit` makes it durable."""
        ledger = self.ledger
        ensure(
            occasion.height == ledger.tip.height + 1, f"block {occasion.height} was decided after {ledger.tip.height}"
        )
        wrong = self._wrong_time(occasion.time)
        ensure(wrong is None, f"block {occasion.height} was decided, and {wrong}")
        began = time.perf_counter()
        try:
            candidate = self.candidates.check(occasion, transactions)
        except (Refused, BlockFullError) as error:
            message = f"block {occasion.height} was decided, and it may not be: {error}"
            raise Broken(message) from error
        candidate.block.close()
        sealed = ledger.seal(candidate.block, candidate.envelopes, None)
        self._results_before = self._last_results.height
        if sealed.results or sealed.exits:
            self._last_results = LastResults(sealed.height, ledger.tip.results_root, sealed.hash)
        self._decided = (sealed, list(transactions))
        self._last_block = time.monotonic()
        if self.on_block is not None:
            self.on_block(sealed, time.perf_counter() - began)
        return Decided(sealed, candidate.outcomes, candidate.block.validator_updates(), self.app_hash())

    def commit(self) -> None:
        """Make the decided block durable, then answer whoever waits for it."""
        if self._decided is None:
            raise Broken("the engine commits a block that it has not decided")
        (sealed, transactions), self._decided = self._decided, None
        self.ledger.commit()
        self.candidates.forget()
        for transaction in transactions:
            self.known.forget(transaction)
        self.door.renew()
        self.applied += len(sealed.results)
        for hear in self.on_commit:
            hear(sealed)
        self.waiters.look()
        if self._last_results.height == sealed.height and self.snapshots.is_due(sealed.height, self._results_before):
            self.snapshots.begin(sealed, self.app_state())

    def restored(self) -> None:
        """Go on from where the ledger stands after it came from a snapshot."""
        ledger = self.ledger
        self._last_results = last_results(ledger, self.lookups, ledger.tip.height)
        self._results_before = self._last_results.height
        self.candidates.forget()
        self.door.renew()
        self.snapshots.forget()

    def is_between_blocks(self) -> bool:
        """Tell whether no block is decided and waits for its commit."""
        return self._decided is None

    # ------------------------------------------------------------------------------------------------ looking after

    async def start(self) -> None:
        """Start what checks signatures, and begin to look after it and the stored data."""
        await self.ahead.start()
        self._ticking = asyncio.get_running_loop().call_later(TICK_SECONDS, self._tick)

    def _tick(self) -> None:
        self._ticking = asyncio.get_running_loop().call_later(TICK_SECONDS, self._tick)
        self.ahead.look_after()
        if self.quiet_seconds() > TICK_SECONDS:
            self.scrub.step()

    def quiet_seconds(self) -> float:
        """Give how long ago the last block was executed."""
        return time.monotonic() - self._last_block

    def stop(self) -> None:
        """End looking after things."""
        if self._ticking is not None:
            self._ticking.cancel()
        self.ahead.close()
        self.snapshots.stop()
