"""pain.001 read: what a payer's file asks for, payment by payment, each with what is wrong with it.

    DbtrAcct/Id/Othr/Id                  the payer's account, in the ledger's spelling for banks
    DbtrAgt/FinInstnId/Othr/Id           the issuer of the money: with the currency it says which money is meant
    CdtrAcct/Id/Othr/Id                  the payee's account; CdtrAgt, where it is given, is the same issuer
    Amt/InstdAmt, Purp/Cd, EndToEndId    the transfer's amount, purpose and reference
    RmtInf/Ustrd, TRAVEL-RULE/…          the hash of its travel-rule document, where the money asks for one

Whatever would change what is paid and cannot be done here is refused by name. What only informs a bank (names,
addresses, charges, remittance lines) is not carried by the ledger, and the report says so.
"""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

from sogdia.modules.money import Asset
from sogdia.rails.parts import network_text
from sogdia.rails.reasons import MessageRefused, Reason
from sogdia.rails.spelling import SCHEME, AccountWrong, read_account, read_amount
from sogdia.rails.statements import DAY
from sogdia.rails.xml import children, read, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

KIND: Final = "pain.001.001.09"
PAYMENTS_MAX: Final = 20_000
DEFAULT_PURPOSE: Final = "OTHR"
PURPOSE_LETTERS: Final = 4
HASH: Final = re.compile("[0-9a-f]{64}")

NOT_DONE: Final = (
    "XchgRateInf ChqInstr UltmtDbtr IntrmyAgt1 IntrmyAgt2 IntrmyAgt3 CdtrAgtAcct UltmtCdtr InstrForCdtrAgt"
    " InstrForDbtrAgt RgltryRptg Tax SplmtryData"
).split()
"""What would have to be done, by us or by somebody further on, and is not."""

NOT_DONE_FOR_ALL: Final = ("PoolgAdjstmntDt", "DbtrAgtAcct", "InstrForDbtrAgt", "UltmtDbtr", "ChrgsAcct")
NOT_CARRIED: Final = ("RmtInf", "RltdRmtInf")

TRAVEL_REFERENCE: Final = "TRAVEL-RULE/"
"""How a line of RmtInf/Ustrd begins whose rest is a payment's travel-rule reference, in hexadecimal."""


class Wish(NamedTuple):
    """A payment that is asked for and whose form is right."""

    debtor: bytes
    creditor: bytes
    asset: Asset
    units: int
    purpose: str
    end_to_end: str
    day: int
    """The beginning, by UTC, of the day on which it is to be paid."""
    travel_reference: bytes | None = None
    """A salted hash of the travel-rule document, where the payment is large enough to need one."""


class Item(NamedTuple):
    """One transaction of a file: what it is called there, and what it asks for or why that cannot be."""

    batch: str
    """PmtInfId of the batch in which it stands."""
    instruction: str | None
    end_to_end: str
    uetr: str | None
    amount: str
    currency: str
    wish: Wish | None
    refusal: tuple[Reason, str] | None
    not_carried: tuple[str, ...]


class Initiation(NamedTuple):
    """A file of payments."""

    message: str
    created: str
    announced: str
    """How many payments the file says that it has."""
    control_sum: str | None
    items: tuple[Item, ...]
    refusal: tuple[Reason, str] | None
    """What is wrong with the file as a whole."""


def read_initiation(raw: bytes, network: bytes) -> Initiation:
    """Read a file; raises `MessageRefused` when it is no pain.001.001.09."""
    root = read(raw, KIND)
    head = children(root, "GrpHdr")[0]
    items = tuple(item for batch in children(root, "PmtInf") for item in _batch(batch, network_text(network)))
    read_ = Initiation(
        message=text(head, "MsgId") or "",
        created=text(head, "CreDtTm") or "",
        announced=text(head, "NbOfTxs") or "",
        control_sum=text(head, "CtrlSum"),
        items=_without_repeats(items),
        refusal=None,
    )
    return read_._replace(refusal=_whole(root, read_))


