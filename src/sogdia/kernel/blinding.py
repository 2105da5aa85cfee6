"""Blinding: what keeps hashes in a proof from being tried out by those who may not see what they are hashes of.

Every network has a secret of 32 bytes. Whoever holds a whole copy of the ledger holds it too, and nobody else; the
genesis, which is public, holds its hash. From it each record gets its blind, once, when it comes to be, and each
receipt one that stands in it:

    genesis: blinding = SHA-256("sogdia/blinding" ‖ secret), or null: the secret is 32 zero bytes, and protects nothing
    blind             = the first 16 bytes of SHA-256("sogdia/blind" ‖ secret ‖ SHA-256(full key))
    receipt's blind   = the first 16 bytes of SHA-256("sogdia/receipt" ‖ secret ‖ id)
"""

from __future__ import annotations

from hashlib import sha256

SECRET_BYTES = 32
BLIND_BYTES = 16
NO_SECRET = bytes(SECRET_BYTES)
"""The secret of a network whose genesis has none: a simulation, or a sandbox. Anybody can work out its blinds."""


def commitment_to(secret: bytes) -> str:
    """Give what the genesis says of a secret, in hexadecimal."""
    return sha256(b"sogdia/blinding" + secret).hexdigest()


def is_secret_of(secret: bytes, commitment: str | None) -> bool:
    """Tell whether a secret is the one to which a genesis is committed."""
    return secret == NO_SECRET if commitment is None else commitment_to(secret) == commitment


def blinding_of(secret: bytes) -> bytes:
    """Give what is hashed before the hash of a full key; the tree keeps it, since it makes many blinds."""
    return b"sogdia/blind" + secret


def blind_of(secret: bytes, key_hash: bytes) -> bytes:
    """Give the blind of the record whose full key has this hash."""
    return sha256(blinding_of(secret) + key_hash).digest()[:BLIND_BYTES]


def receipt_blind(secret: bytes, result_id: bytes) -> bytes:
    """Give the blind of the receipt of the envelope, exit or other cause that has this id."""
    return sha256(b"sogdia/receipt" + secret + result_id).digest()[:BLIND_BYTES]
