"""The story: silk from Bukhara to Nairobi, in trade words. Every sentence is said after it has become true."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sogdia.client.checking import begin, check
from sogdia.client.envelopes import EnvelopeMaker, Sender
from sogdia.client.proofs import proof_bytes
from sogdia.demo.monies import DEALERS_DOLLARS, SAVINGS, issue, look_at_the_issuers, make_known, money, most_of
from sogdia.demo.stage import LOCK_MARGIN, WINDOWS
from sogdia.kernel.genesis import genesis_type
from sogdia.kernel.machine import receipt_decoder
from sogdia.kernel.refusal import explain
from sogdia.kernel.values import name_of
from sogdia.modules import ALL
from sogdia.modules.exchange.cards import PostCard
from sogdia.modules.exchange.queries import QuoteQuery
from sogdia.modules.exchange.records import Premium, Rate, RateTerms, Tier
from sogdia.modules.market.causes import Cause
from sogdia.modules.market.listings import AddVariant, OpenListing, PublishTerms
from sogdia.modules.market.orders import AcceptOrder, ConfirmDelivery, OrderLine, PlaceOrderAtRate, ShipOrder
from sogdia.modules.market.queries import OrderQuery
from sogdia.modules.market.records import CLOSED_ORDERS, LineQuantity, Offer
from sogdia.modules.market.refusals import MarketRefusal
from sogdia.modules.market.returns import ApproveReturn, RequestReturn
from sogdia.modules.money import Asset
from sogdia.modules.money.queries import BalanceQuery
from sogdia.modules.money.refusals import MoneyRefusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from sogdia.client.connection import Connection
    from sogdia.demo.stage import Stage
    from sogdia.kernel.operation import Operation
    from sogdia.kernel.receipt import Receipt

    Say = Callable[[str], None]

SCARVES: Final = 3
PRICE: Final = 3_850
FREIGHT: Final = 1_200
TAX: Final = 1_600
"""Basis points of price and freight: Kenya's standard rate."""

FEE: Final = 250
CAPACITY: Final = 300_000
RATE: Final = Rate(2_589, 20)
"""129.45 shillings a dollar; both have a hundred cents."""

RATE_VALID_SECONDS: Final = 600
PREMIUM_POINTS: Final = 10
VALIDITY: Final = 300
KEPT_SECONDS: Final = WINDOWS["accept"] + WINDOWS["ship"] + LOCK_MARGIN
"""For how long the dealer keeps a rate: until an order has to be shipped at the latest."""

PATIENCE_SECONDS: Final = 20.0
PAUSE_SECONDS: Final = 0.25


class DemoFailedError(Exception):
    """Something did not come out as the story says."""


