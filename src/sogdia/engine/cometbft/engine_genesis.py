"""The engine's genesis, made from ours, and what in an engine's genesis is not as it would be made."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import msgspec
from google.protobuf.duration_pb2 import Duration

from sogdia.engine.cometbft import abci_pb2 as abci
from sogdia.kernel.comet import address_of, chain_id_of
from sogdia.kernel.genesis import network_of

if TYPE_CHECKING:
    from sogdia.kernel.genesis import GenesisBase

APP_VERSION: Final = 1
BLOCK_BYTES_SPARE: Final = 1024 * 1024
"""What a block of the engine holds besides our transactions: its header, commits, evidence, and framing."""

EVIDENCE_BLOCKS: Final = 200_000
EVIDENCE_SECONDS: Final = 14 * 86_400
EVIDENCE_BYTES: Final = BLOCK_BYTES_SPARE // 2
NANOSECONDS: Final = 10**9
GAS_MAX: Final = -1
KEY_TYPES: Final = ["ed25519"]


def block_bytes(genesis: GenesisBase) -> int:
    """Give how many bytes the engine lets into a block."""
    return genesis.limits.block_bytes_max + BLOCK_BYTES_SPARE


def engine_genesis(genesis: GenesisBase) -> dict[str, object]:
    """Make the engine's genesis from ours, which it carries as its app state."""
    network = network_of(genesis)
    began = datetime.fromtimestamp(genesis.time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "genesis_time": began,
        "chain_id": chain_id_of(network),
        "initial_height": "1",
        "consensus_params": {
            "block": {"max_bytes": str(block_bytes(genesis)), "max_gas": str(GAS_MAX)},
            "evidence": {
                "max_age_num_blocks": str(EVIDENCE_BLOCKS),
                "max_age_duration": str(EVIDENCE_SECONDS * NANOSECONDS),
                "max_bytes": str(EVIDENCE_BYTES),
            },
            "validator": {"pub_key_types": KEY_TYPES},
            "version": {"app": str(APP_VERSION)},
            "abci": {"vote_extensions_enable_height": "0"},
        },
        "validators": [
            {
                "address": address_of(bytes.fromhex(each.public)).hex().upper(),
                "pub_key": public_key(bytes.fromhex(each.public)),
                "power": str(each.power),
                "name": "",
            }
            for each in genesis.validators
        ],
        "app_hash": "",
        "app_state": msgspec.to_builtins(genesis),
    }


def public_key(public: bytes) -> dict[str, str]:
    """Write an Ed25519 key as the engine's files have it."""
    return {"type": "tendermint/PubKeyEd25519", "value": b64encode(public).decode("ascii")}


def consensus_params(genesis: GenesisBase) -> abci.ConsensusParams:
    """Give what `engine_genesis` says of blocks, evidence and keys, as the engine tells it at the beginning."""
    return abci.ConsensusParams(
        block=abci.BlockParams(max_bytes=block_bytes(genesis), max_gas=GAS_MAX),
        evidence=abci.EvidenceParams(
            max_age_num_blocks=EVIDENCE_BLOCKS,
            max_age_duration=Duration(seconds=EVIDENCE_SECONDS),
            max_bytes=EVIDENCE_BYTES,
        ),
        validator=abci.ValidatorParams(pub_key_types=KEY_TYPES),
        version=abci.VersionParams(app=APP_VERSION),
        abci=abci.ABCIParams(vote_extensions_enable_height=0),
    )


def differences(told: abci.RequestInitChain, genesis: GenesisBase) -> list[str]:
    """Name what the engine's genesis says otherwise than `engine_genesis`: time, and what all must agree on.

    A node that differs in these alone would begin, and fall out with the others at the first block.
    """
    pairs: list[tuple[str, object, object]] = [("genesis_time", told.time.seconds, genesis.time)]
    ours, theirs = consensus_params(genesis), told.consensus_params
    for section, of_section in ours.ListFields():
        for field in of_section.DESCRIPTOR.fields:
            other = getattr(getattr(theirs, section.name), field.name)
            pairs.append((f"{section.name}.{field.name}", other, getattr(of_section, field.name)))
    return [f"{name} is {str(other).strip()}, not {str(own).strip()}" for name, other, own in pairs if other != own]
