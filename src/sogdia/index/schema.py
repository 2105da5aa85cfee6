"""The tables that every index has, whatever modules there are: blocks, results, events, who is involved, hourly sums.

    position = height × 2^20 + place        one whole number says where a result stands; it sorts as the ledger does
    place                                   how many results of the block came before it: what was overdue has moved on
                                            before the envelope that came upon it

The tables of a module stand with its projection, in `projections`.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, SmallInteger, Table, Text

METADATA = MetaData()
"""Every table of the index; projections add theirs."""

PLACE_BITS: Final[int] = 20
PLACE_MAX: Final[int] = 2**PLACE_BITS - 1

# A key of type BIGINT would not be the row's own number in SQLite, and every page would be sorted anew.
Whole = BigInteger().with_variant(Integer, "sqlite")

ByteOrderedText = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that sorts by its bytes in every database and every country."""


def position_of(height: int, place: int) -> int:
    """Join a height and a place into one number."""
    return (height << PLACE_BITS) + place


def height_of(position: int) -> int:
    """Give the height of a position."""
    return position >> PLACE_BITS


STATE = Table(
    "index_state",
    METADATA,
    Column("one", SmallInteger, primary_key=True),
    Column("schema", Integer, nullable=False),
    Column("network", LargeBinary, nullable=False),
    Column("name", Text, nullable=False),
    Column("height", Whole, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("time", Whole, nullable=False),
)
"""One row: of which network the index is, and how far it has come. Written with the rows that it speaks of."""

BLOCKS = Table(
    "blocks",
    METADATA,
    Column("height", Whole, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False, unique=True),
    Column("time", Whole, nullable=False),
    Column("envelopes", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("exits", Integer, nullable=False),
    Column("size", Integer, nullable=False),
)

RESULTS = Table(
    "results",
    METADATA,
    Column("position", Whole, primary_key=True, autoincrement=False),
    Column("number", Integer, nullable=False),
    Column("id", LargeBinary, nullable=False, unique=True),
    Column("exit", Boolean, nullable=False),
    Column("time", Whole, nullable=False),
    Column("code", Integer, nullable=False),
    Column("operation", Integer, nullable=False),
    Column("facts", Text, nullable=False),
    Column("sender", LargeBinary),
    Column("operations", Text, nullable=False),
    Column("size", Integer, nullable=False),
)
"""How each envelope and each exit ended. `operations` names what was asked, in order, parted by spaces.

`number` is that of the result in its block, where all envelopes stand before all exits: proofs and UETRs count so."""
Index(
    "results_by_code",
    RESULTS.c.code,
    RESULTS.c.position,
    sqlite_where=RESULTS.c.code != 0,
    postgresql_where=RESULTS.c.code != 0,
)

EVENTS = Table(
    "events",
    METADATA,
    Column("position", Whole, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("tag", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("fields", Text, nullable=False),
    Column("accounts", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""Every fact, by its declaration: `fields` is JSON with bytes in hexadecimal, `accounts` are who is named in it."""
Index("events_by_tag", EVENTS.c.tag, EVENTS.c.position)

INVOLVED = Table(
    "involved",
    METADATA,
    Column("account", LargeBinary, primary_key=True),
    Column("position", Whole, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
"""Who has to do with which result: its signers, and whom its facts name."""

HOURLY = Table(
    "hourly_sums",
    METADATA,
    Column("measure", ByteOrderedText, primary_key=True),
    Column("subject", ByteOrderedText, primary_key=True),
    Column("hour", Whole, primary_key=True, autoincrement=False),
    Column("count", Whole, nullable=False),
    Column("units", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""What was counted in an hour that begins at `hour`. `units` is a decimal text: a sum may pass 64 bits."""

LAG = Table(
    "lag_by_hour",
    METADATA,
    Column("hour", Whole, primary_key=True, autoincrement=False),
    Column("batches", Integer, nullable=False),
    Column("seconds_max", Integer, nullable=False),
)
"""How far the index itself ran behind. It is about the index, not the ledger: a rebuilt index begins it anew."""

ABOUT_THE_INDEX = frozenset((LAG.name,))
"""Tables that differ between an index that followed and one that was rebuilt."""
