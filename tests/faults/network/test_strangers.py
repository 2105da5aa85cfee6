"""What does not belong to a network: another genesis, another engine, somebody else's node, noise. Each is named."""

from __future__ import annotations

import json
import shutil
import socket
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sogdia.engine.cometbft.engine_genesis import NANOSECONDS
from sogdia.engine.cometbft.home import CONFIG, CONFIG_FILE, DATA, GENESIS_FILE, VALIDATOR_STATE_FILE
from sogdia.engine.cometbft.places import home
from sogdia.network.engine_program import VARIABLE
from tests.faults.network.hurting import RETURN_SECONDS, HurtNetwork
from tests.network.running import FOUR, Load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STRANGE, THROUGH = FOUR[3], FOUR[0]
END_SECONDS = 60.0

OTHER_ENGINE = f"""#!{sys.executable}
import socket, sys, time
from pathlib import Path
from sogdia.engine.cometbft import abci_pb2 as abci
from sogdia.engine.cometbft.frames import framed
from sogdia.engine.cometbft.places import abci_socket

if sys.argv[1] == "version":
    print("0.34.24")
    sys.exit()
with socket.socket(socket.AF_UNIX) as application:
    application.connect(str(abci_socket(Path(sys.argv[3]).parent)))
    call = abci.Request(info=abci.RequestInfo(version="0.34.24", abci_version="0.17.0"))
    application.sendall(framed(call.SerializeToString()))
    application.recv(4096)
    time.sleep(20)
"""


def with_shorter_memory(genesis: dict[str, object]) -> None:
    """Change what only the engine reads."""
    genesis["consensus_params"]["evidence"]["max_age_duration"] = str(60 * NANOSECONDS)  # type: ignore[index]


def with_another_name(genesis: dict[str, object]) -> None:
    """Change our own part."""
    genesis["app_state"]["name"] = "another"  # type: ignore[index]


@pytest.mark.slow
@pytest.mark.takes_turns
@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            with_shorter_memory,
            "evidence.max_age_duration is seconds: 60, not seconds: 1209600. All nodes need the same genesis",
        ),
        (with_another_name, "All nodes need the same genesis file"),
    ],
    ids=["only the engine reads it", "our part"],
)
def test_a_node_with_another_genesis_says_so_and_the_others_begin(
    make_network: Callable[..., HurtNetwork], change: Callable[[dict[str, object]], None], why: str
):
    network = make_network()
    path = home(network.place(STRANGE)) / CONFIG / GENESIS_FILE
    right = path.read_text()
    genesis = json.loads(right)
    change(genesis)
    path.write_text(json.dumps(genesis))
    network.start()
    load = Load(network, THROUGH)

    network.until(lambda: not network.is_up(STRANGE), "it goes on with another genesis", END_SECONDS)
    assert network.said_by(STRANGE, why)
    assert network.said_by(STRANGE, "both processes begin anew") == 0, "it is tried again though a person is needed"
    network.up(*FOUR[:3])
    path.write_text(right)
    for each in (home(network.place(STRANGE)) / DATA).iterdir():
        if each.is_dir():
            shutil.rmtree(each)
        elif each.name != VALIDATOR_STATE_FILE:
            each.unlink()
    network.up(STRANGE)

    network.stands(load, back=RETURN_SECONDS)


@pytest.mark.slow
def test_an_engine_of_another_kind_is_named_and_the_node_ends(make_network: Callable[..., HurtNetwork], tmp_path: Path):
    network = make_network()
    engine = tmp_path / "cometbft"
    engine.write_text(OTHER_ENGINE)
    engine.chmod(engine.stat().st_mode | stat.S_IXUSR)

    done = subprocess.run(
        [sys.executable, "-m", "sogdia", "node", "start", str(network.place(STRANGE))],
        env={"PATH": "/usr/bin:/bin", VARIABLE: str(engine)},
        capture_output=True,
        text=True,
        check=False,
        timeout=END_SECONDS,
    )

    assert done.returncode == 2
    assert "CometBFT v0.34.24 was not tested with this release; v0.40.0 was" in done.stdout + done.stderr
    assert "CometBFT 0.34.24 speaks ABCI 0.17.0" in done.stderr
    assert "install the version that docs/guides/run-a-network.md names" in done.stderr


@pytest.mark.slow
@pytest.mark.takes_turns
def test_noise_and_a_node_of_another_network_change_nothing(
    four: HurtNetwork, make_network: Callable[..., HurtNetwork]
):
    load = Load(four, THROUGH)
    ours = next(each for each in four.plan.nodes if each.folder == THROUGH)
    with socket.create_connection((ours.host, ours.port)) as noise:
        noise.sendall(b"GET / HTTP/1.1\r\nHost: somebody\r\n\r\n" * 200)
    other = make_network(names=["tz-bank"])
    path = home(other.place("tz-bank")) / CONFIG / CONFIG_FILE
    path.write_text(path.read_text().replace('persistent_peers = ""', f'persistent_peers = "{ours.peer}"'))
    other.up()

    other.until(lambda: other.engine_said("tz-bank", "different network") > 0, "it is not told why")

    four.stands(load)
