"""The form of the ledger's values in JSON: written, read strictly, and described as JSON Schema, from their types.

a whole number          its decimal digits as text, so that no reader rounds it; the schema's pattern says its range
bytes                   hexadecimal in small letters: accounts, names, hashes, keys, receipts, proofs
a text, yes or no       as it is
a list, a structure     a list, an object with every field by its name
nothing                 null
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import inspect as types

if TYPE_CHECKING:
    from collections.abc import Callable

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
SHOWN_MAX = 40
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,19})")
_HEX = re.compile(r"(?:[0-9a-f]{2})*")


class FormWrong(Exception):  # noqa: N818 - reads as what it says
    """A value that has not the form it should have: where it stands, and what is wrong with it."""

    def __init__(self, where: str, message: str) -> None:
        """Remember the place."""
        super().__init__(f"{where or 'the body'}: {message}")
        self.where = where


# ------------------------------------------------------------------------------------------------------------- writing


class _Writers(dict[type, "Callable[[Any], Any]"]):
    """How values of each class are written; chosen once for each, since an answer is made of hundreds of values."""

    def __missing__(self, kind: type) -> Callable[[Any], Any]:
        writer = self[kind] = _writer_of(kind)
        return writer


_writers = _Writers()


def write(value: Any) -> Any:  # noqa: ANN401 - any value has its form
    """Turn a value into what JSON holds."""
    return _writers[type(value)](value)


def _writer_of(kind: type) -> Callable[[Any], Any]:  # noqa: PLR0911 - a kind of values, a way
    if kind is type(None) or issubclass(kind, bool | str):
        return _as_it_is
    if issubclass(kind, int | float):
        return str if kind in (int, float) else lambda value: str(int(value))
    if issubclass(kind, bytes):
        return bytes.hex
    if issubclass(kind, msgspec.Struct):
        names = kind.__struct_fields__
        return lambda value: {name: _writers[type(each := getattr(value, name))](each) for name in names}
    if issubclass(kind, dict):
        return lambda value: {str(key): _writers[type(each)](each) for key, each in value.items()}
    if issubclass(kind, tuple) and hasattr(kind, "_asdict"):
        return lambda value: write(value._asdict())
    if issubclass(kind, list | tuple):
        return lambda value: [_writers[type(each)](each) for each in value]
    message = f"{kind.__name__} has no form in JSON"
    raise TypeError(message)


def _as_it_is(value: Any) -> Any:  # noqa: ANN401 - as above
    return value


# ------------------------------------------------------------------------------------------------------------- reading


def read(value: Any, kind: types.Type, where: str = "") -> Any:  # noqa: ANN401, PLR0911 - a type, a way
    """Read a value of a type from its form, or say what is wrong with it."""
    match kind:
        case types.IntType():
            return _read_whole(value, kind, where)
        case types.BytesType():
            return _read_bytes(value, kind, where)
        case types.StrType():
            return _read_text(value, kind, where)
        case types.BoolType() if isinstance(value, bool):
            return value
        case types.NoneType() if value is None:
            return None
        case types.LiteralType() if value in kind.values:
            return value
        case types.UnionType():
            return _read_union(value, kind, where)
        case types.VarTupleType() | types.ListType():
            return _read_list(value, kind, where)
        case types.StructType():
            return read_structure(value, kind.cls, where)
    raise FormWrong(where, f"{_shown(value)} is not of this form")


@cache
def _fields(declared: type[msgspec.Struct]) -> tuple[types.Field, ...]:
    """Give the inspected fields of a structure; looking them up anew would cost more than all the rest of a request."""
    inspected = types.type_info(declared)
    return inspected.fields if isinstance(inspected, types.StructType) else ()


def read_structure(value: Any, declared: type[msgspec.Struct], where: str = "") -> Any:  # noqa: ANN401 - JSON
    """Read a structure from an object of its fields; surplus fields are refused."""
    if not isinstance(value, dict):
        raise FormWrong(where, f"{_shown(value)} is no object")
    fields = _fields(declared)
    surplus = sorted(set(value) - {each.encode_name for each in fields})
    if surplus:
        raise FormWrong(where, f"there is no field {_shown(surplus[0])}")
    given: dict[str, Any] = {}
    for each in fields:
        place = f"{where}.{each.encode_name}" if where else each.encode_name
        if each.encode_name in value:
            given[each.name] = read(value[each.encode_name], each.type, place)
        elif each.required:
            raise FormWrong(place, "this field is missing")
    return declared(**given)


def _read_whole(value: Any, kind: types.IntType, where: str) -> int:  # noqa: ANN401 - JSON
    if not isinstance(value, str) or not _WHOLE.fullmatch(value) or value == "-0":
        raise FormWrong(where, f"{_shown(value)} is no whole number in decimal digits, written as text")
    number, (least, most) = int(value), bounds(kind)
    if not least <= number <= most:
        raise FormWrong(where, f"{number} is not from {least} to {most}")
    return number


def _read_bytes(value: Any, kind: types.BytesType, where: str) -> bytes:  # noqa: ANN401 - JSON
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise FormWrong(where, f"{_shown(value)} is not hexadecimal in small letters")
    _check_length(len(value) // 2, kind, where, "bytes")
    return bytes.fromhex(value)


def _read_text(value: Any, kind: types.StrType, where: str) -> str:  # noqa: ANN401 - JSON
    if not isinstance(value, str):
        raise FormWrong(where, f"{_shown(value)} is no text")
    _check_length(len(value), kind, where, "characters")
    if kind.pattern is not None and not re.search(kind.pattern, value):
        raise FormWrong(where, f"{_shown(value)} does not fit {kind.pattern}")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise FormWrong(where, "the text holds half a character") from error
    return value


def _read_union(value: Any, kind: types.UnionType, where: str) -> Any:  # noqa: ANN401 - JSON
    others = [each for each in kind.types if not isinstance(each, types.NoneType)]
    if value is None and len(others) < len(kind.types):
        return None
    if len(others) != 1:
        raise FormWrong(where, f"{_shown(value)} is not of this form")
    return read(value, others[0], where)


def _read_list(value: Any, kind: types.VarTupleType | types.ListType, where: str) -> Any:  # noqa: ANN401 - JSON
    if not isinstance(value, list):
        raise FormWrong(where, f"{_shown(value)} is no list")
    _check_length(len(value), kind, where, "values")
    found = [read(each, kind.item_type, f"{where}[{at}]") for at, each in enumerate(value)]
    return found if isinstance(kind, types.ListType) else tuple(found)


def _check_length(length: int, kind: Any, where: str, what: str) -> None:  # noqa: ANN401 - a type with lengths
    least, most = kind.min_length, kind.max_length
    if (least is not None and length < least) or (most is not None and length > most):
        raise FormWrong(where, f"{length} {what}, not {least or 0} to {most}")


def _shown(value: object) -> str:
    return ascii(value)[:SHOWN_MAX]


# --------------------------------------------------------------------------------------------------------- description


class Schemas:
    """Describes types as JSON Schema; structures are collected and referred to by their names."""

    def __init__(self) -> None:
        """Begin without any."""
        self.components: dict[str, Any] = {}
        self._names: dict[type, str] = {}

    def of(self, shape: Any) -> dict[str, Any]:  # noqa: ANN401 - a union of types is not a type
        """Describe a type as it is declared, or take a description as it is."""
        return shape if isinstance(shape, dict) else self.describe(types.type_info(shape))

    def describe(self, kind: types.Type) -> dict[str, Any]:  # noqa: C901, PLR0911 - a type, a description
        """Describe an inspected type."""
        match kind:
            case types.IntType():
                return {"type": "string", "pattern": f"^(?:{decimal_pattern(*bounds(kind))})$"}
            case types.BytesType():
                least, most = kind.min_length or 0, kind.max_length
                return {"type": "string", "pattern": f"^(?:[0-9a-f]{{2}}){{{least},{'' if most is None else most}}}$"}
            case types.StrType():
                return _text(kind)
            case types.BoolType():
                return {"type": "boolean"}
            case types.NoneType():
                return {"type": "null"}
            case types.LiteralType():
                return {"type": "string", "enum": list(kind.values)}
            case types.UnionType():
                return {"anyOf": [self.describe(each) for each in kind.types]}
            case types.VarTupleType() | types.ListType():
                limits = {"minItems": kind.min_length, "maxItems": kind.max_length}
                known = {name: limit for name, limit in limits.items() if limit is not None}
                return {"type": "array", "items": self.describe(kind.item_type), **known}
            case types.StructType():
                return self.reference(kind.cls)
            case types.FloatType():
                return {"type": "string"}
            case types.DictType():
                return {"type": "object"}
        return {}

    def reference(self, declared: type[msgspec.Struct]) -> dict[str, Any]:
        """Describe a structure once and refer to it."""
        if declared not in self._names:
            name = declared.__name__.lstrip("_")
            if name in self.components:
                name = declared.__module__.rpartition(".")[2].capitalize() + name
            self._names[declared] = name
            self.components[name] = {}
            self.components[name] = self.structure(declared)
        return {"$ref": f"#/components/schemas/{self._names[declared]}"}

    def structure(self, declared: type[msgspec.Struct]) -> dict[str, Any]:
        """Describe the fields of a structure."""
        fields = _fields(declared)
        return {
            "type": "object",
            "description": (declared.__doc__ or "").partition("\n")[0],
            "properties": {each.encode_name: self.describe(each.type) for each in fields},
            "required": [each.encode_name for each in fields if each.required],
            "additionalProperties": False,
        }


def _text(kind: types.StrType) -> dict[str, Any]:
    described: dict[str, Any] = {"type": "string"}
    if kind.min_length is not None:
        described["minLength"] = kind.min_length
    if kind.max_length is not None:
        described["maxLength"] = kind.max_length
    if kind.pattern is not None:
        described["pattern"] = kind.pattern.replace("\\Z", "$")
    return described


def bounds(kind: types.IntType) -> tuple[int, int]:
    """Give the least and the largest number of a type; what says nothing holds what 64 bits with a sign can."""
    return INT64_MIN if kind.ge is None else kind.ge, INT64_MAX if kind.le is None else kind.le


def decimal_pattern(least: int, most: int) -> str:
    """Write a pattern that exactly the decimal numbers from `least` to `most` fit."""
    parts = []
    if least < 0:
        parts += [f"-(?:{'|'.join(_range(max(1, -most), -least))})"]
    if most >= 0:
        parts += _range(max(0, least), most)
    return "|".join(parts)


def _range(least: int, most: int) -> list[str]:
    """Give alternatives for the numbers from `least` to `most`, a length of digits at a time."""
    found: list[str] = []
    for length in range(len(str(least)), len(str(most)) + 1):
        low = max(least, 0 if length == 1 else 10 ** (length - 1))
        found += _same_length(str(low), str(min(most, 10**length - 1)))
    return found


def _same_length(low: str, high: str) -> list[str]:
    if not low:
        return [""]
    rest = len(low) - 1
    first, last = int(low[0]), int(high[0])
    if first == last:
        return [low[0] + each for each in _same_length(low[1:], high[1:])]
    found = []
    if set(low[1:]) - {"0"}:
        found += [low[0] + each for each in _same_length(low[1:], "9" * rest)]
        first += 1
    upper = []
    if set(high[1:]) - {"9"}:
        upper = [high[0] + each for each in _same_length("0" * rest, high[1:])]
        last -= 1
    if first <= last:
        digits = f"[{first}-{last}]" if first < last else str(first)
        found.append(digits + (f"[0-9]{{{rest}}}" if rest else ""))
    return found + upper
