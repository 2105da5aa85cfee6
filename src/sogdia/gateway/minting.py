"""From a credit that is due to money on the ledger; and what is asked of the panel when such a credit is taken back."""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING

from sogdia.gateway.acts import finish
from sogdia.gateway.desk import mint_key, perform, salt_of
from sogdia.gateway.intake import take_back
from sogdia.gateway.records import Credit, Stage
from sogdia.kernel.values import reference_of
from sogdia.modules.money.currencies import Burn, Mint
from sogdia.modules.money.measures import ProposeClawBack

if TYPE_CHECKING:
    from sogdia.gateway.desk import Desk


def due(desk: Desk) -> list[Credit]:
    """Give the credits that can be minted now."""
    return [each for each in desk.journal.credits(Stage.READY) if each.due <= desk.ledger.now]


def mint_due(desk: Desk) -> None:
    """Mint what is due, each credit in an envelope of its own."""
    for credit in due(desk):
        _mint(desk, credit)


def _mint(desk: Desk, credit: Credit) -> None:
    key = mint_key(credit.rail, credit.reference)
    known = desk.journal.minted(salt_of(key))
    if known is not None:
        found = credit._replace(stage=Stage.MINTED, account=known[0])
        with desk.journal.step():
            desk.journal.put_credit(found)
            take_back(desk, found)
        return
    operation = Mint(currency=desk.settings.currency, to=credit.account, units=credit.left)
    minting = partial(desk.journal.put_credit, credit._replace(stage=Stage.MINTING))
    finish(desk, perform(desk, key, operation, minting))


def claim(desk: Desk) -> None:
    """Ask the panel for what was taken back from a holder who bears that, and burn what has come of it."""
    for name, rail, credit, units, taken, stage in desk.journal.measures():
        found = desk.journal.credit(rail, credit)
        if stage == "new" and found is not None:
            notice = f"{rail} {credit} {units}"
            operation = ProposeClawBack(
                reference=reference_of(name),
                currency=desk.settings.currency,
                account=found.account,
                units=units,
                to=desk.ledger.issuer,
                court_order=sha256(salt_of(f"claim {name.hex()}") + notice.encode()).digest(),
                reason=f"The payment {credit} by {rail} was taken back."[:200],
            )
            finish(desk, perform(desk, f"claim {name.hex()}", operation))
        if stage == "clawed back" and taken:
            burn = Burn(currency=desk.settings.currency, units=taken)
            finish(desk, perform(desk, f"burn {name.hex()}", burn))
