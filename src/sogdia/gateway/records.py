"""What the journal remembers: credits, pay-outs and envelopes, each with its life."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

NOBODY = b""


class Stage(StrEnum):
    """Where a credit is.

        waiting ──assigned──▶ ready ──envelope noted──▶ minting ──applied──▶ minted
          │  ▲                  ▲                          │
          │  └──the ledger refuses─────────────────────────┘
          ├──deadline, or by hand──▶ returning ──the rail pays──▶ returned
          │                             └──the rail refuses──▶ waiting
          └──by hand, with a reason──▶ own
    taken back before it is minted: gone
    """

    WAITING = "waiting"
    READY = "ready"
    MINTING = "minting"
    MINTED = "minted"
    RETURNING = "returning"
    RETURNED = "returned"
    GONE = "gone"
    OWN = "own"
    """The issuer's own money."""
    SWEPT = "swept"
    """It came from another rail of ours."""


SUSPENDED = (Stage.WAITING, Stage.READY, Stage.MINTING, Stage.RETURNING)
"""It has come, and is neither money on the ledger nor gone again."""


class Why(StrEnum):
    """Why a credit waits."""

    NO_REFERENCE = "the payer gave no funding reference"
    WRONG_REFERENCE = "the funding reference has a wrong character"
    UNKNOWN_REFERENCE = "nobody was given this funding reference"
    SEVERAL_REFERENCES = "the payer gave more than one funding reference"
    ABOVE_LIMIT = "it is above the limit of its rail"
    ABOVE_FLOAT = "the agent has collected more than its float"
    LEDGER_REFUSED = "the ledger refused to mint it"
    RETURN_REFUSED = "the rail would not send it back"
    CAME_BACK = "it was sent back to its payer, and came again"


class Credit(NamedTuple):
    """Money that came in."""

    rail: str
    reference: str
    units: int
    taken: int
    """How much of it was taken back before it was minted."""
    stage: Stage
    account: bytes
    """For whom it is; empty while nobody knows."""
    due: int
    """When it may be minted at the earliest."""
    why: str
    owner: str
    """Who answers for it while it waits."""
    deadline: int
    payer: str
    noted: str
    """What a person has said about it."""

    @property
    def name(self) -> str:
        """Its name for people and commands: rail/reference."""
        return f"{self.rail}/{self.reference}"

    @property
    def left(self) -> int:
        """What of it has not been taken back."""
        return self.units - self.taken


class Inside(StrEnum):
    """Where a redemption is on the ledger."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    MISSED = "missed"


class Outside(StrEnum):
    """Where a pay-out is at its rail."""

    NEW = "new"
    ORDERED = "ordered"
    """The rail was asked, and has not said yes or no for good: this is also what "unknown" looks like."""
    PAID = "paid"
    REFUSED = "refused"
    RETURNED = "returned"
    BY_HAND = "by hand"
    """It was confirmed on the ledger, and not by this gateway: a person has to say whether it was paid."""


class Payout(NamedTuple):
    """Money that is to leave: for a redemption, or back to the payer of a credit."""

    id: str
    redemption: bytes
    """The redemption's name; empty when a credit is sent back."""
    rail: str
    credit: str
    """The credit's reference at that rail, when one is sent back."""
    units: int
    destination: str
    called: str
    deadline: int
    inside: Inside
    outside: Outside
    why: str
    made: int
    """When it was asked for."""
    surplus: int
    """How often its rail has paid when nothing, or nothing any more, was owed. The issuer bears that."""
    settled: bool
    """Whether what followed from its end has been written down."""


class Act(NamedTuple):
    """An envelope to the ledger, noted before it is sent."""

    key: str
    id: bytes
    envelope: bytes
    expiry: int


class Payee(NamedTuple):
    """Where a holder wants to be paid: agreed off the ledger, under a reference that stands on it."""

    account: bytes
    payout: str
    rail: str
    destination: str
    called: str
