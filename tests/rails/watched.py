"""A test ledger whose blocks are read as books while they are made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sogdia.kernel.stored_block import as_it_happened
from sogdia.kernel.values import ACCOUNT_BYTES
from sogdia.modules.money import BALANCES, Asset
from sogdia.rails.books import Balances, Book, Told, add_up
from sogdia.testing.ledger import Ledger

if TYPE_CHECKING:
    from sogdia.kernel.receipt import Receipt
    from sogdia.kernel.refusal import Refused
    from sogdia.rails.books import Holding


class WatchedLedger(Ledger):
    """Reads along: all that was told so far, and what everybody has by it."""

    def __init__(self, *args: Any, **how: Any) -> None:  # noqa: ANN401 - as a ledger takes them
        """Begin a ledger and its books."""
        super().__init__(*args, **how)
        self.book = Book(self.network)
        self.told: list[Told] = []
        self.holdings: dict[Holding, Balances] = {}

    def block(self, *signed: Any, at: int | None = None) -> list[Receipt | Refused]:  # noqa: ANN401 - as a ledger
        """Make a block and read it."""
        answers = super().block(*signed, at=at)
        made = self.last_block
        happened = as_it_happened(made.results, made.exits, made.exits_after)
        found = list(self.book.block(self.height, self.time, happened))
        add_up(found, self.holdings)
        self.told += found
        return answers

    def agrees(self) -> None:
        """Look that everybody has what the ledger says."""
        assert {key: each for key, each in self.holdings.items() if each != Balances()} == balances_of(self)


def balances_of(ledger: Ledger) -> dict[Holding, Balances]:
    """Give what everybody has by the ledger's own records."""
    found = {}
    for key, each in BALANCES.items(ledger.state):
        asset = Asset(key[ACCOUNT_BYTES : ACCOUNT_BYTES + 3].decode(), key[ACCOUNT_BYTES + 3 :])
        if each.available or each.held:
            found[key[:ACCOUNT_BYTES], asset] = Balances(each.available, each.held)
    return found
