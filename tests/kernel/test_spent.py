"""Used ids: kept until they have expired, in pages, with how they ended; never lost earlier, never kept for ever."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sogdia.kernel.spent import (
    APPLIED,
    PAGE_IDS,
    REFUSED,
    SLOT_SECONDS,
    SPENT_PAGES,
    SPENT_SLOTS,
    SPENT_TOTAL,
    remember,
    remembered,
    sweep,
    total,
)
from sogdia.kernel.state import State
from sogdia.testing.ledger import START, MemoryBase
from tests.kernel.wire import envelope

HOUR = SLOT_SECONDS
FULL = 500


def identity(number):
    """An id."""
    return sha256(number.to_bytes(8, "big")).digest()


def rows(*expiries: int, first=0):
    """One used envelope for each expiry."""
    return [(expiry, identity(first + at), at % 2) for at, expiry in enumerate(expiries)]


def known(state):
    """All ids that the state remembers, with their outcomes."""
    return dict(remembered(state))


@given(
    st.lists(
        st.tuples(st.integers(0, 7_300), st.lists(st.integers(0, 20_000), max_size=40), st.integers(1, 4)),
        max_size=12,
    )
)
def test_pages_agree_with_a_plain_dictionary(blocks):
    base = MemoryBase()
    model: dict[bytes, tuple[int, int]] = {}
    time, number = START, 0

    for ahead, expiries, budget in blocks:
        time += ahead
        state = State(base)
        forgotten = sweep(state, time, budget)
        for each in forgotten:
            assert model.pop(each)[0] < time // HOUR * HOUR
        spent = [(time + expiry, identity(number + at), at % 2) for at, expiry in enumerate(expiries)]
        number += len(expiries)
        model |= {each: (expiry, outcome) for expiry, each, outcome in spent}
        remember(state, spent)
        base.tree.update(state.encoded_changes())

        assert known(State(base)) == {each: outcome for each, (_expiry, outcome) in model.items()}
        assert total(State(base)).live == len(model)

    while model:
        time += 10 * HOUR
        state = State(base)
        for each in sweep(state, time, 3):
            del model[each]
        base.tree.update(state.encoded_changes())
    assert {key[0] for key, _raw in base.items()} <= {SPENT_TOTAL.number}


def test_ids_of_one_hour_share_pages_of_32():
    state = State(MemoryBase())

    remember(state, rows(*[START] * (2 * PAGE_IDS + 1)))

    slot = START // HOUR
    assert [len(page.rows) // 33 for _key, page in sorted(SPENT_PAGES.items(state))] == [32, 32, 1]
    assert SPENT_SLOTS.must(state, slot).count == 65
    assert known(state) == {identity(n): n % 2 for n in range(65)}


@pytest.mark.parametrize("count", [PAGE_IDS - 1, PAGE_IDS, PAGE_IDS + 1])
def test_a_page_is_filled_before_the_next_one_begins(count):
    state = State(MemoryBase())

    remember(state, rows(*[START] * count))
    remember(state, rows(START, first=count))

    assert len(known(state)) == count + 1
    assert len(list(SPENT_PAGES.items(state))) == -(-(count + 1) // PAGE_IDS)


@pytest.mark.parametrize(("late", "gone"), [(-1, False), (0, True)])
def test_an_hour_is_forgotten_when_the_next_one_begins(late, gone):
    state = State(MemoryBase())
    hour = START // HOUR * HOUR
    remember(state, rows(hour, hour + HOUR - 1, hour + HOUR))

    forgotten = sweep(state, hour + HOUR + late, FULL)

    assert forgotten == ([identity(0), identity(1)] if gone else [])
    assert len(known(state)) == (1 if gone else 3)


def test_a_sweep_stops_at_its_budget_and_goes_on_in_the_next_block():
    state = State(MemoryBase())
    remember(state, rows(*[START] * (3 * PAGE_IDS)))

    counts = [len(sweep(state, START + 2 * HOUR, 2)) for _ in range(3)]

    assert counts == [64, 32, 0]
    assert total(state).live == 0


def test_a_sweep_without_anything_to_do_writes_nothing():
    state = State(MemoryBase())
    remember(state, rows(START + HOUR))
    before = state.writes

    assert sweep(state, START, FULL) == []
    assert state.writes == before


def test_an_earlier_hour_may_come_after_a_later_one():
    state = State(MemoryBase())
    remember(state, rows(START + 9 * HOUR))
    remember(state, rows(START, first=1))

    assert sweep(state, START + HOUR, FULL) == [identity(1)]
    assert known(state) == {identity(0): APPLIED}


def test_nothing_used_is_nothing_written():
    state = State(MemoryBase())

    remember(state, [])

    assert state.writes == 0


def test_the_set_in_memory_is_the_one_that_the_pages_give(ledger):
    ledger.fund("nairobi", 1)
    ledger.block(envelope(ledger), envelope(ledger), envelope(ledger, expiry=START + 5 * HOUR))

    assert dict(remembered(ledger.state)) == ledger.base.ids
    assert sorted(ledger.base.ids.values()) == [APPLIED, APPLIED, REFUSED, REFUSED]
    ledger.wait(3 * HOUR)
    assert dict(remembered(ledger.state)) == ledger.base.ids
    assert len(ledger.base.ids) == 1
