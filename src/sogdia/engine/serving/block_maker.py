"""What a node's socket and its doors need of whatever brings envelopes into blocks, under either engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable

    from sogdia.engine.ledger.ledger import Ledger
    from sogdia.engine.ledger.lookups import Anchored, Lookups
    from sogdia.engine.ledger.scrub import Scrub
    from sogdia.engine.ledger.sealing import SealedBlock
    from sogdia.engine.serving.verification import VerifierProcess
    from sogdia.kernel.refusal import Refused


class Asker(Protocol):
    """Whoever submitted an envelope and waits for what becomes of it."""

    together: bool
    """Whether all that it submitted came in one request, to be answered together."""

    def receipt(self, number: int, height: int, place: int, receipt: bytes) -> None:
        """Hear that the envelope is durably in a block."""

    def refused(self, number: int, refused: Refused) -> None:
        """Hear that the envelope is not admissible."""

    def later(self, number: int, reason: str) -> None:
        """Hear that the envelope cannot be taken now and may be sent again."""

    def flush(self) -> None:
        """Send what has been heard."""


class ClockFace(Protocol):
    """A clock that can be read."""

    def now(self) -> int:
        """Give the present second."""


class BlockMaker(Protocol):
    """Brings envelopes into blocks: by itself (`producer`), or with others by an engine (`cometbft.entrance`)."""

    ledger: Ledger
    lookups: Lookups
    scrub: Scrub
    refusals: Counter[int]
    """How many envelopes have been refused, by number."""

    waits: Counter[str]
    """How often it had to wait, by what for."""

    waiting_max: int | None
    """How many envelopes may wait, where the operator has said so."""

    on_block: Callable[[SealedBlock, float], None] | None
    """Who hears of each block, and how many seconds it took."""

    @property
    def verifier(self) -> VerifierProcess | None:
        """What checks signatures ahead, if anything does."""

    @property
    def clock(self) -> ClockFace:
        """The clock that people are told the time by."""

    @property
    def applied(self) -> int:
        """How many envelopes have been in blocks since the start."""

    async def start(self) -> None:
        """Begin."""

    def submit(self, asker: Asker, number: int, raw: bytes) -> None:
        """Take an envelope; `asker` hears what becomes of it."""

    def waits_for(self) -> str | None:
        """Say what keeps the node from taking envelopes, or nothing."""

    def waits_for_disk(self) -> bool:
        """Tell whether there is no room on the disk."""

    def waits_for_clock(self) -> bool:
        """Tell whether the computer's clock holds things up."""

    def quiet_seconds(self) -> float:
        """Give how long ago the last block was executed."""

    def backlog(self) -> int:
        """Give how many envelopes wait for their block."""

    def waiters(self) -> int:
        """Give how many answers wait for a height to become durable."""

    def when_durable(self, height: int, then: Callable[[], None]) -> None:
        """Call `then` once `height` is durable: at once, or in the order of heights."""

    def anchor(self, height: int, then: Callable[[Anchored], None], failed: Callable[[str], None]) -> None:
        """Give what proofs that lead to the header of `height` need, once it is durable, or say why that failed."""

    def ask_engine(
        self, method: str, parameters: dict[str, object], then: Callable[[bytes], None], failed: Callable[[str], None]
    ) -> None:
        """Ask the engine beside the ledger for something that is for everybody; gives JSON. Raises `TypeError`."""

    def advance(self, to: int) -> int:
        """Put a manual clock forward; give the height that answers for it. Raises `TypeError` for any other clock."""

    def commit_now(self) -> None:
        """Write everything, the changed buckets too."""

    def may_be_written(self) -> bool:
        """Tell whether what is in memory may be written at an end."""

    async def stop(self) -> None:
        """Take nothing more, and answer whoever waits."""

    def abandon(self) -> None:
        """End at once."""
