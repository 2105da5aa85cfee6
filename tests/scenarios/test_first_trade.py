"""The first trade: a merchant in Bukhara sells to a buyer in Nairobi, from registration to the money in the bank.

Wanjiru orders two suzanis, six bowls and a kilogram of dried apricots. The apricots are sold out, two bowls arrive
broken, and long after the settlement Gulnora gives something back for a faded suzani. Every unit is accounted for, and
the whole life of the order can be checked against one hash.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from sogdia.kernel.codec import encode
from sogdia.kernel.merkle import path
from sogdia.kernel.receipt import NO_HISTORY, fold
from sogdia.kernel.values import name_of
from sogdia.modules.identity import Kind, Role
from sogdia.modules.market.late_refunds import RefundLate
from sogdia.modules.market.listings import AddVariant, OpenListing, PublishTerms
from sogdia.modules.market.orders import (
    AcceptOrder,
    ConfirmDelivery,
    OrderLine,
    PlaceOrder,
    ShipOrder,
)
from sogdia.modules.market.records import (
    CLOSED_ORDERS,
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
from sogdia.modules.market.returns import ApproveReturn, RequestReturn
from sogdia.modules.money import balance
from sogdia.modules.money.currencies import Burn
from sogdia.modules.money.transfers import Transfer
from sogdia.testing.ledger import START, Ledger

if TYPE_CHECKING:
    from sogdia.kernel.operation import Operation

DAY = 86_400
SELLER = "gulnora"
CUSTOMER = "wanjiru"

SUZANI = Offer(price=12_000, freight_per_unit=450, tax=1_600, gtin="4780000000014")
BOWL = Offer(price=1_250, minimum=2, tiers=(Tier(6, 1_099),), tax=1_600, promotion=500, promotion_until=START + 9 * DAY)
APRICOTS = Offer(price=8_999, decimals=1, freight_per_unit=120)


class Seen(NamedTuple):
    """A step in the life of the order, as anybody can collect it from the blocks."""

    id: bytes
    operation: int
    receipt_hash: bytes
    height: int
    time: int


class Trade:
    """The ledger of the story, with the steps of the order collected on the way."""

    def __init__(self) -> None:
        """Register the two who trade."""
        self.ledger = Ledger()
        self.ledger.register(SELLER, country="UZ", kind=Kind.ENTERPRISE)
        self.ledger.register(CUSTOMER, country="KE", kind=Kind.PERSON)
        self.ledger.register("caravan", country="CN", kind=Kind.CARRIER, roles=Role.CARRIER)
        self.order = name_of(self.ledger.account(CUSTOMER), "2026-11")
        self.life: list[Seen] = []

    def collect(self):
        """Keep what the last block did to the order."""
        block = self.ledger.last_block
        assert block is not None
        about = (ORDERS.full_key(self.order), CLOSED_ORDERS.full_key(self.order))
        self.life += [
            Seen(step.id, step.operation, step.receipt_hash, block.height, block.time)
            for step in block.steps
            if step.object in about
        ]

    def do(self, who, *operations: Operation, later: int = 3_600):
        """Let somebody act after some time."""
        receipt = self.ledger.must(who, *operations, at=self.ledger.time + later)
        self.collect()
        return receipt

    def sleep(self, seconds):
        """Let time pass with nobody doing anything."""
        receipts = self.ledger.wait(seconds)
        self.collect()
        return receipts

    def has(self, who):
        """What somebody can spend and what is set aside."""
        found = balance(self.ledger.state, self.ledger.account(who), self.ledger.asset())
        return found.available, found.held

    def stock(self, listing):
        """How many are left."""
        return VARIANTS.must(self.ledger.state, (name_of(self.ledger.account(SELLER), listing), 1)).stock


def open_the_shop(trade):
    """Gulnora publishes her terms and three listings."""
    account = trade.ledger.account
    trade.do(
        SELLER,
        PublishTerms(
            reference="export",
            asset=trade.ledger.asset(),
            carrier=account("caravan"),
            freight_per_order=2_500,
            tax_collector=account("treasury"),
            platform=account("platform"),
            platform_fee=300,
        ),
    )
    for reference, title, unit, code, offer, stock in (
        ("suzani", "Сузани, ипак билан тикилган", "C62", "630419", SUZANI, 5),
        ("bowl", "Bowl from Gijduvan, blue glaze", "C62", "691110", BOWL, 40),
        ("apricots", "Dried apricots, sun dried", "KGM", "081310", APRICOTS, 3),
    ):
        trade.do(
            SELLER,
            OpenListing(
                reference=reference,
                terms="export",
                title=title,
                language="uz" if reference == "suzani" else "en",
                unit=unit,
                hs_code=code,
                origin="UZ",
            ),
            AddVariant(listing=reference, variant=1, offer=offer, stock=stock),
        )


@pytest.fixture
def trade() -> Trade:
    """The story up to the open shop and the buyer's money."""
    story = Trade()
    open_the_shop(story)
    story.ledger.fund(CUSTOMER, 60_000)
    return story


