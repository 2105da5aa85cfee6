"""What a coordinator reads and sends: its pools by pages, and a solved batch in parts that fit into envelopes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from sogdia.modules.money import asset_key
from sogdia.modules.netting.batches import CommitBatch, DeclareFlows, DeclarePotentials, PartyPotential
from sogdia.modules.netting.queries import POOL_PAGE_MAX, PoolQuery

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sogdia.clearing.graph import Graph, Solution
    from sogdia.kernel.operation import Operation
    from sogdia.modules.money import Asset
    from sogdia.modules.netting.queries import Pooled

T = TypeVar("T")

POTENTIALS_A_PART = 500
FLOWS_A_PART = 1_000
"""An envelope with such a part stays below 16 KiB, the least that a network may allow."""


class PoolsOf(NamedTuple):
    """Which pools are netted together."""

    coordinator: bytes
    asset: Asset
    dues: tuple[int, ...]


def read_pools(pools: PoolsOf, ask: Callable[[PoolQuery], list[Pooled]]) -> Iterator[Pooled]:
    """Ask for all obligations of some pools, in the order in which a batch counts them."""
    for due in pools.dues:
        start = 0
        while True:
            query = PoolQuery(
                coordinator=pools.coordinator, asset=asset_key(pools.asset), due=due, start=start, limit=POOL_PAGE_MAX
            )
            page = ask(query)
            yield from page
            start += len(page)
            if len(page) < POOL_PAGE_MAX:
                break


def parts_of(batch: str, graph: Graph, solution: Solution) -> list[Operation]:
    """Give the operations that declare a solved batch and commit it, in order, each for an envelope of its own."""
    heights = [PartyPotential(*each) for each in zip(graph.accounts, solution.potentials, strict=True)]
    declared: list[Operation] = [
        DeclarePotentials(batch=batch, potentials=tuple(part)) for part in _split(heights, POTENTIALS_A_PART)
    ]
    for number, part in enumerate(_split(solution.flows, FLOWS_A_PART)):
        declared.append(DeclareFlows(batch=batch, start=number * FLOWS_A_PART, flows=tuple(part)))
    return [*declared, CommitBatch(batch=batch)]


def _split(whole: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(whole), size):
        yield whole[start : start + size]
