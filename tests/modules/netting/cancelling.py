"""A second way to net, for tests alone: begin with nothing, and clear along cycles until there is none left.

It is slow, has nothing in common with OR-Tools, and its potentials come from rounds over all edges.
"""

from __future__ import annotations

from typing import NamedTuple


class Edge(NamedTuple):
    """A debt between two parties by their numbers."""

    debtor: int
    creditor: int
    most: int


def best(parties: int, edges: list[Edge]) -> tuple[list[int], list[int]]:
    """Give the flows that clear most, and potentials of 0 and more."""
    flows = [0] * len(edges)
    while True:
        away, cycle = _round_about(parties, edges, flows)
        if cycle is None:
            return flows, [each - min(away, default=0) for each in away]
        room = min(edges[at].most - flows[at] if forth else flows[at] for at, forth in cycle)
        for at, forth in cycle:
            flows[at] += room if forth else -room


def _round_about(parties: int, edges: list[Edge], flows: list[int]) -> tuple[list[int], list[tuple[int, bool]] | None]:
    """Give the shortest way to everybody, or a cycle along which more can be cleared."""
    away = [0] * parties
    came: list[tuple[int, int, bool] | None] = [None] * parties
    last = -1
    for _round in range(parties + 1):
        last = -1
        for at, (debtor, creditor, most) in enumerate(edges):
            if flows[at] < most and away[debtor] - 1 < away[creditor]:
                away[creditor], came[creditor], last = away[debtor] - 1, (debtor, at, True), creditor
            if flows[at] and away[creditor] + 1 < away[debtor]:
                away[debtor], came[debtor], last = away[creditor] + 1, (creditor, at, False), debtor
        if last < 0:
            return away, None
    for _step in range(parties):
        last = _before(came, last)[0]
    cycle: list[tuple[int, bool]] = []
    here = last
    while not cycle or here != last:
        here, at, forth = _before(came, here)
        cycle.append((at, forth))
    return away, cycle


def _before(came: list[tuple[int, int, bool] | None], party: int) -> tuple[int, int, bool]:
    found = came[party]
    assert found is not None
    return found
