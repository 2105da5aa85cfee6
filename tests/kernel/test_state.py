"""A block's work over committed state: what was refused leaves no trace, to the last byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sogdia.kernel.refusal import Broken, Refused, facts_of
from sogdia.kernel.refusals import KernelRefusal
from sogdia.kernel.spent import SPENT_PAGES, SPENT_SLOTS, SpentPage, SpentSlot
from sogdia.kernel.state import State
from sogdia.modules.money import HOLDS
from sogdia.testing.ledger import MemoryBase

SLOTS = st.integers(0, 5)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), SLOTS, st.integers(0, 99)),
        st.tuples(st.just("drop"), SLOTS),
        st.tuples(st.just("mark")),
        st.tuples(st.just("undo")),
        st.tuples(st.just("commit")),
    ),
    max_size=60,
)


@given(STEPS)
def test_a_state_behaves_like_a_dictionary_with_snapshots(steps):
    base = MemoryBase()
    state, model, marks = State(base), {}, []

    for step in steps:
        kind, *rest = step
        if kind == "put":
            SPENT_SLOTS.put(state, rest[0], SpentSlot(count=rest[1]))
            model[rest[0]] = rest[1]
        elif kind == "drop":
            SPENT_SLOTS.drop(state, rest[0])
            model.pop(rest[0], None)
        elif kind == "mark":
            marks.append((state.savepoint(), dict(model)))
        elif kind == "undo" and marks:
            savepoint, model = marks.pop()
            state.undo(savepoint)
        elif kind == "commit":
            base.tree.update(state.encoded_changes())
            state, marks = State(base), []
        found = {slot: SPENT_SLOTS.find(state, slot) for slot in range(6)}
        assert {slot: record.count for slot, record in found.items() if record} == model

    assert {key: record.count for key, record in SPENT_SLOTS.items(state)} == {
        slot.to_bytes(4, "big"): count for slot, count in model.items()
    }


def test_after_undoing_everything_there_are_no_changes_at_all():
    state = State(MemoryBase())
    start = state.savepoint()
    SPENT_SLOTS.put(state, 1, SpentSlot(count=1))
    SPENT_SLOTS.drop(state, 2)

    state.undo(start)

    assert (list(state.encoded_changes()), state.writes) == ([], 0)


def test_a_walk_sees_one_table_with_the_block_s_own_changes():
    base = MemoryBase()
    before = State(base)
    for slot in (1, 2):
        SPENT_SLOTS.put(before, slot, SpentSlot(count=slot))
    SPENT_PAGES.put(before, (1, 0), SpentPage(rows=b""))
    base.tree.update(before.encoded_changes())

    state = State(base)
    SPENT_SLOTS.drop(state, 1)
    SPENT_SLOTS.put(state, 2, SpentSlot(count=20))
    SPENT_SLOTS.put(state, 3, SpentSlot(count=30))

    assert sorted((key[-1], record.count) for key, record in SPENT_SLOTS.items(state)) == [(2, 20), (3, 30)]


def test_a_record_that_must_be_there_stops_the_node_when_it_is_not():
    with pytest.raises(Broken, match="kernel/spent-slots lacks a record"):
        SPENT_SLOTS.must(State(MemoryBase()), 1)


def test_a_record_that_a_request_needs_refuses_the_request_when_it_is_missing():
    with pytest.raises(Refused) as refused:
        SPENT_SLOTS.get(State(MemoryBase()), 1, KernelRefusal.IDS_AT_CAP, id=b"\x01", cap=7)

    assert (refused.value.code, refused.value.facts) == (KernelRefusal.IDS_AT_CAP, (("id", "01"), ("cap", 7)))


def test_lives_that_were_touched_are_remembered_until_the_next_savepoint():
    state = State(MemoryBase())
    HOLDS.drop(state, b"hold")
    SPENT_SLOTS.drop(state, 1)
    touched = dict(state.lives)

    state.savepoint()

    assert (touched, state.lives) == ({HOLDS.full_key(b"hold"): HOLDS}, {})


@pytest.mark.parametrize(
    ("value", "fact"),
    [
        (0, 0),
        (-(2**63), -(2**63)),
        (-(2**63) - 1, str(-(2**63) - 1)),
        (2**64 - 1, 2**64 - 1),
        (2**64, "18446744073709551616"),
        (b"\x00\xff", "00ff"),
        ("KES", "KES"),
    ],
)
def test_a_fact_can_always_be_written_however_large_the_numbers_were_that_a_rule_compared(value, fact):
    assert facts_of({"value": value}) == (("value", fact),)
