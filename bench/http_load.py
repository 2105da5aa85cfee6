"""The HTTP API under load, beside the node it serves: batches, single envelopes, reads with proofs, idle listeners.

What a single envelope is compared with is the empty handler: the same server in the same process, with the same edge,
the same routing and the same reading of the request, whose handler does nothing and answers `{}`.
"""

from __future__ import annotations

import asyncio
import gc
import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import uvloop

from bench.node_load import Node, play, processor_seconds
from bench.work import STEPS, Maker, keys_of
from sogdia.api.application import Api
from sogdia.api.routing import OCTETS, Call, Route, answer
from sogdia.api.serving import server_of
from sogdia.client.connection import Connection, Durable
from sogdia.kernel.values import name_of
from sogdia.settings.sections import ApiSettings, Settings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from starlette.responses import Response

BATCH = 100
SENDERS = 8
IN_FLIGHT = (32, 256, 1_024)
READS_A_SECOND = 500
READ_SECONDS = 4.0
LOAD_A_SECOND = 1_000
LISTENERS = 100
PAIRS_A_ROUND = 3
"""A ratio near one, and the slowest of a hundred, need more runs than what is far from its bound."""

FEW = 4
PACERS = 8
VALIDITY_SECONDS = 3_600
NOTHING = "/v1/nothing"
BINARY = "content-type: application/octet-stream\r\n"
PACKED = "content-type: application/vnd.msgpack\r\n"
WITHOUT_WAITING = "prefer: respond-async\r\n"
_LENGTH = re.compile(rb"content-length: (\d+)")


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """Requests a second, and what one cost in microseconds of the API's and of the node's processor time."""

    a_second: float
    api_microseconds: float
    node_microseconds: float


class Single(msgspec.Struct, frozen=True, kw_only=True):
    """Single envelopes with so many requests in flight: awaited, answered at once, and the empty handler."""

    in_flight: int
    awaited: Rate
    at_once: Rate
    at_once_until_in_blocks_a_second: float
    empty: Rate


class HttpLoad(msgspec.Struct, frozen=True, kw_only=True):
    """What a run came to, in steps a second and milliseconds."""

    engine_a_second: float
    batches_a_second: float
    alone_and_listened_a_second: list[tuple[float, float]]
    listened_ratio: float
    single: list[Single]
    read_p50_milliseconds: float
    read_p99_milliseconds: float
    """Of the round that is the median by it."""
    read_p99_of_each_round: list[float]
    read_most_milliseconds: float
    reads_a_second: float
    load_a_second: float


class Wire(asyncio.Protocol):
    """One kept-alive connection, with one request under way: as little work as a client can have."""

    def __init__(self) -> None:
        """Use `connect`."""
        self._arrived = b""
        self._answered: asyncio.Future[bytes] | None = None
        self._transport: Any = None  # uvloop's own is no `asyncio.Transport`

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Give the answer to the one who asked once it is whole."""
        self._arrived += data
        end = self._arrived.find(b"\r\n\r\n") + 4
        if end < 4 or self._answered is None or self._answered.done():  # noqa: PLR2004 - nothing found
            return
        told = _LENGTH.search(self._arrived, 0, end)
        if len(self._arrived) - end >= (int(told[1]) if told else 0):
            self._answered.set_result(self._arrived)
            self._arrived = b""

    def connection_lost(self, error: Exception | None) -> None:
        """Tell who waits."""
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(error or ConnectionResetError("the server has ended the connection"))

    def send(self, request: bytes) -> asyncio.Future[bytes]:
        """Send a whole request; gives what will be the whole answer."""
        self._answered = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answered

    async def ask(self, request: bytes) -> bytes:
        """Send a whole request and give the body of its answer, which must be a success."""
        told = await self.send(request)
        if not told.startswith(b"HTTP/1.1 20"):
            raise RuntimeError(told[:500])
        return told.partition(b"\r\n\r\n")[2]

    def close(self) -> None:
        """Hang up."""
        self._transport.close()


async def connect(port: int) -> Wire:
    """Connect to a server on this machine."""
    _transport, wire = await asyncio.get_running_loop().create_connection(Wire, "127.0.0.1", port)
    return wire


def request_of(method: str, path: str, body: bytes = b"", headers: str = "") -> bytes:
    """Lay out a request."""
    head = f"{method} {path} HTTP/1.1\r\nhost: bench\r\ncontent-length: {len(body)}\r\n{headers}\r\n"
    return head.encode("ascii") + body


def begin(*words: str) -> tuple[subprocess.Popen[bytes], int]:
    """Start a server in a process of its own; gives it and its port."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE, env=environment)
    said = process.stdout.readline().decode() if process.stdout else ""
    found = re.search(r"127\.0\.0\.1:(\d+)", said)
    if found is None:
        process.kill()
        raise RuntimeError(said)
    return process, int(found[1])


