"""Where a new node begins to trust: a header verified from the genesis on, and engines that know the later ones.

genesis ─▶ anchor of a proof that a running node gives ─▶ its header, with votes of more than two thirds
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Final

import msgspec

from sogdia.client.connection import Connection
from sogdia.client.light.anchor import check_anchor
from sogdia.client.light.roots import root_by_genesis
from sogdia.client.light.store import LightStore
from sogdia.client.light.verify import LightWrong
from sogdia.client.questions import NodeNotRunningError, TryLaterError
from sogdia.engine.cometbft.home import Sync
from sogdia.engine.cometbft.places import rpc_socket
from sogdia.engine.folders.kept_snapshots import FOLDER
from sogdia.kernel.comet import NANOSECONDS, CometAnchor, header_hash
from sogdia.kernel.genesis import genesis_type
from sogdia.kernel.header import VALIDATORS
from sogdia.modules import ALL
from sogdia.network.creating import GENESIS, read_plan

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sogdia.kernel.comet import LightBlock
    from sogdia.kernel.genesis import GenesisBase

SERVERS_MIN: Final = 2
"""The engine's light client compares what one server says with another."""


class CannotSyncError(Exception):
    """There is nobody from whom a new node could take the state; the message says what to do."""


def sync_within(folder: Path) -> Sync:
    """Give how a new node syncs from those nodes of the network in `folder` that run on this machine."""
    plan = read_plan(folder)
    genesis = msgspec.json.decode((folder / GENESIS).read_bytes(), type=genesis_type(ALL))
    return sync_from([folder / each.folder for each in plan.nodes if (folder / each.folder).is_dir()], genesis)


def sync_of(folder: Path, trust: str, servers: Sequence[str]) -> Sync:
    """Give how a new node syncs when trust begins with a header that is named, HEIGHT:HASH."""
    height, _, digits = trust.partition(":")
    if not height.isdecimal() or not re.fullmatch("[0-9A-Fa-f]{64}", digits):
        raise CannotSyncError(f"{trust!r} is not a height, a colon and the 64 digits of a header's hash")
    asked = tuple(servers) or tuple(
        f"unix://{rpc_socket(folder / each.folder)}"
        for each in read_plan(folder).nodes
        if rpc_socket(folder / each.folder).exists()
    )
    if len(asked) < SERVERS_MIN:
        raise CannotSyncError(f"at least {SERVERS_MIN} servers are compared, and {len(asked)} are named: add --server")
    return Sync(servers=asked, height=int(height), hash=bytes.fromhex(digits))


def sync_from(places: Sequence[Path], genesis: GenesisBase) -> Sync:
    """Give how a new node syncs from nodes that run on this machine, in `places`."""
    way: tuple[LightBlock, ...] = ()
    servers: list[str] = []
    why: list[str] = []
    for place in places:
        try:
            found = verified_way(place, genesis)
        except (NodeNotRunningError, TryLaterError, OSError, CannotSyncError) as error:
            why.append(f"{place.name}: {error}")
            continue
        way = way or found
        servers.append(f"unix://{rpc_socket(place)}")
    if len(servers) < SERVERS_MIN:
        raise CannotSyncError(
            f"a new node takes the state from at least {SERVERS_MIN} nodes that run, and {len(servers)} of"
            f" {len(places)} do. {' '.join(why)}"
        )
    if not any(each.name.isdecimal() for place in places for each in (place / FOLDER).glob("*")):
        raise CannotSyncError(
            "none of the nodes here has taken a snapshot yet: one is taken at the first results in every so many blocks"
            " (network.snapshot_every_blocks). Wait for one, or leave --sync out: the node then executes all blocks"
        )
    trusted = way[-1].header
    return Sync(servers=tuple(servers), height=trusted.height, hash=header_hash(trusted), way=way)


def verified_way(place: Path, genesis: GenesisBase) -> tuple[LightBlock, ...]:
    """Give the light blocks that lead from the genesis to a recent header of a running node, once they are verified."""
    with Connection(place) as connection:
        anchor = connection.prove(VALIDATORS.full_key(None)).anchor
    if not isinstance(anchor, CometAnchor):
        raise CannotSyncError("it is no node of a network of several organisations")
    try:
        check_anchor(anchor, LightStore(root=root_by_genesis(genesis)), int(time.time()) * NANOSECONDS)
    except LightWrong as wrong:
        raise CannotSyncError(f"its header cannot be verified: {wrong}. Name one you trust with --trust") from wrong
    return anchor.blocks
