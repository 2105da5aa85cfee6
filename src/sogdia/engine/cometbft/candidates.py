"""Blocks that may be decided: transactions executed over the committed state, and what came out.

A candidate depends on the committed state, the height, the time, the evidence and the transactions, and on nothing
else. The one that was executed for a proposal serves again when that very block is decided; when it is not at hand,
as while catching up, the block is executed then.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from sogdia.engine.cometbft.transactions import transaction_of
from sogdia.kernel import merkle
from sogdia.kernel.receipt import receipt_hash, result_leaf
from sogdia.kernel.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sogdia.engine.cometbft.known import KnownTransactions
    from sogdia.engine.ledger.ledger import Ledger
    from sogdia.kernel.machine import Block, Result

CANDIDATES_MAX = 4
"""A height seldom needs more than two rounds; what is forgotten is executed again."""


TRANSACTIONS_IN_A_BREATH = 32

PROPOSAL_SECONDS_MAX = 0.5
"""A proposer executes for no longer: the others execute its block before they vote, and wait for a proposal no longer
than `Timing.propose`. On a slow or busy machine blocks are smaller, where larger ones would never be agreed on.
This is a proposer's own choice; whether a proposal is accepted does not depend on it."""


class _Head(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The beginning of a receipt, for those who need no more of it."""

    code: int


_decode_head = msgspec.msgpack.Decoder(_Head).decode


class BlockFullError(Exception):
    """More than the network's limits let into one block."""


class Occasion(NamedTuple):
    """For when a block is meant: its height, its time in whole seconds, and who is proven to have voted twice."""

    height: int
    time: int
    misbehaviour: tuple[bytes, ...] = ()


class Outcome(NamedTuple):
    """What one transaction came to: 0 or the number of the refusal, and the hash of what its receipts say."""

    code: int
    data: bytes


class Candidate(NamedTuple):
    """An executed block that is not committed, its envelopes in order, and one outcome a transaction."""

    block: Block
    envelopes: list[bytes]
    outcomes: list[Outcome]


class Candidates:
    """Executes proposals and decided blocks over the committed state of a ledger."""

    def __init__(self, ledger: Ledger, known: KnownTransactions) -> None:
        """Execute over `ledger`."""
        self._ledger = ledger
        self._known = known
        self._made: dict[tuple[Occasion, tuple[bytes, ...]], Candidate] = {}
        self.clock = time.monotonic
        self.breathe: Callable[[], None] = _nothing_to_do
        """Called now and then in the middle of a block, for what must not wait for its end."""

    def select(self, occasion: Occasion, transactions: Sequence[bytes], bytes_max: int) -> list[bytes]:
        """Choose what of the offered transactions a proposal can hold, in their order; the rest is left out.

        Of a batch what is not admissible is left out as well, which makes it another transaction.
        """
        candidate = self._begin(occasion)
        limits = candidate.block.limits
        room = min(bytes_max, limits.block_bytes_max)
        chosen: list[bytes] = []
        until = self.clock() + PROPOSAL_SECONDS_MAX
        for number, transaction in enumerate(transactions, 1):
            room -= len(transaction)
            if room < 0 or self.clock() > until:
                break
            if not number % TRANSACTIONS_IN_A_BREATH:
                self.breathe()
            kept = self._include_what_is_admissible(candidate, transaction)
            if kept:
                chosen.append(kept)
        self._keep(occasion, chosen, candidate)
        return chosen

    def check(self, occasion: Occasion, transactions: Sequence[bytes]) -> Candidate:
        """Execute exactly these transactions.

        Raises `Refused` when one of them is not admissible, and `BlockFullError` when they are too many.
        """
        known = self._made.get((occasion, tuple(transactions)))
        if known is not None:
            return known
        candidate = self._begin(occasion)
        block = candidate.block
        size = sum(map(len, transactions))
        if size > block.limits.block_bytes_max:
            raise BlockFullError(f"{size} bytes are in one block; at most {block.limits.block_bytes_max} may be")
        for number, transaction in enumerate(transactions, 1):
            if not number % TRANSACTIONS_IN_A_BREATH:
                self.breathe()
            first = len(block.results)
            for envelope in self._known.open(transaction, block.limits):
                self._require_room(block)
                block.include(envelope)
                candidate.envelopes.append(envelope.raw)
            candidate.outcomes.append(_outcome(block.results[first:]))
        self._keep(occasion, transactions, candidate)
        return candidate

    def forget(self) -> None:
        """Drop all candidates: the state below them has moved on."""
        self._made.clear()

    def _begin(self, occasion: Occasion) -> Candidate:
        return Candidate(self._ledger.begin_block(occasion.time, occasion.misbehaviour), [], [])

    def _include_what_is_admissible(self, candidate: Candidate, transaction: bytes) -> bytes:
        """Include a transaction, or what remains of a batch; gives what was included."""
        block = candidate.block
        first = len(block.results)
        kept: list[bytes] = []
        try:
            opened = self._known.open(transaction, block.limits)
        except Refused:
            return b""
        for envelope in opened:
            try:
                self._require_room(block)
                block.include(envelope)
            except (Refused, BlockFullError):
                continue
            kept.append(envelope.raw)
        if not kept:
            return b""
        candidate.envelopes.extend(kept)
        candidate.outcomes.append(_outcome(block.results[first:]))
        return transaction if len(kept) == len(opened) else transaction_of(kept)

    @staticmethod
    def _require_room(block: Block) -> None:
        most = block.limits.block_envelopes_max
        if len(block.results) >= most:
            raise BlockFullError(f"more than {most} envelopes are in one block")

    def _keep(self, occasion: Occasion, transactions: Sequence[bytes], candidate: Candidate) -> None:
        while len(self._made) >= CANDIDATES_MAX:
            del self._made[next(iter(self._made))]
        self._made[occasion, tuple(transactions)] = candidate


def _nothing_to_do() -> None:
    return


def _outcome(results: Sequence[Result]) -> Outcome:
    """Give what a transaction came to: the receipt's hash, or for a batch the root over its results."""
    if len(results) == 1:
        receipt = results[0].receipt
        return Outcome(_decode_head(receipt).code, receipt_hash(receipt))
    return Outcome(0, merkle.root([result_leaf(each.id, each.receipt) for each in results]))
