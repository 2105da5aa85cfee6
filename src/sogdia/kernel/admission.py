"""What an envelope must pass before a block may hold it, at the door and again in the block.

An envelope that is not admissible is in no block and its id stays unspent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from sogdia.kernel import quota
from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.refusal import require
from sogdia.kernel.refusals import KernelRefusal as Refuse
from sogdia.kernel.signature import verify
from sogdia.kernel.spent import APPLIED

if TYPE_CHECKING:
    from sogdia.kernel.accounts import Party
    from sogdia.kernel.envelope import Envelope, Predecessor
    from sogdia.kernel.parameters import Limits
    from sogdia.kernel.state import Reader, State


class SpentIds(Protocol):
    """The ids that have been used, with their outcomes."""

    def outcome(self, envelope_id: bytes) -> int | None:
        """Give how the envelope ended, or nothing when it has not been used."""

    def live(self) -> int:
        """Give how many ids are remembered."""


class Verifier(Protocol):
    """Says whether a signature is valid: a pure function, perhaps with a memory of earlier answers."""

    def __call__(self, scheme: int, public_key: bytes, message: bytes, signature: bytes) -> bool:
        """Tell whether `signature` is valid."""


def direct(scheme: int, public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Verify without any memory."""
    return verify(scheme, public_key, message, signature)


def admit(  # noqa: PLR0913 - everything that decides is named
    state: State, envelope: Envelope, *, time: int, limits: Limits, spent: SpentIds, valid: Verifier
) -> None:
    """Refuse an envelope that may not be in a block now; otherwise charge it to its sponsor's quota."""
    body = envelope.body
    require(time <= body.expiry, Refuse.ENVELOPE_EXPIRED, expiry=body.expiry, time=time)
    require(
        body.expiry - time <= limits.validity_max, Refuse.VALIDITY_TOO_LONG, expiry=body.expiry, longest=limits.validity_max
    )
    if body.not_before is not None:
        require(time >= body.not_before, Refuse.ENVELOPE_TOO_EARLY, not_before=body.not_before, time=time)
    require(spent.outcome(envelope.id) is None, Refuse.ENVELOPE_REPLAYED, id=envelope.id)
    require(spent.live() < limits.live_ids_max, Refuse.IDS_AT_CAP, cap=limits.live_ids_max)
    first = _check_signers(state, envelope, valid)
    for predecessor in body.after:
        _check_predecessor(spent, predecessor, time)
    use = quota.Use(
        operations=len(body.operations),
        size=len(envelope.raw),
        validity=body.expiry - time,
        reserved=envelope.reserved,
    )
    quota.charge(state, first.sponsor, use, time, limits)


def _check_signers(state: Reader, envelope: Envelope, valid: Verifier) -> Party:
    """Refuse unless every signer is known, active and signed with its current key; give the first one's record."""
    parties = []
    for signer, signature in zip(envelope.body.signers, envelope.signatures, strict=True):
        party = PARTIES.get(state, signer.account, Refuse.SIGNER_UNKNOWN, account=signer.account)
        require(not party.suspended or envelope.reserved, Refuse.SIGNER_SUSPENDED, account=signer.account)
        key = party.key
        require(key.number == signer.key, Refuse.KEY_NOT_CURRENT, current=key.number, used=signer.key)
        require(
            key.scheme == signature.scheme and valid(key.scheme, key.public, envelope.id, signature.value),
            Refuse.SIGNATURE_WRONG,
            account=signer.account,
        )
        parties.append(party)
    return parties[0]


def _check_predecessor(spent: SpentIds, predecessor: Predecessor, time: int) -> None:
    """Refuse unless an envelope that must go before has been applied."""
    outcome = spent.outcome(predecessor.id)
    if outcome is None:
        require(time <= predecessor.expiry, Refuse.PREDECESSOR_FAILED, id=predecessor.id, expiry=predecessor.expiry)
        require(condition=False, code=Refuse.PREDECESSOR_MISSING, id=predecessor.id)
    require(outcome == APPLIED, Refuse.PREDECESSOR_FAILED, id=predecessor.id)
