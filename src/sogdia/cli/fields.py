"""Fields of operations and queries as people type them: read by the word with which a field is declared.

A value with fields of its own is written with colons (`tea:0:12`), where later parts may be named
(`12.50 USD:minimum=10`), or as a JSON object; a list as several values, separated by commas or given one by one, or as
a JSON array.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from hashlib import file_digest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import inspect as types

from sogdia.cli.amounts import read_amount, read_price, read_ratio, units_of
from sogdia.cli.exits import Stopped, usage
from sogdia.cli.moments import read_length, read_moment
from sogdia.cli.words import HINTS, NUMBERED, form_of
from sogdia.client.consents import ConsentCodeWrong, read_consent
from sogdia.client.shapes import Field, Shape, fields_of
from sogdia.client.wording import FINER, is_money
from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.module import tag_of
from sogdia.kernel.signature import ED25519, P256, WEBAUTHN
from sogdia.modules import ALL
from sogdia.modules.market.records import ORDERS
from sogdia.modules.money import asset_key

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sogdia.cli.amounts import AmountText
    from sogdia.cli.keyring import Keyring
    from sogdia.cli.naming import Naming
    from sogdia.modules.money import Asset

BASIS_DIGITS = 2
SCHEME_NUMBERS = {"ed25519": ED25519, "p256": P256, "passkey": WEBAUTHN}
JSON_DEPTH_MAX = 20
DECIMALS: dict[str, Callable[[str], Any]] = {"Price": read_price, "Ratio": read_ratio}
"""Values with fields of their own that are written as decimals."""

CAPITALS = frozenset({"CurrencyCode", "CountryCode", "CountryOrNone", "Purpose"})
"""Words that are written in capitals; small letters are taken for them."""


def no_currency() -> Asset | str | None:
    """Say that no currency is meant but the one that an amount names."""
    return None


@dataclass(frozen=True)
class Reading:
    """What reading needs beside the text: whose names are meant, the network's time, which money, which key signs."""

    naming: Naming
    keyring: Keyring
    now: Callable[[], int | None]
    currency: Callable[[], Asset | str | None] = no_currency
    sign: Callable[[str, int], bytes] | None = None
    """Signs what a field of the operation calls for, with the key of that name; the number says which entry it is."""
    place: int = 0
    """Which entry of a list is being read."""
    decimals: int = 0
    """How much finer than a minor unit prices are."""


def read_texts(declared: Field, texts: Sequence[str], reading: Reading) -> Any:  # noqa: ANN401 - of the field's type
    """Read what was typed for a field: one text, or for a list one or several."""
    shape = declared.shape
    if shape.items is None:
        return read_text(texts[-1], shape, reading)
    if len(texts) == 1 and texts[0].lstrip().startswith("["):
        return from_json(parse_json(texts[0]), shape, reading)
    separate = shape.items.struct is None or all("{" not in text for text in texts)
    parts = [part for text in texts for part in (text.split(",") if separate else [text]) if part.strip()]
    items = shape.items
    read = tuple(read_text(part.strip(), items, replace(reading, place=at)) for at, part in enumerate(parts))
    return within_limits(read, shape)


def read_text(text: str, shape: Shape, reading: Reading) -> Any:  # noqa: ANN401 - of the field's type
    """Read one value."""
    if shape.nullable and text in ("", "none"):
        return None
    if shape.word == "Asset" and not text.lstrip().startswith("{"):
        return reading.naming.asset(text)
    if shape.word in DECIMALS and ":" not in text and not text.lstrip().startswith("{"):
        return DECIMALS[shape.word](text)
    if shape.struct is not None:
        return _read_structure(text, shape.struct, reading)
    if shape.items is not None:
        return from_json(parse_json(text), shape, reading)
    return within_limits(_read_leaf(text, shape, reading), shape, text)


def _read_leaf(text: str, shape: Shape, reading: Reading) -> Any:  # noqa: ANN401 - of the field's type
    if is_money(shape):
        return _read_money(text, reading)
    if shape.word in NUMBERED:
        return _read_numbered(text, shape)
    if shape.word in CAPITALS:
        return text.upper()
    by_word = _BY_WORD.get(shape.word)
    return _read_plain(text, shape) if by_word is None else by_word(text, shape, reading)


