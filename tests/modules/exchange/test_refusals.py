"""Every rule of the exchange: who breaks it, which number the answer has, and that nothing changes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import structs

from sogdia.kernel.quota import QUOTAS
from sogdia.kernel.refusals import KernelRefusal as Kernel
from sogdia.modules.exchange.bonds import PostBond, WithdrawBond
from sogdia.modules.exchange.cards import ChangeCard, CloseCard, FundCard, PostCard
from sogdia.modules.exchange.conversions import Convert
from sogdia.modules.exchange.module import MODULE
from sogdia.modules.exchange.records import (
    CARDS_OF_A_PAIR_MAX,
    OWN_CARDS_OF_A_PAIR_MAX,
    PAIR_CARDS,
    PARTNERS,
    PARTNERS_MAX,
    Cover,
    PairCards,
    Partners,
    Premium,
    Rate,
    Tier,
)
from sogdia.modules.exchange.refusals import ExchangeRefusal as Refuse
from sogdia.modules.market import MODULE as MARKET
from sogdia.modules.money import Asset, asset_key
from sogdia.modules.money.currencies import AuthoriseHolder, FreezeHolder, Mint, OpenCurrency, SetCaps
from sogdia.modules.money.refusals import MoneyRefusal as Money
from sogdia.modules.reference.refusals import ReferenceRefusal as Reference
from tests.modules.exchange.bureau import (
    CAPACITY,
    CUSTOMER,
    DEALER,
    DEALERS_DOLLARS,
    RATE,
    card_name,
    convert,
    digest,
    posting,
    rate_terms,
)
from tests.modules.money.issuing import at_most, impose, in_order
from tests.modules.reference.desk import put_in_force
from tests.refused import Row, assert_refused, poke, rules_of, table

if TYPE_CHECKING:
    from sogdia.kernel.operation import Operation
    from sogdia.testing.ledger import Ledger

NOBODY = bytes(20)
ONE = (Tier(1, Rate(1, 1)),)
UNSORTED: dict[str, Any] = {"tiers": (Tier(9, Rate(2, 2)), Tier(9, Rate(1, 1))), "most": 1}
TOO_HIGH: dict[str, Any] = {"tiers": (Tier(9, Rate(2, 2)),), "most": 8}
NOT_REDUCED: dict[str, Any] = {"tiers": (Tier(1, Rate(4, 6)),), "premiums": (Premium(9, 1), Premium(8, 1))}
A_TENTH: dict[str, Any] = {"tiers": (Tier(100, RATE), Tier(500_000, Rate(3_077, 10_000)))}
"""The point of the second rate has slipped."""

FALLING: dict[str, Any] = {"premiums": (Premium(8, 2), Premium(9, 1))}
UNSORTED_PREMIUMS: dict[str, Any] = {"premiums": (Premium(9, 1), Premium(9, 1))}


def change(ledger: Ledger, reference: str = "usd", **changes: Any) -> ChangeCard:  # noqa: ANN401 - any field
    """Ask for other terms on a card."""
    return ChangeCard(card=reference, rates=rate_terms(ledger, **changes))


def ended(ledger):
    """Terms that have ended."""
    return rate_terms(ledger, valid_until=ledger.time)


def too_long(ledger):
    """Terms that hold for a second more than the network allows."""
    return rate_terms(ledger, valid_until=ledger.time + 901)


def freeze(currency, who):
    """Freeze somebody's money."""
    return lambda ledger: ledger.must(
        "bank", FreezeHolder(currency=currency, account=ledger.account(who), reason="Court order 17")
    )


def cap(currency, units):
    """Let nobody have more of a money from now on."""
    return lambda ledger: ledger.must("bank", SetCaps(currency=currency, supply_max=10**15, holder_max=units))


def fill_storage(ledger):
    """Leave the sponsor a byte less than a card takes."""
    sponsor = ledger.account("registrar")
    known = QUOTAS.must(ledger.state, sponsor)
    poke(ledger, QUOTAS, sponsor, structs.replace(known, stored_bytes_max=known.stored_bytes + 899))


def second_card(**changes: Any) -> Any:  # noqa: ANN401 - any field
    """Post a card "two"."""

    def prepare(ledger) -> None:
        capacity = changes.get("capacity", CAPACITY)
        terms = {name: value for name, value in changes.items() if name != "capacity"}
        ledger.must(DEALER, posting(ledger, "two", capacity=capacity, rates=rate_terms(ledger, **terms)))

    return prepare


