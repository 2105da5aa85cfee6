"""A node that runs in a thread of the test, and folders with ledgers of the tiny module."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sogdia.client.connection import Connection
from sogdia.engine.ledger.ledger import Ledger
from sogdia.engine.solo.alone import alone, clock_of
from tests.engine.tiny_module import MODULES, NODE_KEY, Wallet, tiny_genesis

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sogdia.client.keys import KeyPair
    from sogdia.engine.serving.service import Service
    from sogdia.engine.solo.clock import Clock
    from sogdia.kernel.envelope import Envelope

SECONDS_MAX = 20.0


def new_ledger(folder: Path, **genesis: Any) -> Ledger:  # noqa: ANN401 - any part of a genesis
    """Make a ledger in `folder`."""
    return Ledger.create(folder, MODULES, tiny_genesis(**genesis), [NODE_KEY])


def reopened(folder: Path, keys: tuple[KeyPair, ...] = (NODE_KEY,)) -> Ledger:
    """Open the ledger in `folder`."""
    return Ledger.open(folder, MODULES, keys)


def wallet_of(ledger: Ledger) -> Wallet:
    """Give the wallet of a party."""
    return Wallet(ledger.machine.network)


def opened(ledger: Ledger, *raws: bytes) -> list[Envelope]:
    """Decode envelopes, as the node's door does."""
    return [ledger.machine.envelopes.open(raw, ledger.limits()) for raw in raws]


class RunningNode:
    """A node in a thread, with its socket."""

    def __init__(self, folder: Path, *, verifier: bool, clock: Clock | None, keys: tuple[KeyPair, ...]) -> None:
        """Run the ledger in `folder`, which is made when it is not there."""
        self.folder = folder
        self.service: Service
        self.error: BaseException | None = None
        self._verifier = verifier
        self._clock = clock
        self._keys = keys
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(SECONDS_MAX)
        if self.error is not None:
            raise self.error

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - the test that waits for the node gets it
            self.error = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        ledger = reopened(self.folder, self._keys)
        self._loop = asyncio.get_running_loop()
        self.service = alone(ledger, self._clock or clock_of(ledger), verifier=self._verifier)
        await self.service.run(lambda _path: self._ready.set())

    def inside(self, function: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever the function gives
        """Run a function in the node's own thread."""

        async def call() -> Any:  # noqa: ANN401 - as above
            return function()

        return asyncio.run_coroutine_threadsafe(call(), self._loop).result(SECONDS_MAX)

    def connect(self) -> Connection:
        """Connect to the node."""
        return Connection(self.folder, seconds=SECONDS_MAX)

    def wait_for_end(self) -> None:
        """Wait until the node has ended."""
        self._thread.join(SECONDS_MAX)
        assert not self._thread.is_alive()

    def stop(self) -> None:
        """End the node; raises what the node ended with."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self.service.stop)
        self.wait_for_end()
        if self.error is not None:
            raise self.error


@contextmanager
def running_node(
    folder: Path,
    *,
    verifier: bool = False,
    clock: Clock | None = None,
    wall: bool = False,
    keys: tuple[KeyPair, ...] = (NODE_KEY,),
    **genesis: Any,  # noqa: ANN401 - any part of a genesis
) -> Iterator[RunningNode]:
    """Run a node for a while: by its own manual clock, by another `clock`, or by the computer's."""
    if not (folder / "data.mdb").exists():
        new_ledger(folder, clock="wall" if wall else "manual", **genesis).close()
    node = RunningNode(folder, verifier=verifier, clock=clock, keys=keys)
    try:
        yield node
    finally:
        node.stop()
