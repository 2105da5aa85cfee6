"""From a redemption, or a credit that nobody can place, to a pay-out by a rail.

    a redemption is asked for
      ├── the rail pays ─────────▶ confirmed on the ledger: the units are destroyed
      ├── the rail says no ──────▶ declined, with the rail's reason: the holder has its units back
      └── the rail says nothing, and the redemption soon runs out
                         └───────▶ confirmed all the same. If the rail then says no, or the money comes back,
                                   it is minted to the holder anew, once
So the issuer never has paid for units that come back, and a holder never has neither: an issuer that lets a redemption
run out while its rail is silent may have paid for nothing.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from sogdia.engine.marks import mark
from sogdia.gateway.acts import finish
from sogdia.gateway.desk import HOUR, Did, mint_key, payout_id, perform, salt_of
from sogdia.gateway.happenings import Order
from sogdia.gateway.intake import explain_payout
from sogdia.gateway.records import Credit, Inside, Outside, Payout, Stage
from sogdia.kernel.values import owner_of
from sogdia.modules.money.redemptions import ConfirmRedemption, DeclineRedemption

if TYPE_CHECKING:
    from pathlib import Path

    from sogdia.gateway.desk import Desk

OUT = "out"
_CODE = re.compile(r"[A-Z][0-9A-Z_]{1,31}", re.ASCII)
"""A reason as programs write it: AC04, ACCOUNT_CLOSED."""

NO_PAYEE = "The reference for the pay-out is not known to the issuer. Agree on it first, then ask again."


def is_late(desk: Desk, payout: Payout) -> bool:
    """Tell whether a redemption runs out so soon that it cannot wait for a rail any more."""
    return desk.ledger.now >= payout.deadline - desk.settings.answer_hours * HOUR


def redeem(desk: Desk) -> None:
    """Take every redemption one step on, or as many as there are."""
    for payout in desk.journal.payouts(settled=False):
        if payout.redemption:
            _redeem(desk, payout)


def _redeem(desk: Desk, payout: Payout) -> None:
    if payout.inside == Inside.OPEN:
        payout = _answer(desk, payout)
    if payout.inside == Inside.CONFIRMED and payout.outside == Outside.NEW:
        payout = _order(desk, _addressed(desk, payout))
    if payout.inside == Inside.CONFIRMED and payout.outside in (Outside.REFUSED, Outside.RETURNED):
        _mint_anew(desk, payout)
    elif _is_over(payout):
        with desk.journal.step():
            desk.journal.put_payout(payout._replace(settled=True))


def _is_over(payout: Payout) -> bool:
    if payout.inside == Inside.CONFIRMED:
        return payout.outside == Outside.PAID
    return payout.inside in (Inside.DECLINED, Inside.MISSED)


def _answer(desk: Desk, payout: Payout) -> Payout:
    """Order a pay-out, or answer the redemption on the ledger once its rail has answered or it cannot wait."""
    addressed = _addressed(desk, payout)
    late = is_late(desk, payout)
    if payout.outside == Outside.NEW and not addressed.rail:
        return _decline(desk, payout, NO_PAYEE) if late else payout
    if payout.outside == Outside.NEW and not late:
        return _order(desk, addressed)
    if payout.outside in (Outside.REFUSED, Outside.RETURNED):
        return _decline(desk, payout, f"The rail {payout.rail} did not pay: {_code_of(payout.why)}.")
    if payout.outside == Outside.PAID or late:
        if addressed != payout:
            with desk.journal.step():
                desk.journal.put_payout(addressed)
        finish(desk, perform(desk, f"confirm {payout.id}", ConfirmRedemption(redemption=payout.redemption)))
        return desk.journal.payout(payout.id) or payout
    return payout


def _code_of(reason: str) -> str:
    """Give the code with which a rail's reason begins. Its words may name a person, and stay in the journal."""
    code, _, _words = reason.partition(" ")
    return code if _CODE.fullmatch(code) else "it gave no code"