def by_two(units, pay_at_most=1):
    """Ask for dollars by the card "two"."""
    return lambda ledger: convert(
        ledger, units, pay_at_most, card=card_name(ledger, "two"), digest=digest(ledger, "two")
    )


def listed_yuan(ledger):
    """A card that gives yuan, which the dealer may have and the customer may not."""
    ledger.must("bank", OpenCurrency(currency="CNY", supply_max=10**9, holder_max=10**9, by_authorisation=True))
    ledger.must("bank", AuthoriseHolder(currency="CNY", account=ledger.account(DEALER)))
    ledger.must("bank", Mint(currency="CNY", to=ledger.account(DEALER), units=1_000))
    terms = rate_terms(ledger, tiers=ONE)
    asked = PostCard(reference="two", takes=ledger.asset("KWD"), gives=ledger.asset("CNY"), capacity=1_000, rates=terms)
    ledger.must(DEALER, asked)


def same_money(ledger):
    money = ledger.asset()
    return posting(ledger, takes=money, gives=money, rates=rate_terms(ledger, **UNSORTED))


def limit(code: str, most: int):
    """Let everybody pay so much of a currency at once, and in a day."""
    return impose(code, limits=at_most(most))


def crowded(ledger):
    """Let there be as many cards from dinars to dollars as there may be."""
    listed(ledger, [number.to_bytes(20, "big") + b"c" for number in range(CARDS_OF_A_PAIR_MAX)])


def full_hand(ledger):
    """Let the dealer have as many cards from dinars to dollars as one provider may have."""
    listed(ledger, [ledger.account(DEALER) + b"c%03d" % number for number in range(OWN_CARDS_OF_A_PAIR_MAX)])


def listed(ledger, names):
    """Let cards of these names be what is found from dinars to dollars."""
    ledger.check_invariants = False
    poke(ledger, PAIR_CARDS, (ledger.asset("KWD"), ledger.asset()), PairCards(cards=tuple(names)))


def funded_dealer(ledger):
    """Let the dealer have dinars, and no card."""
    ledger.must("bank", Mint(currency="KWD", to=ledger.account(DEALER), units=CAPACITY))
    ledger.must(DEALER, CloseCard(card="usd"))


def known_to_all(code):
    """Let a money have cards with as many others as it may."""

    def prepare(ledger) -> None:
        monies = tuple(b"AAA" + number.to_bytes(20, "big") for number in range(PARTNERS_MAX))
        ledger.check_invariants = False
        poke(ledger, PARTNERS, asset_key(ledger.asset(code)), Partners(monies=monies))

    return prepare


def posted_today(ledger):
    """The dealer has set aside all that it may today."""
    limit("USD", 100)(ledger)
    ledger.must(DEALER, posting(ledger, "one", capacity=100))


def posting_with(ledger: Ledger, **changes: Any) -> PostCard:  # noqa: ANN401 - any field
    """Post a card with other terms."""
    return posting(ledger, rates=rate_terms(ledger, **changes))


UNSORTED_COVERS = {
    "falling-share": (Cover(9, 1), Cover(8, 1)),
    "one-share-twice": (Cover(9, 1), Cover(9, 1)),
    "the-larger-for-less": (Cover(8, 2), Cover(9, 1)),
    "nothing": (Cover(0, 0), Cover(9, 1)),
}


def cover_rows(ask: Any) -> list[Row]:  # noqa: ANN401 - makes an operation
    """Covers that are out of order."""
    return [
        Row(Refuse.COVERS_NOT_IN_ORDER, CUSTOMER, partial(ask, covers=covers), at_the_door=True, note=note)
        for note, covers in UNSORTED_COVERS.items()
    ]


def bonded(units: int) -> Any:  # noqa: ANN401 - prepares a ledger
    """Let the dealer have a bond."""
    return lambda ledger: ledger.must(DEALER, PostBond(asset=ledger.asset(), units=units))


def fill_storage_for_a_bond(ledger):
    """Leave the sponsor a byte less than a bond takes."""
    sponsor = ledger.account("registrar")
    known = QUOTAS.must(ledger.state, sponsor)
    poke(ledger, QUOTAS, sponsor, structs.replace(known, stored_bytes_max=known.stored_bytes + 249))


def bond(ledger: Ledger, units: int = 1_000, code: str = "USD") -> PostBond:
    """Ask to set so much aside."""
    return PostBond(asset=ledger.asset(code), units=units)


