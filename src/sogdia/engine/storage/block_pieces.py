"""The pieces that a block is stored in.

    whole = SHA-256(height, 8 bytes ‖ stored block) ‖ stored block
    piece = height, 8 bytes ‖ number from 0, 4 bytes  →  2,016 bytes of the whole, in the last piece what is left

LMDB puts a long value on pages of its own that lie side by side, and in a used file it searches long for such pages;
of these pieces two fill one page. What is read is believed only when the block in it would be stored in exactly these
pieces: then none is missing, none is too many, none is damaged, and none belongs to another block.
"""

from __future__ import annotations

from hashlib import sha256

HEIGHT_BYTES = 8
NUMBER_BYTES = 4
HASH_BYTES = 32
PIECE_BYTES = 2016
"""With the key and what LMDB adds, just under half a page of 4,096 bytes."""


def pieces_of(height: int, raw: bytes) -> list[tuple[bytes, bytes]]:
    """Give the pieces that a block is stored in, keys and values in order."""
    first = height.to_bytes(HEIGHT_BYTES, "big")
    whole = sha256(first + raw).digest() + raw
    return [
        (first + number.to_bytes(NUMBER_BYTES, "big"), whole[at : at + PIECE_BYTES])
        for number, at in enumerate(range(0, len(whole), PIECE_BYTES))
    ]


def block_of(height: int, pieces: list[tuple[bytes, bytes]]) -> bytes | None:
    """Join the pieces of a block, or give nothing when they are not what was written."""
    raw = b"".join([value for _key, value in pieces])[HASH_BYTES:]
    return raw if pieces == pieces_of(height, raw) else None
