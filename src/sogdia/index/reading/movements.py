"""An account's days as they are kept: what it had, what moved and what it has, and books that go on from there.

A statement needs the rows of its days, the one before and the one behind, and the blocks that are not in the index yet.
Each row says what its account had afterwards, so rows that are missing, doubled or changed break the chain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import bindparam, select

from sogdia.index.cursors import NUMBER_MAX
from sogdia.index.projections.movements import HOLDINGS, MOVEMENTS, REMEMBERED, holding_key
from sogdia.index.reading.stand import stand
from sogdia.index.remembering import kept_memory, read_exchange
from sogdia.index.schema import RESULTS, height_of
from sogdia.kernel.values import ACCOUNT_BYTES
from sogdia.modules.money import asset_of
from sogdia.rails.books import Balances, Book
from sogdia.rails.movements import Movement
from sogdia.rails.statements import ENTRIES_MAX, Account, Entry, Kept, Period, StatementUnbalancedError, too_many
from sogdia.rails.uetr import Position, uetr_of

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row, Select

    from sogdia.modules.money import Asset

HOLDING_BYTES = 2 * ACCOUNT_BYTES + 3

_ORDER = (MOVEMENTS.c.time, MOVEMENTS.c.position, MOVEMENTS.c.number)
_BACKWARDS = [column.desc() for column in _ORDER]
_OF_HOLDING = (
    select(MOVEMENTS, RESULTS.c.id.label("result"), RESULTS.c.number.label("place"))
    .join_from(MOVEMENTS, RESULTS, MOVEMENTS.c.position == RESULTS.c.position)
    .where(MOVEMENTS.c.holding == bindparam("holding"))
)
_BEFORE = _OF_HOLDING.where(MOVEMENTS.c.time < bindparam("moment")).order_by(*_BACKWARDS).limit(1)
_BEHIND = _OF_HOLDING.where(MOVEMENTS.c.time >= bindparam("moment")).order_by(*_ORDER).limit(1)
_WITHIN = (
    _OF_HOLDING.where(MOVEMENTS.c.time >= bindparam("since"), MOVEMENTS.c.time < bindparam("until"))
    .order_by(*_ORDER)
    .limit(bindparam("rows"))
)
_HOLDINGS = (
    select(HOLDINGS)
    .where(HOLDINGS.c.holding > bindparam("first"), HOLDINGS.c.holding <= bindparam("last"))
    .order_by(HOLDINGS.c.holding)
)
_HOLDINGS_PAGE = _HOLDINGS.limit(bindparam("rows"))
_HOLDING = select(HOLDINGS).where(HOLDINGS.c.holding == bindparam("holding"))
_SAID = select(REMEMBERED.c.said).where(REMEMBERED.c.key == bindparam("key"))


def book_at(connection: Connection) -> Book:
    """Give books that go on behind the last block of the index. What they remember from there on is theirs alone."""
    at = stand(connection)
    since: dict[bytes, bytes] = {}

    def find(key: bytes) -> bytes | None:
        if key in since:
            return since[key]
        return connection.execute(_SAID, {"key": key}).scalar_one_or_none()

    return Book(at.network, kept_memory(find, since.__setitem__), at.height)


def holdings_of(connection: Connection, account: bytes) -> dict[Asset, Balances]:
    """Give what an account has, or had, of each money."""
    asked = {"first": account, "last": account.ljust(HOLDING_BYTES, b"\xff")}
    return {
        asset_of(bytes(row.holding)[ACCOUNT_BYTES:]): Balances(row.available, row.held)
        for row in connection.execute(_HOLDINGS, asked)
    }


class Holding(msgspec.Struct, frozen=True):
    """What an account has of one money, or had before it had nothing any more."""

    currency: str
    issuer: bytes
    available: int
    held: int


class Holdings(msgspec.Struct, frozen=True):
    """A page of what an account has as of a height, and behind which money the next page begins."""

    height: int
    rows: list[Holding]
    next: bytes | None


def holdings_page(connection: Connection, account: bytes, after: bytes, limit: int) -> Holdings:
    """Give what an account has, by currency and issuer, behind the money with the key `after`."""
    asked = {"first": account + after, "last": account.ljust(HOLDING_BYTES, b"\xff"), "rows": limit + 1}
    found = connection.execute(_HOLDINGS_PAGE, asked).all()
    rows = []
    for row in found[:limit]:
        asset = asset_of(bytes(row.holding)[ACCOUNT_BYTES:])
        rows.append(Holding(asset.currency, asset.issuer, row.available, row.held))
    more = bytes(found[limit - 1].holding)[ACCOUNT_BYTES:] if len(found) > limit else None
    return Holdings(stand(connection).height, rows, more)


def holding(connection: Connection, account: bytes, asset: Asset) -> Balances | None:
    """Give what an account has of one money; nothing when it never had any."""
    row = connection.execute(_HOLDING, {"holding": holding_key(account, asset)}).one_or_none()
    return None if row is None else Balances(row.available, row.held)


def begin(connection: Connection, account: bytes, period: Period, money: Asset | None = None) -> tuple[Book, Account]:
    """Give an account's statements in the making, of one money or of all, and the books to go on with."""
    book = book_at(connection)
    making = Account(account, period, book)
    if money is None:
        known = holdings_of(connection, account)
    else:
        found = holding(connection, account, money)
        known = {} if found is None else {money: found}
    for asset, present in known.items():
        making.go_on(asset, kept_of(connection, account, asset, present, period))
    return book, making


