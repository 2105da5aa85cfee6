"""Replay against live speed: the blocks of a run are derived again from genesis, every signature verified anew."""

from __future__ import annotations

import time

import msgspec

from bench.node_load import VALIDITY_SECONDS, Node, play
from bench.work import Maker
from sogdia.client.connection import Connection, Durable
from sogdia.engine.folders.replay import Replayed, replay
from sogdia.modules import ALL

IN_FLIGHT = 256


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """A live run and its replay, in envelopes a second."""

    envelopes: int
    live_per_second: float
    replay_per_second: float
    ratio: float


def measure(orders: int) -> Replay:
    """Run life cycles through a node, stop it, and replay its folder."""
    node = Node(verifier=True)
    try:
        maker = Maker(node.network, int(time.time()) + VALIDITY_SECONDS)
        preparations = list(maker.preparations())
        lives = [maker.life(number) for number in range(orders)]
        started = time.perf_counter()
        with Connection(node.folder) as connection:
            ready = sum(isinstance(outcome, Durable) for outcome in connection.submit_many(preparations))
            steps = play(connection, iter(lives), IN_FLIGHT)
        live = (ready + steps) / (time.perf_counter() - started)
        node.stop()
        outcome = replay(node.folder, ALL)
    finally:
        node.close()
    if not isinstance(outcome, Replayed):
        message = f"the bench's own ledger does not replay: {outcome}"
        raise RuntimeError(message)  # noqa: TRY004 - not a matter of types
    again = outcome.envelopes / outcome.seconds
    return Replay(envelopes=outcome.envelopes, live_per_second=live, replay_per_second=again, ratio=again / live)
