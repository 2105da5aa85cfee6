"""The state read once, to be looked at many times: a hundred questions would else check every hash a hundred times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sogdia.kernel.state import State, Table


class ReadOnce:
    """All records of a state, each checked against the tree as it was read, under the changes of an open block.

    A `Reader` for audits of a state that fits into memory.
    """

    def __init__(self, state: State) -> None:
        """Read everything."""
        self.changes = state.changes
        self._raw: dict[bytes, bytes] = {}
        self._by_table: dict[int, list[bytes]] = {}
        for key, raw in state.base.items():
            self._raw[key] = raw
            self._by_table.setdefault(key[0], []).append(key)

    def below(self, table: Table[Any, Any], key: bytes) -> Any:  # noqa: ANN401 - typed by Table
        """Give the record under a full key, or nothing."""
        raw = self._raw.get(key)
        return None if raw is None else table.codec.decode_trusted(raw)

    def items(self, table: Table[Any, Any]) -> Iterator[tuple[bytes, Any]]:
        """Walk over a table's records, the open block's own included, in no order that matters."""
        for key in self._by_table.get(table.number, ()):
            if key not in self.changes:
                yield key, table.codec.decode_trusted(self._raw[key])
        for key, (owner, record) in list(self.changes.items()):
            if owner is table and record is not None:
                yield key, record
