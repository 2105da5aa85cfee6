"""Everything comes back: for each cause, with and without bond and cover, and by friends who would win by it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from fractions import Fraction
from random import Random
from typing import TYPE_CHECKING

import pytest

from sogdia.modules.market.causes import Cause
from sogdia.simulate.payments import storms
from sogdia.simulate.payments.backing import Backing
from sogdia.simulate.payments.made_good import FRIENDS, RETURNS, friends, made_good, parts_of, worth
from sogdia.simulate.payments.replay import Player
from sogdia.simulate.payments.returns import BACKINGS, DAYS_MAX, days_of_returns, orders_of_a_day
from sogdia.simulate.payments.stage import FRIEND, FRIENDS_SHOP
from sogdia.simulate.payments.storms import SHORT, Windows
from sogdia.simulate.payments.trades import CAUSES, Action, Outcome
from tests.simulate.payments.replays import named, player, returns_of

if TYPE_CHECKING:
    from sogdia.simulate.payments.replay import Played
    from sogdia.simulate.payments.trades import Trade

GULF, CHINA = "PKR, January 2023: Gulf-Pakistan", "PKR, January 2023: China-Pakistan"
NAMES = tuple(each.name for each in storms.STORMS)


def all_played() -> list[Played]:
    """Give the hearts of all storms."""
    return [returns_of(name) for name in NAMES]


def came_back_on(trade: Trade) -> tuple[int, ...]:
    """The days on which parts of an order would have been refunded, had none waited."""
    if trade.repaid:
        return tuple(each.day - each.waited for each in trade.repaid)
    return tuple(part.day for part in trade.refunds)


@pytest.mark.parametrize("name", NAMES)
def test_what_differs_between_orders_of_a_day_is_the_cause_and_what_stands_behind_them(name):
    days = defaultdict(list)
    for trade in returns_of(name).trades:
        days[trade.placed_on].append(trade)

    for trades in days.values():
        assert len({(trade.dealer, trade.paid, trade.payment, trade.premium, trade.mid) for trade in trades}) == 1
        for outcome in Outcome:
            same = [trade for trade in trades if trade.outcome is outcome]
            assert tuple(trade.backing for trade in same) == BACKINGS.get(outcome, ())
            if outcome in RETURNS:
                assert len({came_back_on(trade) for trade in same}) == 1


@pytest.mark.parametrize("name", NAMES)
def test_nobody_bears_more_than_what_it_put_behind_the_order(name):
    for trade in returns_of(name).trades:
        assert (
            trade.premium_from_bond + trade.bond_used
            <= trade.bond
            == -(-trade.units * trade.backing.bond_points // 10_000)
        )
        assert trade.cover_used <= trade.cover <= trade.payment // 10
        if trade.cause is not Cause.MERCHANT and trade.outcome in CAUSES:
            assert trade.bond_used == 0
        if trade.cause is Cause.REMORSE:
            assert (trade.repaid, trade.cover_used) == ([], 0)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_owed_is_given_to_the_unit_or_everything_that_lay_there_is(name):
    for trade in returns_of(name).trades:
        for each in trade.repaid:
            if each.amends.card is not None:
                assert each.amends.sold + each.amends.from_cover == each.behind.owed
            else:
                assert each.amends.kept == each.behind.escrow + each.behind.own_bond
                assert each.amends.from_cover == each.behind.own_cover
        if trade.outcome in RETURNS:
            parts = parts_of(trade)
            assert parts.escrow + parts.bond + parts.cover + parts.buyer == parts.owed == trade.swapped_total


def test_in_storms_refunds_wait_for_a_rate_that_reaches_if_anything_stands_behind_them():
    trades = [trade for played in all_played() for trade in played.trades if trade.repaid]
    backed = [each for trade in trades if trade.backing is not Backing.NOTHING for each in trade.repaid]
    exchanged = [each for each in backed if each.amends.card is not None]

    assert all(each.waited == 0 for trade in trades if trade.backing is Backing.NOTHING for each in trade.repaid)
    assert 0 < sum(each.waited > 0 for each in exchanged) < len(exchanged) // 2
    assert max(each.waited for each in backed) <= Windows().rate + 1
    for each in backed:
        own = each.behind.own_bond, each.behind.own_cover
        assert each.amends.card is not None or own == (each.amends.from_bond, each.amends.from_cover)


def test_in_storms_a_bond_and_a_cover_each_take_from_what_the_buyer_bears_and_the_bond_comes_first():
    group = [each for each in made_good(all_played()) if each.outcome is Outcome.FAULTY and each.quoted]
    found = {each.backing: each for each in group}

    nothing, bond, cover, both = (found[each] for each in Backing)
    assert nothing.buyer_worst > bond.buyer_worst > both.buyer_worst
    assert nothing.buyer_worst > both.buyer_worst
    assert nothing.buyer > bond.buyer > both.buyer
    assert nothing.buyer > cover.buyer > both.buyer
    assert nothing.bond == nothing.cover == bond.cover == cover.bond == 0
    assert bond.merchant > nothing.merchant  # which has the gains alone
    assert both.cover > 0
    repaid = [each for played in all_played() for trade in played.trades for each in trade.repaid]
    covered = [each for each in repaid if each.amends.from_cover and each.amends.card is not None]
    assert all(each.amends.from_bond or not each.behind.bond for each in covered)


def test_a_gain_is_the_merchants_for_its_own_fault_and_the_buyers_when_goods_get_lost():
    trades = [trade for trade in returns_of(CHINA).trades if trade.repaid and trade.repaid[0].quoted]
    gains = {trade.outcome for trade in trades if trade.repaid[0].amends.to_merchant}

    assert gains == {Outcome.FAULTY}
    assert all(parts_of(trade).buyer >= 0 for trade in trades if trade.outcome is Outcome.FAULTY)
    assert any(parts_of(trade).buyer < 0 for trade in trades if trade.outcome is Outcome.LOST)


def test_friends_win_no_more_than_the_cover_and_nothing_without_one():
    found = {(each.outcome, each.backing): each for each in friends(all_played())}
    after = {backing: found[Outcome.FRIENDS_AFTER, backing] for backing in Backing}

    assert after[Backing.NOTHING].worth == after[Backing.BOND].worth == 0
    assert after[Backing.NOTHING].used > 0
    for backing in (Backing.COVER, Backing.BOTH):
        assert 0 < after[backing].cover_most <= 1_000
        assert after[backing].worth == after[backing].cover - after[backing].premium
    assert after[Backing.BOTH].cover < after[Backing.COVER].cover


def test_without_a_bond_friends_have_an_option_for_nothing_and_with_one_they_pay_for_the_time():
    trades = [trade for trade in returns_of(GULF).trades if trade.outcome is Outcome.FRIENDS_BEFORE]
    declined = [trade for trade in trades if trade.parts_undone]

    assert {trade.merchant for trade in trades} == {FRIENDS_SHOP}
    assert {trade.buyer for trade in trades} == {FRIEND}
    assert any(trade.backing is Backing.BOND for trade in declined)
    for trade in trades:
        if trade.backing is Backing.NOTHING:
            assert worth(trade) >= 0
            assert trade.premium_from_bond == 0
        elif trade in declined:
            assert trade.premium_from_bond > 0
            assert worth(trade) == -Fraction(trade.premium_from_bond * trade.payment, trade.units)
    for trade in declined:
        assert trade.back == trade.paid_in  # all of it, premiums included


@pytest.mark.parametrize("windows", [Windows(), SHORT], ids=["thirty days", "roubles"])
def test_friends_look_at_the_rate_on_the_last_day_that_has_one(windows):
    series = named(CHINA).series("")
    for day in series.between(storms.ordinal("2022-11-01"), storms.ordinal("2023-02-10")):
        plans = {each.plan.outcome: each.plan for each in orders_of_a_day(day, series, windows, Random(1))}
        looks = {
            outcome: next(at for at, action in plans[outcome].steps.items() if action.startswith("friends"))
            for outcome in FRIENDS
        }
        assert looks[Outcome.FRIENDS_BEFORE] <= windows.ship + 1
        assert looks[Outcome.FRIENDS_AFTER] <= windows.deliver + windows.returns
        steps = plans[Outcome.FRIENDS_AFTER].steps
        if Action.DELIVER in steps.values():
            delivered = next(at for at, action in steps.items() if action is Action.DELIVER)
            assert 2 < delivered <= windows.deliver + 1
            assert delivered < looks[Outcome.FRIENDS_AFTER] <= delivered + windows.returns


def test_days_on_which_such_orders_are_placed_are_few_and_leave_time():
    series = named(CHINA).series("")
    days = tuple(series.between(storms.ordinal("2023-01-09"), storms.ordinal("2023-12-29")))

    chosen = days_of_returns(days, series, Windows(), 1_000)

    assert len(chosen) == len(set(chosen)) == DAYS_MAX
    assert chosen[-1] + Windows().longest() <= series.days[-1]
    assert days_of_returns(days[-5:], series, Windows(), 1_000) == ()
    assert len(days_of_returns(days, series, Windows(), 30)) == 6


def test_between_orders_that_come_back_no_idle_days_are_played(monkeypatch, tmp_path):
    replay = replace(storms.with_returns(named("autumn 2008")), first="2008-01-07", last="2008-12-30")
    played_on = set()
    day = Player._day

    def seen(player: Player, number: int) -> None:
        played_on.add(number)
        day(player, number)

    monkeypatch.setattr(Player, "_day", seen)

    played = player(tmp_path, replay, orders=10).play(lambda _done, _total: None)

    (first, last) = sorted({trade.placed_on for trade in played.trades})
    assert last - first > 100
    idle = set(range(first + 45, last))
    assert idle
    assert not idle & played_on
    assert last in played_on
