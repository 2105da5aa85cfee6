"""The state read once, to be looked at many times: thirty invariants would else check every hash thirty times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sogdia.kernel.codec import Record
    from sogdia.kernel.state import State, Table


class Snapshot:
    """All records of a committed state, each checked against the tree as it was read: a `Reader` of the kernel's."""

    def __init__(self, state: State) -> None:
        """Read everything."""
        self.changes: dict[bytes, tuple[Table[Any, Any], Record | None]] = {}
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
        """Walk over a table's records."""
        for key in self._by_table.get(table.number, ()):
            yield key, table.codec.decode_trusted(self._raw[key])
