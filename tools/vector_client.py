"""Vectors for clients that build: the encoding's edges, codes, envelopes from their parts, and signatures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from sogdia.client.codes import CodeWrong, account_code, name_code, read_account, read_name
from sogdia.kernel.codec import Codec, NotCanonicalError, encode
from sogdia.kernel.signature import ED25519, known_answers
from sogdia.kernel.values import UNITS_MAX
from sogdia.modules.money.transfers import Transfer
from sogdia.testing.ledger import keys_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.vector_story import Story

Vector = dict[str, Any]
_ANYTHING: Codec[Any] = Codec(Any)
READERS = {"account": read_account, "name": read_name}
WRITERS = {"account": account_code, "name": name_code}
BUKHARA = bytes.fromhex("5b0a3c7e9f1122334455aabbccddeeff00102030")


# ----------------------------------------------------------------------------------------------------- the encoding


def shown(value: Any) -> Any:  # noqa: ANN401 - any value of the wire
    """Write a value so that JSON readers which know no large integers can read it."""
    match value:
        case bool() | None | str():
            return value
        case int():
            return {"number": str(value)}
        case bytes():
            return {"bytes": value.hex()}
        case dict():
            return {"map": [[name, shown(member)] for name, member in value.items()]}
        case _:
            return [shown(part) for part in value]


def judge_value(raw: bytes) -> Vector:
    """Let the ledger's codec judge the encoding of any value of the wire."""
    try:
        value = _ANYTHING.decode(raw)
    except (NotCanonicalError, TypeError):  # the second: a map whose keys are no texts
        return {"expected": "refuse"}
    return {"expected": "accept", "value": shown(value)} if _of_the_wire(value) else {"expected": "refuse"}


def _of_the_wire(value: Any) -> bool:  # noqa: ANN401 - whatever MessagePack can say
    match value:
        case list():
            return all(_of_the_wire(part) for part in value)
        case dict():
            return all(isinstance(name, str) and _of_the_wire(member) for name, member in value.items())
        case _:
            return value is None or isinstance(value, bool | int | str | bytes)


def _whole_values() -> Iterator[tuple[str, Any]]:
    """Give values at every edge of the encoding."""
    edges = {1, 5, 7, 8, 15, 16, 31, 32, 53, 62, 63}
    numbers = {2**size + beside for size in edges for beside in (-1, 0, 1)} | {0, 2**64 - 2, 2**64 - 1}
    numbers |= {-(2**size) + beside for size in edges for beside in (-1, 0, 1) if (size, beside) != (63, -1)}
    for number in sorted(numbers):
        yield f"the number {number}", number
    for size in (0, 1, 31, 32, 255, 256):
        yield f"a text of {size} bytes", "a" * size
        yield f"{size} bytes", bytes(size)
    for size in (0, 1, 15, 16):
        yield f"an array of {size} parts", [None] * size
    yield "nil, true, false", [None, True, False]
    yield "a text in four scripts, and a sign beyond 16 bits", "Самарқанд سمرقند 撒马尔罕 Samarkand 🧵"
    yield "a text that begins with a byte order mark", "\ufeffsuzani"
    yield "a text with a zero in it", "a\x00b"
    yield "arrays in arrays", [[[[]]], [b"", ""]]
    yield "a map", {"limits": {"block": 2**53 + 1}, "name": "test"}


_REFUSED = {
    "no bytes at all": "",
    "two values": "0102",
    "a number that ends too early": "cd01",
    "a text that ends too early": "a261",
    "bytes that end too early": "c40300ff",
    "an array that ends too early": "9201",
    "an array of four thousand million parts": "ddffffffff",
    "5 in two bytes": "cc05",
    "127 in two bytes": "cc7f",
    "255 in three bytes": "cd00ff",
    "65535 in five bytes": "ce0000ffff",
    "4294967295 in nine bytes": "cf00000000ffffffff",
    "5 as if it were signed": "d005",
    "200 as if it were signed": "d100c8",
    "-1 in two bytes": "d0ff",
    "-32 in two bytes": "d0e0",
    "-128 in three bytes": "d1ff80",
    "-32768 in five bytes": "d2ffff8000",
    "-2147483648 in nine bytes": "d3ffffffff80000000",
    "a text whose length takes a byte too many": "d90161",
    "a text whose length takes two bytes": "da000161",
    "bytes whose length takes two bytes": "c5000100",
    "bytes whose length takes four bytes": "c60000000100",
    "an array whose length takes two bytes": "dc000101",
    "an array whose length takes four bytes": "dd0000000101",
    "a map whose length takes two bytes": "de0001a16101",
    "a text of 31 bytes whose length takes a byte": "d91f" + "61" * 31,
    "a text of 255 bytes whose length takes two bytes": "da00ff" + "61" * 255,
    "255 bytes whose length takes two bytes": "c500ff" + "00" * 255,
    "an array of 15 parts whose length takes two bytes": "dc000f" + "c0" * 15,
    "a map with a member twice": "82a16101a16102",
    "a map whose key is a number": "810102",
    "a text that is not UTF-8": "a1ff",
    "a text with a character spelled too long": "a2c080",
    "a text with half a character": "a3eda080",
    "a text beyond the last character": "a4f4908080",
    "a float": "ca3f800000",
    "a float of 64 bits": "cb3ff0000000000000",
    "an extension": "d40100",
    "a timestamp": "d6ff00000000",
    "the byte that never begins a value": "c1",
}


