"""The one place where the parts are put together: the modules, the keys, the engine and its socket."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sogdia.client import keys as key_files
from sogdia.engine.cometbft.entrance import Entrance
from sogdia.engine.cometbft.keeping import Keeping
from sogdia.engine.cometbft.next_key import next_key_is_due, take_over_next_key
from sogdia.engine.cometbft.places import home
from sogdia.engine.cometbft.snapshots import Taking
from sogdia.engine.ledger.ledger import Ledger
from sogdia.engine.serving.service import Service
from sogdia.engine.solo.alone import alone, clock_of
from sogdia.kernel.blinding import NO_SECRET
from sogdia.modules import ALL
from sogdia.operate import logs
from sogdia.operate.running import Run
from sogdia.settings.sections import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from sogdia.engine.ledger.sealing import NodeKey
    from sogdia.kernel.genesis import GenesisBase
    from sogdia.kernel.module import Module
    from sogdia.operate.beside import Beside
    from sogdia.settings.sections import NetworkSettings

KEYS = "keys"
KEY_SUFFIX = ".key"
NO_PASSPHRASE = ""
COMETBFT = "cometbft"
VERIFIER = {"auto": None, "on": True, "off": False}


class BeginsAnewError(Exception):
    """The node has ended in order to begin anew; the message says why."""


def create(folder: Path, genesis: GenesisBase, *, secret: bytes = NO_SECRET, modules: tuple[Module, ...] = ALL) -> None:
    """Make a new ledger from a genesis, with the blinding secret to which it is committed, if it is."""
    Ledger.create(folder, modules, genesis, secret=secret).close()


def open_ledger(folder: Path, keys: Iterable[NodeKey] = (), *, modules: tuple[Module, ...] = ALL) -> Ledger:
    """Open a ledger that no node has open."""
    return Ledger.open(folder, modules, keys)


def needs_engine(folder: Path) -> bool:
    """Tell whether a node's folder belongs to a network of several organisations, whose blocks CometBFT orders."""
    return home(folder).is_dir()


def load_keys(folder: Path, passphrase_for: Callable[[Path], str]) -> list[NodeKey]:
    """Load the node's keys from the data folder; `passphrase_for` is asked for each file that has a passphrase."""
    loaded: list[NodeKey] = []
    for path in sorted((folder / KEYS).glob(f"*{KEY_SUFFIX}")):
        passphrase = passphrase_for(path) if key_files.describe(path).protected else NO_PASSPHRASE
        loaded.append(key_files.load(path, passphrase).keypair)
    return loaded


def keeping_of(chosen: NetworkSettings) -> Keeping:
    """Give what a node keeps, as its operator has chosen."""
    taking = Taking(every=chosen.snapshot_every_blocks, kept=chosen.snapshots_kept)
    return Keeping(snapshots=taking, blocks=chosen.blocks_kept)


def run(  # noqa: PLR0913 - what an operator may decide
    folder: Path,
    keys: Iterable[NodeKey],
    *,
    ready: Callable[[Path], None],
    accept_clock: bool = False,
    verifier: bool | None = None,
    settings: Settings | None = None,
    read_again: Callable[[], Settings] | None = None,
    beside: Callable[[Settings], Beside] | None = None,
    modules: tuple[Module, ...] = ALL,
) -> None:
    """Run the node of a data folder until it is asked to stop; `ready` hears the path of its socket.

    `beside` gives the doors that run with it, as processes of their own. Raises `BeginsAnewError` when the node of a
    network has to begin anew with its engine, which whoever keeps the two together does.
    """
    chosen = Settings() if settings is None else settings
    again: list[str] = []
    logs.begin(chosen.log)

    def look_for_next_key(service: Service, ledger: Ledger) -> None:
        if next_key_is_due(folder, ledger):
            again.append("the next block is the first that the node's next validator key signs")
            service.stop()

    async def serve() -> None:
        ledger = Ledger.open(folder, modules, keys)
        try:
            checks_ahead = VERIFIER[chosen.node.verifier] if verifier is None else verifier
            if ledger.genesis.engine == COMETBFT:
                take_over_next_key(folder, ledger)
                entrance = Entrance(
                    ledger,
                    keeping_of(chosen.network),
                    verifier=checks_ahead,
                    peers_only=chosen.network.peers_only,
                )
                service = Service(entrance)
                entrance.replica.on_commit.append(lambda _block: look_for_next_key(service, ledger))
            else:
                service = alone(ledger, clock_of(ledger, accept_clock=accept_clock), verifier=checks_ahead)
            run_under = Run(service, chosen, read_again, None if beside is None else beside(chosen))
            await run_under.start()
        except BaseException:
            ledger.abandon()
            raise

        def is_ready(socket: Path) -> None:
            ready(socket)
            run_under.ready()

        try:
            await service.run(is_ready)
        finally:
            await run_under.stop()

    asyncio.run(serve())
    if again:
        raise BeginsAnewError(again[0])
