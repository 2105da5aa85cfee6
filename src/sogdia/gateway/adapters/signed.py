"""Rails that send signed JSON: a card acquirer's webhook, a QR wallet's callbacks, cash agents' receipts.

    t=1764324000,v1=5257a8…        a line with a moment and a signature over "moment.body"
    {"id": "…", "type": "…", …}    the body, as it came

A card acquirer signs with a secret that both know (HMAC-SHA256), wallets and agents with keys of their own (Ed25519).
The file that is taken in holds both, so a signature is checked again where it counts. Replays are harmless twice: the
door takes no old moment, and an id that was told before has no second effect.

What each rail calls a thing stands in its vocabulary. Nothing else tells these rails apart.
"""

from __future__ import annotations

import hmac
import re
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta

from sogdia.gateway.happenings import REFERENCE_MAX, TEXT_MAX, Answer, Closing, Entry, Kind, Says
from sogdia.kernel.signature import ED25519, verify
from sogdia.kernel.text import text_problem
from sogdia.rails.reasons import MessageRefused, Reason
from sogdia.rails.spelling import read_amount, write_amount

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sogdia.gateway.happenings import Happening, Order

BODY_BYTES_MAX: Final = 64 * 1024
_HEAD: Final = re.compile(rb"t=([0-9]{1,12}),v1=([0-9a-f]{64,128})\n", re.ASCII)

_NOTHING: Final = re.compile(r"0+(\.0+)?", re.ASCII)


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What such a rail tells: one thing in each document."""

    id: Annotated[str, Meta(min_length=1, max_length=REFERENCE_MAX, pattern=r"^[0-9A-Za-z._:-]+\Z")]
    type: Annotated[str, Meta(max_length=40)]
    account: Annotated[str, Meta(max_length=34)]
    """Our account there."""
    time: Annotated[int, Meta(ge=0, le=2**32 - 1)]
    amount: Annotated[str, Meta(max_length=32)] = ""
    currency: Annotated[str, Meta(max_length=3)] = ""
    reference: Annotated[str, Meta(max_length=TEXT_MAX)] = ""
    """What the payer has written."""
    about: Annotated[str, Meta(max_length=REFERENCE_MAX)] = ""
    """An earlier id, or a pay-out of ours."""
    payer: Annotated[str, Meta(max_length=34)] = ""
    reason: Annotated[str, Meta(max_length=TEXT_MAX)] = ""


class Vocabulary(NamedTuple):
    """How a rail calls things, and how it signs."""

    entries: Mapping[str, Kind]
    answers: Mapping[str, Says]
    balance: str
    order: str
    by_secret: bool


VOCABULARIES: Final = {
    "card": Vocabulary(
        {
            "payment.settled": Kind.CREDIT,
            "dispute.lost": Kind.TAKEN_BACK,
            "refund.settled": Kind.PAID,
            "refund.returned": Kind.RETURNED,
            "settlement.sent": Kind.SWEPT,
            "fee.charged": Kind.DEBIT,
        },
        {"refund.accepted": Says.ACCEPTED, "refund.failed": Says.REFUSED},
        "balance.closed",
        "refund.create",
        by_secret=True,
    ),
    "wallet": Vocabulary(
        {
            "merchant.paid": Kind.CREDIT,
            "merchant.reversed": Kind.TAKEN_BACK,
            "disbursement.done": Kind.PAID,
            "disbursement.returned": Kind.RETURNED,
            "merchant.swept": Kind.SWEPT,
            "fee.charged": Kind.DEBIT,
        },
        {"disbursement.accepted": Says.ACCEPTED, "disbursement.failed": Says.REFUSED},
        "merchant.balance",
        "disbursement.create",
        by_secret=False,
    ),
    "agent": Vocabulary(
        {
            "cash.received": Kind.CREDIT,
            "cash.voided": Kind.TAKEN_BACK,
            "cash.handed.out": Kind.PAID,
            "cash.brought.back": Kind.RETURNED,
            "cash.handed.in": Kind.SWEPT,
            "commission.kept": Kind.DEBIT,
        },
        {"cash.ready": Says.ACCEPTED, "cash.not.collected": Says.REFUSED},
        "float.counted",
        "cash.hand.out",
        by_secret=False,
    ),
}
"""Each rail's words for what can happen."""

_body: Final = msgspec.json.Decoder(Body)


