"""Routes: paths whose steps are books or rate cards, exact to the unit, within the bound, all or nothing."""

from __future__ import annotations

from typing import Any

import pytest

from sogdia.modules.book.events import PaidAcross
from sogdia.modules.book.paths import RouteStrictReceive, RouteStrictSend
from sogdia.modules.book.queries import PathsQuery
from sogdia.modules.book.records import Side
from sogdia.modules.book.refusals import BookRefusal as Refuse
from sogdia.modules.exchange import CARDS, Converted
from sogdia.modules.exchange.cards import ChangeCard, CloseCard
from sogdia.modules.exchange.records import Rate, RateTerms, Tier
from sogdia.modules.exchange.refusals import ExchangeRefusal as Exchange
from sogdia.modules.money import asset_key
from sogdia.modules.money.currencies import SetCaps
from sogdia.modules.money.refusals import MoneyRefusal as Money
from tests.modules.book.stand import FUNDS, card, enter_dealer, has, offer, open_money, sell

NOTE: dict[str, Any] = {"purpose": "GDDS", "end_to_end": "ORDER-7", "travel_reference": None}


@pytest.fixture
def bureau(ledger):
    """Cards from dinars to dollars and from yuan to som; a book between dollars and yuan."""
    for code in ("CNY", "UZS"):
        open_money(ledger, code)
    enter_dealer(ledger, "USD", "UZS", "CNY")
    sell(ledger, "bukhara", 2_000_000, "0.1401", monies=("CNY", "USD"))
    card(ledger, ("KWD", "USD"), (3_077, 10_000), "usd", most=900_000)
    card(ledger, ("CNY", "UZS"), (10, 17_003), "uzs", capacity=9_000_000, most=9_000_000)
    return ledger


def name(ledger, reference):
    return ledger.account("dealer") + reference.encode()


def receive(ledger, codes, cards, units, most=10**9, to="carrier"):  # noqa: PLR0913 - a payment
    """Pay exactly so much of the last money; of each step the card's reference, or none for the book."""
    path, names = tuple(map(ledger.asset, codes)), tuple(each and name(ledger, each) for each in cards)
    return RouteStrictReceive(to=ledger.account(to), path=path, cards=names, receive=units, send_at_most=most, **NOTE)


def send(ledger, codes, cards, units, least=1, to="carrier"):  # noqa: PLR0913 - a payment
    """Send exactly so much of the first money."""
    path, names = tuple(map(ledger.asset, codes)), tuple(each and name(ledger, each) for each in cards)
    return RouteStrictSend(to=ledger.account(to), path=path, cards=names, send=units, receive_at_least=least, **NOTE)


ALL = ("KWD", "USD", "CNY", "UZS")
BY = ("usd", None, "uzs")


def left(ledger, reference):
    return CARDS.must(ledger.state, name(ledger, reference)).left


def test_exactly_so_much_arrives_over_two_cards_and_a_book(bureau):
    receipt = bureau.must("nairobi", receive(bureau, ALL, BY, 5_000_000))

    # 5,000,000 tiyin cost ⌈5,000,000 × 10 / 17,003⌉ = 2,941 fen, those 413 cents at 0.1401, those ⌈413 × 0.3077⌉ fils
    assert has(bureau, "carrier", "UZS") == (5_000_000, 0)
    assert has(bureau, "nairobi", "KWD") == (-128, 0)
    assert [has(bureau, "nairobi", code) for code in ALL[1:]] == [(0, 0)] * 3
    assert has(bureau, "bukhara", "USD")[0] == 413
    assert (left(bureau, "usd"), left(bureau, "uzs")) == (1_000_000 - 413, 4_000_000)
    kinds = [type(each).__name__ for each in receipt.events]
    assert kinds == ["Converted", "LimitOfferFilled", "Converted", "PaidAcross"]
    assert receipt.events[0] == Converted(
        card=name(bureau, "usd"),
        account=bureau.account("nairobi"),
        takes=bureau.asset("KWD"),
        payment=128,
        gives=bureau.asset("USD"),
        units=413,
    )
    assert isinstance(receipt.events[-1], PaidAcross)
    assert (receipt.events[-1].sent_units, receipt.events[-1].received_units) == (128, 5_000_000)


