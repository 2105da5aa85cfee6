"""Taking in what rails tell: every document once, every entry once, and each to the credit or pay-out that it is about.

A document is taken whole or refused whole, in one step of the journal. An entry that comes before the one that it is
about stays unexplained until that one comes; so the order in which a rail tells things makes no difference.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING

from sogdia.gateway import references
from sogdia.gateway.desk import HOUR, mint_key, salt_of, wait
from sogdia.gateway.happenings import Answer, Closing, Entry, Kind, Says
from sogdia.gateway.records import NOBODY, Credit, Inside, Outside, Payout, Stage, Why
from sogdia.gateway.settings import units
from sogdia.kernel.values import name_of
from sogdia.rails.reasons import MessageRefused, Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sogdia.gateway.desk import Desk
    from sogdia.gateway.happenings import Happening
    from sogdia.gateway.settings import RailSettings

MEASURE_CHARACTERS = 13


def take(desk: Desk, rail: str, name: str, raw: bytes) -> str | None:
    """Take a document in; gives why it was refused, or nothing."""
    digest = sha256(raw).digest()
    if desk.journal.knows_document(rail, digest):
        return None
    try:
        found = desk.rails[rail].read(raw)
        _check(desk, rail, found)
    except MessageRefused as refused:
        with desk.journal.step():
            desk.journal.note_document(rail, digest, name, str(refused))
        return str(refused)
    with desk.journal.step():
        desk.journal.note_document(rail, digest, name)
        for each in found:
            _happened(desk, rail, each)
    return None


def _check(desk: Desk, rail: str, found: Sequence[Happening]) -> None:
    """Refuse a document that uses a reference for something else than before."""
    told: dict[str, Entry] = {}
    for each in found:
        if isinstance(each, Entry):
            known = told.get(each.reference) or desk.journal.entry(rail, each.reference)
            if known is not None and known.units != each.units:
                raise MessageRefused(
                    Reason.AM05,
                    f"{each.reference!r} was told before with another amount. Ask the rail which of the two is true.",
                )
            told[each.reference] = each


def _happened(desk: Desk, rail: str, told: Happening) -> None:
    match told:
        case Entry():
            if told.booked >= desk.settings.since and desk.journal.entry(rail, told.reference) is None:
                _ENTRIES[told.kind](desk, rail, told)
        case Answer():
            _answered(desk, rail, told)
        case Closing():
            desk.journal.put_closing(rail, told.units, told.until)


# ------------------------------------------------------------------------------------------------------------- credits


def _credited(desk: Desk, rail: str, entry: Entry) -> None:
    journal = desk.journal
    journal.note_entry(rail, entry, explained=True)
    known = desk.settings.rail(rail)
    if known is None:
        raise ValueError(f"documents of {rail} are read, and the settings do not know it")
    due = entry.booked + known.hold_hours * HOUR
    credit = Credit(rail, entry.reference, entry.units, 0, Stage.READY, NOBODY, due, "", "", 0, entry.payer, "")
    credit = _placed(desk, known, credit, entry)
    journal.put_credit(credit)
    take_back(desk, credit)


def _placed(desk: Desk, rail: RailSettings, credit: Credit, entry: Entry) -> Credit:
    """Say for whom a credit is, or why that is not known."""
    sweep = _sweep(desk, entry)
    if sweep is not None:
        desk.journal.explain(*sweep)
        return credit._replace(stage=Stage.SWEPT)
    minted = desk.journal.minted(salt_of(mint_key(credit.rail, credit.reference)))
    if minted is not None:
        return credit._replace(stage=Stage.MINTED, account=minted[0])
    account, why = whose(desk, entry.texts)
    if account == desk.ledger.issuer:
        return credit._replace(stage=Stage.OWN, account=account)
    credit = credit._replace(account=account)
    currency = desk.settings.currency
    if why is None and entry.units > units(rail.credit_most, currency):
        why = Why.ABOVE_LIMIT
    if why is None and rail.kind == "agent" and desk.journal.at_rail(rail.name) > units(rail.float_most, currency):
        why = Why.ABOVE_FLOAT
    return credit if why is None else wait(desk, credit, why)


def whose(desk: Desk, texts: Sequence[str]) -> tuple[bytes, Why | None]:
    """Say whose funding reference a payer has written, or why that cannot be said."""
    found = {reference for text in texts for reference in references.found_in(text)}
    if not found:
        return NOBODY, Why.NO_REFERENCE
    if len(found) > 1:
        return NOBODY, Why.SEVERAL_REFERENCES
    (reference,) = found
    if not references.is_sound(reference):
        return NOBODY, Why.WRONG_REFERENCE
    account = desk.journal.funded_by(reference)
    return (NOBODY, Why.UNKNOWN_REFERENCE) if account is None else (account, None)


def _sweep(desk: Desk, entry: Entry) -> tuple[str, str] | None:
    """Find the sweep of another rail that arrives with an entry."""
    for rail, sweep in desk.journal.unexplained(kind=Kind.SWEPT):
        if sweep.units == -entry.units and any(_names(text, sweep.about) for text in entry.texts):
            return rail, sweep.reference
    return None


def _names(text: str, name: str) -> bool:
    """Tell whether a text names something, as a word of its own: SWEEP-1 does not stand in SWEEP-12."""
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) is not None


def _swept(desk: Desk, rail: str, entry: Entry) -> None:
    journal = desk.journal
    journal.note_entry(rail, entry, explained=False)
    for credit in journal.credits(Stage.WAITING):
        arrived = journal.entry(credit.rail, credit.reference)
        if arrived is not None and _sweep(desk, arrived) == (rail, entry.reference):
            journal.explain(rail, entry.reference)
            journal.bear(credit.rail, credit.reference, -credit.taken, "taken back on its way from rail to rail")
            journal.put_credit(credit._replace(stage=Stage.SWEPT, why=""))
            return


def _taken_back(desk: Desk, rail: str, entry: Entry) -> None:
    desk.journal.note_entry(rail, entry, explained=False)
    credit = desk.journal.credit(rail, entry.about)
    if credit is not None:
        take_back(desk, credit)


def take_back(desk: Desk, credit: Credit) -> None:
    """Let what was taken back have its effect: it lessens what waits; of what is money already, the issuer bears it.

    While it is not known whether the credit was minted, or has been sent back, this waits.
    """
    if credit.stage in (Stage.MINTING, Stage.RETURNING):
        return
    journal = desk.journal
    for rail, entry in journal.unexplained(credit.rail, Kind.TAKEN_BACK, credit.reference):
        cut = min(-entry.units, _loose(desk, credit))
        credit = credit._replace(taken=credit.taken + cut)
        if not credit.left and credit.stage in (Stage.WAITING, Stage.READY):
            credit = credit._replace(stage=Stage.GONE)
        borne = -entry.units - cut
        journal.bear(rail, entry.reference, -borne, f"taken back after it was {credit.stage}: {entry.reason}")
        known = desk.settings.rail(rail)
        if borne and credit.stage == Stage.MINTED and known is not None and known.chargebacks == "holder":
            reference = sha256(f"{rail} {entry.reference}".encode()).hexdigest()[:MEASURE_CHARACTERS]
            name = name_of(desk.ledger.issuer, f"cb-{reference}")
            journal.put_measure(name, rail, credit.reference, min(borne, credit.left), 0, "new")
        journal.explain(rail, entry.reference)
        journal.put_credit(credit)


def _loose(desk: Desk, credit: Credit) -> int:
    """Say how much of a credit is not money on the ledger, nor gone."""
    if credit.stage in (Stage.WAITING, Stage.READY):
        return credit.left
    if credit.stage == Stage.MINTED:
        minted = desk.journal.minted(salt_of(mint_key(credit.rail, credit.reference)))
        return 0 if minted is None else credit.left - minted[1]
    return 0


# ------------------------------------------------------------------------------------------------------------ pay-outs


def _paid(desk: Desk, rail: str, entry: Entry) -> None:
    desk.journal.note_entry(rail, entry, explained=False)
    payout = desk.journal.payout(entry.about)
    if payout is not None:
        explain_payout(desk, payout)


def explain_payout(desk: Desk, payout: Payout) -> None:
    """Let what a rail has told about a pay-out have its effect: first that it left, then that it came back."""
    journal = desk.journal
    for rail, entry in journal.unexplained(kind=Kind.PAID, about=payout.id):
        if -entry.units == payout.units and payout.rail in ("", rail):
            journal.explain(rail, entry.reference)
            payout = _left(desk, payout._replace(rail=rail), entry)
            journal.put_payout(payout)
    for rail, entry in journal.unexplained(kind=Kind.RETURNED, about=payout.id):
        if rail == payout.rail and (payout.outside == Outside.PAID or payout.surplus) and entry.units <= payout.units:
            journal.explain(rail, entry.reference)
            payout = _came_back(desk, rail, payout, entry)
            journal.put_payout(payout)


def _left(desk: Desk, payout: Payout, entry: Entry) -> Payout:
    """Write down that a pay-out has left its rail; one that nobody was owed is borne by the issuer."""
    journal = desk.journal
    credit = None if payout.redemption else journal.credit(payout.rail, payout.credit)
    if payout.outside in (Outside.PAID, Outside.RETURNED):
        return _too_much(desk, payout, entry, "the rail has paid twice")
    if payout.redemption and (payout.settled or payout.inside in (Inside.DECLINED, Inside.MISSED)):
        told = f"the rail has paid though it had said no, or the redemption was {payout.inside}"
        return _too_much(desk, payout, entry, told)._replace(outside=Outside.PAID)
    if payout.redemption:
        return payout._replace(outside=Outside.PAID)
    if credit is None or credit.stage not in (Stage.RETURNING, Stage.WAITING, Stage.READY):
        told = "the rail has sent it back though it had said no"
        return _too_much(desk, payout, entry, told)._replace(outside=Outside.PAID)
    journal.bear(payout.rail, entry.reference, credit.left - payout.units, "sent back, and taken back as well")
    credit = credit._replace(stage=Stage.RETURNED)
    journal.put_credit(credit)
    take_back(desk, credit)
    return payout._replace(outside=Outside.PAID, settled=True)


def _too_much(desk: Desk, payout: Payout, entry: Entry, why: str) -> Payout:
    desk.journal.bear(payout.rail, entry.reference, entry.units, why)
    return payout._replace(surplus=payout.surplus + 1)


def _came_back(desk: Desk, rail: str, payout: Payout, entry: Entry) -> Payout:
    """Write down that a pay-out has come back: what its rail kept of it is the issuer's cost."""
    journal = desk.journal
    if payout.surplus:
        journal.bear(rail, entry.reference, entry.units, "what was paid too much has come back")
        return payout._replace(surplus=payout.surplus - 1)
    journal.bear(rail, entry.reference, entry.units - payout.units, "charges for what came back")
    if not payout.redemption:
        back = Credit(rail, entry.reference, payout.units, 0, Stage.WAITING, NOBODY, 0, "", "", 0, "", entry.reason)
        journal.put_credit(wait(desk, back, Why.CAME_BACK))
    returned = payout._replace(outside=Outside.RETURNED, why=entry.reason or payout.why)
    return returned._replace(settled=False) if payout.redemption else returned


