"""What a passkey's signature costs beside a bare P-256 verification by the same library with the same loaded key."""

from __future__ import annotations

from hashlib import sha256
from time import process_time

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from sogdia.kernel.p256 import HALF
from sogdia.kernel.passkey import PASSKEYS, Passkeys, signed_bytes
from sogdia.kernel.signature import P256, WEBAUTHN, verify
from sogdia.kernel.state import State
from sogdia.testing.ledger import MemoryBase
from sogdia.testing.passkeys import ORIGIN, RP_ID, Passkey

ROUNDS = 9


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """Verifications per second of one core's own time."""

    bare_p256: float
    p256: float
    webauthn: float


def measure(count: int) -> Rates:
    """Verify `count` signatures each way, in short turns, and give the best rate of each."""
    passkey = Passkey(bytes(range(32)))
    messages = [sha256(number.to_bytes(4, "big")).digest() for number in range(count)]
    signatures = [passkey.signature(message) for message in messages]
    state = State(MemoryBase())
    PASSKEYS.put(state, None, Passkeys(rp_id=RP_ID, origins=(ORIGIN,)))
    signed = [
        signed_bytes(state, message, signature.extra) for message, signature in zip(messages, signatures, strict=True)
    ]
    loaded = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), passkey.public)
    ders = [_der(signature.value) for signature in signatures]

    def bare() -> None:
        for der, message in zip(ders, signed, strict=True):
            loaded.verify(der, message, ECDSA(SHA256()))

    def plain() -> None:
        for message, signature in zip(signed, signatures, strict=True):
            _require(verify(P256, passkey.public, message, signature.value))

    def webauthn() -> None:
        for message, signature in zip(messages, signatures, strict=True):
            covered = signed_bytes(state, message, signature.extra)
            _require(verify(WEBAUTHN, passkey.public, covered, signature.value))

    best = [0.0, 0.0, 0.0]
    for _round in range(ROUNDS):
        for at, way in enumerate((bare, plain, webauthn)):
            started = process_time()
            way()
            best[at] = max(best[at], count / (process_time() - started))
    return Rates(bare_p256=best[0], p256=best[1], webauthn=best[2])


def _der(signature: bytes) -> bytes:
    return encode_dss_signature(int.from_bytes(signature[:HALF], "big"), int.from_bytes(signature[HALF:], "big"))


def _require(verified: object) -> None:
    if not verified:
        raise RuntimeError("a good signature is refused")
