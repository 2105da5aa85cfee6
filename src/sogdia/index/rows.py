"""Rows that change: read once, changed in memory, written back together at the end of a batch of blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select, tuple_

from sogdia.index.database import CHUNK, Inserts
from sogdia.index.errors import IndexUnusableError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection, Table

Row = dict[str, Any]
KNOWN_MAX = 50_000
"""How many rows of a table are kept in memory between batches."""


class Rows:
    """The rows of one table by their primary key. Only one process writes an index, so what is known stays true."""

    def __init__(self, table: Table, backend: str) -> None:
        """Prepare the statements."""
        self.table = table
        self._keys = [column.name for column in table.primary_key.columns]
        self._inserts = Inserts(table, backend)
        columns = list(table.primary_key.columns)
        key: Any = columns[0] if len(columns) == 1 else tuple_(*columns)
        self._select = select(table).where(key.in_(bindparam("keys", expanding=True)))
        self._known: dict[Any, Row | None] = {}
        self._wanted: dict[Any, None] = {}
        self._changed: dict[Any, None] = {}
        self._connection: Connection | None = None

    def begin(self, connection: Connection) -> None:
        """Work in a new transaction."""
        self._connection = connection
        if len(self._known) > KNOWN_MAX:
            self._known.clear()

    def want(self, keys: Iterable[Any]) -> None:
        """Say which rows will be needed, so that they are read together."""
        known = self._known
        self._wanted.update((key, None) for key in keys if key not in known)

    def fetch(self) -> None:
        """Read the rows that are wanted."""
        wanted = list(self._wanted)
        self._wanted.clear()
        if not wanted:
            return
        if self._connection is None:
            message = "rows are read inside a transaction"
            raise RuntimeError(message)
        for start in range(0, len(wanted), CHUNK):
            asked = wanted[start : start + CHUNK]
            self._known.update(dict.fromkeys(asked))
            for row in self._connection.execute(self._select, {"keys": asked}).mappings():
                self._known[self._key(row)] = dict(row)

    def _key(self, row: Any) -> Any:  # noqa: ANN401 - one value, or a tuple of several
        keys = self._keys
        return row[keys[0]] if len(keys) == 1 else tuple(row[name] for name in keys)

    def find(self, key: Any) -> Row | None:  # noqa: ANN401 - as above
        """Give a row to read."""
        if key not in self._known:
            self.want((key,))
            self.fetch()
        return self._known[key]

    def must(self, key: Any) -> Row:  # noqa: ANN401 - as above
        """Give a row to read that has to be there."""
        row = self.find(key)
        if row is None:
            raise IndexUnusableError(f"the index lacks a row {key!r} of {self.table.name}. Rebuild it")
        return row

    def change(self, key: Any) -> Row:  # noqa: ANN401 - as above
        """Give a row to change; it is written at the end of the batch."""
        row = self.must(key)
        self._changed[key] = None
        return row

    def put(self, row: Row) -> None:
        """Write a new row, or a whole one over an old one, at the end of the batch."""
        key = self._key(row)
        self._known[key] = row
        self._changed[key] = None

    def write(self, connection: Connection) -> None:
        """Write what has changed."""
        columns, known = self._inserts.columns, self._known
        rows = [tuple([known[key][name] for name in columns]) for key in self._changed]  # type: ignore[index]
        self._inserts.put(connection, rows)
        self._changed.clear()

    def forget(self) -> None:
        """Forget everything: the transaction did not come to be, or somebody else wrote."""
        self._known.clear()
        self._wanted.clear()
        self._changed.clear()
