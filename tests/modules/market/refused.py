"""Rows of refusal tables: who asks for what, which rule forbids it, and the look that nothing has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from sogdia.kernel.refusal import Refused
from tests.modules.market.shop import stored

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sogdia.kernel.operation import Operation
    from sogdia.kernel.refusal import RefusalCode
    from sogdia.testing.ledger import Ledger


class Row(NamedTuple):
    """One request and the rule that refuses it.

    A table names the rules in the order in which they are tried; where it can, a row breaks those below its own, too.
    """

    rule: RefusalCode
    who: str
    ask: Callable[[Ledger], Operation]
    before: Callable[[Ledger], Any] | None = None
    at_the_door: bool = False
    """Whether the fields alone are wrong, so that no block may hold the request."""
    note: str = ""


def table(rows: Sequence[Row]) -> pytest.MarkDecorator:
    """Try every row in a test of its own."""
    return pytest.mark.parametrize(
        "row", [pytest.param(row, id=f"{row.rule.name}{'-' if row.note else ''}{row.note}") for row in rows]
    )


def everything(ledger: Ledger) -> tuple[dict[bytes, bytes], int]:
    """All records that a refused request must leave alone, and the storage that is counted."""
    return ledger.snapshot(), stored(ledger)


def assert_refused(ledger: Ledger, row: Row) -> None:
    """Ask what the row asks, and look that its rule refuses it and that nothing has changed."""
    if row.before is not None:
        row.before(ledger)
    before = everything(ledger)

    answer = ledger.block(ledger.sign(row.who, row.ask(ledger)))[0]

    assert answer.code == row.rule, f"refused by {answer}"
    assert isinstance(answer, Refused) == row.at_the_door
    assert everything(ledger) == before
