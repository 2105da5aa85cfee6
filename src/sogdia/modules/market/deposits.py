"""The rest of an order: what a buyer pays that has set a deposit aside.

    placed ──accept──▶ accepted, the rest is due ──pay the rest──▶ accepted, to be shipped
      │ cancel, decline,   │ decline                  │ time runs out: the merchant has the deposit
      ▼ time runs out      ▼                          ▼ (not while the issuer keeps the buyer from paying)
    cancelled: all back  cancelled: all back        forfeited

Nothing leaves before it is paid, so from there on such an order is like any other. Of goods to be paid at the door the
rest can be paid in the same way until the carrier stands there; else it takes cash (`cash`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from msgspec import structs

from sogdia.kernel.operation import UNKNOWN_MONEY
from sogdia.kernel.refusal import require
from sogdia.kernel.values import PositiveUnits, owner_of
from sogdia.modules.market import settlement
from sogdia.modules.market.events import BalancePaid, DeadlinePutOff
from sogdia.modules.market.orders import OrderOperation, advance, buyer_order, waits_for_balance
from sogdia.modules.market.records import ORDERS, RULES, Order, OrderState, Outcome
from sogdia.modules.market.refusals import MarketRefusal as Refuse
from sogdia.modules.money import asset_key, hindered_until, set_aside, set_aside_past_limits

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import Reader


class PayBalance(OrderOperation, tag=418):
    """Set the rest of an order's money aside: exactly what is due, which the order says."""

    units: PositiveUnits

    reserved: ClassVar[bool] = True

    def cost(self, state: Reader, sender: bytes) -> tuple[bytes, int]:
        """Give what is set aside; in which money somebody else's order is paid is not told."""
        order = ORDERS.find(state, self.order) if sender == owner_of(self.order) else None
        return UNKNOWN_MONEY if order is None else asset_key(order.asset), self.units

    def apply(self, ctx: Context) -> None:
        """Set the money aside. Who is paid in the end could receive it when the order was placed, which stands.

        What costs the deposit when it is not paid has counted in the buyer's limits when the order was placed: no
        rule but a freeze keeps the buyer from paying it, and that puts its time off. A split that was proposed of less
        money is off.
        """
        order = buyer_order(ctx, self.order, OrderState.PLACED, OrderState.ACCEPTED, OrderState.SHIPPED)
        require_due(order, self.units)

        if waits_for_balance(order):
            set_aside_past_limits(ctx.state, order.asset, self.units, ctx.sender)
        else:
            set_aside(ctx.state, order.asset, self.units, ctx.sender, (), reference=self.order)
        deadline = order.deadline
        if order.state == OrderState.ACCEPTED and waits_for_balance(order):
            deadline = ctx.time + RULES.must(ctx.state, None).windows.ship
        advance(ctx, self.order, order, structs.replace(order, balance_due=0, deadline=deadline, split=None))

        ctx.emit(BalancePaid(order=self.order, asset=order.asset, units=self.units, deadline=deadline))


def forfeit(ctx: Context, name: bytes, order: Order, writes_max: int) -> None:
    """Let the merchant have the deposit of a buyer that did not pay the rest in time, and could have."""
    if put_off(ctx, name, order, owner_of(name), RULES.must(ctx.state, None).windows.pay):
        return
    settlement.close(ctx, name, order, Outcome.FORFEITED, writes_max=writes_max)


def put_off(ctx: Context, name: bytes, order: Order, payer: bytes, window: int) -> bool:
    """Let a time to pay begin anew that a freeze has cut short, when that freeze can hold no more; tell whether.

    It does so once for one freeze: the new time begins with the freeze's end. A freeze that began after the deadline
    changes nothing.
    """
    until = hindered_until(ctx.state, payer, order.asset, order.deadline - window, order.deadline)
    deadline = until + window
    if deadline <= order.deadline:
        return False
    advance(ctx, name, order, structs.replace(order, deadline=deadline))
    ctx.emit(DeadlinePutOff(order=name, deadline=deadline))
    return True


def require_due(order: Order, units: int) -> None:
    """Refuse an amount that is not the one that is due."""
    require(order.balance_due > 0, Refuse.BALANCE_NOT_DUE)
    require(units == order.balance_due, Refuse.BALANCE_DIFFERS, due=order.balance_due, asked=units)
