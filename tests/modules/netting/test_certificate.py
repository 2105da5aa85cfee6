"""The certificate: what it lets through is the best, and nothing else is."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sogdia.modules.netting.certificate import Fault, fault_of
from tests.modules.netting.cancelling import Edge, best

PARTIES = 5


@pytest.mark.parametrize(
    ("drop", "flow", "fault"),
    [
        (0, 10, None),
        (0, 9, Fault.BELOW),
        (0, 0, Fault.BELOW),
        (1, 0, None),
        (1, 5, None),
        (1, 10, None),
        (2, 0, None),
        (2, 1, Fault.TOO_MUCH),
        (2, 10, Fault.TOO_MUCH),
        (-3, 10, None),
        (0, 11, Fault.ABOVE),
        (1, 11, Fault.ABOVE),
        (2, 11, Fault.ABOVE),
    ],
)
def test_a_flow_stands_or_falls_by_the_drop(drop, flow, fault):
    assert fault_of(7 + drop, 7, flow, 10) == fault


@st.composite
def debts(draw):
    pairs = st.tuples(st.integers(0, PARTIES - 1), st.integers(0, PARTIES - 1)).filter(lambda pair: pair[0] != pair[1])
    return [Edge(pair[0], pair[1], draw(st.integers(1, 2**61))) for pair in draw(st.lists(pairs, max_size=14))]


def balanced(edges, flows):
    sums = [0] * PARTIES
    for edge, flow in zip(edges, flows, strict=True):
        sums[edge.debtor] += flow
        sums[edge.creditor] -= flow
    return not any(sums)


def passes(edges, flows, potentials):
    return balanced(edges, flows) and all(
        fault_of(potentials[each.debtor], potentials[each.creditor], flow, each.most) is None
        for each, flow in zip(edges, flows, strict=True)
    )


@settings(deadline=None, max_examples=150)
@given(debts())
def test_the_best_flows_have_potentials_that_pass(edges):
    flows, potentials = best(PARTIES, edges)

    assert passes(edges, flows, potentials)


def test_whatever_passes_is_the_best_and_the_best_passes_with_some_potentials():
    """Every set of flows and every set of potentials of small graphs is tried: only the best pass."""
    chance = random.Random(5)
    for _graph in range(25):
        pairs = [chance.sample(range(3), 2) for _edge in range(4)]
        edges = [Edge(debtor, creditor, chance.randrange(1, 3)) for debtor, creditor in pairs]
        every = list(itertools.product(*(range(each.most + 1) for each in edges)))
        most = max(sum(flows) for flows in every if balanced(edges, flows))
        for flows in every:
            shown = any(passes(edges, flows, heights) for heights in itertools.product(range(4), repeat=3))
            assert shown == (balanced(edges, flows) and sum(flows) == most)
