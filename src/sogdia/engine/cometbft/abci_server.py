"""The socket at which the engine calls: four connections, answers in the order of the calls.

Transactions that are offered to the pool wait for their signatures, which another process checks meanwhile.

While one call is worked on, what else arrives is taken into memory. CometBFT's client sets a timer of 20 ns, where it
means ms, for as long as it cannot write: a socket that is full costs the engine a whole core.
"""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from google.protobuf.message import DecodeError

from sogdia.engine.cometbft import abci_pb2 as abci
from sogdia.engine.cometbft.ahead import Line
from sogdia.engine.cometbft.application import ADMITTED
from sogdia.engine.cometbft.frames import FrameWrongError, framed, split

if TYPE_CHECKING:
    from pathlib import Path

    from sogdia.engine.cometbft.ahead import Ahead
    from sogdia.engine.cometbft.application import Application

CONNECTIONS_MAX = 16
"""The engine opens four; a restarted one may come before the old connections have ended."""

READ_BYTES = 256 * 1024
TAKEN_BYTES_MAX = 64 * 2**20
"""What is taken into memory of calls that wait; beyond it the engine waits, too."""

LAST_ANSWERS_SECONDS = 1.0
CALLS_TOGETHER = 32
"""So many calls wait for their signatures together; after them the socket is looked at again."""

WAITING_MAX = 512
"""Of so many calls times the number above that wait on one connection, nothing more is read from it."""

_FLUSHED = framed(abci.Response(flush=abci.ResponseFlush()).SerializeToString())
_ADMITTED = framed(ADMITTED.SerializeToString())

_log = logging.getLogger(__name__)


class AbciConnection(asyncio.Protocol):
    """One of the engine's connections."""

    def __init__(self, server: AbciServer) -> None:
        """Serve the engine for `server`."""
        self._server = server
        self._arrived = b""
        self._taken: list[bytes] = []
        self._taken_bytes = 0
        self._line: Line[list[abci.Request]] = Line(server.ahead, self._serve)
        self._reading = True
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
            taken, self._taken, self._taken_bytes = self._taken, [], 0
            messages, self._arrived = split(b"".join((self._arrived, *taken, data)))
            requests = [abci.Request.FromString(message) for message in messages]
        except (FrameWrongError, DecodeError) as error:
            _log.error("the engine's socket received what is no call of ABCI: %s", error)
            self.close()
            return
        for begin in range(0, len(requests), CALLS_TOGETHER):
            together = requests[begin : begin + CALLS_TOGETHER]
            self._line.add(together, self._server.application.offered(together))
        if self._reading and len(self._line) > WAITING_MAX and self._transport is not None:
            self._reading = False
            self._transport.pause_reading()

    def _serve(self, requests: list[abci.Request]) -> None:
        """Answer calls whose signatures have been checked."""
        for request in requests:
            self._answer(request)
        self._write()
        self.take_more()
        if not self._reading and len(self._line) < WAITING_MAX // 2 and self._transport is not None:
            self._reading = True
            self._transport.resume_reading()

    def take_more(self) -> None:
        """Take what has arrived into memory; it is answered after what is worked on now."""
        if self._transport is None or self._taken_bytes >= TAKEN_BYTES_MAX:
            return
        try:
            data = os.read(self._transport.get_extra_info("socket").fileno(), READ_BYTES)
        except OSError:
            return  # nothing is there, or the connection has ended, which the loop notices by itself
        if not data:
            return
        if not self._taken:
            asyncio.get_running_loop().call_soon(self._go_on)
        self._taken.append(data)
        self._taken_bytes += len(data)

    def _go_on(self) -> None:
        """Answer what was taken into memory, unless it has been answered with what came after it."""
        if self._taken and self._transport is not None:
            self.data_received(b"")

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
        self._line.clear()
        self._server.connections.discard(self)
        self._server.lost()

    def close(self) -> None:
        """End the connection once what has been answered has left."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """End the connection now."""
        if self._transport is not None:
            self._transport.abort()


class AbciServer:
    """Listens for the engine."""

    def __init__(self, application: Application, ahead: Ahead) -> None:
        """Let `application` answer, once `ahead` has had signatures checked."""
        self.application = application
        self.ahead = ahead
        self.connections: set[AbciConnection] = set()
        self._gone = asyncio.Event()
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

    def take_more(self) -> None:
        """Take into memory what has arrived on all connections, in the middle of longer work."""
        for connection in self.connections:
            connection.take_more()

    def lost(self) -> None:
        """Hear that a connection has ended."""
        if not self.connections:
            self._gone.set()
            _log.info("the engine has gone")

    def is_connected(self) -> bool:
        """Tell whether the engine is there."""
        return bool(self.connections)

    async def stop(self) -> None:
        """Stop listening; the engine has a moment to read the last answers."""
        if self._server is not None:
            self._server.close()
        if self.connections:
            self._gone.clear()
            for connection in list(self.connections):
                connection.close()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._gone.wait(), LAST_ANSWERS_SECONDS)
        self.abandon()

    def abandon(self) -> None:
        """Stop listening at once."""
        if self._server is not None:
            self._server.close()
        for connection in list(self.connections):
            connection.abort()
        if self._path is not None:
            self._path.unlink(missing_ok=True)
