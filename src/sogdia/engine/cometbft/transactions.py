"""What CometBFT calls a transaction: one signed envelope, or a batch of them.

    transaction = envelope | c1 ‖ [envelope, …]

The byte c1 begins no MessagePack value, so the two cannot be taken for each other. A batch has at least two envelopes
and one spelling. Its envelopes stand in the block one after another as if each were a transaction of its own; what is
saved is the engine's work, which is counted in transactions.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from sogdia.kernel.codec import Codec, NotCanonicalError, encode
from sogdia.kernel.refusal import Refused
from sogdia.kernel.refusals import KernelRefusal as Refuse

BATCH = b"\xc1"
BATCH_ENVELOPES_MAX = 500
BATCH_BYTES_MAX = 512 * 1024

_BATCHES: Codec[tuple[bytes, ...]] = Codec(
    tuple[Annotated[bytes, Meta(min_length=1)], ...],
)


def transaction_of(envelopes: list[bytes]) -> bytes:
    """Join envelopes to one transaction."""
    return envelopes[0] if len(envelopes) == 1 else BATCH + encode(tuple(envelopes))


def envelopes_of(transaction: bytes) -> tuple[bytes, ...]:
    """Take a transaction apart; refuses a batch whose form is wrong. What is in the envelopes is not looked at."""
    if transaction[:1] != BATCH:
        return (transaction,)
    try:
        found = _BATCHES.decode(transaction[1:])
    except NotCanonicalError as error:
        raise Refused(Refuse.ENVELOPE_MALFORMED, (("reason", f"a batch that cannot be read: {error}"),)) from error
    if not 2 <= len(found) <= BATCH_ENVELOPES_MAX:  # noqa: PLR2004 - one envelope travels alone
        reason = f"a batch of {len(found)} envelopes; it has 2 to {BATCH_ENVELOPES_MAX}"
        raise Refused(Refuse.ENVELOPE_MALFORMED, (("reason", reason),))
    return found


__all__ = ["BATCH_BYTES_MAX", "BATCH_ENVELOPES_MAX", "envelopes_of", "transaction_of"]
