"""One check of a signature as it travels to another process: 129 bytes, whatever the scheme.

    Ed25519             0 ‖ key (32)    message (32)              signature (64)
    P-256 and passkeys  key (33)        SHA-256 of the message    signature (64)

A compressed point begins with 2 or 3, so the first byte says which it is.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

from sogdia.kernel import p256
from sogdia.kernel.accounts import PARTIES, key_of
from sogdia.kernel.passkey import signed_bytes
from sogdia.kernel.refusal import Refused
from sogdia.kernel.signature import DIGEST_BYTES, ED25519, PUBLIC_KEY_BYTES, SIGNATURE_BYTES, WEBAUTHN, verify

if TYPE_CHECKING:
    from sogdia.kernel.envelope import Envelope
    from sogdia.kernel.state import State

KEY_BYTES: Final = p256.PUBLIC_KEY_BYTES
AFTER_MESSAGE: Final = KEY_BYTES + DIGEST_BYTES
CHECK_BYTES: Final = AFTER_MESSAGE + SIGNATURE_BYTES
_PLAIN: Final = bytes(KEY_BYTES - PUBLIC_KEY_BYTES)


def check_of(scheme: int, public_key: bytes, message: bytes, signature: bytes) -> bytes:
    """Write a check down. Key, signature and, for Ed25519, the message have the lengths of their scheme."""
    if scheme == ED25519:
        return _PLAIN + public_key + message + signature
    return public_key + sha256(message).digest() + signature


def checks_of(state: State, envelope: Envelope) -> list[bytes]:
    """Give the checks of an envelope's signatures that can be made ahead: those of parties that are in the state."""
    checks: list[bytes] = []
    for signer, signature in zip(envelope.body.signers, envelope.signatures, strict=True):
        party = PARTIES.find(state, signer.account)
        key = None if party is None else key_of(party, signer.key)
        if key is None or key.scheme != signature.scheme:
            continue
        message = envelope.id
        if key.scheme == WEBAUTHN:
            try:
                message = signed_bytes(state, envelope.id, signature.extra)
            except Refused:
                continue  # admission will say so
        checks.append(check_of(key.scheme, key.public, message, signature.value))
    return checks


def holds(check: bytes) -> bool:
    """Tell whether the signature is valid."""
    message, signature = check[KEY_BYTES:AFTER_MESSAGE], check[AFTER_MESSAGE:]
    if check[0] == 0:
        return verify(ED25519, check[1:KEY_BYTES], message, signature)
    return p256.verify_digest(check[:KEY_BYTES], message, signature)
