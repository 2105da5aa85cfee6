"""Old blocks gone to the archive on a real network: proofs go on, and a fresh node fetches segments."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec
import pytest

from sogdia.cli.exits import Exit
from sogdia.cli.running import run
from sogdia.client.connection import Connection, TryLaterError
from sogdia.client.envelopes import EnvelopeMaker
from sogdia.client.light.anchor import check_anchor
from sogdia.client.light.roots import root_by_genesis
from sogdia.client.light.store import LightStore
from sogdia.engine.cometbft.engine_rpc import EngineRpc
from sogdia.engine.cometbft.places import rpc_socket
from sogdia.engine.folders.archive import FOLDER, segments_in
from sogdia.index.errors import IndexStoppedError
from sogdia.index.following import build
from sogdia.index.sources import NodeSource
from sogdia.kernel.comet import NANOSECONDS, CometAnchor
from sogdia.kernel.genesis import genesis_type
from sogdia.kernel.proof_checks import check_against
from sogdia.kernel.values import name_of
from sogdia.modules import ALL
from sogdia.modules.money import HOLDS, Asset
from sogdia.modules.money.currencies import Mint
from sogdia.modules.money.holds import PlaceHold
from sogdia.network.creating import GENESIS, PEOPLE
from tests.network.running import MONTH, Load, RunningNetwork
from tests.network.test_state_sync import joined
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sogdia.kernel.genesis import GenesisBase

EVERY = 10


@pytest.fixture
def network(make_network, monkeypatch):
    """Four nodes that keep few blocks, and have archived some; a hold was placed before."""
    monkeypatch.setenv("SOGDIA_NETWORK_SNAPSHOT_EVERY_BLOCKS", str(EVERY))
    monkeypatch.setenv("SOGDIA_NETWORK_BLOCKS_KEPT", "8")
    made: RunningNetwork = make_network()
    made.up()
    bank = made.sender("kz-bank")
    hold = PlaceHold(
        reference="h1",
        payee=made.account("cn-platform"),
        asset=Asset("KZT", bank.account),
        units=50,
        deadline=int(time.time()) + MONTH,
        purpose="GDDS",
    )
    maker = EnvelopeMaker(made.network)
    with Connection(made.place("kz-bank")) as connection:
        for operation in (Mint(currency="KZT", to=bank.account, units=50), hold):
            connection.submit(maker.make([bank], [operation], expiry=int(time.time()) + 600).raw)
    load = Load(made, "kz-bank")
    made.until(lambda: all(first(made, name) > EVERY for name in made.names), "nothing was archived", 90)
    load.stop()
    made.agrees()
    return made


def first(network: RunningNetwork, name: str) -> int:
    status = network.status(name)
    return 0 if status is None else status.first_height


@contextmanager
def api(network: RunningNetwork, name: str) -> Iterator[str]:
    """The HTTP API of an organisation, as a node on another machine reaches it."""
    listen = f"127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "sogdia", "api", "start", str(network.place(name)), "--listen", listen]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert "answers at" in running.stdout.readline()
        yield f"http://{listen}"
        running.terminate()


def genesis_of(network: RunningNetwork) -> GenesisBase:
    made: GenesisBase = msgspec.json.decode((network.folder / GENESIS).read_bytes(), type=genesis_type(ALL))
    return made


async def earliest(place: Path) -> int:
    """Ask a node's engine which block is its first."""
    rpc = EngineRpc(rpc_socket(place))
    status = await rpc.ask("status")
    rpc.close()
    return int(status["sync_info"]["earliest_block_height"])


def prove_the_hold(network: RunningNetwork, name: str) -> None:
    """Have a node prove the life of the hold, which began before the first block that it has."""
    key = HOLDS.full_key(name_of(network.account("kz-bank"), "h1"))
    with Connection(network.place(name)) as connection:
        proof = connection.prove_life(key)
    assert proof.steps[-1].height < first(network, name)
    anchor = proof.state.anchor
    assert isinstance(anchor, CometAnchor)
    store = LightStore(root=root_by_genesis(genesis_of(network)))
    check_against(proof, check_anchor(anchor, store, int(time.time()) * NANOSECONDS).roots)


def test_a_life_is_proved_from_the_genesis_after_its_blocks_have_gone(network):
    for segment in segments_in(network.place("kz-bank") / FOLDER):
        segment.path.unlink()
    prove_the_hold(network, "kz-bank")
    assert asyncio.run(earliest(network.place("kz-bank"))) >= EVERY


def test_a_backup_of_a_running_node_has_the_snapshot_that_its_blocks_go_on_from(network, tmp_path, capsys):
    assert run(["backup", str(network.place("uz-post")), str(tmp_path / "backup"), "--json"]) == Exit.DONE
    assert run(["restore", str(tmp_path / "backup"), str(tmp_path / "restored"), "--json"]) == Exit.DONE
    capsys.readouterr()

    assert run(["replay", str(tmp_path / "restored"), "--json"]) == Exit.DONE

    assert json.loads(capsys.readouterr().out)["begins_after"] >= EVERY


def test_a_fresh_node_fetches_what_was_before_it_and_its_index_is_whole(network, tmp_path, capsys):
    begins_after = joined(network)
    place = network.place("ua-carrier")
    load = Load(network, "kz-bank")
    network.until(lambda: first(network, "kz-bank") > begins_after, "the peer archives no more", 90)
    load.stop()
    source = NodeSource(place)
    with pytest.raises(IndexStoppedError, match="archive fetch"):
        build(source, f"sqlite:///{tmp_path / 'part.sqlite'}")
    source.close()

    with api(network, "kz-bank") as address:
        keys = ["--keys", str(network.folder / PEOPLE)]
        assert run(["archive", "fetch", address, str(place)]) == Exit.USAGE
        assert run(["archive", "fetch", address, str(place), "--as", "kz-bank", *keys]) == 0
    assert run(["archive", "verify", str(place)]) == 0

    for segment in segments_in(place / FOLDER):
        raw = segment.path.read_bytes()
        segment.path.with_suffix(".damaged").write_bytes(raw.replace(b"h1", b"h2"))
        segment.path.with_suffix(".damaged").rename(segment.path)
    with Connection(place) as connection, pytest.raises(TryLaterError, match="a segment of the archive is damaged"):
        connection.prove_life(HOLDS.full_key(name_of(network.account("kz-bank"), "h1")))
    assert network.status("ua-carrier") is not None
    shutil.rmtree(place / FOLDER)
    assert run(["archive", "fetch", str(network.place("kz-bank")), str(place)]) == 0
    prove_the_hold(network, "ua-carrier")

    source = NodeSource(place)
    assert build(source, f"sqlite:///{tmp_path / 'whole.sqlite'}") >= begins_after
    source.close()
    assert "Fetched 1-" in capsys.readouterr().out
