"""A fresh node takes the state from its peers, over the real engine: honest ones, and some that lie."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from msgspec.structs import replace

from sogdia.client.connection import Connection
from sogdia.client.questions import RefusedByNodeError
from sogdia.engine.cometbft.places import ENGINE_LOG
from sogdia.engine.folders.kept_snapshots import FOLDER, MANIFEST
from sogdia.engine.folders.snapshot_form import read_manifest
from sogdia.kernel.codec import encode
from sogdia.kernel.comet import header_hash
from sogdia.kernel.genesis import genesis_type
from sogdia.kernel.node_refusals import NodeRefusal
from sogdia.modules import ALL
from sogdia.network import local
from sogdia.network.creating import GENESIS, add_node
from sogdia.network.syncing import CannotSyncError, sync_of, sync_within, verified_way
from tests.network.running import Load, RunningNetwork
from tests.ports import free_ports

if TYPE_CHECKING:
    from sogdia.engine.cometbft.home import Sync

EVERY = 10
CHANGED = Path(__file__).parent / "changed_node"
SYNC_SECONDS = 60.0


@pytest.fixture
def grown(make_network, monkeypatch):
    """Four nodes that have taken snapshots of several chunks, and stand still."""
    monkeypatch.setenv("SOGDIA_NETWORK_SNAPSHOT_EVERY_BLOCKS", str(EVERY))
    monkeypatch.setenv("PYTHONPATH", str(CHANGED))
    monkeypatch.setenv("SOGDIA_TEST_CHUNK_BYTES", "1")
    network = make_network()
    network.up()
    grow(network, 2 * EVERY + 5)
    return network


def grow(network: RunningNetwork, height: int) -> None:
    load = Load(network, "kz-bank")
    network.until(lambda: network.height("kz-bank") > height, "too few blocks", 60)
    load.stop()
    network.agrees(network.names[:4])


def snapshots_of(network: RunningNetwork, name: str) -> list[int]:
    return sorted(int(each.name) for each in (network.place(name) / FOLDER).iterdir() if each.name.isdecimal())


def joined(network: RunningNetwork, sync: Sync | None = None) -> int:
    """Let a fifth node join by its peers' snapshots, and look that it follows; gives where its blocks begin."""
    added = add_node(network.folder, "ua-carrier", sync=sync or sync_within(network.folder))
    network.plan = replace(network.plan, nodes=(*network.plan.nodes, added))
    network.names = (*network.names, "ua-carrier")
    local.start(network.place("ua-carrier"))
    network.until(lambda: network.height("ua-carrier") > EVERY, "no snapshot was restored", SYNC_SECONDS)
    load = Load(network, "ua-carrier")
    network.until(lambda: len(load.acknowledged) >= 5, "the new node does not follow", SYNC_SECONDS)
    load.stop()
    assert load.check() >= 5
    network.until(lambda: len({network._stand(name) for name in network.names}) == 1, "they do not come to the same")
    (first,) = snapshots_of(network, "ua-carrier")[:1]
    tip = min(network.height(name) for name in network.names)
    raws = set()
    for name in network.names:
        with Connection(network.place(name)) as connection:
            raws.add(tuple(connection.raw_block(each) for each in range(first + 1, tip + 1)))
    assert len(raws) == 1
    return first


def test_a_fresh_node_takes_the_state_from_its_peers_and_follows(grown):
    first = joined(grown)

    assert first in snapshots_of(grown, "kz-bank")
    with Connection(grown.place("ua-carrier")) as connection:
        assert connection.status().first_height == first + 1
        with pytest.raises(RefusedByNodeError) as refused:
            connection.raw_block(first)
    assert refused.value.code == NodeRefusal.BLOCK_IN_ARCHIVE
    assert refused.value.facts == (("height", first), ("blocks_begin", first + 1))


@pytest.mark.slow
@pytest.mark.takes_turns
def test_a_peer_that_serves_altered_chunks_is_banned_and_the_restore_goes_on(grown, monkeypatch):
    grown.down("ke-customs", "cn-platform", "uz-post")
    monkeypatch.setenv("SOGDIA_TEST_LIES", "1")
    local.start(grown.place("ke-customs"))
    monkeypatch.delenv("SOGDIA_TEST_LIES")
    for name in ("cn-platform", "uz-post"):
        shutil.rmtree(grown.place(name) / FOLDER)
    grown.up()

    joined(grown)

    said = (grown.place("ua-carrier") / local.NODE_LOG).read_text()
    liar = next(each.peer_id for each in grown.plan.nodes if each.folder == "ke-customs")
    assert f"{liar} is banned" in said


