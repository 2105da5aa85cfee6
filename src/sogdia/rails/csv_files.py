"""Statements as a table for spreadsheets and programs, and an institution's own table as it is read back.

    account,currency,issuer,row,time,entry,uetr,what,reference,other,purpose,amount,available,set_aside

`row` is opening, booked, info or closing. `amount` has its sign and the digits of ISO 4217; an entry for information
has none. The last two columns are the balance after the row. A reference is a stranger's text: where it begins as a
formula does, an apostrophe stands before it, so that a spreadsheet shows it and does not run it.
"""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from sogdia.client.codes import account_code
from sogdia.modules.money.iso4217 import MINOR_DIGITS
from sogdia.rails.spelling import write_amount, write_moment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sogdia.rails.books import Balances
    from sogdia.rails.statements import Statement

HEAD: Final = tuple(
    "account currency issuer row time entry uetr what reference other purpose amount available set_aside".split()
)
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")

BYTES_MAX: Final = 64 * 2**20
ROWS_MAX: Final = 500_000


def statements_csv(statements: Sequence[Statement]) -> str:
    """Write statements as one table."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(HEAD)
    for each in statements:
        writer.writerows(_rows(each))
    return text.getvalue()


def _rows(statement: Statement) -> Iterator[tuple[str, ...]]:
    asset = statement.asset
    first = (account_code(statement.account), asset.currency, account_code(asset.issuer))

    def balance(after: Balances) -> tuple[str, str]:
        return write_amount(after.available, asset.currency), write_amount(after.held, asset.currency)

    now = statement.opening
    yield (*first, "opening", write_moment(statement.since), *[""] * 7, *balance(now))
    for entry in statement.entries:
        movement = entry.movement
        now = now.after(movement)
        yield (
            *first,
            "booked" if movement.booked else "info",
            write_moment(entry.time),
            str(entry.number),
            entry.uetr,
            entry.fact,
            shown(movement.reference),
            "" if movement.other is None else account_code(movement.other),
            movement.purpose,
            write_amount(movement.booked, asset.currency) if movement.booked else "",
            *balance(now),
        )
    end = statement.until if statement.is_over else statement.time
    yield (*first, "closing", write_moment(end), *[""] * 7, *balance(statement.closing))


def shown(text: str) -> str:
    """Write a stranger's text so that a spreadsheet takes it for a text."""
    return f"'{text}" if text.startswith(FORMULA) else text


# ------------------------------------------------------------------------------------------------------------- reading


class TableWrongError(Exception):
    """A table that cannot be read: in which line, and why."""


class BankRow(NamedTuple):
    """A line of an institution's own books about one account."""

    line: int
    date: str
    reference: str
    units: int
    """In minor units; what left the account is below nothing."""


BANK_HEAD: Final = ("date", "reference", "amount")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_AMOUNT: Final = re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{1,5})?\Z")


def read_bank_table(raw: bytes, currency: str) -> list[BankRow]:
    """Read an institution's table: a head that names `date`, `reference` and `amount`, in any order, and others.

    A column `currency`, where there is one, chooses the lines that are meant.
    """
    if len(raw) > BYTES_MAX:
        raise TableWrongError(f"the table has {len(raw)} bytes; at most {BYTES_MAX} are read")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TableWrongError(f"byte {error.start} is not UTF-8: write the table as UTF-8") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        return list(_bank_rows(reader, currency))
    except csv.Error as error:
        raise TableWrongError(f"line {reader.line_num}: {error}") from error


def _bank_rows(reader: Iterator[list[str]], currency: str) -> Iterator[BankRow]:
    head = [name.strip().lower() for name in next(reader, [])]
    missing = [name for name in BANK_HEAD if head.count(name) != 1]
    if missing:
        raise TableWrongError(f"line 1 names no column, or several, called {', '.join(missing)}")
    at = {name: head.index(name) for name in (*BANK_HEAD, "currency") if name in head}
    for count, row in enumerate(reader, start=2):
        if count > ROWS_MAX:
            raise TableWrongError(f"there are more than {ROWS_MAX} lines: reconcile fewer days at once")
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(head):
            raise TableWrongError(f"line {count} has {len(row)} cells, the head {len(head)}")
        found = {name: row[place].strip() for name, place in at.items()}
        if found.get("currency", currency) == currency:
            units = _units(found["amount"], currency, count)
            yield BankRow(count, _date(found["date"], count), found["reference"].removeprefix("'"), units)


def _date(text: str, line: int) -> str:
    try:
        if _DATE.match(text):
            datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
            return text
    except ValueError:
        pass
    raise TableWrongError(f"line {line}: {text!r} is no date; write 2026-11-22")


def _units(text: str, currency: str, line: int) -> int:
    digits = MINOR_DIGITS[currency]
    if not _AMOUNT.match(text):
        raise TableWrongError(f"line {line}: {text!r} is no amount; write -1250.00, with a point and without groups")
    whole, _, fraction = text.lstrip("+-").partition(".")
    if len(fraction) > digits:
        raise TableWrongError(f"line {line}: {text} has more than the {digits} digits that {currency} has")
    units = int((whole + fraction).ljust(len(whole) + digits, "0"))
    return -units if text.startswith("-") else units
