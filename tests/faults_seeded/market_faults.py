"""Faults in the market: prices, orders, settlement, returns, splits, late refunds."""

from __future__ import annotations

from tools.seeded_faults import Fault

DEADLINES = ("tests/modules/market/test_deadlines.py",)
LATE = ("tests/modules/market/test_late_refunds.py",)
LISTINGS = ("tests/modules/market/test_listings.py",)
LONG = ("tests/modules/market/test_long_orders.py",)
LIFE = ("tests/modules/market/test_order_life.py",)
PLACING = ("tests/modules/market/test_placing.py",)
RETURNS = ("tests/modules/market/test_returns.py",)
SPLITS = ("tests/modules/market/test_splits.py", "tests/properties/test_pricing.py")
STORAGE = ("tests/modules/market/test_storage.py",)

PRICING_FAULTS = (
    Fault(
        "A tier begins one unit late",
        "modules/market/pricing.py",
        "if quantity >= tier.quantity:",
        "if quantity > tier.quantity:",
        PLACING,
    ),
    Fault(
        "Halves are rounded down",
        "kernel/exact.py",
        "(2 * numerator + denominator) // (2 * denominator)",
        "(2 * numerator + denominator - 1) // (2 * denominator)",
        PLACING,
    ),
    Fault(
        "A promotion ends a second early",
        "modules/market/pricing.py",
        "if time <= offer.promotion_until",
        "if time < offer.promotion_until",
        PLACING,
    ),
    Fault(
        "Freight is not taxed",
        "modules/market/pricing.py",
        "half_up((price + freight) * offer.tax, BASIS)",
        "half_up(price * offer.tax, BASIS)",
        PLACING,
    ),
    Fault(
        "Each piece of a return is rounded by itself",
        "modules/market/pricing.py",
        "share(paid.price, after, quantity) - share(paid.price, before, quantity)",
        "share(paid.price, more, quantity)",
        RETURNS,
    ),
    Fault(
        "A promotion comes back whole with every piece",
        "modules/market/pricing.py",
        "share(promotion, before + more, quantity) - share(promotion, before, quantity)",
        "share(promotion, before + more, quantity)",
        RETURNS,
    ),
    Fault(
        "The freight of an order is shared as if every line were the first",
        "modules/market/orders.py",
        "        behind += price\n",
        "",
        PLACING,
    ),
)

ORDER_FAULTS = (
    Fault(
        "A minimum is not enough",
        "modules/market/orders.py",
        "line.quantity >= offer.minimum",
        "line.quantity > offer.minimum",
        PLACING,
    ),
    Fault(
        "A reference can be used again once its order is closed",
        "modules/market/orders.py",
        "ORDERS.find(state, name) is not None or CLOSED_ORDERS.find(state, name) is not None",
        "ORDERS.find(state, name) is not None",
        PLACING,
    ),
    Fault(
        "A buyer pays more than it is willing to",
        "modules/market/orders.py",
        "require(total <= self.pay_at_most",
        "require(total <= self.pay_at_most + 1",
        PLACING,
    ),
    Fault(
        "Settlement can pay somebody what it may not have",
        "modules/market/orders.py",
        "    for_whom = payees(order, order.paid)\n",
        "    for_whom = ()\n",
        PLACING,
    ),
    Fault(
        "A buyer cancels what the merchant has accepted",
        "modules/market/orders.py",
        "order = buyer_order(ctx, self.order, OrderState.PLACED)",
        "order = buyer_order(ctx, self.order, OrderState.PLACED, OrderState.ACCEPTED)",
        LIFE,
    ),
    Fault(
        "Anybody acts for the buyer",
        "modules/market/orders.py",
        "    require(ctx.sender == owner_of(name), Refuse.SENDER_NOT_BUYER, order=name)\n",
        "",
        LIFE,
    ),
    Fault(
        "The merchant confirms its own delivery",
        "modules/market/orders.py",
        "require(ctx.sender in (order.carrier, owner_of(self.order))",
        "require(ctx.sender in (order.carrier, order.merchant, owner_of(self.order))",
        LIFE,
    ),
    Fault(
        "A merchant accepts and declines everything",
        "modules/market/orders.py",
        "require(len(self.declined) < order.lines",
        "require(len(self.declined) <= order.lines",
        LIFE,
    ),
    Fault(
        "The time for shipping is the time for accepting",
        "modules/market/orders.py",
        "waits_for_balance(order) else windows.ship)",
        "waits_for_balance(order) else windows.accept)",
        DEADLINES,
    ),
    Fault(
        "A delivery that nobody saw counts as confirmed",
        "modules/market/orders.py",
        "delivery_confirmed=confirmed_by is not None",
        "delivery_confirmed=True",
        DEADLINES,
    ),
    Fault(
        "A closed listing still sells",
        "modules/market/orders.py",
        "        require(listing.open, Refuse.LISTING_CLOSED, listing=line.listing)\n",
        "",
        PLACING,
    ),
    Fault(
        "A GTIN's check digit is weighed from the wrong end",
        "modules/market/listings.py",
        "(3 if at % 2 == 0 else 1)",
        "(1 if at % 2 == 0 else 3)",
        (*LISTINGS, "tests/scenarios"),
    ),
    Fault(
        "A payee of the terms needs no role",
        "modules/market/listings.py",
        "    require(party.roles & role, Refuse.PAYEE_LACKS_ROLE",
        "    require(party.roles >= 0, Refuse.PAYEE_LACKS_ROLE",
        LISTINGS,
    ),
)

