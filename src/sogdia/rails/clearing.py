"""Payments between banks as messages: pacs.008, pacs.009, pacs.004 and their status, pacs.002.

Each tells of payments that stand in a block, so each says what has happened and asks for nothing. The same payments
make the same message, id and all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sogdia.rails.looking_up import SETTLED
from sogdia.rails.parts import NOT_PROVIDED, account, agent, amount, clearing, message_id, party
from sogdia.rails.payments import Way
from sogdia.rails.spelling import write_day, write_moment, write_rate
from sogdia.rails.xml import Part, part, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sogdia.rails.payments import Payment

CUSTOMER: Final = "pacs.008.001.08"
INSTITUTION: Final = "pacs.009.001.08"
RETURN: Final = "pacs.004.001.09"
STATUS: Final = "pacs.002.001.10"

KINDS: Final = {Way.CUSTOMER: CUSTOMER, Way.INSTITUTION: INSTITUTION, Way.RETURN: RETURN}


def message_of(payments: Sequence[Payment], network: bytes) -> tuple[str, bytes]:
    """Write payments of one way as one message; gives its kind and its bytes."""
    ways = {each.way for each in payments}
    if len(ways) != 1:
        raise ValueError("a message tells of payments of one way, and of one at least")
    (way,) = ways
    kind = KINDS[way]
    root, one = _BODIES[way]
    head = _head(kind, payments)
    return kind, write(kind, part(root, head, *(one(each, network) for each in payments)))


def status_message(payments: Sequence[Payment]) -> bytes:
    """Write that payments have been settled, by their UETRs."""
    newest = max(each.time for each in payments)
    head = part(
        "GrpHdr",
        part("MsgId", message_id(STATUS, (each.uetr for each in payments))),
        part("CreDtTm", write_moment(newest)),
    )
    told = [
        part(
            "TxInfAndSts",
            part("OrgnlEndToEndId", each.reference or NOT_PROVIDED),
            part("OrgnlUETR", each.uetr),
            part("TxSts", SETTLED),
            part("AccptncDtTm", write_moment(each.time)),
        )
        for each in payments
    ]
    return write(STATUS, part("FIToFIPmtStsRpt", head, *told))


def _head(kind: str, payments: Iterable[Payment]) -> Part | None:
    given = list(payments)
    newest = max(each.time for each in given)
    return part(
        "GrpHdr",
        part("MsgId", message_id(kind, (each.uetr for each in given))),
        part("CreDtTm", write_moment(newest)),
        part("NbOfTxs", str(len(given))),
        clearing(),
    )


def _identified(payment: Payment) -> Part | None:
    return part(
        "PmtId",
        part("EndToEndId", payment.reference or NOT_PROVIDED),
        part("TxId", payment.uetr.replace("-", "")),
        part("UETR", payment.uetr),
    )


def _purpose(payment: Payment) -> Part | None:
    return part("Purp", part("Cd", payment.purpose)) if payment.purpose else None


def _customer(payment: Payment, network: bytes) -> Part | None:
    """Write a customer's payment; what was paid in another money stands beside what arrived."""
    paid = payment.exchange
    issuer = payment.asset.issuer
    rate = None
    contract = None
    if paid is not None:
        rate = write_rate(paid.units, paid.asset.currency, payment.units, payment.asset.currency)
        if paid.digest:
            contract = part("RmtInf", part("Ustrd", f"Contract of the rate: {paid.digest.hex()}"))
    return part(
        "CdtTrfTxInf",
        _identified(payment),
        amount("IntrBkSttlmAmt", payment.units, payment.asset),
        part("IntrBkSttlmDt", write_day(payment.time)),
        part("AccptncDtTm", write_moment(payment.time)),
        None if paid is None or rate is None else amount("InstdAmt", paid.units, paid.asset),
        None if rate is None else part("XchgRate", rate),
        part("ChrgBr", "SLEV"),
        party("Dbtr", payment.debtor, network),
        account("DbtrAcct", payment.debtor, network),
        agent("DbtrAgt", issuer if paid is None else paid.asset.issuer, network),
        agent("CdtrAgt", issuer, network),
        party("Cdtr", payment.creditor, network),
        account("CdtrAcct", payment.creditor, network),
        _purpose(payment),
        contract,
    )


def _institution(payment: Payment, network: bytes) -> Part | None:
    return part(
        "CdtTrfTxInf",
        _identified(payment),
        amount("IntrBkSttlmAmt", payment.units, payment.asset),
        part("IntrBkSttlmDt", write_day(payment.time)),
        agent("Dbtr", payment.debtor, network),
        agent("Cdtr", payment.creditor, network),
        account("CdtrAcct", payment.creditor, network),
        _purpose(payment),
    )


def _return(payment: Payment, network: bytes) -> Part | None:
    """Write a return; CUST says that the customer, here the merchant, has decided on it."""
    first = payment.original
    issuer = payment.asset.issuer
    # A merchant returns freight and tax, too, which others were paid: more than it got is not told as a part of that.
    within = first is not None and payment.units <= first.units
    return part(
        "TxInf",
        part("RtrId", payment.uetr.replace("-", "")),
        part("OrgnlEndToEndId", payment.reference or NOT_PROVIDED),
        None if first is None else part("OrgnlTxId", first.uetr.replace("-", "")),
        None if first is None else part("OrgnlUETR", first.uetr),
        None if first is None or not within else amount("OrgnlIntrBkSttlmAmt", first.units, payment.asset),
        None if first is None else part("OrgnlIntrBkSttlmDt", write_day(first.time)),
        amount("RtrdIntrBkSttlmAmt", payment.units, payment.asset),
        part("IntrBkSttlmDt", write_day(payment.time)),
        part(
            "RtrChain",
            _chain_party("Dbtr", payment.debtor, network),
            agent("DbtrAgt", issuer, network),
            agent("CdtrAgt", issuer, network),
            _chain_party("Cdtr", payment.creditor, network),
        ),
        part("RtrRsnInf", part("Rsn", part("Cd", "CUST"))),
    )


def _chain_party(name: str, whose: bytes, network: bytes) -> Part | None:
    return part(name, party("Pty", whose, network))


_BODIES: Final[dict[Way, tuple[str, Callable[[Payment, bytes], Part | None]]]] = {
    Way.CUSTOMER: ("FIToFICstmrCdtTrf", _customer),
    Way.INSTITUTION: ("FICdtTrf", _institution),
    Way.RETURN: ("PmtRtr", _return),
}
