"""Every rule of the book: who breaks it, which number the answer has, and that nothing changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from msgspec import structs

from sogdia.kernel.quota import QUOTAS
from sogdia.kernel.refusals import KernelRefusal as Kernel
from sogdia.kernel.values import UNITS_MAX, name_of
from sogdia.modules.book import settling
from sogdia.modules.book.crossing import CROSSINGS_MAX
from sogdia.modules.book.module import MODULE
from sogdia.modules.book.offers import CancelLimitOffer, ClearLimitOffers, PlaceLimitOffer
from sogdia.modules.book.paths import PayStrictReceive, PayStrictSend, RouteStrictReceive, RouteStrictSend
from sogdia.modules.book.prices import Price
from sogdia.modules.book.records import NEIGHBOURS, NEIGHBOURS_MAX, Neighbours, Side, Validity
from sogdia.modules.book.refusals import BookRefusal as Refuse
from sogdia.modules.exchange.records import Rate, Tier
from sogdia.modules.exchange.refusals import ExchangeRefusal as ExchangeRule
from sogdia.modules.money import Asset, asset_key
from sogdia.modules.money.currencies import AuthoriseHolder, FreezeHolder, Mint, SetCaps
from sogdia.modules.money.refusals import MoneyRefusal as Money
from sogdia.modules.reference.refusals import ReferenceRefusal as Reference
from tests.modules.book.stand import DAY, FUNDS, buy, card, enter_dealer, offer, open_money, pair, sell
from tests.modules.money.issuing import at_most, impose, in_order
from tests.modules.reference.desk import put_in_force
from tests.refused import Row, assert_refused, poke, rules_of, table

if TYPE_CHECKING:
    from sogdia.kernel.operation import Operation
    from sogdia.testing.ledger import Ledger

NOBODY = bytes(20)
NOTE = {"purpose": "GDDS", "end_to_end": "7", "travel_reference": None}
BACKWARDS = "\u202e7"


def bid(units=1_000, at="3.2", **changes: Any) -> Any:  # noqa: ANN401 - a function and any field
    return lambda it: offer(it, Side.BUY, units, at, changes.pop("reference", "new"), **changes)


def ask(units=1_000, at="3.2", **changes: Any) -> Any:  # noqa: ANN401 - a function and any field
    return lambda it: offer(it, Side.SELL, units, at, changes.pop("reference", "new"), **changes)


def turned(it):
    base, quote = pair(it)
    return offer(it, Side.BUY, 1, "1", "new", base=quote, quote=base, price=Price(10, 1))


def unknown(it, which, **changes: Any) -> Any:  # noqa: ANN401 - any field
    money: dict[str, Any] = {which: Asset("KZT" if which == "base" else "XAF", NOBODY)}
    return offer(it, Side.BUY, 10**12, "3.2", "new", **money, **changes)


def late(it, seconds):
    return offer(it, Side.BUY, 10**12, "3.2", "new", valid_until=it.time + seconds)


def freeze(currency, who):
    return lambda it: it.must("bank", FreezeHolder(currency=currency, account=it.account(who), reason="Court order 17"))


def cap(currency, units):
    return lambda it: it.must("bank", SetCaps(currency=currency, supply_max=10**15, holder_max=units))


def fill_storage(it):
    sponsor = it.account("registrar")
    known = QUOTAS.must(it.state, sponsor)
    room = known.stored_bytes + settling.OFFER_BYTES - 1
    poke(it, QUOTAS, sponsor, structs.replace(known, stored_bytes_max=room))


def listed(it):
    """Open a currency that nobody may hold yet."""
    open_money(it, "CNY", by_authorisation=True)


def sold_to_some(it):
    """Let somebody sell a currency that few may hold."""
    listed(it)
    it.must("bank", AuthoriseHolder(currency="CNY", account=it.account("bukhara")))
    it.must("bank", Mint(currency="CNY", to=it.account("bukhara"), units=10_000))
    sell(it, "bukhara", 1_000, "3", monies=("CNY", "USD"))
    it.must("bank", SetCaps(currency="CNY", supply_max=10**5, holder_max=1))


def crowded(it):
    """Let dollars have as many neighbours as they may, and dinars none of them."""
    monies = tuple(b"AAA" + number.to_bytes(20, "big") for number in range(NEIGHBOURS_MAX))
    it.check_invariants = False
    poke(it, NEIGHBOURS, asset_key(it.asset()), Neighbours(monies=monies))


def stand(*asks: tuple[str, int, str]):
    def prepare(it) -> None:
        for who, units, at in asks:
            sell(it, who, units, at, "s0" if len(asks) == 1 else None)

    return prepare


def capped_and_frozen(it):
    """Sell dinars to a payee who may not have as many, and freeze the payer."""
    sell(it, "bukhara", 1_000, "3")
    cap("KWD", FUNDS + 999)(it)
    freeze("USD", ALICE)(it)


def many(who="bukhara", then=None):
    def prepare(it) -> None:
        asks = [offer(it, Side.SELL, 100, "3.2", f"m{number}") for number in range(CROSSINGS_MAX + 1)]
        for first in range(0, len(asks), 16):
            it.must(who, *asks[first : first + 16])
        if then is not None:
            then(it)

    return prepare


def receive(units=1_000, most=1, codes=("USD", "KWD"), **changes: Any) -> Any:  # noqa: ANN401 - a function and any field
    def asked(it) -> Any:  # noqa: ANN401
        fields: dict[str, Any] = {"to": it.account("carrier"), "path": tuple(it.asset(each) for each in codes)}
        return PayStrictReceive(**(fields | NOTE | changes), receive=units, send_at_most=most)

    return asked


def send(units=1_000, least=10**9, codes=("USD", "KWD"), **changes: Any) -> Any:  # noqa: ANN401 - a function and any field
    def asked(it) -> Any:  # noqa: ANN401
        fields: dict[str, Any] = {"to": it.account("carrier"), "path": tuple(it.asset(each) for each in codes)}
        return PayStrictSend(**(fields | NOTE | changes), send=units, receive_at_least=least)

    return asked


def clear(*references: str, who="bukhara"):
    return lambda it: ClearLimitOffers(offers=tuple(name_of(it.account(who), each) for each in references))


def limit(code, most):
    """Let everybody pay so much of a money at once, and in a day."""
    return impose(code, limits=at_most(most))


def spent_today(other, most):
    """Somebody has spent a little of what it may spend of dollars today."""
    return in_order(
        limit("USD", most),
        stand(("bukhara", 1_000, "3")),
        lambda it: it.must(ALICE, receive(100, 300, codes=("USD", other), to=it.account(ALICE))(it)),
        lambda it: it.must("bukhara", CancelLimitOffer(offer="s0")),
    )


def referenced(it):
    """Ask for a travel-rule reference, of a payee who may not have the money."""
    impose("USD", reference_from=3_000)(it)
    capped_and_frozen(it)


def dust(it):
    """Two offers, the first taken whole, so that one unit is left, which buys nothing from the second."""
    sell(it, "bukhara", 1_000, "3")
    sell(it, "lanzhou", 1_000, "3.1")


ALICE = "nairobi"
ONE = stand(("bukhara", 1_000, "3"))


class Amounts(NamedTuple):
    """What a payment over a path names: enough for one offer of 1,000 dinars at 3, a little too much, and so on."""

    enough: tuple[int, int]
    too_tight: tuple[int, int]
    bound: Refuse
    missing: int
    too_many: int
    dusty: int | None
    least: int
    more: int
    too_rough: tuple[Rate, int]
    endless: Rate | None


RECEIVING = Amounts(
    enough=(1_000, 3_000),
    too_tight=(1_000, 2_999),
    bound=Refuse.PATH_TOO_DEAR,
    missing=1_001,
    too_many=5_100,
    dusty=None,
    least=99,
    more=501,
    too_rough=(Rate(25, 967), 1),
    endless=Rate(2**53, 1),
)
SENDING = Amounts(
    enough=(3_000, 1_000),
    too_tight=(3_000, 1_001),
    bound=Refuse.PATH_BRINGS_TOO_LITTLE,
    missing=3_001,
    too_many=16_400,
    dusty=3_002,
    least=299,
    more=1_503,
    too_rough=(Rate(1_000, 1), 1_999),
    endless=None,
)


def rows_of(pay, amounts: Amounts, door: tuple[Row, ...] = (), cards: tuple[Row, ...] = ()) -> list[Row]:
    """The rows that all payments over a path have in common, with those of their own where they are tried."""

    def enough(**changes: Any) -> Any:  # noqa: ANN401 - a function and any field
        return pay(*amounts.enough, **changes)

    small = (Row(Refuse.PATH_TOO_SMALL, ALICE, pay(amounts.dusty, to=NOBODY), before=dust),) if amounts.dusty else ()
    return [
        Row(Refuse.PATH_REPEATS, ALICE, pay(codes=("USD", "KWD", "USD"), end_to_end=BACKWARDS), at_the_door=True),
        Row(Money.TEXT_NOT_ALLOWED, ALICE, pay(end_to_end=BACKWARDS), at_the_door=True),
        *door,
        Row(Refuse.CROSSINGS_TOO_MANY, ALICE, pay(amounts.too_many, to=NOBODY), before=many()),
        *cards,
        Row(Money.HOLDER_NOT_AUTHORISED, ALICE, enough(codes=("USD", "CNY")), before=sold_to_some, note="payee"),
        Row(Money.HOLDER_CAP_PASSED, ALICE, enough(), before=capped_and_frozen, note="payee"),
        Row(Refuse.OWN_OFFER_MET, ALICE, pay(to=NOBODY), before=stand((ALICE, 1_000, "3"))),
        *small,
        Row(Refuse.NOT_ALL_TO_EXCHANGE, ALICE, pay(amounts.missing, to=NOBODY), before=ONE),
        Row(amounts.bound, ALICE, pay(*amounts.too_tight, to=NOBODY), before=ONE),
        Row(Money.PAYEE_UNKNOWN, ALICE, enough(to=NOBODY), before=ONE),
        Row(Money.REFERENCE_MISSING, ALICE, enough(), before=referenced),
        Row(Money.HOLDER_FROZEN, ALICE, enough(), before=lambda it: (ONE(it), freeze("USD", ALICE)(it))),
        Row(Money.FUNDS_INSUFFICIENT, "platform", enough(), before=ONE),
        Row(Money.PAYMENT_ABOVE_LIMIT, ALICE, enough(), before=in_order(limit("USD", 2_999), ONE)),
        Row(
            Money.DAY_LIMIT_PASSED,
            ALICE,
            enough(),
            before=in_order(spent_today("KWD", 3_200), stand(("lanzhou", 1_000, "3"))),
        ),
    ]


def route(pay):
    """The same payment as a route by the book, unless cards of the dealer's are named."""
    kind = RouteStrictReceive if pay is receive else RouteStrictSend

    def asked(*amounts: int, cards=None, **changes: Any) -> Any:  # noqa: ANN401 - a function and any field
        def ask_for(it) -> Any:  # noqa: ANN401
            plain = pay(*amounts, **changes)(it)
            by = (None,) * (len(plain.path) - 1) if cards is None else cards
            names = tuple(each and name_of(it.account("dealer"), each) for each in by)
            return kind(**structs.asdict(plain), cards=names)

        return ask_for

    return asked


