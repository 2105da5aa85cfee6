"""What can be asked of a running node over its socket, apart from the plain submission of an envelope.

kind          payload                             answer
submit        envelope                            [height, place, receipt] once durable
submit_many   [envelope, …]                       [[status, payload], …] once all are answered
dry_run       [envelope, signatures count]        what would become of it now
query         query                               [height, answer]
record        full key                            [height, record | nil]
prove         [full key, height | nil]            state proof
prove_life    full key                            history proof
prove_result  id                                  receipt proof
result        id                                  [height, place, receipt] | nil
block         height                              stored block
header        height                              signed header
genesis       nil                                 genesis as JSON
segments      nil                                 [[first height, last height, bytes], …]
segment       [first height, last height, at]     some bytes of that segment from there on; none at its end
engine        [method, height | nil, page, count] [true, the engine's answer as JSON] or [false, why not]
height        nil                                 height up to which everything is durable
status        nil                                 how the node is
advance       time                                height, for networks with a manual clock
backup        folder                              height
checkpoint    nil                                 height
checkpoints   nil                                 [height, …]
stop          nil                                 nil
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta

from sogdia.engine.folders.archive import FOLDER, SegmentWrongError, file_name, segments_in
from sogdia.engine.ledger.checkpoints import CheckpointMissingError, Checkpoints
from sogdia.engine.ledger.dry_run import dry_run
from sogdia.engine.serving.copies import Copies
from sogdia.engine.serving.frames import Status
from sogdia.engine.storage.beginning import NotHereError
from sogdia.engine.storage.ledger_file import DamagedError, StorageFullError
from sogdia.engine.storage.versions import release
from sogdia.kernel.admission import direct, unsigned
from sogdia.kernel.codec import encode
from sogdia.kernel.node_refusals import NodeRefusal
from sogdia.kernel.operation import Query
from sogdia.kernel.refusal import Broken, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from sogdia.engine.ledger.lookups import Anchored
    from sogdia.engine.serving.block_maker import BlockMaker
    from sogdia.engine.serving.server import Connection
    from sogdia.kernel.proof import Proof

_log = logging.getLogger(__name__)

SUBMITTED_AT_ONCE_MAX = 5_000
WAITERS_MAX = 10_000
SEGMENT_PART_BYTES = 256 * 1024
TOO_MANY_WAIT = "too many questions wait for the next block"

Height = Annotated[int, Meta(ge=0, le=2**40)]
FullKey = Annotated[bytes, Meta(min_length=1, max_length=256)]
EngineMethod = Literal["commit", "validators", "consensus_params"]
"""What a light client has to know: headers with the votes on them, who was to vote, and the engine's own limits."""

Page = Annotated[int, Meta(ge=1, le=100)]
PageSize = Annotated[int, Meta(ge=1, le=100)]
Id = Annotated[bytes, Meta(min_length=32, max_length=32)]


class RequestWrongError(Exception):
    """A request that cannot be served; the message says why."""


class Many:
    """Envelopes submitted together: an `Asker` that answers once, when all of them are done."""

    together = True

    def __init__(self, connection: Connection, number: int, count: int) -> None:
        """Wait for `count` outcomes."""
        self._connection = connection
        self._number = number
        self._left = count
        self._outcomes: list[tuple[int, object]] = [(int(Status.LATER), "")] * count

    def receipt(self, number: int, height: int, place: int, receipt: bytes) -> None:
        """Hear that one is durably in a block."""
        self._done(number, Status.DONE, (height, place, receipt))

    def refused(self, number: int, refused: Refused) -> None:
        """Hear that one is not admissible."""
        self._done(number, Status.REFUSED, (int(refused.code), refused.facts))

    def later(self, number: int, reason: str) -> None:
        """Hear that one cannot be taken now."""
        self._done(number, Status.LATER, reason)

    def flush(self) -> None:
        """Send what has been heard."""
        self._connection.flush()

    def _done(self, number: int, status: Status, payload: object) -> None:
        self._outcomes[number] = (int(status), payload)
        self._left -= 1
        if not self._left:
            self._connection.answer(self._number, Status.DONE, self._outcomes)


