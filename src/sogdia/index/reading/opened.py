"""An index as its readers open it: at the first question, by any number of threads; it may be away, or not made yet."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect

from sogdia.index.database import POSTGRESQL, SQLITE, open_engine, told
from sogdia.index.errors import IndexAbsentError, IndexAwayError, IndexStoppedError, IndexUnreachableError
from sogdia.index.schema import STATE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine


class OpenedIndex:
    """The index in one database."""

    def __init__(self, url: str) -> None:
        """Open nothing before the first question."""
        self._url = url
        self._lock = threading.Lock()
        self._engine: Engine | None = None

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Lend a connection for which the index stands still, however long it reads."""
        with self.connect() as connection:
            if connection.dialect.name == POSTGRESQL:  # a transaction of SQLite sees one state anyway
                connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """Lend a connection; raises `IndexAwayError` when there is none to be had, or it breaks off."""
        engine = self._opened()
        try:
            with told(engine), engine.connect() as connection:
                yield connection
        except (IndexUnreachableError, IndexStoppedError) as error:
            raise IndexAwayError(str(error)) from error

    def _opened(self) -> Engine:
        with self._lock:
            if self._engine is not None:
                return self._engine
            try:
                engine = open_engine(self._url)
                file = engine.url.database
                if engine.dialect.name == SQLITE and (not file or not Path(file).exists()):
                    raise IndexAbsentError("the index has not been made yet")
                with told(engine), engine.connect() as connection:
                    if not inspect(connection).has_table(STATE.name):
                        raise IndexAbsentError("the index has not been made yet")
            except (IndexUnreachableError, IndexStoppedError) as error:
                raise IndexAwayError(str(error)) from error
            self._engine = engine
            return engine

    def close(self) -> None:
        """End all connections."""
        with self._lock:
            engine, self._engine = self._engine, None
        if engine is not None:
            engine.dispose()
