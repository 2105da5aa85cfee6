"""Frames on the node's socket: four bytes of length, then a MessagePack array.

request = [number, kind, payload]           the number is the asker's own and comes back in the answer
answer  = [number, status, payload]
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import Any

import msgspec

LENGTH_BYTES = 4
FRAME_BYTES_MAX = 8 * 2**20

Request = tuple[int, str, Any]

_length_at = struct.Struct(">I").unpack_from
encode = msgspec.msgpack.Encoder().encode
decode_request = msgspec.msgpack.Decoder(Request, strict=True).decode


class Status(IntEnum):
    """How a request ended."""

    DONE = 0
    """The payload is the answer."""
    REFUSED = 1
    """A rule of the ledger forbids it: the payload is [number of the refusal, [[name, value], …]]."""
    WRONG = 2
    """The request itself makes no sense: the payload says why."""
    LATER = 3
    """It may be tried again: the payload says what the node waits for."""


class FrameWrongError(Exception):
    """What came over the socket is no frame; the connection cannot go on."""


def split(arrived: bytes) -> tuple[list[bytes], bytes]:
    """Take all whole frames out of what has arrived; gives them and what is left."""
    frames = []
    start, end = LENGTH_BYTES, len(arrived)
    while start <= end:
        (size,) = _length_at(arrived, start - LENGTH_BYTES)
        if size > FRAME_BYTES_MAX:
            raise FrameWrongError(f"a frame of {size} bytes; {FRAME_BYTES_MAX} are the most")
        after = start + size
        if after > end:
            break
        frames.append(arrived[start:after])
        start = after + LENGTH_BYTES
    return frames, arrived[start - LENGTH_BYTES :]


def answer(number: int, status: int, payload: Any) -> bytes:  # noqa: ANN401 - each kind has its own
    """Lay out an answer as a frame."""
    raw = encode((number, status, payload))
    return len(raw).to_bytes(LENGTH_BYTES, "big") + raw
