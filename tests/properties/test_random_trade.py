"""Random trade over all modules: registrations, money, holds, listings, orders, returns, splits and leaps of the clock.

After every block the real ledger's invariants hold (the test ledger sees to it), its answer is the one that the second
ledger gives, and everybody has what the second ledger says. hypothesis prints the shortest sequence that fails, and
the seed stands at the top of the run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.codec import encode
from sogdia.kernel.merkle import path, root
from sogdia.kernel.values import name_of
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
from sogdia.modules.market.records import (
    CLOSED_ORDERS,
    LINES,
    ORDERS,
    VARIANTS,
    FinalLine,
    LineQuantity,
    Offer,
    OrderState,
    Outcome,
    Parts,
    Tier,
)
from sogdia.modules.market.returns import ApproveReturn, RefundLines, RefuseReturn, RequestReturn
from sogdia.modules.market.splits import AcceptSplit, ProposeSplit
from sogdia.modules.money import BALANCES, HOLDS
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
from tests.rotation import full

if TYPE_CHECKING:
    from collections.abc import Callable

    from sogdia.kernel.operation import Operation

BUYERS = ("nairobi", "lanzhou", "momo")
MERCHANTS = ("bukhara", "osh")
EVERYBODY = (*BUYERS, *MERCHANTS, "carrier", "platform", "treasury", "bank")
NEWCOMERS = ("momo", "osh")
CURRENCIES = ("USD", "KWD", "EUR")
REFERENCES = ("a", "b", "c", "d", "e", "f")
"""Few names, so that they meet often."""

LEAPS = st.sampled_from([0, 0, 0, 1, 20, 79, 80, 81, 100, 101, 121, 151, 201, 301])
WHO = st.sampled_from(EVERYBODY)
MONEY = st.sampled_from(CURRENCIES)
UNITS = st.integers(1, 500) | st.sampled_from([10_000, 40_000, 60_000])
QUANTITY = st.integers(1, 9)


class RandomTrade(RuleBasedStateMachine):
    """The real ledger and the second one, told the same."""

    def __init__(self) -> None:
        """Start both with the parties of the genesis, and with rules of the bank that are soon felt."""
        super().__init__()
        windows = {"windows": expected.WINDOWS}
        issued = [
            {"currency": "USD", "issuer": "bank"},
            {"currency": "KWD", "issuer": "bank", "holder_max": 60_000, "supply_max": 150_000},
            {"currency": "EUR", "issuer": "bank", "by_authorisation": True},
        ]
        self.ledger = Ledger(market=windows, money={"currencies": issued})
        rules = {
            "USD": expected.Currency(),
            "KWD": expected.Currency(holder_max=60_000, supply_max=150_000),
            "EUR": expected.Currency(listed=True),
        }
        self.second = expected.SecondLedger(tuple(GENESIS_PARTIES), rules, START)

    def account(self, who: str) -> bytes:
        """The account of a party, also of one that is not registered yet."""
        if who in GENESIS_PARTIES:
            return self.ledger.account(who)
        from sogdia.kernel.values import account_of

        return account_of(self.ledger.network, self.ledger.account("registrar"), who)

    def name(self, name: tuple[str, str]) -> bytes:
        """The name of an object, from its owner and its reference."""
        return name_of(self.account(name[0]), name[1])

    def tell(
        self, who: str, operation: Operation, granted: Callable[[], bool], leap: int = 0, touched: Any = None
    ) -> bool:
        """Tell both ledgers, and look that they agree."""
        ledger, second = self.ledger, self.second
        ledger._registered.setdefault(who, self.account(who))
        ledger.time += leap
        second.now = ledger.time
        before = ledger.snapshot()
        exits = 0
        wish = False
        if who in second.parties and (who not in second.suspended or operation.reserved):
            if touched is not None:
                exits += second.hold_out(touched) + second.time_out(touched)
            wish = granted()
        exits += second.everything_due()

        answer = ledger.block(ledger.sign(who, operation))[0]

        assert (answer.code == 0) == wish, f"{who} asked for {operation} and was answered {answer}"
        assert len(ledger.exit_receipts()) == exits
        assert wish or exits or ledger.snapshot() == before
        return wish

    # ---------------------------------------------------------------------------------------------- the parties

    @initialize()
    def the_bank_gives_everybody_something(self) -> None:
        """Register the newcomers, let everybody have some money, and open a shop."""
        for who in NEWCOMERS:
            self.register(who)
        for who in (*BUYERS, "bukhara", "osh"):
            self.mint("USD", who, 60_000, 0)
        for merchant in MERCHANTS:
            self.publish(merchant, "t1", "USD", 250, 70, others=True)
            self.offer(merchant, "a", "t1", 199, 0, 1_600, 1_000, 1, tier=True)
            self.offer(merchant, "b", "t1", 3_333, 1, 0, 0, 2, tier=False)

    def register(self, who: str) -> None:
        """Let the registrar enter a party."""
        operation = RegisterParty(
            reference=who,
            kind=int(Kind.PERSON),
            country="KE",
            roles=0,
            sponsor=self.account("registrar"),
            scheme=1,
            public=keys_of(who).public,
        )

        def granted() -> bool:
            known = who in self.second.parties
            self.second.parties.add(who)
            self.second.stored += 0 if known else expected.STORAGE["party"]
            return not known

        self.tell("registrar", operation, granted)

    @rule(who=st.sampled_from(NEWCOMERS), back=st.booleans(), leap=LEAPS)
    def suspend_or_reinstate(self, who: str, back: bool, leap: int) -> None:  # noqa: FBT001 - drawn by name
        """Let the registrar suspend a party, or lift it."""
        suspended = self.second.suspended

        def granted() -> bool:
            possible = (who in suspended) == back
            if possible:
                (suspended.discard if back else suspended.add)(who)
            return possible

        account = self.account(who)
        operation: Operation = (
            ReinstateParty(account=account) if back else SuspendParty(account=account, reason="No papers")
        )
        self.tell("registrar", operation, granted, leap)

    # ------------------------------------------------------------------------------------------------ the money

    @rule(currency=MONEY, to=WHO, units=UNITS, leap=LEAPS)
    def mint(self, currency: str, to: str, units: int, leap: int) -> None:
        """Let the bank make money."""
        operation = Mint(currency=currency, to=self.account(to), units=units)
        self.tell("bank", operation, lambda: self.second.mint(currency, to, units), leap)

    @rule(currency=MONEY, units=UNITS)
    def burn(self, currency: str, units: int) -> None:
        """Let the bank destroy money."""
        self.tell("bank", Burn(currency=currency, units=units), lambda: self.second.burn(currency, units))

    @rule(who=WHO, to=WHO, currency=MONEY, units=UNITS, leap=LEAPS)
    def transfer(self, who: str, to: str, currency: str, units: int, leap: int) -> None:
        """Let somebody pay somebody."""
        operation = Transfer(
            to=self.account(to), asset=self.ledger.asset(currency), units=units, purpose="GDDS", end_to_end="x"
        )
        self.tell(who, operation, lambda: self.second.transfer(who, to, currency, units), leap)

    @rule(who=WHO, currency=MONEY, on=st.booleans(), listed=st.booleans())
    def mark_holder(self, who: str, currency: str, on: bool, listed: bool) -> None:  # noqa: FBT001 - drawn by name
        """Let the bank freeze or unfreeze a holder, or put it on its list or take it off."""
        marks = self.second.authorised if listed else self.second.frozen

        def granted() -> bool:
            empty = not listed or on or self.second.has(who, currency) == 0
            possible = ((who, currency) in marks) != on and empty
            if possible:
                (marks.add if on else marks.discard)((who, currency))
            return possible

        fields = {"currency": currency, "account": self.account(who)}
        kinds: dict[tuple[bool, bool], Any] = {
            (True, True): AuthoriseHolder,
            (True, False): RevokeAuthorisation,
            (False, True): FreezeHolder,
            (False, False): UnfreezeHolder,
        }
        more = {"reason": "Court order 17"} if (listed, on) == (False, True) else {}
        self.tell("bank", kinds[listed, on](**fields, **more), granted)

    @rule(currency=MONEY, supply_max=st.integers(1, 10**6), holder_max=st.integers(1, 10**5))
    def set_caps(self, currency: str, supply_max: int, holder_max: int) -> None:
        """Let the bank set other caps."""
        rules = self.second.currencies[currency]

        def granted() -> bool:
            if rules.supply > supply_max:
                return False
            rules.supply_max, rules.holder_max = supply_max, holder_max
            return True

        self.tell("bank", SetCaps(currency=currency, supply_max=supply_max, holder_max=holder_max), granted)

    @rule(who=WHO, reference=st.sampled_from(REFERENCES[:2]), payee=WHO, currency=MONEY, units=UNITS, leap=LEAPS)
    def hold(self, who: str, reference: str, payee: str, currency: str, units: int, leap: int) -> None:  # noqa: PLR0913
        """Let somebody set money aside for somebody."""
        deadline = self.ledger.time + 100
        operation = PlaceHold(
            reference=reference,
            payee=self.account(payee),
            asset=self.ledger.asset(currency),
            units=units,
            deadline=deadline,
            purpose="GDDS",
        )
        self.tell(
            who,
            operation,
            lambda: self.second.hold(who, reference, payee, currency, units, deadline),
            leap,
            (who, reference),
        )

    @precondition(lambda self: self.second.holds)
    @rule(data=st.data(), leap=LEAPS)
    def end_hold(self, data: st.DataObject, leap: int) -> None:
        """Let the payee, or somebody else, capture or release a hold."""
        name = data.draw(st.sampled_from(sorted(self.second.holds)))
        found = self.second.holds[name]
        who = data.draw(st.sampled_from([found.payee, found.payee, found.payer]))
        units = data.draw(st.sampled_from([0, 1, found.units, found.units + 1]))
        operation: Operation = (
            CaptureHold(hold=self.name(name), units=units) if units else ReleaseHold(hold=self.name(name))
        )
        self.tell(who, operation, lambda: self.second.capture(who, name, units), leap, name)

    # ------------------------------------------------------------------------------------------------ the goods

    @rule(
        merchant=st.sampled_from(MERCHANTS),
        reference=st.sampled_from(["t1", "t2", "t3"]),
        currency=MONEY,
        fee=st.integers(0, 10_000),
        freight=st.integers(0, 300),
        others=st.booleans(),
    )
    def publish(  # noqa: PLR0913 - the fields of terms
        self,
        merchant: str,
        reference: str,
        currency: str,
        fee: int,
        freight: int,
        others: bool,  # noqa: FBT001
    ) -> None:
        """Let a merchant publish terms."""
        carrier, tax_collector, platform = ("carrier", "treasury", "platform") if others else (None, None, None)

        def granted() -> bool:
            if (merchant, reference) in self.second.terms:
                return False
            self.second.terms[merchant, reference] = expected.Terms(
                currency, carrier, freight, tax_collector, platform, fee
            )
            self.second.stored += expected.STORAGE["terms"]
            return True

        accounts = [None if each is None else self.account(each) for each in (carrier, tax_collector, platform)]
        operation = PublishTerms(
            reference=reference,
            asset=self.ledger.asset(currency),
            carrier=accounts[0],
            freight_per_order=freight,
            tax_collector=accounts[1],
            platform=accounts[2],
            platform_fee=fee,
        )
        self.tell(merchant, operation, granted)

    @rule(
        merchant=st.sampled_from(MERCHANTS),
        reference=st.sampled_from(REFERENCES),
        terms=st.sampled_from(["t1", "t2", "t3"]),
        price=st.integers(2, 2_000),
        decimals=st.sampled_from([0, 0, 1, 3]),
        tax=st.sampled_from([0, 800, 1_999]),
        promotion=st.sampled_from([0, 0, 1_000, 10_000]),
        minimum=st.integers(1, 3),
        tier=st.booleans(),
    )
    def offer(  # noqa: PLR0913 - the fields of an offer
        self,
        merchant: str,
        reference: str,
        terms: str,
        price: int,
        decimals: int,
        tax: int,
        promotion: int,
        minimum: int,
        tier: bool,  # noqa: FBT001
    ) -> None:
        """Let a merchant open a listing and add a variant to it."""
        name = (merchant, reference)
        step = (minimum + 3, price - 1) if tier else None
        until = self.ledger.time + 200

        def opened() -> bool:
            possible = (merchant, terms) in self.second.terms and name not in self.second.goods
            self.second.stored += expected.STORAGE["listing"] if possible else 0
            return possible

        def added() -> bool:
            self.second.goods[name] = expected.Goods(
                merchant, terms, price, decimals, minimum, step, 7, tax, promotion, until, 30
            )
            self.second.stored += expected.STORAGE["variant"]
            return True

        listing = OpenListing(
            reference=reference, terms=terms, title="Goods", language="en", unit="C62", hs_code="", origin=""
        )
        if self.tell(merchant, listing, opened):
            offer = Offer(
                price=price,
                minimum=minimum,
                tiers=(Tier(*step),) if step else (),
                freight_per_unit=7,
                tax=tax,
                promotion=promotion,
                promotion_until=until,
                decimals=decimals,
            )
            self.tell(merchant, AddVariant(listing=reference, variant=1, offer=offer, stock=30), added)

    @rule(data=st.data(), by=st.integers(-40, 40).filter(bool))
    def change_stock(self, data: st.DataObject, by: int) -> None:
        """Let a merchant count its goods."""
        name = data.draw(st.sampled_from(sorted(self.second.goods)))
        goods = self.second.goods[name]

        def granted() -> bool:
            possible = goods.open and goods.stock + by >= 0
            goods.stock += by if possible else 0
            return possible

        self.tell(name[0], ChangeStock(listing=name[1], variant=1, by=by), granted)

    @rule(data=st.data())
    def close_listing(self, data: st.DataObject) -> None:
        """Let a merchant close a listing, seldom."""
        name = data.draw(st.sampled_from(sorted(self.second.goods)))
        goods = self.second.goods[name]

        def granted() -> bool:
            possible, goods.open = goods.open, False
            self.second.stored -= expected.STORAGE["variant"] if possible else 0
            return possible

        if data.draw(st.integers(0, 4)) == 0:
            self.tell(name[0], CloseListing(listing=name[1]), granted)

    # ----------------------------------------------------------------------------------------------- the orders

    @rule(
        data=st.data(),
        who=st.sampled_from(BUYERS),
        reference=st.sampled_from(REFERENCES),
        merchant=st.sampled_from(MERCHANTS),
        leap=LEAPS,
    )
    def place(self, data: st.DataObject, who: str, reference: str, merchant: str, leap: int) -> None:
        """Let a buyer order, sometimes more than there is, or for less than it costs."""
        offered = sorted(name for name in self.second.goods if name[0] == merchant)
        asked = data.draw(st.lists(st.tuples(st.sampled_from(offered), QUANTITY), min_size=1, max_size=4))
        pay_at_most = data.draw(st.sampled_from([10**9, 10**9, 10**9, 500]))
        operation = PlaceOrder(
            reference=reference,
            merchant=self.account(merchant),
            lines=tuple(OrderLine(name[1], 1, quantity) for name, quantity in asked),
            pay_at_most=pay_at_most,
        )
        self.tell(who, operation, lambda: self.second.place(who, reference, merchant, asked, pay_at_most), leap)

    def ask(self, who: str, name: tuple[str, str], operation: Operation, step: str, leap: int, **more: object) -> None:  # noqa: PLR0913
        """Tell both ledgers of a step in the life of an order."""
        self.tell(who, operation, lambda: self.second.step(who, name, step, **more), leap, name)

    @precondition(lambda self: self.second.orders)
    @rule(data=st.data(), leap=LEAPS)
    def next_step(self, data: st.DataObject, leap: int) -> None:
        """Let the right party take the step that is next in the life of an order."""
        name = data.draw(st.sampled_from(sorted(self.second.orders)))
        order = self.second.orders[name]
        merchant, buyer = order.merchant, order.buyer
        of = {"order": self.name(name)}
        match order.state:
            case "PLACED":
                numbers = range(1, len(order.lines) + 1)
                declined = tuple(sorted(data.draw(st.sets(st.sampled_from(numbers), max_size=2))))
                self.ask(merchant, name, AcceptOrder(**of, declined=declined), "accept", leap, declined=declined)
            case "ACCEPTED":
                self.ask(merchant, name, ShipOrder(**of), "ship", leap)
            case "SHIPPED":
                self.ask(order.terms.carrier or buyer, name, ConfirmDelivery(**of), "confirm", leap)
            case "DELIVERED":
                self.want(data, name, buyer, RequestReturn, "request", leap)
            case "RETURNING":
                self.ask(merchant, name, RefuseReturn(**of), "refuse", leap)
            case "CONTESTED":
                self.ask(merchant, name, ApproveReturn(**of), "approve", leap)

    def want(self, data: st.DataObject, name: tuple[str, str], who: str, kind: Any, step: str, leap: int) -> None:  # noqa: PLR0913
        """Draw quantities of an order's lines, mostly such as are left, and ask for them back."""
        order = self.second.orders[name]
        wanted = {}
        for number in sorted(data.draw(st.sets(st.sampled_from(range(1, len(order.lines) + 1)), min_size=1))):
            line = order.lines[number - 1]
            wanted[number] = data.draw(st.integers(1, max(1, line.quantity - line.returned)))
        lines = tuple(LineQuantity(number, quantity) for number, quantity in wanted.items())
        self.ask(who, name, kind(order=self.name(name), lines=lines), step, leap, wanted=wanted)

    @precondition(lambda self: self.second.orders)
    @rule(data=st.data(), leap=LEAPS)
    def any_step(self, data: st.DataObject, leap: int) -> None:
        """Let anybody take any step."""
        name = data.draw(st.sampled_from(sorted(self.second.orders)))
        order = self.second.orders[name]
        who = data.draw(st.sampled_from([order.buyer, order.merchant, "carrier", "nairobi"]))
        steps: dict[str, Any] = {
            "cancel": CancelOrder,
            "decline": DeclineOrder,
            "accept": AcceptOrder,
            "ship": ShipOrder,
            "confirm": ConfirmDelivery,
            "settle": SettleOrder,
            "approve": ApproveReturn,
            "refuse": RefuseReturn,
        }
        step = data.draw(st.sampled_from(sorted(steps)))
        self.ask(who, name, steps[step](order=self.name(name)), step, leap)

    @precondition(lambda self: self.second.orders)
    @rule(data=st.data(), leap=LEAPS)
    def goodwill(self, data: st.DataObject, leap: int) -> None:
        """Let a merchant refund lines without being asked."""
        name = data.draw(st.sampled_from(sorted(self.second.orders)))
        self.want(data, name, self.second.orders[name].merchant, RefundLines, "refund", leap)

    @precondition(lambda self: self.second.orders)
    @rule(data=st.data(), agree=st.booleans(), leap=LEAPS)
    def split(self, data: st.DataObject, agree: bool, leap: int) -> None:  # noqa: FBT001 - drawn by name
        """Let one side propose a split, or the other accept it."""
        name = data.draw(st.sampled_from(sorted(self.second.orders)))
        order = self.second.orders[name]
        who = data.draw(st.sampled_from([order.buyer, order.merchant]))
        escrow = sum(order.escrow().values())
        last = order.split[1] if order.split else 0
        to_buyer = last if agree else data.draw(st.integers(0, escrow + 1))
        kind: Any = AcceptSplit if agree else ProposeSplit
        operation = kind(order=self.name(name), to_buyer=to_buyer)
        self.ask(who, name, operation, "agree" if agree else "propose", leap, to_buyer=to_buyer)

    @precondition(lambda self: self.second.closed)
    @rule(data=st.data(), leap=LEAPS)
    def refund_late(self, data: st.DataObject, leap: int) -> None:
        """Let a merchant give something back after the settlement."""
        name = data.draw(st.sampled_from(sorted(self.second.closed)))
        order = self.second.closed[name]
        number = data.draw(st.integers(1, len(order.lines)))
        quantity = data.draw(st.integers(1, order.lines[number - 1].quantity))
        lines = self.final_lines(name)
        operation = RefundLate(
            order=self.name(name),
            line=lines[number - 1],
            path=path([encode(each) for each in lines], number - 1),
            quantity=quantity,
        )
        who = order.merchant
        self.tell(who, operation, lambda: self.second.refund_late(who, name, number, quantity), leap, name)

    @rule(leap=LEAPS)
    def nobody_does_anything(self, leap: int) -> None:
        """Let only time pass."""
        self.second.now = self.ledger.time + leap

        assert len(self.ledger.wait(leap)) == self.second.everything_due()

    # ------------------------------------------------------------------------------------------------- the look

    def final_lines(self, name: tuple[str, str]) -> list[FinalLine]:
        """The lines of a closed order as they stand in its root."""
        return [
            FinalLine(
                number, self.name(line.goods), 1, line.quantity, Parts(**line.paid), line.promotion, line.returned
            )
            for number, line in enumerate(self.second.closed[name].lines, start=1)
        ]

    @invariant()
    def everybody_has_what_the_second_ledger_says(self) -> None:
        """Compare all balances and currencies' holders' marks."""
        state, second = self.ledger.state, self.second
        found = {}
        for who in (*EVERYBODY, "registrar"):
            for currency in CURRENCIES:
                it = BALANCES.find(state, (self.account(who), self.ledger.asset(currency)))
                found[who, currency] = (it.available, it.held, it.frozen, it.authorised) if it else (0, 0, False, False)
        assert found == {
            key: (second.available.get(key, 0), second.held.get(key, 0), key in second.frozen, key in second.authorised)
            for key in found
        }
        assert {name for name, _ in HOLDS.items(state)} == {self.name(name) for name in second.holds}
        suspended = {name for name, party in PARTIES.items(state) if party.suspended}
        assert suspended == {self.account(who) for who in second.suspended}

    @invariant()
    def every_order_is_where_the_second_ledger_has_it(self) -> None:
        """Compare all orders, open and closed, all stocks, and the storage that is counted."""
        state, second = self.ledger.state, self.second
        orders = {
            name: (
                OrderState(it.state).name,
                it.deadline,
                it.paid,
                it.refunded,
                [(each.line, each.quantity) for each in it.requested],
            )
            for name, it in ORDERS.items(state)
        }
        assert orders == {
            self.name(name): (
                it.state,
                it.deadline,
                Parts(**it.paid),
                Parts(**it.refunded),
                sorted(it.requested.items()),
            )
            for name, it in second.orders.items()
        }
        returned = {(name[:-2], int.from_bytes(name[-2:], "big")): it.returned for name, it in LINES.items(state)}
        assert returned == {
            (self.name(name), number): line.returned
            for name, it in second.orders.items()
            for number, line in enumerate(it.lines, start=1)
        }
        closed = {
            name: (Outcome(it.outcome).name, it.paid, it.refunded, it.lines_root)
            for name, it in CLOSED_ORDERS.items(state)
        }
        assert closed == {
            self.name(name): (
                it.state,
                Parts(**it.paid),
                Parts(**it.refunded),
                root([encode(each) for each in self.final_lines(name)]),
            )
            for name, it in second.closed.items()
        }
        stocks = {name[:-2]: it.stock for name, it in VARIANTS.items(state)}
        assert stocks == {self.name(name): it.stock for name, it in second.goods.items() if it.open}
        from tests.modules.market.shop import stored

        assert stored(self.ledger) == second.stored


TestRandomTrade = RandomTrade.TestCase
TestRandomTrade.settings = settings(
    max_examples=1_000 if full() else 25, stateful_step_count=80 if full() else 50, deadline=None
)
