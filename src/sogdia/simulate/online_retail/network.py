"""The network of a run: its genesis, its parties and their keys, and the folder that holds it.

    registrar   enters the buyers               issuer     issues the pounds that buyers pay with
    sponsor     answers for everybody's quota   retailer   sells

All are ordinary parties under the ordinary rules; only their quotas are set high in genesis. Every key derives from the
seed, each buyer's from its own path, so that whoever knows the seed can check or continue a run.

The genesis says all that a run depends on: its name holds a fingerprint of the files, its windows and keys come from
the options. A folder is continued only by the run that began it. The node's key is kept in it without a passphrase, as
it is worth nothing, so that a node can serve the folder when the run is over.
"""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec

from sogdia.client.envelopes import Sender
from sogdia.client.keys import SEED_BYTES, derive, save
from sogdia.engine.ledger.ledger import Ledger
from sogdia.engine.storage.ledger_file import LedgerFile
from sogdia.kernel.codec import encode
from sogdia.kernel.genesis import genesis_type, network_of
from sogdia.kernel.parameters import DAY, Limits
from sogdia.kernel.values import NO_ACCOUNT, UNITS_MAX, account_of, name_of
from sogdia.modules import ALL
from sogdia.modules.identity import Kind
from sogdia.modules.money import Asset
from sogdia.node import KEY_SUFFIX, KEYS, NO_PASSPHRASE
from sogdia.simulate.online_retail.lines import InputRefused

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from sogdia.client.keys import KeyPair
    from sogdia.kernel.genesis import GenesisBase
    from sogdia.simulate.online_retail.lines import InvoiceFile
    from sogdia.simulate.online_retail.plan import Plan

REGISTRAR = "registrar"
SPONSOR = "sponsor"
ISSUER = "issuer"
RETAILER = "retailer"
NODE = "node"
CURRENCY = "GBP"

RETURN_WINDOW_DAYS_MAX = 400
"""The market lets no state of an order last longer."""

TIMETABLE = 1
"""Which order of blocks and envelopes this is. Another one can't continue a folder of this one."""

_QUOTA = {"operations": 10**9, "bytes": 10**13, "reserved_operations": 10**9, "stored_bytes": 10**13}

_WRITES_OF_AN_ORDER = 40
_WRITES_OF_A_LINE = 2


class Cast:
    """Who takes part in one network: accounts, and keys that derive from the seed."""

    def __init__(self, network: bytes, seed: bytes, buyers: Iterable[str]) -> None:
        """Stand for the parties of the network whose genesis hash is `network`; buyers are called as in the plan."""
        self.network = network
        self._senders: dict[str, Sender] = {}
        self._names: dict[bytes, str] = {}
        for name in (REGISTRAR, SPONSOR, ISSUER, RETAILER):
            self._enter(name, NO_ACCOUNT, seed)
        for name in buyers:
            self._enter(name, self.sender(REGISTRAR).account, seed)
        self.asset = Asset(CURRENCY, self.sender(ISSUER).account)

    def sender(self, name: str) -> Sender:
        """Give the account and keys of a party."""
        return self._senders[name]

    def name_of(self, account: bytes) -> str:
        """Give the name of the party whose account this is."""
        return self._names[account]

    def order_name(self, buyer: str, invoice: str) -> bytes:
        """Give an order's name on the ledger."""
        return name_of(self._senders[buyer].account, invoice)

    def _enter(self, name: str, registrar: bytes, seed: bytes) -> None:
        """Derive a party's account and keys."""
        sender = Sender(account_of(self.network, registrar, name), party_keys(seed, name))
        self._senders[name] = sender
        self._names[sender.account] = name


def seed_from_text(text: str) -> bytes:
    """Read a seed: 64 hexadecimal digits are its 32 bytes, anything else counts as its own text."""
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        return text.encode()
    return raw if len(raw) == SEED_BYTES else text.encode()


def party_keys(seed: bytes, name: str) -> KeyPair:
    """Derive the keys of a party, or of the node."""
    return derive(seed, "online-retail", name)


