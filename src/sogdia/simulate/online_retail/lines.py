"""Invoice lines read from CSV files: each line of a file becomes an `InvoiceLine`, or a `Malformed` with its reason.

One line of the file is one line of an invoice. A quotation mark that is opened must be closed on the same line, so one
stray mark spoils its own line and can't swallow the thousand after it. Nothing is skipped, not even a blank line: the
lines that come out are as many as went in.

A file that can't be this format at all (another encoding, another header) is refused as a whole.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from sogdia.simulate.online_retail.moments import moment_from_text
from sogdia.simulate.online_retail.prices import PRICE_DECIMALS_MAX, PRICE_POUNDS_MAX, price_from_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")

FILE_BYTES_MAX = 128 * 1024 * 1024
LINE_CHARACTERS_MAX = 4096
STOCK_CODE_CHARACTERS_MAX = 32
DESCRIPTION_BYTES_MAX = 200
COUNTRY_CHARACTERS_MAX = 64
QUANTITY_MAX = 1_000_000

_SHOWN_CHARACTERS_MAX = 40
_OTHER_BYTE_ORDER_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
_SAVE_AS_UTF8 = "Save it as UTF-8, for example: iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW-FILE"

# An invoice number becomes an order's reference on the ledger, and with a prefix of two a guest's: 14 + 2 = 16.
_INVOICE = re.compile(r"[0-9A-Za-z._-]{1,14}", re.ASCII)
_QUANTITY = re.compile(r"-?[0-9]{1,7}", re.ASCII)
_CUSTOMER = re.compile(r"([0-9]{1,9})(?:\.0)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One line of an invoice, as it stood in the file. `time` is in seconds, the file's time taken as UTC."""

    file: str
    line_number: int
    invoice: str
    stock_code: str
    description: str
    quantity: int
    time: int
    unit_price_e12: int
    customer: str | None
    country: str


@dataclass(frozen=True, slots=True)
class Malformed:
    """A line that can't be read, and why."""

    file: str
    line_number: int
    reason: str


@dataclass(frozen=True, slots=True)
class InvoiceFile:
    """One file: its lines in order, each read or malformed. The digest tells copies from files that share a name."""

    name: str
    digest: bytes
    lines: tuple[InvoiceLine | Malformed, ...]


class InputRefused(Exception):  # noqa: N818 - an answer to whoever gave the files, not an error of ours
    """The input can't be used. Says where, why, and what to do next."""

    def __init__(self, where: str, reason: str, way_out: str) -> None:
        """Remember the place, the reason and the way out."""
        super().__init__(f"{where}: {reason}. {way_out}")
        self.where = where
        self.reason = reason
        self.way_out = way_out


class _Unreadable(Exception):  # noqa: N818 - private to this file: carries a reason out of a field
    """A field breaks a rule of the format."""


def read_files(paths: Sequence[Path]) -> tuple[InvoiceFile, ...]:
    """Read all files and put them into an order of their own, so that the command line's doesn't matter.

    The order is by the time on the first readable line, then by name, then by content. A file is called by its base
    name, or by the path given where two share one.
    """
    shared = {base for base, times in Counter(path.name for path in paths).items() if times > 1}
    files = [parse_file(str(path) if path.name in shared else path.name, _bytes_of(path)) for path in paths]
    _refuse_copies(files)
    return in_order(files)


def in_order(files: Sequence[InvoiceFile]) -> tuple[InvoiceFile, ...]:
    """Sort files by the time on their first readable line, then by name, then by content."""
    return tuple(sorted(files, key=lambda file: (_first_time(file), file.name, file.digest)))


def parse_file(name: str, raw: bytes) -> InvoiceFile:
    """Read the bytes of one file, or refuse the file when it isn't this format."""
    header, *rows = _text_of(name, raw).split("\n")
    if rows and rows[-1] == "":
        rows.pop()  # what stands after the last line's end is not a line
    _check_header(name, header)
    lines = tuple(parse_line(name, number, row) for number, row in enumerate(rows, start=2))
    return InvoiceFile(name, sha256(raw).digest(), lines)


def parse_line(file: str, line_number: int, row: str) -> InvoiceLine | Malformed:
    """Read one line of the file `file`."""
    try:
        invoice, stock_code, description, quantity, time, price, customer, country = _fields_of(row)
        return InvoiceLine(
            file=file,
            line_number=line_number,
            invoice=_invoice(invoice),
            stock_code=_label("StockCode", stock_code, STOCK_CODE_CHARACTERS_MAX),
            description=_description(description),
            quantity=_quantity(quantity),
            time=_time(time),
            unit_price_e12=_price(price),
            customer=_customer(customer),
            country=_label("Country", country, COUNTRY_CHARACTERS_MAX),
        )
    except _Unreadable as unreadable:
        return Malformed(file, line_number, str(unreadable))


def _bytes_of(path: Path) -> bytes:
    """Read a file's bytes, up to the limit."""
    try:
        with path.open("rb") as opened:
            raw = opened.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise InputRefused(str(path), f"cannot be read ({error.strerror})", "Give a CSV file that exists.") from error
    if len(raw) > FILE_BYTES_MAX:
        raise InputRefused(str(path), f"is longer than {FILE_BYTES_MAX} bytes", "Split it, for example by day.")
    return raw