def _decline(desk: Desk, payout: Payout, reason: str) -> Payout:
    operation = DeclineRedemption(redemption=payout.redemption, reason=reason)
    finish(desk, perform(desk, f"decline {payout.id}", operation))
    return desk.journal.payout(payout.id) or payout


def _addressed(desk: Desk, payout: Payout) -> Payout:
    """Say by which rail and to whom a redemption is paid, where that was agreed."""
    if payout.rail:
        return payout
    payee = desk.journal.payee(owner_of(payout.redemption), payout.destination)
    if payee is None or payee.rail not in desk.rails:
        return payout
    return payout._replace(rail=payee.rail, destination=payee.destination, called=payee.called)


def _order(desk: Desk, payout: Payout) -> Payout:
    """Ask a rail to pay. The document is written first: asked twice with the same words, a rail pays once."""
    if payout.rail not in desk.rails:
        return payout
    order = Order(payout.id, payout.units, payout.destination, payout.called, f"Pay-out {payout.id}", payout.made)
    name, content = desk.rails[payout.rail].order(order)
    write_once(desk.folder / payout.rail / OUT / name, content)
    mark("gateway-after-order")
    desk.did.append(Did("ordered", payout.id, payout.units, f"{payout.rail}, {payout.destination}"))
    ordered = payout._replace(outside=Outside.ORDERED)
    with desk.journal.step():
        desk.journal.put_payout(ordered)
        explain_payout(desk, ordered)
    return desk.journal.payout(payout.id) or ordered


def write_once(path: Path, content: bytes) -> None:
    """Write a document so that whoever fetches it finds it whole or not at all, also after a crash."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    with draft.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _mint_anew(desk: Desk, payout: Payout) -> None:
    """Make a holder's money anew that was destroyed for a pay-out which came to nothing."""
    reference = f"again-{payout.id}"
    account = owner_of(payout.redemption)
    why = f"the pay-out came to nothing: {payout.why}"
    credit = Credit(payout.rail, reference, payout.units, 0, Stage.READY, account, desk.ledger.now, "", "", 0, "", why)
    if desk.journal.minted(salt_of(mint_key(payout.rail, reference))) is not None:
        credit = credit._replace(stage=Stage.MINTED)
    with desk.journal.step():
        if desk.journal.credit(payout.rail, reference) is None:
            desk.journal.put_credit(credit)
        desk.journal.put_payout(payout._replace(settled=True))


# ------------------------------------------------------------------------------------------------------ out of suspense


def overdue(desk: Desk) -> list[Credit]:
    """Give the credits whose time in suspense is over."""
    return [each for each in desk.journal.credits(Stage.WAITING) if each.deadline <= desk.ledger.now]


def send_back_overdue(desk: Desk) -> None:
    """Send back what nobody could place in time. Money without a way back goes on waiting, and is told as overdue."""
    for credit in overdue(desk):
        if credit.payer:
            send_back(desk, credit)
    for payout in desk.journal.payouts(settled=False):
        if not payout.redemption and payout.outside == Outside.NEW:
            _order(desk, payout)


def send_back(desk: Desk, credit: Credit) -> None:
    """Decide that a credit goes back to its payer, by the rail on which it came."""
    journal = desk.journal
    times = journal.sent_back(credit.rail, credit.reference)
    payout = Payout(
        id=payout_id("return", credit.rail, credit.reference, str(times)),
        redemption=b"",
        rail=credit.rail,
        credit=credit.reference,
        units=credit.left,
        destination=credit.payer,
        called="",
        deadline=desk.ledger.now + desk.settings.suspense_hours * HOUR,
        inside=Inside.OPEN,
        outside=Outside.NEW,
        why="",
        made=desk.ledger.now,
        surplus=0,
        settled=False,
    )
    with journal.step():
        journal.put_credit(credit._replace(stage=Stage.RETURNING))
        journal.put_payout(payout)
