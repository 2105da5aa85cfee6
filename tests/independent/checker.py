"""A second implementation of the wire format's checks, written from docs/reference/wire.md and nothing else.

    python tests/independent/checker.py docs/reference/vectors/*.json      exit code 1 when a vector is judged wrongly
"""

import json
import sys
from hashlib import sha256
from pathlib import Path

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey


class Wrong(Exception):  # noqa: N818 - reads as what it says
    """What was shown proves nothing."""


def need(condition, words):
    if not condition:
        raise Wrong(words)


def H(*parts):  # noqa: N802 - so it is called on the page
    return sha256(b"".join(parts)).digest()


# ---------------------------------------------------------------------------------------------------------- encoding

PLAIN = {0xC0: None, 0xC2: False, 0xC3: True}
# First byte: what it is, how many bytes its number has, and the least number that may not be spelled shorter.
NUMBERS = {0xCC: (1, 1 << 7), 0xCD: (2, 1 << 8), 0xCE: (4, 1 << 16), 0xCF: (8, 1 << 32)}
NEGATIVE = {0xD0: (1, -33), 0xD1: (2, -(1 << 7) - 1), 0xD2: (4, -(1 << 15) - 1), 0xD3: (8, -(1 << 31) - 1)}
LENGTHS = {
    0xC4: ("bytes", 1, 0), 0xC5: ("bytes", 2, 1 << 8), 0xC6: ("bytes", 4, 1 << 16),
    0xD9: ("text", 1, 32), 0xDA: ("text", 2, 1 << 8), 0xDB: ("text", 4, 1 << 16),
    0xDC: ("array", 2, 16), 0xDD: ("array", 4, 1 << 16),
}  # fmt: skip


def decode(raw):
    value, end = read(raw, 0, 0)
    need(end == len(raw), "something follows the last byte")
    return value


def cut(raw, at, size):
    need(at + size <= len(raw), "the bytes end too early")
    return raw[at : at + size]


def read(raw, at, depth):
    need(depth < 32, "nested too deeply")
    first = cut(raw, at, 1)[0]
    at += 1
    if first < 0x80:
        return first, at
    if first >= 0xE0:
        return first - 256, at
    if first in PLAIN:
        return PLAIN[first], at
    if first in NUMBERS:
        size, least = NUMBERS[first]
        number = int.from_bytes(cut(raw, at, size), "big")
        need(number >= least, "a number that is spelled too long")
        return number, at + size
    if first in NEGATIVE:
        size, most = NEGATIVE[first]
        number = int.from_bytes(cut(raw, at, size), "big", signed=True)
        need(number <= most, "a number that is spelled too long")
        return number, at + size
    if 0x90 <= first < 0xA0:
        kind, length = "array", first & 15
    elif 0xA0 <= first < 0xC0:
        kind, length = "text", first & 31
    else:
        need(first in LENGTHS, "a kind of value that does not occur")
        kind, size, least = LENGTHS[first]
        length = int.from_bytes(cut(raw, at, size), "big")
        need(length >= least, "a length that is spelled too long")
        at += size
    if kind == "array":
        found = []
        for _ in range(length):
            value, at = read(raw, at, depth + 1)
            found.append(value)
        return found, at
    content = cut(raw, at, length)
    try:
        return content if kind == "bytes" else content.decode("utf-8"), at + length
    except UnicodeDecodeError:
        raise Wrong("a text that is not UTF-8") from None


# ------------------------------------------------------------------------------------------------------------ shapes


def number(least, most):
    return lambda value: need(type(value) is int and least <= value <= most, f"no number from {least} to {most}")


def bytes_of(least, most):
    return lambda value: need(type(value) is bytes and least <= len(value) <= most, f"not {least} to {most} bytes")


def maybe(shape):
    return lambda value: None if value is None else shape(value)


def array(shape, least, most):
    def check(value):
        need(type(value) is list and least <= len(value) <= most, f"no array of {least} to {most} parts")
        for each in value:
            shape(each)

    return check


def parts(*shapes):
    def check(value):
        need(type(value) is list and len(value) == len(shapes), f"no array of exactly {len(shapes)} parts")
        for shape, each in zip(shapes, value, strict=True):
            shape(each)

    return check


def operation(value):
    need(type(value) is list and len(value) >= 3, "no operation")
    parts(number(0, 2**63), number(0, 15), maybe(bytes_of(21, 36)))(value[:3])


LONG = 4 * 2**20
HASH, ANY_BYTES, TIME = bytes_of(32, 32), bytes_of(0, LONG), number(0, 2**32 - 1)
HEIGHT, INDEX = number(0, 2**48), number(0, 2**16 - 1)
BODY = parts(
    bytes_of(8, 8), TIME, maybe(TIME), array(parts(HASH, TIME), 0, 4), bytes_of(8, 8),
    array(parts(bytes_of(20, 20), INDEX), 1, 16), array(operation, 1, 16),
)  # fmt: skip
SIGNATURE = parts(number(1, 3), bytes_of(64, 64), maybe(bytes_of(0, 1024)))
ENVELOPE = parts(BODY, array(SIGNATURE, 0, 16))
HEADER = parts(HASH, HEIGHT, TIME, HASH, HASH, HASH, HASH, HASH, HASH)
SIGNED_HEADER = parts(HEADER, array(bytes_of(64, 64), 1, 64))
HANDOVER = parts(SIGNED_HEADER, array(parts(HASH, number(1, 2**31 - 1)), 1, 64))
ANCHOR = parts(array(HANDOVER, 0, 64), SIGNED_HEADER)
PLACE = parts(number(0, 2**32 - 1), number(1, 2**32 - 1), array(HASH, 0, 32))
STATE = parts(
    number(1, 1), ANCHOR, number(1, 255), bytes_of(0, 255), maybe(ANY_BYTES), bytes_of(0, 1024),
    array(bytes_of(480, 480), 0, 64),
)  # fmt: skip
RECEIPT = parts(number(2, 2), ANCHOR, HASH, ANY_BYTES, PLACE, maybe(ANY_BYTES), maybe(HEADER), maybe(PLACE))
HISTORY = parts(number(3, 3), STATE, array(parts(HASH, INDEX, HASH, HEIGHT, TIME), 1, LONG))


# ------------------------------------------------------------------------------------------------------------ checks
