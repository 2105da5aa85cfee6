"""The checks of the wire format a second time, written from docs/reference/wire.md and from nothing else."""

from hashlib import sha256
from struct import pack
from typing import Any

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
ANY, HASH, EIGHT = ("bytes", 0, 4 * 2**20), ("bytes", 32, 32), ("bytes", 8, 8)
TIME, HEIGHT, INDEX = ("number", 0, 2**32 - 1), ("number", 0, 2**48), ("number", 0, 2**16 - 1)
OPERATION = ("begins", ("number", 0, 2**63), ("number", 0, 15), ("maybe", ("bytes", 21, 36)))
LISTS = ("array", ("parts", ("bytes", 20, 20), INDEX), 1, 16), ("array", OPERATION, 1, 16)
BODY = ("parts", EIGHT, TIME, ("maybe", TIME), ("array", ("parts", HASH, TIME), 0, 4), EIGHT, *LISTS)
SIGNATURE = ("parts", ("number", 1, 3), ("bytes", 64, 64), ("maybe", ("bytes", 0, 1024)))
ENVELOPE = ("parts", BODY, ("array", SIGNATURE, 0, 16))
HEADER = ("parts", HASH, HEIGHT, TIME, *(HASH,) * 6)
SIGNED = ("parts", HEADER, ("array", ("bytes", 64, 64), 0, 64))
VALIDATORS = ("array", ("parts", HASH, ("number", 1, 2**31 - 1)), 1, 64)
ANCHOR = ("parts", ("number", 1, 1), ("array", ("parts", SIGNED, VALIDATORS), 0, 64), SIGNED)
PLACE = ("parts", TIME, ("number", 1, 2**32 - 1), ("array", HASH, 0, 32))
RECORD = ANCHOR, ("number", 1, 255), ("bytes", 0, 255)
BUCKET = ("bytes", 0, 1024), ("array", ("bytes", 480, 480), 0, 64)
STATE = ("parts", ("number", 1, 1), *RECORD, ("maybe", ("bytes", 18, 4 * 2**20)), *BUCKET)
FACE = ("parts", ("number", 4, 4), *RECORD, ("bytes", 1, 255), HASH, *BUCKET)
BLOCK = ("parts", ("number", 1, 1), HEADER)
RECEIPT = ("parts", ("number", 2, 2), ANCHOR, HASH, ANY, PLACE, ("maybe", ANY), ("maybe", BLOCK), ("maybe", PLACE))
LIFE = ("parts", ("number", 3, 3), ("begins", HEIGHT), ("array", ("parts", HASH, INDEX, HASH, HEIGHT, TIME), 1, 2**22))
NONE = ("array", HASH, 1, 0)
PROOFS = {b"\x01": STATE, b"\x02": RECEIPT, b"\x03": LIFE, b"\x04": FACE}


class Wrong(Exception):  # noqa: N818 - reads as what it says
    """What was shown proves nothing."""


Array: Any = type("Array", (list,), {"raw": b""})  # knows its bytes
REFUSALS = (Wrong, CryptoError, UnicodeDecodeError)  # what the checks raise


def need(condition, words):
    if not condition:
        raise Wrong(words)


def digest(content):
    return sha256(content).digest()


def decode(raw, shape):
    need(len(raw) <= 4 * 2**20, "too long")
    value, end = read(raw, 0)
    need(end == len(raw), "something follows the last byte")
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
        content = raw[at : at + length]
        return content if kind == "bytes" else content.decode("utf-8"), at + length
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
    need(type(value) is {"number": int, "bytes": bytes}.get(kind, Array), f"no {kind}")
    if kind in ("parts", "begins"):
        need(len(value) == len(rest) or (kind == "begins" and len(value) > len(rest)), f"not {len(rest)} parts")
        return [fit(each, inner) for each, inner in zip(value, rest, strict=False)]
    size = value if kind == "number" else len(value)
    need(rest[-2] <= size <= rest[-1], f"{kind} not from {rest[-2]} to {rest[-1]}")
    return [fit(each, rest[0]) for each in value] if kind == "array" else None


def check_envelope(raw, network, keys):
    body, signatures = decode(raw, ENVELOPE)
    need(body[0] == network[:8], "another network")
    once = ({each[0] for each in body[3]}, {tuple(each) for each in body[5]})
    need(list(map(len, once)) == [len(body[3]), len(body[5])], "named twice")
    need(max(each[1] for each in body[6]) < len(body[5]) == len(signatures) == len(keys), "not one signature a signer")
    identity = digest(b"sogdia/tx" + network + body.raw)
    for (scheme, value, extra), key in zip(signatures, keys, strict=True):
        need(scheme == 1 and extra is None, "not Ed25519")
        VerifyKey(key).verify(identity, value)
    return {"id": identity.hex()}


