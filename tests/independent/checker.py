"""The checks of the wire format a second time, written from docs/reference/wire.md and from nothing else.

With the names of vector files as arguments it judges them, and ends with code 1 when it judges one wrongly.
"""

import json
import sys
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

from nacl.exceptions import CryptoError
from nacl.signing import VerifyKey

# First byte of a value: its kind, how many bytes its number or length has, and from where on it may be so long.
LONG = {0xCC + n: ("number", 1 << n, (1 << 7, 1 << 8, 1 << 16, 1 << 32)[n]) for n in range(4)}
LONG |= {0xD0 + n: ("negative", 1 << n, (-33, -129, -(1 << 15) - 1, -(1 << 31) - 1)[n]) for n in range(4)}
LONG |= {0xC4 + n: ("bytes", 1 << n, (0, 1 << 8, 1 << 16)[n]) for n in range(3)}
LONG |= {0xD9 + n: ("text", 1 << n, (32, 1 << 8, 1 << 16)[n]) for n in range(3)}
LONG |= {0xDC + n: ("array", 2 << n, (16, 1 << 16)[n]) for n in range(2)}
PLAIN = {0xC0: None, 0xC2: False, 0xC3: True}

# Shapes: a kind, then least and most; for arrays the shape of a part before them; for fixed parts the shapes of all.
BYTES_MAX = 4 * 2**20
ANY, HASH = ("bytes", 0, BYTES_MAX), ("bytes", 32, 32)
TIME, HEIGHT, INDEX = ("number", 0, 2**32 - 1), ("number", 0, 2**48), ("number", 0, 2**16 - 1)
OPERATION = ("begins", ("number", 0, 2**63), ("number", 0, 15), ("maybe", ("bytes", 21, 36)))
LISTS = ("array", ("parts", ("bytes", 20, 20), INDEX), 1, 16), ("array", OPERATION, 1, 16)
AFTER = ("array", ("parts", HASH, TIME), 0, 4)
BODY = ("parts", ("bytes", 8, 8), TIME, ("maybe", TIME), AFTER, ("bytes", 8, 8), *LISTS)
SIGNATURE = ("parts", ("number", 1, 3), ("bytes", 64, 64), ("maybe", ("bytes", 0, 1024)))
ENVELOPE = ("parts", BODY, ("array", SIGNATURE, 0, 16))
HEADER = ("parts", HASH, HEIGHT, TIME, *(HASH,) * 6)
SIGNED = ("parts", HEADER, ("array", ("bytes", 64, 64), 1, 64))
VALIDATORS = ("array", ("parts", HASH, ("number", 1, 2**31 - 1)), 1, 64)
ANCHOR = ("parts", ("array", ("parts", SIGNED, VALIDATORS), 0, 64), SIGNED)
PLACE = ("parts", TIME, ("number", 1, 2**32 - 1), ("array", HASH, 0, 32))
RECORD = ("number", 1, 255), ("bytes", 0, 255), ("maybe", ANY), ("bytes", 0, 1024)
STATE = ("parts", ("number", 1, 1), ANCHOR, *RECORD, ("array", ("bytes", 480, 480), 0, 64))
OPTIONS = ("maybe", ANY), ("maybe", HEADER), ("maybe", PLACE)
STEPS = ("array", ("parts", HASH, INDEX, HASH, HEIGHT, TIME), 1, BYTES_MAX)
PROOFS = {1: STATE, 2: ("parts", ("number", 2, 2), ANCHOR, HASH, ANY, PLACE, *OPTIONS)}
PROOFS[3] = ("parts", ("number", 3, 3), STATE, STEPS)


class Wrong(Exception):  # noqa: N818 - reads as what it says
    """What was shown proves nothing."""


class Array(list):
    """An array that knows its bytes."""


REFUSALS = (Wrong, CryptoError, UnicodeDecodeError)


def need(condition, words):
    if not condition:
        raise Wrong(words)


def digest(*parts):
    return sha256(b"".join(parts)).digest()


def decode(raw, shape=None):
    need(len(raw) <= BYTES_MAX, "too long")
    value, end = read(raw, 0)
    need(end == len(raw), "something follows the last byte")
    if shape is None:
        need(isinstance(value, Array) and value and type(value[0]) is int and value[0] in PROOFS, "no proof")
        shape = PROOFS[value[0]]
    fit(value, shape)
    return value


