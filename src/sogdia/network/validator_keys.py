"""What an organisation signs with its node's validator key: that it holds it, and a change for another.

The key lies in the node's folder alone, as CometBFT keeps it, so this is done on the node's machine. What comes out is
public: it goes into an operation that the organisation, or a member for it, sends.
"""

from __future__ import annotations

import json
from base64 import b64decode
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from sogdia.client import keys as key_files
from sogdia.client.keys import SEED_BYTES, KeyPair
from sogdia.engine.cometbft.home import CONFIG, VALIDATOR_KEY_FILE, write_validator_key
from sogdia.engine.cometbft.next_key import NEXT_KEY_FILE
from sogdia.engine.cometbft.places import home
from sogdia.kernel.genesis import genesis_type, network_of
from sogdia.modules import ALL
from sogdia.modules.identity import possession_message
from sogdia.modules.identity.node_keys import rotation_message
from sogdia.network.creating import GENESIS, NetworkFolderError

if TYPE_CHECKING:
    from pathlib import Path

    from sogdia.kernel.genesis import GenesisBase


class Held(NamedTuple):
    """A validator's public key, and its signature that it is held for an account."""

    public: bytes
    possession: bytes


class Change(NamedTuple):
    """The two keys of a change, and the signature of each over it."""

    old: bytes
    new: bytes
    endorsement: bytes
    acceptance: bytes


def prove_held(folder: Path, account: bytes) -> Held:
    """Sign with a node's validator key that it is held for the organisation with this account, 20 bytes."""
    pair = _read(home(folder) / CONFIG / VALIDATOR_KEY_FILE)
    return Held(pair.public, pair.sign(possession_message(_network(folder), account, pair.public)))


def prepare_change(folder: Path) -> Change:
    """Make a node's next validator key, or take the one that waits already, and sign the change with both."""
    config = home(folder) / CONFIG
    old, path = _read(config / VALIDATOR_KEY_FILE), config / NEXT_KEY_FILE
    if path.exists():
        new = _read(path)
    else:
        new = key_files.generate()
        write_validator_key(path, new)
    message = rotation_message(_network(folder), old.public, new.public)
    return Change(old.public, new.public, old.sign(message), new.sign(message))


def _read(path: Path) -> KeyPair:
    try:
        secret = b64decode(json.loads(path.read_bytes())["priv_key"]["value"], validate=True)
        pair = KeyPair(secret[:SEED_BYTES])
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise NetworkFolderError(
            f"{path} holds no validator key that can be read. Name the folder of a node"
        ) from error
    if pair.public != secret[SEED_BYTES:]:
        raise NetworkFolderError(
            f"the two halves of the key in {path} do not belong together. Restore it from a backup"
        )
    return pair


def _network(folder: Path) -> bytes:
    path = folder / GENESIS
    try:
        genesis: GenesisBase = msgspec.json.decode(path.read_bytes(), type=genesis_type(ALL))
    except (msgspec.MsgspecError, OSError) as error:
        raise NetworkFolderError(f"{path} holds no genesis. Copy it from another node of the network") from error
    return network_of(genesis)