def trust(signed, network, validators, since):
    header, signatures = signed
    need(header[0] == network and header[1] >= since, "of another network, or from before the trust")
    need(header[7] == digest(b"sogdia/validators" + validators.raw), "for other validators")
    need(len(signatures) == len(validators), "not one signature a validator")
    for (key, _weight), signature in zip(validators, signatures, strict=True):
        VerifyKey(key).verify(digest(b"sogdia/header" + header.raw), signature)
    return header


def check_proof(raw, network, validators, since):
    proof = decode(raw, PROOFS.get(raw[1:2], NONE))
    state = proof[1] if proof[0] == 3 else proof
    fit(state, {proof[0]: PROOFS[raw[1:2]], 1: STATE, 3: NONE, 4: FACE}.get(state[0], NONE))
    _engine, handovers, signed = state[1]
    for announcing, following in handovers:
        if announcing[0][1] >= since:
            header = trust(announcing, network, validators, since)
            need(header[8] == digest(b"sogdia/validators" + following.raw), "a handover to others")
            validators, since = following, header[1] + 1
    header = trust(signed, network, validators, since)
    return (check_state, check_receipt, check_history, check_state)[proof[0] - 1](proof, header)


def check_state(proof, header):
    table, key, shown, *rest, entries, levels = proof[2:]
    key_hash, hashed = digest(bytes((table,)) + key), rest[0] if rest else None
    told = {"face": shown.hex(), "rest": rest[0].hex()} if rest else {"value": shown and shown[17:].hex()}
    if shown and not rest:
        end = len(shown) - shown[0]
        need(end > 17, "nothing but a face")
        hashed, shown = digest(b"\x00" + shown[1:end]), shown[end:]
    if shown:
        hashed = digest(bytes((len(shown),)) + shown + hashed)
    way = key_hash.hex()[: len(levels)]
    halves = [(entries[at : at + 32], entries[at + 32 : at + 64]) for at in range(0, len(entries), 64)]
    need(len(entries) % 64 == 0 and halves == sorted(dict(halves).items()), "not in order")
    need(all(first.hex().startswith(way) for first, _second in halves), "in the wrong bucket")
    need(dict(halves).get(key_hash) == hashed, "another value")
    current = digest(b"\x00" + entries) if entries else bytes(32)
    for at, others in zip((32 * int(digit, 16) for digit in reversed(way)), levels, strict=True):
        current = digest(b"\x01" + others[:at] + current + others[at:])
    need(current == header[5], "another state root")
    return {"table": table, "key": key.hex(), **told, "height": header[1] - 1, "time": header[2], "root": current.hex()}


def root_of(leaf, place):
    index, size, neighbours = place
    need(index < size, "beyond the list")
    at, last, current, left = index, size - 1, digest(b"\x00" + leaf), list(neighbours)
    while last:
        if at % 2 or at < last:
            need(left, "too few neighbours")
            beside = left.pop(0)
            current = digest(b"\x01" + (beside + current if at % 2 else current + beside))
        at, last = at // 2, last // 2
    need(not left, "too many neighbours")
    return current


def check_receipt(proof, header):
    identity, receipt, place, envelope, block, included = proof[2:]
    before = block and block[1]
    if envelope is not None:
        body, signatures = decode(envelope, ENVELOPE)
        need(len(signatures) == len(body[5]), "not one signature a signer")
        need(identity == digest(b"sogdia/tx" + header[0] + body.raw), "another envelope")
    need(root_of(identity + digest(receipt), place) == header[6], "another results root")
    need(before is None or digest(b"sogdia/header" + before.raw) == header[3], "another block's header")
    placed = included is None or (envelope and before and root_of(digest(envelope), included) == before[4])
    need(placed, "a place of nothing, or another transactions root")
    told = {"id": identity.hex(), "receipt": receipt.hex(), "root": header[6].hex(), "height": header[1] - 1}
    return {**told, "time": before and before[2], "sealed_at": header[2], "included": included is not None}


def check_history(proof, header):
    told, history = check_state(proof[1], header), bytes(32)
    for identity, operation, receipt, height, time in proof[2]:
        history = digest(pack(">32s32sH32sQI", history, identity, operation, receipt, height, time))
    need((proof[1][4] or b"").endswith(b"\xc4\x20" + history), "another history")
    return {**told, "steps": len(proof[2])}
