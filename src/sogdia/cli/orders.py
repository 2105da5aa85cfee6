"""An order in words: who buys what of whom, what has come back, and what happens at its deadline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from sogdia.cli import options
from sogdia.cli.documents import document
from sogdia.cli.exits import Exit, Stopped
from sogdia.cli.sessions import Session, keys_of
from sogdia.cli.tables import table_words
from sogdia.client.wording import AT_THE_DEADLINE, amount_words
from sogdia.kernel.values import owner_of
from sogdia.modules.market.queries import PAGE_MAX, NumberedLine, OrderAnswer, OrderLinesQuery, OrderQuery
from sogdia.modules.market.records import Order, OrderState

if TYPE_CHECKING:
    from sogdia.cli.options import Way
    from sogdia.cli.show import Showing
    from sogdia.modules.market.records import ClosedOrder


def show_order(text: str, way: Way) -> None:
    """Show an order by its name."""
    with Session(way.node_folder, keys_of(way.node_folder, way.keys_folder)) as session:
        name = session.naming.name(text)
        height, raw = session.node.query(OrderQuery(name=name))
        answer = msgspec.convert(raw, OrderAnswer, strict=True)
        record = answer.open or answer.closed
        if record is None:
            raise Stopped(
                Exit.NOT_FOUND,
                f"At height {height} there is no order {session.naming.call_object(name)}.",
                "Correct its owner or reference; 'sogdia query events --kind OrderPlaced' shows the orders.",
            )
        lines = _lines(name, session) if answer.open is not None else []
        words = "" if way.as_json else _order_words(name, record, lines, session.showing())
    shown: dict[str, Any] = {"height": height, **document(answer), "lines": [document(each) for each in lines]}
    options.show(words, shown, as_json=way.as_json)


def _lines(name: bytes, session: Session) -> list[NumberedLine]:
    """Fetch all lines of an open order."""
    found: list[NumberedLine] = []
    first = 1
    while True:
        page: list[NumberedLine] = session.ask(OrderLinesQuery(name=name, first=first))
        found += page
        if len(page) < PAGE_MAX:
            return found
        first = page[-1].number + 1


def _order_words(name: bytes, record: Order | ClosedOrder, lines: list[NumberedLine], showing: Showing) -> str:
    head = f"Order {showing.naming.call_object(name)}: {showing.naming.call(owner_of(name))} buys of"
    parts = [f"{head} {showing.naming.call(record.merchant)}.", *showing.fields(record)]
    if isinstance(record, Order):
        parts.append(f"Deadline {showing.moment(record.deadline)}: {AT_THE_DEADLINE[OrderState(record.state)]}.")
    if lines:
        parts += ["", _line_table(lines, record.asset.currency, showing)]
    return "\n".join(parts)


def _line_table(lines: list[NumberedLine], currency: str, showing: Showing) -> str:
    rows = [
        (
            str(each.number),
            showing.naming.call_object(each.line.listing),
            str(each.line.variant),
            str(each.line.quantity),
            amount_words(each.line.paid.total(), currency),
            str(each.line.returned),
        )
        for each in lines
    ]
    return table_words(("line", "listing", "variant", "quantity", "paid", "returned"), rows, frozenset({0, 2, 3, 4, 5}))