def _refuse_copies(files: Sequence[InvoiceFile]) -> None:
    """Refuse the same lines twice: nobody means to sell everything a second time."""
    seen: dict[bytes, str] = {}
    for file in sorted(files, key=lambda file: file.name):
        if file.lines and file.digest in seen:
            raise InputRefused(file.name, f"holds the same bytes as {seen[file.digest]}", "Give each file once.")
        seen[file.digest] = file.name


def _first_time(file: InvoiceFile) -> int:
    """Give the time on the first readable line; a file without one sorts first and changes nothing."""
    return next((line.time for line in file.lines if isinstance(line, InvoiceLine)), 0)


def _text_of(name: str, raw: bytes) -> str:
    """Decode UTF-8, with or without a byte order mark; refuse anything else by the line where it shows."""
    if raw.startswith(_OTHER_BYTE_ORDER_MARKS):
        raise InputRefused(f"{name}, line 1", "begins with the mark of UTF-16 or UTF-32", _SAVE_AS_UTF8)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line_number = raw.count(b"\n", 0, error.start) + 1
        reason = f"byte 0x{raw[error.start]:02X} is not UTF-8"
        raise InputRefused(f"{name}, line {line_number}", reason, _SAVE_AS_UTF8) from error
    return text.removeprefix("\ufeff")


def _check_header(name: str, header: str) -> None:
    """Refuse a file whose first line doesn't name exactly the eight columns in their order."""
    try:
        named: tuple[str, ...] | None = tuple(_split(header))
    except _Unreadable:
        named = None
    if named == COLUMNS:
        return
    if "\0" in header:
        raise InputRefused(f"{name}, line 1", "holds zero bytes, as UTF-16 does", _SAVE_AS_UTF8)
    way_out = f"The first line must be {','.join(COLUMNS)} with commas between and a line feed at its end."
    raise InputRefused(f"{name}, line 1", f"the header is {_shown(header)}", way_out)


def _fields_of(row: str) -> list[str]:
    """Cut a line into its eight fields."""
    if len(row) > LINE_CHARACTERS_MAX:
        raise _Unreadable(f"the line has {len(row)} characters; {LINE_CHARACTERS_MAX} is the most")
    fields = _split(row)
    if not fields:
        raise _Unreadable("the line is blank")
    if len(fields) != len(COLUMNS):
        raise _Unreadable(f"the number of columns is {len(fields)}, not {len(COLUMNS)}")
    return fields


def _split(row: str) -> list[str]:
    """Cut one line at its commas, minding quotation marks."""
    try:
        return next(csv.reader([row.removesuffix("\r")], strict=True), [])
    except csv.Error as error:
        raise _Unreadable(f"the line is not CSV ({error}); quotation marks must close on the line") from error


def _invoice(text: str) -> str:
    """Read an invoice number."""
    if _INVOICE.fullmatch(text) is None:
        raise _Unreadable(f"InvoiceNo is {_shown(text)}, not 1 to 14 of the characters 0-9 A-Z a-z . _ -")
    return text


def _label(column: str, text: str, characters_max: int) -> str:
    """Read a name that tells things apart, exactly as written: no invisible character may make two look alike."""
    if not text.strip():
        raise _Unreadable(f"{column} is blank")
    if len(text) > characters_max:
        raise _Unreadable(f"{column} has {len(text)} characters; {characters_max} is the most")
    if not text.isprintable():
        raise _Unreadable(f"{column} is {_shown(text)} and holds an invisible character")
    return text


def _description(text: str) -> str:
    """Read a description. It may be blank, and it decides nothing."""
    size = len(text.encode("utf-8"))
    if size > DESCRIPTION_BYTES_MAX:
        raise _Unreadable(f"Description has {size} bytes; {DESCRIPTION_BYTES_MAX} is the most")
    return text


def _quantity(text: str) -> int:
    """Read a quantity."""
    if _QUANTITY.fullmatch(text) is None or abs(int(text)) > QUANTITY_MAX:
        raise _Unreadable(f"Quantity is {_shown(text)}, not a whole number of at most {QUANTITY_MAX}")
    return int(text)


def _time(text: str) -> int:
    """Read a date and time as UTC seconds."""
    try:
        return moment_from_text(text)
    except ValueError as error:
        raise _Unreadable(f"InvoiceDate is {_shown(text)}: {error}") from error


def _price(text: str) -> int:
    """Read a unit price in pounds, in trillionths."""
    price_e12 = price_from_text(text)
    if price_e12 is None:
        limits = f"at most {PRICE_POUNDS_MAX} pounds and {PRICE_DECIMALS_MAX} decimals"
        raise _Unreadable(f"UnitPrice is {_shown(text)}, not a decimal number of {limits}")
    return price_e12


def _customer(text: str) -> str | None:
    """Read a customer number; the files write 17850 as 17850.0. Blank means a guest."""
    if not text.strip():
        return None
    found = _CUSTOMER.fullmatch(text)
    if found is None:
        raise _Unreadable(f"CustomerID is {_shown(text)}, not a whole number of at most 9 digits")
    return str(int(found[1]))


def _shown(text: str) -> str:
    """Quote a value for a message, cut to a readable length, with invisible characters spelled out."""
    return ascii(text) if len(text) <= _SHOWN_CHARACTERS_MAX else f"{text[:_SHOWN_CHARACTERS_MAX]!a}…"
