"""Everything that the modules declare, by the names and numbers under which people and programs ask for it."""

from __future__ import annotations

import re
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

from sogdia.kernel.kernel_tables import KERNEL_TABLES
from sogdia.kernel.node_refusals import NodeRefusal
from sogdia.kernel.refusals import KernelRefusal
from sogdia.modules import ALL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sogdia.kernel.codec import Event
    from sogdia.kernel.operation import Operation, Query
    from sogdia.kernel.refusal import RefusalCode
    from sogdia.kernel.state import Table

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_KEY_SAMPLE_BYTES = 64
_PART_BYTES = {"number": 2}
"""Parts of keys that are whole numbers, and in how many bytes they are laid out."""


@cache
def operations() -> dict[str, type[Operation]]:
    """Give every operation by the name of its sub-command, in the order of the modules."""
    return {spoken_name(each.__name__): each for module in ALL for each in module.operations}


@cache
def queries() -> dict[str, type[Query]]:
    """Give every declared query by its name."""
    return {str(each.__struct_config__.tag): each for module in ALL for each in module.queries}


@cache
def events() -> dict[str, type[Event]]:
    """Give every fact that the ledger can state, by its name."""
    return {each.__name__: each for module in ALL for each in module.events}


@cache
def tables() -> dict[int, Table[Any, Any]]:
    """Give every table of the state by its number."""
    return {table.number: table for table in (*KERNEL_TABLES, *(table for module in ALL for table in module.tables))}


@cache
def refusal_codes() -> dict[int, RefusalCode]:
    """Give every refusal by its number."""
    codes: tuple[type[RefusalCode], ...] = (KernelRefusal, NodeRefusal, *(module.refusals for module in ALL))
    return {int(code): code for each in codes for code in each}


def spoken_name(class_name: str) -> str:
    """Write a class's name as a command: PlaceOrder is place-order."""
    return _HUMP.sub("-", class_name).lower()


def answer_type(query: type[Query]) -> Any:  # noqa: ANN401 - types are of many kinds
    """Give the type of a query's answer, as the query declares it."""
    # The declaration also names what is there for the type checker alone, so only the answer's part is looked at.
    declared = query.answer.__annotations__["return"]
    return eval(declared, vars(sys.modules[query.__module__])) if isinstance(declared, str) else declared  # noqa: S307


@cache
def key_parts(table: Table[Any, Any]) -> tuple[str, ...]:
    """Name the parts that a table's keys are made of: an account, an object's name, a number, a currency."""
    return tuple(table.show_key(bytes(_KEY_SAMPLE_BYTES)))


def lay_out_key(parts: Mapping[str, bytes | int | str]) -> bytes:
    """Lay the parts of a key end to end, as every table does that goes by accounts, names, currencies and numbers."""
    laid = b""
    for name, part in parts.items():
        if isinstance(part, int):
            laid += part.to_bytes(_PART_BYTES[name], "big")
        else:
            laid += part.encode("ascii") if isinstance(part, str) else part
    return laid
