"""Finds the flows that clear most, and the potentials that show it.

Clearing as much as possible while every party's position is preserved is a minimum-cost circulation: each cleared unit
costs -1. OR-Tools solves it by cost scaling. Its answer is not taken on trust: the potentials come from the residual
graph by whole numbers alone, and exist only if the answer is the best one.

    residual   u → v at -1   where more of what u owes v could be cleared
               v → u at +1   where something of it is cleared
    potential  the shortest way to a party, from anywhere; it exists as there is no cycle of negative cost
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from sogdia.clearing.graph import Solution

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sogdia.clearing.graph import Graph

CAPACITY_MAX = 2**60
"""What all obligations may come to: OR-Tools counts in signed 64-bit integers."""


class SolvingError(Exception):
    """No solution was found; the message says why, and what to do."""


def solve(graph: Graph) -> Solution:
    """Give the flows that clear most, with their potentials; raises `SolvingError`."""
    flows = best_flows(graph)
    return Solution(flows=flows, potentials=potentials_of(graph, flows))


def best_flows(graph: Graph) -> list[int]:
    """Let OR-Tools find the flows; raises `SolvingError`."""
    if sum(graph.amounts) > CAPACITY_MAX:
        raise SolvingError(
            f"The obligations come to more than {CAPACITY_MAX} minor units. Take the largest out of the pool."
        )
    solver: Any = _min_cost_flow()()
    for debtor, creditor, most in zip(graph.debtors, graph.creditors, graph.amounts, strict=True):
        solver.add_arc_with_capacity_and_unit_cost(debtor, creditor, most, -1)
    if graph.amounts and solver.solve() != solver.OPTIMAL:
        raise SolvingError("OR-Tools has found no best flow. Report this with the pool that it was asked about.")
    return [int(solver.flow(arc)) for arc in range(len(graph.amounts))]


def potentials_of(graph: Graph, flows: Sequence[int]) -> list[int]:
    """Give potentials of 0 and more that show the flows to be the best; raises `SolvingError` when they are not."""
    count = len(graph.accounts)
    ways: list[list[tuple[int, int]]] = [[] for _party in range(count)]
    for debtor, creditor, flow, most in zip(graph.debtors, graph.creditors, flows, graph.amounts, strict=True):
        if flow < most:
            ways[debtor].append((creditor, -1))
        if flow:
            ways[creditor].append((debtor, 1))
    shortest = [0] * count
    steps = [0] * count
    waiting, is_waiting = deque(range(count)), [True] * count
    while waiting:
        here = waiting.popleft()
        is_waiting[here] = False
        for there, cost in ways[here]:
            if shortest[here] + cost < shortest[there]:
                shortest[there] = shortest[here] + cost
                steps[there] = steps[here] + 1
                if steps[there] >= count:
                    raise SolvingError("The flows are not the best: more could be cleared along a cycle.")
                if not is_waiting[there]:
                    waiting.append(there)
                    is_waiting[there] = True
    least = min(shortest, default=0)
    return [each - least for each in shortest]


def _min_cost_flow() -> Any:  # noqa: ANN401 - OR-Tools says no types for it
    try:
        from ortools.graph.python import min_cost_flow  # noqa: PLC0415 - an extra, and slow to load
    except ImportError as error:
        raise SolvingError("OR-Tools is not installed here. Install it: pip install 'sogdia[netting]'.") from error
    return min_cost_flow.SimpleMinCostFlow
