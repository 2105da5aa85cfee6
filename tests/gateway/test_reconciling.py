"""Reconciliation: it adds up to the unit, and whatever does not is named."""

from __future__ import annotations

import pytest

from sogdia.gateway import deciding, telling
from sogdia.gateway.desk import DAY
from sogdia.gateway.following import follow
from sogdia.gateway.happenings import Kind
from sogdia.gateway.reconciling import reconcile
from sogdia.modules.money.currencies import Burn, Mint
from tests.gateway.door import SETTINGS, House


def reconciled(house):
    height, supply = house.door.supply("USD")
    follow(house.desk, height)
    return reconcile(house.desk, supply)


@pytest.fixture
def closed(house):
    """Give a house after a day of which every rail has sent its statement."""
    house.pays_in("bank", 10_000, house.reference("nairobi"))
    house.pays_in("wallet", 500, "?")
    house.run()
    house.redeems("nairobi", 3_000)
    house.run()
    house.answers("yes")
    house.outside.close_day(house.now // DAY * DAY + DAY, house.now)
    house.run()
    return house


def test_a_day_adds_up(closed):
    report = reconciled(closed)

    assert report.adds_up
    assert report.figures == (107_500, 7_000, 500, 0, 100_000, 0)
    assert [each.closing for each in report.rails] == [107_000, 0, 500, 0]


def test_without_a_statement_it_does_not(house):
    report = reconciled(house)

    assert not report.adds_up
    assert all(each.late and each.closing is None for each in report.rails)


def test_a_statement_of_the_day_before_is_enough_and_an_older_one_is_not(closed):
    closed.ledger.time = closed.now // DAY * DAY + 2 * DAY - 1
    closed.ledger.block()
    assert reconciled(closed).adds_up

    closed.ledger.wait(1)

    report = reconciled(closed)
    assert not report.adds_up
    assert all(each.late for each in report.rails)


@pytest.mark.parametrize("units", [1, -1])
def test_a_rail_whose_statement_says_another_amount_is_named(closed, units):
    closed.journal.put_closing("wallet", 500 + units, closed.now // DAY * DAY + DAY)

    report = reconciled(closed)

    assert not report.adds_up
    assert [each.rail for each in report.rails if not each.agrees] == ["wallet"]


@pytest.mark.parametrize(
    ("does", "difference"),
    [
        (lambda house: Mint(currency="USD", to=house.ledger.account("bank"), units=7), -7),
        (lambda house: Mint(currency="USD", to=house.ledger.account("nairobi"), units=1), -1),
    ],
)
def test_money_that_is_minted_without_the_gateway_is_a_difference(closed, does, difference):
    closed.ledger.must("bank", does(closed))

    report = reconciled(closed)

    assert report.figures.difference == difference
    assert not report.adds_up


def test_money_that_is_burned_without_the_gateway_is_a_difference(closed):
    closed.ledger.must("bank", Mint(currency="USD", to=closed.ledger.account("bank"), units=7))
    closed.ledger.must("bank", Burn(currency="USD", units=7))
    assert reconciled(closed).figures.difference == 0

    closed.ledger.must("bank", Mint(currency="USD", to=closed.ledger.account("bank"), units=7))

    assert reconciled(closed).figures.difference == -7


def test_a_fee_is_unexplained_until_a_person_takes_it_as_the_issuer_s_own(closed):
    fee = closed.outside.book_entry("bank", Kind.DEBIT, -25, closed.now, reason="a fee")
    closed.outside.tell(fee, closed.now)
    closed.outside.close_day(closed.now // DAY * DAY + DAY, closed.now)
    closed.run()
    report = reconciled(closed)
    assert (report.adds_up, report.figures.unexplained, report.figures.difference) == (False, -25, 0)
    assert any("which nothing explains yet" in each for each in telling.notices(closed.desk))

    deciding.take_as_own(closed.desk, f"bank/{fee.reference}", "fees of November")

    report = reconciled(closed)
    assert (report.adds_up, report.figures.own) == (True, 100_000 - 25)


def test_a_short_reserve_does_not_add_up(closed):
    booked = closed.pays_in("bank", 200_000, closed.reference("nairobi"))
    closed.run()
    closed.outside.tell(closed.outside.take_back(booked, 200_000, closed.now), closed.now)
    closed.outside.close_day(closed.now // DAY * DAY + DAY, closed.now)
    closed.run()

    report = reconciled(closed)

    assert (report.figures.difference, report.figures.short) == (0, 100_000)
    assert not report.adds_up


def test_what_is_in_flight_is_counted_both_ways(house):
    house.pays_in("bank", 10_000, house.reference("nairobi"))
    house.run()
    house.redeems("nairobi", 3_000)
    house.run()
    house.ledger.wait(4 * DAY)
    house.run()
    assert reconciled(house).figures.in_flight == 3_000, "destroyed, and not paid"

    house.answers("yes")
    house.run()

    assert reconciled(house).figures.in_flight == 0


def test_money_from_before_the_gateway_is_covered_by_its_opening(tmp_path):
    house = House(tmp_path, settings=SETTINGS.replace("block = 0", "block = 1"))
    house.ledger.fund("nairobi", 60_000)

    house.run()

    figures = reconciled(house).figures
    assert (figures.circulating, figures.own, figures.difference) == (60_000, 40_000, 0)
