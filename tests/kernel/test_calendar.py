"""The calendar: the earliest first, whatever was entered and taken out, against a plain sorted list."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sogdia.kernel.calendar import DUE_NODES, DUE_PAGES, PAGE_OBJECTS_MAX, earliest, move, schedule, unschedule
from sogdia.kernel.refusal import Broken
from sogdia.kernel.state import State
from sogdia.testing.ledger import MemoryBase

LAST = 2**32 - 1
MOMENTS = st.one_of(
    st.integers(0, LAST),
    st.sampled_from((0, 1, 255, 256, 257, 65_535, 65_536, 2**24 - 1, 2**24, LAST - 1, LAST)),
    st.integers(1_700_000_000, 1_700_000_005),
)
OBJECTS = st.integers(0, 12).map(lambda number: b"\x20object %d" % number)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("schedule"), OBJECTS, MOMENTS),
        st.tuples(st.just("unschedule"), OBJECTS),
        st.tuples(st.just("move"), OBJECTS, MOMENTS),
        st.tuples(st.just("next")),
        st.tuples(st.just("commit")),
    ),
    max_size=60,
)


def rank(entry):
    """The order of the calendar: the deadline, then the first byte of the object's hash, then the object."""
    due_object, deadline = entry
    return deadline, sha256(due_object).digest()[:1], due_object


def first_of(model):
    """The earliest of a dictionary of deadlines."""
    if not model:
        return None
    due_object, deadline = min(model.items(), key=rank)
    return deadline, due_object


@given(STEPS)
def test_the_calendar_agrees_with_a_sorted_list(steps):
    base = MemoryBase()
    state, model = State(base), {}

    for kind, *rest in steps:
        if kind == "schedule" and rest[0] not in model:
            schedule(state, rest[1], rest[0])
            model[rest[0]] = rest[1]
        elif kind == "unschedule" and rest[0] in model:
            unschedule(state, model.pop(rest[0]), rest[0])
        elif kind == "move" and rest[0] in model:
            move(state, model[rest[0]], rest[1], rest[0])
            model[rest[0]] = rest[1]
        elif kind == "next" and model:
            deadline, due_object = earliest(state) or (-1, b"")
            unschedule(state, deadline, due_object)
            assert model.pop(due_object) == deadline
        elif kind == "commit":
            base.tree.update(state.encoded_changes())
            state = State(base)
        assert earliest(state) == first_of(model)

    for due_object, deadline in list(model.items()):
        unschedule(state, deadline, due_object)
    base.tree.update(state.encoded_changes())
    assert list(base.items()) == []


def test_an_empty_calendar_has_no_earliest():
    assert earliest(State(MemoryBase())) is None


@pytest.mark.parametrize("moments", [(0, LAST), (255, 256), (65_535, 65_536), (2**24 - 1, 2**24), (7, 7)])
def test_neighbouring_moments_keep_their_order(moments):
    state = State(MemoryBase())
    for number, moment in enumerate(reversed(moments)):
        schedule(state, moment, b"\x20%d" % number)

    taken = []
    while (due := earliest(state)) is not None:
        taken.append(due[0])
        unschedule(state, *due)

    assert tuple(taken) == moments


def test_many_objects_of_one_second_share_few_records():
    state = State(MemoryBase())
    objects = [b"\x20%d" % number for number in range(1_000)]
    for each in objects:
        schedule(state, 1_700_000_000, each)

    assert len(list(DUE_NODES.items(state))) == 5
    assert len(list(DUE_PAGES.items(state))) <= 256
    taken = []
    while (due := earliest(state)) is not None:
        taken.append(due[1])
        unschedule(state, *due)
    assert taken == sorted(objects, key=lambda each: rank((each, 0)))


def alike(count):
    """Objects whose names were chosen so that their hashes begin with the same byte."""
    found: list[bytes] = []
    number = 0
    while len(found) < count:
        each = b"\x20%d" % number
        number += 1
        if sha256(each).digest()[0] == 7:
            found.append(each)
    return found


@pytest.mark.parametrize(("count", "nodes"), [(PAGE_OBJECTS_MAX, 5), (PAGE_OBJECTS_MAX + 1, 6)])
def test_a_page_that_is_too_full_becomes_a_node(count, nodes):
    state = State(MemoryBase())
    for each in alike(count):
        schedule(state, 1_700_000_000, each)

    assert len(list(DUE_NODES.items(state))) == nodes
    assert (len(list(DUE_PAGES.items(state))) == 1) == (nodes == 5)


def test_objects_whose_names_were_chosen_to_crowd_one_page_stay_on_small_ones():
    base, moved = MemoryBase(), 1_700_000_009
    state, objects = State(base), alike(3 * PAGE_OBJECTS_MAX)
    for each in objects:
        schedule(state, 1_700_000_000, each)
    base.tree.update(state.encoded_changes())
    state = State(base)

    assert max(len(page.objects) for _slot, page in DUE_PAGES.items(state)) < 20
    for each in objects[::2]:
        move(state, 1_700_000_000, moved, each)
    with pytest.raises(Broken, match="scheduled twice"):
        schedule(state, moved, objects[0])
    taken = []
    while (due := earliest(state)) is not None:
        taken.append(due)
        unschedule(state, *due)

    assert [deadline for deadline, _object in taken] == sorted(deadline for deadline, _object in taken)
    assert sorted(each for deadline, each in taken if deadline == moved) == sorted(objects[::2])
    assert sorted(each for _deadline, each in taken) == sorted(objects)
    base.tree.update(state.encoded_changes())
    assert list(base.items()) == []


def test_an_object_stands_in_the_calendar_once():
    state = State(MemoryBase())
    schedule(state, 5, b"\x20a")

    with pytest.raises(Broken, match="scheduled twice"):
        schedule(state, 5, b"\x20a")


@pytest.mark.parametrize("due_object", [b"\x20b", b"\x20a"])
def test_what_does_not_stand_there_cannot_be_taken_out(due_object):
    state = State(MemoryBase())
    schedule(state, 5, b"\x20a")

    with pytest.raises(Broken):
        unschedule(state, 6 if due_object == b"\x20a" else 5, due_object)


def test_an_object_that_shares_the_page_but_does_not_stand_there_cannot_be_taken_out():
    state = State(MemoryBase())
    one, other = same_page()
    schedule(state, 5, one)

    with pytest.raises(Broken, match="not scheduled"):
        unschedule(state, 5, other)


def same_page():
    """Two objects whose hashes begin with the same byte."""
    first: dict[int, bytes] = {}
    for number in range(1_000):
        each = b"\x20%d" % number
        beside = first.setdefault(sha256(each).digest()[0], each)
        if beside != each:
            return beside, each
    raise AssertionError


def test_a_calendar_with_a_gap_stops_the_node():
    state = State(MemoryBase())
    schedule(state, 1_700_000_000, b"\x20a")
    DUE_NODES.drop(state, (1_700_000_000).to_bytes(4, "big")[:2])

    with pytest.raises(Broken, match="gap"):
        earliest(state)
