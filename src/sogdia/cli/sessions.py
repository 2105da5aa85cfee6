"""What a command knows while it works with a node: its answers, its network, its time; each is asked for once."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import click
import msgspec

from sogdia.cli import options
from sogdia.cli.exits import Exit, Stopped, usage
from sogdia.cli.finding import find_node, keys_beside
from sogdia.cli.moments import read_moment
from sogdia.cli.naming import Naming, Network
from sogdia.cli.show import Showing
from sogdia.client.connection import Connection
from sogdia.client.declared import answer_type
from sogdia.kernel.genesis import genesis_type, is_sandbox, network_of
from sogdia.kernel.values import name_of, owner_of
from sogdia.modules import ALL
from sogdia.modules.exchange.queries import NamedCard, RateCardQuery
from sogdia.modules.identity.queries import PartyQuery
from sogdia.modules.market.queries import ListingQuery, OrderQuery, TermsQuery
from sogdia.modules.money.queries import HoldQuery
from sogdia.modules.netting.queries import ObligationQuery

if TYPE_CHECKING:
    from pathlib import Path

    from sogdia.cli.keyring import Keyring
    from sogdia.kernel.accounts import Party
    from sogdia.kernel.operation import Query
    from sogdia.modules.money import Asset

GENESIS_BYTES_MAX = 64 * 2**20


class Session:
    """A command's dealings with a node, or with the genesis of a network when there is no node at hand."""

    def __init__(
        self, node_folder: Path | None, ring: Keyring, *, genesis: Path | None = None, moment: str | None = None
    ) -> None:
        """Work with the node of `node_folder`, or offline with a `genesis`, at the moment said."""
        self._node_folder = node_folder
        self._genesis_file = genesis
        self._moment = moment
        self._assets: dict[tuple[str, bytes], Asset | None] = {}
        self.ring = ring
        self.naming = Naming(ring, self._network)

    @property
    def is_offline(self) -> bool:
        """Whether no node may be asked."""
        return self._genesis_file is not None

    @cached_property
    def node(self) -> Connection:
        """The connection to the node."""
        return Connection(find_node(self._node_folder))

    def close(self) -> None:
        """End the connection, if one was needed."""
        if "node" in self.__dict__:
            self.node.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_why: object) -> None:
        self.close()

    # ---------------------------------------------------------------------------------------------------- the network

    @cached_property
    def genesis(self) -> Any:  # noqa: ANN401 - its type depends on the modules
        """The genesis of the network: from the file, or as the node has it."""
        raw = self.node.genesis() if self._genesis_file is None else read_limited(self._genesis_file, GENESIS_BYTES_MAX)
        found = read_genesis(raw, str(self._genesis_file or "the node's genesis"))
        if is_sandbox(found.name):
            click.echo(f"SANDBOX: the network {found.name!r} is for trials. Nothing on it is worth anything.", err=True)
        return found

    def _network(self) -> Network:
        references = frozenset(party.reference for party in self.genesis.identity.parties)
        return Network(network_of(self.genesis), references)

    @cached_property
    def now(self) -> int:
        """The network's time."""
        if not self.is_offline:
            status = self.node.status()
            return max(status.now, status.time)
        if self._moment is not None:
            return read_moment(self._moment, None)
        if self.genesis.clock == "manual":
            raise usage("This network's clock is moved by hand, so its time is not known here.", "Say it with --time.")
        return int(time.time())

    # -------------------------------------------------------------------------------------------------------- questions

    def ask(self, query: Query) -> Any:  # noqa: ANN401 - each query has its own answer
        """Ask the node; there is no answer offline."""
        if self.is_offline:
            return None
        _height, answer = self.node.query(query)
        return msgspec.convert(answer, answer_type(type(query)), strict=True)

    def party(self, account: bytes) -> Party | None:
        """Give a party's record, if there is a node to ask and it knows the party."""
        found: Party | None = self.ask(PartyQuery(account=account))
        return found

    def asset_of(self, about: str, name: bytes) -> Asset | None:
        """Say in which money an order, a hold, a listing or a card is, as far as the node knows."""
        if (about, name) not in self._assets:
            with suppress(Stopped):
                self._assets[about, name] = None
                self._assets[about, name] = self._find_asset(about, name)
        return self._assets[about, name]

    def _find_asset(self, about: str, name: bytes) -> Asset | None:
        match about:
            case "order":
                order = self.ask(OrderQuery(name=name))
                found = None if order is None else order.open or order.closed
            case "card" | "taken by card":
                card: NamedCard | None = self.ask(RateCardQuery(name=name))
                if card is None:
                    return None
                return card.card.gives if about == "card" else card.card.takes
            case "hold":
                found = self.ask(HoldQuery(name=name))
            case "obligation":
                found = self.ask(ObligationQuery(name=name))
            case "listing":
                listing = self.ask(ListingQuery(name=name))
                terms = None if listing is None else name_of(owner_of(name), listing.listing.terms)
                found = None if terms is None else self.ask(TermsQuery(name=terms))
            case _:
                found = self.ask(TermsQuery(name=name))
        asset: Asset | None = getattr(found, "asset", None)
        return asset

    def showing(self) -> Showing:
        """Give what puts the node's values in words."""
        with suppress(Stopped):
            self.naming.network  # noqa: B018 - from now on the genesis's parties are called by their references
        return Showing(self.naming, self.now, self.asset_of)


def read_id(text: str) -> bytes:
    """Read an envelope's id."""
    if not re.fullmatch(r"[0-9a-fA-F]{64}", text):
        raise usage(f"{text!r} is no id.", "An id has 64 hexadecimal digits; 'sogdia tx' shows it.")
    return bytes.fromhex(text)


def read_limited(path: Path, size: int) -> bytes:
    """Read a file that somebody names, up to a size."""
    with path.open("rb") as stream:
        raw = stream.read(size + 1)
    if len(raw) > size:
        raise usage(f"{path} has more than {size} bytes.", "Compare the path.")
    return raw


def read_genesis(raw: bytes, where: str) -> Any:  # noqa: ANN401 - its type depends on the modules
    """Read a genesis."""
    try:
        return msgspec.json.decode(raw, type=genesis_type(ALL))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Stopped(
            Exit.USAGE, f"{where} is no genesis: {error}.", "'sogdia node create' writes one to begin with."
        ) from error


def keys_of(node_folder: Path | None, keys_folder: Path | None, *, offline: bool = False) -> Keyring:
    """Give the keys to choose from: one's own, and those that belong to a node of a demonstration."""
    if keys_folder is not None or offline:
        return options.keyring(keys_folder)
    return options.keyring(None, *keys_beside(find_node(node_folder)))
