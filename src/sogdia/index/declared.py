"""What can be said of any fact by its declaration alone: its fields as JSON, and the accounts that it names.

So a new module needs nothing here: its events are in the index from its first block on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from sogdia.kernel.module import tag_of
from sogdia.kernel.values import ACCOUNT_BYTES
from sogdia.modules.money import Asset

if TYPE_CHECKING:
    from collections.abc import Callable

    from sogdia.kernel.codec import Event
    from sogdia.kernel.module import Module

    Finder = Callable[[Any, "set[bytes]"], None]

NAME_BYTES_MAX = 36

_json = msgspec.json.Encoder().encode


class _Writers(dict[type, "Callable[[Any], Any]"]):
    """How values of each class are made plain; chosen once for each, since a block holds thousands of values."""

    def __missing__(self, kind: type) -> Callable[[Any], Any]:
        writer = self[kind] = _writer_of(kind)
        return writer


_writers = _Writers()


def plain(value: Any) -> Any:  # noqa: ANN401 - any value of the wire
    """Give a value as JSON can hold it: structures by the names of their fields, bytes in hexadecimal."""
    return _writers[type(value)](value)


def _writer_of(kind: type) -> Callable[[Any], Any]:
    if kind is bytes:
        return bytes.hex
    if kind is tuple or kind is list:
        return lambda value: [_writers[type(each)](each) for each in value]
    if issubclass(kind, msgspec.Struct):
        names = kind.__struct_fields__
        return lambda value: {name: _writers[type(each := getattr(value, name))](each) for name in names}
    return _as_it_is


def _as_it_is(value: Any) -> Any:  # noqa: ANN401 - as above
    return value


def json_text(value: Any) -> str:  # noqa: ANN401 - as above
    """Write a value as compact JSON."""
    return _json(plain(value)).decode()


class DeclaredEvents:
    """The events of a set of modules, by class: number, name, and how to find whom one is about."""

    def __init__(self, modules: tuple[Module, ...]) -> None:
        """Look through the declarations once."""
        self._of: dict[type[Event], tuple[int, str, Finder | None]] = {
            event: (tag_of(event), event.__name__, _finder(msgspec.inspect.type_info(event)))
            for module in modules
            for event in module.events
        }

    def tag_and_name(self, event: Event) -> tuple[int, str]:
        """Give a fact's permanent number and its name."""
        tag, name, _find = self._of[type(event)]
        return tag, name

    def accounts(self, event: Event) -> set[bytes]:
        """Give the accounts that a fact names: or as the owner of an object; not whose money it is."""
        found: set[bytes] = set()
        find = self._of[type(event)][2]
        if find is not None:
            find(event, found)
        return found


def _finder(shape: msgspec.inspect.Type) -> Finder | None:  # noqa: PLR0911 - one for each shape
    """Make what finds the accounts in a value of a declared shape; nothing when there can be none."""
    match shape:
        case msgspec.inspect.BytesType(min_length=least, max_length=most):
            if least == most == ACCOUNT_BYTES:
                return _add_account
            return _add_owner if (least, most) == (ACCOUNT_BYTES + 1, NAME_BYTES_MAX) else None
        case msgspec.inspect.StructType(cls=cls):
            return None if cls is Asset else _in_fields(shape)
        case msgspec.inspect.UnionType(types=types):
            return _in_options([each for each in types if not isinstance(each, msgspec.inspect.NoneType)])
        case msgspec.inspect.VarTupleType(item_type=item) | msgspec.inspect.ListType(item_type=item):
            return _in_items(_finder(item))
        case msgspec.inspect.Metadata(type=inner):
            return _finder(inner)
    return None


def _add_account(value: bytes, found: set[bytes]) -> None:
    found.add(value)


def _add_owner(value: bytes, found: set[bytes]) -> None:
    found.add(value[:ACCOUNT_BYTES])


def _in_fields(shape: msgspec.inspect.StructType) -> Finder | None:
    finders = [(each.name, _finder(each.type)) for each in shape.fields]
    useful = [(name, find) for name, find in finders if find is not None]
    if not useful:
        return None

    def find_in_fields(value: Any, found: set[bytes]) -> None:  # noqa: ANN401 - any structure
        for name, find in useful:
            held = getattr(value, name)
            if held is not None:
                find(held, found)

    return find_in_fields


def _in_options(options: list[msgspec.inspect.Type]) -> Finder | None:
    return _finder(options[0]) if len(options) == 1 else None


def _in_items(find: Finder | None) -> Finder | None:
    if find is None:
        return None
    inner = find

    def find_in_items(values: Any, found: set[bytes]) -> None:  # noqa: ANN401 - a tuple or list
        for each in values:
            inner(each, found)

    return find_in_items
