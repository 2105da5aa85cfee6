"""All validators of the genesis have gone when a node joins from a snapshot: what it proves still begins there."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from sogdia.cli.exits import Exit
from sogdia.cli.running import run
from sogdia.engine.folders.kept_light_blocks import NAME
from sogdia.modules.governance.proposing import ProposeRemoval
from sogdia.network import local
from sogdia.network.creating import add_node
from sogdia.network.syncing import sync_within
from tests.network.council import NEWCOMER, Council
from tests.network.running import Load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.network.running import RunningNetwork

EVERY = 10
TWO = ("kz-bank", "uz-post")
LATE = "ke-customs"
SECONDS = 60.0


def gone(council: Council, name: str) -> bool:
    return council.account(name) not in council.keys(NEWCOMER)


@pytest.fixture
def changed(make_network: Callable[..., RunningNetwork], monkeypatch: pytest.MonkeyPatch) -> RunningNetwork:
    """A network whose two first validators have handed over to a third, with a node that has only what came after."""
    monkeypatch.setenv("SOGDIA_NETWORK_SNAPSHOT_EVERY_BLOCKS", str(EVERY))
    network = make_network(names=TWO)
    network.up()
    council = Council(network)
    council.add_newcomer()
    council.admit_newcomer(TWO[0])
    for name in TWO:
        going = ProposeRemoval(reference=f"go-{name}", height=0, account=network.account(name))
        council.decide([name], going)
        network.until(partial(gone, council, name), f"{name} stays")
    over = network.height(NEWCOMER)
    load = Load(network, TWO[1])
    network.until(lambda: network.height(TWO[1]) > over + 2 * EVERY + 3, "too few blocks", SECONDS)
    load.stop()
    late = add_node(network.folder, LATE, sync=sync_within(network.folder))
    network.plan = replace(network.plan, nodes=(*network.plan.nodes, late))
    network.names = (*network.names, LATE)
    local.start(network.place(LATE))
    network.until(lambda: network.height(LATE) > over + EVERY, "no snapshot was restored", SECONDS)
    return network


@pytest.mark.slow
def test_a_node_that_joined_late_proves_from_the_genesis_on_and_from_a_header_that_is_named(
    changed: RunningNetwork, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    genesis, node = changed.folder / "genesis.json", str(changed.place(LATE))

    def prove(file: str, *words: str) -> int:
        return run(["prove", "record", "kernel/validators", "--node", node, "--out", str(tmp_path / file), *words])

    assert prove("whole") == Exit.DONE
    assert run(["verify", str(tmp_path / "whole"), "--genesis", str(genesis)]) == Exit.DONE

    # Without the light blocks that it took along, nothing leads from the genesis to where its own begin.
    (changed.place(LATE) / NAME).unlink()
    changed.down(LATE)
    changed.up(LATE)
    changed.until(lambda: changed.height(LATE) > 0, "it does not run", SECONDS)
    capsys.readouterr()
    assert prove("lost") == Exit.DAMAGED
    assert "--from-header HEIGHT" in capsys.readouterr().err

    named = changed.height(LATE) - 1
    assert prove("named", "--from-header", str(named), "--json") == Exit.DONE
    told = json.loads(capsys.readouterr().out)
    trust = ["--trust", told["trust"], "--network", changed.plan.network]
    assert told["trust"].startswith(f"{named}:")
    assert run(["verify", str(tmp_path / "named"), *trust]) == Exit.DONE
    assert run(["verify", str(tmp_path / "named"), "--genesis", str(genesis)]) == Exit.DAMAGED

    capsys.readouterr()
    assert prove("early", "--from-header", "1") == Exit.USAGE
    assert "No proof begins with the header of height 1: its engine has no header" in capsys.readouterr().err