def test_exactly_so_much_is_sent_and_a_provider_keeps_what_buys_no_unit_more(bureau):
    bureau.must("nairobi", send(bureau, ("KWD", "USD"), ("usd",), 10_000))

    # ⌊10,000 × 10,000 / 3,077⌋ = 32,499 cents, which would cost ⌈32,499 × 0.3077⌉ = 10,000 fils
    assert has(bureau, "nairobi", "KWD") == (-10_000, 0)
    assert has(bureau, "carrier", "USD") == (32_499, 0)


def test_a_card_is_bound_by_the_bound_of_the_whole_to_the_unit(bureau):
    assert bureau.send("nairobi", receive(bureau, ALL, BY, 5_000_000, 127)).code == Refuse.PATH_TOO_DEAR
    bureau.must("nairobi", receive(bureau, ALL, BY, 5_000_000, 128))
    assert bureau.send("nairobi", send(bureau, ALL[:2], BY[:1], 10_000, 32_500)).code == Refuse.PATH_BRINGS_TOO_LITTLE
    bureau.must("nairobi", send(bureau, ALL[:2], BY[:1], 10_000, 32_499))


def test_what_a_card_said_in_the_block_before_holds_in_whatever_order_the_block_is(bureau):
    terms = CARDS.must(bureau.state, name(bureau, "usd")).rates
    dearer = RateTerms(tiers=(Tier(100, Rate(4, 1)),), most=terms.most, premiums=(), valid_until=terms.valid_until)
    pays = receive(bureau, ("KWD", "USD"), ("usd",), 1_000, 308)

    changed, paid, closed = bureau.block(
        bureau.sign("dealer", ChangeCard(card="usd", rates=dearer)),
        bureau.sign("nairobi", pays),
        bureau.sign("dealer", CloseCard(card="uzs")),
    )

    assert (changed.code, paid.code, closed.code) == (0, 0, 0)
    assert bureau.send("nairobi", pays).code == Refuse.PATH_TOO_DEAR
    gone = receive(bureau, ("CNY", "UZS"), ("uzs",), 170_030)
    assert bureau.send("nairobi", gone).code == Exchange.CARD_UNKNOWN


def test_a_provider_that_may_not_be_paid_stands_in_the_way_and_nothing_changes(bureau):
    bureau.must("bank", SetCaps(currency="KWD", supply_max=10**12, holder_max=127))
    before = bureau.snapshot()

    assert bureau.send("nairobi", receive(bureau, ALL, BY, 5_000_000)).code == Money.HOLDER_CAP_PASSED
    assert bureau.snapshot() == before


@pytest.mark.parametrize(
    ("units", "code"),
    [
        (30, Exchange.UNITS_BELOW_LEAST),  # 97 cents
        (31, 0),  # 100 cents
        (153_850, 0),  # ⌊500,000.0…⌋ cents, all that one acceptance takes
        (153_851, Exchange.UNITS_ABOVE_MOST),
    ],
)
def test_a_payment_buys_all_that_it_suffices_for_or_nothing(ledger, units, code):
    enter_dealer(ledger, "USD")
    card(ledger, ("KWD", "USD"), (3_077, 10_000), "usd")

    assert ledger.send("nairobi", send(ledger, ("KWD", "USD"), ("usd",), units)).code == code


