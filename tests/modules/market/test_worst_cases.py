"""The table that is shown before anybody signs: what it says is what happens at worst, to the unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sogdia.kernel.values import name_of
from sogdia.modules.exchange.records import Rate
from sogdia.modules.market.causes import Cause
from sogdia.modules.market.orders import CancelOrder
from sogdia.modules.market.worst_cases import Ends, Method, WorstCase, WorstCases, WorstCasesQuery
from tests.modules.exchange.bureau import DEALER, card_name, posting, rate_terms
from tests.modules.market.at_a_rate import PAYMENT, PREMIUM
from tests.modules.market.backed import (
    ALL,
    BOND,
    COVER,
    COVER_POINTS,
    COVER_PREMIUM,
    FALLEN,
    FALLEN_FAR,
    FALLEN_FURTHER,
    RISEN,
    backed_shop,
    changed,
    delivered,
    owned,
    placed,
    sells_back,
    sent_back,
)
from tests.modules.market.shop import BUYER, DAY, MERCHANT, PAID

if TYPE_CHECKING:
    from sogdia.testing.ledger import Ledger


@pytest.fixture
def ledger():
    """A shop with a bond, and a bureau that asks for one and sells covers."""
    return backed_shop()


def shown(ledger: Ledger, *, card: bytes | None, units: int = PAID, cover: int = COVER_POINTS) -> WorstCases | None:
    """What is shown of an order under the shop's terms."""
    return WorstCasesQuery(under=name_of(ledger.account(MERCHANT), "t1"), units=units, card=card, cover=cover).answer(
        ledger.state
    )


def at_rate(ledger: Ledger, ends: Ends) -> WorstCase:
    """The row of an order at the dealer's rate."""
    answer = shown(ledger, card=card_name(ledger))
    assert answer is not None
    (row,) = [each for each in answer.cases if (each.method, each.ends) == (Method.AT_A_RATE, ends)]
    return row


def test_the_table_names_what_an_order_costs_and_what_stands_behind_it(ledger):
    answer = shown(ledger, card=card_name(ledger))

    assert answer is not None
    assert (answer.gives, answer.takes) == (ledger.asset(), ledger.asset("KWD"))
    assert (answer.payment, answer.premium, answer.cover_premium) == (PAYMENT, PREMIUM, COVER_PREMIUM)
    assert (answer.bond, answer.cover) == (BOND, COVER)
    assert len(answer.cases) == 14


def test_without_a_card_the_buyer_bears_whatever_the_rate_does(ledger):
    answer = shown(ledger, card=None)

    assert answer is not None
    assert answer.takes == answer.gives == ledger.asset()
    assert all((each.buyer_loses, each.merchant_loses, each.provider_loses) == (0, 0, 0) for each in answer.cases)
    assert [each.ends for each in answer.cases if not each.rest_on_buyer] == [Ends.COMPLETED]


@pytest.mark.parametrize("asked", [{"units": 99}, {"units": 10**9}, {"cover": 7}], ids=["little", "much", "no-cover"])
def test_nothing_is_shown_of_an_order_that_the_card_would_refuse(ledger, asked):
    assert shown(ledger, card=card_name(ledger), **asked) is None


def test_nothing_is_shown_by_a_card_that_is_not_there_or_gives_other_money(ledger):
    ledger.fund(DEALER, 100, "KWD")
    sells_back(ledger)

    assert shown(ledger, card=card_name(ledger, "no")) is None
    assert shown(ledger, card=name_of(ledger.account("back-dealer"), "back")) is None
    assert WorstCasesQuery(under=card_name(ledger), units=1).answer(ledger.state) is None


def test_nothing_is_shown_when_the_card_asks_for_a_larger_bond(ledger):
    ledger.must(DEALER, posting(ledger, "strict", rates=rate_terms(ledger, bond=501)))

    assert shown(ledger, card=card_name(ledger, "strict"), cover=0) is None


def test_who_takes_it_back_at_the_last_moment_loses_what_is_shown(ledger):
    row, before = at_rate(ledger, Ends.TAKEN_BACK), owned(ledger, BUYER)
    name = placed(ledger)

    ledger.must(BUYER, CancelOrder(order=name), at=ledger.time + 2 * DAY)

    assert changed(ledger, BUYER, before) == (-row.buyer_loses, 0)
    assert not row.rest_on_buyer


def test_a_merchant_who_never_answers_loses_what_is_shown(ledger):
    row, before = at_rate(ledger, Ends.NOT_SHIPPED), owned(ledger, MERCHANT)
    placed(ledger)

    ledger.wait(2 * DAY + 1)

    assert changed(ledger, MERCHANT, before) == (0, -row.merchant_loses)


RETURNS = {
    Cause.REMORSE: Ends.RETURNED_BY_REMORSE,
    Cause.MERCHANT: Ends.RETURNED_BY_THE_MERCHANTS_FAULT,
    Cause.CARRIER: Ends.LOST_ON_THE_WAY,
}


@pytest.mark.parametrize("rate", [None, RISEN, FALLEN, FALLEN_FURTHER, FALLEN_FAR, Rate(100, 1)])
@pytest.mark.parametrize("cause", list(Cause))
def test_no_refund_costs_merchant_or_provider_more_than_is_shown(ledger, cause, rate):
    row = at_rate(ledger, RETURNS[cause])
    name = delivered(ledger)
    if rate is not None:
        sells_back(ledger, rate)
    before = {who: owned(ledger, who) for who in (MERCHANT, DEALER)}

    sent_back(ledger, name, *ALL, cause=cause)
    ledger.wait(15 * DAY)

    lost = {who: changed(ledger, who, before[who]) for who in (MERCHANT, DEALER)}
    assert -lost[MERCHANT].dollars <= row.merchant_loses
    assert -lost[DEALER].dinars <= row.provider_loses
    if rate == FALLEN_FAR:
        assert (-lost[MERCHANT].dollars, -lost[DEALER].dinars) == (row.merchant_loses, row.provider_loses)
