"""The edge of the API: limits on rate, size and time, cross-origin answers, and every failure as a problem."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from sogdia.api.problems import Problem, problem_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from sogdia.settings.sections import ApiSettings

BUCKETS_MAX = 20_000
ADDRESS_CHARACTERS_MAX = 4_096

_log = logging.getLogger(__name__)


class Rates:
    """A token bucket for each address and each token; the longest unused are forgotten, which fills them again."""

    def __init__(self, a_second: int, at_once: int) -> None:
        """Let so many through."""
        self._a_second = a_second
        self._at_once = at_once
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_for(self, who: str, now: float) -> float:
        """Take one from somebody's bucket; gives how long to wait when it is empty, else nothing."""
        left, then = self._buckets.get(who, (float(self._at_once), now))
        left = min(self._at_once, left + (now - then) * self._a_second)
        wait = 0.0 if left >= 1 else (1 - left) / self._a_second
        self._buckets[who] = (left if wait else left - 1, now)
        self._buckets.move_to_end(who)
        while len(self._buckets) > BUCKETS_MAX:
            self._buckets.popitem(last=False)
        return wait


class Edge:
    """Stands before the routes."""

    def __init__(self, inner: ASGIApp, settings: ApiSettings, larger: Mapping[bytes, int] | None = None) -> None:
        """Guard `inner`; at some addresses bodies may be `larger` than elsewhere."""
        self._inner = inner
        self._larger = larger or {}
        self._settings = settings
        self._rates = Rates(settings.requests_a_second, settings.requests_at_once)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        started = False
        origin = self._origin(scope)

        async def sending(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*message["headers"], *_SAFE, *_cors(origin)]
            await send(message)

        try:
            self._check(scope)
            if scope["method"] == "OPTIONS" and origin is not None:
                await _preflight(sending)
                return
            await self._inner(scope, _Body(receive, self._settings, self._most(scope)).receive, sending)
        except Exception as error:
            if started:
                raise
            await _as_problem(error).response()(scope, receive, sending)

    def _check(self, scope: Scope) -> None:
        """Refuse a request that comes too often or is too large, before anything of it is read."""
        if len(scope["raw_path"]) + len(scope["query_string"]) > ADDRESS_CHARACTERS_MAX:
            raise Problem(414, "The address is too long.")
        length, host = b"", ""
        whose = [f"address {scope['client'][0] if scope['client'] else ''}"]
        for name, value in scope["headers"]:
            if name == b"content-length":
                length = value
            elif name == b"host":
                host = value.decode("latin-1").lower()
            elif name == b"authorization":
                whose.append(f"token {value[:128]!r}")
        if self._settings.hosts and host not in self._settings.hosts:
            raise Problem(421, "This API has another name.", "Ask it by its own name.")
        now = time.monotonic()
        wait = max(self._rates.wait_for(who, now) for who in whose)
        if wait:
            raise Problem(429, "Too many requests.", "Wait a little.", headers={"retry-after": str(int(wait) + 1)})
        most = self._most(scope)
        if length and int(length) > most:
            raise _too_large(most)

    def _most(self, scope: Scope) -> int:
        """Say how large a body may be."""
        return max(self._settings.body_bytes_max, self._larger.get(scope["raw_path"], 0))

    def _origin(self, scope: Scope) -> str | None:
        if not self._settings.allowed_origins:
            return None
        told = next((value for name, value in scope["headers"] if name == b"origin"), b"").decode("latin-1")
        return told if told in self._settings.allowed_origins else None


class _Body:
    """Receives a body, up to a size and within a time."""

    def __init__(self, receive: Receive, settings: ApiSettings, most: int) -> None:
        self._receive = receive
        self._most = most
        self._size = 0
        self._until = asyncio.get_running_loop().time() + settings.body_seconds
        self._whole = False

    async def receive(self) -> Message:
        """Receive the next part."""
        if self._whole:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError as error:
            raise Problem(408, "The body came too slowly.", headers={"connection": "close"}) from error
        self._size += len(message.get("body", b""))
        if self._size > self._most:
            raise _too_large(self._most)
        self._whole = not message.get("more_body", False)
        return message


def _too_large(most: int) -> Problem:
    return Problem(413, f"At most {most} bytes are read.", "Send less at once.", headers={"connection": "close"})


def _as_problem(error: Exception) -> Problem:
    known = problem_of(error)
    if known is not None:
        return known
    _log.error("a request failed", exc_info=error)
    return Problem(500, "The API has failed; the ledger has not.", "Try again, and report it.")


_SAFE: list[tuple[bytes, bytes]] = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
]


def _cors(origin: str | None) -> list[tuple[bytes, bytes]]:
    if origin is None:
        return []
    return [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-expose-headers", b"ETag, Location, Preference-Applied, Retry-After"),
        (b"vary", b"Origin"),
    ]


async def _preflight(send: Any) -> None:  # noqa: ANN401 - what sends
    headers = [
        (b"access-control-allow-methods", b"GET, POST, PUT, DELETE"),
        (b"access-control-allow-headers", b"authorization, content-type, if-none-match, last-event-id, prefer"),
        (b"access-control-max-age", b"600"),
    ]  # fmt: skip
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
