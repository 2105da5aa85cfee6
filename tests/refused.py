"""Refusal tables: who asks for what, which rule forbids it, and the look that nothing has changed.

A table is checked against the rules as they stand in the source, so no rule goes without a row, and the rows stand in
the order in which the rules are tried.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from types import FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from sogdia.kernel.codec import encode
from sogdia.kernel.refusal import RefusalCode, Refused
from sogdia.testing.ledger import PARTIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sogdia.kernel.codec import Record
    from sogdia.kernel.operation import Operation
    from sogdia.kernel.receipt import Receipt
    from sogdia.kernel.state import Table
    from sogdia.testing.ledger import Ledger


class Row(NamedTuple):
    """One request and the rule that refuses it. Where it can, a row breaks the rules below its own, too."""

    rule: RefusalCode
    who: str | tuple[str, ...]
    ask: Callable[[Ledger], Operation]
    before: Callable[[Ledger], Any] | None = None
    at_the_door: bool = False
    """Whether the fields alone are wrong, so that no block may hold the request."""
    note: str = ""


def table(tables: Mapping[type[Operation], Sequence[Row]]) -> pytest.MarkDecorator:
    """Try every row of every table in a test of its own."""
    return pytest.mark.parametrize(
        ("operation", "row"),
        [pytest.param(operation, row, id=label(operation, row)) for operation, rows in tables.items() for row in rows],
    )


def label(operation: type[Operation], row: Row) -> str:
    """Give a row's name."""
    return f"{operation.__name__}-{row.rule.name}{'-' if row.note else ''}{row.note}"


def told(ledger: Ledger, operation: type[Operation], row: Row, answer: Receipt | Refused) -> str:
    """Give a line with the values that a refusal names, accounts by the names of their parties."""
    names = {ledger.account(name).hex(): name for name in (*PARTIES, "customs", "samarkand")} | {"00" * 20: "nobody"}

    def named(value: int | str) -> str:
        owner, reference = str(value)[:40], str(value)[40:]
        if owner not in names:
            return str(value)
        return names[owner] + ("/" + bytes.fromhex(reference).decode("ascii") if reference else "")

    values = ", ".join(f"{name} {named(value)}" for name, value in answer.facts)
    return f"{label(operation, row)}: {values or 'no values'}"


def assert_refused(ledger: Ledger, row: Row) -> Receipt | Refused:
    """Ask what the row asks, and look that its rule refuses it and that nothing has changed; give the answer."""
    if row.before is not None:
        row.before(ledger)
    before = ledger.snapshot()
    live = ledger.base.live()

    answer = ledger.block(ledger.sign(row.who, row.ask(ledger)))[0]

    assert answer.code == row.rule, f"refused by {answer}"
    assert isinstance(answer, Refused) == row.at_the_door
    assert ledger.snapshot() == before
    assert ledger.base.live() - live == (0 if row.at_the_door else 1)
    return answer


def poke(ledger: Ledger, table_of: Table[Any, Any], key: object, record: Record | None) -> None:
    """Put a record into the committed state past all rules, as only a test may."""
    face = 0 if record is None else table_of.face_bytes(record)
    ledger.base.tree.update([(table_of.full_key(key), None if record is None else encode(record), face)])


def rules_of(operation: type[Operation]) -> list[RefusalCode]:
    """Give every refusal that an operation's two phases name, in the order in which they are tried."""
    return rules_in(operation.check, operation.apply)


def rules_in(*functions: Callable[..., Any]) -> list[RefusalCode]:
    """Give every refusal that functions name, and those that they call, in the order in which they stand."""
    found: dict[RefusalCode, None] = {}
    for function in functions:
        found |= dict.fromkeys(_rules_in(function, set()))
    return list(found)


def _rules_in(function: Callable[..., Any], seen: set[str]) -> Iterator[RefusalCode]:
    assert isinstance(function, FunctionType)
    if function.__qualname__ in seen:
        return
    seen.add(function.__qualname__)
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    for node in _in_order(tree):
        value = _value_of(node, function.__globals__)
        if isinstance(value, RefusalCode):
            yield value
        elif isinstance(value, FunctionType) and value.__module__.startswith("sogdia."):
            yield from _rules_in(value, seen)


def _in_order(node: ast.AST) -> Iterator[ast.AST]:
    """Walk over a tree in the order in which it is written."""
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _in_order(child)


def _value_of(node: ast.AST, names: Mapping[str, Any]) -> Any:  # noqa: ANN401 - whatever the name stands for
    """Give what a name, or a name's attribute, stands for when the function runs."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute):
        return getattr(_value_of(node.value, names), node.attr, None)
    return None
