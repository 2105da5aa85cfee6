"""Statements as a page to read and to print: amounts in groups of three, with the digits that ISO 4217 gives.

CLDR would show fewer digits for thirteen currencies, and a statement without its last digits does not balance for its
reader; so people are shown the same digits as programs, and only the groups are theirs.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from sogdia.client.codes import account_code
from sogdia.client.declared import events
from sogdia.client.shapes import summary
from sogdia.rails.spelling import write_amount
from sogdia.rails.statements import totals

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sogdia.rails.books import Balances
    from sogdia.rails.statements import Statement

GROUP: Final = 3
NARROW_SPACE: Final = "\u202f"
MINUS: Final = "−"


def amount_for_people(units: int, currency: str) -> str:
    """Write an amount in groups: −1 234 567.80."""
    sign, text = MINUS if units < 0 else "", write_amount(abs(units), currency)
    whole, point, fraction = text.partition(".")
    first = len(whole) % GROUP
    groups = [whole[:first]] if first else []
    groups += [whole[at : at + GROUP] for at in range(first, len(whole), GROUP)]
    return sign + NARROW_SPACE.join(groups) + point + fraction


def statements_page(statements: Sequence[Statement], call: Callable[[bytes], str], moment: Callable[[int], str]) -> str:
    """Write statements as one page of HTML that needs nothing from elsewhere."""
    shown = [_shown(each, call, moment) for each in statements]
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


def _shown(statement: Statement, call: Callable[[bytes], str], moment: Callable[[int], str]) -> dict[str, Any]:
    currency = statement.asset.currency
    _credits, credited, _debits, debited = totals(statement.booked)

    def balance(of: Balances) -> dict[str, str]:
        parts = {"booked": of.booked, "available": of.available, "held": of.held}
        return {name: amount_for_people(units, currency) for name, units in parts.items()}

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
                "amount": amount_for_people(movement.booked, currency) if movement.booked else "",
                "set_aside": amount_for_people(movement.held, currency) if movement.held else "",
                **balance(now),
            }
        )
    return {
        "account": call(statement.account),
        "code": account_code(statement.account),
        "issuer": call(statement.asset.issuer),
        "currency": currency,
        "since": moment(statement.since),
        "until": moment(statement.until if statement.is_over else statement.time),
        "is_over": statement.is_over,
        "height": statement.height,
        "opening": balance(statement.opening),
        "closing": balance(statement.closing),
        "credited": amount_for_people(credited, currency),
        "debited": amount_for_people(debited, currency),
        "rows": rows,
    }
