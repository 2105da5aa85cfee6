"""What a declared class holds, field by field: its type, the word it is declared with, and what the class says of it.

The command line, the JSON documents and the reference pages all read the declarations through here.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from msgspec import inspect as types

from sogdia.kernel.operation import Operation

if TYPE_CHECKING:
    from collections.abc import Iterator

OF_THE_ENVELOPE = frozenset({"signer", "mandate"})
"""Fields of an operation that the envelope's maker fills in."""

_WORD = re.compile(r"\b([A-Z]\w*|bool|int|str|bytes)\b")
_FRAME = frozenset({"Annotated", "None", "Meta", "Any", "Optional"})


class Shape(NamedTuple):
    """What a value is: the word it is declared with (such as `Account`), its type, and whether it may be absent."""

    word: str
    kind: types.Type
    nullable: bool
    items: Shape | None = None
    """What a list holds."""

    @property
    def struct(self) -> type[msgspec.Struct] | None:
        """The class of a value with fields of its own."""
        return self.kind.cls if isinstance(self.kind, types.StructType) else None

    def accepts_empty(self) -> bool:
        """Whether "nothing" can be said without saying none: an empty text or list."""
        if isinstance(self.kind, types.StrType):
            pattern = self.kind.pattern
            return not self.kind.min_length and (pattern is None or re.search(pattern, "") is not None)
        return self.items is not None and not getattr(self.kind, "min_length", None)


class Field(NamedTuple):
    """One field of a declared class."""

    name: str
    shape: Shape
    required: bool
    default: Any


@cache
def fields_of(declared: type[msgspec.Struct]) -> tuple[Field, ...]:
    """Give the fields of a declared class in their order; of an operation, those that its author fills in."""
    words = _declared_words(declared)
    inspected = types.type_info(declared)
    fields = inspected.fields if isinstance(inspected, types.StructType) else ()
    left_out = OF_THE_ENVELOPE if issubclass(declared, Operation) else frozenset()
    return tuple(
        Field(each.name, _shape(words.get(each.name, ""), each.type), each.required, _default(each))
        for each in fields
        if each.name not in left_out
    )


def _default(field: types.Field) -> Any:  # noqa: ANN401 - a default is of the field's type
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return None if field.default is msgspec.NODEFAULT else field.default


def _declared_words(declared: type) -> dict[str, str]:
    """Give the annotations of a class and its bases as they are written."""
    written: dict[str, str] = {}
    for base in reversed(declared.__mro__):
        own = inspect.get_annotations(base)
        written |= {name: text for name, text in own.items() if isinstance(text, str)}
    return written


def _shape(annotation: str, kind: types.Type) -> Shape:
    nullable = False
    if isinstance(kind, types.UnionType):
        others = [each for each in kind.types if not isinstance(each, types.NoneType)]
        nullable = len(others) < len(kind.types)
        kind = others[0] if len(others) == 1 else kind
    word = next((each for each in _WORD.findall(annotation) if each not in _FRAME), "")
    if isinstance(kind, types.VarTupleType | types.ListType):
        return Shape("", kind, nullable, _shape(word, kind.item_type))
    return Shape(word, kind, nullable)


def summary(declared: object) -> str:
    """Give the first line of what a class or function says of itself."""
    return (inspect.getdoc(declared) or "").partition("\n")[0]


@cache
def remarks(declared: type) -> dict[str, str]:
    """Give what a class says about its fields, in the text that stands below each of them."""
    said: dict[str, str] = {}
    for base in reversed(declared.__mro__):
        if base.__module__.startswith("sogdia."):
            said |= dict(_remarks_in(base))
    return said


def _remarks_in(declared: type) -> Iterator[tuple[str, str]]:
    body = _class_body(declared)
    for statement, below in pairwise(body):
        match statement, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, " ".join(text.split())


def _class_body(declared: type) -> list[ast.stmt]:
    try:
        source = inspect.getsource(declared)
    except (OSError, TypeError):
        return []  # a class made while the program runs has no text
    found = ast.parse(textwrap.dedent(source)).body[0]
    return found.body if isinstance(found, ast.ClassDef) else []
