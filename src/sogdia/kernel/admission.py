"""What an envelope must pass before a block may hold it, at the door and again in the block.

An envelope that is not admissible is in no block and its id stays unspent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from sogdia.kernel import quota
from sogdia.kernel.accounts import PARTIES, Level, is_high_value, key_of, threshold_of
from sogdia.kernel.parameters import DAY
from sogdia.kernel.passkey import signed_bytes
from sogdia.kernel.refusal import Refused, facts_of, require
from sogdia.kernel.refusals import KernelRefusal as Refuse
from sogdia.kernel.signature import WEBAUTHN, verify
from sogdia.kernel.spent import APPLIED

if TYPE_CHECKING:
    from sogdia.kernel.accounts import Key, Party
    from sogdia.kernel.envelope import Envelope, Predecessor
    from sogdia.kernel.operation import Operation
    from sogdia.kernel.parameters import Limits
    from sogdia.kernel.refusal import Fact
    from sogdia.kernel.state import State


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


def unsigned(scheme: int, public_key: bytes, message: bytes, signature: bytes) -> bool:  # noqa: ARG001 - it looks at nothing
    """Take every signature for good, whatever its scheme: for trying what nobody has signed yet."""
    return True


def admit(  # noqa: PLR0913 - everything that decides is named
    state: State, envelope: Envelope, *, time: int, version: int, limits: Limits, spent: SpentIds, valid: Verifier
) -> None:
    """Refuse an envelope that may not be in a block now; otherwise charge it to its sponsor's quota."""
    body = envelope.body
    validity = body.expiry - time
    if not 0 <= validity <= limits.validity_max or body.not_before is not None:
        _check_window(envelope, time, limits)
    if envelope.since > version:
        raise Refused(Refuse.OPERATION_NOT_IN_FORCE, facts_of({"since": envelope.since, "version": version}))
    size, allowed = len(envelope.raw), limits.envelope_bytes_max
    if size > allowed:
        # It was opened under other limits than those of its block.
        raise Refused(Refuse.ENVELOPE_TOO_LARGE, facts_of({"bytes": size, "allowed": allowed}))
    if spent.outcome(envelope.id) is not None:
        raise Refused(Refuse.ENVELOPE_REPLAYED, facts_of({"id": envelope.id}))
    if spent.live() >= limits.live_ids_max:
        raise Refused(Refuse.IDS_AT_CAP, facts_of({"cap": limits.live_ids_max}))
    sponsor = _check_signers(state, envelope, time, valid)
    for predecessor in body.after:
        _check_predecessor(spent, predecessor, time)
    weight = len(envelope.raw) * max(1, -(-validity // DAY))
    use = quota.Use(len(body.operations), weight, envelope.reserved)
    quota.charge(state, sponsor, use, time, limits)


def _check_window(envelope: Envelope, time: int, limits: Limits) -> None:
    """Refuse an envelope whose time has passed, is too far ahead or has not come."""
    body = envelope.body
    require(time <= body.expiry, Refuse.ENVELOPE_EXPIRED, expiry=body.expiry, time=time)
    longest = limits.validity_max
    require(body.expiry - time <= longest, Refuse.VALIDITY_TOO_LONG, expiry=body.expiry, longest=longest)
    if body.not_before is not None:
        require(time >= body.not_before, Refuse.ENVELOPE_TOO_EARLY, not_before=body.not_before, time=time)


def _check_signers(  # noqa: C901 - a call for each rule would be a tenth of admission
    state: State, envelope: Envelope, time: int, valid: Verifier
) -> bytes:
    """Refuse unless every signer is known, active and signed with a key that counts; give the first one's sponsor.

    Every envelope passes here, so the rules are spelt as conditions.
    """
    sponsor = b""
    enough = True
    for signer, signature in zip(envelope.body.signers, envelope.signatures, strict=True):
        account = signer.account
        party = PARTIES.find(state, account)
        if party is None:
            raise Refused(Refuse.SIGNER_UNKNOWN, facts_of({"account": account}))
        if party.suspended and not envelope.reserved:
            raise Refused(Refuse.SIGNER_SUSPENDED, facts_of({"account": account}))
        if party.recovers_at is not None and time > party.recovers_at:
            raise Refused(Refuse.RECOVERY_DUE, facts_of({"account": account}))
        key = party.keys[0]
        if key.number != signer.key:
            key = _other_key(party, signer.key)
        if key.valid_until is not None and time > key.valid_until:
            raise Refused(Refuse.KEY_EXPIRED, facts_of({"valid_until": key.valid_until, "time": time}))
        if valid is not unsigned:
            if key.scheme != signature.scheme:
                raise Refused(Refuse.SCHEME_WRONG, facts_of({"scheme": key.scheme, "used": signature.scheme}))
            message = envelope.id if key.scheme != WEBAUTHN else signed_bytes(state, envelope.id, signature.extra)
            if not valid(key.scheme, key.public, message, signature.value):
                raise Refused(Refuse.SIGNATURE_WRONG, facts_of({"account": account}))
        sponsor = sponsor or party.sponsor
        # Almost every party has keys each of which suffices for everything, and then no weights need be added up.
        enough = enough and key.weight >= party.thresholds.keys
    if not enough:
        _check_weights(state, envelope)
    return sponsor


def _other_key(party: Party, number: int) -> Key:
    """Give a key that is not the party's first, or refuse."""
    key = key_of(party, number)
    if key is None:
        raise Refused(Refuse.KEY_NOT_CURRENT, facts_of({"used": number}))
    return key


def _check_weights(state: State, envelope: Envelope) -> None:
    """Refuse unless the keys of every account that signs weigh enough together for what it asks.

    An account that asks for nothing agrees to what others ask, as a sponsor does; that is an everyday affair. So is
    whatever is signed together with others: a key that suffices for a veto alone must not agree to anything by it.
    """
    signers = envelope.body.signers
    levels: dict[bytes, Level] = {}
    for operation in envelope.body.operations:
        account = signers[operation.signer].account
        level = _level_of(state, operation, account)
        levels[account] = max(levels.get(account, level), level)
    weights: dict[bytes, int] = {}
    for signer in signers:
        key = key_of(PARTIES.must(state, signer.account), signer.key)
        weights[signer.account] = weights.get(signer.account, 0) + (0 if key is None else key.weight)
    least = Level.ANY_KEY if len(weights) == 1 else Level.EVERYDAY
    for account, weight in weights.items():
        level = max(levels.get(account, Level.EVERYDAY), least)
        needed = threshold_of(PARTIES.must(state, account), level)
        facts: dict[str, Fact] = {"account": account, "level": level.name, "weight": weight, "needed": needed}
        require(weight >= needed, Refuse.WEIGHT_TOO_LOW, **facts)


def _level_of(state: State, operation: Operation, account: bytes) -> Level:
    """Give the level that an operation needs of its asker; under a mandate the agent needs the everyday one."""
    if operation.mandate is not None or operation.key_level != Level.EVERYDAY:
        return operation.key_level
    cost = operation.cost(state, account)
    return Level.HIGH_VALUE if is_high_value(PARTIES.must(state, account), cost) else Level.EVERYDAY


def _check_predecessor(spent: SpentIds, predecessor: Predecessor, time: int) -> None:
    """Refuse unless an envelope that must go before has been applied."""
    outcome = spent.outcome(predecessor.id)
    if outcome is None:
        require(time <= predecessor.expiry, Refuse.PREDECESSOR_FAILED, id=predecessor.id, expiry=predecessor.expiry)
        require(condition=False, code=Refuse.PREDECESSOR_MISSING, id=predecessor.id)
    require(outcome == APPLIED, Refuse.PREDECESSOR_FAILED, id=predecessor.id)
