"""Statements and notices as messages: camt.053 for a day's statement, camt.054 for its credits and debits.

OPBD  CLBD     what the account owns at the beginning and at the end, set aside or not
OPAV  CLAV     what of it is free to spend
ITBD  ITAV     the same at the end of a period that is not over
SET ASIDE      what is promised to others; no code of ISO means that, so it stands under a name of our own
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sogdia.rails.parts import NOT_PROVIDED, account, agent, amount, direction, message_id, other, party
from sogdia.rails.spelling import SCHEME, contract_of, write_amount, write_day, write_moment, write_rate
from sogdia.rails.statements import DAY, totals
from sogdia.rails.xml import Part, part, write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sogdia.rails.statements import Entry, Statement

STATEMENT: Final = "camt.053.001.08"
NOTICE: Final = "camt.054.001.08"
SET_ASIDE: Final = "SET ASIDE"
ID_CHARACTERS: Final = 35


def statement_message(statements: Sequence[Statement], network: bytes) -> bytes:
    """Write statements, one at least, as one camt.053."""
    return write(STATEMENT, part("BkToCstmrStmt", _head(STATEMENT, statements), *_each(statements, network)))


def _each(statements: Sequence[Statement], network: bytes) -> list[Part | None]:
    return [_statement(each, network) for each in statements]


def notice_message(statements: Sequence[Statement], network: bytes) -> bytes:
    """Write what was credited and debited, by one statement at least, as one camt.054."""
    notices = [
        part(
            "Ntfctn",
            *_beginning(each, NOTICE, network),
            *(_entry(entry, each, network) for entry in each.booked),
        )
        for each in statements
    ]
    return write(NOTICE, part("BkToCstmrDbtCdtNtfctn", _head(NOTICE, statements), *notices))


def _head(kind: str, statements: Sequence[Statement]) -> Part | None:
    if not statements:
        raise ValueError("a message tells of one statement at least")
    about = [_about(each) for each in statements]
    return part(
        "GrpHdr",
        part("MsgId", message_id(kind, about)),
        part("CreDtTm", write_moment(max(each.time for each in statements))),
    )


def _about(statement: Statement) -> str:
    asset = statement.asset
    parts = (statement.account.hex(), asset.currency, asset.issuer.hex(), statement.since, statement.until)
    return " ".join(map(str, (*parts, statement.height)))


def _beginning(statement: Statement, kind: str, network: bytes) -> tuple[Part | None, ...]:
    asset = statement.asset
    return (
        part("Id", message_id(kind + " part", [_about(statement)])),
        part("ElctrncSeqNb", str(statement.since // DAY)),
        part("CreDtTm", write_moment(statement.time)),
        part(
            "FrToDt",
            part("FrDtTm", write_moment(statement.since)),
            part("ToDtTm", write_moment(min(statement.until, max(statement.time, statement.since)))),
        ),
        part(
            "Acct",
            part("Id", other(statement.account, network)),
            part("Ccy", asset.currency),
            agent("Svcr", asset.issuer, network),
        ),
    )


def _statement(statement: Statement, network: bytes) -> Part | None:
    opening, closing = statement.opening, statement.closing
    last_day = (statement.until if statement.is_over else statement.time + 1) - 1
    booked, available = ("CLBD", "CLAV") if statement.is_over else ("ITBD", "ITAV")
    return part(
        "Stmt",
        *_beginning(statement, STATEMENT, network),
        _balance(statement, part("Cd", "OPBD"), opening.booked, statement.since),
        _balance(statement, part("Cd", booked), closing.booked, last_day),
        _balance(statement, part("Cd", "OPAV"), opening.available, statement.since),
        _balance(statement, part("Cd", available), closing.available, last_day),
        _balance(statement, part("Prtry", SET_ASIDE), closing.held, last_day),
        _summary(statement),
        *(_entry(each, statement, network) for each in statement.entries),
    )


def _balance(statement: Statement, kind: Part | None, units: int, moment: int) -> Part | None:
    return part(
        "Bal",
        part("Tp", part("CdOrPrtry", kind)),
        amount("Amt", units, statement.asset),
        direction(units),
        part("Dt", part("Dt", write_day(moment))),
    )


def _summary(statement: Statement) -> Part | None:
    credits_, credited, debits, debited = totals(statement.booked)
    currency = statement.asset.currency
    return part(
        "TxsSummry",
        part("TtlNtries", part("NbOfNtries", str(credits_ + debits))),
        part("TtlCdtNtries", part("NbOfNtries", str(credits_)), part("Sum", write_amount(credited, currency))),
        part("TtlDbtNtries", part("NbOfNtries", str(debits)), part("Sum", write_amount(debited, currency))),
    )


def _entry(entry: Entry, statement: Statement, network: bytes) -> Part | None:
    """Write an entry; one of setting aside, or of freeing again, is for information."""
    movement = entry.movement
    units = movement.booked or movement.available
    moment = write_moment(entry.time)
    return part(
        "Ntry",
        part("NtryRef", str(entry.number)),
        amount("Amt", units, statement.asset),
        direction(units),
        part("Sts", part("Cd", "BOOK" if movement.booked else "INFO")),
        part("BookgDt", part("DtTm", moment)),
        part("ValDt", part("DtTm", moment)),
        part("AcctSvcrRef", entry.uetr.replace("-", "")),
        part("BkTxCd", part("Prtry", part("Cd", entry.fact[:ID_CHARACTERS]), part("Issr", SCHEME))),
        part("NtryDtls", _details(entry, statement, units, network)),
    )


def _details(entry: Entry, statement: Statement, units: int, network: bytes) -> Part | None:
    movement = entry.movement
    return part(
        "TxDtls",
        part("Refs", part("EndToEndId", movement.reference or NOT_PROVIDED), part("UETR", entry.uetr)),
        amount("Amt", units, statement.asset),
        direction(units),
        _exchanged(entry, statement),
        _related(entry, network),
        part("Purp", part("Cd", movement.purpose)) if movement.purpose else None,
    )


def _exchanged(entry: Entry, statement: Statement) -> Part | None:
    """Say what was paid in another money, at which rate and by which contract."""
    exchange, units = entry.exchange, entry.movement.booked
    if exchange is None or not units:
        return None
    rate = write_rate(exchange.units, exchange.asset.currency, abs(units), statement.asset.currency)
    if rate is None:
        return None
    exchanged = part(
        "CcyXchg",
        part("SrcCcy", exchange.asset.currency),
        part("TrgtCcy", statement.asset.currency),
        part("UnitCcy", exchange.asset.currency),
        part("XchgRate", rate),
        part("CtrctId", contract_of(exchange.digest)) if exchange.digest else None,
    )
    return part("AmtDtls", part("InstdAmt", amount("Amt", exchange.units, exchange.asset), exchanged))


def _related(entry: Entry, network: bytes) -> Part | None:
    """Name the other side of a payment."""
    movement = entry.movement
    if movement.other is None:
        return None
    name = "Dbtr" if movement.booked > 0 else "Cdtr"
    return part(
        "RltdPties",
        part(name, party("Pty", movement.other, network)),
        account(f"{name}Acct", movement.other, network),
    )
