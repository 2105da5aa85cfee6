"""A whole ledger in memory for tests of modules: send operations as bytes, read receipts, look at the state.

Every block runs the real machine over a real tree, with all invariants checked after it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import structs

from sogdia.client.envelopes import EnvelopeMaker, Sender, Signed, SigningKey
from sogdia.client.keys import KeyPair, derive
from sogdia.kernel.blinding import NO_SECRET, commitment_to
from sogdia.kernel.calendar import DUE_NODES, DUE_PAGES
from sogdia.kernel.codec import encode
from sogdia.kernel.genesis import genesis_type, network_of
from sogdia.kernel.machine import Block, Machine, receipt_decoder
from sogdia.kernel.quota import QUOTAS
from sogdia.kernel.read_once import ReadOnce
from sogdia.kernel.refusal import Refused
from sogdia.kernel.spent import SPENT_PAGES, SPENT_SLOTS, SPENT_TOTAL
from sogdia.kernel.state import State, Table
from sogdia.kernel.tree import Tree
from sogdia.kernel.values import NO_ACCOUNT, account_of
from sogdia.modules import ALL
from sogdia.modules.identity import Kind
from sogdia.modules.identity.parties import RegisterParty
from sogdia.modules.market.records import ORDERS
from sogdia.modules.money import Asset
from sogdia.modules.money.currencies import Mint

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sogdia.kernel.codec import Record
    from sogdia.kernel.module import Module
    from sogdia.kernel.operation import Operation
    from sogdia.kernel.receipt import Receipt

START = 1_700_000_000
SEED = b"sogdia tests"
HOUR = 3_600

PARTIES: dict[str, tuple[Kind, str, tuple[str, ...]]] = {
    "registrar": (Kind.REGISTRAR, "KZ", ("registrar", "operator")),
    "bank": (Kind.PAYMENT_INSTITUTION, "KZ", ("issuer",)),
    "carrier": (Kind.CARRIER, "CN", ("carrier",)),
    "platform": (Kind.PLATFORM, "KZ", ("platform",)),
    "treasury": (Kind.AUTHORITY, "KE", ("tax_collector",)),
    "bukhara": (Kind.ENTERPRISE, "UZ", ()),
    "nairobi": (Kind.PERSON, "KE", ()),
    "lanzhou": (Kind.ENTERPRISE, "CN", ()),
}
"""Who is there from the start; the registrar sponsors everybody."""


def keys_of(name: str) -> KeyPair:
    """Give the test key of a name."""
    return derive(SEED, name)


def genesis(modules: tuple[Module, ...] = ALL, **changes: Any) -> Any:  # noqa: ANN401 - its type depends on the modules
    """Make the genesis that tests begin with; `changes` replace whole sections."""
    parties: list[dict[str, Any]] = [
        {
            "reference": name,
            "kind": int(kind),
            "country": country,
            "public": keys_of(name).public.hex(),
            "roles": roles,
            "sponsor": "registrar",
            "quota": {} if name == "registrar" else None,
        }
        for name, (kind, country, roles) in PARTIES.items()
    ]
    content: dict[str, Any] = {
        "name": "test",
        "time": START,
        "clock": "manual",
        "validators": [[keys_of("node").public.hex(), 1]],
        "identity": {"parties": parties, "registrars": [{"reference": "registrar"}]},
        "money": {"currencies": [{"currency": "USD", "issuer": "bank"}, {"currency": "KWD", "issuer": "bank"}]},
    }
    content.update(changes)
    return msgspec.convert(content, genesis_type(modules))


class MemoryBase:
    """Committed state in memory: a tree without a store behind it, and the used ids."""

    def __init__(self, secret: bytes = NO_SECRET) -> None:
        """Start empty, with a blinding secret."""
        self.tree = Tree(lambda _prefix: None, secret)
        self.ids: dict[bytes, int] = {}

    def find(self, table: Table[Any, Any], key: bytes) -> Record | None:
        """Give the record under a full key, or nothing."""
        raw = self.tree.read(key)
        if raw is None:
            return None
        record: Record = table.codec.decode_trusted(raw)
        return record

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Walk over all records."""
        return self.tree.items()

    def outcome(self, envelope_id: bytes) -> int | None:
        """Give how an envelope ended, or nothing."""
        return self.ids.get(envelope_id)

    def live(self) -> int:
        """Give how many ids are remembered."""
        return len(self.ids)

    def commit(self, block: Block) -> None:
        """Take over a closed block's changes."""
        self.tree.update(block.state.encoded_changes())
        self.ids.update(block.ids.own())
        for envelope_id in block.forgotten:
            self.ids.pop(envelope_id, None)


