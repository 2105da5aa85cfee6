"""The lines of a closed order as they stand in its root: rebuilt from the receipts of its life, held against the root.

The ledger keeps the root alone. Whoever refunds a line later shows the line and its path in the tree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec import structs

from sogdia.kernel.codec import encode
from sogdia.kernel.merkle import path, root
from sogdia.modules.market.events import LinesRefunded, OrderPlaced
from sogdia.modules.market.records import SOLD, FinalLine

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sogdia.kernel.codec import Event
    from sogdia.modules.market.records import ClosedOrder


class LinesDifferError(ValueError):
    """The receipts do not lead to the root that the ledger has: some are missing, or are another order's."""


class ShownLine(NamedTuple):
    """A line of a closed order, and the path with which it is shown."""

    line: FinalLine
    path: tuple[bytes, ...]


def final_lines(name: bytes, closed: ClosedOrder, facts: Iterable[Event]) -> list[FinalLine]:
    """Give all lines of a closed order from the facts of its whole life, late refunds included."""
    lines: dict[int, FinalLine] = {}
    for fact in facts:
        if isinstance(fact, OrderPlaced) and fact.order == name:
            lines = {
                each.number: FinalLine(
                    each.number, each.listing, each.variant, each.quantity, each.parts, each.promotion, 0
                )
                for each in fact.lines
            }
        elif isinstance(fact, LinesRefunded) and fact.order == name:
            for each in fact.lines:
                line = lines.get(each.number)
                if line is not None:
                    lines[each.number] = structs.replace(line, returned=line.returned + each.quantity)
    all_back = closed.outcome not in SOLD
    found = [structs.replace(each, returned=each.quantity) if all_back else each for each in lines.values()]
    if root([encode(each) for each in found]) != closed.lines_root:
        message = f"the receipts tell of {len(found)} lines, which do not lead to the order's root"
        raise LinesDifferError(message)
    return found


def shown_line(lines: list[FinalLine], number: int) -> ShownLine:
    """Give a line with its path; lines are numbered from 1."""
    return ShownLine(lines[number - 1], path([encode(each) for each in lines], number - 1))