def _whole(root: etree._Element, found: Initiation) -> tuple[Reason, str] | None:
    """Say what is wrong with the file as a whole: counts and sums that do not fit."""
    if len(found.items) > PAYMENTS_MAX:
        return Reason.FF01, f"The file has {len(found.items)} payments; at most {PAYMENTS_MAX} are read. Split it."
    heads = [(found.announced, found.control_sum, list(found.items))]
    by_batch: dict[str, list[Item]] = defaultdict(list)
    for item in found.items:
        by_batch[item.batch].append(item)
    batches = children(root, "PmtInf")
    if len(by_batch) < len(batches):
        return Reason.FF01, "Two batches have the same PmtInfId. Give each its own."
    for batch, inside in zip(batches, by_batch.values(), strict=True):
        heads.append((text(batch, "NbOfTxs") or str(len(inside)), text(batch, "CtrlSum"), inside))
    for count, control_sum, items in heads:
        if int(count) != len(items):
            return Reason.AM18, f"{count} payments are announced and {len(items)} are there. Compare the file."
        total = sum((Decimal(item.amount) for item in items), Decimal(0))
        if control_sum is not None and Decimal(control_sum) != total:
            return Reason.AM10, f"The control sum is {control_sum}, the amounts add up to {total}. Compare the file."
    return None


