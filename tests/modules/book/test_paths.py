"""Payments over a path: exact on the side that was named, bounded on the other, and found to the unit beforehand."""

from __future__ import annotations

import pytest

from sogdia.modules.book.events import PaidAcross
from sogdia.modules.book.paths import PayStrictReceive, PayStrictSend
from sogdia.modules.book.queries import FoundPath, PathsQuery
from sogdia.modules.book.records import Side
from sogdia.modules.book.refusals import BookRefusal as Refuse
from sogdia.modules.money import asset_key
from sogdia.modules.money.currencies import AuthoriseHolder, Mint
from sogdia.modules.money.refusals import MoneyRefusal
from tests.modules.book.stand import FUNDS, book, buy, has, offer, open_money, sell
from tests.modules.money.issuing import impose


@pytest.fixture
def chain(ledger):
    """Dinars for dollars, yuan for dollars, and som for yuan; the last two in currencies opened here."""
    open_money(ledger, "CNY")
    open_money(ledger, "UZS")
    ledger.must("bank", Mint(currency="UZS", to=ledger.account("bukhara"), units=10**9))
    sell(ledger, "bukhara", 2_000_000, "0.1401", monies=("CNY", "USD"))  # yuan for 0.1401 dollars
    buy(ledger, "lanzhou", 40_000, "3.241")  # dinars are bought for 3.241 cents a fils
    buy(ledger, "carrier", 30_000, "3.25")
    sell(ledger, "carrier", 60_000, "1705.5", monies=("CNY", "UZS"))
    buy(ledger, "bukhara", 500_000, "1700.25", monies=("CNY", "UZS"))
    return ledger


def path(ledger, *codes: str):
    return tuple(ledger.asset(code) for code in codes)


def receive(ledger, codes, units, send_at_most=10**9, to="bukhara", reference=None):  # noqa: PLR0913 - a payment
    return PayStrictReceive(
        to=ledger.account(to),
        path=path(ledger, *codes),
        receive=units,
        send_at_most=send_at_most,
        purpose="GDDS",
        end_to_end="ORDER-7",
        travel_reference=reference,
    )


def send(ledger, codes, units, receive_at_least=1, to="bukhara", reference=None):  # noqa: PLR0913 - a payment
    return PayStrictSend(
        to=ledger.account(to),
        path=path(ledger, *codes),
        send=units,
        receive_at_least=receive_at_least,
        purpose="GDDS",
        end_to_end="ORDER-7",
        travel_reference=reference,
    )


def test_exactly_so_much_arrives_over_three_books(chain):
    receipt = chain.must("nairobi", receive(chain, ("KWD", "USD", "CNY", "UZS"), 10_000_000, to="carrier"))

    # 10,000,000 tiyin cost ⌈10,000,000 / 1,700.25⌉ fen, those ⌈5,882 × 0.1401⌉ cents, those ⌈825 / 3.25⌉ fils
    assert has(chain, "carrier", "UZS") == (10_000_000, 0)
    assert has(chain, "nairobi", "KWD") == (-254, 0)
    assert has(chain, "nairobi", "USD") == has(chain, "nairobi", "CNY") == has(chain, "nairobi", "UZS") == (0, 0)
    assert receipt.events[-1] == PaidAcross(
        payer=chain.account("nairobi"),
        payee=chain.account("carrier"),
        sent=chain.asset("KWD"),
        sent_units=254,
        received=chain.asset("UZS"),
        received_units=10_000_000,
        purpose="GDDS",
        end_to_end="ORDER-7",
        travel_reference=None,
    )


def test_exactly_so_much_is_sent_over_two_books(chain):
    chain.must("nairobi", send(chain, ("KWD", "USD", "CNY"), 35_000, to="nairobi"))

    # 30,000 fils at 3.25 and 5,000 at 3.241 are 113,705 cents; those buy ⌊113,705 / 0.1401⌋ fen
    assert has(chain, "nairobi", "KWD") == (-35_000, 0)
    assert has(chain, "nairobi", "USD") == (0, 0)
    assert has(chain, "nairobi", "CNY") == (811_598, 0)
    assert has(chain, "bukhara", "USD") == (113_705, 0)