def kept_of(connection: Connection, account: bytes, asset: Asset, present: Balances, period: Period) -> Kept:
    """Give the days of one money of an account; refused when the rows do not join without a gap."""
    asked: dict[str, Any] = {"holding": holding_key(account, asset)}

    def row(statement: Select[Any], moment: int) -> Row[Any] | None:
        return connection.execute(statement, asked | {"moment": moment}).one_or_none()

    before, behind, newest = row(_BEFORE, period.since), row(_BEHIND, period.until), row(_BEFORE, NUMBER_MAX)
    days = {"since": period.since, "until": period.until, "rows": ENTRIES_MAX + 1}
    rows = connection.execute(_WITHIN, asked | days).all()
    if len(rows) > ENTRIES_MAX:
        raise too_many()
    opening = None if before is None else _after(before)
    now = opening or Balances()
    for each in rows if behind is None else [*rows, behind]:
        now = Balances(now.available + each.available, now.held + each.held)
        if now != _after(each):
            raise _broken(account, asset, each)
    if newest is None or _after(newest) != present:
        raise _broken(account, asset, newest)
    closing = _after(rows[-1]) if rows else opening
    network = stand(connection).network
    entries = [_entry(network, number, account, asset, each) for number, each in enumerate(rows, 1)]
    return Kept(opening, entries, closing, present)


def _after(row: Row[Any]) -> Balances:
    return Balances(row.available_after, row.held_after)


def _broken(account: bytes, asset: Asset, row: Row[Any] | None) -> StatementUnbalancedError:
    where = "there are none" if row is None else f"see position {row.position}, number {row.number}"
    return StatementUnbalancedError(
        f"in the index the movements of account {account.hex()} in {asset.currency} do not join to what it has"
        f" ({where}). 'sogdia index rebuild' makes the index anew"
    )


def _entry(network: bytes, number: int, account: bytes, asset: Asset, row: Row[Any]) -> Entry:
    at = Position(height_of(row.position), row.place, row.number)
    other = None if row.other is None else bytes(row.other)
    movement = Movement(account, asset, row.available, row.held, other, row.reference, row.purpose)
    return Entry(
        number, uetr_of(network, bytes(row.result), at), row.time, row.fact, movement, read_exchange(row.exchange)
    )