def _returned(desk: Desk, rail: str, entry: Entry) -> None:
    payout = desk.journal.payout(entry.about)
    elsewhere = payout is not None and payout.rail not in ("", rail)
    if payout is None or elsewhere or (payout.outside == Outside.RETURNED and not payout.surplus):
        desk.journal.note_entry(rail, entry, explained=True)
        back = Credit(
            rail, entry.reference, entry.units, 0, Stage.WAITING, NOBODY, 0, "", "", 0, entry.payer, entry.reason
        )
        desk.journal.put_credit(wait(desk, back, Why.CAME_BACK))
        return
    desk.journal.note_entry(rail, entry, explained=False)
    explain_payout(desk, payout)


def _other(desk: Desk, rail: str, entry: Entry) -> None:
    desk.journal.note_entry(rail, entry, explained=False)


def _answered(desk: Desk, rail: str, answer: Answer) -> None:
    """Take what a rail says of a pay-out of its own; what has left cannot be refused any more.

    An answer costs nothing to whoever gives it: were a rail believed about another one's pay-out, an agent could say no
    to what the bank is about to pay, and the holder would have both the money and its units.
    """
    payout = desk.journal.payout(answer.payout)
    if payout is None or payout.rail != rail or payout.outside not in (Outside.NEW, Outside.ORDERED):
        return
    if answer.says != Says.REFUSED:
        desk.journal.put_payout(payout._replace(why=answer.reason or f"{answer.says} by the rail"))
        return
    refused = payout._replace(outside=Outside.REFUSED, why=answer.reason or "no reason given")
    if not payout.redemption:
        refused = refused._replace(settled=True)
        credit = desk.journal.credit(payout.rail, payout.credit)
        if credit is not None and credit.stage == Stage.RETURNING:
            credit = wait(desk, credit, f"{Why.RETURN_REFUSED}: {refused.why}")
            desk.journal.put_credit(credit)
            take_back(desk, credit)
    desk.journal.put_payout(refused)


_ENTRIES = {
    Kind.CREDIT: _credited,
    Kind.TAKEN_BACK: _taken_back,
    Kind.PAID: _paid,
    Kind.RETURNED: _returned,
    Kind.SWEPT: _swept,
    Kind.DEBIT: _other,
}