SETTLEMENT_FAULTS = (
    Fault(
        "The platform has its share of freight and tax, too",
        "modules/market/payees.py",
        "left, price = escrow.price, before + escrow.price",
        "left, price = escrow.price, before + escrow.total()",
        LIFE,
    ),
    Fault(
        "The freight goes to the merchant",
        "modules/market/payees.py",
        "pay(order.carrier, escrow.freight)",
        "pay(None, escrow.freight)",
        LIFE,
    ),
    Fault(
        "The tax goes to the carrier",
        "modules/market/payees.py",
        "pay(order.tax_collector, escrow.tax)",
        "pay(order.carrier, escrow.tax)",
        LIFE,
    ),
    Fault(
        "Goods that were refunded before come back into stock twice",
        "modules/market/settlement.py",
        "line.variant, line.quantity - line.returned)",
        "line.variant, line.quantity)",
        LIFE,
    ),
    Fault(
        "Goods of a cancelled order are gone",
        "modules/market/settlement.py",
        "if restocked and line.returned < line.quantity:",
        "if not restocked and line.returned < line.quantity:",
        LIFE,
    ),
    Fault(
        "A closing keeps the room of one line in every step",
        "modules/market/settlement.py",
        "LINE_BYTES * (stop - closing.next_line)",
        "LINE_BYTES * (stop - closing.next_line - 1)",
        STORAGE,
    ),
    Fault(
        "A deadline closes an order of any length in one block",
        "modules/market/settlement.py",
        "take = max(1, (writes_max - WRITES_APART_FROM_LINES) // WRITES_A_LINE)",
        "take = order.lines",
        LONG,
    ),
    Fault(
        "The lines of a settled order count as returned",
        "modules/market/settlement.py",
        "final_line(number, line, all_back=all_back)",
        "final_line(number, line, all_back=True)",
        LATE,
    ),
    Fault(
        "A split gives a part more than was paid for it",
        "modules/market/settlement.py",
        "    if price > escrow.price:",
        "    if price > rest:",
        SPLITS,
    ),
)

RETURN_FAULTS = (
    Fault(
        "A return may be asked for after its time",
        "modules/market/returns.py",
        "require(ctx.time <= order.return_until",
        "require(ctx.time >= 0",
        DEADLINES,
    ),
    Fault(
        "The last second for returns is missing",
        "modules/market/returns.py",
        "require(ctx.time <= order.return_until",
        "require(ctx.time < order.return_until",
        DEADLINES,
    ),
    Fault(
        "A contest ends the wrong way round",
        "modules/market/returns.py",
        "if not order.delivery_confirmed:",
        "if order.delivery_confirmed:",
        DEADLINES,
    ),
    Fault(
        "Goodwill doesn't count towards a return",
        "modules/market/returns.py",
        "LineQuantity(each.line, each.quantity - given.get(each.line, 0))",
        "LineQuantity(each.line, each.quantity)",
        RETURNS,
    ),
    Fault(
        "A step is possible between two halves of a refund",
        "modules/market/returns.py",
        "refunded,\n            state=OrderState.REFUNDING",
        "refunded,\n            state=OrderState.RETURNING",
        LONG,
    ),
    Fault(
        "A return over gives the whole time for returns anew",
        "modules/market/returns.py",
        "deadline = max(order.return_until, time)",
        "deadline = order.return_until + time - time % 2",
        (*DEADLINES, *RETURNS),
    ),
    Fault(
        "The last of a line cannot be returned",
        "modules/market/refunds.py",
        "require(each.quantity <= left",
        "require(each.quantity < left",
        RETURNS,
    ),
    Fault(
        "Refunds of shipped goods fill the stock",
        "modules/market/escrow.py",
        "NOT_SHIPPED = (OrderState.PLACED, OrderState.ACCEPTED)",
        "NOT_SHIPPED = (OrderState.PLACED, OrderState.ACCEPTED, OrderState.SHIPPED, OrderState.DELIVERED)",
        RETURNS,
    ),
    Fault(
        "A refund of any line at once names a line twice",
        "modules/market/refunds.py",
        "a.line < b.line",
        "a.line <= b.line",
        RETURNS,
    ),
    Fault(
        "One side agrees with itself",
        "modules/market/splits.py",
        "require(split is not None and split.proposer != ctx.sender",
        "require(split is not None and split.proposer",
        SPLITS,
    ),
    Fault(
        "Another figure than was proposed is accepted",
        "modules/market/splits.py",
        "require(split is not None and split.to_buyer == self.to_buyer",
        "require(split is not None",
        SPLITS,
    ),
    Fault(
        "A stranger proposes a split",
        "modules/market/splits.py",
        "    require(ctx.sender in (owner_of(name), order.merchant), Refuse.SENDER_NOT_PARTY)\n",
        "",
        SPLITS,
    ),
    Fault(
        "A line is refunded late without end",
        "modules/market/late_refunds.py",
        "left = line.quantity - line.returned",
        "left = line.quantity",
        LATE,
    ),
    Fault(
        "A late refund leaves the root as it was",
        "modules/market/late_refunds.py",
        "lines_root=root)",
        "lines_root=closed.lines_root)",
        LATE,
    ),
    Fault(
        "A late refund is paid by the buyer",
        "modules/market/late_refunds.py",
        "ctx.sender, buyer, refund=True)",
        "buyer, ctx.sender, refund=True)",
        LATE,
    ),
    Fault(
        "An order that was split is refunded once more",
        "modules/market/late_refunds.py",
        "require(closed.outcome == Outcome.SETTLED",
        "require(closed.outcome != Outcome.CANCELLED",
        LATE,
    ),
)
