"""A batch of blocks on its way into the database: new rows, changed rows, sums; all in one transaction.

A projection's handler sees the batch at one fact: whose envelope it came of, when, and at which position.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import bindparam, delete

from sogdia.index.database import Inserts
from sogdia.index.rows import Rows
from sogdia.index.schema import HOURLY
from sogdia.kernel.values import NO_ACCOUNT, account_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy import Connection, Table

    from sogdia.index.blocks import OpenedEnvelope

    Need = tuple[Table, Any]

Kept = TypeVar("Kept")
HOUR = 3_600


@dataclass(frozen=True, kw_only=True)
class Projection:
    """How the facts of one module become its tables."""

    tables: tuple[Table, ...]
    """Tables whose rows change, each with a primary key."""
    appended: tuple[Table, ...] = ()
    """Tables whose rows are written once."""
    handlers: dict[type[Any], Callable[[Batch, Any], None]]
    """What each kind of fact does. Facts without a handler are in `events` all the same."""
    keyed_by: dict[str, Table]
    """Which row a fact is about, by the name of the field that says so: such rows are read together."""
    needs: dict[type[Any], Callable[[Any], Iterable[Need]]] = field(default_factory=dict)
    """What else a kind of fact will need."""
    genesis: Callable[[Batch, Any], None]
    """What stands in the tables from the start. It is given the whole genesis."""
    finish: Callable[[Batch], None] | None = None
    """What is done once all facts of a batch were handled: with rows of which only the facts together say which."""


class Batch:
    """The rows of a batch, and the fact that is being handled."""

    def __init__(self, projections: tuple[Projection, ...], backend: str, network: bytes) -> None:
        """Prepare the tables of all projections."""
        self.network = network
        self.height = 0
        self.time = 0
        self.position = 0
        self.number = 0
        self.by_deadline = False
        self.result = b""
        self.result_number = 0
        self.envelope: OpenedEnvelope | None = None
        self.involved: set[bytes] = set()
        self._rows = {table: Rows(table, backend) for each in projections for table in each.tables}
        self._rows[HOURLY] = Rows(HOURLY, backend)
        self._inserts = {table: Inserts(table, backend) for each in projections for table in each.appended}
        self._new: dict[Table, list[tuple[Any, ...]]] = defaultdict(list)
        self._gone: dict[Table, list[int]] = defaultdict(list)
        self._sums: dict[tuple[str, str, int], list[int]] = {}
        self._hour = 0
        self._connection: Connection | None = None
        self._handlers: dict[type[Any], list[Callable[[Batch, Any], None]]] = defaultdict(list)
        self._needs: dict[type[Any], list[Callable[[Any], Iterable[Need]]]] = defaultdict(list)
        self._keyed_by: dict[str, Table] = {}
        for each in projections:
            self._keyed_by |= each.keyed_by
            for kind, handler in each.handlers.items():
                self._handlers[kind].append(handler)
            for kind, need in each.needs.items():
                self._needs[kind].append(need)
        self._keys: dict[type[Any], list[tuple[str, Rows]]] = {}
        self._finish = [each.finish for each in projections if each.finish is not None]
        self._kept: dict[Callable[[Batch], Any], Any] = {}

    # ------------------------------------------------------------------------------------------ what handlers may use

    @property
    def connection(self) -> Connection:
        """The transaction that the batch is written in."""
        if self._connection is None:
            message = "a batch is used inside a transaction"
            raise RuntimeError(message)
        return self._connection

    def rows(self, table: Table) -> Rows:
        """Give the rows of a table that change."""
        return self._rows[table]

    def append(self, table: Table, *values: Any) -> None:  # noqa: ANN401 - a column each
        """Add a row, in the order of the columns."""
        self._new[table].append(values)

    def remove(self, table: Table, number: int) -> None:
        """Remove a row that was added, by its number."""
        self._gone[table].append(number)

    def involve(self, *accounts: bytes) -> None:
        """Note who else has to do with the result, beyond its signers and those whom its facts name."""
        self.involved.update(accounts)

    def count(self, measure: str, subject: str = "", units: int = 0) -> None:
        """Count one more of something in this hour, and add to its units."""
        key = (measure, subject, self._hour)
        known = self._sums.get(key)
        if known is None:
            self._sums[key] = [1, units]
        else:
            known[0] += 1
            known[1] += units

    def kept(self, make: Callable[[Batch], Kept]) -> Kept:
        """Give what a projection keeps from fact to fact, made at its first use and again after a batch that failed."""
        known: Kept | None = self._kept.get(make)
        if known is None:
            known = self._kept[make] = make(self)
        return known

    def founder(self, reference: str) -> bytes:
        """Give the account of a party that is there from the start."""
        return account_of(self.network, NO_ACCOUNT, reference)

    # --------------------------------------------------------------------------------------------- what the writer uses

    def begin(self, connection: Connection) -> None:
        """Begin in a new transaction."""
        self._connection = connection
        for rows in self._rows.values():
            rows.begin(connection)

    def at_block(self, height: int, time: int) -> None:
        """Go on to a block."""
        self.height, self.time = height, time
        self._hour = time - time % HOUR

    def need(self, fact: Any) -> None:  # noqa: ANN401 - any event
        """Note which rows a fact will need."""
        kind = type(fact)
        keys = self._keys.get(kind)
        if keys is None:
            fields = kind.__struct_fields__
            keys = [(name, self._rows[table]) for name, table in self._keyed_by.items() if name in fields]
            self._keys[kind] = keys
        for name, rows in keys:
            rows.want((getattr(fact, name),))
        for needs in self._needs.get(kind, ()):
            for table, key in needs(fact):
                self._rows[table].want((key,))

    def fetch(self) -> None:
        """Read all rows that are needed."""
        for rows in self._rows.values():
            rows.fetch()

    def handle(self, fact: Any) -> None:  # noqa: ANN401 - any event
        """Let the projections handle a fact."""
        for handler in self._handlers.get(type(fact), ()):
            handler(self, fact)

    def write(self) -> None:
        """Write everything into the transaction."""
        connection = self.connection
        for finish in self._finish:
            finish(self)
        for table, rows in self._new.items():
            self._inserts[table].append(connection, rows)
        self._new.clear()
        for table, numbers in self._gone.items():
            key = next(iter(table.primary_key.columns))
            connection.execute(delete(table).where(key == bindparam("number")), [{"number": each} for each in numbers])
        self._gone.clear()
        self._add_sums()
        for each in self._rows.values():
            each.write(connection)

    def _add_sums(self) -> None:
        hourly = self._rows[HOURLY]
        hourly.want(self._sums)
        hourly.fetch()
        for key, (count, units) in self._sums.items():
            known = hourly.find(key)
            if known is not None:
                count, units = count + known["count"], units + int(known["units"])  # noqa: PLW2901 - one sum
            measure, subject, hour = key
            hourly.put({"measure": measure, "subject": subject, "hour": hour, "count": count, "units": str(units)})
        self._sums.clear()

    def forget(self) -> None:
        """Drop everything that was not written, and all that was read."""
        self._kept.clear()
        self._new.clear()
        self._gone.clear()
        self._sums.clear()
        for rows in self._rows.values():
            rows.forget()
