"""What `sogdia statement` and `sogdia reconcile` do: reading the ledger's books for one account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

from sogdia.cli import documents, options, statement_reading
from sogdia.cli.exits import Exit, Stopped, usage
from sogdia.cli.finding import find_node
from sogdia.cli.moments import read_moment
from sogdia.cli.sessions import Session, keys_of, read_limited
from sogdia.cli.show import paragraphs
from sogdia.cli.tables import table_words
from sogdia.client.locales import LocaleUnknown, read_locale
from sogdia.client.wording import amount_words, moment_words
from sogdia.rails import camt, csv_files, pages, xml
from sogdia.rails.reconciling import Report, reconcile
from sogdia.rails.statements import DAY, Period, Statement

if TYPE_CHECKING:
    from pathlib import Path

    from babel.core import Locale

    from sogdia.cli.options import Way
    from sogdia.rails.books import Balances
    from sogdia.rails.csv_files import BankRow
    from sogdia.rails.statements import Entry

PAGE_LANGUAGE = "en"
"""The language of the page's words, whose numbers it shows unless another is named."""


class Asked(NamedTuple):
    """Whose statement, in which money, for which days; as it was typed."""

    account: str
    money: str | None
    day: str | None
    to: str | None
    database: str | None
    from_blocks: bool


class Style(NamedTuple):
    """In which form statements are written, and whose numbers people are shown."""

    form: str
    locale: Locale


class Made(NamedTuple):
    """Statements, and of which network."""

    network: bytes
    statements: list[Statement]


def make(asked: Asked, session: Session, folder: Path) -> Made:
    """Read the ledger and make the statements that are asked for; each balances, or there is none."""
    account = session.naming.account(asked.account)
    money = None if asked.money is None else session.naming.asset(asked.money)
    network = session.naming.network.hash
    wanted = statement_reading.Wanted(network, account, money, _period(asked, session.now))
    making, height, time = statement_reading.read(
        wanted, session.node, folder, asked.database, from_blocks=asked.from_blocks
    )
    found = making.statements(height, time)
    if money is not None:
        found = [each for each in found if each.asset == money]
    if not found:
        raise Stopped(
            Exit.NOT_FOUND,
            f"{session.naming.call(account)} had no such money until the end of that time.",
            "Compare --money and --day; 'sogdia query balances' says what it has now.",
        )
    return Made(network, found)


def _period(asked: Asked, now: int) -> Period:
    since = now // DAY * DAY if asked.day is None else _day(asked.day)
    last = since if asked.to is None else _day(asked.to)
    if last < since:
        raise usage(f"--to {asked.to} lies before --day {asked.day}.", "Give the earlier day first.")
    return Period(since, last + DAY)


def _day(text: str) -> int:
    moment = read_moment(text, None)
    if moment % DAY:
        raise usage(f"{text!r} is a moment within a day.", "Write the day alone, such as 2026-11-22.")
    return moment


# ---------------------------------------------------------------------------------------------------------- statements


def style_of(form: str, locale: str | None) -> Style:
    """Read how statements are to be written."""
    if locale is not None and form != "html":
        raise usage(
            f"--locale is for --form html, and this is --form {form}.",
            "Leave out --locale, or add --form html.",
        )
    try:
        return Style(form, read_locale(locale or PAGE_LANGUAGE))
    except LocaleUnknown as unknown:
        raise usage(f"{unknown}.", "Write its tag by BCP 47, such as uz, ru-KZ or zh-Hant-TW.") from unknown


def run_statement(asked: Asked, style: Style, out: Path | None, way: Way) -> None:
    """Make statements and write them in a form."""
    form = style.form
    if form.startswith("camt"):
        xml.library()
    if way.as_json and form != "words":
        raise usage("--json is a form of its own.", "Leave out --form, or --json.")
    with Session(way.node_folder, keys_of(way.node_folder, way.keys_folder)) as session:
        made = make(asked, session, find_node(way.node_folder))
        if way.as_json:
            options.show("", {"statements": [_document(each) for each in made.statements]}, as_json=True)
            return
        content = _written(made, style, session)
    if out is None:
        click.echo(content, nl=form == "words")
        return
    with out.open("xb") as stream:
        stream.write(content if isinstance(content, bytes) else content.encode())


def _written(made: Made, style: Style, session: Session) -> str | bytes:
    match style.form:
        case "camt.053":
            return camt.statement_message(made.statements, made.network)
        case "camt.054":
            return camt.notice_message(made.statements, made.network)
        case "csv":
            return csv_files.statements_csv(made.statements)
        case "html":
            session.showing()
            return pages.statements_page(made.statements, session.naming.call, moment_words, style.locale)
        case _:
            session.showing()
            return paragraphs([line for each in made.statements for line in _words(each, session)])