def test_one_book_is_a_path_too_and_the_payee_may_be_the_payer(chain):
    chain.must("nairobi", receive(chain, ("KWD", "USD"), 100_000, to="nairobi"))

    assert has(chain, "nairobi", "USD") == (100_000, 0)
    assert has(chain, "nairobi", "KWD") == (-30_000 - 772, 0)


@pytest.mark.parametrize("exact", ["sent", "received"])
@pytest.mark.parametrize("codes", [("KWD", "USD"), ("KWD", "CNY"), ("KWD", "UZS"), ("USD", "UZS")])
@pytest.mark.parametrize("units", [5_000, 12_345, 33_333])
def test_what_is_found_is_what_is_paid_to_the_unit(chain, codes, exact, units):
    amount = units * (1_700 if exact == "received" and codes[1] == "UZS" else 1)
    amount = amount if exact == "received" or codes[0] == "USD" else units // 10
    source, target = (asset_key(chain.asset(code)) for code in codes)
    answer = PathsQuery(source=source, target=target, **{exact: amount}).answer(chain.state)
    assert answer.complete
    found = answer.paths[0]

    way = tuple(each.currency for each in found.path)
    before = has(chain, "nairobi", codes[0])[0], has(chain, "nairobi", codes[1])[0]
    if exact == "sent":
        chain.must("nairobi", send(chain, way, amount, found.received, to="nairobi"))
    else:
        chain.must("nairobi", receive(chain, way, amount, found.sent, to="nairobi"))

    after = has(chain, "nairobi", codes[0])[0], has(chain, "nairobi", codes[1])[0]
    assert (before[0] - after[0], after[1] - before[1]) == (found.sent, found.received)


def test_the_best_of_several_ways_comes_first(chain):
    sell(chain, "lanzhou", 100_000, "2", monies=("CNY", "KWD"))
    source, target = asset_key(chain.asset("KWD")), asset_key(chain.asset("CNY"))

    found = PathsQuery(source=source, target=target, received=10_000).answer(chain.state).paths

    assert [len(each.path) for each in found] == [3, 2]
    assert found[0].sent < found[1].sent == 20_000
    assert isinstance(found[0], FoundPath)


def test_a_path_that_meets_the_payers_own_offers_is_none(chain):
    source, target = asset_key(chain.asset("KWD")), asset_key(chain.asset("UZS"))
    asked = PathsQuery(source=source, target=target, received=10**6, payer=chain.account("bukhara"))

    assert asked.answer(chain.state).paths == []


def test_no_way_and_no_amount_find_nothing(chain):
    kwd, uzs, usd = (asset_key(chain.asset(code)) for code in ("KWD", "UZS", "USD"))

    assert PathsQuery(source=uzs, target=kwd, received=10**12).answer(chain.state).paths == []
    assert PathsQuery(source=usd, target=kwd).answer(chain.state).paths == []
    assert PathsQuery(source=usd, target=usd, sent=1_000).answer(chain.state).paths == []


def test_offers_that_will_be_over_are_left_out_when_a_time_is_named(ledger):
    sell(ledger, "bukhara", 1_000, "3.2", valid_until=ledger.time + 60)
    usd, kwd = asset_key(ledger.asset()), asset_key(ledger.asset("KWD"))

    assert PathsQuery(source=usd, target=kwd, received=500, at=ledger.time + 60).answer(ledger.state).paths
    assert not PathsQuery(source=usd, target=kwd, received=500, at=ledger.time + 61).answer(ledger.state).paths


