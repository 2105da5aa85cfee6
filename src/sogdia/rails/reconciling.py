"""Reconciliation: what the ledger says about an account, against what an institution's own books say, line by line.

    1. the same reference: the UETR, or the payer's own     equal amounts match; different ones are told as such
    2. what is left, by amount and day                      matches, and is told as matched without its reference
    3. what is left then                                    is missing there, or missing here

A line counts once: what the other side has twice is a duplicate, told with the line that it repeats.
"""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING, Final, NamedTuple

from sogdia.rails.spelling import write_day

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sogdia.rails.csv_files import BankRow
    from sogdia.rails.statements import Entry, Statement

UNNAMED: Final = frozenset({"", "NOTPROVIDED"})


class Differs(NamedTuple):
    """The same payment with two amounts."""

    entry: Entry
    row: BankRow


class Pair(NamedTuple):
    """A line of the ledger and the institution's for the same payment."""

    entry: Entry
    row: BankRow
    by_reference: bool


class Report(NamedTuple):
    """What came of a reconciliation."""

    matched: tuple[Pair, ...]
    differing: tuple[Differs, ...]
    duplicates: tuple[tuple[BankRow, Pair], ...]
    """Lines of the institution's that say once more what is matched already."""
    missing_there: tuple[Entry, ...]
    """In the ledger, not in the institution's books."""
    missing_here: tuple[BankRow, ...]
    """In the institution's books, not in the ledger."""

    @property
    def all_matches(self) -> bool:
        """Whether both say the same."""
        return not (self.differing or self.duplicates or self.missing_there or self.missing_here)


def reconcile(statement: Statement, rows: Sequence[BankRow]) -> Report:
    """Compare one account's booked entries in one money with an institution's lines for the same days."""
    entries = statement.booked
    matched: list[Pair] = []
    left = _by_reference(entries, rows, matched)
    left = _by_amount(left, {pair.entry.number for pair in matched}, entries, matched)
    left, differing = _differing(left, entries, matched)
    taken = {pair.entry.number for pair in matched} | {each.entry.number for each in differing}
    left, duplicates = _duplicates(left, matched)
    return Report(
        matched=tuple(sorted(matched, key=_number)),
        differing=tuple(differing),
        duplicates=tuple(duplicates),
        missing_there=tuple(each for each in entries if each.number not in taken),
        missing_here=tuple(left),
    )


def _number(pair: Pair) -> int:
    return pair.entry.number


def names_of(entry: Entry) -> tuple[str, ...]:
    """Give all by which an institution may know a payment; a UETR may stand there without its strokes."""
    names = (entry.uetr, entry.uetr.replace("-", ""), entry.movement.reference)
    return tuple(name for name in names if name not in UNNAMED)


def _by_reference(entries: Iterable[Entry], rows: Iterable[BankRow], matched: list[Pair]) -> list[BankRow]:
    """Match lines with the same reference and amount; give the lines that are left."""
    waiting: dict[tuple[str, int], deque[Entry]] = defaultdict(deque)
    for entry in entries:
        for name in names_of(entry):
            waiting[name, entry.movement.booked].append(entry)
    taken: set[int] = set()
    left = []
    for row in rows:
        found = waiting.get((row.reference, row.units), deque())
        while found and found[0].number in taken:
            found.popleft()
        if row.reference in UNNAMED or not found:
            left.append(row)
            continue
        entry = found.popleft()
        taken.add(entry.number)
        matched.append(Pair(entry, row, by_reference=True))
    return left


def _by_amount(
    rows: Iterable[BankRow], taken: set[int], entries: Iterable[Entry], matched: list[Pair]
) -> list[BankRow]:
    """Match lines without a reference that is known here by their amount and day; give the lines that are left."""
    known = {name for entry in entries for name in names_of(entry)}
    waiting: dict[tuple[str, int], deque[Entry]] = defaultdict(deque)
    for entry in entries:
        if entry.number not in taken:
            waiting[write_day(entry.time), entry.movement.booked].append(entry)
    left = []
    for row in rows:
        found = waiting.get((row.date, row.units))
        if not found or row.reference in known:
            left.append(row)
            continue
        matched.append(Pair(found.popleft(), row, by_reference=False))
    return left


def _differing(
    rows: Iterable[BankRow], entries: Iterable[Entry], matched: Iterable[Pair]
) -> tuple[list[BankRow], list[Differs]]:
    """Find lines whose reference is that of an entry that nobody matches, with another amount."""
    taken = {pair.entry.number for pair in matched}
    waiting: dict[str, deque[Entry]] = defaultdict(deque)
    for entry in entries:
        if entry.number not in taken:
            for name in names_of(entry):
                waiting[name].append(entry)
    left, differing = [], []
    for row in rows:
        found = waiting.get(row.reference, deque())
        while found and found[0].number in taken:
            found.popleft()
        if not found:
            left.append(row)
            continue
        entry = found.popleft()
        taken.add(entry.number)
        differing.append(Differs(entry, row))
    return left, differing


def _duplicates(rows: Iterable[BankRow], matched: Iterable[Pair]) -> tuple[list[BankRow], list[tuple[BankRow, Pair]]]:
    """Find lines that repeat, with reference and amount, what is matched already."""
    said = {(pair.row.reference, pair.row.units): pair for pair in matched if pair.row.reference not in UNNAMED}
    said |= {(name, pair.row.units): pair for pair in matched for name in names_of(pair.entry)}
    left, duplicates = [], []
    for row in rows:
        pair = said.get((row.reference, row.units))
        if pair is None:
            left.append(row)
        else:
            duplicates.append((row, pair))
    return left, duplicates