class Signed(NamedTuple):
    """A rail that sends signed JSON."""

    words: Vocabulary
    account: str
    currency: str
    secret: bytes
    """What is shared with an acquirer, as its bytes stand in the file; orders are signed with it."""
    keys: tuple[bytes, ...]
    """Whose signatures count, of the others."""

    def read(self, raw: bytes) -> list[Happening]:
        """Check the signature first, and then read."""
        _moment, body = self.opened(raw)
        try:
            told = _body.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise MessageRefused(Reason.FF01, f"This is no document of the rail: {error}.") from error
        for text in (told.reference, told.about, told.payer, told.reason):
            if text and text_problem(text) is not None:
                raise MessageRefused(Reason.RR10, f"{text!r} has characters that could deceive its reader.")
        if told.account != self.account:
            raise MessageRefused(Reason.AC02, f"This is about the account {told.account!r}; ours is {self.account!r}.")
        return [self._happening(told)]

    def opened(self, raw: bytes) -> tuple[int, bytes]:
        """Give the moment and the body of a document whose signature is good."""
        head = _HEAD.match(raw)
        if len(raw) > BODY_BYTES_MAX + (0 if head is None else head.end()):
            raise MessageRefused(Reason.FF01, f"The document has more than {BODY_BYTES_MAX} bytes.")
        if head is None:
            raise MessageRefused(Reason.FF01, "The document does not begin with its signature: t=…,v1=….")
        body = raw[head.end() :]
        if not self._is_signed(head[1] + b"." + body, bytes.fromhex(head[2].decode()) if not len(head[2]) % 2 else b""):
            raise MessageRefused(Reason.DS0H, "The signature is not of a key that counts here. Nothing of it is taken.")
        return int(head[1]), body

    def _is_signed(self, message: bytes, signature: bytes) -> bool:
        if self.words.by_secret:
            return bool(self.secret) and hmac.compare_digest(signature, hmac_of(self.secret, message))
        return any(verify(ED25519, key, message, signature) for key in self.keys)

    def _happening(self, told: Body) -> Happening:
        kind = self.words.entries.get(told.type)
        if kind is not None:
            return self._entry(told, kind)
        says = self.words.answers.get(told.type)
        if says is not None:
            return Answer(told.about, says, told.reason)
        if told.type == self.words.balance:
            return Closing(self._closing(told), told.time)
        raise MessageRefused(Reason.FF01, f"{told.type!r} is nothing that this rail tells.")

    def _entry(self, told: Body, kind: Kind) -> Entry:
        units = self._units(told)
        texts = (told.reference,) if told.reference else ()
        gone = kind not in (Kind.CREDIT, Kind.RETURNED)
        if kind not in (Kind.CREDIT, Kind.DEBIT) and not told.about:
            raise MessageRefused(Reason.NARR, f"{told.type} does not say what it is about. Ask the rail for it.")
        return Entry(told.id, kind, -units if gone else units, told.time, told.about, texts, told.payer, told.reason)

    def _units(self, told: Body) -> int:
        if told.currency != self.currency:
            raise MessageRefused(
                Reason.AM03, f"The amount is in {told.currency or 'no currency'}, not {self.currency}."
            )
        return read_amount(told.amount, told.currency)

    def _closing(self, told: Body) -> int:
        """Read a balance, which alone may be nothing."""
        return 0 if told.currency == self.currency and _NOTHING.fullmatch(told.amount) else self._units(told)

    def order(self, order: Order) -> tuple[str, bytes]:
        """Write the request to pay out. A card can only be refunded: its destination is the payment's id."""
        document = {
            "id": order.payout,
            "type": self.words.order,
            "account": self.account,
            "amount": write_amount(order.units, self.currency),
            "currency": self.currency,
            "destination": order.destination,
            "name": order.name,
            "text": order.text,
            "time": order.moment,
        }
        return f"{order.payout}.json", msgspec.json.format(msgspec.json.encode(document), indent=1)


def hmac_of(secret: bytes, message: bytes) -> bytes:
    """Sign as an acquirer does."""
    return hmac.digest(secret, message, sha256)


def document_of(moment: int, body: bytes, signature: bytes) -> bytes:
    """Lay a signed document out: what the door writes down, and what a rail that delivers files sends."""
    return b"t=%d,v1=%s\n%s" % (moment, signature.hex().encode(), body)


def message_of(moment: int, body: bytes) -> bytes:
    """Give what such a rail signs."""
    return b"%d.%s" % (moment, body)
