"""What a network does beside the same engine with an application that does nothing: throughput, batches, latency.

The same genesis, configuration, transactions, load and number in flight, alternating. The two differ by the application alone.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import TYPE_CHECKING

import msgspec

from bench.network_load import latencies, load_of, prepare, unit_of, window
from bench.network_nodes import App, BenchNetwork, one_genesis
from bench.work import Maker, network
from sogdia.client.connection import Connection
from sogdia.engine.cometbft.home import Timing
from sogdia.engine.cometbft.transactions import transaction_of
from sogdia.kernel.stored_block import decode_block
from sogdia.modules.money.currencies import Mint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.network_load import Load, Unit
    from sogdia.kernel.genesis import GenesisBase

VALIDITY_SECONDS = 3_600
BATCH = 100
IN_FLIGHT = 2_000
"""Envelopes under way at once, alone or in batches: more than the engine alone can bring into one block in its pause."""

WARM_SECONDS = 2.0
FOLLOW_SECONDS = 300.0
LOOK_SECONDS = 0.02


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How much is measured."""

    validators: int
    orders: int
    seconds: float
    latencies: int = 0
    batches: bool = False
    catch_up: bool = False


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """What stood in blocks in a second, and the processor time of an envelope by process, in microseconds."""

    envelopes_per_second: float
    envelopes_a_block: float
    processor_microseconds: dict[str, float]

    @property
    def processor(self) -> float:
        """Processor time of an envelope in all processes, the load's included."""
        return sum(self.processor_microseconds.values())


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What one network did."""

    app: str
    single: Rate
    batches: Rate | None
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    caught_up_per_second: float | None


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """One genesis, and the transactions for it: the same bytes for every network made from it."""

    genesis: GenesisBase
    preparations: list[bytes]
    extra: list[bytes]
    lives: list[tuple[bytes, ...]]

    def units(self, batch: int) -> Iterator[Unit]:
        """Give units of so many orders each, whose steps go together; batches take the other half of the orders."""
        half = len(self.lives) // 2
        lives = self.lives[:half] if batch == 1 else self.lives[half:]
        for begin in range(0, len(lives) - batch + 1, batch):
            together = lives[begin : begin + batch]
            yield unit_of([transaction_of(list(step)) for step in zip(*together, strict=True)])

    def prepared(self) -> list[bytes]:
        """Give the preparations as batches."""
        rows = self.preparations
        return [transaction_of(rows[at : at + BATCH]) for at in range(0, len(rows), BATCH)]


def work_for(plan: Plan) -> Work:
    """Make a genesis, and sign the transactions before any clock starts."""
    made = one_genesis(plan.validators)
    maker = Maker(network(made), int(time.time()) + VALIDITY_SECONDS)
    return Work(
        genesis=made,
        preparations=list(maker.preparations()),
        extra=[
            maker.sign("bank", Mint(currency="USD", to=maker.account("bank"), units=1))
            for _number in range(plan.latencies)
        ],
        lives=[maker.life(number) for number in range(plan.orders)],
    )


def run(plan: Plan, work: Work, app: App) -> Run:
    """Run one network, and measure what the plan says; the settings are those that an operator gets."""
    with BenchNetwork(work.genesis, app, Timing()) as running:
        return asyncio.run(_run(plan, running, work))


async def _run(plan: Plan, running: BenchNetwork, work: Work) -> Run:
    load = load_of(running)
    try:
        await prepare(load, work.prepared())
        waits = sorted(await latencies(load, [unit_of([each]) for each in work.extra]))
        single = await _rate(plan, running, load, work, 1)
        caught_up = None
        if plan.catch_up and running.app is App.SOGDIA:
            caught_up = await asyncio.to_thread(catch_up, running)
        batches = await _rate(plan, running, load, work, BATCH) if plan.batches else None
    finally:
        load.close()
    if running.app is App.SOGDIA:
        look_for_refusals(running)
    return Run(
        app=running.app.value,
        single=single,
        batches=batches,
        latency_p50_ms=statistics.median(waits) * 1e3 if waits else None,
        latency_p95_ms=waits[len(waits) * 95 // 100] * 1e3 if waits else None,
        caught_up_per_second=caught_up,
    )


async def _rate(plan: Plan, running: BenchNetwork, load: Load, work: Work, batch: int) -> Rate:
    found = await window(running, load, work.units(batch), IN_FLIGHT // batch, WARM_SECONDS, plan.seconds)
    envelopes = max(found.transactions * batch, 1)
    return Rate(
        envelopes_per_second=envelopes / found.seconds,
        envelopes_a_block=envelopes / max(found.blocks, 1),
        processor_microseconds={what: used / envelopes * 1e6 for what, used in sorted(found.processor_seconds.items())},
    )


def catch_up(running: BenchNetwork) -> float:
    """Start a node that has nothing, and give the envelopes a second at which it executes all blocks of the others."""
    target = running.height(running.validators[0])
    with Connection(running.validators[0]) as connection:
        envelopes = [len(decode_block(connection.raw_block(height)).envelopes) for height in range(1, target + 1)]
    running.start(running.follower)
    until = time.monotonic() + FOLLOW_SECONDS
    first, began = 0, 0.0
    while (height := running.height(running.follower)) < target:
        if height and not first:
            first, began = height, time.perf_counter()
        if time.monotonic() > until:
            raise RuntimeError(f"the node that follows is at {height} of {target} after {FOLLOW_SECONDS:.0f} s")
        time.sleep(LOOK_SECONDS)
    if not first:
        raise RuntimeError("the node that follows was there at once: its speed cannot be told")
    seconds = time.perf_counter() - began
    running.end(running.follower)
    return sum(envelopes[first:]) / seconds


def look_for_refusals(running: BenchNetwork) -> None:
    """Look that everything in blocks was applied: a refusal would be cheaper than what is measured."""
    with Connection(running.validators[0]) as connection:
        for height in range(1, connection.status().durable_height + 1):
            for result in decode_block(connection.raw_block(height)).results:
                code = msgspec.msgpack.decode(result.receipt)[0]
                if code:
                    raise RuntimeError(f"an envelope of the bench was refused with {code} at height {height}")
