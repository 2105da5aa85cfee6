"""The operations of the ledger as sub-commands: their names, their options, and how an operation is read from them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from sogdia.cli.exits import Stopped, usage
from sogdia.cli.fields import Reading, from_json, read_texts
from sogdia.client.shapes import Field, Shape, fields_of
from sogdia.client.wording import is_money
from sogdia.kernel.signature import ED25519

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sogdia.kernel.operation import Operation
    from sogdia.modules.money import Asset

Declared = TypeVar("Declared", bound="Operation")

UNSAID = {"Scheme": ED25519, "Roles": 0, "bool": False}
"""What is meant when a field of these words is left out."""


def option_of(field: Field) -> str:
    """Name the option of a field."""
    return "--" + field.name.replace("_", "-")


def may_be_left_out(field: Field) -> bool:
    """Tell whether a field has a meaning when nothing is said about it."""
    shape = field.shape
    return not field.required or shape.nullable or shape.word in UNSAID or shape.accepts_empty()


def unsaid(field: Field) -> Any:  # noqa: ANN401 - of the field's type
    """Give what a field holds when nothing is said about it."""
    if not field.required or field.shape.nullable:
        return field.default
    if field.shape.word in UNSAID:
        return UNSAID[field.shape.word]
    return () if field.shape.items is not None else ""


class Given(NamedTuple):
    """What was said about the fields: texts of options, and values of a JSON file; options win."""

    texts: Mapping[str, Sequence[str]]
    values: Mapping[str, Any]


class Meaning(NamedTuple):
    """What fields mean that can be read only once the others are known."""

    currency: Callable[[Mapping[str, Any], str], Asset | str | None]
    """In which money a field's amounts are meant."""
    sign: Callable[[str, str, int, Mapping[str, Any]], bytes]
    """Signs for a field what the operation calls for: the field's name, the key's name, which entry of a list it is,
    the fields read so far.
    """


def read_operation(declared: type[Declared], given: Given, reading: Reading, meaning: Meaning) -> Declared:
    """Read an operation from what was said about its fields, and look at its form as the ledger will."""
    fields = fields_of(declared)
    surplus = sorted(set(given.values) - {each.name for each in fields})
    if surplus:
        raise usage(f"{declared.__name__} has no field {', '.join(surplus)}.", "The command's --help names its fields.")
    values: dict[str, Any] = {}

    for each in sorted(fields, key=_comes_late):
        own = replace(
            reading, currency=partial(meaning.currency, values, each.name), sign=_signer(meaning, each.name, values)
        )
        values[each.name] = _read_field(each, given, own)
    operation = declared(**values)
    operation.check()
    return operation


def _signer(meaning: Meaning, field: str, values: Mapping[str, Any]) -> Callable[[str, int], bytes]:
    """Give what signs for a field with a key that is named."""

    def sign(key: str, place: int) -> bytes:
        return meaning.sign(field, key, place, values)

    return sign


def _comes_late(field: Field) -> bool:
    """Tell whether a field is read after the others: amounts need a currency, signatures what they are about."""
    return holds_proof(field.shape) or holds_money(field.shape)


def holds_proof(shape: Shape) -> bool:
    """Tell whether a field holds a signature of a key that is named, itself or inside."""
    if shape.items is not None:
        return holds_proof(shape.items)
    return shape.word == "Proof" or (
        shape.struct is not None and any(holds_proof(each.shape) for each in fields_of(shape.struct))
    )


def holds_money(shape: Shape) -> bool:
    """Tell whether a field holds an amount, itself or inside."""
    if shape.items is not None:
        return holds_money(shape.items)
    return is_money(shape) or (
        shape.struct is not None and any(holds_money(each.shape) for each in fields_of(shape.struct))
    )


def _read_field(field: Field, given: Given, reading: Reading) -> Any:  # noqa: ANN401 - of the field's type
    option = option_of(field)
    try:
        if given.texts.get(field.name):
            return read_texts(field, given.texts[field.name], reading)
        if field.name in given.values:
            return from_json(given.values[field.name], field.shape, reading)
    except Stopped as stopped:
        raise Stopped(stopped.status, f"{option}: {stopped.message}", stopped.way_out) from stopped
    if not may_be_left_out(field):
        raise usage(f"{option} is missing.", "Give it, or the field in the file of --fields.")
    return unsaid(field)
