"""Where pages get what they show: the node by its socket, the index by SQL. Both may be away; pages say which."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from sogdia.client.connection import Connection
from sogdia.client.declared import answer_type
from sogdia.client.envelopes import EnvelopeMaker
from sogdia.client.questions import NodeNotRunningError, TryLaterError
from sogdia.index.reading.opened import OpenedIndex
from sogdia.kernel.genesis import genesis_type, network_of
from sogdia.modules import ALL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    import sqlalchemy

    from sogdia.kernel.operation import Query
    from sogdia.settings.sections import ExplorerSettings


class NodeAwayError(Exception):
    """The node does not answer."""


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

    def __init__(self, folder: Path, database: str, settings: ExplorerSettings) -> None:
        """Nothing is opened before the first page needs it."""
        self._folder = folder
        self._index = OpenedIndex(database)
        self.settings = settings
        self._idle: list[Connection] = []
        self._lock = threading.Lock()
        self._network: Network | None = None

    # -------------------------------------------------------------------------------------------------------- the node

    @contextmanager
    def node(self) -> Iterator[Connection]:
        """Lend a connection to the node; one that failed is not used again."""
        connection = self._idle_connection()
        try:
            if connection is None:
                connection = Connection(self._folder, seconds=self.settings.node_seconds_max)
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
            if len(self._idle) < self.settings.node_connections_max:
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

    def index(self) -> AbstractContextManager[sqlalchemy.Connection]:
        """Lend a connection to the index."""
        return self._index.connect()

    def close(self) -> None:
        """End all connections."""
        self._close(self._taken())
        self._index.close()


def ask(node: Connection, query: Query) -> Any:  # noqa: ANN401 - each query has its own answer
    """Ask the state of the ledger."""
    _height, answer = node.query(query)
    return msgspec.convert(answer, answer_type(type(query)), strict=True)
