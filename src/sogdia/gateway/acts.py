"""Envelopes to the ledger: noted, sent, and what follows when it is known what became of them.

noted ──sent──▶ applied, or refused by a rule     what follows is written down with it
  └──the ledger is silent, or says "not now"──▶ stays noted, and is sent again as it is
  └──expired, and in no block──▶ it never will be in one; it is signed anew, with the same salt
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.engine.marks import mark
from sogdia.gateway.desk import DAY, Did, salt_of, wait
from sogdia.gateway.intake import take_back
from sogdia.gateway.records import Act, Inside, Stage, Why

if TYPE_CHECKING:
    from sogdia.gateway.desk import Desk, Sent


def finish_all(desk: Desk) -> None:
    """Find out what became of every envelope that stands in the journal."""
    for act in desk.journal.acts():
        finish(desk, act)


def finish(desk: Desk, act: Act) -> None:
    """Send an envelope that is noted, and write down what became of it; raises `LedgerSilentError`."""
    sent = desk.ledger.send(act.envelope, act.id)
    mark("gateway-after-send")
    if sent.expired:
        made = desk.ledger.again(act.envelope, desk.ledger.now + DAY)
        act = Act(act.key, made.id, made.raw, made.expiry)
        with desk.journal.step():
            desk.journal.note_act(act)
        sent = desk.ledger.send(act.envelope, act.id)
    with desk.journal.step():
        kind, _, about = act.key.partition(" ")
        _FOLLOWS[kind](desk, about, sent)
        desk.journal.end_act(act.key)


def _minted(desk: Desk, about: str, sent: Sent) -> None:
    rail, _, reference = about.partition(" ")
    credit = desk.journal.credit(rail, reference)
    if credit is None or credit.stage != Stage.MINTING:
        return
    if sent.code:
        credit = wait(desk, credit, f"{Why.LEDGER_REFUSED}: {sent.sentence}")
    else:
        credit = credit._replace(stage=Stage.MINTED, why="")
        desk.journal.note_minted(salt_of(f"mint {about}"), credit.account, credit.left)
    desk.did.append(Did("refused" if sent.code else "minted", credit.name, credit.left, sent.sentence))
    desk.journal.put_credit(credit)
    take_back(desk, credit)


def _confirmed(desk: Desk, about: str, sent: Sent) -> None:
    _answered(desk, about, sent, Inside.CONFIRMED)


def _declined(desk: Desk, about: str, sent: Sent) -> None:
    _answered(desk, about, sent, Inside.DECLINED)


def _answered(desk: Desk, identity: str, sent: Sent, inside: Inside) -> None:
    """Take over how a redemption ended. One that was refused has ended by its deadline, as the blocks will tell."""
    payout = desk.journal.payout(identity)
    if payout is not None and payout.inside == Inside.OPEN and not sent.code:
        desk.did.append(Did(str(inside), payout.id, payout.units, payout.why))
        desk.journal.put_payout(payout._replace(inside=inside))


def _claimed(desk: Desk, about: str, sent: Sent) -> None:
    _measure(desk, about, "asked", sent)


def _burned(desk: Desk, about: str, sent: Sent) -> None:
    _measure(desk, about, "done", sent)


def _measure(desk: Desk, about: str, stage: str, sent: Sent) -> None:
    for name, rail, credit, units, taken, _stage in desk.journal.measures():
        if name.hex() == about:
            desk.journal.put_measure(name, rail, credit, units, taken, "refused" if sent.code else stage)
            if stage == "done" and not sent.code:
                desk.journal.bear(rail, credit, taken, f"clawed back, by measure {about}")


_FOLLOWS = {"mint": _minted, "confirm": _confirmed, "decline": _declined, "claim": _claimed, "burn": _burned}
