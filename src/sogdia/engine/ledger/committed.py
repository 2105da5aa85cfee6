"""The state up to the last executed block, as blocks read it: records by table, and the ids that have been used."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sogdia.kernel.codec import Record
    from sogdia.kernel.state import State, Table
    from sogdia.kernel.tree import Tree

RECORDS_MAX = 100_000
ABSENT_MAX = 5_000
"""What is not there is asked for again at once or never: a new object's name, and what is due at a block's height."""


class CommittedState:
    """Records over the tree, with the ones read or written lately kept decoded. Every read from the tree is checked.

    Names of which it is proven that nothing is there are kept, too, apart and far fewer: every block adds some.
    """

    __slots__ = ("_absent", "_recent", "_tree", "records_max")

    def __init__(self, tree: Tree, records_max: int = RECORDS_MAX) -> None:
        """Start with nothing decoded."""
        self._tree = tree
        self._recent: dict[bytes, Record] = {}
        self._absent: dict[bytes, None] = {}
        self.records_max = records_max

    def find(self, table: Table[Any, Any], key: bytes) -> Record | None:
        """Give the record stored under a full key, or nothing."""
        known = self._recent.get(key)
        if known is not None:
            return known
        if key in self._absent:
            return None
        raw = self._tree.read(key)
        if raw is None:
            self._absent[key] = None
            _keep(self._absent, ABSENT_MAX)
            return None
        record: Record = table.codec.decode_trusted(raw)
        self._recent[key] = record
        _keep(self._recent, self.records_max)
        return record

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Walk over all stored records as bytes; for audits only."""
        return self._tree.items()

    def apply(self, state: State) -> None:
        """Take over a block's changes, after the tree has."""
        recent, absent = self._recent, self._absent
        for key, (_table, record) in state.changes.items():
            if record is None:
                recent.pop(key, None)
                absent[key] = None
            else:
                recent[key] = record
                absent.pop(key, None)
        _keep(recent, self.records_max)
        _keep(absent, ABSENT_MAX)


def _keep(known: dict[bytes, Any], most: int) -> None:
    """Forget the older half when there is more; what is in use comes back at one read each."""
    if len(known) > most:
        # A dictionary keeps the order of first entry.
        for key in list(islice(known, len(known) // 2)):
            del known[key]


class UsedIds:
    """The ids of used envelopes until their expiry, in memory; the pages in the state are what they come from."""

    __slots__ = ("_outcomes",)

    def __init__(self, remembered: Iterable[tuple[bytes, int]]) -> None:
        """Take over what the pages hold."""
        self._outcomes = dict(remembered)

    def outcome(self, envelope_id: bytes) -> int | None:
        """Give how the envelope ended, or nothing when it has not been used."""
        return self._outcomes.get(envelope_id)

    def live(self) -> int:
        """Give how many ids are remembered."""
        return len(self._outcomes)

    def apply(self, own: dict[bytes, int], forgotten: list[bytes]) -> None:
        """Take over a block's own ids, and forget the expired ones."""
        self._outcomes.update(own)
        for each in forgotten:
            del self._outcomes[each]