class Story:
    """One telling of the story on a running node."""

    def __init__(self, stage: Stage, connection: Connection, say: Say) -> None:
        """Prepare to tell it through `say`, line by line."""
        self.stage = stage
        self.connection = connection
        self.say = say
        self.maker = EnvelopeMaker(stage.network)
        self.asset = Asset("USD", stage.account("bank"))
        self.shillings = Asset("KES", stage.account("pesa"))
        self.card = name_of(stage.account("dealer"), "usd")
        self.paid = {"silk-1": 0, "silk-2": 0}
        self.order = name_of(stage.account("nairobi"), "silk-1")
        self.forgotten = name_of(stage.account("nairobi"), "silk-2")
        self._decode = receipt_decoder(ALL).decode

    def tell(self, between: Callable[[int], None] = lambda _chapter: None) -> None:
        """Tell it from the first listing to the last payment; `between` is called after each chapter."""
        chapters = (
            self._open_the_market,
            self._order_and_ship,
            self._return_one,
            self._forget_one,
            self._wait_for_the_end,
            self._prove_it,
        )
        for number, chapter in enumerate(chapters, 1):
            chapter()
            between(number)

    def _open_the_market(self) -> None:
        issue(self)
        terms = RateTerms(
            tiers=(Tier(100, RATE),),
            most=CAPACITY,
            premiums=(Premium(KEPT_SECONDS, PREMIUM_POINTS),),
            valid_until=int(time.time()) + RATE_VALID_SECONDS,
        )
        card = PostCard(reference="usd", takes=self.shillings, gives=self.asset, capacity=CAPACITY, rates=terms)
        refused = self.attempt("dealer", card)
        self.expect(refused.code == MoneyRefusal.PAYMENT_ABOVE_LIMIT, "a dealer whom nobody knows set so much aside")
        most = money(most_of("USD", 0))
        self.say(f"The dealer would set {money(CAPACITY)} aside. While nobody knows who it is {most} at once is the")
        self.say("    most; so the registrar looks at its papers and attests what it saw, and the dealer shows that.")
        make_known(self)
        self.do("dealer", card)
        self.say("Now it does, and gives them at 129.45 KES each: a firm rate for all.")
        sold_under = PublishTerms(
            reference="export",
            asset=self.asset,
            carrier=self.stage.account("carrier"),
            freight_per_order=FREIGHT,
            tax_collector=self.stage.account("treasury"),
            platform=self.stage.account("platform"),
            platform_fee=FEE,
        )
        listing = OpenListing(
            reference="ikat",
            terms="export",
            title="Ikat scarf, hand-woven silk",
            language="en",
            unit="C62",
            hs_code="621410",
            origin="UZ",
        )
        variant = AddVariant(listing="ikat", variant=1, offer=Offer(price=PRICE, tax=TAX), stock=40)
        self.do("bukhara", sold_under, listing, variant)
        self.say(f"A weaver in Bukhara lists silk scarves (HS 6214.10, made in UZ) at {money(PRICE)}, 40 in stock.")

    def _order_and_ship(self) -> None:
        self.do("nairobi", self._place("silk-1", SCARVES))
        paid, price = self.paid["silk-1"], total_price(SCARVES)
        held = self._balance("nairobi", self.shillings)["held"]
        self.expect(held == paid, f"{held} are held, and {paid} were shown")
        self.say(f"Nairobi orders {SCARVES}: {money(price)} with freight and tax, for her {money(paid, 'KES')},")
        self.say("    to the cent what she was shown. They are set aside on her own account, and the dealer's dollars")
        self.say("    on the dealer's: both go home by themselves if the weaver does not answer.")
        self.do("bukhara", AcceptOrder(order=self.order))
        self.say("Bukhara accepts the order.")
        self.do("bukhara", ShipOrder(order=self.order))
        has = self._balance("dealer", self.shillings)["available"]
        self.expect(has == paid, f"the dealer has {has} and should have {paid}")
        self.say("Bukhara ships it. In the same step the dealer has the shillings and the order's escrow the dollars:")
        self.say("    what the rate does from now on concerns neither of the two.")
        self.do("carrier", ConfirmDelivery(order=self.order))
        self.say("The carrier confirms delivery in Nairobi. The time for returns begins.")

    def _return_one(self) -> None:
        before = self._balance("nairobi")["available"]
        asked = RequestReturn(order=self.order, lines=(LineQuantity(1, 1),), return_cause=Cause.MERCHANT)
        self.do("nairobi", asked)
        self.say("One scarf has a loose thread: Nairobi asks to return it, by the weaver's fault.")
        self.do("bukhara", ApproveReturn(order=self.order))
        back = self._balance("nairobi")["available"] - before
        self.say(f"Bukhara agrees. {money(back)} go back at once: its price, its freight, its tax, to the cent.")
        self.say("    They would be shillings, at what she paid, if anybody here exchanged back.")

    def _forget_one(self) -> None:
        self.do("nairobi", self._place("silk-2", 1))
        self.say("Nairobi orders one more; this time the weaver is at a wedding and does not answer.")
        refused = self.attempt("nairobi", self._place("silk-2", 2))
        self.expect(refused.code == MarketRefusal.ORDER_EXISTS, "the same reference was taken for another order")
        words = explain(MarketRefusal.ORDER_EXISTS, ())
        self.say(f"(By mistake she uses the same reference for another order, and is told: {words})")

    def _wait_for_the_end(self) -> None:
        self.say("Now nobody does anything. The deadlines do.")
        self._wait_until_closed(self.forgotten)
        back = self._balance("nairobi", self.shillings)
        kept_paid = self.paid["silk-1"]
        self.expect(back == {"available": SAVINGS - kept_paid, "held": 0}, "not all shillings came back")
        self.say("    The order that was not accepted in time is cancelled; all its shillings are back in Nairobi.")
        self._wait_until_closed(self.order)
        self.say("    The time for returns is over; the first order is settled, everybody in one step:")
        line_price, tax = SCARVES * PRICE, tax_on(SCARVES)
        kept = SCARVES - 1
        price, freight, tax_kept = (whole - whole // SCARVES for whole in (line_price, FREIGHT, tax))
        fee = price * FEE // 10_000
        shares = {"bukhara": price - fee, "carrier": freight, "treasury": tax_kept, "platform": fee}
        for name, due in shares.items():
            has = self._balance(name)["available"]
            self.expect(has == due, f"{name} has {has} and should have {due}")
            self.say(f"        {name:<9} {money(has):>12}")
        buyer = self._balance("nairobi")
        total, price = sum(shares.values()), total_price(SCARVES)
        self.expect(buyer == {"available": price - total, "held": 0}, "the buyer's money does not add up")
        dealer = self._balance("dealer")
        self.expect(sum(dealer.values()) == DEALERS_DOLLARS - price, "the dealer's money does not add up")
        self.say(f"        nairobi keeps {kept} scarves and {money(buyer['available'])}: nothing made, nothing lost.")
        look_at_the_issuers(self)
        self.say("    Of both monies there is what was minted, and no more than the auditor vouches for.")

    def _prove_it(self) -> None:
        genesis = msgspec.json.decode(self.connection.genesis(), type=genesis_type(ALL))
        proof = self.connection.prove_life(CLOSED_ORDERS.full_key(self.order))
        check(proof, begin(genesis), time.time_ns())
        size = len(proof_bytes(proof))
        self.say(f"The node hands out a proof of the order's whole life: {len(proof.steps)} steps in {size} bytes.")
        self.say("It is checked without asking the node: it holds.")

    def do(self, name: str, *operations: Operation) -> None:
        """Let somebody sign and send operations that the story counts on."""
        receipt = self.attempt(name, *operations)
        self.expect(receipt.code == 0, f"refused: {receipt.code} {receipt.facts}")

    def attempt(self, name: str, *operations: Operation) -> Receipt:
        """Let somebody sign and send operations; give the receipt."""
        sender = Sender(self.stage.account(name), self.stage.keys[name])
        signed = self.maker.make([sender], operations, expiry=int(time.time()) + VALIDITY)
        receipt: Receipt = self._decode(self.connection.submit(signed.raw).receipt)
        return receipt

    def expect(self, condition: object, message: str) -> None:
        """Stop the demo unless something is as the story says."""
        if not condition:
            raise DemoFailedError(message)

    def _place(self, reference: str, quantity: int) -> PlaceOrderAtRate:
        """Ask what the order costs in shillings, and sign for exactly that."""
        asked = QuoteQuery(card=self.card, units=total_price(quantity), seconds=KEPT_SECONDS)
        _height, quote = self.connection.query(asked)
        self.paid[reference] = quote["payment"] + quote["premium"]
        return PlaceOrderAtRate(
            reference=reference,
            merchant=self.stage.account("bukhara"),
            lines=(OrderLine("ikat", 1, quantity),),
            card=self.card,
            digest=quote["digest"],
            pay_at_most=self.paid[reference],
        )

    def _balance(self, name: str, asset: Asset | None = None) -> dict[str, Any]:
        of = asset or self.asset
        query = BalanceQuery(account=self.stage.account(name), currency=of.currency, issuer=of.issuer)
        _height, answer = self.connection.query(query)
        _schema, available, held, *_marks = answer
        return {"available": available, "held": held}

    def _wait_until_closed(self, order: bytes) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            _height, answer = self.connection.query(OrderQuery(name=order))
            if answer["closed"] is not None:
                return
            time.sleep(PAUSE_SECONDS)
        self.expect(condition=False, message="a deadline did not do its work in time")


def tax_on(quantity: int) -> int:
    """Give the tax on so many scarves and their freight, rounded half up."""
    return (2 * (quantity * PRICE + FREIGHT) * TAX + 10_000) // 20_000


def total_price(quantity: int) -> int:
    """Give what so many scarves cost with freight and tax."""
    return quantity * PRICE + FREIGHT + tax_on(quantity)