def read(raw, start, depth=0):
    need(start < len(raw) and depth < 32, "the bytes end too early, or are nested too deeply")
    first, at = raw[start], start + 1
    if first < 0x80 or first >= 0xE0 or first in PLAIN:
        return PLAIN.get(first, first if first < 0x80 else first - 256), at
    if 0x90 <= first < 0xC0:
        kind, length = ("array", first & 15) if first < 0xA0 else ("text", first & 31)
    else:
        need(first in LONG and at + LONG[first][1] <= len(raw), "no value begins so, or it ends too early")
        kind, size, limit = LONG[first]
        length, at = int.from_bytes(raw[at : at + size], "big", signed=kind == "negative"), at + size
        need(length <= limit if kind == "negative" else length >= limit, "spelled too long")
    if kind in ("number", "negative"):
        return length, at
    if kind != "array":
        need(at + length <= len(raw), "the bytes end too early")
        content, at = raw[at : at + length], at + length
        return content if kind == "bytes" else content.decode("utf-8"), at
    found = Array()
    for _ in range(length):
        value, at = read(raw, at, depth + 1)
        found.append(value)
    found.raw = raw[start:at]
    return found, at


def fit(value, shape):
    kind, *rest = shape
    if kind == "maybe":
        return None if value is None else fit(value, *rest)
    wanted = {"number": int, "bytes": bytes}.get(kind, Array)
    need(type(value) is wanted, f"no {kind}")
    if kind in ("parts", "begins"):
        need(len(value) == len(rest) or (kind == "begins" and len(value) > len(rest)), f"not {len(rest)} parts")
        return [fit(each, inner) for each, inner in zip(value, rest, strict=False)]
    size = value if kind == "number" else len(value)
    need(rest[-2] <= size <= rest[-1], f"{kind} not from {rest[-2]} to {rest[-1]}")
    return [fit(each, rest[0]) for each in value] if kind == "array" else None


def check_envelope(raw, network, keys):
    body, signatures = decode(raw, ENVELOPE)
    need(body[0] == network[:8], "for another network")
    need(all(len({each[0] for each in part}) == len(part) for part in (body[3], body[5])), "named twice")
    need({each[1] for each in body[6]} == set(range(len(body[5]))), "signers and operations do not fit")
    need(all(operation[2] is None for operation in body[6]), "mandates do not exist yet")
    need(len(signatures) == len(body[5]) == len(keys), "not one signature a signer")
    need(all(scheme == 1 and extra is None for scheme, _value, extra in signatures), "a scheme not in use")
    identity = digest(b"sogdia/tx", network, body.raw)
    for (_scheme, value, _extra), key in zip(signatures, keys, strict=True):
        VerifyKey(key).verify(identity, value)
    return {"id": identity.hex()}


def trust(signed, network, validators, since):
    header, signatures = signed
    need(header[0] == network and header[1] >= since, "of another network, or from before the trust")
    need(header[7] == digest(b"sogdia/validators", validators.raw), "for other validators")
    need(len(signatures) == len(validators), "not one signature a validator")
    for (key, _weight), signature in zip(validators, signatures, strict=True):
        VerifyKey(key).verify(digest(b"sogdia/header", header.raw), signature)
    return header


def check_proof(raw, network, validators, since):
    proof = decode(raw)
    handovers, signed = proof[1][1] if proof[0] == 3 else proof[1]
    for announcing, following in handovers:
        if announcing[0][1] >= since:
            header = trust(announcing, network, validators, since)
            need(header[8] == digest(b"sogdia/validators", following.raw), "a handover to others")
            validators, since = following, header[1] + 1
    header = trust(signed, network, validators, since)
    return {1: check_state, 2: check_receipt, 3: check_history}[proof[0]](proof, header)


def check_state(proof, header):
    table, key, value, entries, levels = proof[2:]
    key_hash = digest(bytes((table,)), key)
    way = key_hash.hex()[: len(levels)]
    halves = [(entries[at : at + 32], entries[at + 32 : at + 64]) for at in range(0, len(entries), 64)]
    need(len(entries) % 64 == 0 and all(a[0] < b[0] for a, b in pairwise(halves)), "not in order")
    need(all(first.hex().startswith(way) for first, _second in halves), "in the wrong bucket")
    need(dict(halves).get(key_hash) == (None if value is None else digest(value)), "another value")
    current = digest(b"\x00", entries) if entries else bytes(32)
    for digit, others in zip(reversed(way), levels, strict=True):
        at = 32 * int(digit, 16)
        current = digest(b"\x01", others[:at], current, others[at:])
    need(current == header[5], "another state root")
    told = {"table": table, "key": key.hex(), "value": None if value is None else value.hex()}
    return {**told, "height": header[1] - 1, "time": header[2], "root": current.hex()}
