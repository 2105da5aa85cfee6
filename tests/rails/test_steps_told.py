"""Orders paid in steps and at the door, in the books: in whatever order things happen, they give what there is."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from sogdia.modules.identity import Role
from sogdia.modules.market.awards import AwardReturn, AwardSplit
from sogdia.modules.market.cash import CollectCash, ContestRefusal, RemitCash, ReportRefusal
from sogdia.modules.market.causes import Cause
from sogdia.modules.market.deposits import PayBalance
from sogdia.modules.market.events import (
    BalancePaid,
    CashCollected,
    CashKept,
    CashRemitted,
    ParcelRefused,
    PartReleased,
    RefusalContested,
    SplitAwarded,
)
from sogdia.modules.market.orders import (
    AcceptOrder,
    CancelOrder,
    ConfirmDelivery,
    DeclineOrder,
    OrderLine,
    SettleOrder,
    ShipOrder,
)
from sogdia.modules.market.records import ORDERS, Offer, OrderState, Outcome, Payment, RestPaid, Share
from sogdia.modules.market.returns import ApproveReturn, RefundLines, RefuseReturn, RequestReturn
from sogdia.modules.market.splits import AcceptSplit, ProposeSplit
from sogdia.rails.clearing import message_of
from tests.modules.market.in_steps import ARBITRATOR
from tests.modules.market.shop import BUYER, MERCHANT, order, order_name, quantities, sell, terms
from tests.rails.walks import PayingLedger

if TYPE_CHECKING:
    from sogdia.kernel.operation import Operation

FIRST, DOOR = RestPaid.BEFORE_SHIPPING, RestPaid.ON_DELIVERY
TERMS = (
    Payment(3_000, FIRST),
    Payment(0, FIRST, 0, 3_333, 1),
    Payment(10_000, FIRST, 0, 5_000, 5_000),
    Payment(0, DOOR, 10_000),
    Payment(2_500, DOOR, 3_333),
    Payment(1, DOOR),
)
HOURS = (1, 1, 24, 24, 24 * 4, 24 * 8, 24 * 46)


class Town:
    """Somebody sells under all of the terms, to a buyer whose every second step is a wrong one."""

    def __init__(self, seed: int, kind: type[Any] = PayingLedger) -> None:
        """Open the shop on a ledger of some kind."""
        self.chance = Random(seed)
        self.ledger = kind()
        self.ledger.register(ARBITRATOR, roles=Role.ARBITRATOR)
        shares = (Share(self.ledger.account(ARBITRATOR), 777),)
        for number, payment in enumerate(TERMS):
            self.ledger.must(MERCHANT, terms(self.ledger, f"t{number}", payment=payment, shares=shares))
            sell(self.ledger, f"tea{number}", Offer(price=7, freight_per_unit=3, tax=700), of_terms=f"t{number}")
            sell(self.ledger, f"pot{number}", Offer(price=331), of_terms=f"t{number}", stock=10_000)
        self.ledger.fund(BUYER, 60_000)
        self.ledger.fund("carrier", 9_000)
        self.orders: list[bytes] = []

    def step(self) -> None:
        """Do something; the ledger looks at all invariants, and the books have to give its balances."""
        roll = self.chance.random()
        if roll < 0.15:
            self.place()
        elif roll < 0.2:
            self.ledger.wait(self.chance.choice(HOURS) * 3_600 + 1)
        elif self.orders:
            who, operation = self.wish(self.chance.choice(self.orders[-3:]))
            self.ledger.send(who, operation)
        self.ledger.agrees()

    def place(self) -> None:
        """Order some tea and a pot or two."""
        terms_of, reference = self.chance.randrange(len(TERMS)), f"o{len(self.orders)}"
        wanted = [OrderLine(f"tea{terms_of}", 1, self.chance.randint(1, 5)), OrderLine(f"pot{terms_of}", 1, 2)]
        if not self.ledger.send(BUYER, order(self.ledger, wanted, reference)).code:
            self.orders.append(order_name(self.ledger, reference))

    def wish(self, name: bytes) -> tuple[str, Operation]:
        """Give something to be done with an order, and mostly what it waits for."""
        known = ORDERS.find(self.ledger.state, name)
        due = 0 if known is None else known.balance_due
        some: Any = quantities((self.chance.randint(1, 2), self.chance.randint(1, 2)))
        causes = self.chance.choice(list(Cause))
        part = self.chance.randint(0, 900)
        nexts: dict[int, list[tuple[str, Operation]]] = {
            0: [(BUYER, ContestRefusal(order=name))],
            OrderState.PLACED: [
                (MERCHANT, AcceptOrder(order=name)),
                (MERCHANT, AcceptOrder(order=name, declined=(self.chance.randint(1, 2),))),
                (BUYER, CancelOrder(order=name)),
                (BUYER, PayBalance(order=name, units=due or 1)),
            ],
            OrderState.ACCEPTED: [
                (BUYER, PayBalance(order=name, units=due or 1)),
                (MERCHANT, ShipOrder(order=name)),
                (MERCHANT, ShipOrder(order=name)),
                (MERCHANT, RefundLines(order=name, lines=some, return_cause=causes)),
                (MERCHANT, DeclineOrder(order=name)),
            ],
            OrderState.SHIPPED: [
                ("carrier", CollectCash(order=name, units=due or 1)),
                ("carrier", ConfirmDelivery(order=name)),
                ("carrier", ReportRefusal(order=name)),
                (BUYER, PayBalance(order=name, units=due or 1)),
                (BUYER, ProposeSplit(order=name, to_buyer=part)),
                (MERCHANT, AcceptSplit(order=name, to_buyer=getattr(known and known.split, "to_buyer", 0))),
                (MERCHANT, RefundLines(order=name, lines=some, return_cause=causes)),
            ],
            OrderState.COLLECTED: [("carrier", RemitCash(order=name, units=due or 1))],
            OrderState.DELIVERED: [
                (BUYER, RequestReturn(order=name, lines=some, return_cause=causes)),
                (MERCHANT, RefundLines(order=name, lines=some, return_cause=causes)),
                (BUYER, SettleOrder(order=name)),
            ],
            OrderState.RETURNING: [
                (MERCHANT, ApproveReturn(order=name)),
                (MERCHANT, RefuseReturn(order=name)),
            ],
            OrderState.CONTESTED: [
                (ARBITRATOR, AwardSplit(order=name, to_buyer=part)),
                (ARBITRATOR, AwardReturn(order=name, return_cause=causes)),
                (MERCHANT, ApproveReturn(order=name)),
            ],
        }
        return self.chance.choice(nexts.get(0 if known is None else known.state, nexts[0]))


@pytest.fixture(scope="module")
def town():
    """A town in which every fact has come about, with a look at the books after each."""
    return told_town(PayingLedger)


def told_town(kind: type[Any]) -> Town:
    """A town on a ledger of some kind, in which all stories have been tried under all terms."""
    made = Town(1, kind)
    for number in range(len(TERMS)):
        for story in STORIES:
            play(made, number, story)
    return made


Story = tuple[tuple[str, Any], ...]
ACCEPT = (MERCHANT, lambda name, _units: AcceptOrder(order=name))
SHIP = (MERCHANT, lambda name, _units: ShipOrder(order=name))
PAY = (BUYER, lambda name, units: PayBalance(order=name, units=units))
ARRIVE = ("carrier", lambda name, _units: ConfirmDelivery(order=name))
TAKE = ("carrier", lambda name, units: CollectCash(order=name, units=units))
HAND_OVER = ("carrier", lambda name, units: RemitCash(order=name, units=units))
REFUSE = ("carrier", lambda name, _units: ReportRefusal(order=name))
CONTEST = (BUYER, lambda name, _units: ContestRefusal(order=name))
REFUND = (MERCHANT, lambda name, _units: RefundLines(order=name, lines=quantities((2, 1))))
ASK_BACK = (BUYER, lambda name, _units: RequestReturn(order=name, lines=quantities((1, 1))))
SAY_NO = (MERCHANT, lambda name, _units: RefuseReturn(order=name))
GIVE_BACK = (ARBITRATOR, lambda name, _units: AwardReturn(order=name, return_cause=Cause.MERCHANT))
AWARD = (ARBITRATOR, lambda name, _units: AwardSplit(order=name, to_buyer=17))
SETTLE = (BUYER, lambda name, _units: SettleOrder(order=name))
DAYS = 86_400
STORIES: tuple[Story, ...] = (
    (PAY, ACCEPT, SHIP, ARRIVE, REFUND, SETTLE),
    (ACCEPT, REFUND, PAY, SHIP, TAKE, ARRIVE, ASK_BACK, SAY_NO, AWARD),
    (ACCEPT, SHIP, TAKE, HAND_OVER, ASK_BACK, SAY_NO, AWARD),
    (ACCEPT, SHIP, TAKE, ("", 4 * DAYS)),
    (PAY, ACCEPT, SHIP, ARRIVE, ASK_BACK, SAY_NO, GIVE_BACK, SETTLE),
    (ACCEPT, SHIP, REFUND, REFUSE, CONTEST),
    (ACCEPT, SHIP, ("", 60 * DAYS)),
    (ACCEPT, ("", 8 * DAYS)),
    (("", 3 * DAYS),),
)
"""What is tried with an order under all terms; what the terms do not allow is refused, and changes nothing."""


def due(town: Town, name: bytes) -> int:
    """What is left to be paid of an order."""
    known = ORDERS.find(town.ledger.state, name)
    return 0 if known is None else known.balance_due


def play(town: Town, number: int, story: Story) -> None:
    """Place an order under some terms and try a story with it."""
    ledger = town.ledger
    reference = f"s{number}x{ledger.height}"
    wanted = [OrderLine(f"tea{number}", 1, 3), OrderLine(f"pot{number}", 1, 2)]
    ledger.must(BUYER, order(ledger, wanted, reference))
    for who, step in story:
        if who:
            ledger.send(who, step(order_name(ledger, reference), due(town, order_name(ledger, reference)) or 1))
        else:
            ledger.wait(step)
        ledger.agrees()


def test_whatever_happens_the_books_agree_and_everything_happens(town):
    facts = {type(told.fact) for told in town.ledger.told}
    outcomes = {told.fact.outcome for told in town.ledger.told if hasattr(told.fact, "outcome")}

    wanted = {BalancePaid, PartReleased, CashCollected, CashRemitted, CashKept, ParcelRefused, RefusalContested}
    assert facts >= {*wanted, SplitAwarded}
    assert outcomes == set(Outcome) - {Outcome.REFUSAL_CONTESTED}


def test_every_payment_fits_into_a_message(town):
    assert town.ledger.payments
    for each in town.ledger.payments[::5]:
        assert message_of([each], town.ledger.network)
