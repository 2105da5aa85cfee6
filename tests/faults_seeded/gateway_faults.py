"""Faults in the gateway: what would mint twice, pay twice, lose money, or let a wrong sum pass."""

from __future__ import annotations

from tools.seeded_faults import Fault

IN = ("tests/gateway/test_money_in.py",)
OUT = ("tests/gateway/test_money_out.py",)
BACK = ("tests/gateway/test_taken_back.py",)
CRASHES = ("tests/gateway/test_crashes.py",)
SUMS = ("tests/gateway/test_reconciling.py",)
DOCUMENTS = ("tests/gateway/test_documents.py",)
DOOR = ("tests/gateway/test_door.py",)
REFERENCES = ("tests/gateway/test_references.py",)

GATEWAY_FAULTS = (
    Fault(
        "An entry that was told before is taken once more",
        "gateway/intake.py",
        "            if told.booked >= desk.settings.since and desk.journal.entry(rail, told.reference) is None:",
        "            if told.booked >= desk.settings.since:",
        IN,
    ),
    Fault(
        "The same reference may come with another amount",
        "gateway/intake.py",
        "if known is not None and known.units != each.units:",
        "if known is not None and known.units == 0:",
        IN,
    ),
    Fault(
        "Of two references the first is taken",
        "gateway/intake.py",
        "    if len(found) > 1:\n        return NOBODY, Why.SEVERAL_REFERENCES\n    (reference,) = found",
        "    reference = min(found)",
        IN,
    ),
    Fault(
        "Check digits are not looked at",
        "gateway/references.py",
        "return reference.isascii() and int(reference[2:4]) == _check_of(digits)",
        "return reference.isascii() and digits.isdigit()",
        REFERENCES,
    ),
    Fault(
        "A limit is passed by one unit",
        "gateway/intake.py",
        "entry.units > units(rail.credit_most, currency)",
        "entry.units > units(rail.credit_most, currency) + 1",
        IN,
    ),
    Fault(
        "Suspense ends a second late",
        "gateway/paying_out.py",
        "if each.deadline <= desk.ledger.now]",
        "if each.deadline < desk.ledger.now]",
        IN,
    ),
    Fault(
        "A card's credit is minted when it is booked",
        "gateway/minting.py",
        "return [each for each in desk.journal.credits(Stage.READY) if each.due <= desk.ledger.now]",
        "return desk.journal.credits(Stage.READY)",
        BACK,
    ),
    Fault(
        "What was taken back in part is minted whole",
        "gateway/minting.py",
        "to=credit.account, units=credit.left)",
        "to=credit.account, units=credit.units)",
        BACK,
    ),
    Fault(
        "A chargeback after minting lessens nothing",
        "gateway/intake.py",
        "        borne = -entry.units - cut\n",
        "        borne = 0\n",
        BACK,
    ),
    Fault(
        "What is clawed back is not burned",
        "gateway/minting.py",
        'if stage == "clawed back" and taken:',
        'if stage == "never" and taken:',
        BACK,
    ),
    Fault(
        "An envelope is sent without having been noted",
        "gateway/desk.py",
        "        desk.journal.note_act(act)\n",
        "",
        CRASHES,
    ),
    Fault(
        "All envelopes have the same salt, so one mint looks like another",
        "gateway/desk.py",
        '    return sha256(b"sogdia/gateway" + key.encode()).digest()[:SALT_BYTES]',
        '    return sha256(b"sogdia/gateway").digest()[:SALT_BYTES]',
        (*CRASHES, *IN),
    ),
    Fault(
        "A rail that has refused keeps the redemption open",
        "gateway/paying_out.py",
        "    if payout.outside in (Outside.REFUSED, Outside.RETURNED):\n        return _decline",
        "    if payout.outside == Outside.RETURNED:\n        return _decline",
        OUT,
    ),
    Fault(
        "A silent rail lets the redemption run out",
        "gateway/paying_out.py",
        "    if payout.outside == Outside.PAID or late:",
        "    if payout.outside == Outside.PAID:",
        OUT,
    ),
    Fault(
        "A redemption is answered a second late",
        "gateway/paying_out.py",
        "return desk.ledger.now >= payout.deadline - desk.settings.answer_hours * HOUR",
        "return desk.ledger.now > payout.deadline - desk.settings.answer_hours * HOUR",
        OUT,
    ),
    Fault(
        "What comes back after the units were destroyed stays with the issuer",
        "gateway/paying_out.py",
        "        _mint_anew(desk, payout)\n    elif",
        "        pass\n    elif",
        OUT,
    ),
    Fault(
        "What comes back is minted anew each time that it is told",
        "gateway/intake.py",
        "            journal.explain(rail, entry.reference)\n            payout = _came_back",
        "            payout = _came_back",
        OUT,
    ),
    Fault(
        "A rail that pays twice costs nobody anything",
        "gateway/intake.py",
        "    desk.journal.bear(payout.rail, entry.reference, entry.units, why)\n    return payout._replace(surplus",
        "    return payout._replace(surplus",
        OUT,
    ),
    Fault(
        "A difference is no reason not to add up",
        "gateway/reconciling.py",
        "whole = figures.difference == 0 and figures.unexplained == 0 and figures.short == 0",
        "whole = figures.unexplained == 0 and figures.short == 0",
        SUMS,
    ),
    Fault(
        "A short reserve adds up",
        "gateway/reconciling.py",
        "figures.unexplained == 0 and figures.short == 0",
        "figures.unexplained == 0",
        SUMS,
    ),
    Fault(
        "A statement may be a day older",
        "gateway/reconciling.py",
        "late = until < desk.ledger.now // DAY * DAY",
        "late = until < desk.ledger.now // DAY * DAY - DAY",
        SUMS,
    ),
    Fault(
        "An entry without the bank's reference is taken",
        "gateway/adapters/bank.py",
        "        if not reference or reference == NOT_PROVIDED:",
        "        reference = reference or str(booked)\n        if reference == NOT_PROVIDED:",
        DOCUMENTS,
    ),
    Fault(
        "Whoever pays in with the reference of a pay-out has returned it",
        "gateway/adapters/bank.py",
        "            returned = ours and (turned",
        "            returned = ours or (turned",
        OUT,
    ),
    Fault(
        "Another account's messages are taken",
        "gateway/adapters/bank.py",
        "        if account != self.account:",
        "        if not account:",
        DOCUMENTS,
    ),
    Fault(
        "A rail without a secret takes whatever is signed with none",
        "gateway/adapters/signed.py",
        "return bool(self.secret) and hmac.compare_digest",
        "return hmac.compare_digest",
        DOCUMENTS,
    ),
    Fault(
        "The moment of a signature is not signed",
        "gateway/adapters/signed.py",
        'self._is_signed(head[1] + b"." + body',
        'self._is_signed(b"1700000000." + body',
        DOCUMENTS,
    ),
    Fault(
        "An old webhook is taken",
        "gateway/listening.py",
        "if abs(clock() - moment) > OLD_SECONDS:",
        "if moment - clock() > OLD_SECONDS:",
        DOOR,
    ),
    Fault(
        "A rail says no to what another one is asked to pay",
        "gateway/intake.py",
        "payout is None or payout.rail != rail or payout.outside not in",
        "payout is None or payout.outside not in",
        OUT,
    ),
    Fault(
        "What comes back by another rail undoes a pay-out",
        "gateway/intake.py",
        '    elsewhere = payout is not None and payout.rail not in ("", rail)',
        "    elsewhere = False",
        OUT,
    ),
)
