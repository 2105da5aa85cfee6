"""Asking the engine beside this node, over its RPC on a socket that only this account may open.

One connection carries one HTTP request at a time; what has to be handed on meanwhile goes together in the next.
"""

from __future__ import annotations

import asyncio
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from pathlib import Path

HEAD_BYTES_MAX = 64 * 1024
ANSWER_BYTES_MAX = 64 * 2**20
ANSWER_SECONDS_MAX = 30.0
CONNECT_SECONDS_MAX = 5.0
CONNECT_PAUSE_SECONDS = 0.05

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class EngineAwayError(Exception):
    """The engine does not answer."""


class EngineRefusedError(Exception):
    """The engine answered that it will not; the message is its own."""


class EngineRpc:
    """One kept-alive connection to the engine."""

    def __init__(self, socket: Path) -> None:
        """Connect to the engine's socket when something is first asked."""
        self._socket = socket
        self._lock = asyncio.Lock()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, **parameters: object) -> Any:  # noqa: ANN401 - whatever the method answers
        """Ask one thing; raises `EngineRefusedError` or `EngineAwayError`."""
        (answer,) = await self.ask_many([(method, parameters)])
        if isinstance(answer, EngineRefusedError):
            raise answer
        return answer

    async def ask_many(self, questions: list[tuple[str, dict[str, object]]]) -> list[Any]:
        """Ask several things in one request; an answer may be an `EngineRefusedError`."""
        body = _encode(
            [
                {"jsonrpc": "2.0", "id": number, "method": method, "params": parameters}
                for number, (method, parameters) in enumerate(questions)
            ]
        )
        async with self._lock:
            try:
                raw = await asyncio.wait_for(self._post_twice(body), ANSWER_SECONDS_MAX)
            except (OSError, EOFError, ValueError, TimeoutError) as error:
                self._drop()
                raise EngineAwayError(f"the engine does not answer at {self._socket}: {error!r}") from error
        return _answers(raw, len(questions))

    async def _post_twice(self, body: bytes) -> bytes:
        """Ask once more when a kept connection ends: the engine closes it when nothing was asked for ten seconds.

        It may have read the question after all; to be handed a transaction twice does nothing more.
        """
        if self._streams is not None:
            try:
                return await self._post(body)
            except (ConnectionError, EOFError):
                self._drop()
        return await self._post(body)

    async def _post(self, body: bytes) -> bytes:
        if self._streams is None:
            self._streams = await self._connect()
        reader, writer = self._streams
        writer.write(
            b"POST / HTTP/1.1\r\nHost: engine\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            % len(body)
        )
        writer.write(body)
        await writer.drain()
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if b"transfer-encoding: chunked" in head:
            return await _chunks(reader)
        at = head.find(b"content-length:")
        length = int(head[at + 15 : head.index(b"\r\n", at)]) if at >= 0 else -1
        if not 0 <= length <= ANSWER_BYTES_MAX:
            raise ValueError(f"an answer of {length} bytes")
        return await reader.readexactly(length)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect; an engine that has just begun calls us a moment before it listens itself."""
        until = asyncio.get_running_loop().time() + CONNECT_SECONDS_MAX
        while True:
            try:
                return await asyncio.open_unix_connection(str(self._socket), limit=HEAD_BYTES_MAX)
            except (FileNotFoundError, ConnectionRefusedError):
                if asyncio.get_running_loop().time() >= until:
                    raise
                await asyncio.sleep(CONNECT_PAUSE_SECONDS)

    def _drop(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    def close(self) -> None:
        """End the connection."""
        self._drop()


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    """Read a body that comes in chunks."""
    parts: list[bytes] = []
    total = 0
    while True:
        size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
        total += size
        if total > ANSWER_BYTES_MAX:
            raise ValueError(f"an answer of more than {ANSWER_BYTES_MAX} bytes")
        part = await reader.readexactly(size + 2)
        if not size:
            return b"".join(parts)
        parts.append(part[:-2])


def _answers(raw: bytes, count: int) -> list[Any]:
    """Put answers into the order of the questions; each is a result or a refusal."""
    found = _decode(raw)
    answers: list[Any] = [EngineRefusedError("the engine gave no answer to this")] * count
    for each in found if isinstance(found, list) else [found]:
        number = each.get("id")
        if not isinstance(number, int) or not 0 <= number < count:
            raise EngineAwayError(f"the engine answered what was not asked: {raw[:200]!r}")
        error = each.get("error")
        if error is None:
            answers[number] = each["result"]
        else:
            answers[number] = EngineRefusedError(f"{error.get('message', '')}: {error.get('data', '')}")
    return answers


def base64(raw: bytes) -> str:
    """Write bytes as the RPC has them in JSON."""
    return b64encode(raw).decode("ascii")


def from_base64(text: str) -> bytes:
    """Read bytes as the RPC has them in JSON."""
    return b64decode(text, validate=True)
