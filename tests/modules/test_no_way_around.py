"""No way around an issuer's controls: whatever an operation is called, money leaves a holder in one place.

Two looks. The source: every operation, exit and turn that changes what anybody owns is one that *wishes* (it takes what
somebody has available, and passes every control), one that *keeps promises* (it moves what passed them when it was set
aside, and takes nothing that is available), or the issuer's own. And the ledger: each wish is tried against a freeze, a
limit, a day's limit and the travel rule.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from sogdia.kernel.values import name_of
from sogdia.modules import ALL
from sogdia.modules.book.offers import PlaceLimitOffer
from sogdia.modules.book.paths import PayStrictReceive, PayStrictSend, RouteStrictReceive, RouteStrictSend
from sogdia.modules.book.records import Side
from sogdia.modules.exchange.bonds import PostBond
from sogdia.modules.exchange.cards import FundCard, PostCard
from sogdia.modules.exchange.conversions import Convert
from sogdia.modules.market.cash import CollectCash, RemitCash
from sogdia.modules.market.deposits import PayBalance
from sogdia.modules.market.late_refunds import RefundLate
from sogdia.modules.market.orders import PlaceOrder, PlaceOrderAtRate
from sogdia.modules.money import balance
from sogdia.modules.money import balances as money
from sogdia.modules.money.currencies import Burn, FreezeHolder, Mint
from sogdia.modules.money.holds import PlaceHold, PlaceHoldWithReference
from sogdia.modules.money.measures import ApproveMeasure
from sogdia.modules.money.redemptions import RequestRedemption
from sogdia.modules.money.refusals import MoneyRefusal as Refuse
from sogdia.modules.money.transfers import Transfer, TransferWithReference
from sogdia.modules.netting.obligations import Payment, PayObligations
from sogdia.modules.vouchers.purses import OpenPurse
from sogdia.modules.vouchers.records import Share
from sogdia.testing.ledger import Ledger
from tests.modules.book import test_routes as routes
from tests.modules.book.stand import card, enter_dealer, offer, open_stand, sell
from tests.modules.book.test_paths import receive, send
from tests.modules.exchange.bureau import CUSTOMER, DEALER, convert, open_bureau, posting
from tests.modules.market.at_a_rate import at_rate
from tests.modules.market.in_steps import (
    AT_THE_DOOR,
    BEFORE_SHIPPING,
    UNSTAKED,
    accepted,
    at_the_door,
    collected,
    shop_in_steps,
)
from tests.modules.market.in_steps import pay as pay_the_rest
from tests.modules.market.shop import BUYER, MERCHANT, PAID, open_shop, order, order_name
from tests.modules.market.test_late_refunds import late, settle
from tests.modules.money.issuer_rows import held_referred, referred
from tests.modules.money.issuing import at_most, impose
from tests.modules.money.purse import PAYER, hold, pay
from tests.modules.netting.house import open_house, owe
from tests.modules.vouchers.stall import opening
from tests.refused import _in_order, _value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sogdia.kernel.operation import Operation

SOURCE = Path(money.__file__).parents[1]

WISHES_OF_MONEY: frozenset[object] = frozenset((money.move, money.set_aside, money.set_aside_past_limits))
PROMISES_OF_MONEY: frozenset[object] = frozenset((money.keep_promise, money.pass_on, money.redeem))
ISSUERS_OF_MONEY: frozenset[object] = frozenset((money.mint, money.burn, money.claw_back))

ISSUERS_OWN = {
    Mint: "bounded by caps and reserve",
    Burn: "takes the issuer's own money",
    ApproveMeasure: "takes what a panel has agreed to, and nothing that is set aside",
}


def called_in(function: Callable[..., Any], seen: set[FunctionType] | None = None) -> set[FunctionType]:
    """Give every function of ours that a function comes to call, through tables of functions, too."""
    assert isinstance(function, FunctionType)
    found = set() if seen is None else seen
    if function in found or function in WISHES_OF_MONEY | PROMISES_OF_MONEY | ISSUERS_OF_MONEY:
        found.add(function)
        return found
    found.add(function)
    for node in _in_order(ast.parse(textwrap.dedent(inspect.getsource(function)))):
        for value in _functions_of(_value_of(node, function.__globals__)):
            called_in(value, found)
    return found


def _functions_of(value: object) -> Iterator[FunctionType]:
    """Give the functions of ours that a value is, or holds."""
    if isinstance(value, FunctionType) and value.__module__.startswith("sogdia.modules"):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _functions_of(each)
    elif isinstance(value, tuple):
        for each in value:
            yield from _functions_of(each)


OPERATIONS = [operation for module in ALL for operation in module.operations]
REACHED = {operation: called_in(operation.apply) for operation in OPERATIONS}
EXITS = {each.table.name: called_in(each.apply) for module in ALL for each in module.exits}
TURNS = {each.table.name: called_in(each.apply) for module in ALL for each in module.turns}
BY_THEMSELVES = EXITS | TURNS


class Wish(NamedTuple):
    """A way to part with what is available: how a ledger comes there, who asks, what for, and of which money."""

    operation: type[Operation]
    begin: Callable[[], Ledger]
    who: str
    ask: Callable[[Ledger], Operation]
    code: str = "USD"
    limited: bool = True
    referring: bool = False
    """Whether it needs a travel-rule reference and has none."""


def purse() -> Ledger:
    """Nairobi has money."""
    ledger = Ledger()
    ledger.fund(PAYER, 1_000)
    return ledger


def bureau() -> Ledger:
    """A dealer with a card."""
    return open_bureau(Ledger())


def shop_at_a_rate() -> Ledger:
    """A shop, and a dealer with a card."""
    return open_bureau(open_shop(Ledger()))


def settled() -> Ledger:
    """An order that is settled; the merchant has more than it cost."""
    ledger = open_shop(Ledger())
    settle(ledger)
    ledger.fund(MERCHANT, 100_000)
    return ledger


def refunding(ledger: Ledger) -> Operation:
    """Refund a unit of silk late."""
    from tests.modules.market.test_late_refunds import basket  # noqa: PLC0415 - beside its only use

    return late(order_name(ledger), basket(ledger), 1, 1)


def redeeming(ledger: Ledger) -> Operation:
    """Ask the bank for what dollars are worth."""
    return RequestRedemption(reference="r1", asset=ledger.asset(), units=100, payout="RF18")


def exchanging() -> Ledger:
    """Somebody sells dinars for dollars."""
    ledger = open_stand(Ledger())
    sell(ledger, "lanzhou", 10_000, "3.2")
    return ledger


def dealing() -> Ledger:
    """A dealer's card gives dinars for dollars."""
    ledger = open_stand(Ledger())
    enter_dealer(ledger, "KWD")
    card(ledger, ("USD", "KWD"), (16, 5))
    return ledger


