"""Solving off the ledger: the best flows, potentials that show it, and a check by the ledger's own lines."""

from __future__ import annotations

import random
import sys

import pytest

from sogdia.clearing import solving
from sogdia.clearing.graph import Doubt, Graph, Solution, doubt_about
from sogdia.clearing.parts import FLOWS_A_PART, POTENTIALS_A_PART, parts_of
from sogdia.clearing.solving import SolvingError, potentials_of, solve
from sogdia.kernel.values import name_of
from sogdia.modules.netting.batches import CommitBatch, DeclareFlows, DeclarePotentials
from sogdia.modules.netting.certificate import Fault
from tests.modules.netting.cancelling import Edge, best


def graph(parties: int, debts: list[tuple[int, int, int]]) -> Graph:
    """Make a graph of debtor, creditor and amount."""
    accounts = [number.to_bytes(20, "big") for number in range(parties)]
    return Graph(
        accounts=accounts,
        names=[name_of(accounts[creditor], f"i{number}") for number, (_, creditor, _) in enumerate(debts)],
        debtors=[debtor for debtor, _, _ in debts],
        creditors=[creditor for _, creditor, _ in debts],
        amounts=[most for _, _, most in debts],
    )


CIRCLE = graph(3, [(0, 1, 500), (1, 2, 300), (2, 0, 400)])


def any_graph(seed: int, parties: int = 12, debts: int = 60) -> Graph:
    """Make a graph at random, some of its obligations frozen."""
    chance = random.Random(seed)
    pairs = [chance.sample(range(parties), 2) for _debt in range(debts)]
    return graph(parties, [(debtor, creditor, chance.choice([0, 1, 7, 10**6, 2**40])) for debtor, creditor in pairs])


@pytest.mark.real("ortools")
def test_a_circle_is_cleared_by_its_smallest_debt():
    pytest.importorskip("ortools")

    solution = solve(CIRCLE)

    assert list(solution.flows) == [300, 300, 300]
    assert doubt_about(CIRCLE, solution) is None


@pytest.mark.real("ortools")
@pytest.mark.parametrize("seed", range(20))
def test_two_ways_to_net_clear_the_same_and_each_passes_the_ledgers_check(seed):
    pytest.importorskip("ortools")
    made = any_graph(seed)

    solution = solve(made)
    flows, potentials = best(12, [Edge(*each) for each in zip(made.debtors, made.creditors, made.amounts, strict=True)])

    assert doubt_about(made, solution) is None
    assert doubt_about(made, Solution(flows, potentials)) is None
    assert solution.cleared == sum(flows)
    assert min(solution.potentials) == 0
    assert max(solution.potentials) < 2**31


@pytest.mark.real("ortools")
def test_nothing_owed_is_solved_by_nothing():
    pytest.importorskip("ortools")

    assert solve(graph(0, [])) == Solution([], [])
    assert solve(graph(2, [(0, 1, 5)])).cleared == 0


def test_flows_that_are_not_the_best_have_no_potentials():
    with pytest.raises(SolvingError, match="more could be cleared"):
        potentials_of(CIRCLE, [299, 299, 299])


@pytest.mark.parametrize(
    ("solution", "doubt"),
    [
        (Solution([300, 300, 300], [1, 0, 2]), None),
        (Solution([299, 299, 299], [1, 0, 2]), Doubt(Fault.BELOW, obligation=CIRCLE.names[1])),
        (Solution([501, 300, 300], [1, 0, 2]), Doubt(Fault.ABOVE, obligation=CIRCLE.names[0])),
        (Solution([300, 300, 300], [2, 0, 3]), Doubt(Fault.TOO_MUCH, obligation=CIRCLE.names[0])),
        (Solution([300, 300, -1], [1, 0, 2]), Doubt(None, obligation=CIRCLE.names[2])),
        (Solution([301, 300, 300], [1, 0, 2]), Doubt(None, account=CIRCLE.accounts[0], difference=1)),
    ],
)
def test_what_is_wrong_with_a_solution_is_named(solution, doubt):
    assert doubt_about(CIRCLE, solution) == doubt


def test_amounts_that_the_solver_cannot_count_are_said(monkeypatch):
    monkeypatch.setattr(solving, "_min_cost_flow", lambda: pytest.fail("it is not asked"))

    with pytest.raises(SolvingError, match="Take the largest out of the pool"):
        solve(graph(2, [(0, 1, 2**60), (1, 0, 1)]))


def test_without_the_solver_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ortools.graph.python", None)

    with pytest.raises(SolvingError, match=r"pip install 'sogdia\[netting\]'"):
        solve(CIRCLE)


def test_a_batch_is_sent_in_parts_that_follow_one_another():
    many = graph(501, [(number % 501, (number + 1) % 501, 1) for number in range(1_001)])
    solution = Solution([0] * 1_001, [0] * 501)

    parts = parts_of("b1", many, solution)

    assert [type(each) for each in parts] == [
        *(DeclarePotentials, DeclarePotentials),
        *(DeclareFlows, DeclareFlows),
        CommitBatch,
    ]
    first, second = parts[0], parts[1]
    assert isinstance(first, DeclarePotentials)
    assert isinstance(second, DeclarePotentials)
    assert (len(first.potentials), len(second.potentials)) == (POTENTIALS_A_PART, 1)
    assert [(each.start, len(each.flows)) for each in parts if isinstance(each, DeclareFlows)] == [
        (0, FLOWS_A_PART),
        (FLOWS_A_PART, 1),
    ]
