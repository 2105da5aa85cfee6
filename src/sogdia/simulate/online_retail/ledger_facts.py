"""What the ledger itself says of a run: orders, refunds and refusals, read from its stored blocks.

Each block is checked on the way: it follows the one before it, its envelopes are those of its header, and its receipts
are those of the results root, which stands in the next header.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from msgspec import structs

from sogdia.engine.ledger.lookups import Lookups
from sogdia.engine.ledger.sealing import results_root, transactions_root
from sogdia.engine.storage.ledger_file import DamagedError
from sogdia.kernel import merkle
from sogdia.kernel.codec import encode
from sogdia.kernel.machine import receipt_decoder
from sogdia.kernel.refusals import KernelRefusal
from sogdia.kernel.values import owner_of, reference_of
from sogdia.modules import ALL
from sogdia.modules.identity.parties import RegisterParty
from sogdia.modules.market.events import LinesRefunded, OrderClosed, OrderPlaced
from sogdia.modules.market.late_refunds import RefundLate
from sogdia.modules.market.listings import AddVariant, OpenListing
from sogdia.modules.market.orders import OrderOperation, PlaceOrder
from sogdia.modules.market.records import FinalLine, Outcome
from sogdia.modules.money.currencies import Mint
from sogdia.simulate.online_retail.report import LedgerRefusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sogdia.engine.ledger.ledger import Ledger
    from sogdia.kernel.codec import Event
    from sogdia.kernel.operation import Operation
    from sogdia.kernel.receipt import Receipt
    from sogdia.kernel.refusal import RefusalCode
    from sogdia.kernel.stored_block import StoredBlock
    from sogdia.modules.market.events import LineFact
    from sogdia.simulate.online_retail.network import Cast

_REFUSALS: tuple[type[RefusalCode], ...] = (KernelRefusal, *(module.refusals for module in ALL))
_REFUSAL_NAMES = {int(code): code.name for codes in _REFUSALS for code in codes}
_receipt = receipt_decoder(ALL).decode


@dataclass(slots=True)
class LedgerOrder:
    """An order as the ledger's events tell it; `lines` are kept as they will stand when it is settled."""

    placed_at: int
    lines: list[FinalLine]
    outcome: int | None = None

    @property
    def settled(self) -> bool:
        """Say whether it ended as a sale."""
        return self.outcome == Outcome.SETTLED

    def path_to(self, number: int) -> tuple[bytes, ...]:
        """Give the path from a line to the root over the final lines."""
        return merkle.path([encode(line) for line in self.lines], number - 1)


class Refund(NamedTuple):
    """A piece of an order line that was refunded, out of escrow or, when `late`, by the merchant."""

    time: int
    order: bytes
    line: int
    listing: bytes
    quantity: int
    pence: int
    late: bool


@dataclass(slots=True)
class LedgerFacts:
    """All that blocks say, block after block. `refused` is keyed by the refused envelope's salt."""

    cast: Cast
    orders: dict[bytes, LedgerOrder] = field(default_factory=dict)
    refunds: list[Refund] = field(default_factory=list)
    refused: dict[bytes, LedgerRefusal] = field(default_factory=dict)
    transactions: int = 0
    closed_lines: int = 0

    def take(self, ledger: Ledger, block: StoredBlock) -> None:
        """Take in the next block."""
        time = block.header.header.time
        self.transactions += len(block.envelopes)
        for number, result in block.as_it_happened():
            receipt: Receipt = _receipt(result.receipt)
            if receipt.code:
                self._take_refusal(ledger, block.envelopes[number], receipt)
            self._take_events(time, receipt.events)

    def _take_refusal(self, ledger: Ledger, raw: bytes, receipt: Receipt) -> None:
        """Note a refused envelope and which of its operations it was about."""
        body = ledger.machine.envelopes.open(raw, ledger.limits()).body
        subject = about(body.operations[receipt.operation], self.cast)
        self.refused[body.salt] = LedgerRefusal(receipt.code, _REFUSAL_NAMES[receipt.code], subject)

    def _take_events(self, time: int, events: tuple[Event, ...]) -> None:
        """Take in what happened."""
        for event in events:
            match event:
                case OrderPlaced():
                    self.orders[event.order] = LedgerOrder(time, [_as_final(fact) for fact in event.lines])
                case LinesRefunded():
                    self._take_refunds(time, event)
                case OrderClosed():
                    order = self.orders[event.order]
                    order.outcome = event.outcome
                    self.closed_lines += len(order.lines)
                case _:
                    pass

    def _take_refunds(self, time: int, event: LinesRefunded) -> None:
        """Note what went back, and how much of each line that makes."""
        lines = self.orders[event.order].lines
        for fact in event.lines:
            before = lines[fact.number - 1]
            lines[fact.number - 1] = structs.replace(before, returned=before.returned + fact.quantity)
            pence = fact.parts.total()
            refund = Refund(time, event.order, fact.number, fact.listing, fact.quantity, pence, event.late)
            self.refunds.append(refund)


def _as_final(fact: LineFact) -> FinalLine:
    """Give the final line of what was ordered, as long as nothing has come back."""
    return FinalLine(fact.number, fact.listing, fact.variant, fact.quantity, fact.parts, fact.promotion, 0)


def read_facts(ledger: Ledger, cast: Cast) -> LedgerFacts:
    """Read all that a ledger's stored blocks say."""
    facts = LedgerFacts(cast)
    for block in read_blocks(ledger):
        facts.take(ledger, block)
    return facts


def read_blocks(ledger: Ledger) -> Iterator[StoredBlock]:
    """Read the stored blocks in order, each checked against its header and the next."""
    previous, results = ledger.machine.network, merkle.EMPTY_ROOT
    lookups = Lookups(ledger)
    last = lookups.height()
    for height in range(1, last + 1):
        block = lookups.block(height)
        header = block.header.header
        if (header.height, header.previous, header.results_root) != (height, previous, results):
            raise DamagedError(f"{ledger.folder}: the header of block {height} does not fit the block before it")
        if header.transactions_root != transactions_root(block.envelopes):
            raise DamagedError(f"{ledger.folder}: the envelopes of block {height} are not those of its header")
        previous, results = header.hash(), results_root(block.all_results(), block.exits_after)
        yield block
    if previous != ledger.tip.hash:
        raise DamagedError(f"{ledger.folder}: block {last} is not the one that the ledger ends with")


def salts_at(ledger: Ledger, time: int) -> frozenset[bytes]:
    """Give the salts of all envelopes in the last blocks, as far back as they have this time."""
    salts: set[bytes] = set()
    limits = ledger.limits()
    lookups = Lookups(ledger)
    for height in range(lookups.height(), 0, -1):
        block = lookups.block(height)
        if block.header.header.time != time:
            break
        salts.update(ledger.machine.envelopes.open(raw, limits).body.salt for raw in block.envelopes)
    return frozenset(salts)


def about(operation: Operation, cast: Cast) -> str:
    """Say what an operation is about, in the words of the files."""
    match operation:
        case OrderOperation() | RefundLate():
            subject = f"order {reference_of(operation.order)} of {cast.name_of(owner_of(operation.order))}"
        case PlaceOrder():
            subject = f"order {operation.reference}"
        case Mint():
            subject = f"party {cast.name_of(operation.to)}"
        case RegisterParty():
            subject = f"party {operation.reference}"
        case OpenListing():
            subject = f"listing {operation.reference}"
        case AddVariant():
            subject = f"listing {operation.listing}, variant {operation.variant}"
        case _:
            subject = "set-up"
    return f"{type(operation).__name__}: {subject}"
