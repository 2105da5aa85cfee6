"""The door: what this node lets into the network's pool of waiting transactions.

Admission alone is tried here, on a state of its own that begins anew from the committed one after every block; what
waits already counts as applied. Only when that refuses an envelope are those before it executed as well, on another
state, since one of them may have brought about what is missing: a party registered, a key changed. What passes here
may still be refused in the block; what does not pass is not handed on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.kernel.admission import admit
from sogdia.kernel.machine import BlockIds
from sogdia.kernel.protocol import version_for
from sogdia.kernel.refusal import Refused
from sogdia.kernel.spent import APPLIED

if TYPE_CHECKING:
    from collections.abc import Callable

    from sogdia.engine.cometbft.known import KnownTransactions
    from sogdia.engine.ledger.ledger import Ledger
    from sogdia.kernel.envelope import Envelope
    from sogdia.kernel.machine import Block


class Door:
    """Tries transactions over what is committed and what has come in since."""

    def __init__(self, ledger: Ledger, known: KnownTransactions) -> None:
        """Begin over the committed state of `ledger`."""
        self._ledger = ledger
        self._known = known
        self._passed: dict[bytes, Envelope] = {}
        self.renew()

    def renew(self) -> None:
        """Begin anew: a block has been committed."""
        self._state = self._ledger.state()
        self._limits = self._ledger.limits()
        self._version = version_for(self._state, self._ledger.tip.height + 1, self._ledger.machine.version)
        self._ids = BlockIds(self._ledger.ids)
        self._passed.clear()
        self._executed: Block | None = None
        self._executed_count = 0

    def open(self, transaction: bytes) -> tuple[Envelope, ...]:
        """Read a transaction; refuses it when its form is wrong."""
        return self._known.open(transaction, self._limits)

    def let_in(self, envelope: Envelope) -> None:
        """Let an envelope in, or refuse it; one that is in already passes again."""
        if envelope.id in self._passed:
            return
        ledger, state = self._ledger, self._state
        start = state.savepoint()
        try:
            admit(
                state,
                envelope,
                time=ledger.tip.time,
                version=self._version,
                limits=self._limits,
                spent=self._ids,
                valid=ledger.valid,
            )
        except Refused:
            state.undo(start)
            self._try_after_those_before(envelope)
        self._ids.add(envelope.id, APPLIED)
        self._passed[envelope.id] = envelope

    def _try_after_those_before(self, envelope: Envelope) -> None:
        """Execute what has been let in so far, each once, and then this envelope; raises when it is still refused."""
        block = self._executed
        if block is None:
            block = self._executed = self._ledger.begin_block(self._ledger.tip.time)
        waiting = list(self._passed.values())[self._executed_count :]
        self._executed_count = len(self._passed)
        for each in waiting:
            try:
                block.include(each)
            except Refused:
                continue
        block.include(envelope)
        self._executed_count += 1

    def check(self, transaction: bytes, hear: Callable[[bytes, Refused], None] | None = None) -> Refused | None:
        """Let a transaction in; of a batch one envelope is enough. Gives the first refusal when nothing passes.

        `hear` is told of each envelope that is refused.
        """
        try:
            envelopes = self.open(transaction)
        except Refused as refused:
            return refused
        refusals: list[Refused] = []
        for envelope in envelopes:
            try:
                self.let_in(envelope)
            except Refused as refused:
                refusals.append(refused)
                if hear is not None:
                    hear(envelope.id, refused)
        if len(refusals) < len(envelopes):
            return None
        self._known.forget(transaction)
        return refusals[0]
