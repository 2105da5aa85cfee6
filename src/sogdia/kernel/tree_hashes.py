"""The hashes of the state tree: of stored values, of buckets, and the root that a proof leads to; see `tree`."""

from __future__ import annotations

from hashlib import sha256

from sogdia.kernel.blinding import BLIND_BYTES

BUCKET_ENTRIES_MAX = 16
HASH_BYTES = 32
ENTRY_BYTES = 64
FRONT_BYTES = 1 + BLIND_BYTES
"""What stands before the value in a stored value."""

FACE_BYTES_MAX = 255
NO_FACE = b"\x00"
EMPTY = bytes(HASH_BYTES)
"""The hash of a bucket without records."""


def bucket_hash(entries: bytes) -> bytes:
    """Hash a bucket from its entries laid end to end."""
    return sha256(b"\x00" + entries).digest() if entries else EMPTY


def stored_hash(stored: bytes) -> bytes:
    """Hash a stored value, as its entry shows it."""
    if not stored[0]:
        return sha256(stored).digest()
    end = len(stored) - stored[0]
    rest = sha256(NO_FACE + stored[1:end]).digest()
    return sha256(stored[:1] + stored[end:] + rest).digest()


def face_in(stored: bytes) -> bytes:
    """Give the face of a stored value, empty when it has none."""
    return stored[len(stored) - stored[0] :]


def rest_hash(stored: bytes) -> bytes:
    """Hash the blind and what is not the face of a stored value."""
    return sha256(NO_FACE + stored[1 : len(stored) - stored[0]]).digest()


def hash_from_face(face: bytes, rest: bytes) -> bytes:
    """Hash a stored value of which only the face is known, and the hash of the rest."""
    return sha256(bytes((len(face),)) + face + rest).digest()


def root_from_proof(key_hash: bytes, entries: bytes, levels: tuple[bytes, ...]) -> bytes:
    """Compute the root that a proof leads to; the caller compares it with one that it trusts."""
    digits = key_hash.hex()
    current = bucket_hash(entries)
    for above, others in enumerate(levels):
        at = HASH_BYTES * int(digits[len(levels) - 1 - above], 16)
        current = sha256(b"\x01" + others[:at] + current + others[at:]).digest()
    return current


def stored_hash_in(entries: bytes, key_hash: bytes) -> bytes | None:
    """Find a key hash among a bucket's entries; give the hash of its stored value, or nothing without it."""
    for at in range(0, len(entries), ENTRY_BYTES):
        if entries[at : at + HASH_BYTES] == key_hash:
            return entries[at + HASH_BYTES : at + ENTRY_BYTES]
    return None
