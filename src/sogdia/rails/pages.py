"""Statements as a page to read and to print: its words are English, its amounts those of the reader's language."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from sogdia.client.codes import account_code
from sogdia.client.declared import events
from sogdia.client.locales import amount_for_people
from sogdia.client.shapes import summary
from sogdia.rails.statements import totals

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from babel.core import Locale

    from sogdia.rails.books import Balances
    from sogdia.rails.statements import Statement


def statements_page(
    statements: Sequence[Statement], call: Callable[[bytes], str], moment: Callable[[int], str], locale: Locale
) -> str:
    """Write statements as one page of HTML that needs nothing from elsewhere."""
    shown = [_shown(each, call, moment, locale) for each in statements]
    return _environment().get_template("statement.html").render(statements=shown)


def wording_of(fact: str) -> str:
    """Say in a sentence what the ledger calls something."""
    return summary(events()[fact])


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("sogdia.rails", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _shown(
    statement: Statement, call: Callable[[bytes], str], moment: Callable[[int], str], locale: Locale
) -> dict[str, Any]:
    def amount(units: int) -> str:
        return amount_for_people(units, statement.asset.currency, locale)

    _credits, credited, _debits, debited = totals(statement.booked)

    def balance(of: Balances) -> dict[str, str]:
        parts = {"booked": of.booked, "available": of.available, "held": of.held}
        return {name: amount(units) for name, units in parts.items()}

    rows = []
    now = statement.opening
    for entry in statement.entries:
        movement = entry.movement
        now = now.after(movement)
        rows.append(
            {
                "number": entry.number,
                "time": moment(entry.time),
                "what": wording_of(entry.fact),
                "other": "" if movement.other is None else call(movement.other),
                "reference": movement.reference,
                "uetr": entry.uetr,
                "amount": amount(movement.booked) if movement.booked else "",
                "set_aside": amount(movement.held) if movement.held else "",
                **balance(now),
            }
        )
    return {
        "account": call(statement.account),
        "code": account_code(statement.account),
        "issuer": call(statement.asset.issuer),
        "currency": statement.asset.currency,
        "since": moment(statement.since),
        "until": moment(statement.until if statement.is_over else statement.time),
        "is_over": statement.is_over,
        "height": statement.height,
        "opening": balance(statement.opening),
        "closing": balance(statement.closing),
        "credited": amount(credited),
        "debited": amount(debited),
        "rows": rows,
    }
