"""The classes of invoice lines: every line ends in exactly one, and these rules say which.

They are tried in this order, and the first that fits decides:

    malformed            the line can't be read
    adjustment           the code doesn't begin with five digits: postage, fees, discounts, vouchers
    zero price           nothing was asked
    non-positive sale    a sale (not a cancellation) of nothing, of less than nothing, or for less than half a penny
    cancellation         the invoice number begins with C; what becomes of it, `matching.py` says
    ordered              everything else; apart when the line names no customer
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from sogdia.simulate.online_retail.prices import line_total_pence

if TYPE_CHECKING:
    from sogdia.simulate.online_retail.lines import InvoiceLine

_CODE_DIGITS = 5
_DIGITS = frozenset("0123456789")
_CANCELLATION_PREFIX = "C"


class LineClass(StrEnum):
    """Where a line ended. Only ordered, guest_ordered and returned lines move money."""

    ORDERED = "ordered"
    GUEST_ORDERED = "guest_ordered"
    RETURNED = "returned"
    CANCELLATION_WITHOUT_PURCHASE = "cancellation_without_purchase"
    EXCEEDS_PURCHASE = "exceeds_purchase"
    ADJUSTMENT = "adjustment"
    ZERO_PRICE = "zero_price"
    NONPOSITIVE_SALE = "nonpositive_sale"
    MALFORMED = "malformed"
    REFUSED = "refused"  # planned as one of the first three, but the ledger refused it; the report says why


SOLD = frozenset({LineClass.ORDERED, LineClass.GUEST_ORDERED})
MOVES_MONEY = SOLD | {LineClass.RETURNED}


def is_cancellation(invoice: str) -> bool:
    """Say whether an invoice number is a cancellation's. A small c is not: codes and numbers count as written."""
    return invoice.startswith(_CANCELLATION_PREFIX)


def class_without_trade(line: InvoiceLine) -> LineClass | None:
    """Say the class of a line that neither sells goods nor takes any back, or nothing when it may do so."""
    if not _is_article(line.stock_code):
        return LineClass.ADJUSTMENT
    if line.unit_price_e12 == 0:
        return LineClass.ZERO_PRICE
    return None


def class_of_sale(line: InvoiceLine) -> LineClass:
    """Say the class of a line on an invoice that is no cancellation."""
    if (without_trade := class_without_trade(line)) is not None:
        return without_trade
    if not _is_positive_sale(line):
        return LineClass.NONPOSITIVE_SALE
    return LineClass.GUEST_ORDERED if line.customer is None else LineClass.ORDERED


def _is_article(stock_code: str) -> bool:
    """Say whether a code begins with five digits, as those of goods do."""
    head = stock_code[:_CODE_DIGITS]
    return len(head) == _CODE_DIGITS and _DIGITS.issuperset(head)


def _is_positive_sale(line: InvoiceLine) -> bool:
    """Say whether goods left for money. A total that rounds to no penny is not one: no order can be paid with it."""
    return line.quantity > 0 and line_total_pence(line.quantity, line.unit_price_e12) > 0