def dealt(*, monies=("USD", "KWD"), rate=(3, 1), then=None, **changes: Any) -> Any:  # noqa: ANN401 - any field of the terms
    """A dealer has a card that gives dinars for dollars, and no dollars."""

    def prepare(it) -> None:
        if "CNY" in monies:
            listed(it)
        enter_dealer(it, "KWD", "USD") if monies[1] == "USD" else enter_dealer(it, "KWD")
        card(it, monies, rate, **changes)
        if then is not None:
            then(it)

    return prepare


def cards_of(pay, amounts: Amounts) -> tuple[Row, ...]:
    """The rows of what a card refuses as a step of a route."""

    def by(*given: int, cards=("c",), **changes: Any) -> Any:  # noqa: ANN401 - a function and any field
        return route(pay)(*given, cards=cards, to=NOBODY, **changes)

    rough, rough_units = amounts.too_rough
    rows = [
        Row(ExchangeRule.CARD_UNKNOWN, ALICE, by()),
        Row(ExchangeRule.CARD_IS_OWN, "dealer", by(codes=("USD", "CNY")), before=dealt()),
        Row(Refuse.CARD_OF_OTHER_MONIES, ALICE, by(amounts.least), before=dealt(monies=("KWD", "USD"))),
        Row(
            ExchangeRule.CARD_EXPIRED,
            ALICE,
            by(amounts.least),
            before=dealt(then=lambda it: it.wait(601)),
        ),
        Row(ExchangeRule.UNITS_BELOW_LEAST, ALICE, by(amounts.least), before=dealt()),
        Row(ExchangeRule.UNITS_ABOVE_MOST, ALICE, by(amounts.more), before=dealt(most=500, capacity=500)),
        Row(ExchangeRule.CAPACITY_SPENT, ALICE, by(amounts.more), before=dealt(capacity=500)),
        Row(
            ExchangeRule.ROUNDING_TOO_LARGE,
            ALICE,
            by(rough_units),
            before=dealt(tiers=(Tier(1, rough),)),
        ),
        Row(
            Money.HOLDER_NOT_AUTHORISED,
            ALICE,
            by(*amounts.enough, codes=("CNY", "KWD")),
            before=dealt(monies=("CNY", "KWD")),
            note="provider",
        ),
        Row(
            Money.HOLDER_CAP_PASSED,
            ALICE,
            by(*amounts.enough),
            before=dealt(then=cap("USD", 2_999)),
            note="provider",
        ),
    ]
    if amounts.endless is not None:
        endless = dealt(tiers=(Tier(1, amounts.endless),))
        rows.insert(-3, Row(ExchangeRule.PAYMENT_TOO_LARGE, ALICE, by(1_000), before=endless))
    return tuple(rows)