@pytest.mark.slow
@pytest.mark.takes_turns
def test_a_lying_snapshot_is_refused_and_an_earlier_true_one_is_taken(grown):
    heights = snapshots_of(grown, "ke-customs")
    grown.down()
    for name in ("cn-platform", "kz-bank", "uz-post"):
        shutil.rmtree(grown.place(name) / FOLDER / str(heights[-1]))
    folder = grown.place("ke-customs") / FOLDER / str(heights[-1])
    buckets = msgspec.msgpack.decode((folder / "00000").read_bytes())
    buckets[0][1][1] += b"!"
    (folder / "00000").write_bytes(encode(buckets))
    manifest = read_manifest((folder / MANIFEST).read_bytes(), grown.network)
    chunks = (sha256(encode(buckets)).digest(), *manifest.chunks[1:])
    (folder / MANIFEST).write_bytes(encode(replace(manifest, chunks=chunks)))
    grown.up()

    first = joined(grown)

    assert first == heights[-2]
    assert "Snapshot sender rejected" in (grown.place("ua-carrier") / ENGINE_LOG).read_text() or (
        "is refused" in (grown.place("ua-carrier") / local.NODE_LOG).read_text()
    )


def ask(address: str, **question: object) -> Any:  # noqa: ANN401 - what the engine says
    raw = json.dumps({"jsonrpc": "2.0", "id": 7, **question}).encode()
    request = urllib.request.Request(address, raw, {"content-type": "application/json"})  # noqa: S310 - our own
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - our own
        return json.load(answer)


@pytest.fixture
def doors(grown):
    """The HTTP APIs of two organisations, as a node on another machine reaches them."""
    ports = free_ports(2)
    running = []
    for port, name in zip(ports, ("cn-platform", "kz-bank"), strict=True):
        command = [sys.executable, "-m", "sogdia", "api", "start", str(grown.place(name))]
        listen = ["--listen", f"127.0.0.1:{port}"]
        running.append(subprocess.Popen([*command, *listen], stdout=subprocess.PIPE, text=True))
    for each in running:
        assert each.stdout is not None
        assert "answers at" in each.stdout.readline()
    yield [f"http://127.0.0.1:{port}/v1/engine" for port in ports]
    for each in running:
        each.terminate()
        each.wait(timeout=20)
        if each.stdout is not None:
            each.stdout.close()


@pytest.mark.slow
@pytest.mark.takes_turns
def test_headers_come_over_the_http_apis_of_two_organisations(grown, doors):
    genesis = msgspec.json.decode((grown.folder / GENESIS).read_bytes(), type=genesis_type(ALL))
    header = verified_way(grown.place("kz-bank"), genesis)[-1].header

    trust = f"{header.height}:{header_hash(header).hex()}"

    joined(grown, sync_of(grown.folder, trust, doors))

    for servers in (doors, ()):
        assert sync_of(grown.folder, trust, servers).way[-1].header == header
    assert sync_of(grown.folder, trust, ["http://127.0.0.1:1/v1/engine"] * 2).way == ()

    assert ask(doors[0], method="commit", params={"height": "999999"})["error"]["code"] == -32603
    assert ask(doors[0], method="validators", params={})["result"]["total"] == "4"
    for question in ({"method": "broadcast_tx_sync", "params": {}}, {"method": "commit", "params": {"height": "x"}}):
        with pytest.raises(urllib.error.HTTPError, match="400"):
            ask(doors[0], **question)


@pytest.mark.slow
def test_nobody_to_take_the_state_from_is_said(grown):
    for name in grown.names:
        shutil.rmtree(grown.place(name) / FOLDER)
    with pytest.raises(CannotSyncError, match="has taken a snapshot yet"):
        sync_within(grown.folder)

    grown.down("cn-platform", "uz-post", "ke-customs")

    with pytest.raises(CannotSyncError, match="at least 2 nodes"):
        sync_within(grown.folder)
