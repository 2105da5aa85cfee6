"""The engine's home: the files from which CometBFT starts, written from our genesis and an organisation's choices."""

from __future__ import annotations

import json
import os
from base64 import b64encode
from typing import TYPE_CHECKING, Protocol

import msgspec

from sogdia.engine.cometbft.engine_genesis import EVIDENCE_SECONDS, engine_genesis, public_key
from sogdia.engine.cometbft.entrance import HANDED_ON_AT_ONCE_MAX
from sogdia.engine.cometbft.places import abci_socket, home, rpc_socket
from sogdia.engine.cometbft.transactions import BATCH_BYTES_MAX
from sogdia.kernel.comet import LightBlock, address_of

if TYPE_CHECKING:
    from pathlib import Path

    from sogdia.kernel.genesis import GenesisBase

CONFIG = "config"
DATA = "data"
CONFIG_FILE = "config.toml"
GENESIS_FILE = "genesis.json"
NODE_KEY_FILE = "node_key.json"
VALIDATOR_KEY_FILE = "priv_validator_key.json"
VALIDATOR_STATE_FILE = "priv_validator_state.json"


class Seed(Protocol):
    """An Ed25519 key whose secret the engine must have: it signs votes without asking."""

    @property
    def public(self) -> bytes:
        """The public key, 32 bytes."""

    @property
    def seed(self) -> bytes:
        """The secret, 32 bytes."""


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """How long the engine waits, in milliseconds. The defaults suit organisations on several continents."""

    propose: int = 3_000
    vote: int = 1_000
    commit: int = 200
    """From one block to the next: slower validators may still add their votes."""

    empty_block: int = 10_000
    """Without transactions there is a block this often, so that deadlines pass on a quiet network, too."""


class Sync(msgspec.Struct, frozen=True, kw_only=True):
    """How a new node comes by the state without executing all blocks: from a snapshot of its peers.

    What peers send is believed only when it leads to a header that the engine's light client has verified. It begins
    with a header that is trusted already, and asks at least two servers for the others, each an engine's RPC: a socket
    on this machine (unix:///…), or an address.
    """

    servers: tuple[str, ...]
    height: int
    hash: bytes
    way: tuple[LightBlock, ...] = ()
    """The light blocks that lead there from the genesis, for proofs that the new node will give; empty if unknown."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """One node's own choices."""

    moniker: str
    p2p_listen: str = "tcp://0.0.0.0:26656"
    external_address: str = ""
    peers: tuple[str, ...] = ()
    """Other nodes, each ID@HOST:PORT."""

    private: bool = False
    """On one machine or in a closed network: addresses that the internet does not route are let in."""

    timing: Timing = Timing()
    sync: Sync | None = None


def node_id(public: bytes) -> str:
    """Give the name of a node's key, as peers write it."""
    return address_of(public).hex()


def write_home(folder: Path, genesis: GenesisBase, place: Place, node_key: Seed, validator_key: Seed | None) -> None:
    """Write the engine's home into a node's folder. Without a validator key the node follows and does not vote.

    Nothing that is there is written over: a validator whose record of its own votes is lost could vote twice.
    """
    top = home(folder)
    if top.exists():
        raise FileExistsError(f"{top} is there already; an engine's home is never written over")
    for part in (top / CONFIG, top / DATA):
        part.mkdir(parents=True, mode=0o700)
    validator = validator_key or node_key
    _write(top / CONFIG / GENESIS_FILE, json.dumps(engine_genesis(genesis), indent=1, sort_keys=True))
    _write(top / CONFIG / CONFIG_FILE, config(folder, genesis, place))
    _write(top / CONFIG / NODE_KEY_FILE, json.dumps({"priv_key": _private(node_key)}))
    write_validator_key(top / CONFIG / VALIDATOR_KEY_FILE, validator)
    _write(top / DATA / VALIDATOR_STATE_FILE, json.dumps({"height": "0", "round": 0, "step": 0}))


def write_validator_key(path: Path, key: Seed) -> None:
    """Write the file of a key that votes, as the engine reads it; one that is there is never written over."""
    content = {
        "address": address_of(key.public).hex().upper(),
        "pub_key": public_key(key.public),
        "priv_key": _private(key),
    }
    _write(path, json.dumps(content))


def config(folder: Path, genesis: GenesisBase, place: Place) -> str:
    """Write the engine's configuration: what differs from its own defaults, with the reason beside it."""
    timing = place.timing
    sections: dict[str, dict[str, object]] = {
        "": {
            "moniker": place.moniker,
            "proxy_app": f"unix://{abci_socket(folder)}",
            "abci": "socket",
            "db_backend": "goleveldb",
            "log_level": "info",
            "filter_peers": True,
        },
        "rpc": {
            "laddr": f"unix://{rpc_socket(folder)}",
            "max_request_batch_size": HANDED_ON_AT_ONCE_MAX,
            "max_body_bytes": 2 * HANDED_ON_AT_ONCE_MAX * max(genesis.limits.envelope_bytes_max, 64 * 1024),
        },
        "p2p": {
            "laddr": place.p2p_listen,
            "external_address": place.external_address,
            "persistent_peers": ",".join(place.peers),
            "addr_book_strict": not place.private,
            "allow_duplicate_ip": place.private,
            "flush_throttle_timeout": "10ms",
        },
        "mempool": {
            "recheck": True,
            "size": 20_000,
            "cache_size": 40_000,
            "max_tx_bytes": max(BATCH_BYTES_MAX * 2, genesis.limits.envelope_bytes_max),
        },
        "consensus": {
            "timeout_propose": f"{timing.propose}ms",
            "timeout_prevote": f"{timing.vote}ms",
            "timeout_precommit": f"{timing.vote}ms",
            "timeout_commit": f"{timing.commit}ms",
            "create_empty_blocks": False,
            "create_empty_blocks_interval": f"{timing.empty_block}ms",
            "peer_gossip_sleep_duration": "10ms",
        },
        "tx_index": {"indexer": "null"},
        "storage": {"discard_abci_responses": False},
    }
    if place.sync is not None:
        sections["statesync"] = {
            "enable": True,
            "rpc_servers": ",".join(place.sync.servers),
            "trust_height": place.sync.height,
            "trust_hash": place.sync.hash.hex().upper(),
            "trust_period": f"{EVIDENCE_SECONDS}s",
            "discovery_time": "5s",
            "chunk_request_timeout": "10s",
        }
    lines = ["# Written by 'sogdia network'. What is not named here is as CometBFT has it by default."]
    for section, values in sections.items():
        if section:
            lines += ["", f"[{section}]"]
        lines += [f"{name} = {json.dumps(value)}" for name, value in values.items()]
    return "\n".join(lines) + "\n"


def _write(path: Path, text: str) -> None:
    """Write a file that only this account may read."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text if text.endswith("\n") else text + "\n")


def _private(key: Seed) -> dict[str, str]:
    return {"type": "tendermint/PrivKeyEd25519", "value": b64encode(key.seed + key.public).decode("ascii")}
