"""Makes blocks out of submissions: signatures ahead on another core, a block written while the next is executed.

    submit ─▶ opened ─▶ checked ahead ─▶ ready ─▶ executed ─▶ durable ─▶ answered
                                                         └──▶ settled: after the answers, or beside the disk

Blocks don't wait for stragglers: as soon as nothing is being written, what is ready is executed. While something is
being written a block is executed only when enough is ready to be worth one.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter, deque
from typing import TYPE_CHECKING

from sogdia.engine.ledger.lookups import Lookups
from sogdia.engine.ledger.scrub import Scrub
from sogdia.engine.marks import mark
from sogdia.engine.serving.checks import checks_of
from sogdia.engine.serving.verification import CHECKS_IN_BATCH, CheckedAhead, VerifierProcess
from sogdia.engine.serving.waiters import Waiters
from sogdia.engine.solo.clock import ManualClock
from sogdia.engine.storage.ledger_file import MapTooSmallError, StorageFullError
from sogdia.kernel.refusal import Refused, ensure

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from sogdia.engine.ledger.ledger import Ledger
    from sogdia.engine.ledger.lookups import Anchored
    from sogdia.engine.ledger.sealing import SealedBlock
    from sogdia.engine.ledger.writing import Commit
    from sogdia.engine.serving.block_maker import Asker
    from sogdia.engine.solo.clock import Clock
    from sogdia.kernel.envelope import Envelope
    from sogdia.kernel.state import State

BLOCK_ENVELOPES = 500
"""More in one block would keep the node from its sockets for too long."""

WORTH_A_BLOCK = 100
SHARED_MAX = 32
"""When the node has nothing else to do it shares the checks of so few envelopes with the verifier."""

UNWRITTEN_BLOCKS_MAX = 4
WAITING_MAX = 50_000
TICK_SECONDS = 0.1
EMPTY_BLOCK_SECONDS = 1.0
RETRY_SECONDS = 1.0

_log = logging.getLogger(__name__)


def _nothing_waits() -> None:
    return


class Submission:
    """An envelope on its way into a block."""

    __slots__ = ("asker", "checks", "envelope", "number")

    def __init__(self, asker: Asker, number: int, envelope: Envelope) -> None:
        """Remember who waits for it, under which number."""
        self.asker = asker
        self.number = number
        self.envelope = envelope
        self.checks: list[bytes] = []


class Producer:
    """The heart of a running node."""

    def __init__(self, ledger: Ledger, clock: Clock, *, verifier: bool) -> None:
        """Make blocks of `ledger` by `clock`; with `verifier` a second process checks signatures ahead."""
        self.ledger = ledger
        self.clock = clock
        self.lookups = Lookups(ledger)
        self.checked = CheckedAhead()
        ledger.valid = self.checked
        self.verifier = VerifierProcess(self.checked) if verifier else None
        if self.verifier is not None:
            self.checked.take_arrived = self.verifier.take_arrived
        self.limits = ledger.limits()
        self.scrub = Scrub(ledger, self.lookups)
        self.refusals: Counter[int] = Counter()
        self.applied = 0
        self.waiting_max: int | None = None
        self.waits: Counter[str] = Counter()
        self.on_block: Callable[[SealedBlock, float], None] | None = None
        self._clock_waits: str | None = None
        self._storage_waits: str | None = None
        self._opened: list[Submission] = []
        self._ready: deque[Submission] = deque()
        self._checking = 0
        self._unanswered: deque[tuple[SealedBlock, list[Submission]]] = deque()
        self._waiters = Waiters(ledger)
        self._state: State = ledger.state()
        self._executed_at = ledger.tip.time
        self._commit: Commit | None = None
        self._turn_is_due = False
        self._is_due = False
        self._ticking: asyncio.TimerHandle | None = None
        self._last_block = time.monotonic()
        self._stopping = False

    async def start(self) -> None:
        """Start the verifier and the ticking."""
        self.ledger.signing_key()
        self._loop = asyncio.get_running_loop()
        if self.verifier is not None:
            await self.verifier.start()
        self._ticking = self._loop.call_later(TICK_SECONDS, self._tick)

    def _stop_ticking(self) -> None:
        if self._ticking is not None:
            self._ticking.cancel()

    # ------------------------------------------------------------------------------------------------- submissions

    def submit(self, asker: Asker, number: int, raw: bytes) -> None:
        """Take an envelope; `asker` hears what becomes of it."""
        if self._stopping or self._storage_waits or self._clock_waits or len(self._ready) >= self._waiting_max():
            asker.later(number, self.waits_for() or "the queue is full")
            return
        try:
            envelope = self.ledger.machine.envelopes.open(raw, self.limits)
        except Refused as refused:
            self.refusals[int(refused.code)] += 1
            asker.refused(number, refused)
            return
        self._opened.append(Submission(asker, number, envelope))
        if len(self._opened) == 1:
            self._loop.call_soon(self._send_checks)

    def waits_for(self) -> str | None:
        """Say what keeps the node from taking envelopes, or nothing."""
        return "the node is stopping" if self._stopping else self._storage_waits or self._clock_waits

    def _waiting_max(self) -> int:
        return WAITING_MAX if self.waiting_max is None else self.waiting_max

    def waits_for_disk(self) -> bool:
        """Tell whether there is no room on the disk."""
        return self._storage_waits is not None

    def waits_for_clock(self) -> bool:
        """Tell whether the computer's clock is behind the blocks."""
        return self._clock_waits is not None

    def quiet_seconds(self) -> float:
        """Give how long ago the last block was executed."""
        return time.monotonic() - self._last_block

    def backlog(self) -> int:
        """Give how many envelopes wait for their block."""
        return len(self._opened) + self._checking + len(self._ready)

    def _send_checks(self) -> None:
        """Send what has been opened in this turn of the loop to the verifier, or straight on."""
        opened, self._opened = self._opened, []
        if self.verifier is None or not self.verifier.is_ready():
            self._ready.extend(opened)
            self.wake()
            return
        if len(opened) <= SHARED_MAX and self._commit is None and not self._checking and not self._ready:
            self._share_checks(opened)
            return
        for start in range(0, len(opened), CHECKS_IN_BATCH):
            batch = opened[start : start + CHECKS_IN_BATCH]
            checks: list[bytes] = []
            for submission in batch:
                self._add_checks(submission, checks)
            self._checking += len(batch)
            self.verifier.check(checks, lambda batch=batch: self._have_checked(batch))  # type: ignore[misc]

    def _share_checks(self, opened: list[Submission]) -> None:
        """Execute at once, checking the first half here while the verifier checks the second."""
        checks: list[bytes] = []
        for submission in opened[(len(opened) + 1) // 2 :]:
            self._add_checks(submission, checks)
        if checks and self.verifier is not None:
            self.verifier.check(checks, _nothing_waits)
        self._ready.extend(opened)
        self._turn()

    def _add_checks(self, submission: Submission, checks: list[bytes]) -> None:
        """Take note of the signatures of an envelope that can be checked ahead."""
        submission.checks = checks_of(self._state, submission.envelope)
        checks += submission.checks

    def _have_checked(self, batch: list[Submission]) -> None:
        self._checking -= len(batch)
        self._ready.extend(batch)
        self.wake()

    # ------------------------------------------------------------------------------------------------------ blocks

    def wake(self) -> None:
        """Look for something to do, soon."""
        if not self._turn_is_due:
            self._turn_is_due = True
            self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        """Execute a block if there is reason to, and begin to write what has been executed."""
        self._turn_is_due = False
        if self.waits_for() is not None:
            return
        if self._worth_a_block():
            self._execute()
        if self._commit is None and self.ledger.writer.waiting() and self._storage_waits is None:
            self._begin_commit()
        self._settle()
        if self._worth_a_block():
            self.wake()

    def _settle(self) -> None:
        """Let the memory move on when the answers have left, or while their block is written; see what is due then."""
        if self.ledger.settle():
            self.limits = self.ledger.limits()
            self._is_due = self.ledger.is_due(self._executed_at)

    def _worth_a_block(self) -> bool:
        if self._commit is None:
            return bool(self._ready) or self._is_due
        return len(self._ready) >= WORTH_A_BLOCK and len(self._unanswered) < UNWRITTEN_BLOCKS_MAX

    def _execute(self, *, empty: bool = False) -> None:
        """Execute one block of what is ready and due."""
        at = self.clock.read(self.ledger.tip.time)
        if at is None:
            self._clock_is_behind()
            return
        submissions = self._take_ready()
        began = time.perf_counter()
        built = self.ledger.execute(at, [each.envelope for each in submissions], empty=empty)
        included = []
        for submission, outcome in zip(submissions, built.outcomes, strict=True):
            for check in submission.checks:
                self.checked.forget(check)
            if isinstance(outcome, Refused):
                self.refusals[int(outcome.code)] += 1
                submission.asker.refused(submission.number, outcome)
            else:
                included.append(submission)
        if len(included) < len(submissions):
            for asker in dict.fromkeys(submission.asker for submission in submissions):
                asker.flush()
        if built.block is not None:
            self._last_block = time.monotonic()
            if self.on_block is not None:
                self.on_block(built.block, time.perf_counter() - began)
            self._unanswered.append((built.block, included))
        self._is_due = False
        self._executed_at = at

    def _take_ready(self) -> list[Submission]:
        """Take what fits into one block, in the order in which it came."""
        ready, limits = self._ready, self.limits
        taken: list[Submission] = []
        size = 0
        while ready and len(taken) < min(BLOCK_ENVELOPES, limits.block_envelopes_max):
            size += len(ready[0].envelope.raw)
            if size > limits.block_bytes_max and taken:
                break
            taken.append(ready.popleft())
        return taken

    def advance(self, to: int) -> int:
        """Put a manual clock forward and execute what has become due; give the height that answers for it."""
        if not isinstance(self.clock, ManualClock):
            raise TypeError("this network runs by the computer's clock; only a manual clock can be put forward")
        self.clock.advance(to)
        while self.ledger.is_due(to):
            self._execute()
        self.wake()
        return self.ledger.tip.height

    def _tick(self) -> None:
        """Do what time asks for: deadlines, the empty block that carries the last root, waiting, looking after."""
        self._ticking = self._loop.call_later(TICK_SECONDS, self._tick)
        if self.verifier is not None:
            self.verifier.look_after()
        at = self.clock.read(self.ledger.tip.time)
        if at is None:
            self._clock_is_behind()
        elif self._clock_waits is not None:
            _log.warning("the computer's clock has come up; the node goes on")
            self._clock_waits = None
        if at is None or self.waits_for() is not None:
            return
        self._is_due = self.ledger.is_due(at)
        quiet = not self._ready and time.monotonic() - self._last_block >= EMPTY_BLOCK_SECONDS
        if quiet and not self._is_due and self.ledger.needs_empty_block():
            self._execute(empty=True)
        self.wake()
        if self._commit is None and not self._ready:
            self.scrub.step()

    def _clock_is_behind(self) -> None:
        if self._clock_waits is None:
            self.waits["clock"] += 1
            self._clock_waits = f"the computer's clock, which is behind the last block's time, {self.ledger.tip.time}"
            _log.warning("the node waits for %s", self._clock_waits)

    # -------------------------------------------------------------------------------------------------- durability

    def _begin_commit(self) -> None:
        """Write what has been executed: here when that is short, otherwise in a thread beside the next block."""
        if self.ledger.writer.is_short():
            self._write_here()
            return
        try:
            self._commit = self.ledger.writer.begin_commit()
        except StorageFullError as error:
            self._storage_is_full(error)
            return
        self._commit.future.add_done_callback(self._commit_ended_in_thread)

    def _commit_ended_in_thread(self, _future: Future[None]) -> None:
        self._loop.call_soon_threadsafe(self._commit_ended)

    def _commit_ended(self) -> None:
        """Answer for the blocks that are durable now."""
        commit, self._commit = self._commit, None
        if commit is None:
            return
        try:
            self.ledger.writer.end_commit(commit)
        except MapTooSmallError:
            self._try_to_write_again()
            return
        except StorageFullError as error:
            self._storage_is_full(error)
            return
        self._answer()
        self._turn()

    def commit_now(self) -> None:
        """Write everything, the changed buckets too, while nothing else is being written."""
        ensure(self._commit is None, "two writes at once")
        self.ledger.commit(flush=True)
        self._answer()

    def waiters(self) -> int:
        """Give how many answers wait for a height to become durable."""
        return len(self._waiters)

    def when_durable(self, height: int, then: Callable[[], None]) -> None:
        """Call `then` once `height` is durable: at once, or in the order of heights."""
        self._waiters.add(height, then)

    def anchor(self, height: int, then: Callable[[Anchored], None], failed: Callable[[str], None]) -> None:  # noqa: ARG002 - another engine may fail
        """Give what proofs that lead to the header of `height` need, once it is durable."""
        self.when_durable(height, lambda: then(self.lookups.anchored(height)))

    def ask_engine(self, _method: str, _parameters: dict[str, object], _then: object, _failed: object) -> None:
        """Refuse: there is no engine beside this one."""
        raise TypeError("this network has no engine of its own beside the ledger")

    def _answer(self) -> None:
        """Give out what the durable blocks answer."""
        writer = self.ledger.writer
        mark("before-answer")
        askers: dict[Asker, None] = {}
        while self._unanswered and self._unanswered[0][0].height <= writer.durable_height:
            block, included = self._unanswered.popleft()
            for place, (submission, result) in enumerate(zip(included, block.results, strict=True)):
                submission.asker.receipt(submission.number, block.height, place, result.receipt)
                askers[submission.asker] = None
            self.applied += len(included)
        for asker in askers:
            asker.flush()
        mark("after-answer")
        self._waiters.look()

    def _storage_is_full(self, error: StorageFullError) -> None:
        """Keep everything, say so, and try again every second."""
        if self._storage_waits is None:
            self.waits["disk"] += 1
            _log.error("the node waits for room on the disk; nothing is lost: %s", error)
        self._storage_waits = f"room on the disk: {error}"
        self._loop.call_later(RETRY_SECONDS, self._try_to_write_again)

    def _try_to_write_again(self) -> None:
        if self._commit is not None or self._stopping:
            return
        if self._write_here():
            if self._storage_waits is not None:
                _log.warning("there is room on the disk again; the node goes on")
                self._storage_waits = None
            self._turn()

    def _write_here(self) -> bool:
        """Write what has been executed and answer for it; without room on the disk, wait for some."""
        try:
            self.ledger.commit()
        except StorageFullError as error:
            self._storage_is_full(error)
            return False
        self._answer()
        return True

    def may_be_written(self) -> bool:
        """Tell whether what is in memory may be written at an end: always, since nobody else decides about it."""
        return True

    async def stop(self) -> None:
        """Take nothing more, write what has been executed, and answer for it."""
        self._stopping = True
        self._stop_ticking()
        if self.verifier is not None:
            self.verifier.close()
            # What is with the verifier comes back unchecked once its connection has ended.
            while self._checking:  # noqa: ASYNC110 - the loop's next turn is all that has to pass
                await asyncio.sleep(0)
        for submission in (*self._opened, *self._ready):
            submission.asker.later(submission.number, "the node is stopping")
            submission.asker.flush()
        self._opened, self._ready = [], deque()
        if self._commit is not None:
            await asyncio.wait([asyncio.wrap_future(self._commit.future)])
            self._commit_ended()
        self.commit_now()

    def abandon(self) -> None:
        """End without writing anything."""
        self._stopping = True
        self._stop_ticking()
        if self.verifier is not None:
            self.verifier.close()