def test_money_on_the_way_needs_no_leave_of_its_issuer(ledger):
    """The payer never has it: it goes from one offer to the next."""
    open_money(ledger, "CNY", by_authorisation=True)
    for who in ("bukhara", "lanzhou"):
        ledger.must("bank", AuthoriseHolder(currency="CNY", account=ledger.account(who)))
        ledger.must("bank", Mint(currency="CNY", to=ledger.account(who), units=FUNDS))
    buy(ledger, "lanzhou", 50_000, "0.14", monies=("CNY", "KWD"))
    sell(ledger, "bukhara", 50_000, "0.45", monies=("CNY", "USD"))

    ledger.must("nairobi", send(ledger, ("USD", "CNY", "KWD"), 9_000, to="carrier"))

    assert has(ledger, "carrier", "KWD") == (2_800, 0)
    assert has(ledger, "bukhara", "USD") == (9_000, 0)
    refused = ledger.send("nairobi", send(ledger, ("USD", "CNY"), 9_000, to="carrier"))
    assert refused.code != 0


def test_bounds_are_kept_to_the_unit(chain):
    over = receive(chain, ("KWD", "USD"), 100_000, send_at_most=30_771)
    assert chain.send("nairobi", over).code == Refuse.PATH_TOO_DEAR
    chain.must("nairobi", receive(chain, ("KWD", "USD"), 100_000, send_at_most=30_772))


def test_what_must_arrive_at_least_is_kept_to_the_unit(chain):
    assert chain.send("nairobi", send(chain, ("KWD", "USD"), 30_000, 97_501)).code == Refuse.PATH_BRINGS_TOO_LITTLE
    chain.must("nairobi", send(chain, ("KWD", "USD"), 30_000, 97_500))


def test_what_is_left_of_the_last_offer_stays_in_the_book(chain):
    chain.must("nairobi", send(chain, ("KWD", "USD"), 10_000))

    assert book(chain, Side.BUY)[0] == ("carrier", 20_000)


@pytest.mark.parametrize("pay", [send, receive])
def test_all_books_of_a_path_together_take_fifty_offers_at_most(ledger, pay):
    open_money(ledger, "CNY")
    bids = [offer(ledger, Side.BUY, 100, "1") for _each in range(26)]
    asks = [offer(ledger, Side.SELL, 100, "1", monies=("CNY", "USD")) for _each in range(26)]
    for first in (0, 13):
        ledger.must("lanzhou", *bids[first : first + 13])
        ledger.must("bukhara", *asks[first : first + 13])

    refused = ledger.send("nairobi", pay(ledger, ("KWD", "USD", "CNY"), 2_501))
    assert refused.code == Refuse.CROSSINGS_TOO_MANY
    ledger.must("nairobi", pay(ledger, ("KWD", "USD", "CNY"), 2_500))

    assert has(ledger, "nairobi", "KWD") == (-2_500, 0)


def test_of_two_ways_over_as_many_books_the_cheaper_is_found(chain):
    open_money(chain, "KZT")
    sell(chain, "lanzhou", 10**6, "0.2", monies=("KZT", "USD"))
    buy(chain, "lanzhou", 10**6, "1", monies=("KWD", "KZT"))
    sell(chain, "carrier", 10**6, "1", monies=("CNY", "KZT"))
    source, target = asset_key(chain.asset("KWD")), asset_key(chain.asset("CNY"))

    (best, *_others) = PathsQuery(source=source, target=target, received=10_000).answer(chain.state).paths

    assert [each.currency for each in best.path] == ["KWD", "USD", "CNY"]
    assert best.sent < 10_000


@pytest.mark.parametrize("money", ["KWD", "USD"])
def test_a_large_payment_says_where_the_names_stand_where_either_money_asks(chain, money):
    impose(money, reference_from=3_000)(chain)
    small = send(chain, ("KWD", "USD"), 900)
    large, named = (send(chain, ("KWD", "USD"), 3_000, reference=each) for each in (None, bytes(range(32))))

    assert chain.send("nairobi", small).code == 0
    assert chain.send("nairobi", large).code == MoneyRefusal.REFERENCE_MISSING
    assert chain.must("nairobi", named).events[-1].travel_reference == bytes(range(32))
    own = send(chain, ("KWD", "USD"), 3_000, to="nairobi")
    assert chain.send("nairobi", own).code == 0
