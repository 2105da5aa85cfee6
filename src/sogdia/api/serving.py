"""Running the API: uvicorn with a protocol that has limits on connections, headers and time."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from sogdia.api.application import Api
from sogdia.settings.sections import address_of

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from pathlib import Path

    from starlette.types import ASGIApp

    from sogdia.settings.sections import ApiSettings, Settings

DRAIN_SECONDS = 5


class Guarded(HttpToolsProtocol):
    """A connection: not too many, headers not too long, and nobody who only trickles."""

    settings: ClassVar[ApiSettings]
    of_addresses: ClassVar[Counter[str]]
    _address = ""
    _head_bytes = 0
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, unless there are too many."""
        super().connection_made(transport)
        self._address = self.client[0] if self.client else ""
        self.of_addresses[self._address] += 1
        if self.of_addresses[self._address] > self.settings.connections_of_an_address or (
            len(self.connections) > self.settings.connections_max
        ):
            transport.abort()
            return
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self.of_addresses[self._address] -= 1
        if self.of_addresses[self._address] <= 0:
            del self.of_addresses[self._address]
        self._head_is_there()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what has come; a head that grows without end is cut off."""
        cycle: RequestResponseCycle | None = self.cycle
        if self._late is None and (cycle is None or cycle.response_complete):
            self._wait_for_head()
        if self._late is not None:
            self._head_bytes += len(data)
            end = data.find(b"\r\n\r\n")
            if self._head_bytes > self.settings.header_bytes_max and not 0 <= end <= self.settings.header_bytes_max:
                self._refuse(431, b"Request Header Fields Too Large")
                return
        super().data_received(data)

    def on_headers_complete(self) -> None:
        """Go on to the body."""
        self._head_is_there()
        super().on_headers_complete()

    def _wait_for_head(self) -> None:
        self._head_bytes = 0
        self._late = self.loop.call_later(self.settings.header_seconds, self._head_is_late)

    def _head_is_there(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _head_is_late(self) -> None:
        self._refuse(408, b"Request Timeout")

    def _refuse(self, status: int, words: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(b"HTTP/1.1 %d %s\r\nconnection: close\r\ncontent-length: 0\r\n\r\n" % (status, words))
            self.transport.close()


def protocol_of(settings: ApiSettings) -> type[Guarded]:
    """Make the protocol of one server's connections."""
    return type("GuardedByIts", (Guarded,), {"settings": settings, "of_addresses": Counter()})


class Server(uvicorn.Server):
    """A server that says where it listens once it does."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[str], None]) -> None:
        """Call `ready` with the address."""
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[Any] | None = None) -> None:
        """Begin to listen; where that cannot be, end in order, and leave it to the caller to say so."""
        try:
            await super().startup(sockets)
        except SystemExit:
            self.should_exit = True
            return
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            self._ready(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")


def server_of(application: ASGIApp, settings: ApiSettings, ready: Callable[[str], None]) -> Server:
    """Make the server of an API; `ready` hears its address."""
    host, port = address_of(settings.listen)
    config = uvicorn.Config(
        application,
        host=host,
        port=port,
        http=protocol_of(settings),
        ws="none",
        lifespan="on",
        loop="auto",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_keep_alive=settings.idle_seconds,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    return Server(config, ready)


def run(folder: Path, settings: Settings, ready: Callable[[str], None]) -> bool:
    """Run the API until it is told to end; gives whether it ever began."""
    server = server_of(Api(folder, settings).application, settings.api, ready)
    server.run()
    return server.started
