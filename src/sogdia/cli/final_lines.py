"""A line of a closed order with its path, found by the order's name and the line's number; for late refunds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sogdia.cli import options
from sogdia.cli.documents import document, name
from sogdia.cli.exits import Exit, Stopped, usage
from sogdia.cli.history import life_of, receipt_of
from sogdia.cli.sessions import Session, keys_of
from sogdia.client.final_lines import LinesDifferError, ShownLine, final_lines, shown_line
from sogdia.modules.market.late_refunds import RefundLate
from sogdia.modules.market.queries import OrderQuery

if TYPE_CHECKING:
    from sogdia.cli.operations import Given
    from sogdia.cli.options import Way
    from sogdia.kernel.operation import Operation


def show_final_line(text: str, number: int, way: Way) -> None:
    """Show a line of a closed order and its path; as JSON, it is what `sogdia tx refund-late --fields` reads."""
    with Session(way.node_folder, keys_of(way.node_folder, way.keys_folder)) as session:
        order = session.naming.name(text)
        found = find(order, number, session)
        words = "" if way.as_json else _words(order, found, session)
    options.show(words, {"order": name(order), **_fields(found)}, as_json=way.as_json)


def _words(order: bytes, found: ShownLine, session: Session) -> str:
    showing = session.showing()
    head = f"Line {found.line.number} of the closed order {session.naming.call_object(order)}:"
    path = [f"path  {each.hex()}" for each in found.path] or ["path  none is needed: it is the only line"]
    return "\n".join([head, *showing.fields(found.line, session.asset_of("order", order)), *path])


def find(order: bytes, number: int, session: Session) -> ShownLine:
    """Rebuild a line of a closed order from the receipts of its life."""
    answer = session.ask(OrderQuery(name=order))
    called = session.naming.call_object(order)
    if answer is None or answer.closed is None:
        raise Stopped(
            Exit.NOT_FOUND,
            f"There is no closed order {called}.",
            "Correct its owner or reference; of an open one 'sogdia query order-lines' shows the lines.",
        )
    if not 1 <= number <= answer.closed.lines:
        raise usage(f"The order {called} has no line {number}.", f"It has lines 1 to {answer.closed.lines}.")
    steps = {step.id: step for step in life_of(order, session)}
    facts = [fact for step in steps.values() for fact in receipt_of(step, session).events]
    try:
        return shown_line(final_lines(order, answer.closed, facts), number)
    except LinesDifferError as differ:
        raise Stopped(
            Exit.DAMAGED, f"{called}: {differ}.", "Ask again; if it stays so, run 'sogdia audit' on the node."
        ) from differ


def with_final_line(declared: type[Operation], given: Given, session: Session) -> Given:
    """Put the whole line and its path in place of a line's number, where a late refund was given that alone."""
    said = str((given.texts.get("line") or (given.values.get("line"),))[-1])
    order = (given.texts.get("order") or (given.values.get("order"),))[-1]
    if declared is not RefundLate or not re.fullmatch(r"[0-9]{1,4}", said) or not isinstance(order, str):
        return given
    if session.is_offline:
        raise usage("Without a node the line of an order is not known.", "Give line and path in full: --fields FILE.")
    found = find(session.naming.name(order), int(said), session)
    texts = {each: texts for each, texts in given.texts.items() if each not in ("line", "path")}
    return given._replace(texts=texts, values={**given.values, **_fields(found)})


def _fields(found: ShownLine) -> dict[str, Any]:
    return {"line": document(found.line), "path": [each.hex() for each in found.path]}
