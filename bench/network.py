"""What a network does beside the same engine with an application that does nothing: throughput, batches, latency.

The same genesis, configuration, transactions, load and number in flight, alternating. The two differ by the application alone.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from itertools import chain
from typing import TYPE_CHECKING

import msgspec

from bench.network_load import Window, latencies, load_of, prepare, unit_of, window
from bench.network_nodes import App, BenchNetwork, one_genesis
from bench.work import STEPS, Maker, network
from sogdia.client.connection import Connection
from sogdia.engine.cometbft.home import Timing
from sogdia.engine.cometbft.transactions import transaction_of
from sogdia.kernel.stored_block import decode_block

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.network_load import Load, Unit
    from sogdia.kernel.genesis import GenesisBase

VALIDITY_SECONDS = 3_600
BATCH = 100
PREPARED_AT_ONCE = 100
IN_FLIGHT = 4_000
"""Envelopes under way at once, alone or in batches."""

WARM_SECONDS = 2.0


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """What stood in blocks in a second, and the processor time of an envelope by process, in microseconds."""

    envelopes_per_second: float
    envelopes_a_block: float
    processor_microseconds: dict[str, float]


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """One genesis, and the transactions for it: the same bytes for every network made from it."""

    genesis: GenesisBase
    preparations: list[bytes]
    lives: list[tuple[bytes, ...]]

    def units(self, batch: int) -> Iterator[Unit]:
        """Give units of so many orders each, whose steps go together."""
        for begin in range(0, len(self.lives) - batch + 1, batch):
            together = self.lives[begin : begin + batch]
            yield unit_of([transaction_of(list(step)) for step in zip(*together, strict=True)])

    def prepared(self) -> list[bytes]:
        """Give the preparations as batches."""
        rows = self.preparations
        return [transaction_of(rows[at : at + PREPARED_AT_ONCE]) for at in range(0, len(rows), PREPARED_AT_ONCE)]


def work_for(validators: int, orders: int) -> Work:
    """Make a genesis, and sign the transactions before any clock starts."""
    made = one_genesis(validators)
    maker = Maker(network(made), int(time.time()) + VALIDITY_SECONDS)
    return Work(
        genesis=made,
        preparations=list(maker.preparations()),
        lives=[maker.life(number) for number in range(orders)],
    )


def throughput(work: Work, app: App, batch: int, seconds: float, timing: Timing) -> Rate:
    """Measure one network."""
    with BenchNetwork(work.genesis, app, timing) as running:
        found = asyncio.run(_throughput(running, work, batch, seconds))
        if app is App.SOGDIA:
            look_for_refusals(running)
    envelopes = found.transactions * batch
    return Rate(
        envelopes_per_second=envelopes / found.seconds,
        envelopes_a_block=envelopes / max(found.blocks, 1),
        processor_microseconds={
            what: used / envelopes * 1e6 for what, used in sorted(found.processor_seconds.items())
        },
    )


async def _throughput(running: BenchNetwork, work: Work, batch: int, seconds: float) -> Window:
    load = load_of(running)
    try:
        await prepare(load, work.prepared())
        return await window(running, load, work.units(batch), IN_FLIGHT // batch, WARM_SECONDS, seconds)
    finally:
        load.close()


def look_for_refusals(running: BenchNetwork) -> None:
    """Look that everything in blocks was applied: a refusal would be cheaper than what is measured."""
    with Connection(running.validators[0]) as connection:
        for height in range(1, connection.status().durable_height + 1):
            for result in decode_block(connection.raw_block(height)).results:
                code = msgspec.msgpack.decode(result.receipt)[0]
                if code:
                    raise RuntimeError(f"an envelope of the bench was refused with {code} at height {height}")
