"""The small HTTP server beside a node's socket: /metrics, /health/live and /health/ready, on the node's own loop.

It knows GET and HEAD, keeps no connection open, and writes the figures anew once a second at most, so that whoever
asks too often costs the node nothing.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from sogdia.operate.figures import NodeFigures, verifier_is_up

if TYPE_CHECKING:
    from sogdia.engine.serving.service import Service

REQUEST_BYTES_MAX = 8_192
REQUEST_SECONDS_MAX = 5.0
CONNECTIONS_MAX = 16
FRESH_SECONDS = 1.0
TEXT = "text/plain; charset=utf-8"
JSON = "application/json"
PATHS = ("/metrics", "/health/live", "/health/ready")


class Answer(NamedTuple):
    """What is answered."""

    status: str
    kind: str
    body: bytes


def not_ready_because(service: Service, stuck_seconds: float) -> list[str]:
    """Say all that keeps a node from being ready; nothing when it is."""
    producer = service.producer
    reasons = [] if service.is_open else ["it is not open"]
    if not verifier_is_up(service):
        reasons.append("the verifier process is not up")
    waits_for = producer.waits_for()
    if waits_for is not None:
        reasons.append(f"it waits for {waits_for}")
    if producer.backlog() and producer.quiet_seconds() > stuck_seconds:
        reasons.append(f"envelopes wait, and there was no block for {int(producer.quiet_seconds())} s")
    return reasons


class Watch:
    """Answers those who watch a node."""

    def __init__(self, service: Service, *, stuck_seconds: float) -> None:
        """Watch `service`; work without a block for `stuck_seconds` means that it is not ready."""
        self._service = service
        self._stuck_seconds = stuck_seconds
        self._figures = NodeFigures(service)
        self._written: tuple[float, bytes] = (-FRESH_SECONDS, b"")
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def start(self, address: str) -> tuple[str, int]:
        """Listen at host:port; gives where."""
        host, _, port = address.rpartition(":")
        self._server = await asyncio.start_server(
            self._serve, host.strip("[]"), int(port), limit=REQUEST_BYTES_MAX, backlog=CONNECTIONS_MAX
        )
        found = self._server.sockets[0].getsockname()
        return str(found[0]), int(found[1])

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._open) >= CONNECTIONS_MAX:
            writer.transport.abort()
            return
        self._open.add(writer)
        try:
            with suppress(TimeoutError, ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                async with asyncio.timeout(REQUEST_SECONDS_MAX):
                    head = await reader.readuntil(b"\r\n\r\n")
                    writer.write(self._answer(head))
                    await writer.drain()
                    writer.close()
                    await writer.wait_closed()
        finally:
            self._open.discard(writer)
            writer.transport.abort()

    def _answer(self, head: bytes) -> bytes:
        method, _, rest = head.split(b"\r\n", 1)[0].partition(b" ")
        target, _, version = rest.partition(b" ")
        if method not in (b"GET", b"HEAD") or not version.startswith(b"HTTP/1."):
            found = Answer("405 Method Not Allowed", TEXT, b"There are GET and HEAD.\n")
        else:
            found = self._look_up(target.partition(b"?")[0].decode("latin-1"))
        lines = [
            f"HTTP/1.1 {found.status}",
            f"Content-Type: {found.kind}",
            f"Content-Length: {len(found.body)}",
            "Cache-Control: no-store",
            "X-Content-Type-Options: nosniff",
            "Connection: close",
        ]
        if found.status.startswith("405"):
            lines.append("Allow: GET, HEAD")
        body = b"" if method == b"HEAD" else found.body
        return "\r\n".join([*lines, "", ""]).encode() + body

    def _look_up(self, path: str) -> Answer:
        match path:
            case "/metrics":
                return Answer("200 OK", CONTENT_TYPE_LATEST, self._figures_lately())
            case "/health/live":
                return Answer("200 OK", JSON, b'{"live":true}\n')
            case "/health/ready":
                reasons = not_ready_because(self._service, self._stuck_seconds)
                body = msgspec.json.encode({"ready": not reasons, "because": reasons}) + b"\n"
                return Answer("503 Service Unavailable" if reasons else "200 OK", JSON, body)
        return Answer("404 Not Found", TEXT, f"There are {', '.join(PATHS)}.\n".encode())

    def _figures_lately(self) -> bytes:
        """Give the figures, written anew when those at hand are older than a second."""
        at, body = self._written
        now = time.monotonic()
        if now - at >= FRESH_SECONDS:
            body = self._figures.exposition()
            self._written = (now, body)
        return body
