"""A random life: whatever happens outside, the money there is what circulates, waits, flies, or is the issuer's own."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest

from sogdia.gateway.desk import DAY, LedgerSilentError
from sogdia.gateway.passing import run
from sogdia.gateway.records import Payee, Stage
from sogdia.modules.money import BALANCES
from sogdia.modules.money.redemptions import RequestRedemption
from tests.gateway.door import House

HOLDERS = ("bukhara", "nairobi", "lanzhou")
STEPS = 150


@pytest.mark.parametrize("seed", range(4))
def test_money_outside_is_money_inside_after_every_step(tmp_path, seed):
    house = House(tmp_path, seed=seed)
    house.ledger.check_invariants = False
    chance = random.Random(seed)
    references = [house.reference(name) for name in HOLDERS]
    with house.journal.step():
        for name in HOLDERS:
            rail = chance.choice(sorted(house.rails))
            house.journal.put_payee(Payee(house.ledger.account(name), "RF-out", rail, "KE-1", name))
    asked = 0

    for _ in range(STEPS):
        house.outside.step(references, house.now)
        if chance.random() < 0.3:
            name = chance.choice(HOLDERS)
            owned = BALANCES.find(house.ledger.state, (house.ledger.account(name), house.ledger.asset()))
            if owned is not None and owned.available:
                asked += 1
                house.ledger.send(
                    name,
                    RequestRedemption(
                        reference=f"r{asked}",
                        asset=house.ledger.asset(),
                        units=chance.randint(1, owned.available),
                        payout=chance.choice(("RF-out", "RF-out", "RF-out", "unknown")),
                    ),
                )
        if chance.random() < 0.1:
            fall_silent(house, chance)
        house.run()
        house.ledger.wait(chance.choices((60, 3_600, 6 * 3_600, 3 * DAY), (5, 5, 5, 1))[0])

    house.ledger.check_invariants = True
    house.ledger.wait(1)
    assert house.journal.credits(Stage.MINTED)


def fall_silent(house: House, chance: random.Random) -> None:
    """Pass while the ledger does not answer: before the envelope has come to it, or after."""
    house.door.silent_before, house.door.silent_after = chance.choice(((1, 0), (0, 1)))
    with suppress(LedgerSilentError):
        run(house.desk)
    house.door.silent_before = house.door.silent_after = 0
