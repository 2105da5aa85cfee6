"""All permanent numbers of the ledger with what they stand for, one line each, as they are written to golden files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import inspect

from sogdia.api.faults import DoorRefusal
from sogdia.kernel.kernel_tables import KERNEL_TABLES
from sogdia.kernel.refusals import KernelRefusal
from sogdia.kernel.text import TextProblem
from sogdia.modules import ALL
from sogdia.modules.documents import DocumentClass, Part, Purpose
from sogdia.modules.documents.entitlement import Ground
from sogdia.modules.governance import ActionKind, Ending
from sogdia.modules.identity import Kind, Role
from sogdia.modules.market.records import OrderState, Outcome
from sogdia.vault.faults import VaultRefusal

if TYPE_CHECKING:
    from sogdia.kernel.state import Table

WORDS: tuple[Any, ...] = (
    Kind,
    Role,
    OrderState,
    Outcome,
    TextProblem,
    DocumentClass,
    Part,
    Purpose,
    Ground,
    ActionKind,
    Ending,
)
"""Words that stand in records and receipts as numbers."""

BOUNDS = ("ge", "gt", "le", "lt", "min_length", "max_length", "pattern")


def refusal_lines() -> list[str]:
    """Give number and name of every refusal."""
    kinds: tuple[Any, ...] = (KernelRefusal, *(module.refusals for module in ALL), VaultRefusal, DoorRefusal)
    # Members of one number would hide behind each other, so the names are asked for, not the members.
    return [f"{int(code)} {name}" for kind in kinds for name, code in kind.__members__.items()]


def tag_lines() -> list[str]:
    """Give number, name and shape of every operation, event, query and table, and the words kept as numbers."""
    lines: list[str] = []
    for module in ALL:
        for operation in module.operations:
            lane = " reserved" if operation.reserved else ""
            lines.append(f"operation{lane} {_tagged(operation)}")
        lines += [f"event {_tagged(event)}" for event in module.events]
        lines += [f"query {_tagged(query)}" for query in module.queries]
    tables = (*KERNEL_TABLES, *(table for module in ALL for table in module.tables))
    lines += [f"table {_table(table)}" for table in tables]
    return lines + [f"word {kind.__name__} {int(word)} {word.name}" for kind in WORDS for word in kind]


def _tagged(shape: Any) -> str:  # noqa: ANN401 - any declared class
    return f"{shape.__struct_config__.tag} {shape.__name__} {_fields(inspect.type_info(shape))}"


def _table(table: Table[Any, Any]) -> str:
    life = " with a life" if table.life else ""
    record = table.codec.shape
    face = "" if table.face is None else f", face {' '.join(table.face.__struct_fields__)}"
    return f"{table.number} {table.name}{life} {_tagged(record)}{face}"


def _fields(info: Any) -> str:  # noqa: ANN401 - a struct's description
    left = "{" if not info.array_like else "["
    fields = ", ".join(f"{field.encode_name}: {_type(field.type)}" for field in info.fields)
    return left + fields + ("}" if left == "{" else "]")


def _type(info: Any) -> str:  # noqa: ANN401, PLR0911 - one line a kind of type
    """Put a type with its bounds in words."""
    match info:
        case inspect.StructType():
            return _fields(info)
        case inspect.UnionType():
            return " | ".join(map(_type, info.types))
        case inspect.VarTupleType():
            return f"list of {_type(info.item_type)}{_bounds(info)}"
        case inspect.NoneType():
            return "nil"
        case inspect.BoolType():
            return "bool"
        case inspect.IntType():
            return f"int{_bounds(info)}"
        case inspect.StrType():
            return f"text{_bounds(info)}"
        case inspect.BytesType():
            return f"bytes{_bounds(info)}"
    message = f"no words for {info!r}"
    raise TypeError(message)


def _bounds(info: Any) -> str:  # noqa: ANN401 - a description with bounds
    said = [f"{bound} {getattr(info, bound)}" for bound in BOUNDS if getattr(info, bound, None) is not None]
    return f" ({', '.join(said)})" if said else ""
