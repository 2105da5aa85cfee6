"""A shop whose orders are paid in steps, or at the door; an insurer and an arbitrator share in the price.

The usual basket costs 9159, of which 6807 is its price. A deposit of 30 % is 2748 (2747.7), and 6411 are left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sogdia.kernel.values import name_of
from sogdia.modules.identity import Role
from sogdia.modules.market.cash import CollectCash
from sogdia.modules.market.deposits import PayBalance
from sogdia.modules.market.orders import AcceptOrder, ShipOrder
from sogdia.modules.market.records import CASH_RECORDS, CashRecord, DoorRecord, Payment, RestPaid, Share
from sogdia.testing.ledger import Ledger
from tests.modules.market.shop import BASKET, BUYER, MERCHANT, open_order, open_shop, order_name, place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sogdia.modules.market.orders import OrderLine

DEPOSIT, BALANCE = 2_748, 6_411
DAY = 86_400

BEFORE_SHIPPING = Payment(3_000, RestPaid.BEFORE_SHIPPING)
RELEASED_EARLY = Payment(10_000, RestPaid.BEFORE_SHIPPING, 0, 4_000, 3_000)
AT_THE_DOOR = Payment(0, RestPaid.ON_DELIVERY, 10_000)
UNSTAKED = Payment(0, RestPaid.ON_DELIVERY)
HALF_STAKED = Payment(3_000, RestPaid.ON_DELIVERY, 5_000)
INSURER, ARBITRATOR = "astana", "osh"


def shop_in_steps(payment: Payment | None, **changes: Any) -> Ledger:  # noqa: ANN401 - sections of a genesis
    """The shop, paid in steps. Its carrier has 20,000 of its own."""
    ledger = open_shop(Ledger(**changes), payment=payment)
    ledger.fund("carrier", 20_000)
    return ledger


def shared_shop(payment: Payment | None = None) -> Ledger:
    """The shop, of whose price an insurer has 1 % and an arbitrator 0.5 %."""
    ledger = Ledger()
    ledger.register(INSURER, roles=Role.INSURER)
    ledger.register(ARBITRATOR, roles=Role.ARBITRATOR)
    shares = (Share(ledger.account(INSURER), 100), Share(ledger.account(ARBITRATOR), 50))
    return open_shop(ledger, shares=shares, payment=payment)


def accepted(ledger: Ledger, lines: Sequence[OrderLine] = BASKET, reference: str = "o1") -> bytes:
    """An order that the merchant has accepted."""
    name = place(ledger, lines, reference)
    ledger.must(MERCHANT, AcceptOrder(order=name))
    return name


def pay(ledger: Ledger, name: bytes) -> PayBalance:
    """Pay what is left, as the order says."""
    return PayBalance(order=name, units=open_order(ledger, name).balance_due)


def at_the_door(ledger: Ledger, reference: str = "o1") -> bytes:
    """An order whose goods are on their way."""
    name = accepted(ledger, reference=reference)
    ledger.must(MERCHANT, ShipOrder(order=name))
    return name


def collected(ledger: Ledger, reference: str = "o1") -> bytes:
    """An order whose cash the carrier has."""
    name = at_the_door(ledger, reference)
    ledger.must("carrier", CollectCash(order=name, units=open_order(ledger, name).balance_due))
    return name


def record(ledger: Ledger, who: str) -> CashRecord:
    """What came of somebody's cash on delivery."""
    return CASH_RECORDS.must(ledger.state, ledger.account(who))


def at_the_doors(ledger: Ledger, who: str = BUYER) -> DoorRecord:
    """What a buyer did at the door."""
    return record(ledger, who).as_buyer


def first_order(ledger: Ledger) -> bytes:
    """The name of the buyer's first order."""
    return order_name(ledger)


def unknown(ledger: Ledger) -> bytes:
    """The name of an order that there is not."""
    return name_of(ledger.account(BUYER), "none")


def wait_out(ledger: Ledger, name: bytes) -> None:
    """Let an order's time run out."""
    ledger.wait(open_order(ledger, name).deadline - ledger.time + 1)
