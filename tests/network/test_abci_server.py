"""The engine's socket: it is read while a call is worked on, and answers keep the order of the calls."""

import asyncio
import socket

from sogdia.engine.cometbft import abci_pb2 as abci
from sogdia.engine.cometbft.abci_server import AbciServer
from sogdia.engine.cometbft.ahead import Ahead
from sogdia.engine.cometbft.frames import framed, split
from sogdia.engine.cometbft.known import KnownSignatures
from sogdia.kernel.envelope import Envelope

NO_WORKER = Ahead(None, KnownSignatures(), verifier=False)  # type: ignore[arg-type]
LONG = "x" * 50_000
CALLS = 100


def echo(message: str) -> bytes:
    """Give the bytes of a call."""
    return framed(abci.Request(echo=abci.RequestEcho(message=message)).SerializeToString())


class Busy:
    """An application whose first call takes long: meanwhile the engine sends more than a socket holds."""

    def __init__(self, engine: socket.socket) -> None:
        """Work for the engine at the other end of `engine`."""
        self.engine = engine
        self.server: AbciServer

    def offered(self, _requests: object) -> list[Envelope]:
        """Give no envelopes: these calls have none."""
        return []

    def answer(self, request: abci.Request) -> abci.Response:
        """Echo, in the end."""
        if request.echo.message == "first":
            for number in range(CALLS):
                self.engine.sendall(echo(f"{number} {LONG}"))
                self.server.take_more()
        return abci.Response(echo=abci.ResponseEcho(message=request.echo.message.split()[0]))


def test_what_arrives_during_a_long_call_never_blocks_the_engine(tmp_path):
    async def serve() -> list[str]:
        with socket.socket(socket.AF_UNIX) as engine:
            application = Busy(engine)
            server = application.server = AbciServer(application, NO_WORKER)  # type: ignore[arg-type]
            await server.start(tmp_path / "abci.sock")
            engine.connect(str(tmp_path / "abci.sock"))
            engine.settimeout(0.2)  # a write that has to wait for the application fails
            engine.sendall(echo("first"))
            heard: list[str] = []
            rest = b""
            while len(heard) <= CALLS:
                await asyncio.sleep(0.01)
                try:
                    messages, rest = split(rest + engine.recv(2**20, socket.MSG_DONTWAIT))
                except BlockingIOError:
                    continue
                heard += [abci.Response.FromString(each).echo.message for each in messages]
            await server.stop()
            return heard

    assert asyncio.run(asyncio.wait_for(serve(), 30)) == ["first", *(str(number) for number in range(CALLS))]
