"""What is always true of the market."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from sogdia.kernel import calendar
from sogdia.kernel.refusal import Broken, ensure
from sogdia.kernel.values import ACCOUNT_BYTES, owner_of
from sogdia.modules.book import set_aside_by_offers
from sogdia.modules.exchange import LOCKS, SWAPPED, set_aside_by_cards_and_locks
from sogdia.modules.market.cash import stake_of
from sogdia.modules.market.escrow import NOT_SHIPPED
from sogdia.modules.market.payees import escrow_units
from sogdia.modules.market.pricing import refund_parts
from sogdia.modules.market.records import (
    CASH_RECORDS,
    CLOSED_ORDERS,
    LINES,
    LISTINGS,
    NOTHING,
    ORDERS,
    VARIANTS,
    Order,
    OrderState,
    Parts,
)
from sogdia.modules.money import BALANCES, HOLDS, asset_key, set_aside_to_be_redeemed
from sogdia.modules.vouchers import set_aside_by_purses

if TYPE_CHECKING:
    from sogdia.kernel.state import Reader


def held_money_is_what_orders_and_holds_set_aside(state: Reader) -> None:
    """No unit is held for nothing, and no order lacks a unit of its escrow."""
    set_aside: dict[bytes, int] = {}
    for name, order in ORDERS.items(state):
        key = owner_of(name) + asset_key(order.asset)
        set_aside[key] = set_aside.get(key, 0) + _on_the_buyers_balance(state, name, order)
        if order.state == OrderState.COLLECTED and order.carrier is not None:
            staked_by = order.carrier + asset_key(order.asset)
            set_aside[staked_by] = set_aside.get(staked_by, 0) + stake_of(order)
    for _name, hold in HOLDS.items(state):
        key = hold.payer + asset_key(hold.asset)
        set_aside[key] = set_aside.get(key, 0) + hold.units
    others = (set_aside_by_cards_and_locks, set_aside_by_offers, set_aside_by_purses, set_aside_to_be_redeemed)
    for key, units in chain.from_iterable(of(state) for of in others):
        set_aside[key] = set_aside.get(key, 0) + units
    for key, balance in BALANCES.items(state):
        ensure(balance.held == set_aside.pop(key, 0), "held money does not match what is set aside")
    ensure(not any(set_aside.values()), "an order's escrow is not held by anybody")


def locks_are_what_their_orders_need(state: Reader) -> None:
    """A lock holds exactly what is in escrow of an order whose goods have not left, in that order's money."""
    for name, lock in LOCKS.items(state):
        order = ORDERS.find(state, name)
        if order is None or order.state not in NOT_SHIPPED:
            raise Broken("a rate is kept for an order that needs none")
        ensure(lock.gives == order.asset, "a lock gives other money than its order asks")
        ensure(lock.units - lock.undone == _escrow(order), "a lock holds another amount than its order asks")


def swaps_are_what_their_orders_are_worth(state: Reader) -> None:
    """An order paid in another money whose goods have left knows what it was paid with, until it is over."""
    for name, swapped in SWAPPED.items(state):
        order = ORDERS.find(state, name)
        if order is None or order.state in (*NOT_SHIPPED, OrderState.CLOSING):
            raise Broken("it is known with what an order was paid that is not on its way")
        ensure(swapped.gives == order.asset, "an order was paid for other money than it asks")
        ensure(swapped.units - swapped.back == _escrow(order), "another amount went back than an order has refunded")


def lines_add_up_to_their_orders(state: Reader) -> None:
    """An open order's paid and refunded totals are the sums over its lines; no line gives back more than it took."""
    paid: dict[bytes, Parts] = {}
    refunded: dict[bytes, Parts] = {}
    for key, line in LINES.items(state):
        name = key[:-2]
        ensure(0 <= line.returned <= line.quantity, "more came back than was bought")
        back = refund_parts(line.paid, line.quantity, 0, line.returned)
        paid[name] = paid.get(name, NOTHING).plus(line.paid)
        refunded[name] = refunded.get(name, NOTHING).plus(back)
    for name, order in ORDERS.items(state):
        if order.state != OrderState.CLOSING:
            ensure(paid.get(name, NOTHING) == order.paid, "the lines do not add up to what was paid")
            ensure(refunded.get(name, NOTHING) == order.refunded, "the lines do not add up to what was refunded")
    for name in paid:
        ensure(ORDERS.find(state, name) is not None, "a line has lost its order")


def what_is_due_can_still_be_paid(state: Reader) -> None:
    """Only an order whose terms say so waits for money, no longer than it may, and no more than what it costs."""
    for name, order in ORDERS.items(state):
        if order.balance_due:
            ensure(order.payment is not None and order.released == 0, "an order that was paid whole waits for money")
            ensure(order.balance_due <= order.paid.minus(order.refunded).total(), "more is due than an order costs")
            in_time = order.state in WAITING or (order.state in AT_THE_DOOR and order.door_record is not None)
            ensure(in_time, "an order has gone on without the rest of its money")
        collected = order.state == OrderState.COLLECTED
        ensure(order.balance_due > 0 or not collected, "cash was collected that nobody owed")
        known = order.door_record is None or CASH_RECORDS.find(state, owner_of(name)) is not None
        ensure(known, "a buyer pays at the door and has no record")


WAITING = (OrderState.PLACED, OrderState.ACCEPTED)
AT_THE_DOOR = (OrderState.SHIPPED, OrderState.COLLECTED)


def every_open_order_is_due_at_its_deadline(state: Reader) -> None:
    """No order can be forgotten."""
    for name, order in ORDERS.items(state):
        due_object = ORDERS.full_key(name)
        page = calendar.page_of(state, order.due, due_object)
        ensure(page is not None and due_object in page.objects, "an order is missing in the calendar")
        ensure(order.due <= (order.tries_at or order.deadline), "an order comes up after its deadline")
        ensure(len(name) > ACCOUNT_BYTES, "an order without a reference")


def no_order_is_open_and_closed(state: Reader) -> None:
    """An order has one record, and gives back at most what was paid."""
    for name, closed in CLOSED_ORDERS.items(state):
        ensure(ORDERS.find(state, name) is None, "an order is open and closed")
        kept = closed.paid.minus(closed.refunded)
        ensure(min(kept.price, kept.freight, kept.tax) >= 0, "more was refunded than was paid")


def every_variant_stands_in_an_open_listing(state: Reader) -> None:
    """What is sold can be found, and a closed listing sells nothing."""
    found: dict[bytes, int] = {}
    for key, _variant in VARIANTS.items(state):
        name, number = key[:-2], int.from_bytes(key[-2:], "big")
        listing = LISTINGS.find(state, name)
        ensure(listing is not None and number in listing.variants, "a variant has lost its listing")
        found[name] = found.get(name, 0) + 1
    for name, listing in LISTINGS.items(state):
        ensure(len(listing.variants) == found.get(name, 0), "a listing names a variant that is not there")
        ensure(listing.open or not listing.variants, "a closed listing has variants")


def _escrow(order: Order) -> int:
    return 0 if order.state == OrderState.CLOSING else escrow_units(order)


def _on_the_buyers_balance(state: Reader, name: bytes, order: Order) -> int:
    locked = order.state in NOT_SHIPPED and LOCKS.find(state, name) is not None
    return 0 if locked else _escrow(order)
