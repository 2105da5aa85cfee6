"""The network of a replay: its genesis, its parties and its blocks. It is the ledger itself, in a folder of its own.

    registrar, sponsor   there because every network has them       issuer-a   issues the money that buyers pay in
    merchant, platform   sell, and take the fee                     issuer-b   issues the money that the merchant asks
    dealer-1, dealer-2   quote and hedge                            buyer-1 … buyer-6   order
    friend, friends-shop a buyer and a merchant who act as one

Every envelope is signed and checked, every block is sealed, and after each the invariants of all modules are tried.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from msgspec import structs

from sogdia.client.envelopes import EnvelopeMaker, Sender
from sogdia.client.keys import derive
from sogdia.engine.ledger.ledger import Ledger
from sogdia.kernel.genesis import genesis_type, network_of
from sogdia.kernel.machine import receipt_decoder
from sogdia.kernel.parameters import DAY
from sogdia.kernel.read_once import ReadOnce
from sogdia.kernel.refusal import Refused
from sogdia.kernel.stored_block import decode_block
from sogdia.kernel.values import NO_ACCOUNT, UNITS_MAX, account_of
from sogdia.modules import ALL
from sogdia.modules.identity import Kind
from sogdia.modules.money import Asset
from sogdia.simulate.payments.promises import StepRefused

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from sogdia.kernel.operation import Operation
    from sogdia.kernel.receipt import Receipt
    from sogdia.simulate.payments.storms import Replay

DEALERS = ("dealer-1", "dealer-2")
BUYERS = tuple(f"buyer-{number}" for number in range(1, 7))
ISSUER_A, ISSUER_B = "issuer-a", "issuer-b"
MERCHANT, PLATFORM, REGISTRAR, SPONSOR, NODE = "merchant", "platform", "registrar", "sponsor", "node"
FRIEND, FRIENDS_SHOP = "friend", "friends-shop"
SHOPS = (MERCHANT, FRIENDS_SHOP)
HOLDERS = (*BUYERS, FRIEND, *DEALERS, *SHOPS, PLATFORM, ISSUER_A, ISSUER_B)

_PARTIES: dict[str, tuple[Kind, tuple[str, ...]]] = {
    REGISTRAR: (Kind.REGISTRAR, ("registrar",)),
    SPONSOR: (Kind.ENTERPRISE, ()),
    ISSUER_A: (Kind.PAYMENT_INSTITUTION, ("issuer",)),
    ISSUER_B: (Kind.PAYMENT_INSTITUTION, ("issuer",)),
    **dict.fromkeys(SHOPS, (Kind.ENTERPRISE, ())),
    PLATFORM: (Kind.PLATFORM, ("platform",)),
    **dict.fromkeys(DEALERS, (Kind.PAYMENT_INSTITUTION, ("liquidity_provider",))),
    **dict.fromkeys((*BUYERS, FRIEND), (Kind.PERSON, ())),
}
_QUOTA = {"operations": 10**9, "bytes": 10**13, "reserved_operations": 10**9, "stored_bytes": 10**13}
_HOUR = 3_600
TERMS_SECONDS_MAX = 9 * 3_600
"""How long a dealer's terms may hold on the network of a replay: through the day, as rates are daily."""

_BLOCKS_IN_A_COMMIT = 100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC).toordinal()


class Step(NamedTuple):
    """Operations that one party or several sign together, and what they are about if they should be refused."""

    signers: tuple[str, ...]
    operations: tuple[Operation, ...]
    about: str


def moment(day: int, hour: int, minute: int = 0) -> int:
    """Give a time of a day as a block states it."""
    return (day - _EPOCH) * DAY + hour * _HOUR + minute * 60


