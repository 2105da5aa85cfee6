"""How far an index is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import inspect, select

from sogdia.index.database import SQLITE, open_engine, told
from sogdia.index.errors import IndexUnusableError
from sogdia.index.schema import STATE

if TYPE_CHECKING:
    from sqlalchemy import Connection


class IndexStand(msgspec.Struct, frozen=True, kw_only=True):
    """Of which network an index is, and the last block in it."""

    schema: int
    network: bytes
    name: str
    height: int
    hash: bytes
    time: int


_STAND = select(STATE.c.schema, STATE.c.network, STATE.c.name, STATE.c.height, STATE.c.hash, STATE.c.time)


def stand(connection: Connection) -> IndexStand:
    """Give how far the index is."""
    row = connection.execute(_STAND).mappings().one_or_none()
    if row is None:
        raise IndexUnusableError("there is no index in the database yet. Make one with 'sogdia index run'")
    return IndexStand(**row)


def read_stand(url: str) -> IndexStand | None:
    """Open a database and give how far its index is; nothing when there is none."""
    engine = open_engine(url)
    file = engine.url.database
    if engine.dialect.name == SQLITE and (not file or not Path(file).exists()):
        return None  # opening it would make an empty file
    try:
        with told(engine), engine.connect() as connection:
            if not inspect(connection).has_table(STATE.name):
                return None
            row = connection.execute(_STAND).mappings().one_or_none()
            return None if row is None else IndexStand(**row)
    finally:
        engine.dispose()
