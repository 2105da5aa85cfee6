"""What operations read and write: records over a base, with a journal so that a refused operation leaves no trace.

A block works on one `State`. Each envelope remembers a savepoint and returns to it when it is refused.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from sogdia.kernel.codec import Codec, Face, Record, encode
from sogdia.kernel.refusal import Broken, RefusalCode, Refused, ensure, facts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sogdia.kernel.refusal import Fact
    from sogdia.kernel.tree import Change

SHORT_ARRAY = 0x90
"""What the first byte of an array of up to 15 parts is made of, with their number."""

FACE_FIELDS_MAX = 15

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
    One that `continues` another holds what becomes of its records; the life goes on under the same key.
    A table whose records have a *face* (the last fields, which anybody may see) proves it without the rest.
    Laying out a key is spelled out in each method, since a call costs more than all the rest of it; the type checker
    cannot see that keys which need no layout are bytes.
    """

    __slots__ = (
        "_face_fields",
        "_face_head",
        "_faces",
        "codec",
        "face",
        "key",
        "life",
        "life_prefix",
        "name",
        "number",
        "prefix",
        "show_key",
    )

    def __init__(  # noqa: PLR0913 - a declaration
        self,
        name: str,
        number: int,
        shape: Any,  # noqa: ANN401 - a record type or a union of its versions
        *,
        key: Callable[[K], bytes] | None = None,
        show_key: Callable[[bytes], dict[str, Any]],
        life: bool = False,
        continues: Table[Any, Any] | None = None,
        face: type[Face] | None = None,
    ) -> None:
        """Declare the table. Without a `key` its keys are bytes already; `show_key` takes them apart, for people."""
        self.name = name
        self.number = number
        self.prefix = bytes((number,))
        self.key: Any = key
        self.show_key = show_key
        self.codec: Codec[R] = Codec(shape)
        self.life = life or continues is not None
        self.life_prefix: bytes = self.prefix if continues is None else continues.life_prefix
        self.face = face
        if face is not None:
            fields = face.__struct_fields__
            ensure(1 < len(fields) <= FACE_FIELDS_MAX, f"the face of {name} has {len(fields)} fields")
            ensure(shape.__struct_fields__[-len(fields) :] == fields, f"the face of {name} is not its last fields")
            self._face_fields: Callable[[R], Any] = attrgetter(*fields)
            self._faces: Codec[Face] = Codec(face)
            self._face_head = bytes((SHORT_ARRAY + len(fields),))

    def face_bytes(self, record: R) -> int:
        """Give how many bytes at the end of a record's value are its face."""
        return 0 if self.face is None else len(encode(self._face_fields(record))) - 1

    def read_face(self, raw: bytes) -> Face:
        """Read a face; raises `NotCanonicalError` when the bytes are none of this table's."""
        return self._faces.decode(self._face_head + raw)

    def full_key(self, key: K) -> bytes:
        """Give the bytes under which the record of `key` stands in the state."""
        return self.prefix + (key if self.key is None else self.key(key))  # type: ignore[operator]

    def life_key(self, full_key: bytes) -> bytes:
        """Give the key under which the steps of a record's life are kept: that of the table where the life began."""
        return self.life_prefix + full_key[1:]

    def find(self, state: Reader, key: K) -> R | None:
        """Give the record of `key`, or nothing."""
        full_key = self.prefix + (key if self.key is None else self.key(key))  # type: ignore[operator]
        change = state.changes.get(full_key)
        found: Any = state.below(self, full_key) if change is None else change[1]
        known: R | None = found
        return known

    def get(self, state: Reader, key: K, or_refuse: RefusalCode, **facts: Fact) -> R:
        """Give the record of `key`, or refuse with `or_refuse`."""
        found = self.find(state, key)
        if found is None:
            raise Refused(or_refuse, facts_of(facts))
        return found

    def must(self, state: Reader, key: K) -> R:
        """Give a record that cannot be missing unless our own code is wrong."""
        found = self.find(state, key)
        if found is None:
            message = f"{self.name} lacks a record that must be there"
            raise Broken(message)
        return found

    def put(self, state: State, key: K, record: R) -> None:
        """Write the record of `key`."""
        state.write(self, self.prefix + (key if self.key is None else self.key(key)), record)  # type: ignore[operator]

    def drop(self, state: State, key: K) -> None:
        """Remove the record of `key`."""
        state.write(self, self.prefix + (key if self.key is None else self.key(key)), None)  # type: ignore[operator]

    def items(self, state: Reader) -> Iterator[tuple[bytes, R]]:
        """Walk over all records of the table with their keys; for audits, never for rules."""
        for full_key, record in state.items(self):
            yield full_key[1:], record


class Reader(Protocol):
    """State that can be read. `changes` lie over what `below` gives; tables look into both, in this order."""

    @property
    def changes(self) -> dict[bytes, tuple[Table[Any, Any], Record | None]]:
        """Give the records changed since the state below was committed."""

    def below(self, table: Table[Any, Any], key: bytes) -> Any:  # noqa: ANN401 - typed by Table
        """Give the committed record under a full key, or nothing."""

    def items(self, table: Table[Any, Any]) -> Iterator[tuple[bytes, Any]]:
        """Walk over a table's records."""


class State:
    """A block's work: changes over a base, undone back to a savepoint when an operation is refused."""

    __slots__ = ("_journal", "base", "below", "changes", "lives", "time")

    def __init__(self, base: Base, time: int = 0) -> None:
        """Start with no changes over `base`; in a block `time` is the block's."""
        self.base = base
        self.time = time
        self.below = base.find
        self._journal: list[tuple[bytes, Any]] = []
        self.changes: dict[bytes, tuple[Table[Any, Any], Record | None]] = {}
        self.lives: dict[bytes, Table[Any, Any]] = {}

    @property
    def writes(self) -> int:
        """Give how many writes stand since the start."""
        return len(self._journal)

    def find(self, table: Table[Any, Any], key: bytes) -> Record | None:
        """Give the record under a full key as of now, or nothing."""
        change = self.changes.get(key)
        return self.below(table, key) if change is None else change[1]

    def write(self, table: Table[Any, Any], key: bytes, record: Record | None) -> None:
        """Write or remove a record, remembering what was there."""
        changes = self.changes
        self._journal.append((key, changes.get(key)))
        changes[key] = (table, record)
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
            if before is None:
                del changes[key]
            else:
                changes[key] = before
        self.lives = {}

    def items(self, table: Table[Any, Any]) -> Iterator[tuple[bytes, Any]]:
        """Walk over a table's records, the block's own changes included, in no order that matters."""
        for key, raw in self.base.items():
            if key[0] == table.number and key not in self.changes:
                yield key, table.codec.decode_trusted(raw)
        for key, (owner, record) in list(self.changes.items()):
            if owner is table and record is not None:
                yield key, record

    def encoded_changes(self) -> Iterator[Change]:
        """Give all changes as bytes, ready for the tree."""
        for key, (table, record) in self.changes.items():
            if record is None:
                yield key, None, 0
            else:
                yield key, encode(record), 0 if table.face is None else table.face_bytes(record)
