"""What happens at an exchange, at random: cards, bonds, and orders that are placed at rates, shipped and sent back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.kernel.values import account_of, name_of
from sogdia.modules.exchange.bonds import PostBond, WithdrawBond
from sogdia.modules.exchange.cards import ChangeCard, CloseCard, FundCard, PostCard
from sogdia.modules.exchange.conversions import Convert
from sogdia.modules.exchange.rates import digest_of
from sogdia.modules.exchange.records import CARDS, LOCKS, Cover, Premium, Rate, RateTerms, Tier
from sogdia.modules.identity import Kind, Role
from sogdia.modules.identity.parties import RegisterParty
from sogdia.modules.market.causes import Cause
from sogdia.modules.market.orders import (
    AcceptOrder,
    CancelOrder,
    ConfirmDelivery,
    DeclineOrder,
    OrderLine,
    PlaceOrderAtRate,
    SettleOrder,
    ShipOrder,
)
from sogdia.modules.market.records import ORDERS, OrderState
from sogdia.modules.market.returns import ApproveReturn, RefundLines, RefuseReturn, RequestReturn, TakeUnexchanged
from sogdia.modules.market.splits import AcceptSplit, ProposeSplit
from sogdia.modules.money.currencies import Mint
from sogdia.testing.ledger import keys_of
from tests.modules.market.shop import quantities
from tests.properties.random_trade import BUYERS, MERCHANTS, REFERENCES

if TYPE_CHECKING:
    from sogdia.kernel.operation import Operation
    from tests.network.random_life import RandomLife

DEALER = "dealer"
CARD_REFERENCES = ("c0", "c1")
BACK_REFERENCES = ("d0", "d1")
ORDER_REFERENCES = tuple(f"x{number}" for number in range(6))
RATES = (Rate(3_077, 1_000), Rate(1, 3), Rate(307, 100), Rate(1, 1))


class RandomExchange:
    """A dealer, its cards, and those who accept them; all choices come from the walk's own generator."""

    def __init__(self, life: RandomLife) -> None:
        """Act on the ledger of a walk."""
        self._life = life
        self._random = life.random

    def step(self) -> None:
        """Let one of them do something."""
        life = self._life
        if DEALER not in life.ledger._registered:
            self._open()
            return
        deeds = {self._card: 3, self._card_back: 2, self._bond: 2, self._convert: 2, self._order: 4, self._go_on: 8}
        self._random.choices(list(deeds), weights=list(deeds.values()))[0]()

    def _open(self) -> None:
        life = self._life
        entry = RegisterParty(
            reference=DEALER,
            kind=int(Kind.PAYMENT_INSTITUTION),
            country="KE",
            roles=int(Role.LIQUIDITY_PROVIDER),
            sponsor=life.account("registrar"),
            scheme=1,
            public=keys_of(DEALER).public,
        )
        if life.send("registrar", entry):
            dealer = account_of(life.ledger.network, life.account("registrar"), DEALER)
            life.ledger._registered[DEALER] = dealer
            life.send("bank", Mint(currency="USD", to=dealer, units=10**6))
            life.send("bank", Mint(currency="KWD", to=dealer, units=10**6))

    def _terms(self) -> RateTerms:
        tiers: tuple[Tier, ...] = (Tier(self._random.choice([1, 100]), self._random.choice(RATES)),)
        if self._random.randrange(2):
            tiers += (Tier(5_000, self._random.choice(RATES)),)
        premiums = (Premium(100, self._random.randrange(50)), Premium(86_400, 50))
        valid_until = self._life.ledger.time + self._random.choice([50, 900])
        covers = (Cover(100, 3), Cover(2_000, 3))[: self._random.randrange(3)]
        bond = self._random.choice([0, 0, 500])
        return RateTerms(tiers=tiers, most=50_000, premiums=premiums, valid_until=valid_until, covers=covers, bond=bond)

    def _card(self) -> None:
        """Let the dealer do something about a card."""
        reference, ledger = self._random.choice(CARD_REFERENCES), self._life.ledger
        operation: Operation = self._random.choice(
            (
                PostCard(
                    reference=reference,
                    takes=ledger.asset("KWD"),
                    gives=ledger.asset(),
                    capacity=self._random.choice([1_000, 100_000]),
                    rates=self._terms(),
                ),
                ChangeCard(card=reference, rates=self._terms()),
                FundCard(card=reference, units=self._random.choice([1, 10_000, 10**7])),
                CloseCard(card=reference),
            )
        )
        self._life.send(DEALER, operation)

    def _card_back(self) -> None:
        """Let the dealer give dinars for dollars, by which refunds are exchanged."""
        ledger = self._life.ledger
        asked = PostCard(
            reference=self._random.choice(BACK_REFERENCES),
            takes=ledger.asset(),
            gives=ledger.asset("KWD"),
            capacity=self._random.choice([1_000, 100_000]),
            rates=self._terms(),
        )
        close = CloseCard(card=self._random.choice(BACK_REFERENCES))
        self._life.send(DEALER, self._random.choice((asked, asked, close)))

    def _bond(self) -> None:
        """Let a merchant set money aside for orders at a rate, or take it back."""
        life, who = self._life, self._random.choice(MERCHANTS)
        asset, units = life.ledger.asset(), self._random.choice([1, 40, 3_000])
        life.send("bank", Mint(currency="USD", to=life.account(who), units=self._random.randint(1, 2_000)))
        operation: Operation = self._random.choice(
            (PostBond(asset=asset, units=units), WithdrawBond(asset=asset, units=units))
        )
        life.send(who, operation)

    def _shown(self) -> tuple[bytes, bytes]:
        """Give the name of a card and the digest of its terms, now and then of others."""
        ledger = self._life.ledger
        name = name_of(ledger.account(DEALER), self._random.choice(CARD_REFERENCES))
        card = CARDS.find(ledger.state, name)
        if card is None or self._random.randrange(20) == 0:
            return name, bytes(32)
        return name, digest_of(name, card.takes, card.gives, card.rates)

    def _buyer(self) -> str:
        """Give a buyer, mostly one who has just got dinars."""
        who = self._random.choice(BUYERS)
        if self._random.randrange(3):
            self._life.send(
                "bank", Mint(currency="KWD", to=self._life.account(who), units=self._random.randint(1, 20_000))
            )
        return who

    def _convert(self) -> None:
        name, digest = self._shown()
        units = self._random.choice([1, 99, 1_000, 6_000])
        self._life.send(self._buyer(), Convert(card=name, digest=digest, units=units, pay_at_most=20_000))

    def _order(self) -> None:
        name, digest = self._shown()
        lines = (OrderLine(self._random.choice(REFERENCES[:2]), 1, self._random.choice([1, 3, 4])),)
        operation = PlaceOrderAtRate(
            reference=self._random.choice(ORDER_REFERENCES),
            merchant=self._life.account(self._random.choice(MERCHANTS)),
            lines=lines,
            card=name,
            digest=digest,
            pay_at_most=60_000,
            cover=self._random.choice([0, 0, 100, 2_000]),
        )
        self._life.send(self._buyer(), operation)

    def _go_on(self) -> None:
        """Take one of these orders a step on, or back."""
        life = self._life
        buyers = {life.account(who): who for who in BUYERS}
        names = [name_of(buyer, reference) for buyer in sorted(buyers) for reference in ORDER_REFERENCES]
        found = [name for name in names if ORDERS.find(life.ledger.state, name) is not None]
        if not found:
            return
        name = self._random.choice([name for name in found if LOCKS.find(life.ledger.state, name)] or found)
        merchants = {life.account(who): who for who in MERCHANTS}
        known = ORDERS.must(life.ledger.state, name)
        merchant = merchants.get(known.merchant, MERCHANTS[0])
        buyer, cause = buyers[name[:20]], self._random.choice(list(Cause))
        refund = RefundLines(order=name, lines=quantities((1, 1)), return_cause=cause)
        asked = RequestReturn(order=name, lines=quantities((1, 1)), return_cause=cause)
        next_steps: dict[int, tuple[tuple[str, Operation], ...]] = {
            OrderState.PLACED: ((merchant, AcceptOrder(order=name)),),
            OrderState.ACCEPTED: ((merchant, ShipOrder(order=name)),),
            OrderState.SHIPPED: ((buyer, ConfirmDelivery(order=name)),),
            OrderState.DELIVERED: ((merchant, refund), (buyer, asked), (buyer, SettleOrder(order=name))),
            OrderState.RETURNING: ((merchant, ApproveReturn(order=name)), (merchant, RefuseReturn(order=name))),
            OrderState.CONTESTED: (
                (merchant, ApproveReturn(order=name)),
                (buyer, ProposeSplit(order=name, to_buyer=self._random.randrange(300))),
                (merchant, AcceptSplit(order=name, to_buyer=0 if known.split is None else known.split.to_buyer)),
            ),
            OrderState.REFUNDING: ((buyer, TakeUnexchanged(order=name)),),
        }
        others = (
            (merchant, refund),
            (merchant, DeclineOrder(order=name)),
            (buyer, CancelOrder(order=name)),
            (buyer, SettleOrder(order=name)),
        )
        fitting = next_steps.get(known.state, ())
        life.send(*self._random.choice(fitting if fitting and self._random.randrange(4) else others))
