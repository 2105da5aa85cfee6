"""Values as JSON that any program can read: integers exact, bytes in hexadecimal with the codes that people use.

a whole number               as it is; beyond ±(2^53 − 1), where other languages round, as text
an account                   {"code": "acct-…", "hex": "…"}
an object's name             {"code": "name-…", "hex": "…", "owner": "acct-…", "reference": "…"}
other bytes                  hexadecimal
a record, event, operation   an object of its fields; an event says what it is under "event"
"""

from __future__ import annotations

import json
from enum import Enum
from typing import Any

import msgspec

from sogdia.client.codes import account_code, name_code
from sogdia.client.shapes import Shape, fields_of
from sogdia.kernel.codec import Event
from sogdia.kernel.values import owner_of, reference_of

EXACT_MAX = 2**53 - 1
"""The largest whole number that every JSON reader keeps exactly."""


def write_json(document: object) -> str:
    """Write a document for people and programs: indented, in the order of its keys, with all characters as they are."""
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)


def number(value: int) -> int | str:
    """Write a whole number so that nobody rounds it."""
    return value if -EXACT_MAX <= value <= EXACT_MAX else str(value)


def account(value: bytes) -> dict[str, str]:
    """Write an account with its code."""
    return {"code": account_code(value), "hex": value.hex()}


def name(value: bytes) -> dict[str, str]:
    """Write an object's name with its code and its parts."""
    return {
        "code": name_code(value),
        "hex": value.hex(),
        "owner": account_code(owner_of(value)),
        "reference": reference_of(value),
    }


def document(value: Any, shape: Shape | None = None) -> Any:  # noqa: ANN401, PLR0911 - a type, its form in JSON
    """Turn any value of the ledger into JSON; `shape` says what bytes stand for."""
    match value:
        case bool() | None | str():
            return value
        case Enum():
            return value.name.lower()
        case int():
            return number(value)
        case float():
            return round(value, 3)  # only how long something took
        case bytes():
            return _bytes(value, shape)
        case msgspec.Struct():
            return structure(value)
        case dict():
            return {str(key): document(each) for key, each in value.items()}
        case list() | tuple():
            items = None if shape is None else shape.items
            return [document(each, items) for each in value]
    message = f"{type(value).__name__} has no form in JSON"
    raise TypeError(message)


def structure(value: msgspec.Struct) -> dict[str, Any]:
    """Turn a record, an event or an operation into an object of its fields."""
    named: dict[str, Any] = {}
    if isinstance(value, Event):
        named = {"event": type(value).__name__, "number": value.__struct_config__.tag}
    return named | {field.name: document(getattr(value, field.name), field.shape) for field in fields_of(type(value))}


def _bytes(value: bytes, shape: Shape | None) -> Any:  # noqa: ANN401 - text or an object
    word = "" if shape is None else shape.word
    if word == "Account":
        return account(value)
    if word == "Name":
        return name(value)
    return value.hex()
