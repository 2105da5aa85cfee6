"""The node's socket: who may connect, frames in, answers out, and limits on all of it."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from typing import TYPE_CHECKING

import msgspec

from sogdia.engine.serving import frames
from sogdia.engine.serving.frames import LENGTH_BYTES, Status

if TYPE_CHECKING:
    from pathlib import Path

    from sogdia.engine.serving.block_maker import BlockMaker
    from sogdia.engine.serving.requests import Requests
    from sogdia.kernel.refusal import Refused

CONNECTIONS_MAX = 256
UNDER_WAY_MAX = 4_096
"""Envelopes that one connection may have under way; beyond that nothing more is read from it."""

UNREAD_BYTES_MAX = 64 * 2**20
"""Answers that a slow reader may leave lying before it is cut off."""

LAST_ANSWERS_SECONDS = 5.0
LOOK_AGAIN_SECONDS = 0.01

SOCKET = "node.sock"
POINTER = "node.sock.path"
ADDRESS_BYTES_MAX = 100

_log = logging.getLogger(__name__)
_encode = frames.encode


class Connection(asyncio.Protocol):
    """One client: an `Asker` towards the producer."""

    together = False

    def __init__(self, server: Server) -> None:
        """Serve a client of `server`."""
        self._server = server
        self._producer = server.producer
        self._requests = server.requests
        self._arrived = b""
        self._answers: list[bytes] = []
        self._under_way = 0
        self._reading = True
        self._transport: asyncio.Transport | None = None

    # ---------------------------------------------------------------------------------------------- what comes in

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, unless there are too many."""
        if not isinstance(transport, asyncio.Transport) or len(self._server.connections) >= self._server.most():
            transport.close()
            return
        self._transport = transport
        self._server.connections.add(self)

    def data_received(self, data: bytes) -> None:
        """Take whole frames and serve them."""
        submit = self._producer.submit
        try:
            whole, self._arrived = frames.split(self._arrived + data)
            for frame in whole:
                number, kind, payload = frames.decode_request(frame)
                if kind == "submit" and type(payload) is bytes:
                    self._under_way += 1
                    submit(self, number, payload)
                else:
                    self._requests.serve(self, number, kind, payload)
        except (frames.FrameWrongError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            self._cut_off(f"it sent what is no request: {error}")
            return
        self.flush()
        if self._under_way > UNDER_WAY_MAX and self._reading and self._transport is not None:
            self._reading = False
            self._transport.pause_reading()

    def connection_lost(self, _error: Exception | None) -> None:
        """Forget the client; what it submitted goes on."""
        self._transport = None
        self._answers = []
        self._server.connections.discard(self)

    # --------------------------------------------------------------------------------------------- what goes out

    def receipt(self, number: int, height: int, place: int, receipt: bytes) -> None:
        """Answer that an envelope is durably in a block."""
        self._under_way -= 1
        raw = _encode((number, 0, (height, place, receipt)))
        self._answers += (len(raw).to_bytes(LENGTH_BYTES, "big"), raw)

    def refused(self, number: int, refused: Refused) -> None:
        """Answer that an envelope is not admissible."""
        self._under_way -= 1
        self.answer(number, Status.REFUSED, (int(refused.code), refused.facts))

    def later(self, number: int, reason: str) -> None:
        """Answer that an envelope cannot be taken now."""
        self._under_way -= 1
        self.answer(number, Status.LATER, reason)

    def answer(self, number: int, status: Status, payload: object) -> None:
        """Keep an answer until the next flush."""
        self._answers.append(frames.answer(number, int(status), payload))

    def flush(self) -> None:
        """Send the answers that have gathered."""
        if self._transport is None:
            self._answers = []
            return
        if self._answers:
            answers, self._answers = self._answers, []
            self._transport.write(b"".join(answers))
            if self._transport.get_write_buffer_size() > UNREAD_BYTES_MAX:
                self._cut_off("it does not read its answers")
                return
        if not self._reading and self._under_way < UNDER_WAY_MAX // 2:
            self._reading = True
            self._transport.resume_reading()

    def close(self) -> None:
        """End the connection once its answers have been sent."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """End the connection now."""
        if self._transport is not None:
            self._transport.abort()

    def _cut_off(self, why: str) -> None:
        """End a connection whose client does not keep to the rules."""
        _log.warning("a connection was cut off: %s", why)
        self.abort()


class Server:
    """Listens on the socket in the data folder."""

    def __init__(self, producer: BlockMaker, requests: Requests) -> None:
        """Serve what `producer` and `requests` can do."""
        self.producer = producer
        self.requests = requests
        self.connections: set[Connection] = set()
        self.connections_max: int | None = None
        self._server: asyncio.Server | None = None
        self._paths: list[Path] = []

    async def start(self, folder: Path, runtime_folder: Path) -> Path:
        """Listen; gives the socket's path. A path too long for a socket is made up for by one in `runtime_folder`."""
        path = self._prepare(folder, runtime_folder)
        # Between the making of the socket and a change of its mode anybody could connect.
        before = os.umask(0o177)
        try:
            self._server = await asyncio.get_running_loop().create_unix_server(lambda: Connection(self), path)
        finally:
            os.umask(before)
        return path

    def most(self) -> int:
        """Give how many connections there may be at once."""
        return CONNECTIONS_MAX if self.connections_max is None else self.connections_max

    def _prepare(self, folder: Path, runtime_folder: Path) -> Path:
        """Choose the socket's path and remove what a node that is gone has left there; the folder's lock is ours."""
        path, pointer = folder / SOCKET, folder / POINTER
        path.unlink(missing_ok=True)
        pointer.unlink(missing_ok=True)
        self._paths = [path]
        if len(os.fsencode(path)) > ADDRESS_BYTES_MAX:
            runtime_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if runtime_folder.stat().st_uid != os.getuid():
                raise PermissionError(
                    f"{runtime_folder} belongs to somebody else; set XDG_RUNTIME_DIR to a folder of yours"
                )
            path = runtime_folder / f"{os.getpid()}-{id(self)}.sock"
            pointer.write_text(f"{path}\n", encoding="utf-8")
            self._paths = [path, pointer]
        return path

    async def stop(self) -> None:
        """Stop listening and let the connections send what they have."""
        if self._server is not None:
            self._server.close()
        for connection in list(self.connections):
            connection.flush()
            connection.close()
        await self._until_sent()
        for path in self._paths:
            path.unlink(missing_ok=True)

    async def _until_sent(self) -> None:
        """Let the last answers leave; who does not read them is left behind."""
        until = time.monotonic() + LAST_ANSWERS_SECONDS
        await asyncio.sleep(0)
        while self.connections and time.monotonic() < until:  # noqa: ASYNC110 - once in a node's life
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        for connection in list(self.connections):
            connection.abort()
