"""Cash on delivery: what a carrier takes at the door it owes, on the record, until it has handed it over.

    shipped ──collect, by the carrier: the receipt──▶ collected ──remit──▶ delivered, and like any other from there on
      │  │ refuse, by the carrier                        │ time runs out
      │  ▼                                               ▼
      │ refused ──contest, by the buyer──▶ contested    out of the stake: delivered; and where that is not enough,
      │                                                 closed, and all are paid as far as it goes
      │ time runs out
      ▼
    not delivered: the deposit goes back

The ledger cannot see cash. What it can do is to make the receipt provable, to have the carrier set a stake aside before
it can give one, and to keep a record of who refuses and who does not hand over. Who hands cash over without a receipt
has no proof of it. A deposit stays with the merchant when the goods are refused, who had sent them for nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from msgspec import structs

from sogdia.kernel.exact import up
from sogdia.kernel.operation import UNKNOWN_MONEY
from sogdia.kernel.refusal import require
from sogdia.kernel.values import Hash, PositiveUnits, owner_of
from sogdia.modules.market import settlement
from sogdia.modules.market.deposits import put_off, require_due
from sogdia.modules.market.door_records import begin_record, count_for_buyer, count_for_carrier
from sogdia.modules.market.events import CashCollected, CashKept, CashRemitted, ParcelRefused, RefusalContested
from sogdia.modules.market.orders import OrderOperation, advance, deliver, open_order
from sogdia.modules.market.pricing import BASIS
from sogdia.modules.market.records import CLOSED_ORDERS, ORDERS, RULES, Order, OrderState, Outcome
from sogdia.modules.market.refusals import MarketRefusal as Refuse
from sogdia.modules.money import asset_key, pass_on, set_aside, set_aside_past_limits

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import Reader


def stake_of(order: Order) -> int:
    """Give what a carrier sets aside for the cash of an order, rounded up."""
    return 0 if order.payment is None else up(order.balance_due * order.payment.carrier_stakes, BASIS)


def carried_by(state: Reader, name: bytes, account: bytes) -> Order | None:
    """Give an order that an account carries; what others' orders are about is not told."""
    order = ORDERS.find(state, name)
    return order if order is not None and order.carrier == account else None


def carrier_order(ctx: Context, name: bytes, state: OrderState) -> Order:
    """Give an order that the sender carries and that has cash to be taken, or refuse."""
    order = open_order(ctx, name, state)
    require(ctx.sender == order.carrier, Refuse.SENDER_NOT_CARRIER, order=name)
    require(order.door_record is not None, Refuse.CASH_NOT_TAKEN)
    return order


class CollectCash(OrderOperation, tag=440):
    """Give the receipt for the cash: the carrier has taken exactly what was due, and owes it from now on."""

    units: PositiveUnits

    reserved: ClassVar[bool] = True

    def cost(self, state: Reader, sender: bytes) -> tuple[bytes, int]:
        """Give what is set aside for it."""
        order = carried_by(state, self.order, sender)
        return (UNKNOWN_MONEY, self.units) if order is None else (asset_key(order.asset), stake_of(order))

    def apply(self, ctx: Context) -> None:
        """Set the stake aside and start the time to hand over. A split that was proposed of the deposit is off.

        All of it counts in the carrier's limits now, as it has promised all of it.
        """
        order = carrier_order(ctx, self.order, OrderState.SHIPPED)
        require_due(order, self.units)

        staked = stake_of(order)
        rest = self.units - staked
        set_aside(ctx.state, order.asset, staked, ctx.sender, (), reference=self.order, to_follow=rest)
        begin_record(ctx, ctx.sender)
        count_for_carrier(ctx.state, ctx.sender, collected=1)
        count_for_buyer(ctx.state, owner_of(self.order), paid=1)
        deadline = ctx.time + RULES.must(ctx.state, None).windows.remit
        advance(
            ctx, self.order, order, structs.replace(order, state=OrderState.COLLECTED, deadline=deadline, split=None)
        )

        ctx.emit(
            CashCollected(
                order=self.order,
                carrier=ctx.sender,
                asset=order.asset,
                units=self.units,
                staked=staked,
                deadline=deadline,
            )
        )


