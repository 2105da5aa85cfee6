"""What a module adds to the ledger, declared in one place: the command line, reference pages and tests read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sogdia.kernel.refusal import ensure

if TYPE_CHECKING:
    from collections.abc import Callable

    from sogdia.kernel.codec import Event
    from sogdia.kernel.genesis import GenesisContext
    from sogdia.kernel.operation import Context, Exit, Operation, Query, Turn
    from sogdia.kernel.refusal import RefusalCode
    from sogdia.kernel.state import Reader, State, Table

NUMBERS_PER_MODULE = 100


@dataclass(frozen=True, kw_only=True)
class Module:
    """A module's declaration. All its permanent numbers lie in the hundred that begins at `number`.

    Table numbers have one byte; a module's begin at `number` / 10 (identity 20, money 30, market 40, documents 50,
    governance 60).
    """

    name: str
    number: int
    operations: tuple[type[Operation], ...]
    tables: tuple[Table[Any, Any], ...]
    events: tuple[type[Event], ...]
    refusals: type[RefusalCode]
    queries: tuple[type[Query], ...]
    invariants: tuple[Callable[[Reader], None], ...]
    """What is always true, looked at over the whole state: when a network begins, in an audit, in tests."""
    exits: tuple[Exit, ...]
    genesis: type[Any]
    load_genesis: Callable[[GenesisContext, Any], None]
    since: int = 1
    """The version of the protocol with which it began. One that is added later has no section in genesis, so that a
    network keeps its identity, and begins without a record of its own."""
    turns: tuple[Turn, ...] = ()
    keeps: tuple[Callable[[State], None], ...] = ()
    """What every block keeps, looked at over its changes alone before it is closed; a breach stops the node."""
    accuse: Callable[[Context, bytes], None] | None = None
    """What becomes of whoever holds the key of an address that has provably signed two blocks of one height."""


def tag_of(declared: type[Any]) -> int:
    """Give the permanent number of an operation or event class."""
    tag = declared.__struct_config__.tag
    ensure(isinstance(tag, int), f"{declared.__name__} has no number")
    return int(tag)


def check_declarations(modules: tuple[Module, ...]) -> None:
    """Stop at start when permanent numbers collide or lie outside their module's hundred."""
    for numbered in ("name", "number"):
        ensure(
            len({getattr(module, numbered) for module in modules}) == len(modules), f"two modules have one {numbered}"
        )
    for kind in ("operations", "events", "queries"):
        numbers = [each.__struct_config__.tag for module in modules for each in getattr(module, kind)]
        ensure(len(numbers) == len(set(numbers)), f"two {kind} have the same tag")
    tables = [table.number for module in modules for table in module.tables]
    ensure(len(tables) == len(set(tables)), "two tables have the same number")
    ensure(sum(module.accuse is not None for module in modules) <= 1, "two modules say what becomes of misbehaviour")
    for module in modules:
        hundred = range(module.number, module.number + NUMBERS_PER_MODULE)
        declared = [tag_of(each) for each in (*module.operations, *module.events)]
        declared += [int(code) for code in module.refusals]
        ensure(len(module.refusals) == len(module.refusals.__members__), f"{module.name} uses a refusal number twice")
        ensure(all(number in hundred for number in declared), f"{module.name} declares a number outside its hundred")
        not_before = all(each.since >= module.since for each in module.operations)
        ensure(not_before, f"{module.name} has an operation that is older than itself")
        ensure(
            all(table.number // 10 == module.number // NUMBERS_PER_MODULE for table in module.tables),
            f"{module.name} declares a table outside its ten",
        )
        scheduled = [each.table for each in module.exits] + [each.table for each in module.turns]
        own_exits = all(table in module.tables for table in scheduled)
        ensure(own_exits, f"{module.name} has an exit or a turn for a foreign table")