class Requests:
    """Serves the requests."""

    def __init__(self, producer: BlockMaker, stop: Callable[[], None]) -> None:
        """Serve from `producer`; `stop` ends the node."""
        self._producer = producer
        self._ledger = producer.ledger
        self._lookups = producer.lookups
        self._stop = stop
        self._checkpoints = Checkpoints(producer.ledger, producer.lookups)
        self._copies = Copies(producer, self._checkpoints)
        self._started = time.monotonic()
        self._tasks: set[asyncio.Task[None]] = set()
        queries: Any = Query
        for each in (each for module in self._ledger.machine.modules for each in module.queries):
            queries = each if queries is Query else queries | each
        self._decode_query = msgspec.msgpack.Decoder(queries, strict=True).decode
        self._kinds: dict[str, tuple[Any, Callable[[Connection, int, Any], None]]] = {
            "submit_many": (
                Annotated[list[bytes], Meta(min_length=1, max_length=SUBMITTED_AT_ONCE_MAX)],
                self._submit_many,
            ),
            "dry_run": (tuple[bytes, bool], self._dry_run),
            "query": (bytes, self._query),
            "record": (FullKey, self._record),
            "prove": (tuple[FullKey, Height | None], self._prove),
            "prove_life": (FullKey, self._prove_life),
            "prove_result": (Id, self._prove_result),
            "result": (Id, self._result),
            "block": (Height, self._block),
            "header": (Height, self._header),
            "genesis": (None, self._genesis),
            "segments": (None, self._segments),
            "segment": (tuple[Height, Height, Annotated[int, Meta(ge=0)]], self._segment),
            "engine": (tuple[EngineMethod, Height | None, Page, PageSize], self._engine),
            "height": (None, self._height),
            "status": (None, self._status),
            "advance": (Annotated[int, Meta(ge=0, le=2**32 - 1)], self._advance),
            "backup": (str, self._backup),
            "checkpoint": (None, self._checkpoint),
            "checkpoints": (None, self._list_checkpoints),
            "stop": (None, self._stop_node),
        }

    def serve(self, connection: Connection, number: int, kind: str, payload: object) -> None:
        """Serve one request; the answer may come later."""
        known = self._kinds.get(kind)
        if known is None:
            connection.answer(number, Status.WRONG, f"there is no request {kind!r}; there are {', '.join(self._kinds)}")
            return
        shape, function = known
        self._guard(
            connection, number, kind, lambda: function(connection, number, msgspec.convert(payload, shape, strict=True))
        )

    def _guard(self, connection: Connection, number: int, kind: str, work: Callable[[], None]) -> None:
        """Do what answers a request; what goes wrong is its answer, and never the end of the node."""
        try:
            work()
        except (msgspec.ValidationError, RequestWrongError, CheckpointMissingError, OSError) as error:
            connection.answer(number, Status.WRONG, f"{kind}: {error}")
        except Refused as refused:
            connection.answer(number, Status.REFUSED, (int(refused.code), refused.facts))
        except NotHereError as error:
            facts = (("height", error.height), ("blocks_begin", error.beginning + 1))
            connection.answer(number, Status.REFUSED, (int(NodeRefusal.BLOCK_IN_ARCHIVE), facts))
        except SegmentWrongError as error:
            connection.answer(number, Status.LATER, f"a segment of the archive is damaged: {error}")
        except (Broken, DamagedError):
            raise
        except Exception as error:  # noqa: BLE001 - see below
            # A question that nobody thought of must not stop the node: it has changed nothing.
            _log.exception("the request %s failed", kind)
            connection.answer(number, Status.WRONG, f"{kind}: the node cannot answer this ({type(error).__name__})")

    # ----------------------------------------------------------------------------------------------------- envelopes

    def _submit_many(self, connection: Connection, number: int, raws: list[bytes]) -> None:
        many = Many(connection, number, len(raws))
        for place, raw in enumerate(raws):
            self._producer.submit(many, place, raw)

    def _dry_run(self, connection: Connection, number: int, payload: tuple[bytes, bool]) -> None:
        raw, signed = payload
        at = max(self._producer.clock.now(), self._ledger.tip.time)
        outcome = dry_run(self._ledger, raw, at, direct if signed else unsigned)
        self._answer_when_durable(connection, number, self._ledger.tip.height, outcome)

    # ------------------------------------------------------------------------------------------------------ questions

    def _query(self, connection: Connection, number: int, raw: bytes) -> None:
        try:
            query: Query = self._decode_query(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise RequestWrongError(str(error)) from error
        if query.moment and not getattr(query, query.moment):
            at = max(self._producer.clock.now(), self._ledger.tip.time)
            query = msgspec.structs.replace(query, **{query.moment: at})
        height = self._ledger.tip.height
        self._answer_when_durable(connection, number, height, (height, query.answer(self._ledger.state())))

    def _record(self, connection: Connection, number: int, full_key: bytes) -> None:
        height = self._ledger.tip.height
        self._answer_when_durable(connection, number, height, (height, self._ledger.tree.read(full_key)))

    def _prove(self, connection: Connection, number: int, payload: tuple[bytes, int | None]) -> None:
        full_key, height = payload
        if height is not None and height != self._ledger.tip.height:
            opened = self._checkpoints.open_state_proof(height, full_key)
        elif height is None:
            opened = self._lookups.open_state_proof(full_key)
        else:
            opened = self._lookups.open_proof_of_the_tip(full_key)
        self._prove_at(connection, number, opened.height + 1, lambda at: self._lookups.state_proof(opened, at))

    def _prove_life(self, connection: Connection, number: int, full_key: bytes) -> None:
        opened = self._lookups.open_state_proof(full_key)
        if not opened.is_there:
            raise RequestWrongError("there is no such record, hence no life to prove")
        self._prove_at(connection, number, opened.height + 1, lambda at: self._lookups.history_proof(opened, at))

    def _prove_result(self, connection: Connection, number: int, result_id: bytes) -> None:
        found = self._lookups.find(result_id)
        if found is None:
            raise RequestWrongError(f"no block has an envelope or exit {result_id.hex()}")
        self._prove_at(connection, number, found.height + 1, lambda at: self._lookups.receipt_proof(found, at))

    def _prove_at(self, connection: Connection, number: int, height: int, prove: Callable[[Anchored], Proof]) -> None:
        """Give a proof that leads to the header of `height`, once that is durable and its anchor at hand."""

        def give(at: Anchored) -> None:
            # It may read old blocks, from segments that others have given.
            self._guard(connection, number, "prove", lambda: connection.answer(number, Status.DONE, encode(prove(at))))
            connection.flush()

        def fail(why: str) -> None:
            connection.answer(number, Status.LATER, why)
            connection.flush()

        if self._producer.waiters() >= WAITERS_MAX:
            fail(TOO_MANY_WAIT)
            return
        self._producer.anchor(height, give, fail)

    def _result(self, connection: Connection, number: int, result_id: bytes) -> None:
        found = self._lookups.find(result_id)
        payload = None if found is None else (found.height, found.number, found.result.receipt)
        connection.answer(number, Status.DONE, payload)

    def _block(self, connection: Connection, number: int, height: int) -> None:
        self._check_height(height)
        connection.answer(number, Status.DONE, self._lookups.raw_block(height))

    def _header(self, connection: Connection, number: int, height: int) -> None:
        self._check_height(height)
        connection.answer(number, Status.DONE, encode(self._lookups.header(height)))

    def _genesis(self, connection: Connection, number: int, _payload: None) -> None:
        connection.answer(number, Status.DONE, self._ledger.file.genesis())

    def _segments(self, connection: Connection, number: int, _payload: None) -> None:
        found = [
            (each.first, each.last, each.path.stat().st_size) for each in segments_in(self._ledger.folder / FOLDER)
        ]
        connection.answer(number, Status.DONE, found)

    def _segment(self, connection: Connection, number: int, payload: tuple[int, int, int]) -> None:
        first, last, at = payload
        try:
            with (self._ledger.folder / FOLDER / file_name(first, last)).open("rb") as stream:
                stream.seek(at)
                connection.answer(number, Status.DONE, stream.read(SEGMENT_PART_BYTES))
        except FileNotFoundError:
            raise RequestWrongError(f"there is no segment of the blocks {first} to {last}") from None

    def _engine(self, connection: Connection, number: int, payload: tuple[str, int | None, int, int]) -> None:
        method, height, page, count = payload
        parameters: dict[str, object] = {} if height is None else {"height": str(height)}
        if method == "validators":
            parameters |= {"page": str(page), "per_page": str(count)}

        def give(content: bytes) -> None:
            connection.answer(number, Status.DONE, (True, content))
            connection.flush()

        def fail(why: str) -> None:
            connection.answer(number, Status.DONE, (False, why.encode()))
            connection.flush()

        try:
            self._producer.ask_engine(method, parameters, give, fail)
        except TypeError as error:
            raise RequestWrongError(str(error)) from error

    def _check_height(self, height: int) -> None:
        if not 1 <= height <= self._lookups.height():
            raise RequestWrongError(f"there are blocks 1 to {self._lookups.height()}; {height} is not one of them")

    def _height(self, connection: Connection, number: int, _payload: None) -> None:
        connection.answer(number, Status.DONE, self._lookups.height())

    def _status(self, connection: Connection, number: int, _payload: None) -> None:
        producer, ledger = self._producer, self._ledger
        disk = shutil.disk_usage(ledger.folder)
        due = ledger.earliest_due()
        verifier = producer.verifier
        connection.answer(
            number,
            Status.DONE,
            {
                "release": release(),
                "process": os.getpid(),
                "network": ledger.machine.network,
                "name": ledger.genesis.name,
                "clock": ledger.genesis.clock,
                "now": producer.clock.now(),
                "height": ledger.tip.height,
                "durable_height": self._lookups.height(),
                "first_height": ledger.file.first_height(),
                "time": ledger.tip.time,
                "state_root": ledger.tree.root,
                "records": ledger.tree.count,
                "live_ids": ledger.ids.live(),
                "envelopes_included": producer.applied,
                "refusals": {int(code): count for code, count in sorted(producer.refusals.items())},
                "backlog": producer.backlog(),
                "earliest_due": None if due is None else due[0],
                "overdue": due is not None and due[0] < ledger.tip.time,
                "waits_for": producer.waits_for(),
                "verifier": None if verifier is None else {"process": verifier.pid, "ready": verifier.is_ready()},
                "uptime_seconds": int(time.monotonic() - self._started),
                "file_bytes": ledger.file.used_bytes(),
                "disk_free_bytes": disk.free,
                "scrub": {
                    "rounds": producer.scrub.rounds,
                    "buckets": producer.scrub.buckets,
                    "blocks": producer.scrub.blocks,
                },
            },
        )

    # -------------------------------------------------------------------------------------------------------- the node

    def _advance(self, connection: Connection, number: int, to: int) -> None:
        try:
            height = self._producer.advance(to)
        except (TypeError, ValueError) as error:
            raise RequestWrongError(str(error)) from error
        self._answer_when_durable(connection, number, height, height)

    def _backup(self, connection: Connection, number: int, folder: str) -> None:
        target = Path(folder)
        if not target.is_absolute() or target.exists():
            raise RequestWrongError(f"{folder} must be an absolute path at which nothing is yet")
        self._begin(self._copy(connection, number, self._copies.backup(target)))

    def _checkpoint(self, connection: Connection, number: int, _payload: None) -> None:
        self._begin(self._copy(connection, number, self._copies.checkpoint()))

    async def _copy(self, connection: Connection, number: int, copying: Coroutine[None, None, int]) -> None:
        try:
            height = await copying
        except (OSError, StorageFullError, DamagedError) as error:
            connection.answer(number, Status.LATER, f"the copy could not be made: {error}")
        else:
            connection.answer(number, Status.DONE, height)
        connection.flush()

    def _list_checkpoints(self, connection: Connection, number: int, _payload: None) -> None:
        connection.answer(number, Status.DONE, self._checkpoints.heights())

    def _stop_node(self, connection: Connection, number: int, _payload: None) -> None:
        connection.answer(number, Status.DONE, None)
        self._stop()

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            task.get_loop().call_exception_handler({"message": "a copy failed", "exception": error})

    async def close(self) -> None:
        """Let copies under way come to their end, and close what is open."""
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._checkpoints.close()

    # ------------------------------------------------------------------------------------------------- when to answer

    def _answer_when_durable(self, connection: Connection, number: int, height: int, payload: object) -> None:
        """Give an answer that comes from `height` once that is durable."""
        # What is answered must not change while it waits, so it is laid out now.
        raw = msgspec.Raw(encode(payload))
        self._answer_later(connection, number, height, lambda: raw)

    def _answer_later(self, connection: Connection, number: int, height: int, payload: Callable[[], object]) -> None:
        def give() -> None:
            connection.answer(number, Status.DONE, payload())
            connection.flush()

        if self._producer.waiters() >= WAITERS_MAX:
            connection.answer(number, Status.LATER, TOO_MANY_WAIT)
            return
        self._producer.when_durable(height, give)
