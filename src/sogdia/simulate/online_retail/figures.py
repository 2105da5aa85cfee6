"""What a finished run comes to: the ledger's own facts, joined with the files' words for countries and products.

A line that was planned as sold or returned, and did not become so on the ledger, is refused. Why stands among the
refusals: those in blocks with their receipts; those that admission kept out of every block as far as this run saw them,
since they leave no trace on the ledger; and for what an earlier, interrupted run saw, `IN_NO_BLOCK`.
"""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING

from sogdia.kernel.values import reference_of
from sogdia.simulate.online_retail.clerk import salts_of_order, salts_of_piece
from sogdia.simulate.online_retail.moments import day_of
from sogdia.simulate.online_retail.plan import Way
from sogdia.simulate.online_retail.report import (
    LedgerFigures,
    LedgerRefusal,
    MoneyFact,
    ReturnedPiece,
    returned_piece,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sogdia.simulate.online_retail.catalogue import Catalogue
    from sogdia.simulate.online_retail.ledger_facts import LedgerFacts, Refund
    from sogdia.simulate.online_retail.matching import Piece
    from sogdia.simulate.online_retail.network import Cast
    from sogdia.simulate.online_retail.plan import Order, Plan, Return

IN_NO_BLOCK = "IN_NO_BLOCK"

LinePlace = tuple[str, int]


def figures_of(  # noqa: PLR0913 - a plan, its words, and what three places know of it
    plan: Plan,
    cast: Cast,
    catalogue: Catalogue,
    facts: LedgerFacts,
    kept_out: Mapping[bytes, LedgerRefusal],
    seconds: float,
) -> LedgerFigures:
    """Say what a run came to."""
    joined = _Joined(plan, cast, facts)
    known = {**facts.refused, **kept_out}
    unexplained = [refusal for salts, refusal in joined.missing if not salts & known.keys()]
    return LedgerFigures(
        orders=sum(order.settled for order in facts.orders.values()),
        transactions=facts.transactions,
        seconds=seconds,
        money=tuple(_money(plan, cast, catalogue, facts)),
        returns=tuple(joined.returned),
        refusals=(*known.values(), *unexplained),
        refused_lines=frozenset(joined.refused_lines),
    )


def _money(plan: Plan, cast: Cast, catalogue: Catalogue, facts: LedgerFacts) -> Iterator[MoneyFact]:
    """Give the money that moved, from the ledger's events."""
    countries = {cast.order_name(order.party, order.invoice): order.country_name for order in plan.orders}
    codes = catalogue.codes()
    for name, order in facts.orders.items():
        if order.settled:
            day = day_of(order.placed_at)
            for line in order.lines:
                code = codes[reference_of(line.listing)]
                yield MoneyFact(countries[name], day, code, sold_pence=line.paid.total())
    for refund in facts.refunds:
        code = codes[reference_of(refund.listing)]
        yield MoneyFact(countries[refund.order], day_of(refund.time), code, returned_pence=refund.pence)


class _Joined:
    """The plan's orders and returns, each found on the ledger or missing there."""

    def __init__(self, plan: Plan, cast: Cast, facts: LedgerFacts) -> None:
        """Look for every step of the plan."""
        self._cast = cast
        self._facts = facts
        self.returned: list[ReturnedPiece] = []
        self.refused_lines: set[LinePlace] = set()
        self.missing: list[tuple[frozenset[bytes], LedgerRefusal]] = []
        self._refunds: defaultdict[tuple[bytes, int], deque[Refund]] = defaultdict(deque)
        for refund in facts.refunds:
            self._refunds[refund.order, refund.line].append(refund)
        for order in plan.orders:
            self._find_order(order)
        for number, step in enumerate(plan.returns):
            for piece in step.pieces:
                self._find_piece(number, step, piece)

    def _find_order(self, order: Order) -> None:
        """Look for an order: it must have ended as a sale."""
        found = self._facts.orders.get(self._cast.order_name(order.party, order.invoice))
        if found is None or not found.settled:
            self.refused_lines.update((line.source.file, line.source.line_number) for line in order.lines)
            subject = f"order {order.invoice} of {order.party}"
            self.missing.append((salts_of_order(order), LedgerRefusal(0, IN_NO_BLOCK, subject)))

    def _find_piece(self, number: int, step: Return, piece: Piece) -> None:
        """Look for a piece that came back; refunds of one line come in the plan's order."""
        waiting = self._refunds[self._cast.order_name(step.party, piece.order_invoice), piece.order_line]
        if waiting and (waiting[0].time, waiting[0].quantity) == (step.time, piece.quantity):
            refund = waiting.popleft()
            self.returned.append(returned_piece(step, piece, refund.pence, Way.REFUND if refund.late else Way.RETURN))
            return
        self.refused_lines.add((step.source.file, step.source.line_number))
        subject = f"return {step.invoice} of {step.party}, order {piece.order_invoice} line {piece.order_line}"
        self.missing.append((salts_of_piece(number, piece), LedgerRefusal(0, IN_NO_BLOCK, subject)))
