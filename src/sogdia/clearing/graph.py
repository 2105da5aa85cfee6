"""Who owes whom how much, as a graph of numbers: parties are nodes, obligations are edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sogdia.kernel.values import owner_of
from sogdia.modules.netting.certificate import fault_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sogdia.modules.netting.certificate import Fault
    from sogdia.modules.netting.queries import Pooled


@dataclass(frozen=True)
class Graph:
    """Obligations in the order in which a batch counts them; parties by their number in `accounts`.

    All lists of obligations have one length. Amounts are minor units; one that may not be netted now counts 0.
    """

    accounts: Sequence[bytes]
    names: Sequence[bytes]
    debtors: Sequence[int]
    creditors: Sequence[int]
    amounts: Sequence[int]


@dataclass(frozen=True)
class Solution:
    """The flow of every obligation, and the potential of every party that shows that no more can be cleared."""

    flows: Sequence[int]
    potentials: Sequence[int]

    @property
    def cleared(self) -> int:
        """The sum of all flows."""
        return sum(self.flows)


@dataclass(frozen=True)
class Doubt:
    """What is wrong with a solution: an obligation whose flow is not right, or a party whose sums differ."""

    fault: Fault | None
    obligation: bytes = b""
    account: bytes = b""
    difference: int = 0


def graph_of(pooled: Iterable[Pooled]) -> Graph:
    """Make the graph of the obligations of one or several pools, in their order."""
    listed = list(pooled)
    accounts = sorted({each for one in listed for each in (one.obligation.debtor, owner_of(one.name))})
    numbers = {account: number for number, account in enumerate(accounts)}
    return Graph(
        accounts=accounts,
        names=[each.name for each in listed],
        debtors=[numbers[each.obligation.debtor] for each in listed],
        creditors=[numbers[owner_of(each.name)] for each in listed],
        amounts=[0 if each.frozen else each.obligation.left for each in listed],
    )


def doubt_about(graph: Graph, solution: Solution) -> Doubt | None:
    """Check a solution as the ledger does: each obligation by itself, and that all sums are nothing."""
    potentials = solution.potentials
    net = [0] * len(graph.accounts)
    edges = zip(graph.debtors, graph.creditors, solution.flows, graph.amounts, strict=True)
    for number, (debtor, creditor, flow, most) in enumerate(edges):
        if flow or most:
            fault = fault_of(potentials[debtor], potentials[creditor], flow, most)
            if fault is not None or flow < 0:
                return Doubt(fault, obligation=graph.names[number])
            net[debtor] += flow
            net[creditor] -= flow
    return next((Doubt(None, account=graph.accounts[at], difference=sum_) for at, sum_ in enumerate(net) if sum_), None)
