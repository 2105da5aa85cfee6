"""Who is let in as a peer: anybody, or the nodes that an operator has named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from sogdia.network import local
from sogdia.network.creating import add_node
from tests.network.running import FOUR

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.network.running import RunningNetwork

VARIABLE = "SOGDIA_NETWORK_PEERS_ONLY"
STRANGER = "ua-carrier"
SECONDS = 60.0


@pytest.mark.slow
def test_a_node_that_is_not_named_is_not_let_in_and_follows_once_it_is(
    make_network: Callable[..., RunningNetwork], monkeypatch: pytest.MonkeyPatch
):
    network = make_network()
    monkeypatch.setenv(VARIABLE, ",".join(each.peer_id for each in network.plan.nodes))
    network.up()
    added = add_node(network.folder, STRANGER)
    network.plan = replace(network.plan, nodes=(*network.plan.nodes, added))
    local.start(network.place(STRANGER))
    try:
        turned_away = f"the peer {added.peer_id} is not let in"
        network.until(
            lambda: all(turned_away in (network.place(name) / local.NODE_LOG).read_text() for name in FOUR),
            "nobody turns the stranger away",
            SECONDS,
        )
        assert network.height(STRANGER) == 0

        monkeypatch.setenv(VARIABLE, ",".join(each.peer_id for each in network.plan.nodes))
        network.down(FOUR[0])
        network.up()
        network.until(lambda: network.height(STRANGER) > 0, "who is named does not follow", SECONDS)
    finally:
        local.down(network.folder, [STRANGER], say=network.said.append)