def _read_account(text: str, _shape: Shape, reading: Reading) -> bytes:
    return reading.naming.account(text)


def _read_name(text: str, _shape: Shape, reading: Reading) -> bytes:
    return reading.naming.name(text)


def _read_object(text: str, shape: Shape, reading: Reading) -> bytes:
    """Read what documents are about: an order or a party by its name, or the full key of a record."""
    sort, colon, called = text.strip().partition(":")
    if colon and sort == "order":
        return ORDERS.full_key(reading.naming.name(called))
    if colon and sort == "party":
        return PARTIES.full_key(reading.naming.account(called))
    return _read_hex(text, shape)


def _read_moment(text: str, _shape: Shape, reading: Reading) -> int:
    return read_moment(text, reading.now())


def _read_public_key(text: str, shape: Shape, reading: Reading) -> bytes:
    return reading.keyring.listed(text).public if reading.keyring.has(text) else _read_hex(text, shape)


def _read_proof(text: str, shape: Shape, reading: Reading) -> bytes:
    if reading.sign is not None and reading.keyring.has(text):
        return reading.sign(text, reading.place)
    return _read_hex(text, shape)


def _read_hash(text: str, shape: Shape, _reading: Reading) -> bytes:
    return _digest_of(Path(text.removeprefix("file:"))) if text.startswith("file:") else _read_hex(text, shape)


def _read_scheme(text: str, shape: Shape, _reading: Reading) -> int:
    return SCHEME_NUMBERS.get(text.lower()) or int(_read_plain(text, shape))


def _read_asset_key(text: str, shape: Shape, reading: Reading) -> bytes:
    return asset_key(reading.naming.asset(text)) if "@" in text else _read_hex(text, shape)


def _read_operation_number(text: str, shape: Shape, _reading: Reading) -> int:
    """Read an operation by its number or its name, as the class or as the sub-command is called."""
    for declared in (each for module in ALL for each in module.operations):
        if declared.__name__.lower() == text.lower().replace("-", ""):
            return tag_of(declared)
    return int(_read_plain(text, shape))


def _read_period(text: str, _shape: Shape, _reading: Reading) -> int:
    return read_length(text)


def _read_consent_code(text: str, shape: Shape, _reading: Reading) -> bytes:
    try:
        return read_consent(text)
    except ConsentCodeWrong:
        return _read_hex(text, shape)


def _read_basis_points(text: str, _shape: Shape, _reading: Reading) -> int:
    return _read_share(text)


_BY_WORD: dict[str, Callable[[str, Shape, Reading], Any]] = {
    "Account": _read_account,
    "AssetKey": _read_asset_key,
    "BasisPoints": _read_basis_points,
    "ConsentCode": _read_consent_code,
    "Hash": _read_hash,
    "Name": _read_name,
    "NodeKey": _read_public_key,
    "OperationNumber": _read_operation_number,
    "Period": _read_period,
    "Tenor": _read_period,
    "ObjectKey": _read_object,
    "Proof": _read_proof,
    "PublicKey": _read_public_key,
    "Scheme": _read_scheme,
    "Seconds": _read_moment,
}


def _read_plain(text: str, shape: Shape) -> Any:  # noqa: ANN401 - of the field's type
    match shape.kind:
        case types.StrType():
            return text
        case types.BytesType():
            return _read_hex(text, shape)
        case types.BoolType():
            return _read_yes_or_no(text)
        case types.IntType() if re.fullmatch(r"-?[0-9]{1,20}", text):
            return int(text)
    raise _unreadable(text, shape)


def _read_hex(text: str, shape: Shape) -> bytes:
    if not re.fullmatch(r"(?:[0-9a-fA-F]{2})*", text):
        raise _unreadable(text, shape)
    return bytes.fromhex(text)


