"""Chargebacks: before minting nobody bears them, afterwards whoever the rail's rule names; to the unit."""

from __future__ import annotations

import pytest

from sogdia.gateway.desk import HOUR
from sogdia.gateway.reconciling import figures_of
from sogdia.gateway.records import Stage
from sogdia.modules.money.holds import PlaceHold
from sogdia.modules.money.measures import ApproveMeasure
from sogdia.modules.money.records import Asset
from tests.gateway.door import SETTINGS, House

BY_HOLDER = SETTINGS.replace("hold_hours = 72", 'hold_hours = 72\nchargebacks = "holder"')


def takes_back(house, booked, units):
    back = house.outside.take_back(booked, units, house.now)
    house.outside.tell(back, house.now)
    return back


@pytest.mark.parametrize(("early", "stage"), [(1, Stage.READY), (0, Stage.MINTED)])
def test_a_card_s_credit_is_minted_once_its_time_to_be_taken_back_is_over(house, early, stage):
    booked = house.pays_in("card", 5_000, house.reference("nairobi"))
    house.run()

    house.ledger.wait(72 * HOUR - early)
    house.run()

    assert house.credit(booked).stage == stage
    assert house.owns("nairobi") == (5_000 if stage == Stage.MINTED else 0)


@pytest.mark.parametrize(("units", "minted"), [(5_000, 0), (4_999, 1), (1, 4_999)])
def test_what_is_taken_back_before_is_never_minted_and_nobody_bears_it(house, units, minted):
    booked = house.pays_in("card", 5_000, house.reference("nairobi"))
    house.run()

    takes_back(house, booked, units)
    house.ledger.wait(72 * HOUR)
    house.run()

    assert house.owns("nairobi") == minted
    assert house.journal.own_rows() == []
    assert house.credit(booked).stage == (Stage.MINTED if minted else Stage.GONE)


def test_a_chargeback_that_is_told_before_its_credit_has_the_same_end(house):
    booked = house.outside.book_entry("card", "credit", 5_000, house.now, texts=(house.reference("nairobi"),))
    takes_back(house, booked, 5_000)
    house.run()
    assert figures_of(house.desk).unexplained == -5_000

    house.outside.tell(booked, house.now)
    house.run()

    assert house.credit(booked).stage == Stage.GONE
    assert figures_of(house.desk).unexplained == 0


@pytest.mark.parametrize("units", [5_000, 1])
def test_what_is_taken_back_after_it_was_minted_the_issuer_bears(house, units):
    booked = house.pays_in("bank", 5_000, house.reference("nairobi"))
    house.run()

    takes_back(house, booked, units)
    house.run()

    assert house.owns("nairobi") == 5_000
    figures = figures_of(house.desk)
    assert (figures.own, figures.short) == (100_000 - units, 0)


def test_a_reserve_that_is_short_says_by_how_much_and_is_filled_by_the_issuer_s_own_money(house):
    booked = house.pays_in("bank", 120_000, house.reference("nairobi"))
    house.run()
    takes_back(house, booked, 120_000)
    house.run()
    assert figures_of(house.desk).short == 20_000

    house.pays_in("bank", 20_000, house.reference("bank"))
    house.run()

    assert figures_of(house.desk).short == 0


def test_a_rail_that_takes_back_more_than_came_has_the_rest_borne(house):
    booked = house.pays_in("card", 5_000, house.reference("nairobi"))
    house.run()

    takes_back(house, booked, 5_007)
    house.run()

    assert figures_of(house.desk).own == 100_000 - 7


def test_what_is_taken_back_while_it_is_being_sent_back_is_lost_once(house):
    booked = house.pays_in("bank", 5_000, "?")
    house.run()
    house.ledger.wait(48 * HOUR)
    house.run()
    takes_back(house, booked, 5_000)
    house.run()
    assert house.credit(booked).stage == Stage.RETURNING

    house.answers("yes")
    house.run()

    assert figures_of(house.desk).own == 100_000 - 5_000


# -------------------------------------------------------------------------------------------- where the holder bears it


@pytest.fixture
def by_holder(tmp_path):
    """Give a gateway whose currency has a panel, and whose card's chargebacks are the holder's."""
    policy = {"panel": ["carrier", "treasury"], "panel_needed": 2}
    money = {"currencies": [{"currency": "USD", "issuer": "bank", "policy": policy}]}
    made = House(tmp_path, settings=BY_HOLDER, money=money)
    booked = made.pays_in("card", 5_000, made.reference("nairobi"))
    made.run()
    made.ledger.wait(72 * HOUR)
    made.run()
    takes_back(made, booked, 5_000)
    made.run()
    return made


def agrees(house):
    ((name, *_rest),) = house.journal.measures()
    for member in ("carrier", "treasury"):
        house.ledger.must(member, ApproveMeasure(measure=name))
    house.run()
    house.run()


def test_the_panel_is_asked_and_what_comes_of_it_is_burned(by_holder):
    assert figures_of(by_holder.desk).own == 100_000 - 5_000

    agrees(by_holder)

    assert by_holder.owns("nairobi") == 0
    figures = figures_of(by_holder.desk)
    assert (figures.own, figures.circulating) == (100_000, 0)


def test_what_is_set_aside_is_not_taken_and_the_issuer_bears_it(by_holder):
    ledger = by_holder.ledger
    asset = Asset("USD", ledger.account("bank"))
    hold = PlaceHold(
        reference="h",
        payee=ledger.account("bukhara"),
        asset=asset,
        units=4_000,
        deadline=ledger.time + HOUR,
        purpose="GDDS",
    )
    ledger.must("nairobi", hold)

    agrees(by_holder)

    figures = figures_of(by_holder.desk)
    assert (figures.own, figures.circulating) == (100_000 - 4_000, 4_000)


def test_a_measure_that_the_panel_lets_lapse_leaves_it_with_the_issuer(by_holder):
    by_holder.ledger.wait(15 * 24 * HOUR)
    by_holder.run()

    ((*_rest, stage),) = by_holder.journal.measures()
    assert stage == "dropped"
    assert figures_of(by_holder.desk).own == 100_000 - 5_000
