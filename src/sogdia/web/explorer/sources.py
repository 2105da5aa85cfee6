"""Where pages get what they show: the node by its socket, the index by SQL. Both may be away; pages say which."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import inspect

from sogdia.client.connection import Connection
from sogdia.client.declared import answer_type
from sogdia.client.envelopes import EnvelopeMaker
from sogdia.client.questions import NodeNotRunningError, TryLaterError
from sogdia.index.database import SQLITE, open_engine, told
from sogdia.index.errors import IndexStoppedError, IndexUnreachableError
from sogdia.index.schema import STATE
from sogdia.kernel.genesis import genesis_type, network_of
from sogdia.modules import ALL
from sogdia.web.explorer.settings import NODE_CONNECTIONS_MAX, NODE_SECONDS_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator

    import sqlalchemy

    from sogdia.kernel.operation import Query
    from sogdia.web.explorer.settings import Settings


class NodeAwayError(Exception):
    """The node does not answer."""


class IndexAwayError(Exception):
    """The index does not answer, or has not been made."""


class Network:
    """What never changes: the genesis, as it is and read, and what reads the network's envelopes."""

    def __init__(self, raw: bytes) -> None:
        """Read a genesis."""
        self.raw = raw
        self.genesis: Any = msgspec.json.decode(raw, type=genesis_type(ALL))
        self.hash = network_of(self.genesis)
        self.codec = EnvelopeMaker(self.hash).codec


class Sources:
    """The node and the index, for many pages at once."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is opened before the first page needs it."""
        self.settings = settings
        self._idle: list[Connection] = []
        self._lock = threading.Lock()
        self._engine: sqlalchemy.Engine | None = None
        self._network: Network | None = None

    # -------------------------------------------------------------------------------------------------------- the node

    @contextmanager
    def node(self) -> Iterator[Connection]:
        """Lend a connection to the node; one that failed is not used again."""
        connection = self._idle_connection()
        try:
            if connection is None:
                connection = Connection(self.settings.node_folder, seconds=NODE_SECONDS_MAX)
            yield connection
        except (NodeNotRunningError, TryLaterError, OSError) as error:
            # What lay idle was made for the node that is gone, too.
            self._close([*self._taken(), *([] if connection is None else [connection])])
            raise NodeAwayError(str(error)) from error
        except BaseException:
            if connection is not None:
                connection.close()
            raise
        with self._lock:
            if len(self._idle) < NODE_CONNECTIONS_MAX:
                self._idle.append(connection)
                return
        connection.close()

    def _idle_connection(self) -> Connection | None:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _taken(self) -> list[Connection]:
        with self._lock:
            idle, self._idle = self._idle, []
        return idle

    @staticmethod
    def _close(connections: list[Connection]) -> None:
        for each in connections:
            each.close()

    def network(self) -> Network:
        """Give the genesis; it is asked for once."""
        if self._network is None:
            with self.node() as node:
                self._network = Network(node.genesis())
        return self._network

    # ------------------------------------------------------------------------------------------------------- the index

    @contextmanager
    def index(self) -> Iterator[sqlalchemy.Connection]:
        """Lend a connection to the index."""
        engine = self._opened()
        try:
            with told(engine), engine.connect() as connection:
                yield connection
        except (IndexUnreachableError, IndexStoppedError) as error:
            raise IndexAwayError(str(error)) from error

    def _opened(self) -> sqlalchemy.Engine:
        with self._lock:
            if self._engine is not None:
                return self._engine
            try:
                engine = open_engine(self.settings.database)
                file = engine.url.database
                if engine.dialect.name == SQLITE and (not file or not Path(file).exists()):
                    raise IndexAwayError("the index has not been made yet")
                with told(engine), engine.connect() as connection:
                    if not inspect(connection).has_table(STATE.name):
                        raise IndexAwayError("the index has not been made yet")
            except (IndexUnreachableError, IndexStoppedError) as error:
                raise IndexAwayError(str(error)) from error
            self._engine = engine
            return engine

    def close(self) -> None:
        """End all connections."""
        self._close(self._taken())
        with self._lock:
            engine, self._engine = self._engine, None
        if engine is not None:
            engine.dispose()


def ask(node: Connection, query: Query) -> Any:  # noqa: ANN401 - each query has its own answer
    """Ask the state of the ledger."""
    _height, answer = node.query(query)
    return msgspec.convert(answer, answer_type(type(query)), strict=True)
