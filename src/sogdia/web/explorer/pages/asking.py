"""One request for a page: the node and the index, opened when they are needed, and who reads."""

from __future__ import annotations

import time
from contextlib import ExitStack, suppress
from functools import cached_property
from typing import TYPE_CHECKING, Self

from sogdia.client.codes import CodeWrong, read_account, read_name
from sogdia.index.reading.stand import stand
from sogdia.index.reading.trade import ORDER_BY_NAME, hold_at
from sogdia.kernel.values import ACCOUNT_BYTES
from sogdia.web.explorer.entitlement import Entitlement
from sogdia.web.explorer.sources import NodeAwayError
from sogdia.web.explorer.texts import say
from sogdia.web.explorer.values import Values, asset_of_key

if TYPE_CHECKING:
    from types import TracebackType

    import sqlalchemy
    from starlette.requests import Request

    from sogdia.client.connection import Connection, NodeStatus
    from sogdia.client.who_sees import Reader
    from sogdia.index.reading.stand import IndexStand
    from sogdia.modules.money import Asset
    from sogdia.web.explorer.readers import Readers
    from sogdia.web.explorer.sources import Network, Sources

COOKIE = "sogdia_reader"
NAME_HEX = range(2 * (ACCOUNT_BYTES + 1), 2 * (ACCOUNT_BYTES + 16) + 1)


class PageError(Exception):
    """A page that cannot be shown: the status, and why, for people."""

    def __init__(self, status: int, why: str) -> None:
        """Remember both."""
        super().__init__(status, why)
        self.status = status
        self.why = why


class Asked:
    """A request while it is answered."""

    def __init__(self, request: Request, sources: Sources, readers: Readers) -> None:
        """Open nothing yet."""
        self.request = request
        self.sources = sources
        self.readers = readers
        self._open = ExitStack()
        self._status: NodeStatus | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return self._open.__exit__(kind, error, trace)

    @cached_property
    def node(self) -> Connection:
        """The connection to the node."""
        return self._open.enter_context(self.sources.node())

    @cached_property
    def index(self) -> sqlalchemy.Connection:
        """The connection to the index."""
        return self._open.enter_context(self.sources.index())

    @cached_property
    def stand(self) -> IndexStand:
        """How far the index is."""
        return stand(self.index)

    @cached_property
    def network(self) -> Network:
        """The network's genesis."""
        return self.sources.network()

    @cached_property
    def values(self) -> Values:
        """What shows values, as seen from now."""
        return Values(self.index, self.now)

    @cached_property
    def now(self) -> int:
        """The network's time: the computer's, or that of the last block where the clock is moved by hand."""
        with suppress(NodeAwayError):
            if self.network.genesis.clock == "wall":
                return max(int(time.time()), self.stand.time)
        return self.stand.time

    @cached_property
    def reader(self) -> Reader | None:
        """Who reads."""
        ticket = self.request.cookies.get(COOKIE)
        return None if ticket is None else self.readers.of(ticket, lambda: self.node)

    @cached_property
    def entitled(self) -> Entitlement:
        """What the reader is entitled to."""
        return Entitlement(self.reader, self.node)

    @property
    def hosts(self) -> frozenset[str]:
        """The site's own names."""
        return frozenset(each.lower() for each in self.sources.settings.hosts)

    @cached_property
    def host(self) -> str:
        """The name under which the site is asked, which must be one of its own: what is signed will name it."""
        host = self.request.headers.get("host", "").lower()
        if host not in self.hosts:
            raise PageError(421, say("enter.wrong.host"))
        return host

    def at(self, path: str) -> str:
        """Give the address of one of our pages, wherever the explorer is mounted."""
        return str(self.request.scope.get("root_path", "")).rstrip("/") + path

    def sources_status(self) -> NodeStatus:
        """Ask how the node is, by a connection of its own: a page can be shown although the node is away."""
        if self._status is None:
            with self.sources.node() as node:
                self._status = node.status()
        return self._status

    def asset_about(self, order: bytes | None, hold: bytes | None, position: int) -> Asset | None:
        """Say in which money an order was, or a hold at a position, as the index knows it."""
        if order is not None:
            found = ORDER_BY_NAME.read(self.index, order)
            return None if found is None else asset_of_key(found.asset)
        if hold is not None:
            held = hold_at(self.index, hold, position)
            return None if held is None else asset_of_key(held.asset)
        return None

    # ------------------------------------------------------------------------------------------------- what was asked

    def given(self, name: str) -> str:
        """Give a part of the path."""
        return str(self.request.path_params[name])

    @property
    def cursor(self) -> str | None:
        """Where a list goes on."""
        return self.request.query_params.get("cursor")

    def whole_number(self, name: str, *, most: int) -> int:
        """Read a number of the query; 0 when it is not given."""
        text = self.request.query_params.get(name, "0")
        if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and int(text) <= most):
            raise PageError(400, say("error.400.way_out"))
        return int(text)

    def account(self, text: str) -> bytes:
        """Read an account: its code, or hexadecimal."""
        if len(text) == 2 * ACCOUNT_BYTES and _is_hex(text):
            return bytes.fromhex(text)
        try:
            return read_account(text)
        except CodeWrong as wrong:
            raise PageError(400, say("error.code", why=wrong)) from wrong

    def name(self, text: str) -> bytes:
        """Read an object's name: its code, or hexadecimal."""
        if len(text) in NAME_HEX and _is_hex(text):
            return bytes.fromhex(text)
        try:
            return read_name(text)
        except CodeWrong as wrong:
            raise PageError(400, say("error.code", why=wrong)) from wrong

    def digest(self, text: str) -> bytes:
        """Read an id: 64 hexadecimal digits."""
        if len(text) != 64 or not _is_hex(text):  # noqa: PLR2004 - a SHA-256
            raise PageError(404, say("error.404.way_out"))
        return bytes.fromhex(text)


def _is_hex(text: str) -> bool:
    return len(text) % 2 == 0 and all(each in "0123456789abcdefABCDEF" for each in text)
