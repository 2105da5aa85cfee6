"""Reading the ledger: who wants to redeem, what became of that, how much exists, and what was minted for which credit.

Blocks are read once, in order, each with its place in one step of the journal. An issuer that has lost its journal
begins a new one from the same moment and gives the same documents to it: what was minted is found here by its salt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sogdia.gateway.desk import payout_id
from sogdia.gateway.intake import explain_payout
from sogdia.gateway.records import Inside, Outside, Payout
from sogdia.modules.money.events import (
    Burned,
    ClawedBack,
    MeasureDropped,
    Minted,
    RedemptionDeclined,
    RedemptionMissed,
    RedemptionPaid,
    RedemptionRequested,
)

if TYPE_CHECKING:
    from sogdia.gateway.desk import Desk, Happened

HEIGHT: Final = "height"
SUPPLY: Final = "supply"
SUPPLY_BEFORE: Final = "supply before"
BLOCKS_AT_ONCE: Final = 1_000


def follow(desk: Desk, until: int | None = None) -> None:
    """Read the blocks that have come since."""
    journal = desk.journal
    last = desk.ledger.height if until is None else until
    first = journal.place(HEIGHT) + 1
    while first <= last:
        to = min(first + BLOCKS_AT_ONCE - 1, last)
        with journal.step():
            for height, time, happened in desk.ledger.blocks(first, to):
                before = height <= desk.settings.block
                for each in happened:
                    _take(desk, time, each, before=before)
                if before:
                    journal.move(SUPPLY_BEFORE, journal.place(SUPPLY))
                journal.move(HEIGHT, height)
        first = to + 1


def _take(desk: Desk, time: int, happened: Happened, *, before: bool) -> None:
    for fact in happened.facts:
        if isinstance(fact, MeasureDropped):
            _measured(desk, fact.measure, 0, "dropped")
        elif getattr(fact, "asset", None) == desk.asset:
            _supplied(desk, happened, fact)
            _redeemed(desk, time, happened, fact, before=before)


def _supplied(desk: Desk, happened: Happened, fact: Any) -> None:  # noqa: ANN401 - any event about our money
    match fact:
        case Minted():
            _supply(desk, fact.units)
            if happened.salt:
                desk.journal.note_minted(happened.salt, fact.to, fact.units)
        case Burned() | RedemptionPaid():
            _supply(desk, -fact.units)
        case ClawedBack():
            _measured(desk, fact.measure, fact.units, "clawed back")


def _redeemed(desk: Desk, time: int, happened: Happened, fact: Any, *, before: bool) -> None:  # noqa: ANN401 - as above
    match fact:
        case RedemptionRequested():
            _requested(desk, time, fact)
        case RedemptionPaid():
            _ended(desk, happened, fact.redemption, Inside.CONFIRMED, before=before)
        case RedemptionDeclined():
            _ended(desk, happened, fact.redemption, Inside.DECLINED, before=before)
        case RedemptionMissed():
            _ended(desk, happened, fact.redemption, Inside.MISSED, before=before)


def _supply(desk: Desk, units: int) -> None:
    desk.journal.move(SUPPLY, desk.journal.place(SUPPLY) + units)


def id_of(fact: Any) -> str:  # noqa: ANN401 - an event of a redemption, of which this needs two fields
    """Name the pay-out of a redemption. A reference may be used again later, so its deadline belongs to it."""
    return payout_id("redemption", fact.redemption.hex(), str(fact.deadline))


def _requested(desk: Desk, time: int, fact: RedemptionRequested) -> None:
    identity = id_of(fact)
    payout = Payout(
        id=identity,
        redemption=fact.redemption,
        rail="",
        credit="",
        units=fact.units,
        destination=fact.payout,
        called="",
        deadline=fact.deadline,
        inside=Inside.OPEN,
        outside=Outside.NEW,
        why="",
        made=time,
        surplus=0,
        settled=False,
    )
    desk.journal.put_payout(payout)
    explain_payout(desk, payout)


def _ended(desk: Desk, happened: Happened, name: bytes, inside: Inside, *, before: bool) -> None:
    """Take over how a redemption ended: by us, by its deadline, or by somebody else with the issuer's key."""
    journal = desk.journal
    found = next((each for each in journal.open_payouts(name)), None)
    if found is None:
        return
    ended = found._replace(inside=inside)
    if inside != Inside.CONFIRMED and found.outside == Outside.PAID:
        journal.bear(found.rail, found.id, -found.units, f"paid outside, and {inside} on the ledger")
        ended = ended._replace(surplus=found.surplus + 1)
    if inside == Inside.CONFIRMED and found.outside == Outside.NEW and not journal.knows_act(happened.id):
        ended = ended._replace(outside=Outside.BY_HAND)
    if before:
        ended = ended._replace(settled=True)
    journal.put_payout(ended)


def _measured(desk: Desk, name: bytes, units: int, stage: str) -> None:
    for known, rail, credit, most, _taken, now in desk.journal.measures():
        if known == name and now in ("new", "asked"):
            desk.journal.put_measure(known, rail, credit, most, units, stage)