def _words(statement: Statement, session: Session) -> list[list[str]]:
    currency = statement.asset.currency
    call = session.naming.call
    end = statement.until if statement.is_over else statement.time
    head = [
        f"{call(statement.account)}, {session.naming.call_asset(statement.asset)}",
        f"{moment_words(statement.since)} to {moment_words(end)}{'' if statement.is_over else ', not over'}",
    ]
    rows = [("", "", "opening", "", "", *_balance(statement.opening, currency))]
    now = statement.opening
    for entry in statement.entries:
        movement = entry.movement
        now = now.after(movement)
        rows.append(
            (
                moment_words(entry.time),
                "" if movement.other is None else call(movement.other),
                pages.wording_of(entry.fact),
                movement.reference,
                _signed(movement.booked, currency),
                *_balance(now, currency),
            )
        )
    rows.append(("", "", "closing" if statement.is_over else "so far", "", "", *_balance(statement.closing, currency)))
    table = table_words(
        ("time", "with", "what", "reference", "amount", "available", "set aside"), rows, frozenset({4, 5, 6})
    )
    checked = f"Compared with the ledger's own balances at block {statement.height}."
    return [head, table.splitlines(), [checked]]


def _signed(units: int, currency: str) -> str:
    if not units:
        return ""
    return f"+{amount_words(units, currency)}" if units > 0 else amount_words(units, currency)


def _balance(balances: Balances, currency: str) -> tuple[str, str]:
    return amount_words(balances.available, currency), amount_words(balances.held, currency)


def _document(statement: Statement) -> dict[str, Any]:
    asset = statement.asset
    return {
        "account": documents.account(statement.account),
        "currency": asset.currency,
        "issuer": documents.account(asset.issuer),
        "since": statement.since,
        "until": statement.until,
        "is_over": statement.is_over,
        "height": statement.height,
        "opening": _balance_document(statement.opening),
        "closing": _balance_document(statement.closing),
        "entries": [_entry_document(each) for each in statement.entries],
    }


def _balance_document(balances: Balances) -> dict[str, Any]:
    return {"available": documents.number(balances.available), "held": documents.number(balances.held)}


def _entry_document(entry: Entry) -> dict[str, Any]:
    movement = entry.movement
    return {
        "number": entry.number,
        "time": entry.time,
        "uetr": entry.uetr,
        "event": entry.fact,
        "other": None if movement.other is None else documents.account(movement.other),
        "reference": movement.reference,
        "purpose": movement.purpose,
        "available": documents.number(movement.available),
        "held": documents.number(movement.held),
    }


# ------------------------------------------------------------------------------------------------------ reconciliation


def run_reconcile(file: Path, asked: Asked, way: Way) -> int:
    """Compare an institution's table with the ledger; gives the exit status."""
    raw = read_limited(file, csv_files.BYTES_MAX)
    with Session(way.node_folder, keys_of(way.node_folder, way.keys_folder)) as session:
        money = session.naming.asset(str(asked.money))
        rows = csv_files.read_bank_table(raw, money.currency)
        (statement,) = make(asked, session, find_node(way.node_folder)).statements
        report = reconcile(statement, rows)
        words = "" if way.as_json else _report_words(report, statement, session)
    options.show(words, _report_document(report), as_json=way.as_json)
    return Exit.DONE if report.all_matches else Exit.DAMAGED


def _report_words(report: Report, statement: Statement, session: Session) -> str:
    currency = statement.asset.currency

    def here(entry: Entry) -> str:
        movement = entry.movement
        other = "" if movement.other is None else f", {session.naming.call(movement.other)}"
        amount = _signed(movement.booked, currency)
        return f"{moment_words(entry.time)}  {amount}  {movement.reference or '(no reference)'}{other}  {entry.uetr}"

    def there(row: BankRow) -> str:
        return (
            f"line {row.line}: {row.date}  {_signed(row.units, currency) or '0'}  {row.reference or '(no reference)'}"
        )

    unnamed = [each for each in report.matched if not each.by_reference]
    count = len(report.matched)
    head = [f"{count} line{'s match' if count != 1 else ' matches'}, {len(unnamed)} of them by amount and day alone."]
    lists: list[tuple[str, list[str]]] = [
        ("Matched by amount and day", [f"{here(each.entry)}  =  {there(each.row)}" for each in unnamed]),
        ("The amount differs", [f"{here(each.entry)}  ≠  {there(each.row)}" for each in report.differing]),
        ("Twice there", [f"{there(row)}, as line {pair.row.line}" for row, pair in report.duplicates]),
        ("Missing there", [here(each) for each in report.missing_there]),
        ("Missing here", [there(each) for each in report.missing_here]),
    ]
    parts = [[f"{title}:", *(f"  {line}" for line in lines)] for title, lines in lists if lines]
    end = ["Both say the same."] if report.all_matches else ["They do not say the same."]
    return paragraphs([head, *parts, end])


def _report_document(report: Report) -> dict[str, Any]:
    return {
        "all_matches": report.all_matches,
        "matched": [
            {"entry": _entry_document(each.entry), "row": _row_document(each.row), "by_reference": each.by_reference}
            for each in report.matched
        ],
        "differing": [
            {"entry": _entry_document(each.entry), "row": _row_document(each.row)} for each in report.differing
        ],
        "duplicates": [{"row": _row_document(row), "of_line": pair.row.line} for row, pair in report.duplicates],
        "missing_there": [_entry_document(each) for each in report.missing_there],
        "missing_here": [_row_document(each) for each in report.missing_here],
    }


def _row_document(row: BankRow) -> dict[str, Any]:
    return {
        "line": row.line,
        "date": row.date,
        "reference": row.reference,
        "units": documents.number(row.units),
    }
