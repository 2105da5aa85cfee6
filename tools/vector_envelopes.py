"""Envelopes damaged in one place each: by somebody on the way, or by a sender that signs what is not allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from sogdia.kernel.codec import encode
from sogdia.kernel.envelope import DOMAIN
from tools.vector_damage import digest, flipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sogdia.client.keys import KeyPair
    from tools.vector_damage import Damaged

PART_NAMES = ("network", "expiry", "not_before", "after", "salt", "signers", "operations")


def damaged_on_the_way(raw: bytes) -> Iterator[Damaged]:
    """Change an envelope of one signer without its signer."""
    body, signatures = msgspec.msgpack.decode(raw)
    ((scheme, value, extra),) = signatures
    yield "no bytes at all", b""
    yield "the last byte is missing", raw[:-1]
    yield "one byte too many at the end", raw + b"\x00"
    yield "a third part", encode([body, signatures, None])
    yield "the outer array's length takes two bytes", b"\xdc\x00\x02" + raw[1:]
    yield "the network's length takes two bytes", raw.replace(b"\xc4\x08", b"\xc5\x00\x08", 1)
    yield "another expiry", encode([_with(body, "expiry", body[1] + 1), signatures])
    yield "another time from which it is valid", encode([_with(body, "not_before", 1), signatures])
    yield "a bit of the salt", encode([_with(body, "salt", flipped(body[4])), signatures])
    yield "a bit of the signer's account", encode([_with(body, "signers", [[flipped(body[5][0][0]), 0]]), signatures])
    yield "another key number", encode([_with(body, "signers", [[body[5][0][0], 1]]), signatures])
    yield "another amount", encode([_with(body, "operations", [[*body[6][0][:5], 1, *body[6][0][6:]]]), signatures])
    yield "a bit of the signature", encode([body, [[scheme, flipped(value), extra]]])
    yield "the signature is short by a byte", encode([body, [[scheme, value[:-1], extra]]])
    yield "no signature", encode([body, []])
    yield "the signature twice", encode([body, signatures * 2])
    yield "a scheme that is not in use", encode([body, [[2, value, extra]]])
    yield "extra data beside the signature", encode([body, [[scheme, value, b""]]])
    yield "a signature without its extra", encode([body, [[scheme, value]]])


def damaged_by_two(raw: bytes) -> Iterator[Damaged]:
    """Change an envelope of two signers without them."""
    body, (first, second) = msgspec.msgpack.decode(raw)
    yield "two signatures have changed places", encode([body, [second, first]])
    yield "the second signature is missing", encode([body, [first]])
    yield "the first signature in place of the second", encode([body, [first, first]])


def damaged_by_the_signer(raw: bytes, network: bytes, key: KeyPair) -> Iterator[Damaged]:
    """Sign what no ledger lets pass."""

    def signed(wrong: object, under: bytes = network) -> bytes:
        return _sealed(encode(wrong), under, key)

    body, _signatures = msgspec.msgpack.decode(raw)
    (account, number), (operation,) = body[5][0], body[6]
    after = [bytes(32), body[1]]
    lies: dict[str, tuple[str, Any]] = {
        "made for another network": ("network", flipped(body[0])),
        "a network of 7 bytes": ("network", body[0][:7]),
        "no expiry": ("expiry", None),
        "an expiry beyond 32 bits": ("expiry", 2**32),
        "a negative time from which it is valid": ("not_before", -1),
        "no list of predecessors": ("after", None),
        "five predecessors": ("after", [[bytes((n,)) * 32, body[1]] for n in range(5)]),
        "a predecessor named twice": ("after", [after, after]),
        "a salt of 7 bytes": ("salt", body[4][:7]),
        "a salt written as text": ("salt", "12345678"),
        "no signers": ("signers", []),
        "seventeen signers": ("signers", [[bytes((n,)) * 20, 0] for n in range(17)]),
        "the same signer twice": ("signers", [[account, number], [account, number]]),
        "an account of 19 bytes": ("signers", [[account[:19], number]]),
        "a key number beyond 16 bits": ("signers", [[account, 2**16]]),
        "a signer without an operation": ("signers", [[account, number], [flipped(account), 0]]),
        "no operations": ("operations", []),
        "seventeen operations": ("operations", [operation] * 17),
        "an operation of a signer that is not there": ("operations", [[operation[0], 1, *operation[2:]]]),
        "an operation of a seventeenth signer": ("operations", [[operation[0], 16, *operation[2:]]]),
        "a mandate with a reference of 17 characters": (
            "operations",
            [[operation[0], 0, account + b"x" * 17, *operation[3:]]],
        ),
        "an operation without a number": ("operations", [[None, *operation[1:]]]),
        "an operation that is a number": ("operations", [operation[0]]),
    }
    for what, (part, value) in lies.items():
        yield f"signed: {what}", signed(_with(body, part, value))
    yield "signed: a part too many", signed([*body, None])
    yield "signed: a part too few", signed(body[:-1])
    yield "signed: for another genesis whose hash begins alike", signed(body, network[:8] + bytes(24))
    yield "signed: the body's hash without the genesis", signed(body, b"")


def spelled_longer(raw: bytes, network: bytes, key: KeyPair) -> Iterator[Damaged]:
    """Sign parts of the body of a counted-down stock that are spelled longer than they need be."""
    body = encode(msgspec.msgpack.decode(raw)[0])
    spellings = {
        "the text": (b"\xa6suzani", b"\xd9\x06suzani"),
        "the negative number": (b"\xfd", b"\xd0\xfd"),
        "the negative number, by more": (b"\xfd", b"\xd3" + b"\xff" * 7 + b"\xfd"),
        "the number": (b"\x01\xfd", b"\xcc\x01\xfd"),
        "the salt's length": (b"\xc4\x08", b"\xc5\x00\x08"),
        "the list of operations": (b"\x91\x96\xcd", b"\xdc\x00\x01\x96\xcd"),
        "the operation": (b"\x91\x96\xcd", b"\x91\xdc\x00\x06\xcd"),
    }
    for what, (short, long) in spellings.items():
        before, found, after = body.rpartition(short)
        if not found:
            message = f"{what} is not in the body"
            raise ValueError(message)
        yield f"signed: {what} is spelled longer than it needs", _sealed(before + long + after, network, key)


def _sealed(body: bytes, network: bytes, key: KeyPair) -> bytes:
    """Sign the bytes of a body, whatever they are."""
    return encode([msgspec.Raw(body), [[1, key.sign(digest(DOMAIN + network + body)), None]]])


def _with(body: list[Any], part: str, value: object) -> list[Any]:
    """Give a body with one part changed."""
    place = PART_NAMES.index(part)
    return [*body[:place], value, *body[place + 1 :]]
