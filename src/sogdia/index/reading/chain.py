"""Blocks, how envelopes and exits ended, and their facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import bindparam, select

from sogdia.index.reading.pages import Pages, Single
from sogdia.index.schema import BLOCKS, EVENTS, INVOLVED, PLACE_BITS, RESULTS

if TYPE_CHECKING:
    from sqlalchemy import Connection

FACTS_MAX = 5_000
"""How many facts of one result are given at most: an exit with 2,000 lines states fewer."""


class Block(msgspec.Struct, frozen=True):
    """A block in a list."""

    height: int
    hash: bytes
    time: int
    envelopes: int
    refused: int
    exits: int
    size: int


class Result(msgspec.Struct, frozen=True):
    """How an envelope or an exit ended. `facts` are the values that a refusal compared, as JSON."""

    position: int
    id: bytes
    exit: bool
    time: int
    code: int
    operation: int
    facts: str
    sender: bytes | None
    operations: str
    size: int

    @property
    def height(self) -> int:
        """The height of its block."""
        return self.position >> PLACE_BITS


class Fact(msgspec.Struct, frozen=True):
    """An event: `fields` is JSON with bytes in hexadecimal."""

    position: int
    number: int
    tag: int
    name: str
    fields: str
    accounts: str


BLOCK_PAGES = Pages("blocks", BLOCKS, Block, number=BLOCKS.c.height)
BLOCK_BY_HEIGHT = Single(BLOCKS, Block, BLOCKS.c.height)
BLOCK_BY_HASH = Single(BLOCKS, Block, BLOCKS.c.hash)
RESULT_PAGES = Pages("results", RESULTS, Result, number=RESULTS.c.position)
RESULT_BY_ID = Single(RESULTS, Result, RESULTS.c.id)
REFUSAL_PAGES = Pages(
    "refusals", RESULTS, Result, number=RESULTS.c.position, filters=(RESULTS.c.code,), where=(RESULTS.c.code != 0,)
)
RESULTS_OF_ACCOUNT = Pages(
    "account",
    RESULTS,
    Result,
    number=INVOLVED.c.position,
    filters=(INVOLVED.c.account,),
    source=INVOLVED.join(RESULTS, INVOLVED.c.position == RESULTS.c.position),
)
FACT_PAGES = Pages("facts", EVENTS, Fact, number=EVENTS.c.position, second=EVENTS.c.number)
FACTS_OF_KIND = Pages(
    "facts of a kind", EVENTS, Fact, number=EVENTS.c.position, second=EVENTS.c.number, filters=(EVENTS.c.tag,)
)

_RESULTS_OF_BLOCK = (
    select(*[RESULTS.c[name] for name in Result.__struct_fields__])
    .where(RESULTS.c.position >= bindparam("first"), RESULTS.c.position < bindparam("last"))
    .order_by(RESULTS.c.position)
    .limit(bindparam("rows"))
)
_FACTS_OF_RESULT = (
    select(*[EVENTS.c[name] for name in Fact.__struct_fields__])
    .where(EVENTS.c.position == bindparam("position"))
    .order_by(EVENTS.c.number)
    .limit(FACTS_MAX)
)
RESULTS_OF_BLOCK_MAX = 1_000


def results_of_block(connection: Connection, height: int, *, from_place: int = 0) -> list[Result]:
    """Give the results of a block in their order, from a place on, a thousand at most."""
    asked = {
        "first": (height << PLACE_BITS) + from_place,
        "last": (height + 1) << PLACE_BITS,
        "rows": RESULTS_OF_BLOCK_MAX,
    }
    return [Result(*row) for row in connection.execute(_RESULTS_OF_BLOCK, asked)]


def facts_of_result(connection: Connection, position: int) -> list[Fact]:
    """Give the facts of a result in their order."""
    return [Fact(*row) for row in connection.execute(_FACTS_OF_RESULT, {"position": position})]