def codec_vectors() -> Iterator[Vector]:
    """Give the encoding's vectors."""
    for name, value in _whole_values():
        yield {"name": name, "bytes": encode(value).hex(), "expected": "accept", "value": shown(value)}
    for damage, raw in _REFUSED.items():
        yield {"name": "a value", "damage": damage, "bytes": raw, "expected": "refuse"}


# ------------------------------------------------------------------------------------------------------------- codes


def judge_code(kind: str, code: str) -> Vector:
    """Let the client read a code."""
    try:
        return {"expected": "accept", "bytes": READERS[kind](code).hex()}
    except CodeWrong as wrong:
        return {"expected": "refuse", "fault": str(wrong.fault), "where": wrong.where}


def code_vectors() -> Iterator[Vector]:
    """Give the vectors of codes: what is written, what may be typed instead, and what is refused."""
    contents = [("account", BUKHARA), ("account", bytes(20)), ("account", b"\xff" * 20)]
    contents += [("name", BUKHARA + reference) for reference in (b"1", b"INV-536365", b"0123456789abcdef", b"a._-")]
    for kind, content in contents:
        yield {"kind": kind, "name": "as it is written", "code": WRITERS[kind](content), **_accepted(content)}
    code = account_code(BUKHARA)
    typed = {
        "in capitals": code.upper(),
        "without dashes": code.replace("-", ""),
        "with spaces": f"  {code.replace('-', ' ')}\r\n",
        "with the dashes of a word processor": code.replace("-", "\u2013"),
        "with the letter o for the digit": code.replace("0", "O").replace("1", "I"),
        "with the letter l for the digit": code.replace("1", "l"),
        "with so many spaces that the text is as long as may be": code.ljust(200),
    }
    for name, text in typed.items():
        yield {"kind": "account", "name": name, "code": text, **_accepted(BUKHARA)}
    for name, text in _wrong_codes(code).items():
        judged = judge_code("account", text)
        yield {"kind": "account", "name": name, "code": text, **judged}
    name_of_order = name_code(BUKHARA + b"INV-536365")
    yield {"kind": "name", "name": "an account's code", "code": code, **judge_code("name", code)}
    between = name_of_order[:56]
    yield {"kind": "name", "name": "of a length between", "code": between, **judge_code("name", between)}


def _accepted(content: bytes) -> Vector:
    return {"expected": "accept", "bytes": content.hex()}


def _wrong_codes(code: str) -> dict[str, str]:
    """Give an account's code with what people do to it by mistake."""
    return {
        "nothing": "",
        "one wrong character": code[:12] + "x" + code[13:],
        "two wrong characters": code[:12] + "xx" + code[14:],
        "two characters have changed places": code[:10] + code[11] + code[10] + code[12:],
        "a character of no code": code[:8] + "u" + code[9:],
        "a character of another script": code[:8] + "ж" + code[9:],
        "a sign beyond 16 bits, then a wrong one": "🧵" + code[:8] + "u" + code[9:],
        "one character is missing": code[:-1],
        "one character too many": code + "0",
        "the code twice": code * 2,
        "with one space too many": code.ljust(201),
        "far too long": "a" * 201,
        "the code of a name": name_code(BUKHARA + b"INV-536365"),
    }


# --------------------------------------------------------------------------------------------------------- envelopes


def building_vectors(story: Story) -> Iterator[Vector]:
    """Give envelopes beside everything that goes into them, the secret seeds of the test keys included."""
    ledger = story.ledger
    names = {ledger.account(name): name for name in ("nairobi", "bukhara")}
    made = dict(story.envelopes)
    for units in (2**53 - 1, 2**53, 2**53 + 1, UNITS_MAX):
        transfer = Transfer(
            to=ledger.account("bukhara"), asset=ledger.asset(), units=units, purpose="GDDS", end_to_end="Счёт 7 發票"
        )
        made[f"a payment of {units}"] = ledger.sign("nairobi", transfer)
    for name, signed in made.items():
        body, _signatures = msgspec.msgpack.decode(signed.raw)
        _network, expiry, not_before, after, salt, signers, operations = body
        yield {
            "name": name,
            "senders": [
                {"account": account.hex(), "key_number": str(number), "seed": keys_of(names[account]).seed.hex()}
                for account, number in signers
            ],
            "operations": [shown(operation) for operation in operations],
            "expiry": str(expiry),
            "not_before": None if not_before is None else str(not_before),
            "after": [[identity.hex(), str(until)] for identity, until in after],
            "salt": salt.hex(),
            "id": signed.id.hex(),
            "bytes": signed.raw.hex(),
        }


def signature_vectors() -> Iterator[Vector]:
    """Give the signatures on which libraries differ."""
    for answer in known_answers():
        yield {
            "name": answer.name,
            "scheme": ED25519,
            "key": answer.public_key.hex(),
            "signature": answer.signature.hex(),
            "message": answer.message.hex(),
            "expected": "accept" if answer.accepted else "refuse",
        }
