"""Two copies of one ledger compared record by record: where two nodes that should have the same state have not."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack, closing
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from sogdia.engine.folders.progress import Progress, silent
from sogdia.engine.ledger.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sogdia.kernel.module import Module

_NO_MORE = b"\xff" * 33
"""Above every hash of a key."""


class NotComparableError(Exception):
    """Two folders whose states cannot be compared; the message says why and what to do."""


class RecordDifference(msgspec.Struct, frozen=True, kw_only=True):
    """A record that is not the same in both: its module's table, its key, and its bytes in either, if it is there."""

    table: str
    key: bytes
    first: bytes | None
    second: bytes | None


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What came of comparing two states of one height."""

    height: int
    records: int
    first_root: bytes
    second_root: bytes
    differences_by_table: dict[str, int]
    first_difference: RecordDifference | None
    """The one with the lowest table number and, in it, the lowest key."""

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return self.first_difference is None


def compare(first: Path, second: Path, modules: tuple[Module, ...], progress: Progress = silent) -> Comparison:
    """Compare the ledgers in two folders, which no process may have open."""
    with ExitStack() as stack:
        one, other = (stack.enter_context(closing(_Opened(folder, modules))).ledger for folder in (first, second))
        if one.machine.network != other.machine.network:
            raise NotComparableError(f"{first} and {second} belong to different networks")
        if one.tip.height != other.tip.height:
            low, high = sorted(((one.tip.height, first), (other.tip.height, second)))
            raise NotComparableError(
                f"{low[1]} stands at height {low[0]} and {high[1]} at {high[0]}. Take a copy of {high[1]} back with"
                f" 'sogdia rollback {high[1]} --to {low[0]}', then compare that"
            )
        return _compare(one, other, progress)


class _Opened:
    """A ledger that is open for reading."""

    def __init__(self, folder: Path, modules: tuple[Module, ...]) -> None:
        self.ledger = Ledger.open(folder, modules)

    def close(self) -> None:
        self.ledger.abandon()


def _compare(one: Ledger, other: Ledger, progress: Progress) -> Comparison:
    counts: Counter[int] = Counter()
    lowest: tuple[bytes, bytes | None, bytes | None] | None = None
    records = 0
    for key, first, second in _side_by_side(one, other):
        records += 1
        progress(records, max(one.tree.count, other.tree.count))
        if first != second:
            counts[key[0]] += 1
            if lowest is None or key < lowest[0]:
                lowest = key, first, second
    names = {number: table.name for number, table in one.machine.tables.items()}
    return Comparison(
        height=one.tip.height,
        records=records,
        first_root=one.tree.root,
        second_root=other.tree.root,
        differences_by_table={names.get(number, str(number)): counts[number] for number in sorted(counts)},
        first_difference=None
        if lowest is None
        else RecordDifference(
            table=names.get(lowest[0][0], str(lowest[0][0])), key=lowest[0][1:], first=lowest[1], second=lowest[2]
        ),
    )


def _side_by_side(one: Ledger, other: Ledger) -> Iterator[tuple[bytes, bytes | None, bytes | None]]:
    """Walk over both, which are in the order of the hashes of their keys; gives each key with what is in either."""
    firsts, seconds = (_by_hash(ledger) for ledger in (one, other))
    first, second = next(firsts, None), next(seconds, None)
    while first is not None or second is not None:
        order = (first[0] if first else _NO_MORE), (second[0] if second else _NO_MORE)
        if first is not None and order[0] < order[1]:
            yield first[1], first[2], None
            first = next(firsts, None)
        elif second is not None and order[1] < order[0]:
            yield second[1], None, second[2]
            second = next(seconds, None)
        elif first is not None and second is not None:
            yield first[1], first[2], second[2]
            first, second = next(firsts, None), next(seconds, None)


def _by_hash(ledger: Ledger) -> Iterator[tuple[bytes, bytes, bytes]]:
    for key, value in ledger.tree.items():
        yield sha256(key).digest(), key, value
