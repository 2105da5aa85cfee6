"""A data folder with a few thousand records, ready for orders: made once in a run, copied for each test."""

import shutil
import sys
import time
from pathlib import Path
from typing import NamedTuple

import msgspec

from bench.work import Maker, genesis, keys_of, network
from sogdia.engine.ledger.ledger import Ledger
from sogdia.engine.storage.block_log import NAME as LOG
from sogdia.engine.storage.ledger_file import DATA
from sogdia.modules import ALL
from tests.faults.workers import ROOT

SERVE = (sys.executable, str(Path(__file__).parent / "serve.py"))
ADDITIONS = {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
NODE_KEYS = (keys_of("node"),)
SOON = ("--flush-blocks", "6", "--run-blocks", "9")
"""Buckets and index runs are written after so few blocks that every test sees it happen."""

VALIDITY_SECONDS = 12 * 3_600
BLOCK_ENVELOPES = 400

parts_of_envelope = msgspec.msgpack.Decoder(tuple[msgspec.Raw, msgspec.Raw]).decode


class World(NamedTuple):
    """A folder with a ledger, and the network in it."""

    folder: Path
    network: bytes

    @property
    def data_file(self) -> Path:
        """The file that holds everything but the last blocks."""
        return self.folder / DATA

    @property
    def log_file(self) -> Path:
        """The file that holds the last blocks."""
        return self.folder / LOG

    def maker(self) -> Maker:
        """Whoever builds and signs envelopes for this network; order numbers must not repeat within one folder."""
        return Maker(self.network, int(time.time()) + VALIDITY_SECONDS)

    def copied_to(self, folder: Path) -> "World":
        """The same ledger in a folder of its own."""
        shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns("*-lock", "node.sock*"))
        return World(folder, self.network)


def make_world(folder: Path) -> World:
    """Make the ledger: parties, money for every buyer, listings of every merchant."""
    now = int(time.time())
    made = genesis(now)
    world = World(folder, network(made))
    ledger = Ledger.create(folder, ALL, made, NODE_KEYS)
    limits = ledger.limits()
    envelopes = [ledger.machine.envelopes.open(raw, limits) for raw in world.maker().preparations()]
    for start in range(0, len(envelopes), BLOCK_ENVELOPES):
        ledger.build_block(now, envelopes[start : start + BLOCK_ENVELOPES])
    ledger.build_block(now, empty=True)
    ledger.close()
    return world
