"""The price that a quote is asked for: of goods, as an order of them would cost now, or an amount of some money.

Goods are one listing by its name, or several lines of one merchant as a text, `ikat:1:3,bowl:2:1`: listing, variant,
quantity. A question over HTTP has flat fields, and the text is how `sogdia tx place-order` reads lines, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NamedTuple, cast

import msgspec
from msgspec import Meta

from sogdia.kernel.operation import Context
from sogdia.kernel.parameters import PARAMETERS
from sogdia.kernel.refusal import Refused
from sogdia.kernel.values import NO_ACCOUNT, UNITS_MAX
from sogdia.modules.market.orders import OrderLine, order_terms, price_lines
from sogdia.modules.market.records import NOTHING, Parts

if TYPE_CHECKING:
    from sogdia.kernel.state import Reader, State
    from sogdia.modules.money import Asset

LINES_ASKED_MAX = 50
"""So many lines one question has: an address over HTTP has room for them. An order may have more."""

_LINE = r"[0-9A-Za-z._-]{1,16}:[0-9]{1,5}:[0-9]{1,10}"
LinesText = Annotated[str, Meta(pattern=rf"^(?:{_LINE}(?:,{_LINE}){{0,{LINES_ASKED_MAX - 1}}})?\Z")]
"""Lines as `listing:variant:quantity`, with commas between them."""


class AskedPrice(NamedTuple):
    """What is to be paid in which money, and for which goods, if it is for any."""

    asset: Asset
    units: int
    goods: Parts | None = None
    merchant: bytes = NO_ACCOUNT
    lines: tuple[OrderLine, ...] = ()
    bond: int = 0
    """For which share of an order at a rate the merchant's bond stands."""
    in_steps: bool = False
    """Whether the terms take the money in steps; then no rate is kept for it."""


def lines_in(text: str) -> tuple[OrderLine, ...]:
    """Read lines that fit the pattern; none when one of their numbers is larger than those of a line can be."""
    try:
        return tuple(_line_in(each) for each in text.split(","))
    except msgspec.ValidationError:
        return ()


def _line_in(text: str) -> OrderLine:
    listing, variant, quantity = text.split(":")
    return msgspec.convert((listing, int(variant), int(quantity)), OrderLine)


def price_of_goods(
    state: Reader, buyer: bytes, at: int, merchant: bytes, lines: tuple[OrderLine, ...]
) -> AskedPrice | None:
    """Give what an order of such lines would cost, by the code that would price it; nothing where it would refuse."""
    if not lines:
        return None
    ctx = Context(
        state=cast("State", state),  # it is only read
        network=b"",
        height=0,
        time=at,
        limits=PARAMETERS.must(state, None).limits,
        sender=buyer,
    )
    try:
        terms = order_terms(ctx, merchant, lines)
        priced, _stocks = price_lines(ctx, merchant, lines, terms)
    except Refused:
        return None
    goods = NOTHING
    for line in priced:
        goods = goods.plus(line.paid)
    total = goods.total()
    if not 0 < total <= UNITS_MAX:
        return None
    return AskedPrice(terms.asset, total, goods, merchant, lines, terms.bond, terms.payment is not None)