def place(trade):
    """Wanjiru orders, and is willing to pay exactly what she saw."""
    return trade.do(
        CUSTOMER,
        PlaceOrder(
            reference="2026-11",
            merchant=trade.ledger.account(SELLER),
            lines=(OrderLine("suzani", 1, 2), OrderLine("bowl", 1, 6), OrderLine("apricots", 1, 1)),
            pay_at_most=40_060,
            commitment=b"\x33" * 32,
        ),
    )


PAID = (Parts(24_000, 2_825, 4_292), Parts(6_265, 502, 1_083), Parts(900, 193, 0))
"""By hand, in US cents; the freight of the order, 2500, is shared by price:

                  goods   promotion   price   freight              tax             paid
    2 suzanis     24000           0   24000   900 + 1925 = 2825    4292            31117
    6 bowls        6594         329    6265         502            1083 (1082.72)   7850
    1 kg fruit      900 (899.9)   0     900   120 + 73 = 193          0             1093
    order                             31165        3520            5375            40060
"""


def test_the_first_trade_from_bukhara_to_nairobi(trade):
    ordered = place(trade)
    facts = ordered.events[0].lines
    total = sum(each.parts.total() for each in facts)
    assert (trade.has(CUSTOMER), trade.has(SELLER)) == ((60_000 - total, total), (0, 0))
    assert [each.parts for each in facts] == list(PAID)

    # The apricots are gone. The rest is shipped, and crosses two borders.
    trade.do(SELLER, AcceptOrder(order=trade.order, declined=(3,)), later=DAY)
    assert trade.has(CUSTOMER) == (60_000 - total + PAID[2].total(), total - PAID[2].total())
    trade.do(SELLER, ShipOrder(order=trade.order, commitment=b"\x44" * 32), later=DAY)
    trade.do("caravan", ConfirmDelivery(order=trade.order), later=20 * DAY)

    # Two bowls arrived broken. Gulnora sees the pictures and agrees.
    trade.do(CUSTOMER, RequestReturn(order=trade.order, lines=(LineQuantity(2, 2),)), later=DAY)
    returned = trade.do(SELLER, ApproveReturn(order=trade.order), later=DAY).events[0].lines[0]
    assert returned.parts == Parts(2_088, 167, 361)

    # Nobody does anything more, and when the time for returns is over everybody is paid.
    until = ORDERS.must(trade.ledger.state, trade.order).deadline
    assert trade.sleep(until - trade.ledger.time) == []
    (closing,) = trade.sleep(1)
    closed = CLOSED_ORDERS.must(trade.ledger.state, trade.order)
    sold = Parts(24_000 + 6_265 - 2_088, 2_825 + 502 - 167, 4_292 + 1_083 - 361)
    assert closed.outcome == Outcome.SETTLED
    assert closed.paid.minus(closed.refunded) == sold == Parts(28_177, 3_160, 5_014)
    fee = 845  # 3 % of 28177 is 845.31
    assert trade.has(SELLER) == (28_177 - fee, 0)
    assert (trade.has("platform"), trade.has("caravan"), trade.has("treasury")) == ((fee, 0), (3_160, 0), (5_014, 0))
    assert trade.has(CUSTOMER) == (60_000 - sold.total(), 0)
    assert [type(event).__name__ for event in closing.events] == ["OrderClosed", "OrderDigested"]
    assert (trade.stock("suzani"), trade.stock("bowl"), trade.stock("apricots")) == (3, 34, 3)

    # Half a year later one suzani has faded. Gulnora refunds it out of her own pocket.
    listing = name_of(trade.ledger.account(SELLER), "suzani")
    bowls = name_of(trade.ledger.account(SELLER), "bowl")
    fruit = name_of(trade.ledger.account(SELLER), "apricots")
    lines = [
        FinalLine(1, listing, 1, 2, PAID[0], 0, 0),
        FinalLine(2, bowls, 1, 6, PAID[1], 329, 2),
        FinalLine(3, fruit, 1, 1, PAID[2], 0, 1),
    ]
    proof = path([encode(each) for each in lines], 0)
    trade.do(SELLER, RefundLate(order=trade.order, line=lines[0], path=proof, quantity=1), later=180 * DAY)
    assert trade.has(SELLER) == (28_177 - fee - 15_558, 0)
    assert trade.has(CUSTOMER) == (60_000 - sold.total() + 15_558, 0)

    # She takes her money out: the bank redeems it and destroys it on the ledger.
    earned = trade.has(SELLER)[0]
    trade.do(
        SELLER,
        Transfer(
            to=trade.ledger.account("bank"),
            asset=trade.ledger.asset(),
            units=earned,
            purpose="GDDS",
            end_to_end="2026-11 to my account in Bukhara",
        ),
    )
    trade.do("bank", Burn(currency="USD", units=earned))
    assert trade.has(SELLER) == (0, 0)