def at_the_least(it: Ledger, units: int = 10**18) -> PlaceLimitOffer:
    """Ask for dirhams at the least price, where much costs little."""
    monies = ("AED", "USD")
    return offer(it, Side.BUY, units, "0.0000000000000001", "new", monies=monies, despite_reference=True)


def asked_for_all(it: Ledger) -> None:
    """Somebody has asked for nearly as many dirhams as can be counted."""
    open_money(it, "AED", supply_max=UNITS_MAX, holder_max=UNITS_MAX)
    it.must("bukhara", at_the_least(it, UNITS_MAX - FUNDS))


def not_one_a_step(pay) -> tuple[Row, ...]:
    """The row of a route that names more cards than it has steps."""
    return (Row(Refuse.CARDS_NOT_ONE_A_STEP, ALICE, route(pay)(cards=(None, None)), at_the_door=True),)


TABLES: dict[type[Operation], list[Row]] = {
    PlaceLimitOffer: [
        Row(Refuse.PAIR_NOT_IN_ORDER, ALICE, turned, at_the_door=True),
        Row(Refuse.PRICE_NOT_SHORTEST, ALICE, lambda it: offer(it, Side.BUY, 1, "3.20", "new"), at_the_door=True),
        Row(Refuse.OFFER_TOO_SMALL, ALICE, bid(99), at_the_door=True, note="base"),
        Row(Refuse.OFFER_TOO_SMALL, ALICE, bid(199, "0.5"), at_the_door=True, note="quote"),
        Row(Refuse.OFFER_TOO_LARGE, ALICE, bid(UNITS_MAX, "1.01"), at_the_door=True),
        Row(
            Refuse.OFFER_EXISTS,
            ALICE,
            lambda it: offer(it, Side.BUY, 10**12, "3.2", "new", valid_until=it.time),
            before=lambda it: sell(it, ALICE, 1_000, "3.2", "new"),
        ),
        Row(Refuse.OFFER_OVER, ALICE, lambda it: late(it, 0)),
        Row(Refuse.OFFER_TOO_LONG, ALICE, lambda it: late(it, 90 * DAY + 1)),
        Row(Money.CURRENCY_UNKNOWN, ALICE, lambda it: unknown(it, "base"), note="base"),
        Row(Money.CURRENCY_UNKNOWN, ALICE, lambda it: unknown(it, "quote", base=it.asset("USD")), note="quote"),
        Row(
            Reference.FAR_FROM_REFERENCE,
            ALICE,
            bid(10**12, "32", validity=Validity.ONLY_STANDS),
            before=in_order(stand(("bukhara", 1_000, "3.2")), lambda it: put_in_force(it, "3.2")),
        ),
        Row(
            Refuse.WOULD_EXCHANGE,
            ALICE,
            bid(10**12, validity=Validity.ONLY_STANDS),
            before=stand(("bukhara", 1_000, "3.2")),
        ),
        Row(
            Refuse.WOULD_EXCHANGE,
            ALICE,
            bid(10**12, validity=Validity.ONLY_STANDS),
            before=stand((ALICE, 1_000, "3.2")),
            note="own",
        ),
        Row(Refuse.OWN_OFFER_MET, ALICE, bid(10**12), before=stand((ALICE, 1_000, "3.2"))),
        Row(
            Refuse.CROSSINGS_TOO_MANY,
            ALICE,
            bid(10**12),
            before=many(then=freeze("KWD", "bukhara")),
            note="none-taken",
        ),
        Row(Refuse.CROSSINGS_TOO_MANY, ALICE, bid(10**12, validity=Validity.ALL_OR_NOTHING), before=many()),
        Row(
            Refuse.NOT_ALL_TO_EXCHANGE,
            ALICE,
            bid(10**12, validity=Validity.ALL_OR_NOTHING),
            before=stand(("bukhara", 1_000, "3.2"), ("lanzhou", 1_000, "3.3")),
        ),
        Row(
            Refuse.NOTHING_TO_EXCHANGE,
            ALICE,
            bid(10**12, validity=Validity.AT_ONCE),
            before=stand(("bukhara", 1_000, "3.3")),
            note="worse",
        ),
        Row(
            Refuse.NOTHING_TO_EXCHANGE,
            ALICE,
            bid(100, "100"),
            before=stand(("bukhara", 100_000, "0.01")),
            note="too-little-at-that-price",
        ),
        Row(Money.HOLDER_NOT_AUTHORISED, ALICE, bid(10**12, monies=("CNY", "USD")), before=listed),
        Row(Money.HOLDER_CAP_PASSED, ALICE, bid(10**6), before=cap("KWD", FUNDS + 10**6 - 1), note="to-stand"),
        Row(
            Money.HOLDER_CAP_PASSED,
            ALICE,
            ask(FUNDS + 1, "2"),
            before=lambda it: (buy(it, "bukhara", 1_000, "3.2"), cap("USD", FUNDS + 3_199)(it)),
            note="at-once",
        ),
        Row(Money.HOLDER_FROZEN, ALICE, bid(10**7), before=freeze("USD", ALICE)),
        Row(Money.FUNDS_INSUFFICIENT, ALICE, bid(FUNDS, "1.0000001"), before=fill_storage),
        Row(Money.PAYMENT_ABOVE_LIMIT, ALICE, bid(), before=in_order(limit("USD", 3_199), fill_storage)),
        Row(Money.DAY_LIMIT_PASSED, ALICE, bid(), before=in_order(spent_today("KWD", 3_200), fill_storage)),
        Row(Kernel.QUOTA_STORAGE_SPENT, ALICE, bid(), before=lambda it: (crowded(it), fill_storage(it))),
        Row(Refuse.BOOKS_TOO_MANY, ALICE, bid(), before=crowded),
        Row(Refuse.PRICE_FULL, ALICE, at_the_least, before=asked_for_all),
    ],
    CancelLimitOffer: [
        Row(
            Refuse.OFFER_UNKNOWN, ALICE, lambda _: CancelLimitOffer(offer="new"), before=stand(("bukhara", 1_000, "3"))
        ),
    ],
    ClearLimitOffers: [
        Row(Refuse.OFFERS_REPEAT, ALICE, clear("a", "b", "a"), at_the_door=True),
        Row(Refuse.OFFER_UNKNOWN, ALICE, clear("a")),
        Row(Refuse.OFFER_STANDS, ALICE, clear("a"), before=lambda it: sell(it, "bukhara", 1_000, "3", "a")),
    ],
    PayStrictReceive: rows_of(receive, RECEIVING),
    PayStrictSend: rows_of(send, SENDING),
    RouteStrictReceive: rows_of(
        route(receive), RECEIVING, door=not_one_a_step(receive), cards=cards_of(receive, RECEIVING)
    ),
    RouteStrictSend: rows_of(route(send), SENDING, door=not_one_a_step(send), cards=cards_of(send, SENDING)),
}