def _without_repeats(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """Refuse what has the reference of an earlier payment of the same file and payer."""
    seen: set[tuple[bytes, str]] = set()
    checked = []
    for item in items:
        if item.wish is not None:
            key = item.wish.debtor, item.end_to_end
            if key in seen:
                told = Reason.AM05, f"EndToEndId {item.end_to_end!r} stands in this file already. Give each its own."
                checked.append(item._replace(wish=None, refusal=told))
                continue
            seen.add(key)
        checked.append(item)
    return tuple(checked)


def _batch(batch: etree._Element, network: str) -> Iterator[Item]:
    """Read the payments of a batch; what is wrong with the batch is wrong with each of them."""
    wrong: MessageRefused | None = None
    day, debtor, issuer = 0, b"", b""
    try:
        day, debtor, issuer = _of_batch(batch, network)
    except MessageRefused as refused:
        wrong = refused
    for one in children(batch, "CdtTrfTxInf"):
        yield _item(one, batch, _Payer(debtor, issuer, day, network), wrong)


class _Payer(NamedTuple):
    """What a batch says for all its payments."""

    debtor: bytes
    issuer: bytes
    day: int
    network: str


def _of_batch(batch: etree._Element, network: str) -> tuple[int, bytes, bytes]:
    if text(batch, "PmtMtd") != "TRF":
        raise MessageRefused(Reason.FF03, f"PmtMtd is {text(batch, 'PmtMtd')}; only transfers (TRF) are made here.")
    _refuse_what_is_not_done(batch, NOT_DONE_FOR_ALL)
    day = _day(text(batch, "ReqdExctnDt", "Dt") or text(batch, "ReqdExctnDt", "DtTm") or "")
    debtor = _identified(children(batch, "DbtrAcct", "Id"), network, Reason.AC02, "DbtrAcct")
    issuer = _identified(children(batch, "DbtrAgt", "FinInstnId"), network, Reason.AGNT, "DbtrAgt")
    return day, debtor, issuer


def _item(one: etree._Element, batch: etree._Element, payer: _Payer, wrong: MessageRefused | None) -> Item:
    amounts = children(one, "Amt", "InstdAmt") or children(one, "Amt", "EqvtAmt", "Amt")
    wish: Wish | None = None
    try:
        if wrong is not None:
            raise wrong
        wish = _wish(one, batch, payer)
    except MessageRefused as refused:
        wrong = refused
    return Item(
        batch=text(batch, "PmtInfId") or "",
        instruction=text(one, "PmtId", "InstrId"),
        end_to_end=text(one, "PmtId", "EndToEndId") or "",
        uetr=text(one, "PmtId", "UETR"),
        amount=(amounts[0].text or "").strip(),
        currency=str(amounts[0].get("Ccy")),
        wish=wish,
        refusal=None if wish is not None or wrong is None else (wrong.reason, wrong.sentence),
        not_carried=tuple(name for name in NOT_CARRIED if children(one, name) and not _is_reference_alone(one, name)),
    )


def _wish(one: etree._Element, batch: etree._Element, payer: _Payer) -> Wish:
    _refuse_what_is_not_done(one, NOT_DONE)
    instructed = children(one, "Amt", "InstdAmt")
    if not instructed:
        raise MessageRefused(Reason.AG03, "An equivalent amount (EqvtAmt) needs a rate. Give InstdAmt.")
    currency = str(instructed[0].get("Ccy"))
    units = read_amount(instructed[0].text or "", currency)
    of_account = text(batch, "DbtrAcct", "Ccy")
    if of_account not in (None, currency):
        raise MessageRefused(Reason.AC10, f"The debtor's account is in {of_account}, the payment in {currency}.")
    creditor = _identified(children(one, "CdtrAcct", "Id"), payer.network, Reason.AC03, "CdtrAcct")
    agents = children(one, "CdtrAgt", "FinInstnId")
    if agents and _identified(agents, payer.network, Reason.AGNT, "CdtrAgt") != payer.issuer:
        raise MessageRefused(
            Reason.AG03, "CdtrAgt is another issuer than DbtrAgt: that is other money. Convert it by a rate card first."
        )
    return Wish(
        debtor=payer.debtor,
        creditor=creditor,
        asset=Asset(currency, payer.issuer),
        units=units,
        purpose=_purpose(one),
        end_to_end=text(one, "PmtId", "EndToEndId") or "",
        day=payer.day,
        travel_reference=_travel_reference(one),
    )


def _references(one: etree._Element) -> list[str]:
    lines = ((each.text or "").strip() for each in children(one, "RmtInf", "Ustrd"))
    return [each.removeprefix(TRAVEL_REFERENCE) for each in lines if each.startswith(TRAVEL_REFERENCE)]


def _is_reference_alone(one: etree._Element, name: str) -> bool:
    inside = [each for found in children(one, name) for each in found]
    return name == "RmtInf" and len(inside) == len(_references(one)) == 1


def _travel_reference(one: etree._Element) -> bytes | None:
    """Read the one travel-rule reference, if there is one."""
    found = _references(one)
    if not found:
        return None
    if len(found) > 1 or not HASH.fullmatch(found[0]):
        raise MessageRefused(
            Reason.RR04, f"A payment has one {TRAVEL_REFERENCE} line, with 64 digits of 0-9 and a-f. Correct RmtInf."
        )
    return bytes.fromhex(found[0])


def _purpose(one: etree._Element) -> str:
    if not children(one, "Purp"):
        return DEFAULT_PURPOSE
    code = text(one, "Purp", "Cd") or ""
    if len(code) != PURPOSE_LETTERS or not (code.isascii() and code.isalpha() and code.isupper()):
        raise MessageRefused(Reason.FF07, "A purpose is a code of four capital letters in Purp/Cd, such as GDDS.")
    return code


def _refuse_what_is_not_done(element: etree._Element, names: list[str] | tuple[str, ...]) -> None:
    asked = [name for name in names if children(element, name)]
    if asked:
        raise MessageRefused(
            Reason.AG03, f"{', '.join(asked)} would have to be done and is not done here. Leave it out if it need not."
        )


def _identified(inside: list[etree._Element], network: str, reason: Reason, what: str) -> bytes:
    """Read the account or institution that an element names in the ledger's spelling."""
    found = children(inside[0], "Othr") if inside else []
    name = text(found[0], "Id") if found else None
    if name is None:
        raise MessageRefused(reason, f"{what} names no account of {SCHEME}: write it in Othr/Id.")
    scheme, issuer = text(found[0], "SchmeNm", "Prtry"), text(found[0], "Issr")
    if scheme not in (None, SCHEME) or children(found[0], "SchmeNm", "Cd"):
        raise MessageRefused(reason, f"{what} is spelt by another scheme than {SCHEME}. Correct SchmeNm/Prtry.")
    if issuer not in (None, network):
        raise MessageRefused(reason, f"{what} belongs to the network {issuer}, and this is {network}.")
    try:
        return read_account(name)
    except AccountWrong as wrong:
        raise MessageRefused(reason, f"{what}: {wrong}.") from wrong


def _day(written: str) -> int:
    """Give the beginning of a day; a moment counts by its day in UTC."""
    try:
        moment = datetime.fromisoformat(written)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        return int(moment.timestamp()) // DAY * DAY
    except (ValueError, OverflowError) as error:
        raise MessageRefused(
            Reason.DT01, f"{written!r} is no day that is understood here. Write 2026-11-22."
        ) from error
