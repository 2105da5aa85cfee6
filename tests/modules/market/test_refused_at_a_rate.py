"""Every rule that an order at a rate can break, and that nothing changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec import structs

from sogdia.kernel.quota import QUOTAS
from sogdia.kernel.refusals import KernelRefusal as Kernel
from sogdia.kernel.values import UNITS_MAX
from sogdia.modules.exchange.bonds import PostBond
from sogdia.modules.exchange.cards import CloseCard, PostCard
from sogdia.modules.exchange.records import Cover, Premium, Rate, Tier
from sogdia.modules.exchange.refusals import ExchangeRefusal as Exchange
from sogdia.modules.market.orders import (
    OrderLine,
    PlaceOrder,
    PlaceOrderAtRate,
)
from sogdia.modules.market.records import Offer
from sogdia.modules.market.refusals import MarketRefusal as Refuse
from sogdia.modules.money.currencies import AuthoriseHolder, FreezeHolder, Mint, OpenCurrency, SetCaps
from sogdia.modules.money.refusals import MoneyRefusal as Money
from tests.modules.exchange.bureau import (
    CAPACITY,
    DEALER,
    card_name,
    digest,
    has_card,
    open_bureau,
    posting,
    rate_terms,
)
from tests.modules.market.at_a_rate import TOTAL, at_rate
from tests.modules.market.rows import table
from tests.modules.market.shop import (
    BUYER,
    BUYERS_MONEY,
    DAY,
    MERCHANT,
    PAID,
    order_name,
    sell,
    state_of,
)
from tests.modules.market.shop import terms as terms_of
from tests.modules.market.test_placing import PLACING_ROWS
from tests.modules.money.issuing import at_most, impose, in_order
from tests.modules.money.purse import pay
from tests.refused import Row, assert_refused, poke

if TYPE_CHECKING:
    from sogdia.testing.ledger import Ledger


@pytest.fixture
def ledger(ledger):
    """The shop, and a bureau that gives the merchant's dollars for the buyer's dinars."""
    return open_bureau(ledger)


def gone(ledger):
    ledger.must(DEALER, CloseCard(card="usd"))


def of_the_dealer(ledger):
    """Let the dealer be the one who orders."""
    ledger.fund(DEALER, TOTAL, "KWD")


def with_card(**changes: Any) -> Any:  # noqa: ANN401 - any field
    """Post a card "two" with other terms, or another capacity."""

    def prepare(ledger) -> None:
        capacity = changes.get("capacity", CAPACITY)
        terms = {name: value for name, value in changes.items() if name != "capacity"}
        ledger.must(DEALER, posting(ledger, "two", capacity=capacity, rates=rate_terms(ledger, **terms)))

    return prepare


def by_card_two(ledger: Ledger, **changes: Any) -> PlaceOrderAtRate:  # noqa: ANN401 - any field
    """Order by the card "two"."""
    name = card_name(ledger, "two")
    shown = digest(ledger, "two") if has_card(ledger, "two") else bytes(32)
    fields: dict[str, Any] = {"card": name, "digest": shown, "pay_at_most": 1} | changes
    return at_rate(ledger, None, **fields)


def euro_card(ledger):
    """A card that gives dinars for dollars."""
    ledger.fund(DEALER, 100, "KWD")
    terms = rate_terms(ledger, tiers=(Tier(1, Rate(1, 3)),), most=100)
    asked = PostCard(reference="two", takes=ledger.asset(), gives=ledger.asset("KWD"), capacity=100, rates=terms)
    ledger.must(DEALER, asked)


def freeze(ledger):
    ledger.must("bank", FreezeHolder(currency="KWD", account=ledger.account(BUYER), reason="Court order 17"))


def poor(ledger):
    ledger.register("momo")
    ledger.fund("momo", TOTAL - 1, "KWD")


def cap(currency, units):
    """Let nobody have more of a money from now on."""
    return lambda ledger: ledger.must("bank", SetCaps(currency=currency, supply_max=UNITS_MAX, holder_max=units))


def listed_yuan(ledger):
    """A merchant who sells for yuan, which the dealer may have and the buyer may not."""
    ledger.must("bank", OpenCurrency(currency="CNY", supply_max=10**9, holder_max=10**9, by_authorisation=True))
    ledger.must("bank", AuthoriseHolder(currency="CNY", account=ledger.account(DEALER)))
    ledger.must("bank", Mint(currency="CNY", to=ledger.account(DEALER), units=1_000))
    terms = rate_terms(ledger, tiers=(Tier(1, Rate(1, 1)),), most=1_000)
    asked = PostCard(reference="two", takes=ledger.asset("KWD"), gives=ledger.asset("CNY"), capacity=1_000, rates=terms)
    ledger.must(DEALER, asked)
    ledger.must(MERCHANT, terms_of(ledger, "cny", asset=ledger.asset("CNY")))
    sell(ledger, "tea", Offer(price=100), of_terms="cny")


def tea_with_a_bond(ledger):
    """Tea of a merchant whose bond stands for a hundredth: 10 cents of 1,000."""
    ledger.must(MERCHANT, terms_of(ledger, "bonded", bond=100, freight_per_order=0))
    sell(ledger, "bonded-tea", Offer(price=1_000), of_terms="bonded")


def bond_of(ledger, units):
    """Let the merchant set so much aside."""
    ledger.fund(MERCHANT, units)
    ledger.must(MERCHANT, PostBond(asset=ledger.asset(), units=units))


def fill_storage(room):
    """Leave the sponsor room for less than what is asked."""

    def prepare(ledger) -> None:
        sponsor = ledger.account("registrar")
        known = QUOTAS.must(ledger.state, sponsor)
        poke(ledger, QUOTAS, sponsor, structs.replace(known, stored_bytes_max=known.stored_bytes + room))

    return prepare


TEA = OrderLine("tea", 1, 1)
TEA_WITH_A_BOND = OrderLine("bonded-tea", 1, 1)
LATER = {Refuse.PRICE_ABOVE_MAXIMUM, *Money}
"""What an order in the merchant's own money is asked after its price is known."""


