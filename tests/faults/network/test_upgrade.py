"""An upgrade rehearsed on a network: three have the newer software in time, one is late, stops and comes back."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from sogdia.client.connection import Connection, Durable
from sogdia.client.envelopes import EnvelopeMaker
from sogdia.client.questions import RefusedByNodeError
from sogdia.kernel.protocol import PROTOCOL, Protocol
from sogdia.kernel.refusals import KernelRefusal
from sogdia.kernel.values import name_of
from sogdia.modules.governance.proposing import ProposeUpgrade
from sogdia.modules.governance.voting import CastBallot
from sogdia.testing.rehearsal import MARKS, VERSION, LeaveMark
from tests.faults.network.hurting import RETURN_SECONDS
from tests.network.running import FOUR, Load

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.network.hurting import HurtNetwork

NOT_IN_FORCE = str(int(KernelRefusal.OPERATION_NOT_IN_FORCE))
READY, LATE = FOUR[:3], FOUR[3]
BLOCKS_OF_NOTICE = 25
DECIDE_SECONDS = 60.0


def act(network: HurtNetwork, who: str, operation: Any) -> Durable:  # noqa: ANN401 - any operation
    """Let an organisation do something; gives its receipt."""
    signed = EnvelopeMaker(network.network).make([network.sender(who)], [operation], expiry=int(time.time()) + 3_600)
    with Connection(network.place(READY[0])) as connection:
        return connection.submit(signed.raw)


def protocol(network: HurtNetwork, name: str) -> Protocol:
    """Give the version in force at a node, and the one that follows."""
    with Connection(network.place(name)) as connection:
        return PROTOCOL.codec.decode(connection.record(PROTOCOL.full_key(None)).value or b"")


@pytest.mark.slow
@pytest.mark.takes_turns
def test_a_late_node_stops_before_the_upgrade_and_comes_back_with_the_newer_software(
    make_network: Callable[..., HurtNetwork],
):
    network = make_network()
    for name in READY:
        network.hurt(name, later=True)
    network.up()
    load = Load(network, READY[0])
    early = EnvelopeMaker(network.network).make([network.sender(LATE)], [LeaveMark()], expiry=int(time.time()) + 3_600)
    with Connection(network.place(READY[0])) as connection, pytest.raises(RefusedByNodeError, match=NOT_IN_FORCE):
        connection.submit(early.raw)

    height = network.height(READY[0]) + BLOCKS_OF_NOTICE
    assert act(network, READY[0], ProposeUpgrade(reference="up", height=height, version=VERSION)).receipt[1] == 0
    proposal = name_of(network.account(READY[0]), "up")
    for name in READY[1:]:
        assert act(network, name, CastBallot(proposal=proposal, yes=True)).receipt[1] == 0
    decided = Protocol(version=1, next_version=VERSION, next_height=height)
    network.until(lambda: protocol(network, LATE) == decided, "the late node has not heard of it")

    network.until(lambda: not network.is_up(LATE), "the late node goes on", DECIDE_SECONDS)
    assert network.said_by(LATE, f"protocol version {VERSION} is in force, and this software knows versions up to 1")
    assert network.said_by(LATE, f"can't execute block {height}")
    assert network.said_by(LATE, f"Install a version of Sogdia that knows protocol version {VERSION}")
    marked = act(network, LATE, LeaveMark())
    assert marked.receipt[1] == 0
    assert marked.height >= height

    network.hurt(LATE, later=True)
    network.up(LATE)
    network.stands(load, back=RETURN_SECONDS)
    assert {name: protocol(network, name).version for name in FOUR} == dict.fromkeys(FOUR, VERSION)
    for name in FOUR:
        with Connection(network.place(name)) as connection:
            found = connection.record(MARKS.full_key(network.account(LATE))).value
        assert MARKS.codec.decode(found or b"").height == marked.height
