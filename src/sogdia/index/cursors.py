"""Cursors: where the next page begins, as a text that says nothing and can't be changed unnoticed.

    cursor = base64url( check, 8 bytes ‖ number of the last row, 8 bytes ‖ its second number, 4 bytes )
    check  = BLAKE2b(number ‖ second number) under a key made of the network, the list and its filters

A cursor is good for one list with the same filters on one network, on every database and after a rebuild. There is no
secret in it: whoever computes one by hand only asks for another page of what it may see anyway.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import blake2b
from hmac import compare_digest
from typing import NamedTuple

import msgspec

CHECK_BYTES = 8
NUMBER_BYTES = 8
SECOND_BYTES = 4
CURSOR_CHARACTERS = 28
NUMBER_MAX = 2**63 - 1
SECOND_MAX = 2**31 - 1


class CursorWrongError(ValueError):
    """A cursor that is not of this list, or was changed."""


class Place(NamedTuple):
    """The row after which a page goes on: its number, and a second one where a row has two."""

    number: int
    second: int = 0


class Cursors:
    """Writes and reads the cursors of one list with its filters."""

    def __init__(self, network: bytes, listed: str, *filters: object) -> None:
        """Bind the cursors to what is listed and how."""
        told = msgspec.msgpack.encode([network, listed, list(filters)])
        self._key = blake2b(told, digest_size=32, person=b"sogdia/cursor").digest()

    def _check(self, content: bytes) -> bytes:
        return blake2b(content, digest_size=CHECK_BYTES, key=self._key).digest()

    def write(self, place: Place) -> str:
        """Write a cursor down."""
        content = place.number.to_bytes(NUMBER_BYTES, "big") + place.second.to_bytes(SECOND_BYTES, "big")
        return urlsafe_b64encode(self._check(content) + content).rstrip(b"=").decode()

    def read(self, cursor: str | None) -> Place | None:
        """Read a cursor; nothing when there is none, an error when it is not one of this list."""
        if cursor is None:
            return None
        try:
            raw = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        except ValueError:
            raw = b""
        content = raw[CHECK_BYTES:]
        right = len(cursor) <= CURSOR_CHARACTERS and len(content) == NUMBER_BYTES + SECOND_BYTES
        if not right or not compare_digest(self._check(content), raw[:CHECK_BYTES]):
            raise CursorWrongError("the cursor is not one of this list, or was changed. Begin at the first page")
        place = Place(int.from_bytes(content[:NUMBER_BYTES], "big"), int.from_bytes(content[NUMBER_BYTES:], "big"))
        if self.write(place) != cursor or place.number > NUMBER_MAX or place.second > SECOND_MAX:
            raise CursorWrongError("the cursor is written in another way than ours. Begin at the first page")
        return place