class Bench:
    """A node with its API, and the orders that are sent to them."""

    def __init__(self, node: Node, api: int, port: int) -> None:
        """Measure the process `api`, which listens at `port`."""
        self.node = node
        self.api = api
        self.port = port
        self.maker = Maker(node.network, int(time.time()) + VALIDITY_SECONDS)
        self._number = 0

    def lives(self, number: int) -> list[tuple[bytes, ...]]:
        """Sign so many orders that nobody has sent."""
        self._number += number
        return [self.maker.life(each) for each in range(self._number - number, self._number)]

    async def spread(self, senders: int, jobs: Sequence[Any], do: Callable[[Wire, Any], Awaitable[object]]) -> Rate:
        """Let senders do jobs side by side, and give how fast that went."""
        wires = [await connect(self.port) for _sender in range(senders)]
        left = iter(jobs)

        async def work(wire: Wire) -> None:
            for job in left:
                await do(wire, job)

        began = time.perf_counter()
        used = processor_seconds(self.api), processor_seconds(self.node.process.pid)
        await asyncio.gather(*map(work, wires))
        seconds = time.perf_counter() - began
        for wire in wires:
            wire.close()
        return Rate(
            a_second=len(jobs) / seconds,
            api_microseconds=1e6 * (processor_seconds(self.api) - used[0]) / len(jobs),
            node_microseconds=1e6 * (processor_seconds(self.node.process.pid) - used[1]) / len(jobs),
        )

    # ----------------------------------------------------------------------------------------------------- batches

    def engine(self, orders: int) -> float:
        """Set the ledger up, and give the node's own rate over its socket, in steps a second."""
        with Connection(self.node.folder) as connection:
            for outcome in connection.submit_many(self.maker.preparations()):
                if not isinstance(outcome, Durable):
                    message = f"the bench could not be set up: {outcome}"
                    raise RuntimeError(message)  # noqa: TRY004 - not a matter of types
            play(connection, iter(self.lives(200)), 256)
            lives = self.lives(orders)
            began = time.perf_counter()
            play(connection, iter(lives), SENDERS * BATCH)
            return orders * STEPS / (time.perf_counter() - began)

    async def batches(self, orders: int) -> float:
        """Give the rate of batches of a hundred, in steps a second."""
        lives = self.lives(orders)
        grouped = [lives[at : at + BATCH] for at in range(0, orders, BATCH)]
        rate = await self.spread(SENDERS, grouped, _batches)
        return rate.a_second * orders / len(grouped) * STEPS

    async def listened(self, orders: int, rounds: int) -> list[tuple[float, float]]:
        """Give the rate of batches without and with a hundred listeners who hear nothing, in turn."""
        found = []
        asked = request_of("GET", "/v1/events/stream?event=NodeKeyRotated")
        for _round in range(rounds):
            alone = await self.batches(orders)
            idle = [await connect(self.port) for _listener in range(LISTENERS)]
            for each in idle:
                each.send(asked).add_done_callback(_ignore)
            found.append((alone, await self.batches(orders)))
            for each in idle:
                each.close()
        return found

    # ------------------------------------------------------------------------------------------------------ singles

    async def single(self, in_flight: int, orders: int) -> Single:
        """Send envelopes one by one: to be awaited, to be answered at once, and to the handler that does nothing."""
        placed = [each[0] for each in self.lives(2 * orders)]
        awaited = [request_of("POST", "/v1/envelopes", raw, BINARY) for raw in placed[:orders]]
        at_once = [request_of("POST", "/v1/envelopes", raw, BINARY + WITHOUT_WAITING) for raw in placed[orders:]]
        empty = [request_of("POST", NOTHING, raw, BINARY) for raw in placed[:orders]]
        nothing = await self.spread(in_flight, empty, Wire.ask)
        waited = await self.spread(in_flight, awaited, Wire.ask)
        with Connection(self.node.folder) as connection:
            before = connection.status().envelopes_included
            began = time.perf_counter()
            answered = await self.spread(in_flight, at_once, _until_taken)
            while connection.status().envelopes_included - before < orders:
                time.sleep(0.002)  # noqa: ASYNC251 - nothing else is under way here
            in_blocks = orders / (time.perf_counter() - began)
        return Single(
            in_flight=in_flight, awaited=waited, at_once=answered, at_once_until_in_blocks_a_second=in_blocks,
            empty=nothing,
        )  # fmt: skip

    # -------------------------------------------------------------------------------------------------------- reads

    async def reads(self, seconds: float) -> tuple[list[float], float, float]:
        """Read an order with its proof beside a load; gives how long each took, and both rates."""
        order = name_of(self.maker.account("buyer0"), "o0").hex()
        token = await self._token("buyer0")
        path = f"/v1/records/market/closed-orders/{order}?prove=1"
        asked = request_of("GET", path, headers=f"authorization: Bearer {token}\r\n")
        load = self.lives(int(LOAD_A_SECOND * seconds / STEPS) + FEW * PACERS)
        gc.collect()
        gc.disable()  # the client holds all orders of the bench: its own collector would be measured
        try:
            paced = asyncio.ensure_future(self._paced(load))
            began = time.perf_counter()
            took = await self._at_an_even_pace(asked, seconds)
            return took, len(took) / (time.perf_counter() - began), await paced
        finally:
            gc.enable()

    async def _at_an_even_pace(self, asked: bytes, seconds: float) -> list[float]:
        """Read at an even pace, whatever the answers take; gives how long each took, in milliseconds."""
        free: asyncio.Queue[Wire] = asyncio.Queue()
        for _wire in range(16):
            free.put_nowait(await connect(self.port))
        took: list[float] = []

        async def one(due: float) -> None:
            wire = await free.get()
            await wire.ask(asked)
            took.append((time.perf_counter() - due) * 1_000)
            free.put_nowait(wire)

        began = time.perf_counter()
        tasks = []
        for number in range(int(seconds * READS_A_SECOND)):
            due = began + number / READS_A_SECOND
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            tasks.append(asyncio.ensure_future(one(due)))
        await asyncio.gather(*tasks)
        return sorted(took)

    async def _paced(self, lives: Sequence[tuple[bytes, ...]]) -> float:
        """Send the load that reads stand beside, evenly: a few envelopes every few milliseconds; gives the rate."""
        began = time.perf_counter()
        every = FEW * PACERS / LOAD_A_SECOND

        async def pace(pacer: int) -> None:
            wire, ticks = await connect(self.port), 0
            own = lives[pacer::PACERS]
            for number in range(0, len(own), FEW):
                for step in range(STEPS):
                    due = began + (ticks + pacer / PACERS) * every
                    await asyncio.sleep(max(0.0, due - time.perf_counter()))
                    ticks += 1
                    await wire.ask(_batch(life[step] for life in own[number : number + FEW]))

        await asyncio.gather(*map(pace, range(PACERS)))
        return len(lives) * STEPS / (time.perf_counter() - began)

    async def _token(self, name: str) -> str:
        wire = await connect(self.port)

        async def post(path: str, document: object) -> Any:  # noqa: ANN401 - JSON
            body = msgspec.json.encode(document)
            return msgspec.json.decode(
                await wire.ask(request_of("POST", path, body, "content-type: application/json\r\n"))
            )

        line = (await post("/v1/challenges", {"account": self.maker.account(name).hex()}))["line"]
        told = await post("/v1/tokens", {"line": line, "signature": keys_of(name).sign(line.encode()).hex()})
        wire.close()
        return str(told["token"])