def test_the_whole_life_of_the_order_can_be_checked_against_one_hash(trade):
    place(trade)
    trade.do(SELLER, AcceptOrder(order=trade.order))
    trade.do(SELLER, ShipOrder(order=trade.order))
    trade.do("caravan", ConfirmDelivery(order=trade.order))
    trade.sleep(14 * DAY + 1)

    history = NO_HISTORY
    for step in trade.life:
        history = fold(history, step.id, step.operation, step.receipt_hash, step.height, step.time)

    assert len(trade.life) == 5
    assert CLOSED_ORDERS.must(trade.ledger.state, trade.order).history == history


def test_if_nobody_ever_answers_everybody_ends_where_the_clock_puts_them(trade):
    place(trade)

    trade.sleep(2 * DAY + 1)

    assert trade.has(CUSTOMER) == (60_000, 0)
    assert (trade.stock("suzani"), trade.stock("bowl"), trade.stock("apricots")) == (5, 40, 3)


def test_if_the_parcel_is_never_confirmed_the_buyer_still_has_its_time_for_returns(trade):
    place(trade)
    trade.do(SELLER, AcceptOrder(order=trade.order), ShipOrder(order=trade.order))

    trade.sleep(45 * DAY + 1)
    assert ORDERS.must(trade.ledger.state, trade.order).state == OrderState.DELIVERED
    trade.do(CUSTOMER, RequestReturn(order=trade.order, lines=(LineQuantity(1, 2),)), later=14 * DAY)
    trade.sleep(7 * DAY + 1)
    trade.sleep(1)

    closed = CLOSED_ORDERS.must(trade.ledger.state, trade.order)
    assert closed.refunded == PAID[0]
    assert trade.has(CUSTOMER) == (60_000 - PAID[1].total() - PAID[2].total(), 0)
