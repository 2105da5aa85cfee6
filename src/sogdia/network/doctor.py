"""What is wrong with a network, as far as it can be seen from this machine. Looks only, and changes nothing."""

from __future__ import annotations

import asyncio
import json
import shutil
import stat
import time
from base64 import b64decode
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sogdia.client.keys import SEED_BYTES
from sogdia.engine.cometbft.engine_rpc import EngineAwayError, EngineRefusedError, EngineRpc
from sogdia.engine.cometbft.home import (
    CONFIG,
    DATA,
    GENESIS_FILE,
    NODE_KEY_FILE,
    VALIDATOR_KEY_FILE,
    VALIDATOR_STATE_FILE,
    node_id,
)
from sogdia.engine.cometbft.places import home, rpc_socket
from sogdia.network.creating import Plan, PlannedNode, read_plan
from sogdia.network.engine_program import PINNED, UNTESTED, EngineMissingError, find_engine, version_of
from sogdia.network.local import NodeState, states, why_not_listening

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FREE_BYTES_LOW: Final = 1024**3
CLOCK_SECONDS_APART: Final = 60
HEIGHTS_APART: Final = 20
SECRET_MODE: Final = 0o077
"""No bit for anybody else."""


class Finding(NamedTuple):
    """One thing that was looked at, and how it is."""

    about: str
    ok: bool
    message: str


def examine(folder: Path) -> list[Finding]:
    """Look at everything; gives what was found, good and bad."""
    plan = read_plan(folder)
    running = states(folder)
    found = [_engine(), _genesis(folder, plan), _keys(folder, plan), _node_keys(folder, plan)]
    for state in running:
        found += _node(folder, state, plan)
    found += _together(running)
    return found


def _engine() -> Finding:
    try:
        program = find_engine()
        version = version_of(program)
    except EngineMissingError as error:
        return Finding("CometBFT", ok=False, message=str(error))
    tested = not version.endswith(UNTESTED)
    hint = "" if tested else f", which was not tested with this release: {PINNED} was"
    return Finding("CometBFT", ok=tested, message=f"{program} is {version}{hint}")


def _genesis(folder: Path, plan: Plan) -> Finding:
    """All engines must begin with the same genesis."""
    first, differ = None, []
    for node in plan.nodes:
        try:
            content = json.loads((home(folder / node.folder) / CONFIG / GENESIS_FILE).read_bytes())
        except (OSError, ValueError) as error:
            return Finding("genesis", ok=False, message=f"that of {node.organisation} cannot be read: {error}")
        if first is None:
            first = content
        elif content != first:
            differ.append(node.organisation)
    if differ:
        return Finding("genesis", ok=False, message=f"that of {', '.join(differ)} differs; copy the first one's")
    return Finding("genesis", ok=True, message=f"the same at {len(plan.nodes)} nodes")


def _keys(folder: Path, plan: Plan) -> Finding:
    """No two nodes may sign with one key, and nobody else may read any."""
    seen: dict[str, str] = {}
    for node in plan.nodes:
        path = home(folder / node.folder) / CONFIG / VALIDATOR_KEY_FILE
        try:
            public = json.loads(path.read_bytes())["pub_key"]["value"]
            mode = stat.S_IMODE(path.stat().st_mode)
        except (OSError, ValueError, KeyError) as error:
            return Finding("keys", ok=False, message=f"{path} cannot be read: {error!r}")
        if mode & SECRET_MODE:
            return Finding("keys", ok=False, message=f"others may read {path}: chmod 600 it")
        if public in seen:
            both = f"{seen[public]} and {node.organisation}"
            return Finding("keys", ok=False, message=f"{both} sign with one key; they would vote twice. Stop one now")
        if not (home(folder / node.folder) / DATA / VALIDATOR_STATE_FILE).exists():
            return Finding("keys", ok=False, message=f"{node.organisation} has lost the record of its own votes")
        seen[public] = node.organisation
    return Finding("keys", ok=True, message=f"{len(seen)} different ones, readable for this account alone")


