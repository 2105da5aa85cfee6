"""Lists a page at a time, newest first: each is declared once, by its table, its order and its filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec
from sqlalchemy import bindparam, select, tuple_

from sogdia.index.cursors import NUMBER_MAX, SECOND_MAX, Cursors, Place
from sogdia.index.reading.stand import stand

if TYPE_CHECKING:
    from sqlalchemy import Column, Connection, Table
    from sqlalchemy.sql.elements import ColumnElement

T = TypeVar("T", bound=msgspec.Struct)
ROWS_MAX = 100
ROWS = 24


class Page(msgspec.Struct, Generic[T], frozen=True):
    """Some rows of a list, and where the next page begins; nothing when this is the last."""

    rows: list[T]
    next: str | None


def rows_at_most(limit: int) -> int:
    """Give how many rows a page has: what was asked for, within bounds."""
    return max(1, min(limit, ROWS_MAX))


class Pages(Generic[T]):
    """A list: the statement is built once, the fields of `shape` name the columns."""

    def __init__(  # noqa: PLR0913 - what a list is
        self,
        name: str,
        table: Table,
        shape: type[T],
        *,
        number: Column[Any],
        second: Column[Any] | None = None,
        filters: tuple[Column[Any], ...] = (),
        where: tuple[ColumnElement[bool], ...] = (),
        source: Any = None,  # noqa: ANN401 - a join, when the table alone does not do
    ) -> None:
        """Declare a list in the order of `number`, and `second` where a number has several rows."""
        self._name = name
        self._shape = shape
        self._filters = [column.name for column in filters]
        self._has_second = second is not None
        columns = [table.c[field] for field in shape.__struct_fields__]
        order = [number] if second is None else [number, second]
        below: Any = [bindparam("below"), bindparam("below_second")][: len(order)]
        statement = select(*columns, *[column.label(f"order_{at}") for at, column in enumerate(order)])
        statement = statement.select_from(table if source is None else source)
        statement = statement.where(*where, *[column == bindparam(column.name) for column in filters])
        key: Any = number < below[0] if second is None else tuple_(*order) < tuple_(*below)
        self._statement = statement.where(key).order_by(*[each.desc() for each in order]).limit(bindparam("rows"))

    def read(
        self,
        connection: Connection,
        *,
        cursor: str | None = None,
        limit: int = ROWS,
        **filters: Any,  # noqa: ANN401
    ) -> Page[T]:
        """Give a page. A filter has the name of its column; each has to be given."""
        if sorted(filters) != sorted(self._filters):
            message = f"the list {self._name} is filtered by {self._filters}, not by {sorted(filters)}"
            raise TypeError(message)
        cursors = Cursors(stand(connection).network, self._name, *[filters[name] for name in self._filters])
        place = cursors.read(cursor) or Place(NUMBER_MAX, SECOND_MAX)
        rows = rows_at_most(limit)
        asked = {"below": place.number, "below_second": place.second, "rows": rows + 1, **filters}
        if not self._has_second:
            del asked["below_second"]
        found = connection.execute(self._statement, asked).all()
        fields = len(self._shape.__struct_fields__)
        shown = [self._shape(*row[:fields]) for row in found[:rows]]
        return Page(shown, cursors.write(Place(*found[rows - 1][fields:])) if len(found) > rows else None)


class Single(Generic[T]):
    """One row by a column that is unique."""

    def __init__(self, table: Table, shape: type[T], column: Column[Any]) -> None:
        """Declare it."""
        self._shape = shape
        columns = [table.c[field] for field in shape.__struct_fields__]
        self._statement = select(*columns).where(column == bindparam("wanted"))

    def read(self, connection: Connection, wanted: Any) -> T | None:  # noqa: ANN401 - a value of the column
        """Give the row, or nothing."""
        row = connection.execute(self._statement, {"wanted": wanted}).one_or_none()
        return None if row is None else self._shape(*row)
