"""Making a network of several organisations: one genesis, and for each organisation a folder with its own keys.

    DIR/network.json          who takes part and where
    DIR/genesis.json          the genesis, the same for everybody
    DIR/blinding.secret       the network's secret, for those who run a node and nobody else; each ledger holds it too
    DIR/people/NAME.key       the key with which an organisation acts on the ledger
    DIR/NAME/                 its node: the ledger, and the engine's home in engine/

For organisations on machines of their own, DIR/NAME is what each of them gets, and nobody else.
"""

from __future__ import annotations

import secrets
import shutil
import time
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import structs

from sogdia import node
from sogdia.client import keys as key_files
from sogdia.engine.cometbft.home import Place, Sync, Timing, node_id, write_home
from sogdia.engine.folders.kept_light_blocks import keep_light_blocks
from sogdia.kernel.blinding import SECRET_BYTES, commitment_to
from sogdia.kernel.genesis import genesis_type, network_of
from sogdia.kernel.values import NO_ACCOUNT, account_of
from sogdia.modules import ALL
from sogdia.network.organisations import Organisation

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sogdia.client.keys import KeyPair
    from sogdia.kernel.genesis import GenesisBase

PLAN: Final = "network.json"
GENESIS: Final = "genesis.json"
BLINDING: Final = "blinding.secret"
PEOPLE: Final = "people"
HOST: Final = "127.0.0.1"
PORT: Final = 26_600
POWER: Final = 10


class PlannedNode(msgspec.Struct, frozen=True, kw_only=True):
    """One node of a network: whose it is, its folder below the network's, and where its peers reach it."""

    organisation: str
    folder: str
    peer_id: str
    host: str
    port: int
    validates: bool = True

    @property
    def peer(self) -> str:
        """How other nodes name it."""
        return f"{self.peer_id}@{self.host}:{self.port}"

    @property
    def listens_at(self) -> str:
        """The address of its machine at which it waits for them: loopback alone, or all."""
        return HOST if self.host == HOST else "0.0.0.0"  # noqa: S104 - peers come from elsewhere


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Who takes part in a network, and where."""

    name: str
    network: str
    nodes: tuple[PlannedNode, ...]


class NetworkFolderError(Exception):
    """A folder that holds no network, or something else already; the message says what to do."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a network shall be."""

    name: str
    organisations: tuple[Organisation, ...]
    hosts: tuple[str, ...] = ()
    """Where each organisation's node is reached; all on this machine when none is named."""

    port: int = PORT
    timing: Timing = Timing()
    sections: dict[str, Any] = {}
    """Parts of the genesis that differ from the usual, such as {"market": {"windows": …}}."""

    parties: tuple[dict[str, Any], ...] = ()
    """Parties that are there from the start beside the organisations."""


def read_plan(folder: Path) -> Plan:
    """Read who takes part in the network of a folder."""
    try:
        return msgspec.json.decode((folder / PLAN).read_bytes(), type=Plan)
    except FileNotFoundError as error:
        raise NetworkFolderError(
            f"{folder} holds no network. Make one with 'sogdia network create --organisations … {folder}'"
        ) from error
    except msgspec.MsgspecError as error:
        raise NetworkFolderError(f"{folder / PLAN} cannot be read: {error}") from error


def write_plan(folder: Path, plan: Plan) -> None:
    """Write down who takes part; the old page is replaced in one go."""
    draft = folder / f"{PLAN}.new"
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(plan), indent=2) + b"\n")
    draft.replace(folder / PLAN)


