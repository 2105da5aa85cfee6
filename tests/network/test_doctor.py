"""What `sogdia network doctor` finds in the folders of a network that does not run."""

from __future__ import annotations

import json
import re
import shutil
import socket
from typing import TYPE_CHECKING

import pytest

from sogdia.client.questions import NodeNotRunningError
from sogdia.engine.cometbft.home import CONFIG, DATA, GENESIS_FILE, NODE_KEY_FILE, VALIDATOR_KEY_FILE
from sogdia.engine.cometbft.home import VALIDATOR_STATE_FILE as STATE
from sogdia.engine.cometbft.places import home
from sogdia.network import local
from sogdia.network.creating import Wanted, create, read_plan
from sogdia.network.doctor import examine
from sogdia.network.organisations import read_organisations
from tests.ports import free_ports

if TYPE_CHECKING:
    from pathlib import Path

ONE, OTHER = "kz-bank", "uz-post"


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """A network of two."""
    organisations = tuple(read_organisations(f"{ONE},{OTHER}"))
    create(tmp_path / "house", Wanted(name="test", organisations=organisations, port=free_ports(2)[0]))
    return tmp_path / "house"


def of(network: Path, name: str, file: str, part: str = CONFIG) -> Path:
    """Give a file of a node's engine."""
    return home(network / name) / part / file


def found(network: Path) -> dict[str, tuple[bool, str]]:
    """What is found, by what it is about."""
    return {each.about: (each.ok, each.message) for each in examine(network)}


def test_folders_that_are_as_they_were_made_are_well(network):
    looked = found(network)

    assert {looked[about][0] for about in ("genesis", "keys", "node keys")} == {True}


def other_genesis(network):
    path = of(network, OTHER, GENESIS_FILE)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"genesis_time": "2020-01-01T00:00:00Z"}))


def one_node_key(network):
    shutil.copy(of(network, ONE, NODE_KEY_FILE), of(network, OTHER, NODE_KEY_FILE))


def unknown_node_key(network):
    other = network.parent / "other"
    create(other, Wanted(name="other", organisations=tuple(read_organisations(OTHER))))
    shutil.copy(of(other, OTHER, NODE_KEY_FILE), of(network, OTHER, NODE_KEY_FILE))


def one_validator_key(network):
    shutil.copy(of(network, ONE, VALIDATOR_KEY_FILE), of(network, OTHER, VALIDATOR_KEY_FILE))


def lost_votes(network):
    of(network, OTHER, STATE, DATA).unlink()


def open_key(network):
    of(network, OTHER, VALIDATOR_KEY_FILE).chmod(0o644)


@pytest.mark.parametrize(
    ("change", "about", "words"),
    [
        (other_genesis, "genesis", f"that of {OTHER} differs"),
        (one_node_key, "node keys", f"{ONE} and {OTHER} have one key, and peers let only one of them in"),
        (unknown_node_key, "node keys", f"that of {OTHER} is .*, and its peers know it as"),
        (one_validator_key, "keys", f"{ONE} and {OTHER} sign with one key; they would vote twice"),
        (lost_votes, "keys", f"{OTHER} has lost the record of its own votes"),
        (open_key, "keys", "others may read"),
    ],
)
def test_what_is_wrong_is_named(network, change, about, words):
    change(network)

    ok, message = found(network)[about]

    assert not ok
    assert re.search(words, message), message


def test_a_port_that_somebody_else_has_is_told_and_nothing_is_started(network):
    node = next(each for each in read_plan(network).nodes if each.organisation == OTHER)
    with socket.socket() as taken:
        taken.bind((node.host, node.port))
        taken.listen()

        ok, message = found(network)[f"{OTHER}, port"]
        with pytest.raises(NodeNotRunningError, match=f"{OTHER} cannot start: {message}"):
            local.up(network, say=print)

    assert not ok
    assert message == f"{node.host}:{node.port} cannot be used: Address already in use"
    assert all(local.process_of(network / name) is None for name in (ONE, OTHER))
