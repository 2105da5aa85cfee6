"""The past over HTTP: blocks, headers, and what happened, in pages and as a stream that can be taken up again."""

from __future__ import annotations

import asyncio
import hmac
from collections import OrderedDict
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta
from starlette.responses import Response, StreamingResponse

from sogdia.api.envelopes import decode_receipt
from sogdia.api.forms import write
from sogdia.api.problems import Problem
from sogdia.api.routing import OCTETS, Call, Route, answer
from sogdia.api.visibility import require
from sogdia.client import questions
from sogdia.client.declared import events as declared_events
from sogdia.client.who_sees import accounts_in
from sogdia.kernel.codec import Event, encode
from sogdia.kernel.values import Account, Name

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sogdia.api.network import Network
    from sogdia.api.visibility import Visibility
    from sogdia.client.who_sees import Reader
    from sogdia.settings.sections import ApiSettings

PAGE_MAX = 100
BLOCKS_SCANNED_MAX = 500
"""How many blocks one page of events looks through; its cursor goes on behind them, found or not."""

BLOCKS_REMEMBERED = 512
READ_AHEAD_MAX = 200
POLL_SECONDS = 0.1
BEAT_SECONDS = 15.0
EVENT_STREAM = "text/event-stream"

Height = Annotated[int, Meta(ge=1, le=2**40)]
Limit = Annotated[int, Meta(ge=1, le=PAGE_MAX)]
Cursor = Annotated[str, Meta(pattern=r"^[0-9a-f]{40}\Z")]
EventName = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Z][A-Za-z]*\Z")]


class AtHeight(msgspec.Struct, frozen=True):
    """A height."""

    height: Height


class BlockPage(msgspec.Struct, frozen=True):
    """Which blocks."""

    cursor: Cursor | None = None
    limit: Limit = 20


class EventPage(msgspec.Struct, frozen=True):
    """Which events: from a height on, of a kind, that name an account or an object."""

    from_: Height | None = msgspec.field(default=None, name="from")
    cursor: Cursor | None = None
    limit: Limit = 50
    event: EventName | None = None
    account: Account | None = None
    name: Name | None = None


class EventStream(msgspec.Struct, frozen=True):
    """Which events to hear of; without a height, those from now on."""

    from_: Height | None = msgspec.field(default=None, name="from")
    event: EventName | None = None
    account: Account | None = None
    name: Name | None = None


class Wanted(NamedTuple):
    """Which events are meant."""

    event: str | None = None
    account: bytes | None = None
    name: bytes | None = None


class Happened(NamedTuple):
    """One event with its place: height, number of the result in its block, number of the event in its receipt."""

    place: tuple[int, int, int]
    time: int
    id: bytes
    event: Event


class BlockEvents:
    """All events of a block. Their kinds and accounts let who waits for something else pass over it quickly."""

    def __init__(self, events: list[Happened]) -> None:
        """Hold the events; accounts are looked for when somebody first asks for one."""
        self.events = events
        self.kinds = frozenset(type(each.event).__name__ for each in events)

    @cached_property
    def accounts(self) -> frozenset[bytes]:
        """Every account that an event of the block names."""
        return frozenset(account for each in self.events for account in accounts_in(each.event))


class Happenings:
    """Reads events out of stored blocks, each block once for all who listen."""

    def __init__(self, network: Network) -> None:
        """Read the blocks of `network`."""
        self._network = network
        self._known: OrderedDict[int, BlockEvents] = OrderedDict()
        self._reading: dict[int, asyncio.Task[BlockEvents]] = {}
        self._height = 0
        self._waiting = 0
        self._moved = asyncio.Event()
        self._follower: asyncio.Task[None] | None = None

    async def of_block(self, height: int) -> BlockEvents:
        """Give the events of a block."""
        known = self._known.get(height)
        if known is not None:
            return known
        task = self._reading.get(height)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._read(height))
            self._reading[height] = task
            task.add_done_callback(lambda _task: self._reading.pop(height, None))
        return await asyncio.shield(task)

    async def _read(self, height: int) -> BlockEvents:
        block = await self._network.ask(questions.block(height))
        found = []
        time = block.header.header.time
        for number, result in enumerate(block.all_results()):
            receipt = decode_receipt(result.receipt)
            for at, event in enumerate(receipt.events):
                found.append(Happened((height, number, at), time, result.id, event))
        read = BlockEvents(found)
        self._known[height] = read
        while len(self._known) > BLOCKS_REMEMBERED:
            self._known.popitem(last=False)
        return read

    async def in_block(self, height: int, wanted: Wanted, after: tuple[int, int, int]) -> list[Happened]:
        """Give the events of a block that are meant and lie behind a place."""
        block = await self.of_block(height)
        if wanted.event is not None and wanted.event not in block.kinds:
            return []
        if wanted.account is not None and wanted.account not in block.accounts:
            return []
        return [each for each in block.events if each.place > after and _is_meant(each, wanted)]

    async def height(self) -> int:
        """Give the height up to which everything is durable."""
        return await self._network.ask(questions.height())

    async def beyond(self, height: int) -> int:
        """Wait until there are blocks beyond a height; gives the new height."""
        self._waiting += 1
        try:
            if self._follower is None or self._follower.done():
                self._follower = asyncio.get_running_loop().create_task(self._follow())
            while self._height <= height:
                await self._moved.wait()
        finally:
            self._waiting -= 1
        return self._height

    def behind_quiet_blocks(self, wanted: Wanted, height: int, last: int) -> int:
        """Pass over blocks that are known to hold nothing of the wanted kind; gives the first that may."""
        if wanted.event is not None:
            while height <= last and (known := self._known.get(height)) and wanted.event not in known.kinds:
                height += 1
        return height

    async def _follow(self) -> None:
        """Ask for the height, and read the new blocks, once for all who wait; ends when nobody waits."""
        while self._waiting:
            try:
                found = await self.height()
                first = max(self._height + 1, found - READ_AHEAD_MAX)
                await asyncio.gather(*map(self.of_block, range(max(1, first), found + 1)))
            except Exception:  # noqa: BLE001 - the node may be away for a while; who listens goes on when it is back
                found = self._height
            if found > self._height:
                self._height = found
                moved, self._moved = self._moved, asyncio.Event()
                moved.set()
            await asyncio.sleep(POLL_SECONDS)

    async def end(self) -> None:
        """Stop following."""
        if self._follower is not None:
            self._follower.cancel()
            await asyncio.gather(self._follower, return_exceptions=True)


