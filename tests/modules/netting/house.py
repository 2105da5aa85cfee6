"""A clearing house on a test ledger: traders owe one another, and the house nets what they have accepted for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sogdia.kernel.values import name_of, owner_of
from sogdia.modules.identity import Kind
from sogdia.modules.netting.batches import CommitBatch, DeclareFlows, DeclarePotentials, OpenBatch, PartyPotential
from sogdia.modules.netting.obligations import AcceptObligation, StateObligation
from sogdia.modules.netting.records import BATCHES, OBLIGATIONS, PLACES, POOLS, Batch, Obligation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sogdia.testing.ledger import Ledger

HOUSE = "house"
DAY = 86_400
TODAY = 1_700_000_000 // DAY * DAY
"""The date on which test ledgers begin."""

TOMORROW = TODAY + DAY
YESTERDAY = TODAY - DAY
TRADERS = ("bukhara", "nairobi", "lanzhou", "carrier")
CIRCLE = (("bukhara", "nairobi", 500), ("nairobi", "lanzhou", 300), ("lanzhou", "bukhara", 400))
"""Who owes whom how much: 300 of each can be cleared."""

PEAKS = {"bukhara": 1, "nairobi": 0, "lanzhou": 2}
"""Potentials that show it: bukhara to nairobi falls by 1, nairobi to lanzhou rises, lanzhou to bukhara falls by 1."""


def open_house(ledger: Ledger) -> Ledger:
    """Enter the house; it needs no role."""
    ledger.register(HOUSE, "KZ", Kind.ENTERPRISE)
    return ledger


def stating(ledger: Ledger, debtor: str, reference: str = "i1", units: int = 100, **changes: Any) -> StateObligation:  # noqa: ANN401 - any field
    """An obligation due today, which the house may net."""
    fields: dict[str, Any] = {
        "debtor": ledger.account(debtor),
        "asset": ledger.asset(),
        "due": TODAY,
        "coordinator": ledger.account(HOUSE),
        "end_to_end": "INV-2023/11",
    }
    return StateObligation(reference=reference, units=units, **(fields | changes))


def owe(  # noqa: PLR0913 - who, whom, how much
    ledger: Ledger,
    debtor: str,
    creditor: str,
    units: int,
    reference: str,
    *,
    netting: bool = True,
    **changes: Any,  # noqa: ANN401
) -> bytes:
    """State and accept an obligation; give its name."""
    ledger.must(creditor, stating(ledger, debtor, reference, units, **changes))
    name = name_of(ledger.account(creditor), reference)
    ledger.must(debtor, AcceptObligation(obligation=name, netting=netting))
    return name


def owe_all(ledger: Ledger, debts: Sequence[tuple[str, str, int]] = CIRCLE, **changes: Any) -> list[bytes]:  # noqa: ANN401
    """Let everybody owe, in order; give the obligations' names."""
    start = len(list(OBLIGATIONS.items(ledger.state)))
    return [owe(ledger, *each, f"i{number}", **changes) for number, each in enumerate(debts, start)]


def opening(ledger: Ledger, batch: str = "b1", dues: tuple[int, ...] = (TODAY,)) -> OpenBatch:
    """Ask for a batch."""
    return OpenBatch(batch=batch, asset=ledger.asset(), dues=dues)


def potentials(ledger: Ledger, heights: Mapping[str, int], batch: str = "b1") -> DeclarePotentials:
    """Declare potentials, in the order of the accounts."""
    listed = sorted((ledger.account(who), height) for who, height in heights.items())
    return DeclarePotentials(batch=batch, potentials=tuple(PartyPotential(*each) for each in listed))


def flows(*units: int, start: int = 0, batch: str = "b1") -> DeclareFlows:
    """Declare the flows of the next obligations."""
    return DeclareFlows(batch=batch, start=start, flows=units)


def net(ledger: Ledger, heights: Mapping[str, int] = PEAKS, units: Sequence[int] = (300, 300, 300)) -> None:
    """Open a batch, declare all, and commit it."""
    ledger.must(HOUSE, opening(ledger))
    ledger.must(HOUSE, potentials(ledger, heights))
    ledger.must(HOUSE, flows(*units))
    ledger.must(HOUSE, CommitBatch(batch="b1"))


def batch_of(ledger: Ledger, batch: str = "b1") -> Batch | None:
    """Give a batch of the house's, if it is there."""
    return BATCHES.find(ledger.state, name_of(ledger.account(HOUSE), batch))


def open_batch_of(ledger: Ledger, batch: str = "b1") -> Batch:
    """Give a batch of the house's that has to be there."""
    return BATCHES.must(ledger.state, name_of(ledger.account(HOUSE), batch))


def pooled(ledger: Ledger, due: int = TODAY) -> list[bytes]:
    """Give the names in the house's pool, by slots."""
    key = ledger.account(HOUSE), ledger.asset(), due
    pool = POOLS.find(ledger.state, key)
    return [PLACES.must(ledger.state, (key, slot)).obligation for slot in range(0 if pool is None else pool.count)]


def left(ledger: Ledger, name: bytes) -> int:
    """Give what is written down as left of an obligation."""
    found: Obligation | None = OBLIGATIONS.find(ledger.state, name)
    return 0 if found is None else found.left


def positions(ledger: Ledger) -> dict[bytes, int]:
    """Give what everybody is owed less what it owes, by what is written down."""
    sums: dict[bytes, int] = {}
    for name, each in OBLIGATIONS.items(ledger.state):
        sums[owner_of(name)] = sums.get(owner_of(name), 0) + each.left
        sums[each.debtor] = sums.get(each.debtor, 0) - each.left
    return {account: sum_ for account, sum_ in sums.items() if sum_}
