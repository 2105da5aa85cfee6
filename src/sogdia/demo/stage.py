"""The stage of the demo: a genesis whose windows are seconds, the people's keys, and a node in a process of its own."""

from __future__ import annotations

import secrets
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sogdia.client import keys as key_files
from sogdia.client.connection import Connection, NodeNotRunningError
from sogdia.demo.monies import currencies
from sogdia.kernel.blinding import SECRET_BYTES, commitment_to
from sogdia.kernel.genesis import genesis_type, network_of
from sogdia.kernel.values import NO_ACCOUNT, account_of
from sogdia.modules import ALL
from sogdia.modules.identity import Kind
from sogdia.node import create

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sogdia.client.keys import KeyPair
    from sogdia.kernel.genesis import GenesisBase

PEOPLE: Final[dict[str, tuple[Kind, str, tuple[str, ...]]]] = {
    "registrar": (Kind.REGISTRAR, "KZ", ("registrar", "operator")),
    "bank": (Kind.PAYMENT_INSTITUTION, "KZ", ("issuer",)),
    "carrier": (Kind.CARRIER, "CN", ("carrier",)),
    "platform": (Kind.PLATFORM, "KZ", ("platform",)),
    "treasury": (Kind.AUTHORITY, "KE", ("tax_collector",)),
    "pesa": (Kind.PAYMENT_INSTITUTION, "KE", ("issuer",)),
    "auditor": (Kind.ENTERPRISE, "KZ", ()),
    "dealer": (Kind.PAYMENT_INSTITUTION, "KE", ("liquidity_provider",)),
    "bukhara": (Kind.ENTERPRISE, "UZ", ()),
    "nairobi": (Kind.PERSON, "KE", ()),
}
WINDOWS: Final = {"accept": 4, "ship": 60, "deliver": 60, "returns": 6, "answer": 60, "agree": 60}
LOCK_MARGIN: Final = 1
"""A kept rate outlives the windows until shipping by a second here."""

START_SECONDS: Final = 20.0
PAUSE_SECONDS: Final = 0.05


class Stage:
    """A running node, and the keys of everybody on it."""

    def __init__(
        self, folder: Path, network: bytes, keys: dict[str, KeyPair], references: dict[str, str] | None = None
    ) -> None:
        """Hold the node's folder, its network and the keys by name, and by which reference some are on the ledger."""
        self.folder = folder
        self.network = network
        self.keys = keys
        self._references = references or {}

    def account(self, name: str) -> bytes:
        """Give the account of somebody who is there from the start."""
        return account_of(self.network, NO_ACCOUNT, self._references.get(name, name))

    def connect(self) -> Connection:
        """Connect to the node."""
        return Connection(self.folder)


def make_genesis(keys: dict[str, KeyPair], node_key: KeyPair, secret: bytes) -> GenesisBase:
    """Make the genesis of the demo: a few parties, two currencies under policies, windows of seconds."""
    parties: list[dict[str, Any]] = [
        {
            "reference": name,
            "kind": int(kind),
            "country": country,
            "public": keys[name].public.hex(),
            "roles": roles,
            "sponsor": "registrar",
            "quota": {} if name == "registrar" else None,
        }
        for name, (kind, country, roles) in PEOPLE.items()
    ]
    content: dict[str, Any] = {
        "name": "sogdia-demo",
        "time": int(time.time()),
        "validators": [[node_key.public.hex(), 1]],
        "blinding": commitment_to(secret),
        "identity": {"parties": parties, "registrars": [{"reference": "registrar"}]},
        "money": {"currencies": currencies({"USD": "bank", "KES": "pesa"}, "auditor")},
        "exchange": {"lock_margin": LOCK_MARGIN},
        "market": {"windows": WINDOWS},
    }
    made: GenesisBase = msgspec.convert(content, genesis_type(ALL))
    return made


def people_keys(folder: Path) -> Path:
    """Say where the keys of the people lie."""
    return folder / "people"


def set_up(folder: Path) -> Stage:
    """Make the keys and the ledger in a new folder. The keys are without a passphrase, and their files say so."""
    keys = {name: key_files.generate() for name in PEOPLE}
    node_key = key_files.generate()
    secret = secrets.token_bytes(SECRET_BYTES)
    genesis = make_genesis(keys, node_key, secret)
    network = network_of(genesis)
    create(folder, genesis, secret=secret)
    stage = Stage(folder, network, keys)
    people_keys(folder).mkdir()
    for name, pair in keys.items():
        path = people_keys(folder) / f"{name}.key"
        key_files.save(path, pair, "", account=stage.account(name), label=name, unprotected=True)
    (folder / "keys").mkdir(exist_ok=True)
    key_files.save(folder / "keys" / "node.key", node_key, "", label="node", unprotected=True)
    return stage


@contextmanager
def running(stage: Stage) -> Iterator[None]:
    """Run the node in a process of its own; it is stopped in order when the demo ends, however it ends."""
    log = (stage.folder / "node.log").open("wb")
    command = [sys.executable, "-m", "sogdia.demo.node_process", str(stage.folder)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True)  # noqa: S603 - our own module
    try:
        _wait_until_it_answers(stage, process)
        yield
    finally:
        process.terminate()
        process.wait(timeout=START_SECONDS)
        if process.stdin is not None:
            process.stdin.close()
        log.close()


def _wait_until_it_answers(stage: Stage, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            stage.connect().close()
        except NodeNotRunningError:
            time.sleep(PAUSE_SECONDS)
        else:
            return
    said = (stage.folder / "node.log").read_text(encoding="utf-8", errors="replace")
    message = f"the node did not start. It said:\n{said}"
    raise NodeNotRunningError(message)
