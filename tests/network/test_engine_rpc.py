"""Asking the engine: a connection that it has closed meanwhile is opened again."""

import asyncio

import pytest

from sogdia.engine.cometbft.engine_rpc import EngineRpc

ANSWER = b'{"jsonrpc":"2.0","id":0,"result":{"height":"7"}}'


async def answer_once(reader, writer):
    """Answer one question and close the connection, as the engine does when nothing more is asked for a while."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(ANSWER) + ANSWER)
    await writer.drain()
    writer.close()


@pytest.mark.parametrize("pause", [0, 0.05], ids=["closed just now", "closed before"])
def test_a_question_after_a_long_silence_finds_a_new_connection(tmp_path, pause):
    async def ask_twice() -> tuple[object, object]:
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
