"""The connection for programs that must not stand still: the same answers as the plain one, many at once."""

from __future__ import annotations

import asyncio
import inspect
import socket

import pytest

from sogdia.client import questions
from sogdia.client.asynchronous import AsyncConnection
from sogdia.client.connection import (
    Connection,
    Durable,
    NodeNotRunningError,
    NotAdmissible,
    RequestWrongError,
    TryLaterError,
)
from sogdia.client.questions import TooLargeError
from sogdia.engine.serving import frames
from sogdia.kernel.genesis import network_of
from tests.engine.running_node import running_node
from tests.engine.tiny_module import NOTES, Wallet, tiny_genesis

ONLY_BLOCKING = {"send", "receive", "close", "submit_many"}


def wallet() -> Wallet:
    return Wallet(network_of(tiny_genesis()))


def test_it_answers_like_the_plain_connection(tmp_path):
    mine = wallet()
    raws = [mine.note(number) for number in range(40)]
    another = mine.note(40)

    async def ask() -> None:
        async with await AsyncConnection.open(tmp_path / "node") as client:
            receipts = await asyncio.gather(*(client.submit(each) for each in raws))
            together = await client.submit_many([raws[0], another])
            status, height, block = await asyncio.gather(client.status(), client.height(), client.block(1))
            assert all(isinstance(each, Durable) for each in receipts)
            assert isinstance(together[0], NotAdmissible)
            assert isinstance(together[1], Durable)
            assert status.durable_height >= height >= 1
            assert block.height == 1
            assert (await client.prove(NOTES.full_key(b"missing"))).value is None
            assert (await client.record(NOTES.full_key(b"missing"))).value is None
            with pytest.raises(RequestWrongError, match="there are blocks"):
                await client.block(9_999)

    with running_node(tmp_path / "node"):
        asyncio.run(ask())


def test_a_record_is_the_one_that_is_proved(tmp_path):
    mine = wallet()

    with running_node(tmp_path / "node") as node, node.connect() as client:
        client.submit(mine.note(1))
        full_key = NOTES.full_key(mine.name(1))
        found = client.record(full_key)
        proved = client.prove(full_key)

    assert found.value == proved.value
    assert found.value is not None


def test_who_waits_is_told_when_the_node_ends(tmp_path):
    async def ask(stop) -> AsyncConnection:
        client = await AsyncConnection.open(tmp_path / "node")
        await client.height()
        await asyncio.to_thread(stop)
        with pytest.raises(NodeNotRunningError):
            await client.height()
        return client

    with running_node(tmp_path / "node") as node:
        client = asyncio.run(ask(node.stop))

    assert not client.is_open


def test_who_waits_too_long_is_told_and_others_go_on_waiting(tmp_path):
    async def ask(pause) -> None:
        with pause:
            async with await AsyncConnection.open(tmp_path / "node", seconds=0.6) as client:
                first = asyncio.ensure_future(client.height())
                await asyncio.sleep(0.4)
                second = asyncio.ensure_future(client.height())
                with pytest.raises(TryLaterError, match=r"0\.6 seconds"):
                    await first
                assert not second.done()
                with pytest.raises(TryLaterError, match=r"0\.6 seconds"):
                    await second

    silent = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    (tmp_path / "node").mkdir()
    silent.bind(str(tmp_path / "node" / "node.sock"))
    silent.listen()
    asyncio.run(ask(silent))


def test_a_request_that_would_end_the_connection_is_not_sent(tmp_path):
    async def ask() -> None:
        async with await AsyncConnection.open(tmp_path / "node") as client:
            with pytest.raises(TooLargeError, match="8388608 are the most"):
                await client.submit_many([bytes(5 * 2**20), bytes(5 * 2**20)])
            assert await client.height() <= 1

    with running_node(tmp_path / "node") as node, node.connect() as client:
        asyncio.run(ask())
        with pytest.raises(TooLargeError):
            client.submit(bytes(9 * 2**20))
        assert client.height() <= 1


def test_both_connections_read_what_a_node_reads():
    assert questions.FRAME_BYTES_MAX == frames.FRAME_BYTES_MAX


def test_a_folder_without_a_node_is_named(tmp_path):
    with pytest.raises(NodeNotRunningError, match="no node answers"):
        asyncio.run(AsyncConnection.open(tmp_path))


def test_both_connections_offer_the_same_questions():
    def offered(kind: type) -> dict[str, list[str]]:
        return {
            name: list(inspect.signature(method).parameters)
            for name, method in inspect.getmembers(kind, inspect.isfunction)
            if not name.startswith("_") and name not in ONLY_BLOCKING
        }

    assert offered(AsyncConnection) == offered(Connection)