class RemitCash(OrderOperation, tag=441):
    """Hand over what was collected: out of the stake, and for the rest out of what the carrier can spend."""

    units: PositiveUnits

    reserved: ClassVar[bool] = True

    def cost(self, state: Reader, sender: bytes) -> tuple[bytes, int]:
        """Give what is paid beside the stake, which has counted already."""
        order = carried_by(state, self.order, sender)
        if order is None:
            return UNKNOWN_MONEY, self.units
        return asset_key(order.asset), max(0, self.units - stake_of(order))

    def apply(self, ctx: Context) -> None:
        """Put the money into the order's escrow. The goods have been delivered, and may be returned from now on."""
        order = carrier_order(ctx, self.order, OrderState.COLLECTED)
        require_due(order, self.units)

        staked = stake_of(order)
        if self.units > staked:
            set_aside_past_limits(ctx.state, order.asset, self.units - staked, ctx.sender)
        pass_on(ctx.state, order.asset, self.units, ctx.sender, owner_of(self.order))
        count_for_carrier(ctx.state, ctx.sender, remitted=1)
        ctx.emit(CashRemitted(order=self.order, carrier=ctx.sender, asset=order.asset, units=self.units, staked=staked))
        deliver(ctx, self.order, structs.replace(order, balance_due=0), confirmed_by=ctx.sender)


class ReportRefusal(OrderOperation, tag=442):
    """Say that the buyer did not take the goods at the door, with the hash of what the carrier has seen."""

    reason: Hash | None = None

    reserved: ClassVar[bool] = True

    def apply(self, ctx: Context) -> None:
        """Count it, and close the order; the goods are on their way back, and the merchant counts them in."""
        order = carrier_order(ctx, self.order, OrderState.SHIPPED)
        require(order.balance_due > 0, Refuse.BALANCE_NOT_DUE)

        count_for_buyer(ctx.state, owner_of(self.order), refused=1)
        ctx.emit(ParcelRefused(order=self.order, carrier=ctx.sender, reason=self.reason))
        settlement.close(ctx, self.order, order, Outcome.REFUSED)


class ContestRefusal(OrderOperation, tag=443):
    """Say that the goods were not refused: the buyer, within the time to answer. The record then says both."""

    reason: Hash | None = None

    reserved: ClassVar[bool] = True

    def apply(self, ctx: Context) -> None:
        """Count it as contested in place of refused."""
        closed = CLOSED_ORDERS.get(ctx.state, self.order, Refuse.CLOSED_ORDER_UNKNOWN, order=self.order)
        require(ctx.sender == owner_of(self.order), Refuse.SENDER_NOT_BUYER, order=self.order)
        require(closed.outcome == Outcome.REFUSED, Refuse.REFUSAL_UNKNOWN, outcome=Outcome(closed.outcome).name)
        until = closed.closed_at + RULES.must(ctx.state, None).windows.answer
        require(ctx.time <= until, Refuse.CONTEST_TIME_OVER, until=until, time=ctx.time)

        count_for_buyer(ctx.state, ctx.sender, refused=-1, contested=1)
        changed = structs.replace(closed, outcome=Outcome.REFUSAL_CONTESTED)
        CLOSED_ORDERS.put(ctx.state, self.order, changed)

        ctx.emit(RefusalContested(order=self.order, reason=self.reason))


def keep_cash(ctx: Context, name: bytes, order: Order, carrier: bytes, writes_max: int) -> None:
    """Take the stake of a carrier that did not hand over in time.

    Where it is all that was due the order goes on like any that was paid: the buyer has paid, and may return goods.
    Else nothing more will come, and all are paid out of it as far as it goes.
    """
    staked = stake_of(order)
    whole = staked >= order.balance_due
    if not whole and put_off(ctx, name, order, carrier, RULES.must(ctx.state, None).windows.remit):
        return
    if staked:
        pass_on(ctx.state, order.asset, staked, carrier, owner_of(name))
    count_for_carrier(ctx.state, carrier, kept=1)
    ctx.emit(CashKept(order=name, carrier=carrier, asset=order.asset, units=order.balance_due, staked=staked))
    left = structs.replace(order, balance_due=order.balance_due - staked)
    if whole:
        deliver(ctx, name, left, confirmed_by=carrier)
        return
    settlement.close(ctx, name, left, Outcome.CASH_KEPT, writes_max=writes_max)
