"""A bank's rail: messages of ISO 20022 in files, in and out.

    in    camt.054 and camt.053, what was booked; pain.002 and pacs.002, what became of our orders; pacs.004, returns
    out   pain.001, as the bank's customer, or pacs.008, as a bank among banks

Money is what camt messages say was booked; all the others only announce it. An entry is known by the bank's own
reference (AcctSvcrRef), and a message with an entry that has none is refused: it could be minted twice. A pay-out is
known by the EndToEndId that we gave it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from sogdia.gateway.desk import DAY, is_payout_id
from sogdia.gateway.happenings import TEXT_MAX, Answer, Closing, Entry, Kind, Says
from sogdia.rails.parts import NOT_PROVIDED
from sogdia.rails.reasons import MessageRefused, Reason
from sogdia.rails.spelling import read_amount, write_amount, write_day, write_moment
from sogdia.rails.xml import children, kind_of, part, read, text, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

    from sogdia.gateway.happenings import Happening, Order
    from sogdia.rails.xml import Part

NOTICE: Final = "camt.054.001.08"
STATEMENT: Final = "camt.053.001.08"
REPORT: Final = "pain.002.001.10"
STATUS: Final = "pacs.002.001.10"
RETURN: Final = "pacs.004.001.09"
INITIATION: Final = "pain.001.001.09"
TRANSFER: Final = "pacs.008.001.08"

IBAN_CHECK: Final = 97


class Bank(NamedTuple):
    """A bank at which the issuer has an account."""

    account: str
    currency: str
    called: str
    orders: Literal["pain.001", "pacs.008"]

    # ---------------------------------------------------------------------------------------------------------- in

    def read(self, raw: bytes) -> list[Happening]:
        """Read a message of the bank."""
        kind = kind_of(raw)
        root = read(raw, kind if kind in (NOTICE, STATEMENT, REPORT, STATUS, RETURN) else NOTICE)
        match kind:
            case "camt.053.001.08":
                return [each for one in children(root, "Stmt") for each in self._statement(one)]
            case "pain.002.001.10":
                found = children(root, "OrgnlPmtInfAndSts", "TxInfAndSts")
                return [each for one in found for each in _status(one)]
            case "pacs.002.001.10":
                return [each for one in children(root, "TxInfAndSts") for each in _status(one)]
            case "pacs.004.001.09":
                return [each for one in children(root, "TxInf") for each in _return(one)]
            case _:
                return [each for one in children(root, "Ntfctn") for each in self._booked(one)]

    def _statement(self, statement: etree._Element) -> Iterator[Happening]:
        yield from self._booked(statement)
        for balance in children(statement, "Bal"):
            if text(balance, "Tp", "CdOrPrtry", "Cd") == "CLBD":
                amount = children(balance, "Amt")[0]
                self._check_currency(amount)
                written = (amount.text or "").strip()
                units = read_amount(written, self.currency) if written.strip("0.") else 0
                sign = -1 if text(balance, "CdtDbtInd") == "DBIT" else 1
                yield Closing(sign * units, _moment(children(balance, "Dt")[0]) // DAY * DAY + DAY)

    def _booked(self, about: etree._Element) -> Iterator[Happening]:
        account = text(about, "Acct", "Id", "IBAN") or text(about, "Acct", "Id", "Othr", "Id")
        if account != self.account:
            raise MessageRefused(Reason.AC02, f"This is about the account {account}; ours is {self.account}.")
        for entry in children(about, "Ntry"):
            if text(entry, "Sts", "Cd") == "BOOK":
                yield from self._entries(entry)

    def _entries(self, entry: etree._Element) -> Iterator[Entry]:
        """Read an entry; one that sums several payments up is read payment by payment."""
        details = children(entry, "NtryDtls", "TxDtls")
        whole = self._amount(children(entry, "Amt")[0])
        booked = _moment(children(entry, "BookgDt")[0] if children(entry, "BookgDt") else None)
        if len(details) < 2:  # noqa: PLR2004 - one payment, with details or without
            reference = text(entry, "AcctSvcrRef")
            yield self._entry(entry, details[0] if details else None, reference, whole, booked)
            return
        amounts = [self._amount(each) for one in details for each in children(one, "Amt")]
        if len(amounts) != len(details) or sum(amounts) != whole:
            raise MessageRefused(Reason.AM10, "The payments of an entry do not add up to it. Ask the bank.")
        for one, units in zip(details, amounts, strict=True):
            yield self._entry(entry, one, text(one, "Refs", "AcctSvcrRef"), units, booked)

    def _entry(
        self, entry: etree._Element, detail: etree._Element | None, reference: str | None, units: int, booked: int
    ) -> Entry:
        if not reference or reference == NOT_PROVIDED:
            raise MessageRefused(
                Reason.NARR, "An entry has no AcctSvcrRef, so it could be taken twice. Ask the bank for references."
            )
        credit = text(entry, "CdtDbtInd") == "CRDT"
        turned = text(entry, "RvslInd") in ("true", "1")
        end_to_end = "" if detail is None else text(detail, "Refs", "EndToEndId") or ""
        ours = is_payout_id(end_to_end)
        about = ""
        if credit:
            # A payee sees our reference, and could pay in with it: only the bank's own word makes a return of it.
            returned = ours and (turned or (detail is not None and bool(children(detail, "RtrInf"))))
            kind, about = (Kind.RETURNED, end_to_end) if returned else (Kind.CREDIT, "")
        elif turned:
            kind = Kind.TAKEN_BACK
            about = _original(detail)
        else:
            kind, about = (Kind.PAID, end_to_end) if ours else (Kind.DEBIT, "")
        texts = () if detail is None else tuple(_texts(detail))
        return Entry(
            reference,
            kind,
            units if credit else -units,
            booked,
            about,
            texts,
            _payer(detail),
            "" if detail is None else _reason(detail, "RtrInf"),
        )

    def _amount(self, amount: etree._Element) -> int:
        self._check_currency(amount)
        return read_amount(amount.text or "", self.currency)

    def _check_currency(self, amount: etree._Element) -> None:
        currency = amount.get("Ccy")
        if currency != self.currency:
            raise MessageRefused(Reason.AM03, f"An amount is in {currency}; this account is in {self.currency}.")

    # --------------------------------------------------------------------------------------------------------- out

    def order(self, order: Order) -> tuple[str, bytes]:
        """Write the message that asks for a pay-out."""
        if self.orders == "pacs.008":
            return f"{order.payout}.xml", write(TRANSFER, self._transfer(order))
        return f"{order.payout}.xml", write(INITIATION, self._initiation(order))

    def _initiation(self, order: Order) -> Part | None:
        amount = write_amount(order.units, self.currency)
        return part(
            "CstmrCdtTrfInitn",
            part(
                "GrpHdr",
                part("MsgId", order.payout),
                part("CreDtTm", write_moment(order.moment)),
                part("NbOfTxs", "1"),
                part("CtrlSum", amount),
                part("InitgPty", part("Nm", self.called)),
            ),
            part(
                "PmtInf",
                part("PmtInfId", order.payout),
                part("PmtMtd", "TRF"),
                part("ReqdExctnDt", part("Dt", write_day(order.moment))),
                part("Dbtr", part("Nm", self.called)),
                part("DbtrAcct", _account(self.account), part("Ccy", self.currency)),
                part("DbtrAgt", _agent()),
                part(
                    "CdtTrfTxInf",
                    part("PmtId", part("EndToEndId", order.payout)),
                    part("Amt", part("InstdAmt", amount, Ccy=self.currency)),
                    part("Cdtr", part("Nm", order.name or NOT_PROVIDED)),
                    part("CdtrAcct", _account(order.destination)),
                    part("RmtInf", part("Ustrd", order.text)),
                ),
            ),
        )

    def _transfer(self, order: Order) -> Part | None:
        return part(
            "FIToFICstmrCdtTrf",
            part(
                "GrpHdr",
                part("MsgId", order.payout),
                part("CreDtTm", write_moment(order.moment)),
                part("NbOfTxs", "1"),
                part("SttlmInf", part("SttlmMtd", "CLRG")),
            ),
            part(
                "CdtTrfTxInf",
                part("PmtId", part("EndToEndId", order.payout), part("TxId", order.payout)),
                part("IntrBkSttlmAmt", write_amount(order.units, self.currency), Ccy=self.currency),
                part("IntrBkSttlmDt", write_day(order.moment)),
                part("ChrgBr", "SLEV"),
                part("Dbtr", part("Nm", self.called)),
                part("DbtrAcct", _account(self.account)),
                part("DbtrAgt", _agent()),
                part("CdtrAgt", _agent()),
                part("Cdtr", part("Nm", order.name or NOT_PROVIDED)),
                part("CdtrAcct", _account(order.destination)),
                part("RmtInf", part("Ustrd", order.text)),
            ),
        )


def is_iban(account: str) -> bool:
    """Tell whether an account is written as an IBAN, check digits and all."""
    if not (account.isascii() and account.isalnum() and account[:2].isalpha() and account[2:4].isdigit()):
        return False
    turned = account[4:] + account[:4]
    return account.isupper() and int("".join(str(int(each, 36)) for each in turned)) % IBAN_CHECK == 1


def _account(account: str) -> Part | None:
    return part("Id", part("IBAN", account) if is_iban(account) else part("Othr", part("Id", account)))


def _agent() -> Part | None:
    return part("FinInstnId", part("Othr", part("Id", NOT_PROVIDED)))


def _moment(element: etree._Element | None) -> int:
    """Read a day or a moment; a day counts from its beginning by UTC."""
    written = None if element is None else text(element, "DtTm") or text(element, "Dt")
    if element is None or written is None:
        raise MessageRefused(Reason.DT01, "A booking has no date (BookgDt). Ask the bank for it.")
    try:
        if children(element, "Dt"):
            # A day of another time zone begins at another moment; a bank books by its day, so that is left out.
            day = date.fromisoformat(written[: len("2026-11-22")])
            return int(datetime.combine(day, time(), UTC).timestamp())
        moment = datetime.fromisoformat(written)
        return int((moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment).timestamp())
    except (ValueError, OverflowError) as error:
        raise MessageRefused(Reason.DT01, f"{written!r} is no day that is understood here.") from error


def _texts(detail: etree._Element) -> Iterator[str]:
    """Give what a payer has written: the reference of its form, the remittance lines, its own reference."""
    for remittance in children(detail, "RmtInf"):
        for each in children(remittance, "Strd", "CdtrRefInf", "Ref"):
            yield (each.text or "").strip()[:TEXT_MAX]
        for each in children(remittance, "Ustrd"):
            yield (each.text or "").strip()[:TEXT_MAX]
    end_to_end = text(detail, "Refs", "EndToEndId")
    if end_to_end and end_to_end != NOT_PROVIDED:
        yield end_to_end


def _payer(detail: etree._Element | None) -> str:
    if detail is None:
        return ""
    inside = ("RltdPties", "DbtrAcct", "Id")
    return text(detail, *inside, "IBAN") or text(detail, *inside, "Othr", "Id") or ""


def _original(detail: etree._Element | None) -> str:
    """Give the bank's reference of the credit that an entry reverses; it stands in the details."""
    found = None if detail is None else text(detail, "Refs", "AcctSvcrRef")
    if not found:
        raise MessageRefused(Reason.NARR, "A reversal does not say of which credit (Refs/AcctSvcrRef). Ask the bank.")
    return found


def _reason(element: etree._Element, name: str) -> str:
    code = text(element, name, "Rsn", "Cd") or text(element, name, "Rsn", "Prtry") or ""
    told = " ".join((each.text or "").strip() for each in children(element, name, "AddtlInf"))
    return f"{code} {told}".strip()[:TEXT_MAX]


def _status(one: etree._Element) -> Iterator[Answer]:
    payout = text(one, "OrgnlEndToEndId") or ""
    status = text(one, "TxSts") or ""
    if is_payout_id(payout):
        says = Says.REFUSED if status == "RJCT" else Says.ACCEPTED
        yield Answer(payout, says, _reason(one, "StsRsnInf") or status)


def _return(one: etree._Element) -> Iterator[Answer]:
    """A return is announced here; the money comes with a camt message."""
    payout = text(one, "OrgnlEndToEndId") or ""
    if is_payout_id(payout):
        yield Answer(payout, Says.RETURNED, _reason(one, "RtrRsnInf"))
