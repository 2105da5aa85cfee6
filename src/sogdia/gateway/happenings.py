"""What an institution's rails tell, in one form whatever the rail, and the one interface that a rail has.

    Entry     money came or went at a rail, with the rail's own reference for it
    Answer    what a rail says about a pay-out, without money having moved
    Closing   what a rail says lay there at the end of a day

Everything travels in documents: files of a bank, bodies of webhooks, receipts of an agent. A document comes into the
rail's folder `in`, and what is asked of a rail is written into its folder `out`. So a rail is two pure functions, and
what happens once, twice, late or never is the same question for all of them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

REFERENCE_MAX: Final = 64
"""How long a rail's own reference may be."""

TEXT_MAX: Final = 140


class Kind(StrEnum):
    """What an entry is."""

    CREDIT = "credit"
    """Somebody paid in."""
    TAKEN_BACK = "taken back"
    """An earlier credit was reversed: a chargeback, a recall."""
    PAID = "paid"
    """A pay-out of ours left."""
    RETURNED = "returned"
    """A pay-out of ours came back."""
    SWEPT = "swept"
    """A rail passed what it had collected on to another rail of ours."""
    DEBIT = "debit"
    """Something else left, such as a fee."""


class Entry(NamedTuple):
    """Money that came to a rail, or left it."""

    reference: str
    """The rail's own reference: it happens once, however often it is told."""
    kind: Kind
    units: int
    """In minor units; below nothing when it left."""
    booked: int
    about: str = ""
    """The credit that was taken back, the pay-out that left or came back, or the sweep's name."""
    texts: tuple[str, ...] = ()
    """What the payer wrote."""
    payer: str = ""
    """Where the money can be sent back to, by the same rail."""
    reason: str = ""


class Says(StrEnum):
    """What a rail says about a pay-out."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    RETURNED = "returned"
    """It will come back; the money is an entry of its own."""


class Answer(NamedTuple):
    """What a rail says about a pay-out."""

    payout: str
    says: Says
    reason: str = ""


class Closing(NamedTuple):
    """What lay at a rail at the end of a day, by its own statement."""

    units: int
    until: int
    """The statement has everything that was booked before this moment."""


Happening = Entry | Answer | Closing


class Order(NamedTuple):
    """A pay-out that a rail is asked for."""

    payout: str
    """Our own id for it, of at most 35 characters; a rail that is asked twice pays once."""
    units: int
    destination: str
    name: str
    """Whom it is for, as the rail wants to hear it."""
    text: str
    moment: int


class Rail(Protocol):
    """A way of money outside the ledger."""

    def read(self, raw: bytes) -> Sequence[Happening]:
        """Read a document of the rail; raises `MessageRefused` when any of it is wrong: it is taken whole or not."""

    def order(self, order: Order) -> tuple[str, bytes]:
        """Write the document that asks for a pay-out, and name it; the same order is the same document."""
