"""The wires between organisations are cut for 20 s: 2|2 halts and never forks, 3|1 goes on without the one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests import real_parts
from tests.faults.network import wires
from tests.faults.network.hurting import RETURN_SECONDS
from tests.faults.network.wires import Cuttable, Namespaces, Relays
from tests.network.running import FOUR, Load
from tests.rotation import full

if TYPE_CHECKING:
    from collections.abc import Callable

CUT_SECONDS = 20.0
SETTLE_SECONDS = 2.0
KINDS = [Namespaces, Relays] if full() or wires.missing() else [Namespaces]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
def network(request, make_network: Callable[..., Cuttable]) -> Cuttable:
    """A network over wires that can be cut."""
    reason = wires.missing()
    if request.param is Namespaces and reason:
        real_parts.left_out("network namespaces", reason)
        pytest.skip(reason)
    if request.param is Namespaces:
        real_parts.used("network namespaces")
    made = make_network(kind=request.param)
    made.up()
    return made


@pytest.mark.slow
@pytest.mark.takes_turns
def test_the_wires_are_cut_and_joined(network: Cuttable):
    load = Load(network, FOUR[0])
    network.until(lambda: bool(load.acknowledged), "nothing was acknowledged")

    halves = FOUR[:2], FOUR[2:]
    network.cut(*halves)
    time.sleep(SETTLE_SECONDS)
    heights = [network.height(name) for name in FOUR]
    acknowledged = len(load.acknowledged)
    time.sleep(CUT_SECONDS - SETTLE_SECONDS)
    assert [network.height(name) for name in FOUR] == heights, "a half has decided something"
    assert len(load.acknowledged) == acknowledged, "a half has acknowledged something"
    network.join()
    network.stands(load, back=RETURN_SECONDS)

    load = Load(network, FOUR[0])
    network.cut(FOUR[:3], FOUR[3:])
    time.sleep(SETTLE_SECONDS)
    alone, together = network.height(FOUR[3]), network.height(FOUR[0])
    time.sleep(CUT_SECONDS - SETTLE_SECONDS)
    assert network.height(FOUR[3]) == alone, "one alone has decided something"
    assert network.height(FOUR[0]) > together + 10, "three of four do not go on"
    network.join()
    network.stands(load, back=RETURN_SECONDS)
