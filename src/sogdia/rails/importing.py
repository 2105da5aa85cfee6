"""From a payer's file to signed envelopes: all payments are tried first, and only a file without a fault is sent.

    read ──a fault anywhere──▶ nothing is sent; the report gives each faulty payment its code
      └──all can be paid─────▶ noted in the journal, signed, sent; the report says what became of each

The envelope of a payment is made from the payment alone: its salt from the message and the references, its expiry from
the day that was asked for. So the same file makes the same envelopes wherever it is imported, and the ledger, which
takes no envelope twice, is the second guard against paying twice. The first is the journal.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from msgspec import structs

from sogdia.client.envelopes import SALT_BYTES
from sogdia.modules.money.transfers import Transfer, TransferWithReference
from sogdia.rails.journal import Noted, digest_of
from sogdia.rails.reasons import MessageRefused, Reason
from sogdia.rails.statements import DAY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sogdia.client.envelopes import Signed
    from sogdia.modules.money import Asset
    from sogdia.rails.initiation import Initiation, Item, Wish
    from sogdia.rails.journal import Journal

GRACE_SECONDS: Final = DAY
"""So long after the day that was asked for a payment may still be made."""

DONE: Final = "ACSC"
WOULD_DO: Final = "ACCP"
PENDING: Final = "PDNG"
REFUSED: Final = "RJCT"


class Ledger(Protocol):
    """What an import needs of the ledger, the payer's keys among it."""

    @property
    def now(self) -> int:
        """The ledger's time."""

    def may_sign(self, account: bytes) -> bool:
        """Tell whether a key is at hand that signs for an account."""

    def available(self, account: bytes, asset: Asset) -> int:
        """Say what an account can spend."""

    def why_not(self, wish: Wish, transfer: Transfer, *, salt: bytes, expiry: int) -> tuple[Reason, str] | None:
        """Try a transfer without signing or sending it; say why it would be refused."""

    def sign(self, wish: Wish, transfer: Transfer, *, salt: bytes, expiry: int) -> Signed:
        """Sign a transfer for the payer."""

    def send(self, envelopes: list[bytes]) -> Iterable[Answer]:
        """Send envelopes, and give what became of each in their order."""


class Answer(NamedTuple):
    """What became of an envelope: its status, the UETR of what it paid, or why it did not."""

    status: str
    uetr: str | None = None
    time: int | None = None
    refusal: tuple[Reason, str] | None = None


class Outcome(NamedTuple):
    """A payment of a file with what became of it."""

    item: Item
    answer: Answer


def tried(found: Initiation, ledger: Ledger, journal: Journal) -> list[Outcome]:
    """Try every payment against the ledger, sending nothing. What was imported before is not tried again."""
    left: dict[tuple[bytes, Asset], int] = {}
    return [Outcome(item, _try(item, found, ledger, journal, left)) for item in found.items]


def is_faultless(found: Initiation, outcomes: Iterable[Outcome]) -> bool:
    """Tell whether a file may be sent."""
    return found.refusal is None and all(each.answer.status != REFUSED for each in outcomes)


def rejected(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Give the outcomes of a file that is not sent: what was in order is refused with the rest, and says so."""
    told = Reason.NARR, "This payment was in order. It was not sent because the file was refused."
    return [
        each if each.answer.status == REFUSED else each._replace(answer=Answer(REFUSED, refusal=told))
        for each in outcomes
    ]


def paid(found: Initiation, ledger: Ledger, journal: Journal) -> list[Outcome]:
    """Send a file that was tried; what the journal knows is sent as it was, and paid once."""
    envelopes = []
    for item in found.items:
        wish = item.wish
        if wish is None:
            raise ValueError("a file with a fault is not sent")
        noted = journal.find(found.message, wish)
        if noted is None:
            made = ledger.sign(wish, transfer_of(wish), salt=salt_of(found.message, wish), expiry=expiry_of(wish))
            noted = Noted(
                debtor=wish.debtor,
                message=found.message,
                end_to_end=wish.end_to_end,
                wish=digest_of(wish),
                uetr=item.uetr,
                envelope=made.raw,
                id=made.id,
                expiry=made.expiry,
            )
            journal.note(noted)
        envelopes.append(noted.envelope)
    answers = ledger.send(envelopes)
    return [Outcome(item, answer) for item, answer in zip(found.items, answers, strict=True)]


def transfer_of(wish: Wish) -> Transfer:
    """Give the operation that pays."""
    plain = Transfer(
        to=wish.creditor, asset=wish.asset, units=wish.units, purpose=wish.purpose, end_to_end=wish.end_to_end
    )
    if wish.travel_reference is None:
        return plain
    return TransferWithReference(**structs.asdict(plain), travel_reference=wish.travel_reference)


def expiry_of(wish: Wish) -> int:
    """Say until when a payment may be made: to the end of the day after the one that was asked for."""
    return wish.day + DAY + GRACE_SECONDS


def salt_of(message: str, wish: Wish) -> bytes:
    """Give the salt of a payment's envelope: the same for the same references in the same message."""
    parts = (b"sogdia/pain.001", wish.debtor, message.encode(), wish.end_to_end.encode())
    return sha256(b"".join(len(each).to_bytes(2, "big") + each for each in parts)).digest()[:SALT_BYTES]


def _try(
    item: Item, found: Initiation, ledger: Ledger, journal: Journal, left: dict[tuple[bytes, Asset], int]
) -> Answer:
    wish = item.wish
    if wish is None:
        return Answer(REFUSED, refusal=item.refusal)
    try:
        if journal.find(found.message, wish) is not None:
            return Answer(WOULD_DO)
        _require_day(wish, ledger.now)
        _require_key(wish, ledger)
    except MessageRefused as refused:
        return Answer(REFUSED, refusal=(refused.reason, refused.sentence))
    salt, expiry = salt_of(found.message, wish), expiry_of(wish)
    why_not = ledger.why_not(wish, transfer_of(wish), salt=salt, expiry=expiry)
    if why_not is not None:
        return Answer(REFUSED, refusal=why_not)
    key = (wish.debtor, wish.asset)
    rest = left.setdefault(key, ledger.available(*key)) - wish.units
    if rest < 0:
        return Answer(
            REFUSED,
            refusal=(Reason.AM04, "With the payments before it in this file, this is more than the payer has. Top up."),
        )
    left[key] = rest
    return Answer(WOULD_DO)


def _require_day(wish: Wish, now: int) -> None:
    if wish.day > now:
        raise MessageRefused(Reason.DT01, "The day of execution has not come. Import the file on that day.")
    if expiry_of(wish) <= now:
        raise MessageRefused(Reason.DT01, "The day of execution has passed. Ask anew, in a message of today.")


def _require_key(wish: Wish, ledger: Ledger) -> None:
    if not ledger.may_sign(wish.debtor):
        raise MessageRefused(Reason.DS0H, "None of the keys that were named signs for the debtor's account. Name it.")