def paid_at_rate(row: Row) -> Row:
    """The same request, paid in dinars."""

    def ask(ledger: Ledger) -> PlaceOrderAtRate:
        asked = row.ask(ledger)
        assert isinstance(asked, PlaceOrder)
        return at_rate(ledger, asked, pay_at_most=1)

    return row._replace(ask=ask)


def paying(ledger, units):
    """Pay somebody some dinars."""
    return pay(ledger, units, "lanzhou", "KWD")


AT_RATE_ROWS = [
    *(paid_at_rate(row) for row in PLACING_ROWS if row.rule not in LATER),
    Row(Refuse.CARD_GIVES_OTHER_MONEY, BUYER, by_card_two, before=euro_card),
    Row(Exchange.CARD_UNKNOWN, BUYER, lambda it: at_rate(it, digest=bytes(32), pay_at_most=1), before=gone),
    Row(Exchange.CARD_IS_OWN, DEALER, lambda it: at_rate(it, digest=bytes(32), pay_at_most=1), before=of_the_dealer),
    Row(
        Exchange.DIGEST_DIFFERS,
        BUYER,
        lambda it: by_card_two(it, digest=bytes(32)),
        before=lambda it: (with_card(tiers=(Tier(PAID + 1, Rate(1, 1)),))(it), it.wait(601)),
    ),
    Row(
        Exchange.CARD_EXPIRED,
        BUYER,
        by_card_two,
        before=lambda it: (with_card(tiers=(Tier(PAID + 1, Rate(1, 1)),))(it), it.wait(601)),
    ),
    Row(Exchange.UNITS_BELOW_LEAST, BUYER, by_card_two, before=with_card(tiers=(Tier(PAID + 1, Rate(1, 1)),))),
    Row(
        Exchange.UNITS_ABOVE_MOST,
        BUYER,
        by_card_two,
        before=with_card(tiers=(Tier(1, Rate(1, 1)),), most=PAID - 1, capacity=PAID - 1),
    ),
    Row(Exchange.CAPACITY_SPENT, BUYER, by_card_two, before=with_card(capacity=PAID - 1)),
    Row(
        Exchange.PAYMENT_TOO_LARGE,
        BUYER,
        by_card_two,
        before=with_card(tiers=(Tier(1, Rate(2**53, 1)),), premiums=()),
        note="payment",
    ),
    Row(
        Exchange.ROUNDING_TOO_LARGE,
        BUYER,
        by_card_two,
        before=with_card(tiers=(Tier(1, Rate(1, 10_000)),), premiums=()),
    ),
    Row(
        Exchange.LOCK_TOO_LONG,
        BUYER,
        lambda it: by_card_two(it, cover=7),
        before=with_card(premiums=(Premium(9 * DAY, 40),)),
    ),
    Row(Exchange.COVER_NOT_SOLD, BUYER, lambda it: by_card_two(it, cover=9), before=with_card(covers=(Cover(10, 1),))),
    Row(
        Exchange.PAYMENT_TOO_LARGE,
        BUYER,
        by_card_two,
        before=with_card(tiers=(Tier(1, Rate(2**49 - 2**45, 1)),), premiums=(Premium(10 * DAY, 10_000),)),
        note="with-premium",
    ),
    Row(Exchange.PAYMENT_ABOVE_MAXIMUM, "lanzhou", lambda it: at_rate(it, pay_at_most=TOTAL - 1)),
    Row(
        Exchange.BOND_TOO_SMALL,
        "lanzhou",
        lambda it: by_card_two(it, pay_at_most=TOTAL, lines=(TEA_WITH_A_BOND,)),
        before=lambda it: (with_card(bond=101)(it), tea_with_a_bond(it)),
    ),
    Row(Money.HOLDER_FROZEN, BUYER, at_rate, before=lambda it: (freeze(it), cap("KWD", TOTAL - 1)(it))),
    Row(Money.FUNDS_INSUFFICIENT, "momo", at_rate, before=lambda it: (poor(it), cap("KWD", TOTAL - 1)(it))),
    Row(
        Money.PAYMENT_ABOVE_LIMIT,
        BUYER,
        at_rate,
        before=in_order(impose("KWD", limits=at_most(TOTAL - 1)), cap("KWD", 1)),
    ),
    Row(
        Money.DAY_LIMIT_PASSED,
        BUYER,
        at_rate,
        before=in_order(
            impose("KWD", limits=at_most(TOTAL, TOTAL)),
            lambda it: it.must(BUYER, paying(it, 1)),
            cap("KWD", 1),
        ),
    ),
    Row(
        Money.HOLDER_NOT_AUTHORISED,
        BUYER,
        lambda it: by_card_two(it, lines=(TEA,), pay_at_most=TOTAL),
        before=listed_yuan,
        note="buyer-in-the-merchants-money",
    ),
    Row(Money.HOLDER_CAP_PASSED, BUYER, at_rate, before=cap("KWD", TOTAL - 1), note="dealer"),
    Row(Money.HOLDER_CAP_PASSED, BUYER, at_rate, before=cap("USD", BUYERS_MONEY + PAID - 1), note="buyer"),
    Row(
        Exchange.BOND_SPENT,
        BUYER,
        lambda it: by_card_two(it, pay_at_most=TOTAL, lines=(TEA_WITH_A_BOND,)),
        before=lambda it: (with_card(bond=100)(it), tea_with_a_bond(it)),
        note="none",
    ),
    Row(
        Exchange.BOND_SPENT,
        BUYER,
        lambda it: by_card_two(it, pay_at_most=TOTAL, lines=(TEA_WITH_A_BOND,)),
        before=lambda it: (with_card()(it), tea_with_a_bond(it), bond_of(it, 9)),
        note="a-unit-short",
    ),
    Row(Kernel.QUOTA_STORAGE_SPENT, BUYER, at_rate, before=fill_storage(499), note="lock"),
    Row(Kernel.QUOTA_STORAGE_SPENT, BUYER, at_rate, before=fill_storage(500 + 500 + 400 - 1), note="order"),
]

REFUSALS = AT_RATE_ROWS


@table(AT_RATE_ROWS)
def test_an_order_at_a_rate_is_refused(ledger, row):
    assert_refused(ledger, row)
    assert state_of(ledger, order_name(ledger, "o9")) is None
