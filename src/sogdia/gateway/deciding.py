"""What a person decides: for whom a credit is, that it goes back, that it is the issuer's own, what is still due."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.gateway.desk import HOUR
from sogdia.gateway.paying_out import send_back as order_back
from sogdia.gateway.records import Credit, Outside, Stage

if TYPE_CHECKING:
    from sogdia.gateway.desk import Desk

BECAUSE_MAX = 200


class NotNowError(Exception):
    """A decision that cannot be taken: what stands against it, and what to do."""


def waiting(desk: Desk, name: str) -> Credit:
    """Give a credit in suspense by its name."""
    rail, _, reference = name.partition("/")
    found = desk.journal.credit(rail, reference)
    if found is None:
        raise NotNowError(f"There is no credit {name!r}. 'sogdia gateway suspense' lists those that wait.")
    if found.stage != Stage.WAITING:
        raise NotNowError(f"The credit {name} does not wait any more: it is {found.stage}.")
    return found


def assign(desk: Desk, name: str, account: bytes, because: str) -> Credit:
    """Say for whom a credit is. It is minted once its rail's time to take it back is over."""
    credit = waiting(desk, name)
    rail = desk.settings.rail(credit.rail)
    entry = desk.journal.entry(credit.rail, credit.reference)
    booked = desk.ledger.now if entry is None else entry.booked
    due = booked + (0 if rail is None else rail.hold_hours * HOUR)
    given = credit._replace(stage=Stage.READY, account=account, due=due, why="", noted=_noted(because))
    with desk.journal.step():
        desk.journal.put_credit(given)
    return given


def hand_over(desk: Desk, name: str, owner: str) -> Credit:
    """Give a credit that waits to somebody else to answer for."""
    given = waiting(desk, name)._replace(owner=owner)
    with desk.journal.step():
        desk.journal.put_credit(given)
    return given


def send_back(desk: Desk, name: str, because: str, destination: str = "") -> Credit:
    """Send a credit back before its deadline, or by a way that was found out."""
    credit = waiting(desk, name)
    back = credit._replace(payer=destination or credit.payer, noted=_noted(because))
    if not back.payer:
        raise NotNowError(
            f"The credit {name} has no way back. Find out where its payer wants it, and name it with --to."
        )
    order_back(desk, back)
    return back


def take_as_own(desk: Desk, name: str, because: str) -> None:
    """Say that an entry is the issuer's own: a fee that it bears, interest that it earns."""
    rail, _, reference = name.partition("/")
    journal = desk.journal
    entry = next((each for _rail, each in journal.unexplained(rail) if each.reference == reference), None)
    if entry is not None:
        with journal.step():
            journal.bear(rail, reference, entry.units, _noted(because))
            journal.explain(rail, reference)
        return
    credit = waiting(desk, name)
    with journal.step():
        journal.put_credit(credit._replace(stage=Stage.OWN, noted=_noted(because)))


def pay(desk: Desk, identity: str) -> None:
    """Say that a pay-out which was confirmed by hand has not been paid, and is to be."""
    payout = desk.journal.payout(identity)
    if payout is None or payout.outside != Outside.BY_HAND:
        raise NotNowError(f"There is no pay-out {identity!r} that waits for a person. See 'sogdia gateway payouts'.")
    with desk.journal.step():
        desk.journal.put_payout(payout._replace(outside=Outside.NEW))


def _noted(because: str) -> str:
    if not because.strip() or len(because) > BECAUSE_MAX:
        raise NotNowError(f"Say why in 1 to {BECAUSE_MAX} characters: somebody will ask.")
    return because
