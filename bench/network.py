"""What a network does beside the same engine with an application that does nothing: throughput, batches, latency.

The same genesis, configuration, transactions, load and number in flight, alternating. The two differ by the
application alone.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import TYPE_CHECKING

import msgspec

from bench.network_load import BLOCKS_MIN, latencies, load_of, prepare, unit_of, window
from bench.network_nodes import App, BenchNetwork, one_genesis
from bench.work import Maker, network
from sogdia.client.connection import Connection
from sogdia.engine.cometbft.home import Timing
from sogdia.engine.cometbft.transactions import transaction_of
from sogdia.kernel.genesis import GenesisBase
from sogdia.kernel.stored_block import decode_block
from sogdia.modules.money.currencies import Mint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.network_load import Load, Unit

VALIDITY_SECONDS = 3_600
BATCH = 100
IN_FLIGHT = 2_000
"""Envelopes under way at once, alone or in batches: more than the engine brings into blocks while it pauses."""

FOLLOW_SECONDS = 300.0
LOOK_SECONDS = 0.02


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How much is measured."""

    validators: int
    orders: int
    seconds: float
    batched_orders: int = 0
    """Orders for the run in batches, which is left out without any."""

    latencies: int = 0
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


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """Rounds of the two, in turn, and the medians of their ratios."""

    nothing: list[Run]
    sogdia: list[Run]

    @property
    def throughput(self) -> float:
        """Envelopes a second, ours by the other's."""
        return self._median(lambda other, own: own.single.envelopes_per_second / other.single.envelopes_per_second)

    @property
    def processor(self) -> float:
        """Processor time of an envelope in all processes, the other's by ours: the ratio where both use all of it."""
        return self._median(lambda other, own: other.single.processor / own.single.processor)

    @property
    def latency(self) -> float:
        """The median wait, ours by the other's."""
        return self._median(lambda other, own: (own.latency_p50_ms or 0.0) / (other.latency_p50_ms or 1.0))

    @property
    def latency_ms(self) -> float:
        """Our median wait, in milliseconds."""
        return statistics.median(each.latency_p50_ms or 0.0 for each in self.sogdia)

    @property
    def batches(self) -> float:
        """Envelopes a second, ours in batches by ours alone."""
        return statistics.median(
            each.batches.envelopes_per_second / each.single.envelopes_per_second for each in self.sogdia if each.batches
        )

    @property
    def catch_up(self) -> float:
        """Envelopes a second, executed while catching up by executed live."""
        return statistics.median(
            (each.caught_up_per_second or 0.0) / each.single.envelopes_per_second for each in self.sogdia
        )

    def _median(self, ratio: Callable[[Run, Run], float]) -> float:
        return statistics.median(ratio(other, own) for other, own in zip(self.nothing, self.sogdia, strict=True))


def compare(plan: Plan, rounds: int) -> Compared:
    """Run both so many times, in turn, on the same bytes."""
    work = work_for(plan)
    found: dict[App, list[Run]] = {App.NOTHING: [], App.SOGDIA: []}
    for _round in range(rounds):
        for app in App:
            found[app].append(run(plan, work, app))
    return Compared(nothing=found[App.NOTHING], sogdia=found[App.SOGDIA])


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """One genesis, and the transactions for it: the same bytes for every network made from it."""

    genesis: GenesisBase
    preparations: list[bytes]
    extra: list[bytes]
    lives: list[tuple[bytes, ...]]
    batched: list[tuple[bytes, ...]]

    def units(self, batch: int) -> Iterator[Unit]:
        """Give units of so many orders each, whose steps go together; batches take orders of their own."""
        lives = self.lives if batch == 1 else self.batched
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
        batched=[maker.life(plan.orders + number) for number in range(plan.batched_orders)],
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
        batches = None
        if plan.batched_orders and running.app is App.SOGDIA:
            batches = await _rate(plan, running, load, work, BATCH)
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
    found = await window(running, load, work.units(batch), IN_FLIGHT // batch, plan.seconds)
    if found.blocks < BLOCKS_MIN:
        raise RuntimeError(
            f"{found.blocks} blocks in {found.seconds:.0f} s say nothing: give it more orders or more time"
        )
    envelopes = found.transactions * batch
    return Rate(
        envelopes_per_second=envelopes / found.seconds,
        envelopes_a_block=envelopes / found.blocks,
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
