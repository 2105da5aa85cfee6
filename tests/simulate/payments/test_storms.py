"""Each storm replayed on the ledger: both sides have exactly what was agreed, and the dealers' books balance."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

from sogdia.kernel.machine import Machine
from sogdia.simulate.payments import storms
from sogdia.simulate.payments.backing import Backing
from sogdia.simulate.payments.dealers import BACK, is_worth_turning
from sogdia.simulate.payments.stage import Stage
from sogdia.simulate.payments.trades import BEFORE_THE_SWAP, SHARES, WITHOUT_REFUND, Outcome
from tests.simulate.payments.replays import (
    ORDERS,
    calm,
    each_order_ends,
    every_order_has,
    named,
    play,
    player,
    storm,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sogdia.simulate.payments.stage import Step

STORMS = tuple(each.name for each in storms.STORMS)
CHINA, GULF, ROUBLES = "January 2023: China-Pakistan", "January 2023: Gulf-Pakistan", "RUB"


@pytest.mark.parametrize("name", STORMS)
def test_what_was_agreed_is_what_everybody_has(name):
    played = storm(name)

    assert len(played.trades) >= ORDERS
    for trade in played.trades:
        assert trade.closed_on is not None, trade
        exact = trade.units * Fraction(trade.rate.taken, trade.rate.given)
        assert exact <= trade.payment < exact + 1, trade
        assert trade.merchants_loss() == 0, trade
        if trade.outcome in BEFORE_THE_SWAP:
            assert trade.back + trade.owed == trade.paid_in, trade
            assert trade.buyers_loss() == 0, trade
            assert trade.owed == 0 or trade.takes_back, trade
        if trade.outcome in WITHOUT_REFUND:
            assert trade.buyers_loss() == 0, trade
            assert trade.merchant_got + trade.fee == trade.swapped_units, trade
    assert played.minted == played.burned


def test_a_dealer_has_what_its_swaps_brought_on_the_days_on_which_it_hedged(monkeypatch):
    each_order_ends(monkeypatch, *[Outcome.COMPLETED] * 6)
    every_order_has(monkeypatch, Backing.NOTHING)
    monkeypatch.setattr("sogdia.simulate.payments.replay.Player._by_the_rate", lambda *_: [])

    played = play(named(CHINA), orders=6)

    taken: Counter[tuple[str, int]] = Counter()
    given: Counter[str] = Counter()
    for trade in played.trades:
        hedged = min(day for day in played.series.days if trade.swapped_on is not None and day >= trade.swapped_on)
        taken[trade.dealer, hedged] += trade.payment + trade.premium
        given[trade.dealer] += trade.units
    for dealer, profit in zip(played.dealers, played.profits, strict=True):
        got = sum(
            int(units / (played.series.known(day) * Fraction(10_005, 10_000)))
            for (name, day), units in taken.items()
            if name == dealer.name
        )
        assert profit == got - given[dealer.name]
    assert sum(played.profits) < 0  # in these weeks the rupee fell faster than spread and premium made up for


def test_roubles_end_with_the_last_day_that_has_a_rate():
    played = storm(ROUBLES)

    assert played.series.days[-1] == storms.ordinal("2022-03-01")
    assert max(trade.closed_on or 0 for trade in played.trades) <= storms.ordinal("2022-03-01")
    assert max(trade.placed_on for trade in played.trades) >= storms.ordinal("2022-02-22")


def test_a_buyer_whose_money_rises_cancels_orders_again_and_pays_the_premium():
    played = play(named(GULF), orders=40)
    used = [trade for trade in played.trades if trade.outcome is Outcome.EXERCISED]
    again = {trade.reordered_from: trade for trade in played.trades if trade.reordered_from}

    assert len(used) >= 2
    for trade in used:
        other = again[trade.reference]
        assert trade.owed > 0
        assert trade.saved == trade.paid_in - trade.owed - other.paid_in > 0
        assert other.units == trade.units
        assert trade.buyers_loss() == 0


def test_an_order_of_every_outcome_keeps_the_promise(monkeypatch):
    planned = list(SHARES)
    each_order_ends(monkeypatch, *planned)
    every_order_has(monkeypatch, Backing.BOTH)
    monkeypatch.setattr("sogdia.simulate.payments.replay.Player._by_the_rate", lambda *_: [])

    played = play(calm(), orders=len(planned))

    by_outcome = {trade.outcome: trade for trade in played.trades}
    assert list(by_outcome) == planned
    for outcome, trade in by_outcome.items():
        assert (trade.swapped_on is None) == (outcome in BEFORE_THE_SWAP), outcome
        assert bool(trade.refunds) == (outcome not in BEFORE_THE_SWAP | WITHOUT_REFUND), outcome
    assert by_outcome[Outcome.SPLIT].refunded == by_outcome[Outcome.SPLIT].units // 2
    assert by_outcome[Outcome.LOST].refunded == by_outcome[Outcome.LOST].units
    assert 0 < by_outcome[Outcome.IN_PART].undone < by_outcome[Outcome.IN_PART].units
    turned = {each.reference for each in played.conversions}
    in_hand = {trade.reference for trade in played.trades if trade.in_hand}
    assert turned == in_hand
    assert {by_outcome[outcome].reference for outcome in (Outcome.CHANGED_MIND, Outcome.SPLIT)} <= turned
    assert not {by_outcome[outcome].reference for outcome in (Outcome.FAULTY, Outcome.GOODWILL)} & turned


def test_a_refund_larger_than_the_dealers_cards_is_turned_day_by_day(monkeypatch, tmp_path):
    each_order_ends(monkeypatch, Outcome.CHANGED_MIND)
    began = player(tmp_path, calm(), orders=1)
    for dealer in began.dealers:
        dealer.cards[BACK].capacity //= 200

    played = began.play(lambda _done, _total: None)

    (trade,) = played.trades
    left = trade.refunded - sum(each.paid for each in played.conversions)
    assert len(played.conversions) >= 4
    assert all(each.since == trade.refunds[0].mid for each in played.conversions)
    assert 0 <= left * trade.mid < 3 * 100  # what a card would no longer exchange


def test_a_refund_too_small_for_a_card_stays_with_the_buyer():
    mid = Fraction(34)

    assert is_worth_turning(6, mid)
    assert not is_worth_turning(5, mid)


def test_every_invariant_is_tried_after_every_block(monkeypatch):
    tried: Counter[str] = Counter()
    before = Machine.check_invariants

    def counted(machine: Machine, state: Any) -> None:  # noqa: ANN401 - any reader
        for module in machine.modules:
            tried.update(invariant.__name__ for invariant in module.invariants)
        before(machine, state)

    monkeypatch.setattr(Machine, "check_invariants", counted)

    played = play(calm(), orders=3)

    # Once more when the genesis is written.
    assert set(tried.values()) == {played.blocks + 1}
    assert "no_money_is_made_or_lost" in tried
    assert played.checks >= played.blocks


def test_blocks_follow_the_days_of_the_series_and_envelopes_are_signed(monkeypatch):
    times = []
    block = Stage.block

    def seen(stage: Stage, time: int, steps: Sequence[Step] = ()) -> list[Any]:
        events = block(stage, time, steps)
        times.append(stage.ledger.tip.time)
        assert stage.ledger.tip.header is not None
        return events

    monkeypatch.setattr(Stage, "block", seen)

    played = play(calm(), orders=3)

    assert times == sorted(times)
    assert times[0] == (storms.ordinal("2021-01-11") - storms.ordinal("1970-01-01")) * 86_400 + 7 * 3_600
    assert played.envelopes > 20


def test_made_up_days_are_a_table_of_their_own():
    played = play(named("China-Uzbekistan"), orders=4)

    assert played.replay.kind is storms.Kind.SYNTHETIC
    assert "SYNTHETIC" in played.series.source
    assert all(trade.buyers_loss() == 0 for trade in played.trades if trade.swapped_on is None)
