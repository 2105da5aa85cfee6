"""The last results that there were up to a height: what the app hash covers beside the state."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sogdia.kernel.comet import AppState
from sogdia.kernel.merkle import EMPTY_ROOT

if TYPE_CHECKING:
    from sogdia.engine.ledger.ledger import Ledger
    from sogdia.engine.ledger.lookups import Lookups


class LastResults(NamedTuple):
    """Their height, their root, and the hash of our own header of that height; before any the network's hash."""

    height: int
    root: bytes
    header: bytes

    def with_state(self, state_root: bytes) -> AppState:
        """Give what an app hash stands for over a state."""
        return AppState(
            state_root=state_root,
            results_height=self.height,
            results_root=self.root,
            results_header=self.header,
        )


def last_results(ledger: Ledger, lookups: Lookups, height: int) -> LastResults:
    """Give the last results up to `height`. A ledger that does not begin with the genesis begins with some."""
    beginning = ledger.beginning
    for each in range(height, beginning.height, -1):
        root = lookups.results_root(each)
        if root != EMPTY_ROOT:
            header = ledger.tip.hash if each == ledger.tip.height else lookups.header(each).header.hash()
            return LastResults(each, root, header)
    return LastResults(beginning.height, beginning.results_root, beginning.hash)
