"""The socket at which the engine calls, as bytes: a running node, called by a test in the engine's place."""

from __future__ import annotations

import asyncio
import gc
import logging
from typing import TYPE_CHECKING, Any

import pytest

from sogdia.engine.cometbft import abci_pb2 as abci
from sogdia.engine.cometbft import abci_server
from sogdia.engine.cometbft.application import EngineWrongError
from sogdia.engine.cometbft.entrance import Entrance
from sogdia.engine.cometbft.frames import framed, split
from sogdia.engine.cometbft.places import abci_socket
from sogdia.engine.ledger.ledger import Ledger
from sogdia.engine.serving.service import Service
from sogdia.modules import ALL
from tests.network.chain import Chain

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

SECONDS = 10


class Caller:
    """One connection to the node's socket."""

    def __init__(self, streams: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
        """Call over these streams."""
        self.reader, self.writer = streams

    async def send(self, raw: bytes) -> bytes:
        """Send bytes and give what comes back first; nothing when the connection has ended."""
        self.writer.write(raw)
        try:
            return await asyncio.wait_for(self.reader.read(2**20), SECONDS)
        except ConnectionResetError:
            return b""

    async def call(self, **calls: Any) -> list[Any]:  # noqa: ANN401 - whatever the calls are
        """Make calls, the last one a flush; gives the answers in the order in which they came."""
        sent = [abci.Request(**{name: call}) for name, call in calls.items()]
        sent.append(abci.Request(flush=abci.RequestFlush()))
        self.writer.write(b"".join(framed(each.SerializeToString()) for each in sent))
        answers: list[Any] = []
        left = b""
        while len(answers) < len(sent):
            read = await asyncio.wait_for(self.reader.read(2**20), SECONDS)
            assert read, f"the connection has ended after {len(answers)} answers"
            messages, left = split(left + read)
            answers += [abci.Response.FromString(each) for each in messages]
        return answers


@pytest.fixture
def chain(tmp_path):
    """Give a network of one member, whose folder no node has open."""
    made = Chain(tmp_path / "chain", ["almaty"])
    made.close()
    return made


def running(chain: Chain, what: Callable[[Callable[[], Awaitable[Caller]]], Awaitable[None]]) -> Path:
    """Run a node while the test calls it; gives its folder once it has stopped."""
    folder: Path = chain.members[0].folder

    async def run() -> None:
        service = Service(Entrance(Ledger.open(folder, ALL)))
        up = asyncio.Event()
        callers: list[Caller] = []
        node = asyncio.create_task(service.run(lambda _socket: up.set()))
        await up.wait()

        async def connect() -> Caller:
            callers.append(Caller(await asyncio.open_unix_connection(str(abci_socket(folder)))))
            return callers[-1]

        try:
            await what(connect)
        finally:
            for each in callers:
                each.writer.close()
            service.stop()
            await node

    asyncio.run(run())
    return folder


@pytest.mark.parametrize(
    "raw",
    [
        b"\xff" * 11,  # a length without an end
        b"\x81\x80\x80\x40",  # longer than any message may be
        b"\x03abc",  # a message that is none
        b"GET / HTTP/1.1\r\n\r\n" * 40,  # somebody who wanted something else
    ],
)
def test_bytes_that_are_no_call_end_the_connection_and_nothing_else(chain, caplog, raw):
    async def call(connect) -> None:
        stranger, engine = await connect(), await connect()
        assert await stranger.send(raw) == b""
        answers = await engine.call(echo=abci.RequestEcho(message="still there"))
        assert answers[0].echo.message == "still there"

    with caplog.at_level(logging.ERROR):
        running(chain, call)

    assert "received what is no call of ABCI" in caplog.text


def test_half_a_frame_is_waited_for(chain):
    async def call(connect) -> None:
        engine = await connect()
        for byte in framed(abci.Request(echo=abci.RequestEcho(message="slowly")).SerializeToString()):
            engine.writer.write(bytes([byte]))
            await engine.writer.drain()
            await asyncio.sleep(0)
        answers = await engine.call(echo=abci.RequestEcho(message="at once"))
        assert answers[0].echo.message == "slowly"

    running(chain, call)


def test_answers_come_in_the_order_of_the_calls(chain):
    async def call(connect) -> None:
        engine = await connect()
        answers = await engine.call(
            info=abci.RequestInfo(version="0.39.0", abci_version="2.0.0"),
            echo=abci.RequestEcho(message="second"),
            check_tx=abci.RequestCheckTx(tx=b"garbage"),
        )
        assert [each.WhichOneof("value") for each in answers] == ["info", "echo", "check_tx", "flush"]

    running(chain, call)


def test_more_connections_than_an_engine_needs_are_not_taken(chain):
    async def call(connect) -> None:
        callers = [await connect() for _number in range(abci_server.CONNECTIONS_MAX)]
        for each in callers:
            await each.call(echo=abci.RequestEcho(message="in"))
        one_more = await connect()
        assert await one_more.send(framed(abci.Request(flush=abci.RequestFlush()).SerializeToString())) == b""
        assert len(await callers[0].call(echo=abci.RequestEcho(message="still in"))) == 2

    running(chain, call)


def test_an_engine_of_another_kind_hears_why_and_the_node_stops_with_the_same_words(chain):
    async def call(connect) -> None:
        engine = await connect()
        raw = framed(abci.Request(info=abci.RequestInfo(version="0.34.0", abci_version="0.17.0")).SerializeToString())
        ((answer,), _left) = split(await engine.send(raw))
        assert "speaks ABCI 0.17.0" in abci.Response.FromString(answer).exception.error

    with pytest.raises(EngineWrongError, match=r"CometBFT 0\.34\.0 speaks ABCI 0\.17\.0.*run-a-network"):
        running(chain, call)
    assert not abci_socket(chain.members[0].folder).exists()
    gc.collect()  # a socket that was left open would be complained of here


def test_a_block_that_is_decided_and_not_committed_is_not_written_at_an_orderly_end(chain):
    """The engine has not noted down what it came to, and goes on with no application that is ahead of it."""
    begin = chain.init_chain()

    async def call(connect) -> None:
        engine = await connect()
        decided = abci.RequestFinalizeBlock(height=1, time={"seconds": chain.time}, hash=bytes(32))
        answers = await engine.call(
            info=abci.RequestInfo(abci_version="2.0.0"), init_chain=begin, finalize_block=decided
        )
        assert answers[2].finalize_block.app_hash

    folder = running(chain, call)

    ledger = Ledger.open(folder, ALL)
    assert ledger.tip.height == 0
    ledger.close()


def test_a_block_that_is_committed_is_there_after_an_orderly_end(chain):
    begin = chain.init_chain()

    async def call(connect) -> None:
        engine = await connect()
        decided = abci.RequestFinalizeBlock(height=1, time={"seconds": chain.time}, hash=bytes(32))
        await engine.call(init_chain=begin, finalize_block=decided, commit=abci.RequestCommit())

    folder = running(chain, call)

    ledger = Ledger.open(folder, ALL)
    assert ledger.tip.height == 1
    ledger.close()
