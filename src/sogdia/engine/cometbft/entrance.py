"""Where people and systems hand envelopes in: tried at the door, handed to the engine, answered once in a block.

To the node's socket this is what the producer is under the embedded engine. Envelopes that came together in one
request go to the engine as one batch; those that came alone stay alone.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
import time
from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from sogdia.engine.cometbft.abci_server import AbciServer
from sogdia.engine.cometbft.ahead import Line
from sogdia.engine.cometbft.anchors import Anchors
from sogdia.engine.cometbft.application import Application
from sogdia.engine.cometbft.engine_rpc import EngineAwayError, EngineRefusedError, EngineRpc, base64
from sogdia.engine.cometbft.keeping import Keeping
from sogdia.engine.cometbft.places import abci_socket, rpc_socket
from sogdia.engine.cometbft.replica import Replica
from sogdia.engine.cometbft.transactions import BATCH_BYTES_MAX, BATCH_ENVELOPES_MAX, transaction_of
from sogdia.engine.serving.verification import second_core
from sogdia.engine.storage.beginning import NotHereError
from sogdia.kernel.comet_answers import AnswerWrong
from sogdia.kernel.refusal import Refused
from sogdia.kernel.refusals import KernelRefusal as Refuse

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine, Iterator

    from sogdia.engine.ledger.ledger import Ledger
    from sogdia.engine.ledger.lookups import Anchored
    from sogdia.engine.ledger.sealing import SealedBlock
    from sogdia.engine.serving.block_maker import Asker
    from sogdia.kernel.envelope import Envelope

WAITING_MAX = 50_000
HANDED_ON_AT_ONCE_MAX = 200
"""Transactions in one request to the engine; its `rpc.max_request_batch_size` is set to the same."""

SEEN_ALREADY = "already exists in cache"

_log = logging.getLogger(__name__)


class NetworkClock:
    """The computer's clock, for people who ask what time it is here; blocks get theirs from the validators' votes."""

    def now(self) -> int:
        """Give the present second."""
        return int(time.time())


class Arrived:
    """An envelope that somebody handed in here."""

    __slots__ = ("asker", "envelope", "number")

    def __init__(self, asker: Asker, number: int, envelope: Envelope) -> None:
        """Remember who waits for it, under which number."""
        self.asker = asker
        self.number = number
        self.envelope = envelope


class Entrance:
    """Takes envelopes, and tells those who handed them in what became of them."""

    def __init__(
        self,
        ledger: Ledger,
        keeping: Keeping = Keeping(),  # noqa: B008 - frozen
        *,
        verifier: bool | None = None,
        peers_only: Collection[str] = (),
    ) -> None:
        """Take part with the copy of the ledger that `ledger` is, together with these peers, or any.

        Without a word about a `verifier` there is one when there is a second core for it.
        """
        replica = self.replica = Replica(ledger, keeping, verifier=second_core() if verifier is None else verifier)
        self.verifier = replica.ahead.verifier
        self.ledger = ledger
        self.lookups = replica.lookups
        self.scrub = replica.scrub
        self.refusals = replica.refusals
        self.clock = NetworkClock()
        self.waits: Counter[str] = Counter()
        self.waiting_max: int | None = None
        self._application = Application(replica, peers_only)
        self._application.on_refused = self.hear_refused
        self._abci = AbciServer(self._application, replica.ahead)
        replica.candidates.breathe = self._abci.take_more
        self._rpc = EngineRpc(rpc_socket(ledger.folder))
        self._anchors = Anchors(ledger, replica.lookups, self._rpc)
        self._fetching: set[asyncio.Task[None]] = set()
        self._arrived: list[Arrived] = []
        self._line: Line[list[Arrived]] = Line(replica.ahead, self._try_at_the_door)
        self._lined_up = 0
        self._to_hand_on: list[list[Arrived]] = []
        self._pending: dict[bytes, list[Arrived]] = {}
        self._expiries: list[tuple[int, bytes]] = []
        self._handing_on: asyncio.Task[None] | None = None
        self._stopping = False
        replica.on_commit.append(self._committed)

    async def start(self) -> None:
        """Wait for the engine to call."""
        await self._abci.start(abci_socket(self.ledger.folder))
        await self.replica.start()

    # ------------------------------------------------------------------------------------------------- submissions

    def submit(self, asker: Asker, number: int, raw: bytes) -> None:
        """Take an envelope; `asker` hears what becomes of it."""
        why_not = self.waits_for()
        if why_not is None and self.backlog() >= (WAITING_MAX if self.waiting_max is None else self.waiting_max):
            why_not = "the queue is full"
        if why_not is not None:
            asker.later(number, why_not)
            return
        try:
            (envelope,) = self.replica.door.open(raw)
        except Refused as refused:
            self._refuse(asker, number, refused)
            return
        except ValueError:
            self._refuse(asker, number, Refused(Refuse.ENVELOPE_MALFORMED, (("reason", "a batch, not an envelope"),)))
            return
        self._arrived.append(Arrived(asker, number, envelope))
        if len(self._arrived) == 1:
            asyncio.get_running_loop().call_soon(self._let_wait)

    def _refuse(self, asker: Asker, number: int, refused: Refused) -> None:
        self.refusals[int(refused.code)] += 1
        asker.refused(number, refused)

    def _let_wait(self) -> None:
        """Have the signatures checked of what has arrived in this turn of the loop."""
        arrived, self._arrived = self._arrived, []
        self._lined_up += len(arrived)
        self._line.add(arrived, [each.envelope for each in arrived])

    def _try_at_the_door(self, arrived: list[Arrived]) -> None:
        """Try what has been checked, and hand on what passes."""
        self._lined_up -= len(arrived)
        refused_askers: dict[Asker, None] = {}
        passed: list[Arrived] = []
        for each in arrived:
            known = self._pending.get(each.envelope.id)
            if known is not None:
                known.append(each)
                continue
            try:
                self.replica.door.let_in(each.envelope)
            except Refused as refused:
                self._refuse(each.asker, each.number, refused)
                refused_askers[each.asker] = None
                continue
            self._pending[each.envelope.id] = [each]
            heapq.heappush(self._expiries, (each.envelope.body.expiry, each.envelope.id))
            passed.append(each)
        for asker in refused_askers:
            asker.flush()
        self._to_hand_on.extend(_grouped(passed))
        if self._to_hand_on and self._handing_on is None:
            self._handing_on = asyncio.get_running_loop().create_task(self._hand_on())

    async def _hand_on(self) -> None:
        """Give transactions to the engine, as many at a time as have gathered."""
        try:
            while self._to_hand_on:
                groups = self._to_hand_on[:HANDED_ON_AT_ONCE_MAX]
                del self._to_hand_on[: len(groups)]
                await self._give(groups)
        finally:
            self._handing_on = None

    async def _give(self, groups: list[list[Arrived]]) -> None:
        transactions = []
        for group in groups:
            transaction = transaction_of([each.envelope.raw for each in group])
            self.replica.known.remember(transaction, tuple([each.envelope for each in group]))
            transactions.append(transaction)
        questions: list[tuple[str, dict[str, object]]] = [
            ("broadcast_tx_async", {"tx": base64(each)}) for each in transactions
        ]
        try:
            answers = await self._rpc.ask_many(questions)
        except EngineAwayError as error:
            self.waits["engine"] += 1
            _log.warning("%s", error)
            for group in groups:
                self._give_back(group, "the engine beside this node")
            return
        for group, answer in zip(groups, answers, strict=True):
            if isinstance(answer, EngineRefusedError) and SEEN_ALREADY not in str(answer):
                self._give_back(group, f"the engine did not take it: {answer}")

    def _give_back(self, group: list[Arrived], why: str) -> None:
        """Tell that a transaction was not handed on."""
        for each in group:
            for waiting in self._pending.pop(each.envelope.id, ()):
                waiting.asker.later(waiting.number, why)
                waiting.asker.flush()

    # ------------------------------------------------------------------------------------------------------ answers

    def _committed(self, sealed: SealedBlock) -> None:
        """Answer for what stands in a durable block, and for what can stand in none any more."""
        askers: dict[Asker, None] = {}
        for place, result in enumerate(sealed.results):
            for each in self._pending.pop(result.id, ()):
                each.asker.receipt(each.number, sealed.height, place, result.receipt)
                askers[each.asker] = None
        for each in self._expired(sealed.time):
            facts = (("expiry", each.envelope.body.expiry), ("time", sealed.time))
            each.asker.refused(each.number, Refused(Refuse.ENVELOPE_EXPIRED, facts))
            askers[each.asker] = None
        for asker in askers:
            asker.flush()
        self.replica.pruning.look(self._anchors)

    def _expired(self, now: int) -> Iterator[Arrived]:
        while self._expiries and self._expiries[0][0] < now:
            yield from self._pending.pop(heapq.heappop(self._expiries)[1], ())

    def hear_refused(self, envelope_id: bytes, refused: Refused) -> None:
        """Hear that an envelope which waits is not admissible any more, and so will be in no block of ours."""
        if refused.code is Refuse.ENVELOPE_REPLAYED:
            return  # it is in a block, and was answered with it
        for each in self._pending.pop(envelope_id, ()):
            self._refuse(each.asker, each.number, refused)
            each.asker.flush()

    # ------------------------------------------------------------------------------------- what the node's socket asks

    @property
    def applied(self) -> int:
        """How many envelopes have been in blocks since the start."""
        return self.replica.applied

    @property
    def on_block(self) -> Callable[[SealedBlock, float], None] | None:
        """Who hears of each block."""
        return self.replica.on_block

    @on_block.setter
    def on_block(self, hear: Callable[[SealedBlock, float], None] | None) -> None:
        """Let somebody hear of each block, and how long it took."""
        self.replica.on_block = hear

    def waits_for(self) -> str | None:
        """Say what keeps the node from taking envelopes, or nothing."""
        if self._stopping:
            return "the node is stopping"
        return None if self._abci.connections else "the engine beside this node, which is not there"

    def waits_for_disk(self) -> bool:
        """Tell whether there is no room on the disk: then this engine's node stops, so never while it runs."""
        return False

    def waits_for_clock(self) -> bool:
        """Tell whether the computer's clock holds things up: it has no part in this engine."""
        return False

    def quiet_seconds(self) -> float:
        """Give how long ago the last block was executed."""
        return self.replica.quiet_seconds()

    def backlog(self) -> int:
        """Give how many envelopes wait for their block."""
        return len(self._arrived) + self._lined_up + len(self._pending)

    def waiters(self) -> int:
        """Give how many answers wait for a height to become durable."""
        return len(self.replica.waiters)

    def when_durable(self, height: int, then: Callable[[], None]) -> None:
        """Call `then` once `height` is durable."""
        self.replica.waiters.add(height, then)

    def anchor(self, height: int, then: Callable[[Anchored], None], failed: Callable[[str], None]) -> None:
        """Give what proofs that lead to the header of `height` need, once it is durable: the engine has the votes."""

        async def fetch() -> None:
            try:
                at = await self._anchors.at(height)
            except (EngineAwayError, EngineRefusedError, AnswerWrong, NotHereError) as error:
                failed(f"the engine's header of height {height}: {error}")
            else:
                then(at)

        self.when_durable(height, lambda: self._fetch(fetch()))

    def ask_engine(
        self, method: str, parameters: dict[str, object], then: Callable[[bytes], None], failed: Callable[[str], None]
    ) -> None:
        """Ask the engine for something that is for everybody, and give its answer as JSON."""

        async def fetch() -> None:
            try:
                found = await self._rpc.ask(method, **parameters)
            except (EngineAwayError, EngineRefusedError) as error:
                failed(str(error))
            else:
                then(msgspec.json.encode(found))

        self._fetch(fetch())

    def _fetch(self, fetching: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(fetching)
        self._fetching.add(task)
        task.add_done_callback(self._fetching.discard)

    def advance(self, to: int) -> int:
        """Refuse: nobody moves this clock."""
        raise TypeError(f"the validators' clocks give this network its time; it cannot be put to {to}")

    def commit_now(self) -> None:
        """Write the changed records too, so that a copy of the file opens without executing anything again."""
        if not self.replica.is_between_blocks():
            raise RuntimeError("a block is decided and not committed; ask again")
        self.ledger.commit(flush=True)

    def may_be_written(self) -> bool:
        """Tell whether what is in memory may be written at an end.

        A block that is decided and not committed may not: the engine has not noted down what it came to, and could
        not go on with an application that is ahead of it. It brings the block again.
        """
        return self.replica.is_between_blocks()

    async def stop(self) -> None:
        """Take nothing more, and tell those who wait that their envelopes may still come into a block."""
        self._stopping = True
        if self._handing_on is not None:
            self._handing_on.cancel()
        in_line = [each for arrived in self._line.clear() for each in arrived]
        in_engine = [each for waiting in self._pending.values() for each in waiting]
        for each in [*self._arrived, *in_line, *in_engine]:
            each.asker.later(each.number, "the node is stopping; the envelope may be in a block all the same")
            each.asker.flush()
        self._arrived, self._pending, self._lined_up = [], {}, 0
        await self._abci.stop()
        await self.replica.pruning.stop()
        self._end()
        if self.replica.is_between_blocks():
            self.commit_now()

    def abandon(self) -> None:
        """End at once."""
        self._stopping = True
        self._abci.abandon()
        self._end()

    def _end(self) -> None:
        self.replica.stop()
        self._application.snapshots.close()
        self._rpc.close()


def _grouped(passed: list[Arrived]) -> Iterator[list[Arrived]]:
    """Group envelopes of one request, which have one asker of their own and are numbered from 0 on, into batches."""
    group: list[Arrived] = []
    size = 0
    for each in passed:
        length = len(each.envelope.raw)
        together = bool(group) and each.asker.together and each.asker is group[0].asker
        if group and not (together and len(group) < BATCH_ENVELOPES_MAX and size + length <= BATCH_BYTES_MAX):
            yield group
            group, size = [], 0
        group.append(each)
        size += length
    if group:
        yield group
