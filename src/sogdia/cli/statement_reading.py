"""Reading the ledger's books for one account's statements: from the index and the blocks behind it, or from all blocks.

with an index      the rows of the days, then the blocks that are not in it yet       each money is compared with
without            every block from the first on                                     the ledger's own balance
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from sogdia.cli.asking import all_balances
from sogdia.cli.exits import Exit, Stopped
from sogdia.cli.index_work import database_of
from sogdia.cli.progress import progress
from sogdia.index.errors import IndexAbsentError
from sogdia.index.migrations import SCHEMA
from sogdia.index.reading.movements import begin
from sogdia.index.reading.opened import OpenedIndex
from sogdia.index.reading.stand import stand
from sogdia.index.sources import NodeSource
from sogdia.modules.money import Asset
from sogdia.modules.money.queries import BalanceQuery
from sogdia.modules.money.records import Balance
from sogdia.rails.books import Balances, Book
from sogdia.rails.statements import Account, Period, StatementUnbalancedError, compare

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

    from sogdia.client.connection import Connection as NodeConnection
    from sogdia.rails.books import Holding

TRIES = 20
WAYS_OUT = "Make the index anew with 'sogdia index rebuild', or read every block with --from-blocks."


class Wanted(NamedTuple):
    """Whose days are wanted, of which network; of one money, or of all."""

    network: bytes
    account: bytes
    money: Asset | None
    period: Period


class Read(NamedTuple):
    """Statements in the making, and the block up to which the ledger was read."""

    making: Account
    height: int
    time: int


def read(wanted: Wanted, node: NodeConnection, folder: Path, database: str | None, *, from_blocks: bool) -> Read:
    """Read the books; what they say of the account was compared with the ledger, or nothing is given."""
    with closing(NodeSource(folder)) as source:
        if not from_blocks:
            try:
                with closing(OpenedIndex(database_of(folder, database))) as index, index.snapshot() as connection:
                    return _with_the_index(wanted, connection, source, node)
            except IndexAbsentError as error:
                if database:
                    raise Stopped(Exit.NOT_FOUND, f"In {database} {error}.", WAYS_OUT) from error
        return _from_the_first_block(wanted, source, node)


# ------------------------------------------------------------------------------------------------------ with the index


def _with_the_index(wanted: Wanted, connection: Connection, source: NodeSource, node: NodeConnection) -> Read:
    _check_origin(connection, source, wanted.network)
    try:
        book, making = begin(connection, wanted.account, wanted.period, wanted.money)
        height = source.height()
        for _try in range(TRIES):
            _follow(making, book, source, height)
            heights, owned = _owned(wanted, making, node)
            if heights <= {height}:
                compare(wanted.account, _of_money(wanted, making.present), owned)
                return Read(making, height, source.time(height) if height else 0)
            height = max(heights)
    except StatementUnbalancedError as error:
        raise Stopped(Exit.DAMAGED, f"No statement is written: {error}.", WAYS_OUT) from error
    raise Stopped(
        Exit.UNREACHABLE,
        f"The ledger moved on while its balances were asked for, {TRIES} times in a row.",
        "Ask when less is going on, or for one --money.",
    )


def _check_origin(connection: Connection, source: NodeSource, network: bytes) -> None:
    """See that the index is of this release, this network and this ledger."""
    found = stand(connection)
    if found.schema != SCHEMA:
        raise Stopped(Exit.USAGE, f"The index has schema {found.schema}, and this release reads {SCHEMA}.", WAYS_OUT)
    if found.network != network or (found.height and source.header_hash(found.height) != found.hash):
        raise Stopped(
            Exit.DAMAGED,
            f"The index stands at height {found.height} of {found.name}, block {found.hash.hex()[:16]}…, and the node"
            " has no such block.",
            WAYS_OUT,
        )


def _follow(making: Account, book: Book, source: NodeSource, height: int) -> None:
    """Read the blocks behind the index, or behind those that were read before."""
    if height <= book.height:
        return
    first = book.height + 1
    with progress(height - book.height, "Reading blocks") as advance:
        for raw in source.blocks(first, height):
            for told in book.read((raw,)):
                making.take(told)
            advance(book.height - first + 1)


def _owned(wanted: Wanted, making: Account, node: NodeConnection) -> tuple[set[int], dict[Holding, Balances]]:
    """Ask the ledger what the account has of each money that the books know; gives the heights of the answers, too."""
    heights: set[int] = set()
    owned: dict[Holding, Balances] = {}
    for asset in _of_money(wanted, making.present):
        query = BalanceQuery(account=wanted.account, currency=asset.currency, issuer=asset.issuer)
        height, raw = node.query(query)
        found = msgspec.convert(raw, Balance, strict=True)
        heights.add(height)
        owned[wanted.account, asset] = Balances(found.available, found.held)
    return heights, owned


def _of_money(wanted: Wanted, present: dict[Asset, Balances]) -> dict[Asset, Balances]:
    """Give what is asked about: one money, or all."""
    return {asset: each for asset, each in present.items() if wanted.money in (None, asset)}


# ----------------------------------------------------------------------------------------------------- without an index


def _from_the_first_block(wanted: Wanted, source: NodeSource, node: NodeConnection) -> Read:
    height, found = all_balances(wanted.account, node.query)
    book = Book(wanted.network)
    making = Account(wanted.account, wanted.period, book)
    _follow(making, book, source, height)
    owned = {(each.account, Asset(each.currency, each.issuer)): Balances(each.available, each.held) for each in found}
    compare(wanted.account, making.present, owned)
    return Read(making, height, source.time(height) if height else 0)