def _is_meant(happened: Happened, wanted: Wanted) -> bool:
    if wanted.event is not None and type(happened.event).__name__ != wanted.event:
        return False
    if wanted.account is not None and wanted.account not in accounts_in(happened.event):
        return False
    return wanted.name is None or any(
        getattr(happened.event, field) == wanted.name for field in happened.event.__struct_fields__
    )


def place_text(place: tuple[int, int, int]) -> str:
    """Write a place as the id of an event."""
    return ".".join(map(str, place))


class HistoryRoutes:
    """The routes of the past."""

    def __init__(
        self, network: Network, visibility: Visibility, happenings: Happenings, secret: bytes, settings: ApiSettings
    ) -> None:
        """Read the past of `network`; cursors are sealed with `secret`."""
        self._network = network
        self._visibility = visibility
        self._happenings = happenings
        self._secret = secret
        self._settings = settings
        self._listeners = 0

    async def block(self, call: Call) -> Response:
        """Give a block: to everybody its header and how its envelopes ended, whole to whoever runs a node."""
        block = await self._network.ask(questions.block(call.path.height))
        if OCTETS in call.request.headers.get("accept", ""):
            require(call.reader, entitled=call.reader.sees_all)
            return Response(encode(block), media_type=OCTETS)
        results = [
            {"id": each.id, "status": "refused" if decode_receipt(each.receipt).code else "applied"}
            for each in block.all_results()
        ]
        return answer({"header": block.header, "envelopes": len(block.envelopes), "results": results})

    async def header(self, call: Call) -> Response:
        """Give a signed header."""
        found = await self._network.ask(questions.header(call.path.height))
        return answer({"header": found, "bytes": encode(found)})

    async def blocks(self, call: Call) -> Response:
        """Give a page of headers, newest first."""
        durable = await self._happenings.height()
        top = durable if call.query.cursor is None else self._opened(call.query.cursor, "blocks")[0]
        heights = range(top, max(0, top - call.query.limit), -1)
        found = await asyncio.gather(*(self._network.ask(questions.header(height)) for height in heights))
        following = top - len(heights)
        cursor = None if following < 1 else self._sealed((following, 0, 0), "blocks")
        return answer({"height": durable, "headers": found, "next": cursor})

    async def events(self, call: Call) -> Response:
        """Give a page of events, oldest first."""
        asked = call.query
        wanted = _wanted(asked)
        durable = await self._happenings.height()
        after = (asked.from_ or 1, -1, -1) if asked.cursor is None else self._opened(asked.cursor, "events")
        found: list[Happened] = []
        height = after[0]
        last = min(durable, height + BLOCKS_SCANNED_MAX - 1)
        while height <= last and len(found) < asked.limit:
            found += await self._in_block(call.reader, height, wanted, after)
            height += 1
        page = found[: asked.limit]
        reached = page[-1].place if len(page) == asked.limit else (height, -1, -1)
        told = [await self._told(call.reader, each) for each in page]
        return answer({"height": durable, "events": told, "next": self._sealed(_sound(reached), "events")})

    async def stream(self, call: Call) -> Response:
        """Tell of events as they happen, from a height or from the last event that was heard on."""
        if self._listeners >= self._settings.listeners_max:
            raise Problem(503, "As many listen as may.", "Try again.", headers={"retry-after": "10"})
        last = call.request.headers.get("last-event-id")
        after = (0, 0, 0) if last is None else _place(last)
        if last is None:
            after = (call.query.from_ or await self._happenings.height() + 1, -1, -1)
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        telling = self._tell(call.reader, _wanted(call.query), after)
        return StreamingResponse(telling, media_type=EVENT_STREAM, headers=headers)

    async def _tell(self, reader: Reader, wanted: Wanted, after: tuple[int, int, int]) -> AsyncIterator[bytes]:
        self._listeners += 1
        try:
            yield b": this stream goes on\nretry: 1000\n\n"
            height = after[0]
            known = await self._happenings.height()
            while True:
                while (height := self._happenings.behind_quiet_blocks(wanted, height, known)) <= known:
                    for each in await self._in_block(reader, height, wanted, after):
                        told = msgspec.json.encode(write(await self._told(reader, each)))
                        yield (
                            f"id: {place_text(each.place)}\nevent: {type(each.event).__name__}\ndata: ".encode()
                            + told
                            + b"\n\n"
                        )
                    height += 1
                try:
                    known = await asyncio.wait_for(self._happenings.beyond(height - 1), BEAT_SECONDS)
                except TimeoutError:
                    yield b": still here\n\n"
        finally:
            self._listeners -= 1

    async def _in_block(
        self, reader: Reader, height: int, wanted: Wanted, after: tuple[int, int, int]
    ) -> list[Happened]:
        """Give the events of a block that are meant. Being found by a name tells it, so only what is shown finds."""
        return [
            each
            for each in await self._happenings.in_block(height, wanted, after)
            if await self._visibility.may_be_found(reader, each.event, wanted.account, wanted.name)
        ]

    async def _told(self, reader: Reader, happened: Happened) -> dict[str, Any]:
        place = {"id": place_text(happened.place), "height": happened.place[0], "time": happened.time}
        return {**place, "of": happened.id, **await self._visibility.event(reader, happened.event)}

    # ------------------------------------------------------------------------------------------------------ cursors

    def _sealed(self, place: tuple[int, int, int], purpose: str) -> str:
        """Write a place so that it can be taken up again, and only by who was given it."""
        raw = place[0].to_bytes(6, "big") + place[1].to_bytes(3, "big") + place[2].to_bytes(3, "big")
        return (raw + self._seal(raw, purpose)).hex()

    def _opened(self, cursor: str, purpose: str) -> tuple[int, int, int]:
        raw = bytes.fromhex(cursor)
        if not hmac.compare_digest(raw[12:], self._seal(raw[:12], purpose)):
            raise Problem(404, "This cursor was not given here.", "Begin again without one.")
        height, number, at = (int.from_bytes(raw[a:b], "big") for a, b in ((0, 6), (6, 9), (9, 12)))
        return (height, -1, -1) if (number, at) == _BEFORE_ALL else (height, number, at)

    def _seal(self, raw: bytes, purpose: str) -> bytes:
        return hmac.digest(self._secret, f"cursor {purpose}".encode() + raw, "sha256")[:8]

    def routes(self) -> list[Route]:
        """Declare the routes."""
        plain = {"type": "object"}
        return [
            Route(method="GET", path="/v1/blocks", name="blocks", handler=self.blocks, query_type=BlockPage,
                  summary="Give signed headers, newest first, in pages", answers={200: plain}),
            Route(method="GET", path="/v1/blocks/{height}", name="block", handler=self.block, path_type=AtHeight,
                  summary="Give a block: its header, and how each of its envelopes ended", answers={200: plain},
                  other_forms=(OCTETS,)),
            Route(method="GET", path="/v1/headers/{height}", name="header", handler=self.header, path_type=AtHeight,
                  summary="Give a signed header, also as its bytes", answers={200: plain}),
            Route(method="GET", path="/v1/events", name="events", handler=self.events, query_type=EventPage,
                  summary="Give what happened from a height on, in pages", answers={200: plain}),
            Route(method="GET", path="/v1/events/stream", name="event_stream", handler=self.stream,
                  query_type=EventStream, answers={200: None}, other_forms=(EVENT_STREAM,),
                  summary="Hear of events as they happen; Last-Event-ID takes up where it broke off"),
        ]  # fmt: skip


_BEFORE_ALL = (2**24 - 1, 2**24 - 1)


def _sound(place: tuple[int, int, int]) -> tuple[int, int, int]:
    """Write "before all of this block" in numbers that are not below zero."""
    return (place[0], *_BEFORE_ALL) if place[1] < 0 else place


def _wanted(asked: Any) -> Wanted:  # noqa: ANN401 - the parameters of a page or a stream
    if asked.event is not None and asked.event not in declared_events():
        raise Problem(404, f"There is no event {asked.event}.", "See /v1/declarations.")
    return Wanted(asked.event, asked.account, asked.name)


def _place(text: str) -> tuple[int, int, int]:
    parts = text.split(".")
    if len(parts) != 3 or not all(each.isdecimal() and len(each) <= 12 for each in parts):  # noqa: PLR2004 - its parts
        raise Problem(400, "Last-Event-ID is no id of an event.", "Give the last id that was heard.")
    return int(parts[0]), int(parts[1]), int(parts[2])