def owing() -> Ledger:
    """Bukhara owes Nairobi something, and has money."""
    ledger = open_house(Ledger())
    owe(ledger, "bukhara", "nairobi", 90, "plain", netting=False)
    ledger.fund("bukhara", 1_000)
    return ledger


def discharging(ledger: Ledger) -> Operation:
    """Pay what is owed."""
    payment = Payment(name_of(ledger.account("nairobi"), "plain"), 90)
    return PayObligations(asset=ledger.asset(), payments=(payment,))


def filling(ledger: Ledger) -> Operation:
    """Set money aside for vouchers."""
    return opening(ledger, "q", shares=(Share(ledger.account("bukhara"), 100),))


def in_steps() -> Ledger:
    """An order whose rest is due."""
    ledger = shop_in_steps(BEFORE_SHIPPING)
    accepted(ledger)
    return ledger


def in_steps_rest(ledger: Ledger) -> Operation:
    """Pay it."""
    return pay_the_rest(ledger, order_name(ledger))


def on_the_way() -> Ledger:
    """Goods to be paid at the door, of whose cash the carrier stakes all."""
    ledger = shop_in_steps(AT_THE_DOOR)
    at_the_door(ledger)
    return ledger


def taken() -> Ledger:
    """A carrier that has staked nothing has the cash."""
    ledger = shop_in_steps(UNSTAKED)
    collected(ledger)
    return ledger


