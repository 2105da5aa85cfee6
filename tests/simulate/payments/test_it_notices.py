"""The simulation notices a ledger that keeps a unit, and names the order. Each fault here keeps all money in being."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from sogdia.kernel.read_once import ReadOnce
from sogdia.kernel.refusal import Broken
from sogdia.modules.exchange import locks
from sogdia.modules.market import settlement
from sogdia.modules.money.records import CURRENCIES
from sogdia.simulate.payments import dealers
from sogdia.simulate.payments.promises import PromiseBroken, StepRefused
from sogdia.simulate.payments.trades import Outcome
from tests.simulate.payments.replays import calm, each_order_ends, play


def without_a_unit(payouts: Any) -> Any:  # noqa: ANN401 - as it is called
    """Give the first payee one unit less and the last one more."""
    (first, units), *between, (last, more) = payouts
    return ((first, units - 1), *between, (last, more + 1))


def test_a_refund_that_lacks_a_unit_is_noticed(monkeypatch):
    each_order_ends(monkeypatch, Outcome.DECLINED)
    keep = locks.keep_promise  # type: ignore[attr-defined]

    def planted(state: Any, asset: Any, units: int, holder: bytes, payouts: Any) -> None:  # noqa: ANN401 - as it is called
        keep(state, asset, units, holder, without_a_unit(payouts) if len(payouts) > 1 else payouts)

    monkeypatch.setattr(locks, "keep_promise", planted)

    with pytest.raises(PromiseBroken, match=r"order o1: buyer-\d has \d+ available .* must have"):
        play(calm(), orders=1)


def test_a_merchant_who_gets_a_unit_less_is_noticed(monkeypatch):
    each_order_ends(monkeypatch, Outcome.COMPLETED)
    keep = settlement.keep_promise  # type: ignore[attr-defined]

    def planted(state: Any, asset: Any, units: int, holder: bytes, payouts: Any) -> None:  # noqa: ANN401 - as it is called
        buyer, (platform, fee), (merchant, got) = payouts
        keep(state, asset, units, holder, (buyer, (platform, fee + 1), (merchant, got - 1)))

    monkeypatch.setattr(settlement, "keep_promise", planted)

    with pytest.raises(PromiseBroken, match=r"order o1: merchant has \d+ available .* in CNY, and must have"):
        play(calm(), orders=1)


def test_a_rate_that_is_worked_out_again_at_the_swap_is_noticed(monkeypatch):
    each_order_ends(monkeypatch, Outcome.IN_PART)
    monkeypatch.setattr(locks, "part_back", lambda whole, units, _before, more: -(-whole * more // units))

    with pytest.raises((PromiseBroken, Broken)):
        play(calm(), orders=1)


def test_a_buyer_who_pays_for_what_the_merchant_did_is_noticed(monkeypatch):
    each_order_ends(monkeypatch, Outcome.NOT_SHIPPED)
    undo = locks.undo

    def planted(*given: Any, by_buyer: bool) -> None:  # noqa: ANN401 - as it is called
        undo(*given, by_buyer=not by_buyer)

    monkeypatch.setattr("sogdia.modules.market.escrow.undo", planted)

    with pytest.raises(PromiseBroken, match="order o1: what goes back"):
        play(calm(), orders=1)


def test_a_buyer_who_takes_back_an_order_for_nothing_is_noticed(monkeypatch):
    each_order_ends(monkeypatch, Outcome.CANCELLED)
    monkeypatch.setattr(locks, "_owed", lambda _ctx, _lock, _cost: 0)

    with pytest.raises(PromiseBroken, match="order o1: what goes back"):
        play(calm(), orders=1)


def test_a_refund_that_does_not_wait_for_a_rate_is_noticed(monkeypatch):
    """The goods of one of these orders come back on a Saturday."""
    each_order_ends(monkeypatch, *[Outcome.FAULTY] * 7)
    monkeypatch.setattr("sogdia.modules.market.returns.waits_for_a_rate", lambda *_given: False)

    with pytest.raises(PromiseBroken, match=r"order o\d: nobody exchanged its refund, and it did not wait"):
        play(calm(), orders=7)


def test_a_refund_that_waits_for_nothing_is_noticed(monkeypatch):
    each_order_ends(monkeypatch, Outcome.FAULTY)
    waits = iter((True,))
    monkeypatch.setattr("sogdia.modules.market.returns.waits_for_a_rate", lambda *_given: next(waits, False))

    with pytest.raises(PromiseBroken, match="order o1: its refund waited on a day on which dealers exchanged as much"):
        play(calm(), orders=1)


def test_a_dealer_whose_hedge_brings_a_unit_less_is_noticed(monkeypatch):
    each_order_ends(monkeypatch, Outcome.COMPLETED)
    exchange = dealers._exchange

    def keeps_one(stage: Any, dealer: Any, gives: Any, gets: Any) -> Any:  # noqa: ANN401 - as it is called
        return exchange(stage, dealer, gives, (gets[0], gets[1] - 1))

    monkeypatch.setattr(dealers, "_exchange", keeps_one)

    with pytest.raises(PromiseBroken, match="the books of dealer-1 do not balance"):
        play(calm(), orders=1)


def test_a_step_that_the_ledger_refuses_ends_the_replay(monkeypatch):
    each_order_ends(monkeypatch, Outcome.COMPLETED)
    monkeypatch.setattr(dealers.Card, "digest", lambda _card: bytes(32))

    with pytest.raises(StepRefused, match="o1: refused with 713"):
        play(calm(), orders=1)


def test_a_broken_invariant_ends_the_replay(monkeypatch):
    each_order_ends(monkeypatch, Outcome.COMPLETED)
    items = ReadOnce.items

    def one_more(state: ReadOnce, table: Any) -> Any:  # noqa: ANN401 - any table
        for key, record in items(state, table):
            yield key, structs.replace(record, supply=record.supply + 1) if table is CURRENCIES else record

    monkeypatch.setattr(ReadOnce, "items", one_more)

    with pytest.raises(Broken, match="the balances do not add up to the supply"):
        play(calm(), orders=1)