def _node_keys(folder: Path, plan: Plan) -> Finding:
    """Each node must have a key of its own, the one by which its peers know it; two with one shut each other out."""
    seen: dict[str, str] = {}
    for node in plan.nodes:
        path = home(folder / node.folder) / CONFIG / NODE_KEY_FILE
        try:
            public = b64decode(json.loads(path.read_bytes())["priv_key"]["value"])[SEED_BYTES:]
        except (OSError, ValueError, KeyError) as error:
            return Finding("node keys", ok=False, message=f"{path} cannot be read: {error!r}")
        peer_id = node_id(public)
        if peer_id in seen:
            both = f"{seen[peer_id]} and {node.organisation}"
            return Finding("node keys", ok=False, message=f"{both} have one key, and peers let only one of them in")
        if peer_id != node.peer_id:
            message = f"that of {node.organisation} is {peer_id}, and its peers know it as {node.peer_id}"
            return Finding("node keys", ok=False, message=message)
        seen[peer_id] = node.organisation
    return Finding("node keys", ok=True, message=f"{len(seen)} different ones")


def _node(folder: Path, state: NodeState, plan: Plan) -> Iterator[Finding]:
    """Look at one node."""
    node, place = state.node, folder / state.node.folder
    name = node.organisation
    free = shutil.disk_usage(place).free
    enough = free >= FREE_BYTES_LOW
    yield Finding(f"{name}, disk", ok=enough, message=f"{free // 2**20} MiB free{'' if enough else '; make room'}")
    status = state.status
    if status is None:
        if state.process is None:
            yield _port(node)
        yield Finding(f"{name}, node", ok=False, message="it does not answer; look at its log")
        return
    yield Finding(f"{name}, node", ok=True, message=f"it answers, at height {status.durable_height}")
    if status.network.hex() != plan.network:
        yield Finding(f"{name}, network", ok=False, message=f"it belongs to another one, {status.network.hex()}")
    apart = abs(int(time.time()) - status.now)
    yield Finding(f"{name}, clock", ok=apart <= CLOCK_SECONDS_APART, message=f"{apart} s from this machine's")
    if status.waits_for:
        yield Finding(f"{name}, waiting", ok=False, message=f"it waits for {status.waits_for}")
    yield asyncio.run(_peers(name, place, len(plan.nodes)))


def _port(node: PlannedNode) -> Finding:
    """Tell whether somebody else has a node's port."""
    why = why_not_listening(node)
    message = why or f"{node.listens_at}:{node.port} is free"
    return Finding(f"{node.organisation}, port", ok=why is None, message=message)


async def _peers(name: str, place: Path, nodes: int) -> Finding:
    """Ask a node's engine whom it is connected to."""
    rpc = EngineRpc(rpc_socket(place))
    try:
        told: dict[str, Any] = await rpc.ask("net_info")
    except (EngineAwayError, EngineRefusedError) as error:
        return Finding(f"{name}, engine", ok=False, message=str(error))
    finally:
        rpc.close()
    peers = int(told["n_peers"])
    hint = "" if peers or nodes == 1 else "; look at its addresses and at the firewall"
    return Finding(f"{name}, peers", ok=bool(peers) or nodes == 1, message=f"{peers} of {nodes - 1}{hint}")


def _together(running: list[NodeState]) -> Iterator[Finding]:
    """Compare the nodes that answer."""
    heights = [each.height for each in running if each.status is not None]
    if not heights:
        return
    apart = max(heights) - min(heights)
    hint = "; the last one catches up, or is stuck" if apart > HEIGHTS_APART else ""
    yield Finding("heights", ok=apart <= HEIGHTS_APART, message=f"{min(heights)} to {max(heights)}{hint}")
    roots: dict[int, set[bytes]] = {}
    for each in running:
        if each.status is not None:
            roots.setdefault(each.status.durable_height, set()).add(each.status.state_root)
    forked = sorted(height for height, found in roots.items() if len(found) > 1)
    message = f"they differ at height {forked[0]}: 'sogdia diff-state' names the record" if forked else "no difference"
    yield Finding("states", ok=not forked, message=message)
