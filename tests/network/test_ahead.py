"""Signatures checked beside the application: known when their transaction is looked at, in the order of arrival."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING, Any

import pytest

from sogdia.engine.cometbft import abci_pb2 as abci
from sogdia.engine.cometbft.abci_server import CALLS_TOGETHER, AbciServer
from sogdia.engine.cometbft.ahead import Ahead, Line
from sogdia.engine.cometbft.frames import framed, split
from sogdia.engine.serving.checks import checks_of, holds
from sogdia.kernel.refusals import KernelRefusal as Refuse
from sogdia.testing.ledger import keys_of
from tests.network.chain import Chain
from tests.network.test_application import Wallet

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from sogdia.engine.cometbft.replica import Replica
    from sogdia.kernel.envelope import Envelope

SECONDS = 20


@pytest.fixture
def chain(tmp_path):
    made = Chain(tmp_path, ["almaty"])
    yield made
    made.close()


@pytest.fixture
def on_the_spot(monkeypatch):
    """The checks that the application makes itself."""
    checks: list[bytes] = []

    def holds_and_says_so(check: bytes) -> bool:
        checks.append(check)
        return holds(check)

    monkeypatch.setattr("sogdia.engine.cometbft.known.holds", holds_and_says_so)
    return checks


async def until(holds: Callable[[], bool]) -> None:
    while not holds():  # noqa: ASYNC110 - there is no event for it
        await asyncio.sleep(0.01)


def with_worker(replica: Replica, what: Callable[[Ahead], Coroutine[Any, Any, None]]) -> None:
    """Run something while a worker process checks for the replica."""

    async def run() -> None:
        ahead = Ahead(replica.ledger, replica.signatures, verifier=True)
        assert ahead.verifier is not None
        await ahead.start()
        try:
            await until(ahead.verifier.is_ready)
            await what(ahead)
        finally:
            ahead.close()

    asyncio.run(asyncio.wait_for(run(), SECONDS))


def test_what_is_served_has_been_checked_and_keeps_its_order(chain, on_the_spot):
    replica, wallet = chain.members[0].replica, Wallet(chain.network)
    signed = [wallet.mint() for _number in range(3 * CALLS_TOGETHER)]
    served: list[int] = []

    async def wait(ahead: Ahead) -> None:
        done = asyncio.Event()

        def serve(number: int) -> None:
            served.append(number)
            if number % 2 == 0:
                replica.door.let_in(opened[number])
            if len(served) == len(signed):
                done.set()

        line: Line[int] = Line(ahead, serve)
        opened = [replica.door.open(each.raw)[0] for each in signed]
        for number, envelope in enumerate(opened):
            # every other one has nothing to be checked, and would be through at once
            line.add(number, [envelope] if number % 2 == 0 else [])
        assert len(line) == len(signed)
        await done.wait()

    with_worker(replica, wait)

    assert served == list(range(len(signed)))
    assert on_the_spot == []


def test_without_a_worker_nothing_waits(chain, on_the_spot):
    replica, wallet = chain.members[0].replica, Wallet(chain.network)
    (envelope,) = replica.door.open(wallet.mint().raw)
    line: Line[Any] = Line(replica.ahead, replica.door.let_in)

    line.add(envelope, [envelope])

    assert (len(line), len(on_the_spot)) == (0, 1)


def test_a_worker_that_dies_leaves_its_checks_to_the_application(chain, on_the_spot):
    replica, wallet = chain.members[0].replica, Wallet(chain.network)
    signed = [wallet.mint() for _number in range(2 * CALLS_TOGETHER)]

    async def wait(ahead: Ahead) -> None:
        done = asyncio.Event()

        def serve(envelope: Envelope) -> None:
            replica.door.let_in(envelope)
            done.set()

        line: Line[Envelope] = Line(ahead, serve)
        assert ahead.verifier is not None
        assert ahead.verifier.pid is not None
        os.kill(ahead.verifier.pid, signal.SIGKILL)
        opened = [replica.door.open(each.raw)[0] for each in signed]
        line.add(opened[0], opened)
        await done.wait()

    with_worker(replica, wait)

    assert len(on_the_spot) == 1


def test_what_no_longer_waits_is_given_back_and_never_served(chain):
    replica, wallet = chain.members[0].replica, Wallet(chain.network)
    (envelope,) = replica.door.open(wallet.mint().raw)
    served: list[str] = []

    async def wait(ahead: Ahead) -> None:
        line: Line[str] = Line(ahead, served.append)
        line.add("gone", [envelope])
        assert line.clear() == ["gone"]
        checks = checks_of(replica.ledger.state(), envelope)
        await until(lambda: not replica.signatures.unknown(checks))

    with_worker(replica, wait)

    assert served == []


def test_the_pool_s_answers_keep_their_order_and_a_wrong_signature_is_refused(chain, on_the_spot, tmp_path):
    member, wallet = chain.members[0], Wallet(chain.network)
    good = [wallet.mint().raw for _number in range(2 * CALLS_TOGETHER)]
    crooked = wallet.mint(keys=keys_of("nairobi")).raw
    offered = [*good[:40], crooked, b"garbage", *good[40:]]
    heard: list[abci.Response] = []

    async def call(ahead: Ahead) -> None:
        server = AbciServer(member.application, ahead)
        await server.start(tmp_path / "abci.sock")
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "abci.sock"))
        calls = [abci.Request(check_tx=abci.RequestCheckTx(tx=each, type=abci.NEW)) for each in offered]
        calls.append(abci.Request(flush=abci.RequestFlush()))
        writer.write(b"".join(framed(each.SerializeToString()) for each in calls))
        rest = b""
        while len(heard) <= len(offered):
            messages, rest = split(rest + await reader.read(2**20))
            heard.extend(abci.Response.FromString(each) for each in messages)
        writer.close()
        await server.stop()

    with_worker(member.replica, call)

    codes = [each.check_tx.code for each in heard[:-1]]
    assert codes[40:42] == [Refuse.SIGNATURE_WRONG, Refuse.ENVELOPE_MALFORMED]
    assert set(codes[:40] + codes[42:]) == {0}
    assert heard[-1].HasField("flush")
    assert len(set(on_the_spot)) == 1
