"""What every block keeps, on a running node: a rule that is wrong stops it before anything is written."""

from __future__ import annotations

import pytest

from sogdia.client.connection import Durable
from sogdia.kernel.genesis import network_of
from sogdia.kernel.refusal import Broken
from tests.engine.running_node import reopened, running_node
from tests.engine.tiny_module import LOST, NOTES, Wallet, tiny_genesis


def test_a_block_that_does_not_keep_what_every_block_keeps_stops_the_node_and_is_not_written(tmp_path):
    folder = tmp_path / "node"
    signer = Wallet(network_of(tiny_genesis()))

    def live() -> None:
        with running_node(folder) as node, node.connect() as client:
            assert isinstance(client.submit(signer.note(1)), Durable)
            client.submit(signer.note(2, LOST))

    with pytest.raises(Broken, match="a block loses a note"):
        live()

    again = reopened(folder)
    assert [NOTES.find(again.state(), signer.name(number)) is not None for number in (1, 2)] == [True, False]
    again.close()