def _read_yes_or_no(text: str) -> bool:
    if text.lower() not in ("yes", "no", "true", "false"):
        raise usage(f"{text!r} is neither yes nor no.", "Write yes or no.")
    return text.lower() in ("yes", "true")


def _read_numbered(text: str, shape: Shape) -> int:
    """Read a kind by its name, roles by their names, or either by its number."""
    if re.fullmatch(r"[0-9]{1,9}", text):
        return int(text)
    names = NUMBERED[shape.word]
    total = 0
    for part in text.lower().replace("-", "_").split(","):
        member = names.__members__.get(part.strip().upper())
        if member is None and part.strip() != "none":
            raise _unreadable(text, shape)
        total |= 0 if member is None else int(member)
    return total


def _read_share(text: str) -> int:
    """Read a share: 2.5% or 250 basis points."""
    if not text.endswith("%"):
        return _read_whole(text)
    found = re.fullmatch(r"([0-9]{1,3})(?:\.([0-9]{1,2})0*)?\s*%", text)
    if found is None:
        raise usage(f"{text!r} is no share.", "Write it like 2.5% (at most two digits after the point), or 250.")
    return int(found[1] + (found[2] or "").ljust(BASIS_DIGITS, "0"))


def _read_whole(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,20}", text):
        raise usage(f"{text!r} is no whole number.", "Write digits only.")
    return int(text)


def _digest_of(path: Path) -> bytes:
    with path.open("rb") as stream:
        return file_digest(stream, "sha256").digest()


def _read_money(text: str, reading: Reading) -> int:
    """Read an amount in the money that is meant, and refuse another than that."""
    amount = read_amount(text)
    if amount.is_raw:
        return int(amount.whole)
    meant = reading.currency()
    code = meant if isinstance(meant, str) or meant is None else meant.currency
    if amount.currency is not None and code is not None and amount.currency != code:
        raise usage(f"{text!r} is in {amount.currency}, but this is about {code}.", f"Write the amount in {code}.")
    _check_issuer(amount, meant, reading)
    return units_of(amount, code, reading.decimals)


def _check_issuer(amount: AmountText, meant: Asset | str | None, reading: Reading) -> None:
    if amount.issuer is None or meant is None or isinstance(meant, str):
        return
    if reading.naming.issuer(amount.issuer) != meant.issuer:
        asset = reading.naming.call_asset(meant)
        raise usage(
            f"{amount.text!r} is money of another issuer than {asset}, which this is about.", f"Write it in {asset}."
        )


# ------------------------------------------------------------------------------------------------ values with fields


def _read_structure(text: str, declared: type[msgspec.Struct], reading: Reading) -> msgspec.Struct:
    """Read `part:part:name=part`, or a JSON object."""
    if text.lstrip().startswith("{"):
        return _structure_from(parse_json(text), declared, reading)
    fields = fields_of(declared)
    known = {each.name: each for each in fields}
    given: dict[str, Any] = {}
    for place, part in enumerate(text.split(":")):
        name, is_named, value = part.partition("=")
        if is_named and name.strip() in known and name.strip() not in given:
            given[name.strip()] = value
        elif place < len(fields) and len(given) == place:
            given[fields[place].name] = part
        else:
            raise usage(f"{part!r} has no place in {text!r}.", f"Write it like {form_of(declared)}, or as JSON.")
    return _structure_from(given, declared, reading)


def _structure_from(given: Any, declared: type[msgspec.Struct], reading: Reading) -> msgspec.Struct:  # noqa: ANN401 - JSON
    """Build a value from its fields by name, each still as text or JSON."""
    fields = fields_of(declared)
    if not isinstance(given, dict):
        raise usage(f"{given!r} is no {declared.__name__}.", f"Write {form_of(declared)}, or a JSON object.")
    surplus = sorted(set(given) - {each.name for each in fields})
    missing = [each.name for each in fields if each.required and each.name not in given]
    if surplus or missing:
        wrong = f"lacks {', '.join(missing)}" if missing else f"has no field {', '.join(surplus)}"
        raise usage(f"{declared.__name__} {wrong}.", f"Write {form_of(declared)}, or a JSON object.")
    values: dict[str, Any] = {}
    # Prices can only be read once it is known how fine they are.
    for each in sorted(fields, key=lambda one: one.name != "decimals"):
        if each.name in given:
            finer = values.get("decimals", 0) if each.name in FINER else 0
            inner = replace(reading, decimals=reading.decimals or finer)
            values[each.name] = from_json(given[each.name], each.shape, inner)
    return declared(**values)


