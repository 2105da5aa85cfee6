"""P-256 key pairs in software: for systems whose keys live in files, and to stand in for a chip or a telephone."""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sogdia.kernel.envelope import Signature
from sogdia.kernel.p256 import HALF, ORDER
from sogdia.kernel.signature import P256

SEED_BYTES: Final = 32
SCALAR_SALT: Final = b"sogdia/p256/1"
SCALAR_BYTES: Final = 48
"""Half as long again as the group order, so that what remains of the division is as good as drawn evenly."""

_DETERMINISTIC: Final = ECDSA(SHA256(), deterministic_signing=True)
"""RFC 6979: a weak source of randomness cannot give the key away, and the same message has one signature."""


class P256KeyPair:
    """A P-256 key pair: the public half to register, the secret half to sign with, which never shows itself."""

    __slots__ = ("_private", "_seed", "public")

    scheme: Final = P256

    def __init__(self, seed: bytes) -> None:
        """Make the pair that belongs to a secret seed of 32 bytes."""
        self._seed = seed
        self._private = derive_private_key(_scalar(seed), SECP256R1())
        self.public = self._private.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)

    def __repr__(self) -> str:
        return f"P256KeyPair(public={self.public.hex()})"

    @property
    def seed(self) -> bytes:
        """The secret from which the pair is made again; for sealing it in a file and nothing else."""
        return self._seed

    def sign(self, message: bytes) -> bytes:
        """Sign a message: r and s, 32 bytes each."""
        r, s = decode_dss_signature(self._private.sign(message, _DETERMINISTIC))
        return r.to_bytes(HALF, "big") + s.to_bytes(HALF, "big")

    def signature(self, message: bytes) -> Signature:
        """Sign a message: as it stands in an envelope."""
        return Signature(P256, self.sign(message))


def twin_of(signature: bytes) -> bytes:
    """Give the other signature of the same key over the same message: its s is the group order less this one's."""
    s = int.from_bytes(signature[HALF:], "big")
    return signature[:HALF] + (ORDER - s).to_bytes(HALF, "big")


def _scalar(seed: bytes) -> int:
    """Make the secret number from a seed: HKDF of RFC 5869 with one output longer than the number needs."""
    extracted = hmac.digest(SCALAR_SALT, seed, "sha256")
    block, made = b"", b""
    for number in range(1, -(-SCALAR_BYTES // sha256().digest_size) + 1):
        block = hmac.digest(extracted, block + bytes((number,)), "sha256")
        made += block
    return int.from_bytes(made[:SCALAR_BYTES], "big") % (ORDER - 1) + 1
