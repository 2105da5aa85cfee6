"""A random walk through trade, told to the real ledger and to the second one, who must agree after every block.

All choices come from one seeded generator, so a walk can be walked again. What was told so far is kept for the reader
of a failure.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from sogdia.kernel.codec import encode
from sogdia.kernel.merkle import path
from sogdia.kernel.values import account_of, name_of
from sogdia.modules.identity import Kind
from sogdia.modules.identity.parties import RegisterParty, ReinstateParty, SuspendParty
from sogdia.modules.market.late_refunds import RefundLate
from sogdia.modules.market.listings import AddVariant, ChangeStock, CloseListing, OpenListing, PublishTerms
from sogdia.modules.market.orders import (
    AcceptOrder,
    CancelOrder,
    ConfirmDelivery,
    DeclineOrder,
    OrderLine,
    PlaceOrder,
    SettleOrder,
    ShipOrder,
)
from sogdia.modules.market.records import FinalLine, LineQuantity, Offer, Parts, Tier
from sogdia.modules.market.returns import ApproveReturn, RefundLines, RefuseReturn, RequestReturn
from sogdia.modules.market.splits import AcceptSplit, ProposeSplit
from sogdia.modules.money.currencies import (
    AuthoriseHolder,
    Burn,
    FreezeHolder,
    Mint,
    RevokeAuthorisation,
    SetCaps,
    UnfreezeHolder,
)
from sogdia.modules.money.holds import CaptureHold, PlaceHold, ReleaseHold
from sogdia.modules.money.transfers import Transfer
from sogdia.testing.ledger import PARTIES as GENESIS_PARTIES
from sogdia.testing.ledger import START, Ledger, keys_of
from tests.properties import second_ledger as expected

if TYPE_CHECKING:
    from collections.abc import Callable

    from sogdia.kernel.operation import Operation
    from tests.properties.second_ledger import Named

NEWCOMERS = ("momo", "osh")
BUYERS = ("nairobi", "lanzhou", "momo")
MERCHANTS = ("bukhara", "osh")
EVERYBODY = (*BUYERS, *MERCHANTS, "carrier", "platform", "treasury", "bank", "registrar")
CURRENCIES = ("USD", "USD", "USD", "KWD", "EUR")
REFERENCES = tuple("abcdefgh")
"""Few names, so that they meet often."""

STEPS: dict[str, Any] = {
    "cancel": CancelOrder,
    "decline": DeclineOrder,
    "accept": AcceptOrder,
    "ship": ShipOrder,
    "confirm": ConfirmDelivery,
    "settle": SettleOrder,
    "approve": ApproveReturn,
    "refuse": RefuseReturn,
}


class RandomTrade:
    """The two ledgers, told the same."""

    def __init__(self, seed: int, **genesis: Any) -> None:  # noqa: ANN401 - sections of a genesis
        """Start both with the parties of the genesis, rules of the bank that are soon felt, money and two shops."""
        self.random = Random(seed)
        issued = [
            {"currency": "USD", "issuer": "bank"},
            {"currency": "KWD", "issuer": "bank", "holder_max": 60_000, "supply_max": 150_000},
            {"currency": "EUR", "issuer": "bank", "by_authorisation": True},
        ]
        rules = {
            "USD": expected.Currency(),
            "KWD": expected.Currency(holder_max=60_000, supply_max=150_000),
            "EUR": expected.Currency(listed=True),
        }
        changes: dict[str, Any] = {"market": {"windows": expected.WINDOWS}, "money": {"currencies": issued}}
        self.ledger = Ledger(**(changes | genesis))
        self.second = expected.SecondLedger(tuple(GENESIS_PARTIES), rules, START)
        self.told: list[str] = []
        self.exits: list[tuple[str, ...]] = []
        for who in NEWCOMERS:
            self.register(who)
        for who in (*BUYERS, *MERCHANTS):
            self.mint("USD", who, 100_000)
        for merchant in MERCHANTS:
            self.publish(merchant, "t1", "USD")
            for reference in REFERENCES[:2]:
                self.offer(merchant, reference, "t1")

    # ------------------------------------------------------------------------------------------------ the words

    def account(self, who: str) -> bytes:
        """The account of a party, also of one that is not registered yet."""
        if who in GENESIS_PARTIES:
            return self.ledger.account(who)
        return account_of(self.ledger.network, self.ledger.account("registrar"), who)

    def name(self, name: Named) -> bytes:
        """The name of an object, from its owner and its reference."""
        return name_of(self.account(name[0]), name[1])

    def tell(self, who: str, operation: Operation, granted: Callable[[], bool], touched: Named | None = None) -> bool:
        """Let some time pass, tell both ledgers, and look that they agree."""
        ledger, second = self.ledger, self.second
        ledger._registered.setdefault(who, self.account(who))
        leap = self.leap()
        ledger.time += leap
        second.now = ledger.time
        before = ledger.snapshot(calendar=False)
        exits, wish = 0, False
        if who in second.parties and (who not in second.suspended or operation.reserved):
            if touched is not None:
                exits += second.hold_out(touched) + second.time_out(touched)
            wish = granted()
        exits += second.everything_due()
        self.told.append(f"+{leap} {who}: {operation} -> {'granted' if wish else 'refused'}, {exits} exits")

        answer = ledger.block(ledger.sign(who, operation))[0]

        assert (answer.code == 0) == wish, f"the answer was {answer}"
        self.count_exits(exits)
        assert wish or exits or ledger.snapshot(calendar=False) == before, "a refused wish has changed something"
        return wish

    def count_exits(self, exits: int) -> None:
        """Look that deadlines caused as many exits as they should."""
        found = [tuple(type(event).__name__ for event in receipt.events) for receipt in self.ledger.exit_receipts()]
        self.exits += found
        assert len(found) == exits, f"the exits were {found}"

    def leap(self) -> int:
        """Seconds to let pass: mostly none, often up to a deadline or one second beyond it."""
        choice = self.random.randrange(30)
        deadlines = [order.deadline for order in self.second.orders.values()]
        deadlines += [hold.deadline for hold in self.second.holds.values()]
        if choice == 0 and deadlines:
            now: int = self.ledger.time
            return max(0, self.random.choice(deadlines) - now + self.random.randrange(2))
        return self.random.choice([1, 20, 50, 100, 310]) if choice == 1 else 0

    # ---------------------------------------------------------------------------------------------- the parties

    def register(self, who: str | None = None) -> None:
        """Let the registrar enter a party."""
        new = who or self.random.choice(NEWCOMERS)
        operation = RegisterParty(
            reference=new,
            kind=int(Kind.PERSON),
            country="KE",
            roles=0,
            sponsor=self.account("registrar"),
            scheme=1,
            public=keys_of(new).public,
        )
        self.tell("registrar", operation, lambda: self.second.register(new))

    def suspend(self) -> None:
        """Let the registrar suspend a party, or lift it, which it does more often."""
        who = self.random.choice(sorted(self.second.suspended) or NEWCOMERS)
        back = bool(self.random.randrange(3))
        account = self.account(who)
        operation: Operation = (
            ReinstateParty(account=account) if back else SuspendParty(account=account, reason="No papers")
        )
        self.tell("registrar", operation, lambda: self.second.mark(self.second.suspended, who, on=not back))

    # ------------------------------------------------------------------------------------------------ the money

    def units(self) -> int:
        """An amount, mostly small."""
        return self.random.choice([self.random.randint(1, 2_000), 10_000, 60_000])

    def mint(self, currency: str = "", who: str = "", units: int = 0) -> None:
        """Let the bank make money."""
        currency = currency or self.random.choice(CURRENCIES)
        who, units = who or self.random.choice(EVERYBODY), units or self.units()
        operation = Mint(currency=currency, to=self.account(who), units=units)
        self.tell("bank", operation, lambda: self.second.mint(currency, who, units))

    def burn(self) -> None:
        """Let the bank destroy money."""
        currency, units = self.random.choice(CURRENCIES), self.units()
        self.tell("bank", Burn(currency=currency, units=units), lambda: self.second.burn(currency, units))

    def transfer(self) -> None:
        """Let somebody pay somebody."""
        who, to = self.random.choice(EVERYBODY), self.random.choice((*EVERYBODY, "bank", "bank"))
        currency, units = self.random.choice(CURRENCIES), self.units()
        operation = Transfer(
            to=self.account(to), asset=self.ledger.asset(currency), units=units, purpose="GDDS", end_to_end="x"
        )
        self.tell(who, operation, lambda: self.second.transfer(who, to, currency, units))

    def mark_holder(self) -> None:
        """Let the bank freeze or unfreeze a holder, or put it on its list or take it off."""
        holder = (self.random.choice(EVERYBODY), self.random.choice(CURRENCIES))
        fields: dict[str, Any] = {"currency": holder[1], "account": self.account(holder[0])}
        if self.random.randrange(2):
            on = bool(self.random.randrange(4))
            listing = AuthoriseHolder(**fields) if on else RevokeAuthorisation(**fields)
            self.tell("bank", listing, lambda: self.second.authorise(holder, on=on))
        else:
            on = not self.random.randrange(3)
            freezing = FreezeHolder(**fields, reason="Court order 17") if on else UnfreezeHolder(**fields)
            self.tell("bank", freezing, lambda: self.second.mark(self.second.frozen, holder, on=on))

    def set_caps(self) -> None:
        """Let the bank set other caps."""
        currency = self.random.choice(CURRENCIES)
        supply_max, holder_max = self.random.choice([10, 10**9]), self.random.choice([1, 10**5, *[10**9] * 6])
        operation = SetCaps(currency=currency, supply_max=supply_max, holder_max=holder_max)
        self.tell("bank", operation, lambda: self.second.set_caps(currency, supply_max, holder_max))

    def hold(self) -> None:
        """Let somebody set money aside for somebody."""
        name = (self.random.choice(EVERYBODY), self.random.choice(REFERENCES[:2]))
        payee, currency, units = self.random.choice(EVERYBODY), self.random.choice(CURRENCIES), self.units()
        deadline = self.ledger.time + self.random.choice([50, 100, 200])
        operation = PlaceHold(
            reference=name[1],
            payee=self.account(payee),
            asset=self.ledger.asset(currency),
            units=units,
            deadline=deadline,
            purpose="GDDS",
        )
        wish = expected.Hold(name[0], payee, currency, units, deadline)
        self.tell(name[0], operation, lambda: self.second.hold(name, wish), name)

    def end_hold(self) -> None:
        """Let the payee, or somebody else, capture or release a hold."""
        if not self.second.holds:
            return
        name = self.random.choice(sorted(self.second.holds))
        found = self.second.holds[name]
        who = self.random.choice([found.payee, found.payee, found.payer])
        units = self.random.choice([0, 1, found.units, found.units + 1])
        hold = self.name(name)
        operation: Operation = CaptureHold(hold=hold, units=units) if units else ReleaseHold(hold=hold)
        self.tell(who, operation, lambda: self.second.capture(who, name, units), name)

    # ------------------------------------------------------------------------------------------------ the goods

    def publish(self, merchant: str = "", reference: str = "", currency: str = "") -> None:
        """Let a merchant publish terms."""
        name = (merchant or self.random.choice(MERCHANTS), reference or self.random.choice(["t1", "t2", "t3"]))
        others = [who if self.random.randrange(4) else None for who in ("carrier", "treasury", "platform")]
        wish = expected.Terms(
            currency=currency or self.random.choice(CURRENCIES),
            carrier=others[0],
            freight=self.random.choice([0, 7, 100, 301]),
            tax_collector=others[1],
            platform=others[2],
            fee=self.random.choice([0, 1, 250, 3_333, 10_000]),
        )
        accounts = [None if each is None else self.account(each) for each in others]
        operation = PublishTerms(
            reference=name[1],
            asset=self.ledger.asset(wish.currency),
            carrier=accounts[0],
            freight_per_order=wish.freight,
            tax_collector=accounts[1],
            platform=accounts[2],
            platform_fee=wish.fee,
            bond=500 if wish.fee else 0,
        )
        self.tell(name[0], operation, lambda: self.second.publish(name, wish))

    def offer(self, merchant: str = "", reference: str = "", terms: str = "") -> None:
        """Let a merchant open a listing and add a variant to it."""
        name = (merchant or self.random.choice(MERCHANTS), reference or self.random.choice(REFERENCES))
        pick = self.random.choice
        price, minimum = self.random.randint(2, 3_000), pick([1, 1, 3])
        wish = expected.Goods(
            merchant=name[0],
            terms=terms or pick(["t1", "t1", "t2", "t3"]),
            price=price,
            decimals=pick([0, 0, 0, 1, 3]),
            minimum=minimum,
            tier=(minimum + 3, self.random.randint(1, price - 1)) if self.random.randrange(2) else None,
            freight=pick([0, 7]),
            tax=pick([0, 800, 1_999]),
            promotion=pick([0, 0, 777, 10_000]),
            until=self.ledger.time + 200,
            stock=pick([5, 1_000, 1_000]),
        )
        listing = OpenListing(
            reference=name[1], terms=wish.terms, title="Goods", language="en", unit="C62", hs_code="", origin=""
        )
        offer = Offer(
            price=price,
            minimum=minimum,
            tiers=(Tier(*wish.tier),) if wish.tier else (),
            freight_per_unit=wish.freight,
            tax=wish.tax,
            promotion=wish.promotion,
            promotion_until=wish.until,
            decimals=wish.decimals,
        )
        adding = AddVariant(listing=name[1], variant=1, offer=offer, stock=wish.stock)
        if self.tell(name[0], listing, lambda: self.second.open_listing(name, wish)):
            self.tell(name[0], adding, lambda: self.second.add_variant(name))

    def change_stock(self) -> None:
        """Let a merchant count its goods."""
        name = self.random.choice(sorted(self.second.goods))
        by = self.random.choice([-40, -1, 1, 40])
        operation = ChangeStock(listing=name[1], variant=1, by=by)
        self.tell(name[0], operation, lambda: self.second.change_stock(name, by))

    def close_listing(self) -> None:
        """Let a merchant close a listing."""
        closed = [name for name, goods in self.second.goods.items() if not goods.open]
        name = self.random.choice(sorted(self.second.goods if len(closed) < 2 else closed))
        self.tell(name[0], CloseListing(listing=name[1]), lambda: self.second.close_listing(name))

    # ----------------------------------------------------------------------------------------------- the orders

    def place(self) -> None:
        """Let a buyer order, sometimes more than there is, or for less than it costs."""
        name = (self.random.choice((*BUYERS, *BUYERS, *BUYERS, "bukhara")), f"o{self.random.randrange(40)}")
        merchant = self.random.choice(MERCHANTS)
        offered = sorted(goods for goods in self.second.goods if goods[0] == merchant)
        if self.random.randrange(8):
            terms = self.second.goods[self.random.choice(offered)].terms
            offered = [goods for goods in offered if self.second.goods[goods].terms == terms]
        asked = [(self.random.choice(offered), self.random.randint(1, 9)) for _ in range(self.random.randint(1, 4))]
        pay_at_most = self.random.choice([10**9, 10**9, 10**9, 500])
        operation = PlaceOrder(
            reference=name[1],
            merchant=self.account(merchant),
            lines=tuple(OrderLine(goods[1], 1, quantity) for goods, quantity in asked),
            pay_at_most=pay_at_most,
        )
        self.tell(name[0], operation, lambda: self.second.place(name, merchant, asked, pay_at_most))

    def ask(self, who: str, name: Named, step: str, operation: Operation, **more: object) -> None:
        """Tell both ledgers of a step in the life of an order."""
        self.tell(who, operation, lambda: self.second.step(who, name, step, **more), name)

    def order(self) -> tuple[Named, expected.Order] | None:
        """An order under way, if there is one."""
        if not self.second.orders:
            return None
        name = self.random.choice(sorted(self.second.orders))
        return name, self.second.orders[name]

    def next_step(self) -> None:
        """Let the right party take a step that is next in the life of an order."""
        found = self.order()
        if found is None:
            return
        name, order = found
        who, step = self.random.choice(
            {
                "PLACED": [(order.merchant, "accept")] * 4 + [(order.buyer, "cancel"), (order.merchant, "decline")],
                "ACCEPTED": [(order.merchant, "ship")] * 6 + [(order.merchant, "decline")],
                "SHIPPED": [(order.terms.carrier or order.buyer, "confirm")],
                "DELIVERED": [(order.buyer, "request")] * 3 + [(order.buyer, "settle")],
                "RETURNING": [(order.merchant, "approve"), (order.merchant, "refuse")],
                "CONTESTED": [(order.merchant, "approve")],
            }[order.state]
        )
        if step == "request":
            self.ask_back(who, name, order, step)
        elif step == "accept":
            numbers = range(1, len(order.lines) + 1)
            declined = tuple(number for number in numbers if not self.random.randrange(5))
            self.ask(who, name, step, AcceptOrder(order=self.name(name), declined=declined), declined=declined)
        else:
            self.ask(who, name, step, STEPS[step](order=self.name(name)))

    def ask_back(self, who: str, name: Named, order: expected.Order, step: str) -> None:
        """Ask for quantities of lines back, mostly such as are left."""
        wanted = {}
        for number, line in enumerate(order.lines, start=1):
            left = line.quantity - line.returned
            if left and self.random.randrange(2):
                wanted[number] = self.random.choice([*[self.random.randint(1, left)] * 4, left, left + 1])
        wanted = wanted or {1: 1}
        lines = tuple(LineQuantity(number, quantity) for number, quantity in wanted.items())
        kind: Any = RequestReturn if step == "request" else RefundLines
        self.ask(who, name, step, kind(order=self.name(name), lines=lines), wanted=wanted)

    def any_step(self) -> None:
        """Let anybody take any step."""
        found = self.order()
        if found is not None:
            name, order = found
            who = self.random.choice([order.buyer, order.merchant, "carrier", "nairobi"])
            step = self.random.choice(sorted(STEPS))
            self.ask(who, name, step, STEPS[step](order=self.name(name)))

    def goodwill(self) -> None:
        """Let a merchant refund lines without being asked."""
        found = self.order()
        if found is not None:
            self.ask_back(found[1].merchant, *found, "refund")

    def split(self) -> None:
        """Let one side propose a split, or the other accept it."""
        found = self.order()
        if found is None:
            return
        name, order = found
        who = self.random.choice([order.buyer, order.merchant])
        escrow = sum(order.escrow().values())
        if order.split and self.random.randrange(3):
            to_buyer = order.split[1]
            self.ask(who, name, "agree", AcceptSplit(order=self.name(name), to_buyer=to_buyer), to_buyer=to_buyer)
        else:
            to_buyer = self.random.choice([0, self.random.randint(0, escrow), escrow, escrow + 1])
            self.ask(who, name, "propose", ProposeSplit(order=self.name(name), to_buyer=to_buyer), to_buyer=to_buyer)

    def refund_late(self) -> None:
        """Let a merchant give something back after the settlement."""
        if not self.second.closed:
            return
        settled = [name for name, order in self.second.closed.items() if order.state == "SETTLED"]
        name = self.random.choice(sorted(settled if settled and self.random.randrange(6) else self.second.closed))
        order = self.second.closed[name]
        number = self.random.randint(1, len(order.lines))
        quantity = self.random.randint(1, order.lines[number - 1].quantity)
        lines = self.final_lines(name)
        operation = RefundLate(
            order=self.name(name),
            line=lines[number - 1],
            path=path([encode(each) for each in lines], number - 1),
            quantity=quantity,
        )
        who = order.merchant
        self.tell(who, operation, lambda: self.second.refund_late(who, name, number, quantity), name)

    def final_lines(self, name: Named) -> list[FinalLine]:
        """The lines of a closed order as they stand in its root."""
        found = []
        for number, line in enumerate(self.second.closed[name].lines, start=1):
            paid = Parts(**line.paid)
            found.append(
                FinalLine(number, self.name(line.goods), 1, line.quantity, paid, line.promotion, line.returned)
            )
        return found

    def wait(self) -> None:
        """Let only time pass."""
        seconds = self.leap() or 1
        self.second.now = self.ledger.time + seconds
        exits = self.second.everything_due()
        self.told.append(f"+{seconds} nobody does anything, {exits} exits")

        self.ledger.wait(seconds)

        self.count_exits(exits)

    def step(self) -> None:
        """Let something happen; what matters most happens most often."""
        deeds = {
            self.register: 1,
            self.suspend: 2,
            self.mint: 3,
            self.burn: 1,
            self.transfer: 4,
            self.mark_holder: 3,
            self.set_caps: 1,
            self.hold: 4,
            self.end_hold: 3,
            self.publish: 1,
            self.offer: 3,
            self.change_stock: 2,
            self.close_listing: 1,
            self.place: 14,
            self.next_step: 60,
            self.any_step: 6,
            self.goodwill: 6,
            self.split: 9,
            self.refund_late: 6,
            self.wait: 4,
        }
        self.random.choices(list(deeds), weights=list(deeds.values()))[0]()
