"""The socket at which the engine calls: four connections, answers in the order of the calls, written at a flush."""

from __future__ import annotations

import asyncio
import logging
import os
from typing import TYPE_CHECKING

from google.protobuf.message import DecodeError

from sogdia.engine.cometbft import abci_pb2 as abci
from sogdia.engine.cometbft.application import ADMITTED
from sogdia.engine.cometbft.frames import FrameWrongError, framed, split

if TYPE_CHECKING:
    from pathlib import Path

    from sogdia.engine.cometbft.application import Application

CONNECTIONS_MAX = 16
"""The engine opens four; a restarted one may come before the old connections have ended."""

_FLUSHED = framed(abci.Response(flush=abci.ResponseFlush()).SerializeToString())
_ADMITTED = framed(ADMITTED.SerializeToString())

_log = logging.getLogger(__name__)


class AbciConnection(asyncio.Protocol):
    """One of the engine's connections."""

    def __init__(self, server: AbciServer) -> None:
        """Serve the engine for `server`."""
        self._server = server
        self._arrived = b""
        self._answers: list[bytes] = []
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, unless there are too many."""
        if not isinstance(transport, asyncio.Transport) or len(self._server.connections) >= CONNECTIONS_MAX:
            transport.close()
            return
        self._transport = transport
        self._server.connections.add(self)

    def data_received(self, data: bytes) -> None:
        """Answer whole messages. Bytes that are none end the connection; what goes wrong inside stops the node."""
        try:
            messages, self._arrived = split(self._arrived + data)
            requests = [abci.Request.FromString(message) for message in messages]
        except (FrameWrongError, DecodeError) as error:
            _log.error("the engine's socket received what is no call of ABCI: %s", error)
            self.close()
            return
        for request in requests:
            self._answer(request)
        self._write()

    def _answer(self, request: abci.Request) -> None:
        if request.HasField("flush"):
            self._answers.append(_FLUSHED)
            return
        try:
            response = self._server.application.answer(request)
        except BaseException as error:
            # The engine ends when it hears of an exception, which is right: it would be of no use without us.
            told = abci.Response(exception=abci.ResponseException(error=str(error)))
            self._answers.append(framed(told.SerializeToString()))
            self._write()
            raise
        self._answers.append(_ADMITTED if response is ADMITTED else framed(response.SerializeToString()))

    def _write(self) -> None:
        if self._transport is not None and self._answers:
            answers, self._answers = self._answers, []
            self._transport.write(b"".join(answers))

    def connection_lost(self, _error: Exception | None) -> None:
        """Forget the connection."""
        self._transport = None
        self._server.connections.discard(self)
        self._server.lost()

    def close(self) -> None:
        """End the connection."""
        if self._transport is not None:
            self._transport.close()


class AbciServer:
    """Listens for the engine."""

    def __init__(self, application: Application) -> None:
        """Let `application` answer."""
        self.application = application
        self.connections: set[AbciConnection] = set()
        self._server: asyncio.Server | None = None
        self._path: Path | None = None

    async def start(self, path: Path) -> None:
        """Listen at a socket that only this account may open."""
        path.unlink(missing_ok=True)  # noqa: ASYNC240 - once, at the start
        before = os.umask(0o177)
        try:
            self._server = await asyncio.get_running_loop().create_unix_server(lambda: AbciConnection(self), path)
        finally:
            os.umask(before)
        self._path = path

    def lost(self) -> None:
        """Hear that a connection has ended."""
        if not self.connections:
            _log.info("the engine has gone")

    def is_connected(self) -> bool:
        """Tell whether the engine is there."""
        return bool(self.connections)

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
        for connection in list(self.connections):
            connection.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)