def create(folder: Path, wanted: Wanted) -> Plan:
    """Make a network in a new or empty folder. Its keys have no passphrase: the engine signs without asking anybody."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise NetworkFolderError(f"{folder} is not empty, and nothing is ever overwritten. Choose another folder")
    made_here = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        return _create(folder, wanted)
    except BaseException:
        for each in folder.iterdir():
            shutil.rmtree(each) if each.is_dir() else each.unlink()
        if made_here:
            folder.rmdir()
        raise


def _create(folder: Path, wanted: Wanted) -> Plan:
    organisations = wanted.organisations
    people = [key_files.generate() for _each in organisations]
    validators = [key_files.generate() for _each in organisations]
    nodes = [key_files.generate() for _each in organisations]
    secret = secrets.token_bytes(SECRET_BYTES)
    genesis = make_genesis(wanted, people, validators, secret)
    network = network_of(genesis)
    hosts = wanted.hosts or (HOST,) * len(organisations)
    planned = tuple(
        PlannedNode(
            organisation=each.name,
            folder=each.name,
            peer_id=node_id(nodes[at].public),
            host=hosts[at],
            # On machines of their own all have the same port; on one machine each needs another.
            port=wanted.port + (at if len(set(hosts)) < len(hosts) else 0),
        )
        for at, each in enumerate(organisations)
    )
    plan = Plan(name=wanted.name, network=network.hex(), nodes=planned)
    raw_genesis = msgspec.json.format(msgspec.json.encode(genesis), indent=2) + b"\n"
    (folder / GENESIS).write_bytes(raw_genesis)
    (folder / BLINDING).touch(mode=0o600)
    (folder / BLINDING).write_bytes(secret)
    (folder / PEOPLE).mkdir(mode=0o700)
    for at, each in enumerate(organisations):
        account = account_of(network, NO_ACCOUNT, each.name)
        path = folder / PEOPLE / f"{each.name}.key"
        key_files.save(path, people[at], "", account=account, label=each.name, unprotected=True)
        place = place_of(planned[at], planned, wanted.timing)
        node.create(folder / each.name, genesis, secret=secret)
        write_home(folder / each.name, genesis, place, nodes[at], validators[at])
        (folder / each.name / GENESIS).write_bytes(raw_genesis)
    write_plan(folder, plan)
    return plan


def add_node(
    folder: Path, name: str, *, host: str = HOST, port: int | None = None, sync: Sync | None = None
) -> PlannedNode:
    """Make the folder of one more node for a network: it follows the others, and votes once they have admitted it.

    Its consensus key is its own from the start, so that nothing has to be copied when it becomes a validator. With
    `sync` it begins with a snapshot of its peers, otherwise it executes all blocks.
    """
    plan = read_plan(folder)
    if any(each.folder == name for each in plan.nodes):
        raise NetworkFolderError(f"{folder} has a node {name!r} already; choose another name")
    place = folder / name
    if place.exists():
        raise NetworkFolderError(f"{place} is there already, and nothing is ever overwritten. Choose another name")
    raw_genesis = (folder / GENESIS).read_bytes()
    genesis: GenesisBase = msgspec.json.decode(raw_genesis, type=genesis_type(ALL))
    node_key, validator = key_files.generate(), key_files.generate()
    planned = PlannedNode(
        organisation=name,
        folder=name,
        peer_id=node_id(node_key.public),
        host=host,
        port=port or max(each.port for each in plan.nodes) + 1,
        validates=False,
    )
    node.create(place, genesis, secret=_secret_of(folder))
    chosen = structs.replace(place_of(planned, (*plan.nodes, planned), Timing()), sync=sync)
    write_home(place, genesis, chosen, node_key, validator)
    if sync is not None:
        keep_light_blocks(place, sync.way)
    (place / GENESIS).write_bytes(raw_genesis)
    write_plan(folder, structs.replace(plan, nodes=(*plan.nodes, planned)))
    return planned


def _secret_of(folder: Path) -> bytes:
    try:
        return (folder / BLINDING).read_bytes()
    except FileNotFoundError as error:
        raise NetworkFolderError(
            f"{folder} lacks {BLINDING}, without which no node can follow the network. Take whose copy you know"
        ) from error


def place_of(own: PlannedNode, nodes: Sequence[PlannedNode], timing: Timing) -> Place:
    """Give a node's own choices: where it listens, and who its peers are."""
    at_home = own.host == HOST
    return Place(
        moniker=own.organisation,
        p2p_listen=f"tcp://{own.listens_at}:{own.port}",
        external_address="" if at_home else f"{own.host}:{own.port}",
        peers=tuple(each.peer for each in nodes if each.peer_id != own.peer_id),
        private=at_home,
        timing=timing,
    )


def make_genesis(wanted: Wanted, people: list[KeyPair], validators: list[KeyPair], secret: bytes) -> GenesisBase:
    """Make the genesis: every organisation a party and a member with a validator of the same weight."""
    organisations = wanted.organisations
    currencies = [
        {"currency": currency, "issuer": each.name} for each in organisations if (currency := each.currency())
    ]
    content: dict[str, Any] = {
        "name": wanted.name,
        "time": int(time.time()),
        "engine": "cometbft",
        "validators": [[each.public.hex(), POWER] for each in validators],
        "blinding": commitment_to(secret),
        "identity": {
            "parties": [
                *(each.party(keys.public) for each, keys in zip(organisations, people, strict=True)),
                *wanted.parties,
            ],
            "registrars": [{"reference": each.name} for each in organisations if "registrar" in each.roles],
        },
        "governance": {
            "members": [
                {"reference": each.name, "public": keys.public.hex()}
                for each, keys in zip(organisations, validators, strict=True)
            ]
        },
        "money": {"currencies": currencies},
        **wanted.sections,
    }
    made: GenesisBase = msgspec.convert(content, genesis_type(ALL))
    return made
