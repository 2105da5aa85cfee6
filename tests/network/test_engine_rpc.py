"""Asking the engine: one that does not listen yet is waited for, a connection that it has closed is opened again."""

import asyncio
from typing import Any

import pytest

from sogdia.engine.cometbft import engine_rpc
from sogdia.engine.cometbft.engine_rpc import EngineAwayError, EngineRpc

ANSWER = b'{"jsonrpc":"2.0","id":0,"result":{"height":"7"}}'


async def answer_once(reader, writer):
    """Answer one question and close the connection, as the engine does when nothing more is asked for a while."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(ANSWER) + ANSWER)
    await writer.drain()
    writer.close()


@pytest.mark.parametrize("pause", [0, 0.05], ids=["closed just now", "closed before"])
def test_a_question_after_a_long_silence_finds_a_new_connection(tmp_path, pause):
    async def ask_twice() -> tuple[Any, Any]:
        server = await asyncio.start_unix_server(answer_once, tmp_path / "engine.sock")
        rpc = EngineRpc(tmp_path / "engine.sock")
        try:
            first = await rpc.ask("status")
            await asyncio.sleep(pause)
            return first, await rpc.ask("status")
        finally:
            rpc.close()
            server.close()

    assert asyncio.run(ask_twice()) == ({"height": "7"}, {"height": "7"})


def test_an_engine_that_does_not_listen_yet_is_waited_for(tmp_path):
    async def ask_early() -> Any:  # noqa: ANN401 - whatever is answered
        rpc = EngineRpc(tmp_path / "engine.sock")
        asked = asyncio.ensure_future(rpc.ask("status"))
        await asyncio.sleep(0.2)
        server = await asyncio.start_unix_server(answer_once, tmp_path / "engine.sock")
        try:
            return await asked
        finally:
            rpc.close()
            server.close()

    assert asyncio.run(ask_early()) == {"height": "7"}


def test_an_engine_that_never_listens_is_away(tmp_path, monkeypatch):
    monkeypatch.setattr(engine_rpc, "CONNECT_SECONDS_MAX", 0.1)

    with pytest.raises(EngineAwayError, match="does not answer"):
        asyncio.run(EngineRpc(tmp_path / "engine.sock").ask("status"))
