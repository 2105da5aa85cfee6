"""The past over HTTP: blocks, headers, and what happened, in pages and as a stream that can be taken up again."""

from __future__ import annotations

import asyncio
import hmac
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta
from starlette.responses import Response, StreamingResponse

from sogdia.api.envelopes import decode_receipt
from sogdia.api.happenings import Wanted, placed
from sogdia.api.problems import Problem
from sogdia.api.readers import what_ends
from sogdia.api.routing import OCTETS, Call, Route, answer
from sogdia.api.visibility import require
from sogdia.client import questions
from sogdia.client.declared import events as declared_events
from sogdia.kernel.codec import encode
from sogdia.kernel.values import Account, Name

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sogdia.api.happenings import Happened, Happenings, Place
    from sogdia.api.network import Network
    from sogdia.api.visibility import Visibility
    from sogdia.client.who_sees import Reader
    from sogdia.settings.sections import ApiSettings

PAGE_MAX = 100
BLOCKS_SCANNED_MAX = 500
"""How many blocks one page of events looks through; its cursor goes on behind them, found or not."""

BEAT_SECONDS = 15.0
TEXT_BYTES = 64 * 1024
"""When a stream has so much to tell it tells it, before it looks for more."""

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
        """Tell of events as they happen, from a height or from the last event that was heard on.

        A stream that a key has opened ends with the block in which that key loses its right: its last event is `ended`,
        with the reason. Of that block nothing more is told.
        """
        if self._listeners >= self._settings.listeners_max:
            raise Problem(503, "As many listen as may.", "Try again.", headers={"retry-after": "10"})
        last = call.request.headers.get("last-event-id")
        after = (0, 0, 0) if last is None else _place(last)
        if last is None:
            after = (call.query.from_ or await self._happenings.height() + 1, -1, -1)
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        telling = self._tell(call.reader, _wanted(call.query), after)
        return StreamingResponse(telling, media_type=EVENT_STREAM, headers=headers)

    async def _tell(self, reader: Reader, wanted: Wanted, after: Place) -> AsyncIterator[bytes]:
        self._listeners += 1
        try:
            yield b": this stream goes on\nretry: 1000\n\n"
            height, known = after[0], await self._happenings.height()
            while (reason := await self._what_ends(reader)) is None:
                if height <= known:
                    reader = await self._as_now(reader)
                    text, height = await self._texts(reader, wanted, after, range(height, known + 1))
                    if text:
                        yield text
                    continue
                try:
                    async with asyncio.timeout(BEAT_SECONDS):
                        height, known = await self._happenings.beyond(height - 1, wanted.event)
                except TimeoutError:
                    yield b": still here\n\n"
            yield b"event: ended\ndata: " + msgspec.json.encode({"reason": reason}) + b"\n\n"
        finally:
            self._listeners -= 1

    async def _what_ends(self, reader: Reader) -> str | None:
        """Say why a stream ends: the key that opened it may not act any more, or its party is suspended."""
        if reader.account is None or reader.key is None:
            return None
        return await what_ends(self._network, reader.account, reader.key)

    async def _as_now(self, reader: Reader) -> Reader:
        """Give a reader by what the ledger now says that it is."""
        if reader.account is None:
            return reader
        return reader.of(reader.account, await self._network.party(reader.account), reader.key)

    async def _texts(self, reader: Reader, wanted: Wanted, after: Place, heights: range) -> tuple[bytes, int]:
        """Put what is meant in some blocks into one text, up to a size; gives it and the height to go on from."""
        texts: list[bytes] = []
        size = 0
        for height in heights:
            block = await self._happenings.of_block(height)
            for each in await self._in_block(reader, height, wanted, after):
                texts.append(block.text(each, whole=await self._visibility.sees_event(reader, each.event)))
                size += len(texts[-1])
            if size >= TEXT_BYTES:
                return b"".join(texts), height + 1
        return b"".join(texts), heights.stop

    async def _in_block(self, reader: Reader, height: int, wanted: Wanted, after: Place) -> list[Happened]:
        """Give the events of a block that are meant. Being found by a name tells it, so only what is shown finds."""
        return [
            each
            for each in await self._happenings.in_block(height, wanted, after)
            if await self._visibility.may_be_found(reader, each.event, wanted.account, wanted.name)
        ]

    async def _told(self, reader: Reader, happened: Happened) -> dict[str, Any]:
        return {**placed(happened), **await self._visibility.event(reader, happened.event)}

    # ------------------------------------------------------------------------------------------------------ cursors

    def _sealed(self, place: Place, purpose: str) -> str:
        """Write a place so that it can be taken up again, and only by who was given it."""
        raw = place[0].to_bytes(6, "big") + place[1].to_bytes(3, "big") + place[2].to_bytes(3, "big")
        return (raw + self._seal(raw, purpose)).hex()

    def _opened(self, cursor: str, purpose: str) -> Place:
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


def _sound(place: Place) -> Place:
    """Write "before all of this block" in numbers that are not below zero."""
    return (place[0], *_BEFORE_ALL) if place[1] < 0 else place


def _wanted(asked: Any) -> Wanted:  # noqa: ANN401 - the parameters of a page or a stream
    if asked.event is not None and asked.event not in declared_events():
        raise Problem(404, f"There is no event {asked.event}.", "See /v1/declarations.")
    return Wanted(asked.event, asked.account, asked.name)


def _place(text: str) -> Place:
    parts = text.split(".")
    if len(parts) != 3 or not all(each.isdecimal() and len(each) <= 12 for each in parts):  # noqa: PLR2004 - its parts
        raise Problem(400, "Last-Event-ID is no id of an event.", "Give the last id that was heard.")
    return int(parts[0]), int(parts[1]), int(parts[2])
