"""Segments of old blocks over HTTP, for those who run a node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta
from starlette.responses import StreamingResponse

from sogdia.api.problems import Problem
from sogdia.api.routing import OCTETS, Call, Route, answer
from sogdia.api.visibility import require
from sogdia.client import questions

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.responses import Response

    from sogdia.api.network import Network
    from sogdia.client.questions import Segment

Height = Annotated[int, Meta(ge=1, le=2**40)]


class Heights(msgspec.Struct, frozen=True):
    """The first and the last height of a segment."""

    first: Height
    last: Height


class Listed(msgspec.Struct, frozen=True):
    """A segment: its heights, and how many bytes it has."""

    first: int
    last: int
    bytes: int


class SegmentList(msgspec.Struct, frozen=True):
    """All segments of this node, by rising height."""

    segments: list[Listed]


class ArchiveRoutes:
    """The routes to the archive of the node beside which the API stands."""

    def __init__(self, network: Network) -> None:
        """Ask the node of `network`."""
        self._network = network

    async def listed(self, call: Call) -> Response:
        """List the segments."""
        require(call.reader, entitled=call.reader.sees_all)
        found = await self._network.ask(questions.segments())
        return answer(SegmentList([Listed(*each) for each in found]))

    async def segment(self, call: Call) -> Response:
        """Give a segment; it holds whole blocks, so it is for those who have them anyway."""
        require(call.reader, entitled=call.reader.sees_all)
        for each in await self._network.ask(questions.segments()):
            if (each.first, each.last) == (call.path.first, call.path.last):
                headers = {"content-length": str(each.bytes), "cache-control": "no-store"}
                return StreamingResponse(self._parts(each), headers=headers, media_type=OCTETS)
        raise Problem(404, "This node has no such segment.", "GET /v1/archive lists those that it has.")

    async def _parts(self, segment: Segment) -> AsyncIterator[bytes]:
        at = 0
        while at < segment.bytes:
            part = await self._network.ask(questions.segment(segment.first, segment.last, at))
            if not part:
                return
            yield part
            at += len(part)

    def routes(self) -> list[Route]:
        """Declare the routes."""
        return [
            Route(method="GET", path="/v1/archive", name="segments", handler=self.listed,
                  summary="List the segments of old blocks that this node has, to those who run a node",
                  answers={200: SegmentList}),
            Route(method="GET", path="/v1/archive/{first}/{last}", name="segment", handler=self.segment,
                  path_type=Heights, summary="Give a segment of old blocks, to those who run a node",
                  answers={200: None}, other_forms=(OCTETS,)),
        ]  # fmt: skip
