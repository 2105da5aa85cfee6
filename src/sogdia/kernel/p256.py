"""P-256: ECDSA with SHA-256, as telephones, security chips and passkeys make it.

The library is OpenSSL, reached through `cryptography` and nothing else. What libraries disagree on is decided here,
before it is asked: a key is a compressed point of 33 bytes and nothing else, a signature is r and s of 32 bytes each,
both from 1 to the group order less one. High and low s are both accepted, because half of all devices make high ones;
signatures stand outside an envelope's id, so the twin of a signature makes no second envelope.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

PUBLIC_KEY_BYTES: Final = 33
SIGNATURE_BYTES: Final = 64
HALF: Final = 32
ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""The number of points of the curve's group."""

COMPRESSED: Final = (2, 3)
"""The first byte of a compressed point: whether its y is even or odd."""

LOADED_KEYS_MAX: Final = 4_096
"""So many keys are remembered as the library holds them; loading one takes half as long as a verification."""

_CURVE: Final = SECP256R1()
_OVER_DIGEST: Final = ECDSA(Prehashed(SHA256()))


def verify_digest(public_key: bytes, digest: bytes, signature: bytes) -> bool:
    """Whether `signature` is the key's signature over what has the SHA-256 `digest`; anything malformed is not."""
    if len(signature) != SIGNATURE_BYTES or len(digest) != HALF:
        return False
    key = _loaded(public_key)
    if key is None:
        return False
    r, s = int.from_bytes(signature[:HALF], "big"), int.from_bytes(signature[HALF:], "big")
    if not (0 < r < ORDER and 0 < s < ORDER):
        return False
    try:
        key.verify(encode_dss_signature(r, s), digest, _OVER_DIGEST)
    except InvalidSignature:
        return False
    return True


def is_key(public_key: bytes) -> bool:
    """Whether these bytes are the compressed form of a point of the curve. The group has no small parts."""
    return _loaded(public_key) is not None


@lru_cache(LOADED_KEYS_MAX)
def _loaded(public_key: bytes) -> EllipticCurvePublicKey | None:
    """Load a key as the library holds it, or give nothing when it is none; the answer depends on the bytes alone."""
    if len(public_key) != PUBLIC_KEY_BYTES or public_key[0] not in COMPRESSED:
        return None
    try:
        return EllipticCurvePublicKey.from_encoded_point(_CURVE, public_key)
    except ValueError:
        return None
