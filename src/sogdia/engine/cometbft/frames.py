"""Frames of the socket between CometBFT and an application: a length as an unsigned varint, then one message."""

from __future__ import annotations

MESSAGE_BYTES_MAX = 128 * 2**20
"""A proposal of the largest block that a genesis may allow, and room to spare."""

_VARINT_BYTES_MAX = 10
_MORE = 0x80
_LOW = 0x7F


class FrameWrongError(Exception):
    """Bytes that are no frame; nothing behind them can be read."""


def split(data: bytes) -> tuple[list[bytes], bytes]:
    """Cut whole messages off the beginning of what has arrived; gives them and what is left."""
    messages: list[bytes] = []
    at, end = 0, len(data)
    while at < end:
        found = _length(data, at, end)
        if found is None:
            break
        length, start = found
        if length > MESSAGE_BYTES_MAX:
            raise FrameWrongError(f"a message of {length} bytes is announced; at most {MESSAGE_BYTES_MAX} are read")
        if start + length > end:
            break
        messages.append(data[start : start + length])
        at = start + length
    return messages, data[at:] if at else data


def _length(data: bytes, at: int, end: int) -> tuple[int, int] | None:
    """Read the varint at `at`; gives it and where it ends, or nothing when it is not all there yet."""
    value = 0
    for place in range(_VARINT_BYTES_MAX):
        if at + place >= end:
            return None
        byte = data[at + place]
        value |= (byte & _LOW) << (7 * place)
        if byte < _MORE:
            return value, at + place + 1
    raise FrameWrongError("a length goes on for more than ten bytes")


def framed(message: bytes) -> bytes:
    """Put its length before a message."""
    length = len(message)
    head = bytearray()
    while length >= _MORE:
        head.append(length & _LOW | _MORE)
        length >>= 7
    head.append(length)
    return bytes(head) + message
