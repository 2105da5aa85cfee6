"""What a refund by cause must come to, by hand, and against the ledger's own way of working it out."""

from __future__ import annotations

from fractions import Fraction
from math import gcd

import pytest
from hypothesis import given
from hypothesis import strategies as some

from sogdia.modules.exchange import repaying
from sogdia.modules.exchange.records import Rate, RateCard, RateTerms, Tier
from sogdia.modules.market.causes import Cause
from sogdia.modules.money import Asset
from sogdia.simulate.payments.backing import Amends, Backing, Behind, Quoted, Repaid, amends

YUAN, RUPEES = Asset("CNY", bytes(20)), Asset("PKR", bytes(20))
NAME, OTHER = b"a", b"b"


def card(taken: int, given: int, *, left: int = 10**12, least: int = 100) -> Quoted:
    """Give a card that takes yuan for rupees."""
    part = gcd(taken, given)
    terms = RateTerms(tiers=(Tier(least, Rate(taken // part, given // part)),), most=10**12, premiums=(), valid_until=1)
    return Quoted("dealer-1", YUAN, RUPEES, terms, left)


SAME, DEARER = card(1, 40), card(1, 38)
"""40 and 38 rupees a yuan."""


@pytest.mark.parametrize(
    ("behind", "cards", "expected"),
    [
        # 40,000 rupees are owed; 1,000 yuan of escrow are worth them at 40.
        (Behind(40_000, 1_000, 0, 0), [SAME], Amends(NAME, 40_000, 1_000, 0, 0, 0, 0)),
        # A yuan is worth 50: 800 suffice, and the rest is the merchant's.
        (Behind(40_000, 1_000, 50, 9), [card(1, 50)], Amends(NAME, 40_000, 800, 0, 0, 0, 200)),
        # At 38 it takes 1,053 (1,052.6 rounded up): 53 of the bond.
        (Behind(40_000, 1_000, 60, 9), [DEARER], Amends(NAME, 40_000, 1_053, 53, 0, 0, 0)),
        # With 50 of a bond 1,050 yuan buy 39,900; the cover pays the other 100.
        (Behind(40_000, 1_000, 50, 100), [DEARER], Amends(NAME, 39_900, 1_050, 50, 100, 0, 0)),
        # One unit less of cover, and it does not reach: what falls to it alone is the buyer's, as it is.
        (Behind(40_000, 1_000, 50, 99, 40, 90), [DEARER], Amends(None, 0, 0, 40, 90, 1_040, 0)),
        # Nobody exchanges so much, and the time to wait for somebody is over: who stands for a rate has shown none.
        (Behind(40_000, 1_000, 50, 100, 50, 100), [card(1, 40, left=39_999)], Amends(None, 0, 0, 50, 100, 1_050, 0)),
        (Behind(40_000, 1_000, 50, 100, 20, 30), [], Amends(None, 0, 0, 20, 30, 1_020, 0)),
        # Nobody exchanges so little: the same.
        (Behind(99, 3, 5, 9, 5, 9), [SAME], Amends(None, 0, 0, 5, 9, 8, 0)),
        # Nothing is owed in the buyer's money.
        (Behind(0, 3, 5, 9), [SAME], Amends(None, 0, 0, 0, 0, 3, 0)),
        # The cheaper of two.
        (Behind(40_000, 1_000, 60, 9), [DEARER, card(1, 39)], Amends(OTHER, 40_000, 1_026, 26, 0, 0, 0)),
    ],
)
def test_by_hand(behind, cards, expected):
    assert amends(behind, zip((NAME, OTHER), cards, strict=False), gain_to_buyer=False) == expected


def test_what_is_lost_on_the_way_leaves_its_gain_to_the_buyer():
    found = amends(Behind(40_000, 1_000, 0, 9), [(NAME, card(1, 50))], gain_to_buyer=True)

    assert found == Amends(NAME, 40_000, 800, 0, 0, 200, 0)


amounts = some.integers(0, 10**7)
there_to_draw = some.tuples(some.integers(1, 10**7), some.integers(1, 10**7), amounts, amounts)
cards_to_draw = some.lists(
    some.builds(card, some.integers(1, 400), some.integers(1, 400), left=amounts, least=some.integers(1, 1_000)),
    max_size=3,
)


@given(there_to_draw, cards_to_draw, some.booleans())
def test_it_is_what_the_ledger_works_out_another_way(there, quoted, gain):
    names = [bytes([at]) for at in range(len(quoted))]
    records = [
        RateCard(
            takes=each.takes,
            gives=each.gives,
            rates=each.terms,
            next_rates=None,
            left=each.left,
            closing=False,
            sponsor=bytes(20),
        )
        for each in quoted
    ]

    falls_to_it = repaying.Behind(there[2] // 2, there[3] // 2)
    behind = Behind(*there)._replace(own_bond=falls_to_it.bond, own_cover=falls_to_it.cover)
    own = amends(behind, zip(names, quoted, strict=True), gain_to_buyer=gain)
    reach = repaying.Reach(*there)._replace(own=falls_to_it)
    ledgers = repaying.share_out(reach, zip(names, records, strict=True), gain_to_buyer=gain)
    if ledgers is None:
        ledgers = repaying.kept(reach, with_backing=True)

    sale = ledgers.sale
    assert (own.card, own.sold, own.payment) == (
        (None, 0, 0) if sale is None else (sale.card, sale.units, sale.payment)
    )
    assert (own.from_bond, own.from_cover, own.kept) == (ledgers.from_bond, ledgers.from_cover, ledgers.kept)
    # No unit of escrow or bond is lost.
    assert there[1] + own.from_bond == own.payment + own.kept + own.to_merchant


def test_out_of_what_it_was_made_good_adds_up_to_what_is_owed():
    def repaid(made: Amends, *, mid: int) -> Repaid:
        behind = Behind(40_000, 1_000, 50, 100)
        return Repaid(day=9, cause=Cause.MERCHANT, quoted=True, waited=0, behind=behind, amends=made, mid=Fraction(mid))

    sold = repaid(Amends(NAME, 39_900, 1_050, 50, 100, 0, 0), mid=39)
    kept = repaid(Amends(None, 0, 0, 50, 99, 1_050, 0), mid=37)

    assert [sold.from_escrow(), sold.from_bond(), sold.borne_by_buyer()] == [38_000, 1_900, 0]
    assert [kept.from_escrow(), kept.from_bond(), kept.borne_by_buyer()] == [37_000, 1_850, 1_051]


def test_each_backing_is_what_its_name_says():
    assert [(each.bond_points, each.cover_points) for each in Backing] == [(0, 0), (500, 0), (0, 1_000), (500, 1_000)]
