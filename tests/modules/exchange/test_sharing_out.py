"""How a part goes back is chosen: on any cards, with tiers of any price, no more than is owed and than there is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from sogdia.modules.exchange.records import Rate, RateCard, RateTerms, Tier
from sogdia.modules.exchange.repaying import Reach, Sale, Share, share_out
from sogdia.modules.money import Asset

DOLLARS, DINARS = Asset("USD", b"a" * 20), Asset("KWD", b"b" * 20)
ONE = b"one"


def card(*tiers: tuple[int, int], most: int = 1_000, left: int = 1_000) -> RateCard:
    """A card that gives one dinar for so many dollars, from so many dinars on."""
    terms = RateTerms(
        tiers=tuple(Tier(units, Rate(dollars, 1)) for units, dollars in tiers),
        most=most,
        premiums=(),
        valid_until=2**32 - 1,
        covers=(),
        bond=0,
    )
    return RateCard(
        takes=DOLLARS,
        gives=DINARS,
        rates=terms,
        next_rates=None,
        left=left,
        closing=False,
        sponsor=bytes(20),
    )


def cost(found: RateCard, units: int) -> int | None:
    """What so many dinars cost by a card, said the long way; nothing where it does not exchange so many."""
    price = [each.rate.taken for each in found.rates.tiers if each.units <= units]
    return units * price[-1] if price and units <= min(found.rates.most, found.left) else None


@pytest.mark.parametrize(
    ("reach", "expected"),
    [
        # Fifty dinars cost 500 dollars, and 51 cost 51. There are 100 dollars: ten dinars, and forty of the cover.
        (Reach(50, 100, 0, 40), Share(Sale(ONE, 10, 100), 0, 40, 0)),
        (Reach(50, 60, 40, 40), Share(Sale(ONE, 10, 100), 40, 40, 0)),
        (Reach(50, 100, 0, 39), None),
        (Reach(51, 100, 0, 0), Share(Sale(ONE, 51, 51), 0, 0, 0)),
    ],
)
def test_where_more_costs_less_no_more_is_bought_than_is_owed(reach, expected):
    assert share_out(reach, [(ONE, card((1, 10), (51, 1)))], gain_to_buyer=False) == expected


amounts = some.integers(0, 300)
prices = some.lists(some.tuples(some.integers(1, 60), some.integers(1, 12)), min_size=1, max_size=4)
cards_to_draw = some.lists(
    some.builds(lambda tiers, most, left: (tiers, most, left), prices, amounts, amounts), max_size=3
)


@given(
    some.builds(Reach, some.integers(1, 80), some.integers(1, 300), amounts, amounts), cards_to_draw, some.booleans()
)
def test_it_is_the_best_of_all_that_could_be_done(reach, drawn, gain):
    """Every card with every number of dinars is tried."""
    cards = [
        (bytes([at]), card(*sorted(dict(tiers).items()), most=most, left=left))
        for at, (tiers, most, left) in enumerate(drawn)
    ]
    budget = reach.escrow + reach.bond
    whole = [(price, name) for name, each in cards if (price := cost(each, reach.owed)) is not None]
    usable = {name for _price, name in whole}
    parts = [
        (units, -price)
        for name, each in cards
        if name in usable
        for units in range(1, reach.owed + 1)
        if (price := cost(each, units)) is not None and price <= budget
    ]

    found = share_out(reach, cards, gain_to_buyer=gain)

    if whole and min(whole)[0] <= budget:
        price, name = min(whole)
        spared = max(0, reach.escrow - price)
        expected = Share(Sale(name, reach.owed, price), max(0, price - reach.escrow), 0, spared if gain else 0)
        assert found == expected
        return
    most = max(parts, default=(0, 0))
    if not parts or reach.owed - most[0] > reach.cover:
        assert found is None
        return
    assert found is not None
    assert found.sale is not None
    assert (found.sale.units, -found.sale.payment) == most
    assert (found.from_bond, found.from_cover) == (max(0, -most[1] - reach.escrow), reach.owed - most[0])
