"""The database behind the index: SQLite by default, PostgreSQL by URL, and the few places where the two differ."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sqlalchemy
from sqlalchemy import event, exc
from sqlalchemy.engine import make_url

from sogdia.index.errors import IndexFullError, IndexStoppedError, IndexUnreachableError, IndexUnusableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sqlalchemy import Connection, Engine, Table

FILE = "index.sqlite"
SQLITE, POSTGRESQL = "sqlite", "postgresql"
BUSY_SECONDS = 10
CONNECT_SECONDS = 10
STATEMENT_SECONDS = 10
CACHE_KIBIBYTES = 65_536
CHECKPOINT_PAGES = 16_384
"""How long the log of SQLite becomes before it goes into the file (64 MiB): most pages are changed again before."""

WRITING = ["journal_mode=WAL", "synchronous=NORMAL", f"wal_autocheckpoint={CHECKPOINT_PAGES}"]
DISK_FULL_STATE = "53100"
CHUNK = 400
"""How many rows are asked for at once: below every limit on the number of parameters."""


def database_in(folder: Path) -> str:
    """Give the database that is meant when none is named: a file in the node's folder."""
    return f"sqlite:///{(folder / FILE).resolve()}"


def open_engine(url: str, *, writing: bool = False) -> Engine:
    """Open a database by its URL. A reader cannot write, and no statement of one lasts longer than ten seconds."""
    try:
        parsed = make_url(url)
    except exc.ArgumentError as error:
        raise IndexUnusableError(f"{url!r} is no URL of a database. Write sqlite:///FILE or postgresql://…") from error
    backend = parsed.get_backend_name()
    if backend == SQLITE:
        engine = sqlalchemy.create_engine(parsed, connect_args={"timeout": BUSY_SECONDS})
        _prepare_sqlite(engine, writing=writing)
        return engine
    if backend != POSTGRESQL:
        raise IndexUnusableError(f"an index stands in SQLite or PostgreSQL, not in {backend}")
    options = "-c timezone=UTC"
    if not writing:
        options += f" -c default_transaction_read_only=on -c statement_timeout={STATEMENT_SECONDS}s"
    try:
        return sqlalchemy.create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            connect_args={"connect_timeout": CONNECT_SECONDS, "options": options, "application_name": "sogdia index"},
            pool_pre_ping=not writing,
        )
    except ModuleNotFoundError as error:
        raise IndexUnusableError("PostgreSQL needs psycopg. Install it: pip install 'sogdia[postgres]'") from error


def _prepare_sqlite(engine: Engine, *, writing: bool) -> None:
    """Take transactions into our own hands: the driver would begin them too late, and commit before a table is made."""

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        settings = [f"cache_size=-{CACHE_KIBIBYTES}", "foreign_keys=OFF", "temp_store=MEMORY"]
        # The index can be made again, so a loss of power may cost its last blocks, but never tear a block apart.
        settings += WRITING if writing else ["query_only=ON"]
        for setting in settings:
            connection.execute(f"PRAGMA {setting}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


@contextmanager
def told(engine: Engine) -> Iterator[None]:
    """Turn what a database raises into what it means for the index."""
    # What streams rows speaks to the driver itself, so the driver's own errors come through as well.
    raised: Any = engine.dialect.loaded_dbapi.Error
    try:
        yield
    except exc.DBAPIError as error:
        raise _meaning(error.orig, engine, lost=error.connection_invalidated) from error
    except raised as error:
        raise _meaning(error, engine, lost=False) from error


def _meaning(cause: BaseException | None, engine: Engine, *, lost: bool) -> Exception:
    where = engine.url.render_as_string(hide_password=True)
    said = str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
    if getattr(cause, "sqlstate", None) == DISK_FULL_STATE or "disk is full" in said or "disk I/O error" in said:
        return IndexFullError(f"{where} has no more room ({said}). Make room; nothing is lost, it goes on from there")
    if isinstance(cause, sqlite3.OperationalError) and ("unable to open" in said or "readonly" in said):
        return IndexUnusableError(f"{where} cannot be opened ({said}). Compare the path and who may write there")
    dbapi: Any = engine.dialect.loaded_dbapi
    if lost or isinstance(cause, dbapi.OperationalError | dbapi.InterfaceError):
        return IndexUnreachableError(f"{where} does not answer ({said})")
    if isinstance(cause, sqlite3.DatabaseError) and ("not a database" in said or "malformed" in said):
        return IndexUnusableError(f"{where} is damaged, or no SQLite file ({said}). Remove it and rebuild the index")
    return IndexStoppedError(f"{where} refused a statement ({said})")


class Inserts:
    """The prepared statements that write one table: append rows, or put rows over those with the same key."""

    def __init__(self, table: Table, backend: str) -> None:
        """Prepare them for a kind of database."""
        self.columns = [column.name for column in table.columns]
        keys = [column.name for column in table.primary_key.columns]
        names = ", ".join(f'"{name}"' for name in self.columns)
        marks = ", ".join(["?" if backend == SQLITE else "%s"] * len(self.columns))
        changed = ", ".join(f'"{name}" = excluded."{name}"' for name in self.columns if name not in keys)
        key = ", ".join(f'"{name}"' for name in keys)
        self._append = f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})'  # noqa: S608 - names of our own tables
        self._put = f"{self._append} ON CONFLICT ({key}) DO UPDATE SET {changed}"
        self._copy = f'COPY "{table.name}" ({names}) FROM STDIN' if backend == POSTGRESQL else None

    def append(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add rows that are new, in the order of the columns; PostgreSQL takes them as one stream."""
        if not rows:
            return
        if self._copy is None:
            connection.exec_driver_sql(self._append, list(rows))
            return
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(self._copy) as copy:
            for row in rows:
                copy.write_row(row)

    def put(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Write rows, new or known, in the order of the columns."""
        if rows:
            connection.exec_driver_sql(self._put, list(rows))
