"""What netting costs: solving off the ledger, the ledger's own check of every obligation, and the operations.

The graph is made, with a fixed seed, as trade is: a few parties have many partners (their weights fall as a power of
their rank), amounts are log-normal.
"""

from __future__ import annotations

import random
from itertools import accumulate
from time import process_time
from typing import TYPE_CHECKING

import msgspec

from sogdia.clearing.graph import Graph, Solution, doubt_about, graph_of
from sogdia.clearing.parts import PoolsOf, parts_of, read_pools
from sogdia.clearing.solving import best_flows, potentials_of, solve
from sogdia.kernel.values import name_of
from sogdia.modules.identity import Kind
from sogdia.modules.netting.batches import OpenBatch
from sogdia.modules.netting.obligations import AcceptObligation, StateObligation
from sogdia.modules.netting.records import BATCHES, OBLIGATIONS
from sogdia.testing.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sogdia.client.envelopes import Signed
    from sogdia.modules.money import Asset

SEED = 20_261_128
FALL = 0.8
DAY = 86_400
HOUSE = "house"
ENVELOPES_A_BLOCK = 200


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds of a core's own time for a graph, and how much of it is cleared."""

    parties: int
    obligations: int
    cleared_share: float
    solve_seconds: float
    potentials_seconds: float
    verify_seconds: float


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds of a core's own time in the state machine for a pool, from its first invoice to the last flow."""

    parties: int
    obligations: int
    state_and_accept_seconds: float
    declare_and_commit_seconds: float
    carry_out_seconds: float
    carry_out_blocks: int


def trade(parties: int, obligations: int) -> list[tuple[int, int, int]]:
    """Give debtor, creditor and amount of each obligation of a scale-free graph."""
    chance = random.Random(SEED)  # noqa: S311 - a bench repeats itself
    weights = list(accumulate(1 / (rank + 1) ** FALL for rank in range(parties)))
    made: list[tuple[int, int, int]] = []
    while len(made) < obligations:
        debtor, creditor = chance.choices(range(parties), cum_weights=weights, k=2)
        if debtor != creditor:
            made.append((debtor, creditor, 1 + int(chance.lognormvariate(9, 1.5))))
    return made


def graph(parties: int, obligations: int) -> Graph:
    """Make the graph of such a trade."""
    made = trade(parties, obligations)
    accounts = [number.to_bytes(20, "big") for number in range(parties)]
    return Graph(
        accounts=accounts,
        names=[name_of(accounts[creditor], f"i{number}") for number, (_, creditor, _) in enumerate(made)],
        debtors=[debtor for debtor, _, _ in made],
        creditors=[creditor for _, creditor, _ in made],
        amounts=[units for _, _, units in made],
    )


def measure(parties: int, obligations: int) -> Checked:
    """Solve a graph, and check the solution obligation by obligation as the ledger does."""
    made = graph(parties, obligations)
    started = process_time()
    flows = best_flows(made)
    solved = process_time()
    solution = Solution(flows, potentials_of(made, flows))
    shown = process_time()
    doubt = doubt_about(made, solution)
    checked = process_time()
    if doubt is not None:
        raise AssertionError(doubt)
    return Checked(
        parties=parties,
        obligations=obligations,
        cleared_share=solution.cleared / sum(made.amounts),
        solve_seconds=solved - started,
        potentials_seconds=shown - solved,
        verify_seconds=checked - shown,
    )


def measure_ledger(parties: int, obligations: int) -> Rates:
    """Play a whole netting on a ledger in memory: every envelope is signed, admitted and applied."""
    ledger = Ledger()
    ledger.check_invariants = False
    names = [f"firm{number}" for number in range(parties)]
    for name in (HOUSE, *names):
        ledger.register(name, "KZ", Kind.ENTERPRISE)
    asset, due = ledger.asset(), ledger.time // DAY * DAY
    asked = [_asked(ledger, names, asset, due, each) for each in enumerate(trade(parties, obligations))]
    started = process_time()
    _play(ledger, (stated for stated, _ in asked))
    _play(ledger, (accepted for _, accepted in asked))
    entered = process_time()
    pools = PoolsOf(ledger.account(HOUSE), asset, (due,))
    held = graph_of(read_pools(pools, lambda query: query.answer(ledger.state)))
    parts = parts_of("b", held, solve(held))
    began = process_time()
    _play(ledger, [ledger.sign(HOUSE, OpenBatch(batch="b", asset=asset, dues=(due,)))])
    _play(ledger, [ledger.sign(HOUSE, part) for part in parts])
    committed = process_time()
    blocks = 0
    while list(BATCHES.items(ledger.state)):
        ledger.wait(1)
        blocks += 1
    ended = process_time()
    if sum(1 for _ in OBLIGATIONS.items(ledger.state)) >= obligations:
        raise AssertionError("nothing was netted")
    return Rates(
        parties=parties,
        obligations=obligations,
        state_and_accept_seconds=entered - started,
        declare_and_commit_seconds=committed - began,
        carry_out_seconds=ended - committed,
        carry_out_blocks=blocks,
    )


def _asked(
    ledger: Ledger, names: list[str], asset: Asset, due: int, numbered: tuple[int, tuple[int, int, int]]
) -> tuple[Signed, Signed]:
    """Sign the statement and the acceptance of one obligation."""
    number, (debtor, creditor, units) = numbered
    stated = StateObligation(
        reference=f"i{number}",
        debtor=ledger.account(names[debtor]),
        asset=asset,
        units=units,
        due=due,
        coordinator=ledger.account(HOUSE),
        end_to_end="",
    )
    name = name_of(ledger.account(names[creditor]), f"i{number}")
    accepted = AcceptObligation(obligation=name, netting=True)
    return ledger.sign(names[creditor], stated), ledger.sign(names[debtor], accepted)


def _play(ledger: Ledger, signed: Iterable[Signed]) -> None:
    """Put envelopes into blocks; every one has to be applied."""
    waiting: list[Signed] = []
    for each in (*signed, None):
        if each is not None:
            waiting.append(each)
        if waiting and (each is None or len(waiting) == ENVELOPES_A_BLOCK):
            refused = [answer for answer in ledger.block(*waiting) if answer.code]
            if refused:
                raise AssertionError(refused[0])
            waiting = []