def test_rounding_costs_a_hundredth_at_most(ledger):
    open_money(ledger, "UZS")
    enter_dealer(ledger, "USD")
    card(ledger, ("UZS", "USD"), (1_000, 1), "dear", tiers=(Tier(1, Rate(1_000, 1)),))

    assert ledger.send("nairobi", send(ledger, ("UZS", "USD"), ("dear",), 5_051)).code == Exchange.ROUNDING_TOO_LARGE
    ledger.must("nairobi", send(ledger, ("UZS", "USD"), ("dear",), 5_050))
    assert has(ledger, "carrier", "USD") == (5, 0)
    assert has(ledger, "dealer", "UZS") == (5_050 - FUNDS, 0)


def test_books_and_cards_together_meet_fifty_at_most(ledger):
    enter_dealer(ledger, "USD")
    open_money(ledger, "CNY")
    card(ledger, ("KWD", "USD"), (1, 1), "usd")
    asks = [offer(ledger, Side.SELL, 100, "1", monies=("CNY", "USD")) for _each in range(50)]
    for first in range(0, 50, 10):
        ledger.must("bukhara", *asks[first : first + 10])
    codes, cards = ("KWD", "USD", "CNY"), ("usd", None)

    for pay in (send, receive):
        assert ledger.send("nairobi", pay(ledger, codes, cards, 5_000)).code == Refuse.CROSSINGS_TOO_MANY
    ledger.must("nairobi", receive(ledger, codes, cards, 4_900))
    assert has(ledger, "nairobi", "KWD") == (-4_900, 0)


@pytest.mark.parametrize(
    ("exact", "amount"),
    [("sent", 32), ("sent", 100), ("sent", 222), ("received", 4_000_000), ("received", 8_999_999)],
)
def test_what_is_found_over_cards_and_books_is_what_is_paid(bureau, exact, amount):
    source, target = (asset_key(bureau.asset(code)) for code in ("KWD", "UZS"))
    asked = PathsQuery(source=source, target=target, at=bureau.time, payer=bureau.account("nairobi"), **{exact: amount})
    (found,) = asked.answer(bureau.state).paths
    assert [each.currency for each in found.path] == list(ALL)
    assert found.cards == [name(bureau, "usd"), None, name(bureau, "uzs")]

    if exact == "sent":
        bureau.must("nairobi", send(bureau, ALL, BY, amount, found.received))
    else:
        bureau.must("nairobi", receive(bureau, ALL, BY, amount, found.sent))

    assert has(bureau, "nairobi", "KWD") == (-found.sent, 0)
    assert has(bureau, "carrier", "UZS") == (found.received, 0)


def test_of_a_book_and_cards_between_two_monies_the_cheapest_serves(bureau):
    card(bureau, ("USD", "CNY"), (139, 1_000), "cny")
    source, target = asset_key(bureau.asset()), asset_key(bureau.asset("CNY"))

    def by(**more: Any) -> Any:  # noqa: ANN401 - any field
        answer = PathsQuery(source=source, target=target, at=bureau.time, **more).answer(bureau.state)
        return [(each.cards, each.sent) for each in answer.paths]

    assert by(received=100_000) == [([name(bureau, "cny")], 13_900)]
    assert by(received=600_000) == [([None], 84_060)], "more than the card exchanges at once"
    assert by(received=100_000, payer=bureau.account("dealer")) == [([None], 14_010)], "its own card serves nobody"
    bureau.wait(601)
    assert by(received=100_000) == [([None], 14_010)], "a card that is over"


def test_a_card_alone_leads_between_monies_without_a_book(ledger):
    open_money(ledger, "CNY")
    enter_dealer(ledger, "USD", "CNY")
    for pair, reference in ((("KWD", "USD"), "a"), (("USD", "CNY"), "b")):
        card(ledger, pair, (1, 1), reference)
    source, target = (asset_key(ledger.asset(code)) for code in ("KWD", "CNY"))

    def ways() -> Any:  # noqa: ANN401 - an answer
        return PathsQuery(source=source, target=target, received=1_000, at=ledger.time).answer(ledger.state).paths

    assert [len(each.path) for each in ways()] == [3]
    ledger.must("dealer", CloseCard(card="b"))
    assert ways() == []
