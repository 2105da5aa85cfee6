"""Where a new node begins to trust: a header verified from the genesis on, and engines that know the later ones.

genesis ─▶ anchor of a proof that a running node gives ─▶ its header, with votes of more than two thirds
"""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sogdia.client.connection import Connection
from sogdia.client.http_door import DoorShutError, HttpDoor
from sogdia.client.light.anchor import check_anchor
from sogdia.client.light.roots import root_by_genesis
from sogdia.client.light.store import LightStore
from sogdia.client.light.verify import LightWrong
from sogdia.client.questions import NodeNotRunningError, TryLaterError
from sogdia.engine.cometbft.engine_rpc import EngineAwayError, EngineRefusedError, EngineRpc
from sogdia.engine.cometbft.home import Sync
from sogdia.engine.cometbft.places import rpc_socket
from sogdia.engine.folders.kept_snapshots import FOLDER
from sogdia.kernel.comet import NANOSECONDS, CometAnchor, CometValidator, NoWayError, header_hash, in_order, way
from sogdia.kernel.comet_answers import AnswerWrong, light_block
from sogdia.kernel.genesis import genesis_type
from sogdia.kernel.header import VALIDATORS
from sogdia.modules import ALL
from sogdia.network.creating import GENESIS, read_plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sogdia.kernel.comet import LightBlock
    from sogdia.kernel.genesis import GenesisBase

LOCAL: Final = "unix://"
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
        f"{LOCAL}{rpc_socket(folder / each.folder)}"
        for each in read_plan(folder).nodes
        if rpc_socket(folder / each.folder).exists()
    )
    if len(asked) < SERVERS_MIN:
        raise CannotSyncError(f"at least {SERVERS_MIN} servers are compared, and {len(asked)} are named: add --server")
    way_there = _way_to(folder, int(height), asked[0])
    return Sync(servers=asked, height=int(height), hash=bytes.fromhex(digits), way=way_there)


class _Told(msgspec.Struct):
    """What an engine answers by JSON-RPC."""

    result: msgspec.Raw = msgspec.Raw(b"")
    error: Any = None


def _way_to(folder: Path, height: int, server: str) -> tuple[LightBlock, ...]:
    """Ask a server for the light blocks that lead from the genesis to a height; none when it does not have them.

    They need not be believed: whoever checks a proof checks them.
    """
    genesis = msgspec.json.decode((folder / GENESIS).read_bytes(), type=genesis_type(ALL))
    first = in_order(CometValidator(bytes.fromhex(each.public), each.power) for each in genesis.validators)

    def provide(wanted: int, /) -> LightBlock:
        told = [_asked(server, method, wanted) for method in ("commit", "validators")]
        return light_block(told[0], told[1:])

    try:
        return tuple(way(first, 0, provide(height), provide))
    except (NoWayError, DoorShutError, AnswerWrong, EngineAwayError, EngineRefusedError):
        return ()


def _asked(server: str, method: str, height: int) -> bytes:
    """Ask an engine, on its socket here or over an organisation's HTTP API."""
    parameters: dict[str, object] = {"height": str(height)}
    if method == "validators":
        parameters |= {"page": "1", "per_page": "100"}
    if server.startswith(LOCAL):
        return asyncio.run(_asked_here(Path(server.removeprefix(LOCAL)), method, parameters))
    question = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
    told = HttpDoor(server).post("", _Told, question)
    if told.error is not None:
        raise EngineRefusedError(str(told.error))
    return b'{"result":%b}' % bytes(told.result)


async def _asked_here(socket: Path, method: str, parameters: dict[str, object]) -> bytes:
    rpc = EngineRpc(socket)
    try:
        return msgspec.json.encode({"result": await rpc.ask(method, **parameters)})
    finally:
        rpc.close()


def sync_from(places: Sequence[Path], genesis: GenesisBase) -> Sync:
    """Give how a new node syncs from nodes that run on this machine, in `places`."""
    blocks: tuple[LightBlock, ...] = ()
    servers: list[str] = []
    why: list[str] = []
    for place in places:
        try:
            found = verified_way(place, genesis)
        except (NodeNotRunningError, TryLaterError, OSError, CannotSyncError) as error:
            why.append(f"{place.name}: {error}")
            continue
        blocks = blocks or found
        servers.append(f"{LOCAL}{rpc_socket(place)}")
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
    trusted = blocks[-1].header
    return Sync(servers=tuple(servers), height=trusted.height, hash=header_hash(trusted), way=blocks)


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