TABLES: dict[type[Operation], list[Row]] = {
    PostCard: [
        Row(Refuse.MONIES_IDENTICAL, CUSTOMER, same_money, at_the_door=True),
        Row(
            Refuse.TIERS_NOT_IN_ORDER,
            CUSTOMER,
            lambda it: posting(it, rates=rate_terms(it, **UNSORTED)),
            at_the_door=True,
        ),
        Row(
            Refuse.TIERS_ABOVE_MOST,
            CUSTOMER,
            lambda it: posting(it, rates=rate_terms(it, **TOO_HIGH)),
            at_the_door=True,
        ),
        Row(
            Refuse.RATE_NOT_REDUCED,
            CUSTOMER,
            lambda it: posting(it, rates=rate_terms(it, **NOT_REDUCED)),
            at_the_door=True,
        ),
        Row(
            Refuse.PREMIUMS_NOT_IN_ORDER,
            CUSTOMER,
            lambda it: posting(it, rates=rate_terms(it, **FALLING)),
            at_the_door=True,
            note="falling",
        ),
        Row(
            Refuse.PREMIUMS_NOT_IN_ORDER,
            CUSTOMER,
            lambda it: posting(it, rates=rate_terms(it, **UNSORTED_PREMIUMS)),
            at_the_door=True,
            note="one-time-twice",
        ),
        *cover_rows(posting_with),
        Row(Refuse.SENDER_NOT_PROVIDER, CUSTOMER, lambda it: posting(it, rates=ended(it))),
        Row(Refuse.CARD_EXISTS, DEALER, lambda it: posting(it, rates=ended(it))),
        Row(
            Refuse.TERMS_EXPIRED,
            DEALER,
            lambda it: posting(it, "two", rates=ended(it), takes=Asset("CHF", NOBODY)),
        ),
        Row(
            Refuse.TERMS_VALID_TOO_LONG,
            DEALER,
            lambda it: posting(it, "two", rates=too_long(it), takes=Asset("CHF", NOBODY)),
        ),
        Row(
            Money.CURRENCY_UNKNOWN,
            DEALER,
            lambda it: posting(it, "two", takes=Asset("CHF", NOBODY), capacity=DEALERS_DOLLARS),
            note="taken",
        ),
        Row(
            Money.CURRENCY_UNKNOWN,
            DEALER,
            lambda it: posting(it, "two", gives=Asset("CHF", NOBODY), capacity=DEALERS_DOLLARS),
            note="given",
        ),
        Row(
            Reference.FAR_FROM_REFERENCE,
            DEALER,
            lambda it: posting(it, "two", rates=rate_terms(it, **A_TENTH), capacity=DEALERS_DOLLARS),
            before=lambda it: put_in_force(it, "1/3"),
        ),
        Row(
            Money.HOLDER_FROZEN,
            DEALER,
            lambda it: posting(it, "two", capacity=DEALERS_DOLLARS),
            before=freeze("USD", DEALER),
        ),
        Row(
            Money.FUNDS_INSUFFICIENT,
            DEALER,
            lambda it: posting(it, "two", capacity=DEALERS_DOLLARS - CAPACITY + 1),
            before=fill_storage,
        ),
        Row(Money.PAYMENT_ABOVE_LIMIT, DEALER, lambda it: posting(it, "two", capacity=101), before=limit("USD", 100)),
        Row(Money.DAY_LIMIT_PASSED, DEALER, lambda it: posting(it, "two", capacity=100), before=posted_today),
        Row(Kernel.QUOTA_STORAGE_SPENT, DEALER, lambda it: posting(it, "two"), before=in_order(crowded, fill_storage)),
        Row(Refuse.OWN_CARDS_TOO_MANY, DEALER, lambda it: posting(it, "two"), before=full_hand),
        Row(Refuse.CARDS_TOO_MANY, DEALER, lambda it: posting(it, "two"), before=crowded),
        Row(
            Refuse.PARTNERS_TOO_MANY,
            DEALER,
            lambda it: posting(it, "two", takes=it.asset("USD"), gives=it.asset("KWD")),
            before=in_order(funded_dealer, known_to_all("KWD")),
            note="given",
        ),
    ],
    ChangeCard: [
        Row(Refuse.TIERS_NOT_IN_ORDER, CUSTOMER, lambda it: change(it, **UNSORTED), at_the_door=True),
        Row(Refuse.TIERS_ABOVE_MOST, CUSTOMER, lambda it: change(it, **TOO_HIGH), at_the_door=True),
        Row(Refuse.RATE_NOT_REDUCED, CUSTOMER, lambda it: change(it, **NOT_REDUCED), at_the_door=True),
        Row(Refuse.PREMIUMS_NOT_IN_ORDER, CUSTOMER, lambda it: change(it, **FALLING), at_the_door=True),
        *cover_rows(change),
        Row(Refuse.CARD_UNKNOWN, CUSTOMER, lambda it: change(it, valid_until=it.time)),
        Row(Refuse.TERMS_EXPIRED, DEALER, lambda it: change(it, valid_until=it.time)),
        Row(
            Refuse.TERMS_VALID_TOO_LONG,
            DEALER,
            lambda it: change(it, valid_until=it.time + 901, **A_TENTH),
            before=lambda it: put_in_force(it, "1/3"),
        ),
        Row(
            Reference.FAR_FROM_REFERENCE,
            DEALER,
            lambda it: change(it, **A_TENTH),
            before=lambda it: put_in_force(it, "1/3"),
        ),
    ],
    FundCard: [
        Row(Refuse.CARD_UNKNOWN, CUSTOMER, lambda _: FundCard(card="usd", units=DEALERS_DOLLARS)),
        Row(
            Money.HOLDER_FROZEN,
            DEALER,
            lambda _: FundCard(card="usd", units=DEALERS_DOLLARS),
            before=freeze("USD", DEALER),
        ),
        Row(
            Money.FUNDS_INSUFFICIENT,
            DEALER,
            lambda _: FundCard(card="usd", units=DEALERS_DOLLARS - CAPACITY + 1),
        ),
        Row(Money.PAYMENT_ABOVE_LIMIT, DEALER, lambda _: FundCard(card="usd", units=101), before=limit("USD", 100)),
        Row(Money.DAY_LIMIT_PASSED, DEALER, lambda _: FundCard(card="usd", units=100), before=posted_today),
    ],
    CloseCard: [
        Row(Refuse.CARD_UNKNOWN, CUSTOMER, lambda _: CloseCard(card="usd")),
    ],
    Convert: [
        Row(Refuse.CARD_UNKNOWN, DEALER, lambda it: convert(it, 1, 1, card=card_name(it, "x"), digest=bytes(32))),
        Row(Refuse.CARD_IS_OWN, DEALER, lambda it: convert(it, 1, 1, digest=bytes(32))),
        Row(
            Refuse.DIGEST_DIFFERS,
            CUSTOMER,
            lambda it: convert(it, 99, 1, digest=bytes(32)),
            before=lambda it: it.wait(601),
        ),
        Row(Refuse.CARD_EXPIRED, CUSTOMER, lambda it: convert(it, 99, 1), before=lambda it: it.wait(601)),
        Row(Refuse.UNITS_BELOW_LEAST, CUSTOMER, lambda it: convert(it, 99, 1)),
        Row(
            Refuse.UNITS_ABOVE_MOST, CUSTOMER, by_two(1_001), before=second_card(capacity=1_000, most=1_000, tiers=ONE)
        ),
        Row(
            Refuse.CAPACITY_SPENT,
            CUSTOMER,
            by_two(1_001),
            before=second_card(capacity=1_000, tiers=(Tier(1, Rate(2**53, 1)),)),
        ),
        Row(Refuse.PAYMENT_TOO_LARGE, CUSTOMER, by_two(1_000), before=second_card(tiers=(Tier(1, Rate(2**53, 1)),))),
        Row(Refuse.ROUNDING_TOO_LARGE, CUSTOMER, by_two(1), before=second_card(tiers=(Tier(1, Rate(25, 967)),))),
        Row(Refuse.PAYMENT_ABOVE_MAXIMUM, "lanzhou", lambda it: convert(it, 1_001, 3_080)),
        Row(
            Money.HOLDER_FROZEN,
            CUSTOMER,
            lambda it: convert(it, 800_000),
            before=lambda it: (freeze("KWD", CUSTOMER)(it), cap("KWD", 1)(it)),
        ),
        Row(Money.FUNDS_INSUFFICIENT, "lanzhou", lambda it: convert(it, 800_000), before=cap("KWD", 1)),
        Row(
            Money.PAYMENT_ABOVE_LIMIT,
            CUSTOMER,
            lambda it: convert(it, 1_000),
            before=in_order(limit("KWD", 3_076), cap("KWD", 1)),
        ),
        Row(
            Money.DAY_LIMIT_PASSED,
            CUSTOMER,
            lambda it: convert(it, 1_000),
            before=in_order(
                limit("KWD", 4_000),
                lambda it: it.must(CUSTOMER, convert(it, 1_000)),
                cap("KWD", 1),
            ),
        ),
        Row(Money.HOLDER_NOT_AUTHORISED, CUSTOMER, by_two(100, 100), before=listed_yuan),
        Row(Money.HOLDER_CAP_PASSED, CUSTOMER, lambda it: convert(it, 1_000), before=cap("KWD", 3_076), note="dealer"),
        Row(Money.HOLDER_CAP_PASSED, CUSTOMER, lambda it: convert(it, 1_000), before=cap("USD", 999), note="customer"),
    ],
    PostBond: [
        Row(
            Money.CURRENCY_UNKNOWN,
            DEALER,
            lambda _: PostBond(asset=Asset("CHF", NOBODY), units=1),
        ),
        Row(Money.HOLDER_FROZEN, DEALER, lambda it: bond(it, 10**9), before=freeze("USD", DEALER)),
        Row(Money.FUNDS_INSUFFICIENT, DEALER, lambda it: bond(it, DEALERS_DOLLARS), before=limit("USD", 999)),
        Row(Money.PAYMENT_ABOVE_LIMIT, DEALER, bond, before=limit("USD", 999)),
        Row(Money.DAY_LIMIT_PASSED, DEALER, bond, before=in_order(limit("USD", 1_000), bonded(1))),
        Row(Kernel.QUOTA_STORAGE_SPENT, DEALER, bond, before=fill_storage_for_a_bond),
    ],
    WithdrawBond: [
        Row(Refuse.BOND_UNKNOWN, DEALER, lambda it: WithdrawBond(asset=it.asset(), units=1)),
        Row(
            Refuse.BOND_UNKNOWN,
            DEALER,
            lambda it: WithdrawBond(asset=it.asset("KWD"), units=1),
            before=bonded(1),
            note="other-money",
        ),
        Row(Refuse.BOND_NOT_FREE, DEALER, lambda it: WithdrawBond(asset=it.asset(), units=11), before=bonded(10)),
    ],
}