# -------------------------------------------------------------------------------------------------------------- JSON


def parse_json(text: str) -> Any:  # noqa: ANN401 - JSON holds anything
    """Read JSON strictly: no fractions (money is text or minor units), no repeated keys, no endless nesting."""
    try:
        return json.loads(text, parse_float=_no_fraction, parse_constant=_no_fraction, object_pairs_hook=_once_each)
    except (ValueError, RecursionError) as error:
        raise usage(f"This is no JSON that can be read: {error}.", "Compare quotes, commas and brackets.") from error


def _no_fraction(text: str) -> Any:  # noqa: ANN401 - never gives anything
    message = f'{text} is no whole number; write an amount as text, such as "12.50 USD"'
    raise ValueError(message)


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        message = "a key stands twice in one object"
        raise ValueError(message)
    return found


def from_json(value: Any, shape: Shape, reading: Reading) -> Any:  # noqa: ANN401 - JSON in, a value of the field out
    """Read a value out of JSON: text as it would be typed, whole numbers as they are, objects by their fields."""
    if value is None and shape.nullable:
        return None
    if isinstance(value, dict) and "hex" in value and shape.word in ("Account", "Name"):
        value = value["hex"]
    if isinstance(value, str):
        return read_text(value, shape, reading)
    if isinstance(value, list) and shape.items is not None:
        items = shape.items
        read = tuple(from_json(each, items, replace(reading, place=at)) for at, each in enumerate(value))
        return within_limits(read, shape)
    if isinstance(value, dict) and shape.struct is not None:
        return _structure_from(value, shape.struct, reading)
    if isinstance(value, bool) and isinstance(shape.kind, types.BoolType):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and isinstance(shape.kind, types.IntType):
        return within_limits(value, shape)
    raise _unreadable(json.dumps(value), shape)


# ------------------------------------------------------------------------------------------------------------ limits


def within_limits(value: Any, shape: Shape, text: str | None = None) -> Any:  # noqa: ANN401 - gives the value back
    """Give a value that its field can hold, or say what the limits are."""
    kind = shape.kind
    shown = repr(value if text is None else text)
    if isinstance(kind, types.IntType) and isinstance(value, int):
        if (kind.ge is not None and value < kind.ge) or (kind.le is not None and value > kind.le):
            raise usage(f"{shown} is outside its limits.", f"It runs from {kind.ge} to {kind.le}.")
    elif isinstance(kind, types.StrType | types.BytesType | types.VarTupleType):
        _check_length(value, kind, shape, shown)
    if isinstance(kind, types.StrType) and kind.pattern is not None and not re.search(kind.pattern, value):
        raise _unreadable(text or value, shape)
    return value


def _check_length(value: Any, kind: Any, shape: Shape, shown: str) -> None:  # noqa: ANN401 - whatever has a length
    least, most = kind.min_length or 0, kind.max_length
    if least <= len(value) and (most is None or len(value) <= most):
        return
    counted = "characters" if isinstance(kind, types.StrType) else "bytes" if isinstance(value, bytes) else "entries"
    allowed = str(least) if least == most else f"{least} to {most}"
    short = shown if len(shown) <= 60 else shown[:57] + "…"  # noqa: PLR2004 - about half a line
    raise usage(f"{short} has {len(value)} {counted}; {allowed} are allowed.", _hint(shape))


def _unreadable(text: str, shape: Shape) -> Stopped:
    return usage(f"{text!r} cannot be read here.", _hint(shape))


def _hint(shape: Shape) -> str:
    word = shape.items.word if shape.items is not None else shape.word
    hint = HINTS.get(word)
    return f"Write {hint}." if hint else "The help of the command (--help) says what is expected."
