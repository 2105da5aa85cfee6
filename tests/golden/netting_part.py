"""The part of the fixed script that plays netting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.kernel.values import name_of
from sogdia.modules.money.currencies import FreezeHolder, UnfreezeHolder
from sogdia.modules.netting.batches import (
    CommitBatch,
    DeclareFlows,
    DeclarePotentials,
    DropBatch,
    OpenBatch,
    PartyPotential,
)
from sogdia.modules.netting.obligations import (
    AcceptObligation,
    DeclineObligation,
    ForgiveObligation,
    LeavePool,
    Payment,
    PayObligations,
    StateObligation,
)

if TYPE_CHECKING:
    from tests.golden.script import Script

DAY = 86_400
CIRCLE = (
    ("bukhara", "nairobi", 500),
    ("nairobi", "lanzhou", 300),
    ("lanzhou", "bukhara", 400),
    ("lanzhou", "nairobi", 50),
)
HEIGHTS = {"bukhara": 1, "nairobi": 0, "lanzhou": 2}


def netting(script: Script) -> None:
    """Play obligations, and three batches: one lapses, one is dropped, one counts."""
    ledger, account, asset = script.ledger, script.account, script.ledger.asset()
    due = ledger.time // DAY * DAY
    names = []
    for number, (debtor, creditor, units) in enumerate(CIRCLE):
        reference = f"n{number}"
        stated = StateObligation(
            reference=reference,
            debtor=account(debtor),
            asset=asset,
            units=units,
            due=due,
            coordinator=account("platform"),
            end_to_end=f"INV-{number}",
        )
        script.send(creditor, stated)
        names.append(name_of(account(creditor), reference))
        script.send(debtor, AcceptObligation(obligation=names[-1], netting=True))
    alone = StateObligation(
        reference="alone", debtor=account("nairobi"), asset=asset, units=9, due=due, coordinator=None, end_to_end=""
    )
    script.send("bukhara", alone)
    script.send("nairobi", DeclineObligation(obligation=name_of(account("bukhara"), "alone")))
    script.send("nairobi", ForgiveObligation(obligation="n3", units=20))
    script.send("nairobi", LeavePool(obligations=(names[3],)))

    heights = sorted((account(who), height) for who, height in HEIGHTS.items())
    potentials = tuple(PartyPotential(*each) for each in heights)

    def opened(batch: str) -> tuple[OpenBatch, DeclarePotentials]:
        return OpenBatch(batch=batch, asset=asset, dues=(due,)), DeclarePotentials(batch=batch, potentials=potentials)

    script.send("platform", *opened("first"))
    script.send("bukhara", PayObligations(asset=asset, payments=(Payment(names[0], 200),)))
    script.send("platform", DeclareFlows(batch="first", start=0, flows=(299, 299, 299)))
    script.send("bank", FreezeHolder(currency="USD", account=account("lanzhou"), reason="court order"))
    script.send("bank", UnfreezeHolder(currency="USD", account=account("lanzhou")))
    script.send("platform", DeclareFlows(batch="first", start=0, flows=(300, 300, 300)))
    script.wait(901)
    script.wait(1)
    script.wait(901)
    script.send("platform", *opened("second"))
    script.send("platform", DropBatch(batch="second"))
    script.wait(1)
    script.wait(901)
    script.send("platform", *opened("third"), DeclareFlows(batch="third", start=0, flows=(300, 300)))
    script.send("platform", CommitBatch(batch="third"))
    script.send("platform", DeclareFlows(batch="third", start=2, flows=(300,)), CommitBatch(batch="third"))
    script.send("bukhara", PayObligations(asset=asset, payments=(Payment(names[0], 200),)))
    script.wait(1)
