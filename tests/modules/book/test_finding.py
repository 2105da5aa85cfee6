"""A search that works out only what could win finds what one finds that works out everything."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from sogdia.modules.book import finding
from sogdia.modules.book.finding import Asked, search
from sogdia.modules.book.records import Side
from sogdia.modules.exchange.cards import PostCard
from sogdia.modules.exchange.records import Rate, RateTerms, Tier
from sogdia.modules.money import asset_key
from sogdia.modules.money.currencies import FreezeHolder, Mint
from sogdia.testing.ledger import Ledger
from tests import rotation as chosen
from tests.modules.book.plain_search import plain_search
from tests.modules.book.stand import WHO, enter_dealer, offer, open_money, open_stand

if TYPE_CHECKING:
    from sogdia.modules.book.offers import PlaceLimitOffer

CODES = ("KWD", "USD", "CNY", "UZS", "KES", "INR")
PRICES = ("0.5", "0.98", "1", "1.003", "1.03", "2")
RATES = (Rate(1, 2), Rate(97, 100), Rate(1, 1), Rate(101, 100), Rate(2, 1))
MARKETS = 5
MARKETS_IN_A_FULL_RUN = 200
QUESTIONS = 25


def market(seed: int) -> tuple[Ledger, random.Random]:
    """Books and cards between some of six monies, with prices so near to each other that ways tie and depth counts."""
    chance = random.Random(seed)
    ledger = open_stand(Ledger())
    for code in CODES[2:]:
        open_money(ledger, code)
    enter_dealer(ledger, *CODES)
    ledger.must(
        "bank", *(Mint(currency=code, to=ledger.account(who), units=10**6) for code in CODES for who in WHO[:2])
    )
    pairs = [(one, other) for one in CODES for other in CODES if one < other]
    for number in range(chance.choice((40, 60, 90))):
        monies, who = chance.choice(pairs), chance.choice(WHO)
        units = chance.choice((200, 200, 333, 1_000, 4_000))
        asked: PlaceLimitOffer = offer(
            ledger, Side(chance.randrange(2)), units, chance.choice(PRICES), f"o{number}", monies=monies
        )
        ledger.send(who, asked)
    for number in range(chance.choice((0, 6, 20))):
        takes, gives = chance.sample(CODES, 2)
        tiers = (Tier(100, chance.choice(RATES)), Tier(1_000, chance.choice(RATES)))
        most, until = chance.choice((1_000, 5_000)), ledger.time + chance.choice((60, 600))
        posted = PostCard(
            reference=f"c{number}", takes=ledger.asset(takes), gives=ledger.asset(gives), capacity=3_000,
            rates=RateTerms(tiers=tiers, most=most, premiums=(), valid_until=until),
        )  # fmt: skip
        ledger.must("dealer", posted)
    ledger.must("bank", FreezeHolder(currency="USD", account=ledger.account("carrier"), reason="court order"))
    return ledger, chance


@pytest.mark.parametrize("number", range(MARKETS_IN_A_FULL_RUN if chosen.full() else MARKETS))
def test_nothing_that_wins_is_left_out(number):
    ledger, chance = market(chosen.seed() + number)
    monies = [ledger.asset(code) for code in CODES]
    found = 0

    for _question in range(QUESTIONS):
        source, target = (asset_key(each) for each in chance.sample(monies, 2))
        taker = ledger.account(chance.choice((*WHO, "dealer")))
        units = chance.choice((1, 100, 101, 500, 1_001, 2_500))
        at = ledger.time + chance.choice((0, 100))
        asked = Asked(source, target, units, exact_received=bool(chance.randrange(2)), taker=taker, time=at)

        told = search(ledger.state, asked)

        assert told.complete
        assert told.found == plain_search(ledger.state, asked, monies)
        found += len(told.found)
    assert found


def test_a_search_that_may_work_no_more_says_so(monkeypatch):
    ledger, _chance = market(7)
    (source, target) = (asset_key(ledger.asset(code)) for code in ("KWD", "CNY"))
    asked = Asked(source, target, 100, exact_received=True, taker=bytes(20), time=ledger.time)
    whole = search(ledger.state, asked)

    for limit in ("WORKED_OUT_MAX", "LOOKED_AT_MAX"):
        with monkeypatch.context() as changed:
            changed.setattr(finding, limit, 1)
            told = search(ledger.state, asked)

        assert whole.complete
        assert not told.complete
        assert set(told.found) <= set(whole.found)