IN_ONE_BLOCK = "stands in `test_changes`: it needs several requests in one block"
NEVER = {
    (PostCard, Money.REFERENCE_MISSING): "a card is set aside for nobody yet",
    (FundCard, Money.REFERENCE_MISSING): "a card is set aside for nobody yet",
    (Convert, Money.REFERENCE_MISSING): "the card is the reference: it names the provider",
    (PostCard, Money.HOLDER_NOT_AUTHORISED): "a card is set aside for nobody yet",
    (PostCard, Money.HOLDER_CAP_PASSED): "a card is set aside for nobody yet",
    (PostBond, Money.REFERENCE_MISSING): "a bond is set aside for nobody yet",
    (PostBond, Money.HOLDER_NOT_AUTHORISED): "a bond is set aside for nobody yet",
    (PostBond, Money.HOLDER_CAP_PASSED): "a bond is set aside for nobody yet",
    (PostBond, Kernel.SPONSOR_HAS_NO_QUOTA): "a sender whose sponsor has no quota is not admitted",
    (PostCard, Kernel.SPONSOR_HAS_NO_QUOTA): "a sender whose sponsor has no quota is not admitted",
    (FundCard, Money.CURRENCY_UNKNOWN): "the card's money is there, and none is ever closed",
    (FundCard, Money.HOLDER_NOT_AUTHORISED): "a card is set aside for nobody yet",
    (FundCard, Money.HOLDER_CAP_PASSED): "a card is set aside for nobody yet",
    (ChangeCard, Refuse.CHANGE_PENDING): IN_ONE_BLOCK,
    (ChangeCard, Refuse.CHANGES_TOO_MANY): IN_ONE_BLOCK,
    (CloseCard, Refuse.CHANGE_PENDING): IN_ONE_BLOCK,
    (CloseCard, Refuse.CHANGES_TOO_MANY): IN_ONE_BLOCK,
    (Convert, Money.CURRENCY_UNKNOWN): "the card's monies are there, and none is ever closed",
}
"""Rules that an operation names and no row can break, each with the reason."""


@table(TABLES)
def test_a_rule_refuses_and_nothing_changes(ledger, operation, row):  # noqa: ARG001 - it names the test
    assert_refused(ledger, row)


@pytest.mark.parametrize("operation", MODULE.operations)
def test_the_table_has_every_rule_in_the_order_in_which_they_are_tried(operation):
    rows = list(dict.fromkeys(row.rule for row in TABLES[operation]))

    assert rows == [rule for rule in rules_of(operation) if (operation, rule) not in NEVER]


def test_every_number_of_the_exchange_is_used():
    named = {rule for module in (MODULE, MARKET) for operation in module.operations for rule in rules_of(operation)}

    assert named >= set(Refuse)
    assert [int(code) for code in Refuse] == list(range(700, 700 + len(Refuse)))