BY_CARD = (("USD", "KWD"), ("c",))
WISHES = [
    Wish(Transfer, purse, PAYER, lambda it: pay(it, 100), referring=True),
    Wish(TransferWithReference, purse, PAYER, lambda it: referred(it, 100)),
    Wish(PlaceHold, purse, PAYER, lambda it: hold(it, 100), referring=True),
    Wish(PlaceHoldWithReference, purse, PAYER, lambda it: held_referred(it, 100)),
    Wish(RequestRedemption, purse, PAYER, redeeming, limited=False),
    Wish(PostCard, bureau, DEALER, lambda it: posting(it, "two")),
    Wish(FundCard, bureau, DEALER, lambda _it: FundCard(card="usd", units=100)),
    Wish(PostBond, bureau, DEALER, lambda it: PostBond(asset=it.asset(), units=100)),
    Wish(Convert, bureau, CUSTOMER, lambda it: convert(it, 1_000), code="KWD"),
    Wish(PlaceOrder, lambda: open_shop(Ledger()), BUYER, order),
    Wish(PayBalance, in_steps, BUYER, in_steps_rest, limited=False),
    Wish(CollectCash, on_the_way, "carrier", lambda it: CollectCash(order=order_name(it), units=PAID)),
    Wish(RemitCash, taken, "carrier", lambda it: RemitCash(order=order_name(it), units=PAID), limited=False),
    Wish(PlaceOrderAtRate, shop_at_a_rate, BUYER, at_rate, code="KWD"),
    Wish(PlaceLimitOffer, lambda: open_stand(Ledger()), "nairobi", lambda it: offer(it, Side.BUY, 1_000, "3.2")),
    Wish(PayStrictReceive, exchanging, "nairobi", lambda it: receive(it, ("USD", "KWD"), 1_000), referring=True),
    Wish(PayStrictSend, exchanging, "nairobi", lambda it: send(it, ("USD", "KWD"), 3_200), referring=True),
    Wish(RouteStrictReceive, dealing, "nairobi", lambda it: routes.receive(it, *BY_CARD, 1_000), referring=True),
    Wish(RouteStrictSend, dealing, "nairobi", lambda it: routes.send(it, *BY_CARD, 3_200), referring=True),
    Wish(OpenPurse, purse, PAYER, filling, referring=True),
    Wish(PayObligations, owing, "bukhara", discharging),
    Wish(RefundLate, settled, MERCHANT, refunding, limited=False),
]
by_wish = pytest.mark.parametrize("wish", WISHES, ids=lambda wish: wish.operation.__name__)
limited = pytest.mark.parametrize(
    "wish", [each for each in WISHES if each.limited], ids=lambda wish: wish.operation.__name__
)


def available(ledger: Ledger, wish: Wish) -> int:
    """What the one who asks has available."""
    return balance(ledger.state, ledger.account(wish.who), ledger.asset(wish.code)).available


def cost_of(wish: Wish) -> int:
    """What the wish takes from the one who asks, when nothing stands in its way."""
    ledger = wish.begin()
    before = available(ledger, wish)
    ledger.must(wish.who, wish.ask(ledger))
    cost = before - available(ledger, wish)
    assert cost > 0
    return cost


def refused(ledger: Ledger, wish: Wish) -> int:
    """Ask, look that a refusal changes nothing, and give its number, or 0."""
    before = ledger.snapshot()
    code = ledger.send(wish.who, wish.ask(ledger)).code
    assert not code or ledger.snapshot() == before
    return code


