"""The load on a network: transactions handed to the engines themselves, whatever application answers them.

A *unit* is a row of transactions of which each is sent once the one before stands in a block: the steps of one order,
or the steps of many orders joined to batches. So many units are under way at once. What stands in
blocks is read from the first engine's RPC, so nothing but the engine has to be believed.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, NamedTuple

from sogdia.engine.cometbft.engine_rpc import EngineRefusedError, EngineRpc, base64
from sogdia.engine.cometbft.entrance import HANDED_ON_AT_ONCE_MAX
from sogdia.engine.cometbft.places import rpc_socket

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from bench.network_nodes import BenchNetwork

LOOK_SECONDS = 0.02
WARM_SECONDS = 2.0
BLOCKS_MIN = 3
STUCK_SECONDS = 60.0
PAUSES = (0.0, 0.11, 0.05, 0.17, 0.08, 0.02, 0.14)
"""Between two single transactions, so that they come at different moments of a block's making."""

Unit = tuple[str, ...]
"""Transactions as the RPC has them in JSON."""

NOT_OURS: tuple[Unit, int] = ((), 0)


class Window(NamedTuple):
    """What stood in blocks while it was measured."""

    transactions: int
    blocks: int
    seconds: float
    processor_seconds: dict[str, float]

    @property
    def per_second(self) -> float:
        """Transactions a second."""
        return self.transactions / self.seconds


def unit_of(transactions: Iterable[bytes]) -> Unit:
    """Make a unit, ready to be sent."""
    return tuple([base64(each) for each in transactions])


class Load:
    """Sends units to the engines of a network in turn, and sees what comes into blocks."""

    def __init__(self, sockets: Sequence[Path]) -> None:
        """Prepare to send to the engines at these sockets."""
        self._engines = [EngineRpc(each) for each in sockets]
        self._watched = EngineRpc(sockets[0])
        self._next_engine = 0
        self._height = 0
        self._under_way: dict[str, tuple[Unit, int]] = {}
        self.transactions = 0
        self.blocks = 0

    async def wait_until_ready(self) -> None:
        """Wait until every engine takes transactions: one that looks for blocks of others first does not."""
        until = time.monotonic() + STUCK_SECONDS
        for engine in self._engines:
            while (await engine.ask("status"))["sync_info"]["catching_up"]:
                if time.monotonic() > until:
                    raise RuntimeError("an engine goes on catching up")
                await asyncio.sleep(LOOK_SECONDS)

    async def play(self, units: Iterator[Unit], in_flight: int, seconds: float | None = None) -> None:
        """Keep `in_flight` units under way for so many seconds and blocks enough, or until no more can be begun.

        Without an end in seconds it goes on until all are through.
        """
        until = None if seconds is None else time.monotonic() + seconds
        seen, blocks = time.monotonic(), self.blocks
        await self._send([(unit, 0) for _number, unit in zip(range(in_flight), units, strict=False)])
        while self._under_way:
            block = await self._look()
            now = time.monotonic()
            if block is None:
                if now > seen + STUCK_SECONDS:
                    raise RuntimeError(f"{len(self._under_way)} transactions wait, and there is no block")
                continue
            seen = now
            missing = in_flight - len(self._under_way) - len(block)
            fresh = [(unit, 0) for _number, unit in zip(range(missing), units, strict=False)]
            await self._send(block + fresh)
            over = now > until and self.blocks >= blocks + BLOCKS_MIN if until is not None else False
            if over or (until is not None and len(fresh) < missing):
                return

    async def end(self) -> None:
        """Let what is under way come into blocks, and send nothing after it."""
        until = time.monotonic() + STUCK_SECONDS
        while self._under_way:
            await self._look()
            if time.monotonic() > until:
                raise RuntimeError(f"{len(self._under_way)} transactions came into no block")

    async def _send(self, steps: list[tuple[Unit, int]]) -> None:
        """Hand the transactions on, each engine its part."""
        for begin in range(0, len(steps), HANDED_ON_AT_ONCE_MAX):
            part = steps[begin : begin + HANDED_ON_AT_ONCE_MAX]
            self._under_way.update({unit[step]: (unit, step) for unit, step in part})
            engine = self._engines[self._next_engine % len(self._engines)]
            self._next_engine += 1
            answers = await engine.ask_many([("broadcast_tx_async", {"tx": unit[step]}) for unit, step in part])
            for answer in answers:
                if isinstance(answer, EngineRefusedError):
                    raise answer

    async def _look(self) -> list[tuple[Unit, int]] | None:
        """Read the next block if there is one; gives the steps that come next."""
        try:
            answer = await self._watched.ask("block", height=str(self._height + 1))
        except EngineRefusedError:
            await asyncio.sleep(LOOK_SECONDS)
            return None
        self._height += 1
        found = answer["block"]["data"]["txs"] or ()
        self.blocks += bool(found)
        self.transactions += len(found)
        steps = [self._under_way.pop(each, NOT_OURS) for each in found]
        return [(unit, step + 1) for unit, step in steps if step + 1 < len(unit)]

    async def latency(self, transaction: str) -> float:
        """Send one transaction to the first engine; gives the seconds until the block that holds it is committed."""
        began = time.perf_counter()
        answer = await self._watched.ask("broadcast_tx_commit", tx=transaction)
        seconds = time.perf_counter() - began
        if answer["tx_result"]["code"] or answer["check_tx"]["code"]:
            raise RuntimeError(f"the bench's own transaction came to nothing: {answer}")
        return seconds

    def close(self) -> None:
        """End the connections."""
        for each in (*self._engines, self._watched):
            each.close()


async def prepare(load: Load, transactions: Iterable[bytes]) -> None:
    """Bring transactions into blocks, one after the other."""
    await load.wait_until_ready()
    await load.play(iter([unit_of(transactions)]), 1)


async def window(network: BenchNetwork, load: Load, units: Iterator[Unit], in_flight: int, seconds: float) -> Window:
    """Warm up, measure for so many seconds, and let what is under way end."""
    await load.play(units, in_flight, WARM_SECONDS)
    transactions, blocks, began = load.transactions, load.blocks, time.perf_counter()
    used = network.processor_seconds()
    await load.play(units, in_flight, seconds)
    took, now = time.perf_counter() - began, network.processor_seconds()
    transactions, blocks = load.transactions - transactions, load.blocks - blocks
    await load.end()
    return Window(transactions, blocks, took, {what: now[what] - used.get(what, 0.0) for what in now})


async def latencies(load: Load, units: Iterable[Unit]) -> list[float]:
    """Send transactions one at a time, with pauses; gives the seconds that each took."""
    found = []
    for number, unit in enumerate(units):
        for transaction in unit:
            await asyncio.sleep(PAUSES[number % len(PAUSES)])
            found.append(await load.latency(transaction))
    return found


def load_of(network: BenchNetwork) -> Load:
    """Prepare a load on all validators of a network."""
    return Load([rpc_socket(folder) for folder in network.validators])
