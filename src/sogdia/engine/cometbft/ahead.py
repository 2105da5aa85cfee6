"""Signatures checked in a process beside the application, on another core, before it looks at what they are under.

What waits for its signatures goes on in the order in which it came, since one envelope may depend on the one before.
A check that was not made ahead, or did not hold, is made on the spot: a worker that is slow or has died costs time.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

from sogdia.engine.serving.checks import checks_of
from sogdia.engine.serving.verification import CHECKS_IN_BATCH, VerifierProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sogdia.engine.cometbft.known import KnownSignatures
    from sogdia.engine.ledger.ledger import Ledger
    from sogdia.kernel.envelope import Envelope

T = TypeVar("T")


class Ahead:
    """Has signatures checked that are not known yet."""

    def __init__(self, ledger: Ledger, signatures: KnownSignatures, *, verifier: bool) -> None:
        """Remember in `signatures` what holds; without a `verifier` nothing is checked ahead."""
        self._ledger = ledger
        self._signatures = signatures
        self.verifier = VerifierProcess(signatures) if verifier else None

    async def start(self) -> None:
        """Start the worker process."""
        if self.verifier is not None:
            await self.verifier.start()

    def look_after(self) -> None:
        """End a worker that does not answer any more; another is started."""
        if self.verifier is not None:
            self.verifier.look_after()

    def close(self) -> None:
        """End the worker process."""
        if self.verifier is not None:
            self.verifier.close()

    def check(self, envelopes: Iterable[Envelope], then: Callable[[], None]) -> None:
        """Have the signatures of envelopes checked, then call `then`; at once when there is nothing to check."""
        checks: list[bytes] = []
        if self.verifier is not None and self.verifier.is_ready():
            state = self._ledger.state()
            for envelope in envelopes:
                checks += self._signatures.unknown(checks_of(state, envelope))
        if self.verifier is None or not checks:
            then()
            return
        last = (len(checks) - 1) // CHECKS_IN_BATCH * CHECKS_IN_BATCH
        for begin in range(0, last, CHECKS_IN_BATCH):
            self.verifier.check(checks[begin : begin + CHECKS_IN_BATCH], _nothing_waits)
        self.verifier.check(checks[last:], then)


class Line(Generic[T]):
    """What waits for its signatures, and is served in the order in which it came."""

    def __init__(self, ahead: Ahead, serve: Callable[[T], None]) -> None:
        """Let `serve` have each as soon as it and all before it are checked."""
        self._ahead = ahead
        self._serve = serve
        self._places: deque[_Place[T]] = deque()
        self._serving = False

    def add(self, waiting: T, envelopes: Iterable[Envelope]) -> None:
        """Let something wait for the signatures of envelopes."""
        place = _Place(waiting)
        self._places.append(place)

        def checked() -> None:
            place.is_checked = True
            self._go_on()

        self._ahead.check(envelopes, checked)

    def _go_on(self) -> None:
        if self._serving:
            return
        self._serving = True
        try:
            while self._places and self._places[0].is_checked:
                self._serve(self._places.popleft().waiting)
        finally:
            self._serving = False

    def __len__(self) -> int:
        """Give how many wait."""
        return len(self._places)

    def clear(self) -> list[T]:
        """Let nothing wait any more; gives what did, which is not served."""
        waiting = [each.waiting for each in self._places]
        self._places.clear()
        return waiting


class _Place(Generic[T]):
    """A place in a line."""

    __slots__ = ("is_checked", "waiting")

    def __init__(self, waiting: T) -> None:
        self.waiting = waiting
        self.is_checked = False


def _nothing_waits() -> None:
    return
