"""Statements: what one account had of one money, what happened to it, and what it has. They balance, or there is none.

    opening + all booked entries = closing        what the account owns: free to spend and set aside
    all movements since the first block           are what the ledger itself says that the account has

A day begins at midnight by UTC, and what happened in it is what stands in blocks with a time of that day. Money that is
set aside stays its owner's until it is paid: setting aside is told as an entry for information, which changes nothing
in what is owned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from sogdia.modules.money import asset_key
from sogdia.rails.books import Balances
from sogdia.rails.payments import Payments
from sogdia.rails.spelling import write_amount

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sogdia.modules.money import Asset
    from sogdia.rails.books import Book, Holding, Told
    from sogdia.rails.memory import Exchange
    from sogdia.rails.movements import Movement

DAY: Final = 86_400
ENTRIES_MAX: Final = 200_000
"""So many entries one statement can have: it is made in memory."""


class StatementUnbalancedError(Exception):
    """Books and ledger do not agree: a fault of this program or of the node that was asked. Nothing is printed."""


class TooManyEntriesError(Exception):
    """A statement would have more entries than fit into one."""


class Entry(NamedTuple):
    """One line of a statement."""

    number: int
    """From 1, in the order of the ledger."""
    uetr: str
    time: int
    fact: str
    """What the ledger calls what happened."""
    movement: Movement
    exchange: Exchange | None


class Statement(NamedTuple):
    """What happened to one account in one money from a moment until before another."""

    account: bytes
    asset: Asset
    since: int
    until: int
    is_over: bool
    """Whether the ledger's time has passed the end; until then closing balances are interim ones."""
    height: int
    time: int
    """The block up to which the ledger was read."""
    opening: Balances
    closing: Balances
    entries: tuple[Entry, ...]

    @property
    def booked(self) -> list[Entry]:
        """The entries that change what is owned."""
        return [each for each in self.entries if each.movement.booked]

    def check(self) -> None:
        """Raise unless opening and entries give closing, in both parts."""
        found = self.opening
        for each in self.entries:
            found = found.after(each.movement)
        if found != self.closing:
            raise StatementUnbalancedError(
                f"opening and {len(self.entries)} entries give {found}, but closing is {self.closing}"
                f" ({self.asset.currency}, account {self.account.hex()})"
            )


class Period(NamedTuple):
    """Days in a row: from the beginning of one to before the beginning of another."""

    since: int
    until: int


class Kept(NamedTuple):
    """What somebody has kept of one money of an account up to some block: the days that are stated, and what it has."""

    opening: Balances | None
    """Nothing, when it had none of this money before."""
    entries: Sequence[Entry]
    closing: Balances | None
    present: Balances


class Account:
    """One account's statements in the making: fed with everything that was told, in order."""

    def __init__(self, account: bytes, period: Period, book: Book) -> None:
        """Begin with nothing; `book` is what the facts are read from."""
        self._account = account
        self._period = period
        self._payments = Payments(book.fold)
        self._opening: dict[Asset, Balances] = {}
        self._closing: dict[Asset, Balances] = {}
        self._entries: dict[Asset, list[Entry]] = {}
        self.present: dict[Asset, Balances] = {}
        """What it has after all that was read."""

    def go_on(self, asset: Asset, kept: Kept) -> None:
        """Begin one money with what was kept; what is taken afterwards is what was told since."""
        if kept.opening is not None:
            self._opening[asset] = kept.opening
        if kept.closing is not None:
            self._closing[asset] = kept.closing
        self._entries[asset] = list(kept.entries)
        self.present[asset] = kept.present

    def take(self, told: Told) -> None:
        """Take the next fact."""
        exchanges = {paid.uetr: paid.exchange for paid in self._payments.of(told)}
        for leg in told.legs:
            for movement in leg.movements:
                if movement.account == self._account:
                    self._move(told, leg.uetr, movement, exchanges.get(leg.uetr))

    def _move(self, told: Told, uetr: str, movement: Movement, exchange: Exchange | None) -> None:
        asset = movement.asset
        after = self.present.get(asset, Balances()).after(movement)
        self.present[asset] = after
        if told.time < self._period.until:
            self._closing[asset] = after
        if told.time < self._period.since:
            self._opening[asset] = after
        elif told.time < self._period.until:
            found = self._entries.setdefault(asset, [])
            if len(found) == ENTRIES_MAX:
                raise too_many()
            found.append(Entry(len(found) + 1, uetr, told.time, type(told.fact).__name__, movement, exchange))

    def statements(self, height: int, time: int) -> list[Statement]:
        """Give a statement for each money that the account had or has, each of them checked."""
        made = [
            Statement(
                account=self._account,
                asset=asset,
                since=self._period.since,
                until=self._period.until,
                is_over=time >= self._period.until,
                height=height,
                time=time,
                opening=self._opening.get(asset, Balances()),
                closing=self._closing.get(asset, Balances()),
                entries=tuple(self._entries.get(asset, ())),
            )
            for asset in sorted(self.present, key=asset_key)
            if asset in self._closing
        ]
        for each in made:
            each.check()
        return made


def too_many() -> TooManyEntriesError:
    """Say that a statement would have more entries than fit into one."""
    return TooManyEntriesError(f"more than {ENTRIES_MAX} entries: ask for fewer days at once")


def compare(account: bytes, found: Mapping[Asset, Balances], owned: Mapping[Holding, Balances]) -> None:
    """Raise unless an account has, by the books, what the ledger itself says."""
    of_ledger = {asset: each for (holder, asset), each in owned.items() if holder == account and each != Balances()}
    of_books = {asset: each for asset, each in found.items() if each != Balances()}
    for asset in sorted({*of_ledger, *of_books}, key=asset_key):
        told, added = of_ledger.get(asset, Balances()), of_books.get(asset, Balances())
        if told != added:
            raise StatementUnbalancedError(
                f"by its facts account {account.hex()} has {_words(added, asset)}, by the ledger {_words(told, asset)}"
            )


def _words(balances: Balances, asset: Asset) -> str:
    free, held = (write_amount(units, asset.currency) for units in balances)
    return f"{free} {asset.currency} and {held} set aside"


def totals(entries: Iterable[Entry]) -> tuple[int, int, int, int]:
    """Give how many entries credit and how much, and how many debit and how much."""
    given = [each.movement.booked for each in entries]
    gains, losses = [units for units in given if units > 0], [-units for units in given if units < 0]
    return len(gains), sum(gains), len(losses), sum(losses)