NO_BOOK = "a money that is not there is exchanged in no book, which is found out first"
NO_CARD = "a path without cards goes by books alone"
OF_CARDS = (
    ExchangeRule.CARD_UNKNOWN,
    ExchangeRule.CARD_IS_OWN,
    Refuse.CARD_OF_OTHER_MONIES,
    ExchangeRule.CARD_EXPIRED,
    ExchangeRule.UNITS_BELOW_LEAST,
    ExchangeRule.UNITS_ABOVE_MOST,
    ExchangeRule.CAPACITY_SPENT,
    ExchangeRule.PAYMENT_TOO_LARGE,
    ExchangeRule.ROUNDING_TOO_LARGE,
)
UP = "rounded up, the last amount is always worth a unit"
NEVER: dict[tuple[type[Operation], Any], str] = {
    **{(kind, rule): NO_CARD for kind in (PayStrictReceive, PayStrictSend) for rule in OF_CARDS},
    **{(kind, Money.CURRENCY_UNKNOWN): NO_BOOK for kind in (RouteStrictReceive, RouteStrictSend)},
    (RouteStrictReceive, Refuse.PATH_TOO_SMALL): UP,
    (RouteStrictSend, ExchangeRule.PAYMENT_TOO_LARGE): "what is sent suffices for what it buys",
    (PlaceLimitOffer, Money.REFERENCE_MISSING): "an offer is for nobody yet, and says itself who exchanged with whom",
    (PlaceLimitOffer, Kernel.SPONSOR_HAS_NO_QUOTA): "a sender whose sponsor has no quota is not admitted",
    (PayStrictReceive, Refuse.PATH_TOO_SMALL): UP,
    (PayStrictReceive, Money.CURRENCY_UNKNOWN): NO_BOOK,
    (PayStrictSend, Money.CURRENCY_UNKNOWN): NO_BOOK,
}
"""Rules that an operation names and no row can break, each with the reason."""


@table(TABLES)
def test_a_rule_refuses_and_nothing_changes(ledger, operation, row):  # noqa: ARG001 - it names the test
    assert_refused(ledger, row)


@pytest.mark.parametrize("operation", MODULE.operations)
def test_the_table_has_every_rule_in_the_order_in_which_they_are_tried(operation):
    rows = list(dict.fromkeys(row.rule for row in TABLES[operation]))

    assert rows == [rule for rule in rules_of(operation) if (operation, rule) not in NEVER]


def test_every_number_of_the_book_is_used():
    named = {rule for operation in MODULE.operations for rule in rules_of(operation)}

    assert named >= set(Refuse)
    assert [int(code) for code in Refuse] == list(range(1000, 1000 + len(Refuse)))