def _ignore(answered: asyncio.Future[bytes]) -> None:
    """A listener is hung up on at the end; that is no error."""
    answered.exception()


def _batch(raws: Iterable[bytes]) -> bytes:
    return request_of("POST", "/v1/envelopes/batch", msgspec.msgpack.encode(list(raws)), PACKED)


async def _batches(wire: Wire, lives: Sequence[tuple[bytes, ...]]) -> None:
    """Take a hundred orders through their lives, a step of all of them in each request."""
    for step in range(STEPS):
        told = await wire.ask(_batch(life[step] for life in lives))
        if told.count(b'"status":"applied"') != len(lives):
            raise RuntimeError(told[:500])


async def _until_taken(wire: Wire, request: bytes) -> None:
    """Send an envelope until the API takes it: it says 503 while as many are under way as may be."""
    while (told := await wire.send(request)).startswith(b"HTTP/1.1 503"):  # noqa: ASYNC110 - HTTP has no event for it
        await asyncio.sleep(0.005)
    if not told.startswith(b"HTTP/1.1 202"):
        raise RuntimeError(told[:500])


async def _measure(bench: Bench, orders: int, rounds: int) -> HttpLoad:
    engine = bench.engine(orders)
    batches = await bench.batches(orders)
    listened = await bench.listened(orders, PAIRS_A_ROUND * rounds)
    reads = [await bench.reads(READ_SECONDS) for _round in range(PAIRS_A_ROUND * rounds)]
    singles = [await bench.single(in_flight, 2 * orders) for in_flight in IN_FLIGHT]
    reads.sort(key=_ninety_nine)
    took, a_second, load = reads[len(reads) // 2]
    return HttpLoad(
        engine_a_second=engine,
        batches_a_second=batches,
        alone_and_listened_a_second=listened,
        listened_ratio=statistics.median(with_them / alone for alone, with_them in listened),
        single=singles,
        read_p50_milliseconds=took[len(took) // 2],
        read_p99_milliseconds=took[int(len(took) * 0.99)],
        read_p99_of_each_round=[_ninety_nine(each) for each in reads],
        read_most_milliseconds=took[-1],
        reads_a_second=a_second,
        load_a_second=load,
    )


def _ninety_nine(round_: tuple[list[float], float, float]) -> float:
    took = round_[0]
    return took[int(len(took) * 0.99)]


def measure(orders: int, rounds: int) -> HttpLoad:
    """Run a node with its API and measure both."""
    node = Node(verifier=True)
    try:
        api, port = begin("-m", "bench.http_load", str(node.folder))
        try:
            return uvloop.run(_measure(Bench(node, api.pid, port), orders, rounds))
        finally:
            api.terminate()
            api.wait(timeout=20)
    finally:
        node.close()


async def _nothing(_call: Call) -> Response:
    return answer({})


def _serve(folder: Path) -> None:
    """Serve the API of a node with one route more, which does nothing."""
    limits = ApiSettings(
        listen="127.0.0.1:0", requests_a_second=10**6, requests_at_once=10**6, connections_of_an_address=2_000
    )
    empty = Route(
        method="POST", path=NOTHING, name="nothing", summary="Do nothing", handler=_nothing, raw_bodies=(OCTETS,)
    )
    application = Api(folder, Settings(api=limits), more=(empty,)).application
    server_of(application, limits, lambda address: print(address, flush=True)).run()


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
