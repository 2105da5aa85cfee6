"""Invoice files written for tests: rows with sensible values, of which a test changes the ones it is about."""

from __future__ import annotations

from sogdia.simulate.online_retail.lines import COLUMNS, InvoiceFile, InvoiceLine, parse_file, parse_line
from sogdia.simulate.online_retail.plan import Plan, make_plan

HEADER = ",".join(COLUMNS)


def row(  # noqa: PLR0913 - a row has eight columns
    invoice: str = "536365",
    code: str = "85123A",
    quantity: object = 6,
    price: object = "2.55",
    *,
    description: str = "WHITE HANGING HEART T-LIGHT HOLDER",
    time: str = "2010-12-01 08:26:00",
    customer: str = "17850.0",
    country: str = "United Kingdom",
) -> str:
    """Write one row."""
    return f"{invoice},{code},{description},{quantity},{time},{price},{customer},{country}"


def sheet(*rows: str, name: str = "day.csv") -> InvoiceFile:
    """Write rows under the header and read them as a file."""
    return parse_file(name, text(*rows).encode())


def text(*rows: str) -> str:
    """Write rows under the header."""
    return "".join(f"{line}\n" for line in (HEADER, *rows))


def line(row_text: str) -> InvoiceLine:
    """Read a row that must be readable."""
    read = parse_line("day.csv", 2, row_text)
    assert isinstance(read, InvoiceLine), read
    return read


def plan(*rows: str) -> Plan:
    """Plan the rows of one file."""
    return make_plan([sheet(*rows)])


def classes(planned: Plan) -> list[str]:
    """Give each line's class in the order of the file."""
    return [judged.line_class.value for judged in planned.judged]
