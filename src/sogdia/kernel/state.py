"""What operations read and write: records over a base, with a journal so that a refused operation leaves no trace.

A block works on one `State`. Each envelope remembers a savepoint and returns to it when it is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from sogdia.kernel.codec import Codec, Record, encode
from sogdia.kernel.refusal import RefusalCode, Refused, ensure, facts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sogdia.kernel.refusal import Fact

K = TypeVar("K")
R = TypeVar("R", bound=Record)


class Base(Protocol):
    """Committed state below a block that is being worked on."""

    def find(self, table: Table[Any, Any], key: bytes) -> Record | None:
        """Give the record stored under a full key, or nothing."""

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Walk over all stored records as bytes; for audits only."""


class Table(Generic[K, R]):
    """A typed family of records. `number` is the first byte of its keys; `key` lays out the rest.

    A table whose records have a *life* (orders, holds) holds records with a `history` field, which the kernel folds.
    """

    __slots__ = ("codec", "key", "life", "name", "number", "prefix", "show_key")

    def __init__(
        self,
        name: str,
        number: int,
        shape: Any,  # noqa: ANN401 - a record type or a union of its versions
        *,
        key: Callable[[K], bytes],
        show_key: Callable[[bytes], dict[str, Any]],
        life: bool = False,
    ) -> None:
        """Declare the table; `show_key` takes the bytes after the table's number apart again, for people."""
        self.name = name
        self.number = number
        self.prefix = bytes((number,))
        self.key = key
        self.show_key = show_key
        self.codec: Codec[R] = Codec(shape)
        self.life = life

    def full_key(self, key: K) -> bytes:
        """Give the bytes under which the record of `key` stands in the state."""
        return self.prefix + self.key(key)

    def find(self, state: Reader, key: K) -> R | None:
        """Give the record of `key`, or nothing."""
        found: R | None = state.find(self, self.prefix + self.key(key))
        return found

    def get(self, state: Reader, key: K, or_refuse: RefusalCode, **facts: Fact) -> R:
        """Give the record of `key`, or refuse with `or_refuse`."""
        found: R | None = state.find(self, self.prefix + self.key(key))
        if found is None:
            raise Refused(or_refuse, facts_of(facts))
        return found

    def must(self, state: Reader, key: K) -> R:
        """Give a record that cannot be missing unless our own code is wrong."""
        found: R | None = state.find(self, self.prefix + self.key(key))
        if found is None:
            ensure(condition=False, message=f"{self.name} lacks a record that must be there")
            raise AssertionError
        return found

    def put(self, state: State, key: K, record: R) -> None:
        """Write the record of `key`."""
        state.write(self, self.prefix + self.key(key), record)

    def drop(self, state: State, key: K) -> None:
        """Remove the record of `key`."""
        state.write(self, self.prefix + self.key(key), None)

    def items(self, state: Reader) -> Iterator[tuple[bytes, R]]:
        """Walk over all records of the table with their keys; for audits, never for rules."""
        for full_key, record in state.items(self):
            yield full_key[1:], record


class Reader(Protocol):
    """State that can be read."""

    def find(self, table: Table[Any, Any], key: bytes) -> Any:  # noqa: ANN401 - typed by Table
        """Give the record under a full key, or nothing."""

    def items(self, table: Table[Any, Any]) -> Iterator[tuple[bytes, Any]]:
        """Walk over a table's records."""


class _Missing:
    """Marks a key that the block has not touched."""


_MISSING = _Missing()


class State:
    """A block's work: changes over a base, undone back to a savepoint when an operation is refused."""

    __slots__ = ("_base", "_journal", "changes", "lives", "writes")

    def __init__(self, base: Base) -> None:
        """Start with no changes over `base`."""
        self._base = base
        self._journal: list[tuple[bytes, Any]] = []
        self.changes: dict[bytes, tuple[Table[Any, Any], Record | None]] = {}
        self.writes = 0
        self.lives: dict[bytes, Table[Any, Any]] = {}

    def find(self, table: Table[Any, Any], key: bytes) -> Record | None:
        """Give the record under a full key as of now, or nothing."""
        change = self.changes.get(key)
        if change is not None:
            return change[1]
        return self._base.find(table, key)

    def write(self, table: Table[Any, Any], key: bytes, record: Record | None) -> None:
        """Write or remove a record, remembering what was there."""
        changes = self.changes
        self._journal.append((key, changes.get(key, _MISSING)))
        changes[key] = (table, record)
        self.writes += 1
        if table.life:
            self.lives[key] = table

    def savepoint(self) -> int:
        """Mark the present, to return to it with `undo`. Starts a new list of touched lives."""
        self.lives = {}
        return len(self._journal)

    def undo(self, savepoint: int) -> None:
        """Forget every write since the savepoint."""
        journal, changes = self._journal, self.changes
        while len(journal) > savepoint:
            key, before = journal.pop()
            if before is _MISSING:
                del changes[key]
            else:
                changes[key] = before
        self.lives = {}

    def items(self, table: Table[Any, Any]) -> Iterator[tuple[bytes, Any]]:
        """Walk over a table's records, the block's own changes included, in no order that matters."""
        for key, raw in self._base.items():
            if key[0] == table.number and key not in self.changes:
                yield key, table.codec.decode_trusted(raw)
        for key, (owner, record) in list(self.changes.items()):
            if owner is table and record is not None:
                yield key, record

    def encoded_changes(self) -> Iterator[tuple[bytes, bytes | None]]:
        """Give all changes as bytes, ready for the tree."""
        for key, (_table, record) in self.changes.items():
            yield key, None if record is None else encode(record)
