"""The steps by which a database becomes an index of this release: numbered, in order, each in a transaction of its own.

Step 1 makes the tables as they are. A release that changes them appends a step, and changes step 1 as well, so that a
new index needs only that one. What a step cannot say in SQL is left to `sogdia index rebuild`, which always works.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import inspect, select, update

from sogdia.index import projections
from sogdia.index.database import told
from sogdia.index.errors import IndexUnusableError
from sogdia.index.schema import METADATA, STATE
from sogdia.index.search import ALL_WORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection, Engine

    Steps = Mapping[int, Callable[[Connection], None]]

SCHEMA = 3
STEPS: Steps = {}
"""The steps to each number from the one before. None leads to 2, the first with movements, and none to 3, where what
was overdue stands before the envelope that came upon it: only blocks say these, so an older index is rebuilt."""

TABLES = (projections, METADATA)[1].sorted_tables
"""All tables, the projections' included: they are declared when `projections` is imported."""


def make_tables(connection: Connection) -> None:
    """Make all tables in an empty database."""
    METADATA.create_all(connection)
    for each in ALL_WORDS:
        each.create(connection)


def drop_tables(connection: Connection) -> None:
    """Remove our tables, and nothing else."""
    for each in ALL_WORDS:
        each.drop(connection)
    METADATA.drop_all(connection)


def schema_of(connection: Connection) -> int:
    """Give the number of the index's schema; 0 when the database is empty. A database of others is refused."""
    found = set(inspect(connection).get_table_names())
    if STATE.name in found:
        number = connection.execute(select(STATE.c.schema)).scalar()
        return 0 if number is None else int(number)
    if found:
        shown = ", ".join(sorted(found)[:5])
        raise IndexUnusableError(f"the database holds tables that are not an index ({shown}). Name an empty one")
    return 0


def migrate(engine: Engine, *, steps: Steps = STEPS, newest: int = SCHEMA) -> None:
    """Bring an index to this release's schema."""
    with told(engine), engine.connect() as connection:
        with connection.begin():
            number = schema_of(connection)
        if number > newest:
            raise IndexUnusableError(
                f"the index has schema {number}, and this release knows {newest}. Update this program, or rebuild it"
            )
        if number == 0:
            with connection.begin():
                drop_tables(connection)
                make_tables(connection)
            return
        for step in range(number + 1, newest + 1):
            if step not in steps:
                raise IndexUnusableError(f"the index has schema {number}, too old for this release. Rebuild it")
            with connection.begin():
                steps[step](connection)
                connection.execute(update(STATE).values(schema=step))