def make_genesis(plan: Plan, files: Sequence[InvoiceFile], seed: bytes, return_window: int) -> GenesisBase:
    """Make the genesis of a run. Nothing but files, seed and window goes into it."""
    if not 0 <= return_window <= RETURN_WINDOW_DAYS_MAX:
        reason = f"is {return_window} days; the window is 0 to {RETURN_WINDOW_DAYS_MAX} whole days"
        raise InputRefused("--return-window", reason, "Choose another, say 14.")
    content: dict[str, Any] = {
        "name": f"online-retail-{_fingerprint(files)}",
        "time": plan.steps[0].time if plan.steps else 0,
        "clock": "manual",
        "limits": Limits(exit_writes_max=_exit_writes_max(plan)),
        "validators": [[party_keys(seed, NODE).public.hex(), 1]],
        "identity": {"parties": list(_parties(seed)), "registrars": [{"reference": REGISTRAR}]},
        "money": {
            "currencies": [
                {"currency": CURRENCY, "issuer": ISSUER, "supply_max": UNITS_MAX, "holder_max": UNITS_MAX},
            ]
        },
        "market": {"windows": {"returns": return_window * DAY}},
    }
    return msgspec.convert(content, genesis_type(ALL))


def open_ledger(folder: Path, genesis: GenesisBase, seed: bytes) -> Ledger:
    """Begin a ledger in `folder`, or open the one there that this same run began; refuse any other."""
    node_key = party_keys(seed, NODE)
    if _is_new(folder):
        Ledger.create(folder, ALL, genesis).close()
    ledger = Ledger.open(folder, ALL, (node_key,))
    if ledger.machine.network != network_of(genesis):
        found = ledger.genesis
        ledger.abandon()
        way_out = "Give the same files, --seed and --return-window to go on with it, or choose another folder."
        raise InputRefused(str(folder), _difference(found, genesis), way_out)
    _keep(folder, node_key)
    return ledger


def _is_new(folder: Path) -> bool:
    """Say whether no ledger has been begun in `folder`."""
    file = LedgerFile(folder)
    try:
        return file.is_new()
    finally:
        file.close()


def _keep(folder: Path, node_key: KeyPair) -> None:
    """Put the node's key where a node looks for it, unless it is there."""
    path = folder / KEYS / f"{NODE}{KEY_SUFFIX}"
    if not path.exists():
        path.parent.mkdir(exist_ok=True, mode=0o700)
        save(path, node_key, NO_PASSPHRASE, label="node of a simulation", unprotected=True)


def _difference(found: Any, wanted: Any) -> str:  # noqa: ANN401 - a genesis' type depends on the modules
    """Say what a ledger was made from that this run is not."""
    if not found.name.startswith("online-retail-"):
        return f"holds another ledger, {found.name!r}"
    if found.name != wanted.name:
        return "holds a run of other files"
    if found.market.windows != wanted.market.windows:
        return f"holds a run with a return window of {found.market.windows.returns // DAY} days"
    return "holds a run with another seed"


def _fingerprint(files: Iterable[InvoiceFile]) -> str:
    """Give a digest of the files' content, short enough for a name."""
    return sha256(encode([TIMETABLE, *(file.digest for file in files)])).hexdigest()[:24]


def _parties(seed: bytes) -> Iterable[dict[str, Any]]:
    """Describe the parties that are there from the start."""
    for name, kind, roles in (
        (REGISTRAR, Kind.REGISTRAR, ("registrar",)),
        (SPONSOR, Kind.ENTERPRISE, ()),
        (ISSUER, Kind.PAYMENT_INSTITUTION, ("issuer",)),
        (RETAILER, Kind.ENTERPRISE, ()),
    ):
        yield {
            "reference": name,
            "kind": int(kind),
            "country": "GB",
            "public": party_keys(seed, name).public.hex(),
            "roles": roles,
            "sponsor": SPONSOR,
            "quota": _QUOTA if name == SPONSOR else None,
        }


def _exit_writes_max(plan: Plan) -> int:
    """Give room for all that falls due in one second.

    An order whose window has ended is then closed within that block, so goods that come back one second too late find
    a closed order and are refunded by the merchant, however much else is due.
    """
    writes: Counter[int] = Counter()
    for order in plan.orders:
        writes[order.time] += _WRITES_OF_AN_ORDER + _WRITES_OF_A_LINE * len(order.lines)
    return max(Limits().exit_writes_max, *writes.values(), 0)
