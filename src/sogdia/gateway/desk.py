"""What every step of a gateway has at hand: its journal, its settings, its rails, and the ledger."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from sogdia.client.envelopes import SALT_BYTES
from sogdia.gateway.records import Act, Credit, Stage
from sogdia.modules.money import Asset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from sogdia.client.envelopes import Signed
    from sogdia.gateway.happenings import Rail
    from sogdia.gateway.journal import Journal
    from sogdia.gateway.settings import Settings
    from sogdia.kernel.operation import Operation

HOUR: Final = 3_600
DAY: Final = 24 * HOUR
PAYOUT_CHARACTERS: Final = 32
PAYOUT_PREFIX: Final = "SGD"


class LedgerSilentError(Exception):
    """The ledger does not say now what became of an envelope. The envelope stays noted, and is sent again as it is."""


class Sent(NamedTuple):
    """What became of an envelope for good: applied, refused by a rule, or expired without ever being in a block."""

    code: int
    """The refusal's number; 0 when it was applied."""
    sentence: str = ""
    expired: bool = False


class Happened(NamedTuple):
    """What an envelope or a deadline did: its facts, and of a mint of the issuer's the salt of the envelope."""

    id: bytes
    facts: tuple[Any, ...]
    salt: bytes


class Ledger(Protocol):
    """The ledger as the issuer sees it, the issuer's key among it."""

    @property
    def network(self) -> bytes:
        """The hash of its genesis."""

    @property
    def issuer(self) -> bytes:
        """For whom it signs."""

    @property
    def now(self) -> int:
        """The ledger's time."""

    @property
    def height(self) -> int:
        """Up to which block everything is durable."""

    def blocks(self, first: int, last: int) -> Iterator[tuple[int, int, list[Happened]]]:
        """Give height, time and what happened, block by block."""

    def supply(self, currency: str) -> tuple[int, int]:
        """Give a height, and how much of the issuer's currency exists at it."""

    def sign(self, operation: Operation, *, salt: bytes, expiry: int) -> Signed:
        """Sign an operation as the issuer."""

    def again(self, envelope: bytes, expiry: int) -> Signed:
        """Sign the operation of an earlier envelope once more, with its salt and a new expiry."""

    def send(self, envelope: bytes, identity: bytes) -> Sent:
        """Send an envelope, or find it where it has been sent before; raises `LedgerSilentError`."""


class Did(NamedTuple):
    """Something that a pass has done: what, with which credit or pay-out, how much, for whom or why."""

    what: str
    about: str
    units: int
    told: str = ""


class Desk(NamedTuple):
    """A gateway at work."""

    folder: Path
    settings: Settings
    journal: Journal
    rails: Mapping[str, Rail]
    ledger: Ledger
    did: list[Did]
    """What it has done since it was opened."""

    @property
    def asset(self) -> Asset:
        """The money that comes and goes here."""
        return Asset(self.settings.currency, self.ledger.issuer)


def salt_of(key: str) -> bytes:
    """Give the salt of the envelope for something that is to happen once: so the ledger itself shows that it did."""
    return sha256(b"sogdia/gateway" + key.encode()).digest()[:SALT_BYTES]


def mint_key(rail: str, reference: str) -> str:
    """Name the mint of a credit."""
    return f"mint {rail} {reference}"


def payout_id(*about: str) -> str:
    """Name a pay-out for its rail: the same for the same reason, and at most 35 characters."""
    digest = sha256("\n".join(about).encode()).hexdigest().upper()
    return f"{PAYOUT_PREFIX}{digest}"[:PAYOUT_CHARACTERS]


def is_payout_id(text: str) -> bool:
    """Tell whether a reference at a rail has the form of our own."""
    return len(text) == PAYOUT_CHARACTERS and text.startswith(PAYOUT_PREFIX)


def wait(desk: Desk, credit: Credit, why: str) -> Credit:
    """Put a credit into suspense: with a reason, somebody who answers for it, and a deadline."""
    settings = desk.settings
    deadline = desk.ledger.now + settings.suspense_hours * HOUR
    return credit._replace(stage=Stage.WAITING, why=why, owner=credit.owner or settings.owner, deadline=deadline)


# ---------------------------------------------------------------------------------------------------------- envelopes


def perform(desk: Desk, key: str, operation: Operation, before: Callable[[], None] | None = None) -> Act:
    """Sign an operation and note it; `before` is written down with it. It is sent by whoever finishes the act."""
    signed = desk.ledger.sign(operation, salt=salt_of(key), expiry=desk.ledger.now + DAY)
    act = Act(key, signed.id, signed.raw, signed.expiry)
    with desk.journal.step():
        if before is not None:
            before()
        desk.journal.note_act(act)
    return act
