"""Questions about the market."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from sogdia.kernel.operation import Query
from sogdia.kernel.values import Account, Name
from sogdia.modules.market.records import (
    CASH_RECORDS,
    CLOSED_ORDERS,
    LINES,
    LISTINGS,
    ORDERS,
    TERMS,
    VARIANTS,
    CashRecord,
    ClosedOrder,
    Line,
    Listing,
    Order,
    Terms,
    Variant,
    VariantNumber,
)

if TYPE_CHECKING:
    from sogdia.kernel.state import Reader

PAGE_MAX = 200


class NumberedVariant(msgspec.Struct, frozen=True, kw_only=True):
    """A variant with its number."""

    number: VariantNumber
    variant: Variant


class ListingAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A listing with its variants."""

    listing: Listing
    variants: tuple[NumberedVariant, ...]


class NumberedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line with its number."""

    number: int
    line: Line


class OrderAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An order, open or closed."""

    open: Order | None
    closed: ClosedOrder | None


class TermsQuery(Query, tag="terms"):
    """A merchant's terms."""

    name: Name

    def answer(self, state: Reader) -> Terms | None:
        """Give the terms, or nothing."""
        return TERMS.find(state, self.name)


class ListingQuery(Query, tag="listing"):
    """A listing with all its variants."""

    name: Name

    def answer(self, state: Reader) -> ListingAnswer | None:
        """Give the listing, or nothing."""
        listing = LISTINGS.find(state, self.name)
        if listing is None:
            return None
        variants = tuple(
            NumberedVariant(number=number, variant=VARIANTS.must(state, (self.name, number)))
            for number in listing.variants
        )
        return ListingAnswer(listing=listing, variants=variants)


class OrderQuery(Query, tag="order"):
    """An order, open or closed."""

    name: Name

    def answer(self, state: Reader) -> OrderAnswer:
        """Give whichever record there is."""
        return OrderAnswer(open=ORDERS.find(state, self.name), closed=CLOSED_ORDERS.find(state, self.name))


class CashRecordQuery(Query, tag="cash-record"):
    """What came of somebody's cash on delivery: as the buyer, and as the carrier."""

    account: Account

    def answer(self, state: Reader) -> CashRecord | None:
        """Give the record, or nothing when there was none."""
        return CASH_RECORDS.find(state, self.account)


class OrderLinesQuery(Query, tag="order-lines"):
    """Lines of an open order, from a number on."""

    name: Name
    first: Annotated[int, Meta(ge=1)] = 1
    limit: Annotated[int, Meta(ge=1, le=PAGE_MAX)] = PAGE_MAX

    def answer(self, state: Reader) -> list[NumberedLine]:
        """Give a page of lines."""
        order = ORDERS.find(state, self.name)
        last = 0 if order is None else order.lines
        found = []
        for number in range(self.first, min(last, self.first + self.limit - 1) + 1):
            line = LINES.find(state, (self.name, number))
            if line is not None:
                found.append(NumberedLine(number=number, line=line))
        return found