class Ledger:
    """A ledger in memory with a few parties, money on request, and a clock that the test moves."""

    def __init__(
        self,
        modules: tuple[Module, ...] = ALL,
        *,
        secret: bytes = NO_SECRET,
        **genesis_changes: Any,  # noqa: ANN401 - sections of a genesis
    ) -> None:
        """Start from the test genesis, with a blinding secret if one is given."""
        if secret != NO_SECRET:
            genesis_changes["blinding"] = commitment_to(secret)
        self.genesis = genesis(modules, **genesis_changes)
        self.network = network_of(self.genesis)
        self.machine = Machine(self.network, modules)
        self.maker = EnvelopeMaker(self.network)
        self.base = MemoryBase(secret)
        self._secret = secret
        self.time = self.genesis.time
        self.height = 0
        self._last_block: Block | None = None
        self.check_invariants = True
        self.evidence: tuple[bytes, ...] = ()
        """Addresses of keys that have signed twice, for the next block alone."""
        self._salt = 0
        self._decode = receipt_decoder(modules).decode
        self._registered: dict[str, bytes] = {}
        self._key_numbers: dict[str, tuple[SigningKey, int]] = {}
        state = State(self.base)
        self.machine.begin(state, self.genesis)
        self.base.tree.update(state.encoded_changes())

    @property
    def state(self) -> State:
        """The committed state, to read."""
        return State(self.base)

    @property
    def last_block(self) -> Block:
        """The last block that was made."""
        if self._last_block is None:
            message = "no block has been made yet"
            raise AssertionError(message)
        return self._last_block

    @property
    def root(self) -> bytes:
        """The state root."""
        return self.base.tree.root

    def account(self, name: str) -> bytes:
        """Give the account of a party of the genesis, or of one entered by `register`."""
        return self._registered.get(name) or account_of(self.network, NO_ACCOUNT, name)

    def sender(self, name: str) -> Sender:
        """Give a party's account and current key."""
        keys, number = self._key_numbers.get(name, (keys_of(name), 0))
        return Sender(self.account(name), keys, number)

    def second_key(self, name: str, alias: str, keys: SigningKey, number: int) -> None:
        """Let `alias` sign for a party with another of its keys."""
        self._registered[alias] = self.account(name)
        self._key_numbers[alias] = (keys, number)

    def use_key(self, name: str, keys: SigningKey, number: int) -> None:
        """Sign for a party with another key from now on."""
        self._key_numbers[name] = (keys, number)

    def asset(self, currency: str = "USD", issuer: str = "bank") -> Asset:
        """Give an asset."""
        return Asset(currency, self.account(issuer))

    def sign(
        self,
        who: str | Sequence[str],
        *operations: Operation,
        expiry: int | None = None,
        not_before: int | None = None,
        after: Sequence[Signed] = (),
    ) -> Signed:
        """Build and sign an envelope; several signers act by the index in their operations."""
        names = [who] if isinstance(who, str) else list(who)
        self._salt += 1
        return self.maker.make(
            [self.sender(name) for name in names],
            operations,
            expiry=self.time + HOUR if expiry is None else expiry,
            not_before=not_before,
            after=after,
            salt=self._salt.to_bytes(8, "big"),
        )

    def block(self, *signed: Signed | bytes, at: int | None = None) -> list[Receipt | Refused]:
        """Make one block; give each envelope's receipt, or the refusal that kept it out of the block."""
        if at is not None:
            self.time = at
        self.height += 1
        block = Block(
            self.machine,
            self.base,
            self.base,
            height=self.height,
            time=self.time,
            misbehaviour=self.evidence,
            secret=self._secret,
        )
        self.evidence = ()
        answers: list[Receipt | Refused] = []
        for each in signed:
            raw = each if isinstance(each, bytes) else each.raw
            try:
                block.include(self.machine.envelopes.open(raw, block.limits))
            except Refused as refused:
                answers.append(refused)
                continue
            answers.append(self._decode(block.results[-1].receipt))
        block.close()
        if self.check_invariants:
            self.machine.check_invariants(ReadOnce(block.state))
        self.base.commit(block)
        self._last_block = block
        return answers

    def send(self, who: str | Sequence[str], *operations: Operation, at: int | None = None) -> Receipt:
        """Send operations in a block of their own and give the receipt; inadmissible ones raise `Refused`."""
        if at is not None:
            self.time = at
        answer = self.block(self.sign(who, *operations))[0]
        if isinstance(answer, Refused):
            raise answer
        return answer

    def must(self, who: str | Sequence[str], *operations: Operation, at: int | None = None) -> Receipt:
        """Send operations that have to be applied; give the receipt."""
        receipt = self.send(who, *operations, at=at)
        if receipt.code:
            message = f"refused: {receipt.code} {receipt.facts}"
            raise AssertionError(message)
        return receipt

    def wait(self, seconds: int) -> list[Receipt]:
        """Let time pass and make a block; give the receipts of the exits that deadlines caused."""
        self.block(at=self.time + seconds)
        return self.exit_receipts()

    def exit_receipts(self) -> list[Receipt]:
        """Give the receipts of the last block for what no envelope asked for: deadlines, heights, evidence."""
        return [self._decode(each.receipt) for each in self.last_block.exits]

    def fund(self, name: str, units: int, currency: str = "USD") -> None:
        """Let the bank mint money for a party."""
        self.must("bank", Mint(currency=currency, to=self.account(name), units=units))

    def register(
        self, name: str, country: str = "KE", kind: Kind = Kind.PERSON, roles: int = 0, *, by: str = "registrar"
    ) -> bytes:
        """Let a registrar enter a party under its name, at its own expense; give its account."""
        operation = RegisterParty(
            reference=name,
            kind=int(kind),
            country=country,
            roles=roles,
            sponsor=self.account(by),
            scheme=1,
            public=keys_of(name).public,
        )
        self.must(by, operation)
        self._registered[name] = account_of(self.network, self.account(by), name)
        return self._registered[name]

    def snapshot(self, *, calendar: bool = True) -> dict[bytes, bytes]:
        """Give all records outside the kernel's own bookkeeping, to show that nothing changed.

        Of the quotas, what is used in a period is left out; what is stored stays in. Without the `calendar` an order's
        place in it is left out, too: when time passes it is moved on as its old place comes up, whatever else happens.
        """
        records = {key: value for key, value in self.base.items() if key[0] not in BOOKKEEPING}
        for key, quota in QUOTAS.items(self.state):
            lasting = structs.replace(
                quota,
                period_start=0,
                operations_used=0,
                bytes_used=0,
                reserved_operations_used=0,
                reserved_bytes_used=0,
            )
            records[QUOTAS.full_key(key)] = encode(lasting)
        if calendar:
            return records
        for key in [key for key in records if key[0] in CALENDAR]:
            del records[key]
        for name, order in ORDERS.items(self.state):
            records[ORDERS.full_key(name)] = encode(structs.replace(order, due=order.deadline))
        return records


BOOKKEEPING = frozenset(table.number for table in (SPENT_PAGES, SPENT_SLOTS, SPENT_TOTAL, QUOTAS))
"""Tables of used ids and quotas, which change even when an operation is refused."""

CALENDAR = frozenset((DUE_NODES.number, DUE_PAGES.number))