class Stage:
    """A ledger in a folder, whose clock the replay moves."""

    def __init__(self, replay: Replay, folder: Path, seed: str, first: int) -> None:
        """Make the ledger; its time begins in the morning of the day `first`."""
        self._seed = f"{seed}/{replay.name}".encode()
        node_key = derive(self._seed, NODE)
        genesis = self._genesis(replay, moment(first, 6), node_key.public.hex())
        network = network_of(genesis)
        self.ledger = Ledger.create(folder, ALL, genesis, (node_key,))
        self.blocks = 0
        self.envelopes = 0
        self.asset_a = Asset(replay.pays, account_of(network, NO_ACCOUNT, ISSUER_A))
        self.asset_b = Asset(replay.asks, account_of(network, NO_ACCOUNT, ISSUER_B))
        self._senders = {
            name: Sender(account_of(network, NO_ACCOUNT, name), derive(self._seed, name)) for name in _PARTIES
        }
        self._names = {sender.account: name for name, sender in self._senders.items()}
        self._maker = EnvelopeMaker(network)
        self._decode = receipt_decoder(ALL).decode
        self._salt = 0

    @property
    def state(self) -> Any:  # noqa: ANN401 - the kernel's own type, passed on
        """The state after the newest block."""
        return self.ledger.state()

    @property
    def height(self) -> int:
        """The height of the newest block."""
        return self.ledger.tip.height

    def account(self, name: str) -> bytes:
        """Give a party's account."""
        return self._senders[name].account

    def name_of(self, account: bytes) -> str:
        """Give the name of whoever has an account."""
        return self._names[account]

    def block(self, time: int, steps: Sequence[Step] = ()) -> list[Any]:
        """Make a block of steps and of what is due; give all its facts in order. Nothing at all makes no block."""
        limits = self.ledger.limits()
        opened = [self.ledger.machine.envelopes.open(self._signed(time, step), limits) for step in steps]
        built = self.ledger.execute(time, opened)
        for step, outcome in zip(steps, built.outcomes, strict=True):
            if isinstance(outcome, Refused):
                raise StepRefused(f"{step.about}: kept out of the block: {outcome}")
            receipt = self._decode(outcome.receipt)
            if receipt.code:
                raise StepRefused(f"{step.about}: refused with {receipt.code}, {dict(receipt.facts)}")
        if built.block is None:
            return []
        self.ledger.machine.check_invariants(ReadOnce(self.ledger.state()))
        self.blocks += 1
        self.envelopes += len(steps)
        if self.blocks % _BLOCKS_IN_A_COMMIT == 0:
            self.ledger.commit()
        results = decode_block(built.block.raw).as_it_happened()
        return list(_events(self._decode(result.receipt) for _number, result in results))

    def leave(self) -> None:
        """Let go of the ledger; nobody reads its folder any more."""
        self.ledger.abandon()

    def _signed(self, time: int, step: Step) -> bytes:
        self._salt += 1
        operations = []
        for number, operation in enumerate(step.operations):
            signer = min(number, len(step.signers) - 1)
            operations.append(structs.replace(operation, signer=signer) if signer else operation)
        return self._maker.make(
            [self._senders[name] for name in step.signers],
            operations,
            expiry=time + _HOUR,
            salt=self._salt.to_bytes(8, "big"),
        ).raw

    def _genesis(self, replay: Replay, time: int, validator: str) -> Any:  # noqa: ANN401 - depends on the modules
        parties = [
            {
                "reference": name,
                "kind": int(kind),
                "country": "CN",
                "public": derive(self._seed, name).public.hex(),
                "roles": roles,
                "sponsor": SPONSOR,
                "quota": _QUOTA if name == SPONSOR else None,
            }
            for name, (kind, roles) in _PARTIES.items()
        ]
        caps = {"supply_max": UNITS_MAX, "holder_max": UNITS_MAX}
        windows = {name: days * DAY for name, days in _as_dict(replay.windows).items()}
        content: dict[str, Any] = {
            "name": "payments",
            "time": time,
            "clock": "manual",
            "validators": [[validator, 1]],
            "identity": {"parties": parties, "registrars": [{"reference": REGISTRAR}]},
            "money": {
                "currencies": [
                    {"currency": replay.pays, "issuer": ISSUER_A, **caps},
                    {"currency": replay.asks, "issuer": ISSUER_B, **caps},
                ]
            },
            "exchange": {"age_max": TERMS_SECONDS_MAX},
            "market": {"windows": windows},
        }
        return msgspec.convert(content, genesis_type(ALL))


def _as_dict(windows: Any) -> dict[str, int]:  # noqa: ANN401 - a frozen dataclass with slots
    return {each.name: getattr(windows, each.name) for each in fields(windows)}


def _events(receipts: Iterable[Receipt]) -> Iterable[Any]:
    for receipt in receipts:
        yield from receipt.events