def test_every_operation_that_takes_what_is_available_stands_in_the_list():
    taking = {operation for operation, reached in REACHED.items() if reached & WISHES_OF_MONEY}

    assert taking == {wish.operation for wish in WISHES}


def test_what_the_issuer_does_by_itself_is_named_with_what_bounds_it():
    own = {operation for operation, reached in REACHED.items() if reached & ISSUERS_OF_MONEY}

    assert own == set(ISSUERS_OWN)


def test_many_operations_keep_promises_and_they_take_nothing_that_is_available():
    keeping = [operation for operation, reached in REACHED.items() if reached & PROMISES_OF_MONEY]
    taking = {wish.operation for wish in WISHES} | set(ISSUERS_OWN)

    assert len(keeping) >= 13
    over_paths = {PayStrictReceive, PayStrictSend, RouteStrictReceive, RouteStrictSend}
    assert {each for each in keeping if each in taking} == {Convert, PlaceLimitOffer, RemitCash} | over_paths


@pytest.mark.parametrize("name", BY_THEMSELVES)
def test_what_happens_by_itself_only_keeps_promises(name):
    assert not BY_THEMSELVES[name] & (WISHES_OF_MONEY | ISSUERS_OF_MONEY)


def test_some_of_it_does_keep_promises():
    assert {name for name, reached in BY_THEMSELVES.items() if reached & PROMISES_OF_MONEY} >= {
        "money/holds",
        "money/redemptions",
        "exchange/cards",
        "market/orders",
    }


def test_nothing_but_the_one_place_writes_what_anybody_owns():
    writing = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("put", "drop") and ast.unparse(node.value) == "BALANCES"
    }
    marking = {"money/currencies.py": ("authorised",), "money/freezes.py": ("frozen",)}

    assert writing <= {"money/balances.py", *marking}
    for name, fields in marking.items():
        changed = [
            keyword.arg
            for node in ast.walk(ast.parse((SOURCE / name).read_text("utf-8")))
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "structs.replace"
            for keyword in node.keywords
        ]
        assert not {"available", "held"} & set(changed)
        assert set(fields) <= set(changed)


@by_wish
def test_a_frozen_holder_parts_with_nothing(wish):
    ledger = wish.begin()
    ledger.must("bank", FreezeHolder(currency=wish.code, account=ledger.account(wish.who), reason="Court order 7/2026"))

    assert refused(ledger, wish) == Refuse.HOLDER_FROZEN


@limited
@pytest.mark.parametrize(("less", "code"), [(0, 0), (1, Refuse.PAYMENT_ABOVE_LIMIT)])
def test_a_limit_holds_to_the_last_unit(wish, less, code):
    cost = cost_of(wish)
    ledger = wish.begin()
    impose(wish.code, limits=at_most(cost - less))(ledger)

    assert refused(ledger, wish) == code


@limited
@pytest.mark.parametrize(("less", "code"), [(0, 0), (1, Refuse.DAY_LIMIT_PASSED)])
def test_so_does_a_days_limit(wish, less, code):
    cost = cost_of(wish)
    ledger = wish.begin()
    impose(wish.code, limits=at_most(cost, cost + 7 - less))(ledger)
    ledger.must(wish.who, pay(ledger, 7, "lanzhou", wish.code))

    assert refused(ledger, wish) == code


@pytest.mark.parametrize(
    "wish", [each for each in WISHES if not each.limited], ids=lambda each: each.operation.__name__
)
def test_a_refund_and_a_redemption_are_under_no_limit(wish):
    ledger = wish.begin()
    impose(wish.code, limits=at_most(1))(ledger)

    assert refused(ledger, wish) == 0


@by_wish
def test_the_travel_rule_asks_of_payments_to_others_that_name_no_papers(wish):
    ledger = wish.begin()
    impose(wish.code, reference_from=1)(ledger)

    assert refused(ledger, wish) == (Refuse.REFERENCE_MISSING if wish.referring else 0)
