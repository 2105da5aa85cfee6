"""What a person has to look at: everything that does not go on by itself, the most urgent first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.gateway.paying_out import is_late, overdue
from sogdia.gateway.records import Inside, Outside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sogdia.gateway.desk import Desk
    from sogdia.gateway.records import Payout


def notices(desk: Desk) -> list[str]:
    """Say what a person has to do, one sentence each."""
    return [*_payouts(desk), *_suspense(desk), *_entries(desk), *_rest(desk)]


def _payouts(desk: Desk) -> Iterator[str]:
    for payout in desk.journal.payouts(settled=False):
        told = _of_payout(desk, payout)
        if told:
            yield f"Pay-out {payout.id}: {told}"


def _of_payout(desk: Desk, payout: Payout) -> str:  # noqa: PLR0911 - a situation, a return
    match payout.inside, payout.outside:
        case _, Outside.BY_HAND:
            return "it was confirmed, and not by this gateway. If it was not paid, say 'sogdia gateway pay'."
        case _, Outside.NEW if payout.rail and payout.rail not in desk.rails:
            return f"the settings name no rail {payout.rail} any more, so it cannot be ordered."
        case Inside.CONFIRMED, Outside.ORDERED:
            return f"its units are destroyed, and {payout.rail} has not said what became of it. Ask the rail now."
        case Inside.CONFIRMED, Outside.NEW:
            return "its units are destroyed, and nobody is known under its reference. Say 'sogdia gateway payee'."
        case Inside.OPEN, Outside.NEW if payout.redemption:
            return f"nobody is known under {payout.destination!r}. Say 'sogdia gateway payee', or it will be declined."
        case Inside.OPEN, Outside.ORDERED if payout.redemption and is_late(desk, payout):
            return f"{payout.rail} has not answered, and the redemption soon runs out."
        case Inside.OPEN, Outside.ORDERED if not payout.redemption and desk.ledger.now >= payout.deadline:
            return f"{payout.rail} has not said whether it was sent back. Ask the rail now."
        case _:
            return ""


def _suspense(desk: Desk) -> Iterator[str]:
    for credit in overdue(desk):
        if not credit.payer:
            yield f"Credit {credit.name}: its time is over, and there is no way back. {credit.owner} has to find one."


def _entries(desk: Desk) -> Iterator[str]:
    for rail, entry in desk.journal.unexplained():
        yield f"Entry {rail}/{entry.reference}: {entry.kind}, which nothing explains yet."


def _rest(desk: Desk) -> Iterator[str]:
    for measure, rail, credit, _units, _taken, stage in desk.journal.measures():
        if stage in ("refused", "dropped"):
            yield f"Measure {measure.hex()} for {rail}/{credit} was {stage}: the issuer bears what was taken back."
    for rail, name, why in desk.journal.refused_documents():
        yield f"Document {rail}/{name} was refused: {why}"
