"""What has been looked at before and need not be looked at again: decoded transactions, and signatures found valid.

Both are memories of pure functions, so forgetting costs time and nothing else. Whether a key belongs to its account
now is read from the state every time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.engine.cometbft.transactions import envelopes_of
from sogdia.engine.serving.checks import check_of, holds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sogdia.kernel.envelope import Envelope, EnvelopeCodec
    from sogdia.kernel.parameters import Limits

TRANSACTIONS_MAX = 20_000
SIGNATURES_MAX = 200_000


class KnownSignatures:
    """A `Verifier` with a memory of what was valid; what was not is tried again."""

    __slots__ = ("_valid",)

    def __init__(self) -> None:
        """Start with an empty memory."""
        self._valid: dict[bytes, None] = {}

    def __call__(self, scheme: int, public_key: bytes, message: bytes, signature: bytes) -> bool:
        """Tell whether a signature is valid."""
        check = check_of(scheme, public_key, message, signature)
        if check in self._valid:
            return True
        if not holds(check):
            return False
        self._remember(check)
        return True

    def unknown(self, checks: Iterable[bytes]) -> list[bytes]:
        """Give those checks whose answer is not remembered."""
        return [check for check in checks if check not in self._valid]

    def expect(self, checks: Sequence[bytes]) -> None:
        """Hear that answers are on their way: nothing needs to be done about it."""

    def enter(self, checks: Sequence[bytes], verdicts: bytes) -> None:
        """Remember which checks another process has found to hold."""
        for check, verdict in zip(checks, verdicts, strict=True):
            if verdict:
                self._remember(check)

    def _remember(self, check: bytes) -> None:
        if len(self._valid) >= SIGNATURES_MAX:
            del self._valid[next(iter(self._valid))]
        self._valid[check] = None


class KnownTransactions:
    """Opens transactions, and remembers those that wait for their block."""

    __slots__ = ("_codec", "_opened")

    def __init__(self, codec: EnvelopeCodec) -> None:
        """Open envelopes with the network's codec."""
        self._codec = codec
        self._opened: dict[bytes, tuple[Envelope, ...]] = {}

    def open(self, transaction: bytes, limits: Limits) -> tuple[Envelope, ...]:
        """Give the envelopes of a transaction; refuses it when the form of any is wrong."""
        known = self._opened.get(transaction)
        if known is not None:
            # No envelope of a transaction is longer than the whole.
            most = limits.envelope_bytes_max
            if len(transaction) <= most or all(len(each.raw) <= most for each in known):
                return known
        opened = tuple([self._codec.open(raw, limits) for raw in envelopes_of(transaction)])
        self.remember(transaction, opened)
        return opened

    def remember(self, transaction: bytes, opened: tuple[Envelope, ...]) -> None:
        """Take note of what a transaction holds."""
        if len(self._opened) >= TRANSACTIONS_MAX:
            del self._opened[next(iter(self._opened))]
        self._opened[transaction] = opened

    def forget(self, transaction: bytes) -> None:
        """Drop a transaction that is in a block, or will be in none."""
        self._opened.pop(transaction, None)
