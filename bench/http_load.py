"""The HTTP API under load, beside the node it serves: batches, single envelopes, reads with proofs, idle listeners."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import msgspec

from bench.node_load import Node, play
from bench.work import STEPS, Maker
from sogdia.api.serving import Server, protocol_of
from sogdia.api.settings import Settings
from sogdia.client.connection import Connection, Durable
from sogdia.kernel.values import name_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

BATCH = 100
SENDERS = 8
SINGLE_SENDERS = 32
READS_A_SECOND = 500
LOAD_A_SECOND = 1_000
LISTENERS = 100
FEW = 4
PACERS = 8
VALIDITY_SECONDS = 3_600
SETTINGS = "requests_a_second = 1000000\nrequests_at_once = 1000000\n"


class HttpLoad(msgspec.Struct, frozen=True, kw_only=True):
    """What a run came to, in steps a second and milliseconds."""

    engine_a_second: float
    batches_a_second: float
    batches_with_listeners_a_second: float
    single_a_second: float
    empty_a_second: float
    read_p50_milliseconds: float
    read_p99_milliseconds: float
    load_a_second: float


class Wire:
    """One kept-alive connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Use `open`."""
        self.reader = reader
        self.writer = writer

    async def ask(self, method: str, path: str, body: bytes = b"", headers: str = "") -> bytes:
        """Send a request and give the body of its answer, which must be 200."""
        head = f"{method} {path} HTTP/1.1\r\nhost: bench\r\ncontent-length: {len(body)}\r\n{headers}\r\n"
        self.writer.write(head.encode("ascii") + body)
        told = await self.reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", told)
        answer = await self.reader.readexactly(int(length[1]) if length else 0)
        if not told.startswith(b"HTTP/1.1 200"):
            message = f"{told!r} {answer[:300]!r}"
            raise RuntimeError(message)
        return answer


async def connect(port: int) -> Wire:
    """Connect to a server on this machine."""
    return Wire(*await asyncio.open_connection("127.0.0.1", port))


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


async def spread(port: int, senders: int, jobs: Sequence[Any], do: Callable[[Wire, Any], Awaitable[object]]) -> float:
    """Let senders do jobs side by side; gives the seconds that they took together."""
    wires = [await connect(port) for _sender in range(senders)]

    async def work(number: int) -> None:
        for job in jobs[number::senders]:
            await do(wires[number], job)

    began = time.perf_counter()
    await asyncio.gather(*map(work, range(senders)))
    seconds = time.perf_counter() - began
    for wire in wires:
        wire.writer.close()
    return seconds


async def _batches(wire: Wire, lives: Sequence[tuple[bytes, ...]]) -> None:
    """Take a hundred orders through their lives, a step of all of them in each request."""
    for step in range(STEPS):
        body = msgspec.msgpack.encode([life[step] for life in lives])
        told = await wire.ask("POST", "/v1/envelopes/batch", body, "content-type: application/vnd.msgpack\r\n")
        if told.count(b'"status":"applied"') != len(lives):
            raise RuntimeError(told[:500])


async def _single(wire: Wire, raw: bytes) -> None:
    await wire.ask("POST", "/v1/envelopes", raw, "content-type: application/octet-stream\r\n")


async def _reads(port: int, path: str, seconds: float, token: str) -> list[float]:
    """Read at an even pace, whatever the answers take; gives how long each took, in milliseconds."""
    wires = [await connect(port) for _wire in range(16)]
    free: asyncio.Queue[Wire] = asyncio.Queue()
    for each in wires:
        free.put_nowait(each)
    took: list[float] = []

    async def one(due: float) -> None:
        wire = await free.get()
        await wire.ask("GET", path, headers=f"authorization: Bearer {token}\r\n")
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


async def _paced(port: int, lives: Sequence[tuple[bytes, ...]]) -> float:
    """Send the load that reads stand beside, evenly: a few envelopes every few milliseconds; gives the rate."""
    began = time.perf_counter()
    every = FEW * PACERS / LOAD_A_SECOND

    async def pace(pacer: int) -> None:
        wire, ticks = await connect(port), 0
        own = lives[pacer::PACERS]
        for number in range(0, len(own), FEW):
            for step in range(STEPS):
                due = began + (ticks + pacer / PACERS) * every
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                ticks += 1
                body = msgspec.msgpack.encode([life[step] for life in own[number : number + FEW]])
                await wire.ask("POST", "/v1/envelopes/batch", body, "content-type: application/vnd.msgpack\r\n")

    await asyncio.gather(*map(pace, range(PACERS)))
    return len(lives) * STEPS / (time.perf_counter() - began)


async def _token(port: int, maker: Maker, name: str) -> str:
    from bench.work import keys_of  # noqa: PLC0415 - only here

    wire = await connect(port)
    account = maker.account(name).hex()
    from urllib.request import Request, urlopen  # noqa: PLC0415 - only here

    def post(path: str, document: object) -> Any:  # noqa: ANN401 - JSON
        request = Request(
            f"http://127.0.0.1:{port}{path}", msgspec.json.encode(document), {"content-type": "application/json"}
        )
        with urlopen(request) as answer:  # noqa: S310 - as above
            return msgspec.json.decode(answer.read())

    given = await asyncio.to_thread(post, "/v1/challenges", {"account": account})
    signature = keys_of(name).sign(given["line"].encode()).hex()
    wire.writer.close()
    told = await asyncio.to_thread(post, "/v1/tokens", {"line": given["line"], "signature": signature})
    return str(told["token"])


async def _measure(node: Node, port: int, empty: int, orders: int) -> HttpLoad:
    maker = Maker(node.network, int(time.time()) + VALIDITY_SECONDS)
    with Connection(node.folder) as connection:
        for outcome in connection.submit_many(maker.preparations()):
            if not isinstance(outcome, Durable):
                message = f"the bench could not be set up: {outcome}"
                raise RuntimeError(message)  # noqa: TRY004 - not a matter of types
        lives = [maker.life(number) for number in range(4 * orders + 300)]
        play(connection, iter(lives[:200]), 256)
        began = time.perf_counter()
        play(connection, iter(lives[300 : 300 + orders]), SENDERS * BATCH)
        engine = orders * STEPS / (time.perf_counter() - began)
    grouped = [lives[at : at + BATCH] for at in range(300 + orders, 300 + 3 * orders, BATCH)]
    half = len(grouped) // 2
    batches = await spread(port, SENDERS, grouped[:half], _batches)
    idle = [await connect(port) for _listener in range(LISTENERS)]
    for each in idle:
        each.writer.write(b"GET /v1/events/stream?event=NodeKeyRotated HTTP/1.1\r\nhost: bench\r\n\r\n")
    listened = await spread(port, SENDERS, grouped[half:], _batches)
    for each in idle:
        each.writer.close()
    last = lives[300 + 3 * orders :]
    singles = [life[0] for life in last]
    single = await spread(port, SINGLE_SENDERS, singles, _single)
    nothing = await spread(empty, SINGLE_SENDERS, singles, _single)
    order = name_of(maker.account("buyer0"), "o0").hex()
    token = await _token(port, maker, "buyer0")
    load = [maker.life(10**6 + number) for number in range(LOAD_A_SECOND)]
    paced = asyncio.ensure_future(_paced(port, load))
    took = await _reads(port, f"/v1/records/market/closed-orders/{order}?prove=1", 4.0, token)
    return HttpLoad(
        engine_a_second=engine,
        batches_a_second=half * BATCH * STEPS / batches,
        batches_with_listeners_a_second=(len(grouped) - half) * BATCH * STEPS / listened,
        single_a_second=len(singles) / single,
        empty_a_second=len(singles) / nothing,
        read_p50_milliseconds=took[len(took) // 2],
        read_p99_milliseconds=took[int(len(took) * 0.99)],
        load_a_second=await paced,
    )


def measure(orders: int) -> HttpLoad:
    """Run a node with its API and measure both."""
    node = Node(verifier=True)
    processes = []
    try:
        settings = node.scratch / "settings.toml"
        settings.write_text(SETTINGS, "utf-8")
        command = ("-m", "sogdia.cli.main", "api", "start", str(node.folder), "--listen", "127.0.0.1:0")
        api, port = begin(*command, "--settings", str(settings))
        processes.append(api)
        bare, empty = begin("-m", "bench.http_load")
        processes.append(bare)
        return asyncio.run(_measure(node, port, empty, orders))
    finally:
        for each in processes:
            each.terminate()
            each.wait(timeout=20)
        node.close()


async def _nothing(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
    """Read the body and answer nothing: the least that this server can do."""
    if scope["type"] == "lifespan":
        return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


def _serve() -> None:
    import uvicorn  # noqa: PLC0415 - only in the process of the empty server

    config = uvicorn.Config(
        _nothing, host="127.0.0.1", port=0, http=protocol_of(Settings()), ws="none", lifespan="off", access_log=False,
        log_level="warning",
    )  # fmt: skip
    Server(config, lambda address: print(address, flush=True)).run()


if __name__ == "__main__":
    _serve()
