"""The documents of the other side: what a bank, an acquirer, a wallet or an agent would send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import msgspec

from sogdia.gateway.adapters.bank import INITIATION, NOTICE, REPORT, RETURN, STATEMENT, STATUS, TRANSFER, is_iban
from sogdia.gateway.adapters.signed import VOCABULARIES, document_of, hmac_of, message_of
from sogdia.gateway.desk import DAY
from sogdia.gateway.happenings import Answer, Closing, Entry, Kind, Says
from sogdia.rails.parts import NOT_PROVIDED
from sogdia.rails.spelling import read_amount, write_amount, write_day, write_moment
from sogdia.rails.xml import children, kind_of, part, read, text, write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sogdia.client.keys import KeyPair
    from sogdia.gateway.happenings import Happening
    from sogdia.gateway.settings import RailSettings
    from sogdia.rails.xml import Part

TEXT_CHARACTERS: Final = 35
CODE_CHARACTERS: Final = 4


class Asked(NamedTuple):
    """A pay-out that the other side was asked for."""

    payout: str
    units: int
    destination: str


class Side(Protocol):
    """The other side of one rail."""

    def write(self, told: Sequence[Happening], moment: int) -> list[bytes]:
        """Write documents that tell what has happened."""

    def asked(self, raw: bytes) -> Asked:
        """Read the request for a pay-out."""


def side_of(rail: RailSettings, currency: str, secret: bytes, key: KeyPair | None) -> Side:
    """Give the other side of a rail."""
    if rail.kind == "bank":
        return BankSide(rail.account, currency, rail.orders)
    return SignedSide(rail.kind, rail.account, currency, secret, key)


# ---------------------------------------------------------------------------------------------------------- a bank


class BankSide(NamedTuple):
    """A bank."""

    account: str
    currency: str
    orders: str

    def write(self, told: Sequence[Happening], moment: int) -> list[bytes]:
        """Write a statement where a day ends, a notice of what was booked, or a status report for each answer."""
        entries = [each for each in told if isinstance(each, Entry)]
        closings = [each for each in told if isinstance(each, Closing)]
        written = [self._answer(each, moment) for each in told if isinstance(each, Answer)]
        if closings:
            written.append(write(STATEMENT, self._statement(entries, closings[0], moment)))
        elif entries:
            written.append(write(NOTICE, self._notice(entries, moment)))
        return written

    def _notice(self, entries: Sequence[Entry], moment: int) -> Part | None:
        name = entries[0].reference
        return part(
            "BkToCstmrDbtCdtNtfctn",
            _head(name, moment),
            part("Ntfctn", part("Id", name[:TEXT_CHARACTERS]), self._account(), *map(self._entry, entries)),
        )

    def _statement(self, entries: Sequence[Entry], closing: Closing, moment: int) -> Part | None:
        name = f"statement-{closing.until // DAY}"
        day = write_day(closing.until - DAY)
        return part(
            "BkToCstmrStmt",
            _head(name, moment),
            part(
                "Stmt",
                part("Id", name),
                self._account(),
                self._balance("OPBD", closing.units - sum(each.units for each in entries), day),
                self._balance("CLBD", closing.units, day),
                *map(self._entry, entries),
            ),
        )

    def _account(self) -> Part | None:
        iban = is_iban(self.account)
        named = part("IBAN", self.account) if iban else part("Othr", part("Id", self.account))
        return part("Acct", part("Id", named), part("Ccy", self.currency))

    def _balance(self, code: str, units: int, day: str) -> Part | None:
        return part(
            "Bal",
            part("Tp", part("CdOrPrtry", part("Cd", code))),
            part("Amt", write_amount(abs(units), self.currency), Ccy=self.currency),
            part("CdtDbtInd", "DBIT" if units < 0 else "CRDT"),
            part("Dt", part("Dt", day)),
        )

    def _entry(self, entry: Entry) -> Part | None:
        taken = entry.kind == Kind.TAKEN_BACK
        end_to_end = entry.about if entry.kind in (Kind.PAID, Kind.RETURNED) else NOT_PROVIDED
        payer = None
        if entry.payer:
            named = part("IBAN", entry.payer) if is_iban(entry.payer) else part("Othr", part("Id", entry.payer))
            payer = part("RltdPties", part("DbtrAcct", part("Id", named)))
        remittance = [part("Ustrd", each) for each in entry.texts]
        return part(
            "Ntry",
            part("Amt", write_amount(abs(entry.units), self.currency), Ccy=self.currency),
            part("CdtDbtInd", "DBIT" if entry.units < 0 else "CRDT"),
            part("RvslInd", "true") if taken else None,
            part("Sts", part("Cd", "BOOK")),
            part("BookgDt", part("DtTm", write_moment(entry.booked))),
            part("AcctSvcrRef", entry.reference),
            part("BkTxCd", part("Prtry", part("Cd", str(entry.kind)))),
            part(
                "NtryDtls",
                part(
                    "TxDtls",
                    part("Refs", part("AcctSvcrRef", entry.about) if taken else None, part("EndToEndId", end_to_end)),
                    payer,
                    part("RmtInf", *remittance) if remittance else None,
                    _return_reason(entry),
                ),
            ),
        )

    def _answer(self, answer: Answer, moment: int) -> bytes:
        if answer.says == Says.RETURNED:
            return self._return(answer, moment)
        status = "RJCT" if answer.says == Says.REFUSED else "ACSP"
        code, words = coded(answer.reason)
        reason = part("StsRsnInf", part("Rsn", part("Cd", code)), part("AddtlInf", words))
        one = (part("OrgnlEndToEndId", answer.payout), part("TxSts", status), reason if answer.reason else None)
        head = part("GrpHdr", part("MsgId", answer.payout), part("CreDtTm", write_moment(moment)))
        if self.orders == "pacs.008":
            return write(STATUS, part("FIToFIPmtStsRpt", head, part("TxInfAndSts", *one)))
        group = part("OrgnlGrpInfAndSts", part("OrgnlMsgId", answer.payout), part("OrgnlMsgNmId", INITIATION))
        batch = part("OrgnlPmtInfAndSts", part("OrgnlPmtInfId", answer.payout), part("TxInfAndSts", *one))
        return write(REPORT, part("CstmrPmtStsRpt", head, group, batch))

    def _return(self, answer: Answer, moment: int) -> bytes:
        head = part(
            "GrpHdr",
            part("MsgId", answer.payout),
            part("CreDtTm", write_moment(moment)),
            part("NbOfTxs", "1"),
            part("SttlmInf", part("SttlmMtd", "CLRG")),
        )
        one = part(
            "TxInf",
            part("OrgnlEndToEndId", answer.payout),
            part("RtrdIntrBkSttlmAmt", "1.00", Ccy=self.currency),
            part(
                "RtrRsnInf", part("Rsn", part("Cd", coded(answer.reason)[0])), part("AddtlInf", coded(answer.reason)[1])
            ),
        )
        return write(RETURN, part("PmtRtr", head, one))

    def asked(self, raw: bytes) -> Asked:
        """Read a pain.001 or a pacs.008 of the gateway."""
        kind = kind_of(raw)
        root = read(raw, TRANSFER if kind == TRANSFER else INITIATION)
        where = ("CdtTrfTxInf",) if kind == TRANSFER else ("PmtInf", "CdtTrfTxInf")
        (one,) = children(root, *where)
        amount = text(one, "IntrBkSttlmAmt") if kind == TRANSFER else text(one, "Amt", "InstdAmt")
        destination = text(one, "CdtrAcct", "Id", "IBAN") or text(one, "CdtrAcct", "Id", "Othr", "Id") or ""
        return Asked(text(one, "PmtId", "EndToEndId") or "", read_amount(amount or "", self.currency), destination)


def coded(reason: str) -> tuple[str, str]:
    """Take a reason apart into the code with which it begins, of four characters, and its words."""
    code, _, words = reason.partition(" ")
    return (code, words) if len(code) == CODE_CHARACTERS and code.isupper() and words else ("NARR", reason)


def _return_reason(entry: Entry) -> Part | None:
    """Say why money came back, as a bank always does, or was taken back."""
    if entry.kind == Kind.RETURNED:
        code, words = coded(entry.reason or "returned")
        return part("RtrInf", part("Rsn", part("Cd", code)), part("AddtlInf", words))
    return part("RtrInf", part("AddtlInf", entry.reason)) if entry.reason else None


def _head(name: str, moment: int) -> Part | None:
    return part("GrpHdr", part("MsgId", name[:TEXT_CHARACTERS]), part("CreDtTm", write_moment(moment)))


# ------------------------------------------------------------------------------------------------------ signed rails


class SignedSide(NamedTuple):
    """An acquirer, a wallet or an agent."""

    kind: str
    account: str
    currency: str
    secret: bytes
    key: KeyPair | None

    def write(self, told: Sequence[Happening], moment: int) -> list[bytes]:
        """Write a signed document for everything that has happened."""
        return [self._signed(self._body(each, moment), moment) for each in told]

    def _body(self, told: Happening, moment: int) -> bytes:
        words = VOCABULARIES[self.kind]
        body: dict[str, str | int] = {"account": self.account, "time": moment}
        match told:
            case Entry():
                (name,) = [each for each, kind in words.entries.items() if kind == told.kind]
                body |= {
                    "id": told.reference,
                    "type": name,
                    "time": told.booked,
                    "amount": write_amount(abs(told.units), self.currency),
                    "currency": self.currency,
                    "reference": told.texts[0] if told.texts else "",
                    "about": told.about,
                    "payer": told.payer,
                    "reason": told.reason,
                }
            case Answer():
                says = Says.REFUSED if told.says == Says.REFUSED else Says.ACCEPTED
                (name,) = [each for each, answer in words.answers.items() if answer == says]
                identity = f"answer-{told.payout}-{says}"
                body |= {"id": identity, "type": name, "about": told.payout, "reason": told.reason}
            case Closing():
                amount = write_amount(told.units, self.currency)
                body |= {"id": f"closing-{told.until}", "type": words.balance, "time": told.until}
                body |= {"amount": amount, "currency": self.currency}
        return msgspec.json.encode(body)

    def _signed(self, body: bytes, moment: int) -> bytes:
        message = message_of(moment, body)
        if VOCABULARIES[self.kind].by_secret:
            return document_of(moment, body, hmac_of(self.secret, message))
        if self.key is None:
            raise ValueError("a wallet or an agent signs with a key")
        return document_of(moment, body, self.key.sign(message))

    def asked(self, raw: bytes) -> Asked:
        """Read an order of the gateway."""
        order = msgspec.json.decode(raw, type=dict[str, str | int])
        units = read_amount(str(order["amount"]), str(order["currency"]))
        return Asked(str(order["id"]), units, str(order["destination"]))
