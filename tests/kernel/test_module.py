"""Declarations: numbers that collide or stray are noticed before the first block."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sogdia.kernel.calendar import DUE_NODES
from sogdia.kernel.codec import Event, Record
from sogdia.kernel.machine import Machine
from sogdia.kernel.module import check_declarations, tag_of
from sogdia.kernel.operation import Exit, Operation, Query, Turn
from sogdia.kernel.parameters import no_key, show_no_key
from sogdia.kernel.refusal import Broken, RefusalCode
from sogdia.kernel.state import Table
from sogdia.modules import ALL

IDENTITY, _GOVERNANCE, MONEY, *_OTHERS = ALL


class Wish(Operation, tag=299):
    """An operation of a test."""

    def apply(self, ctx):
        """Do nothing."""


class Stray(Operation, tag=300):
    """An operation with a number of another module's hundred."""

    def apply(self, ctx):
        """Do nothing."""


class Named(Operation, tag="wish"):
    """An operation without a number."""

    def apply(self, ctx):
        """Do nothing."""


class Taken(Operation, tag=200):
    """An operation with a number that is taken."""

    def apply(self, ctx):
        """Do nothing."""


class StrayFact(Event, tag=199):
    """An event with a number of nobody's."""


class TakenFact(Event, tag=200):
    """An event with a number that is taken."""


class Asked(Query, tag="party"):
    """A query with a name that is taken."""

    def answer(self, state):
        """Give nothing."""


class StrayRefusal(RefusalCode):
    """A refusal with a number of another module's hundred."""

    STRAY = 300, "Stray", "Go home."


class DoubleRefusal(RefusalCode):
    """Two refusals with one number."""

    FIRST = 298, "First", "Go home."
    SECOND = 298, "Second", "Go home."


class Row(Record):
    """A record of a test."""


def with_more(module, **added: Any):  # noqa: ANN401 - parts of a declaration
    """A module that declares more than it does."""
    return replace(module, **{part: (*getattr(module, part), *more) for part, more in added.items()})


def without_content(module, **changes: Any):  # noqa: ANN401 - parts of a declaration
    """A module that declares nothing, under another name or number."""
    return replace(module, operations=(), events=(), tables=(), queries=(), exits=(), **changes)


def table(number):
    """A table with a number."""
    return Table("test/table", number, Row, key=no_key, show_key=show_no_key)


OWN_TABLE = table(29)


def test_the_modules_of_the_product_are_in_order():
    check_declarations(ALL)


@pytest.mark.parametrize(
    "added",
    [
        {"operations": (Wish,)},
        {"tables": (table(28), table(29))},
        {"tables": (OWN_TABLE,), "exits": (Exit(OWN_TABLE, deadline_of=len, apply=print),)},
    ],
    ids=repr,
)
def test_a_module_may_use_its_own_numbers(added):
    bare = replace(IDENTITY, tables=(), exits=())

    check_declarations((with_more(bare, **added), MONEY))


@pytest.mark.parametrize(
    ("added", "what"),
    [
        ({"operations": (Taken,)}, "two operations have the same tag"),
        ({"operations": (Stray,)}, "two operations have the same tag|outside its hundred"),
        ({"operations": (Named,)}, "Named has no number"),
        ({"events": (TakenFact,)}, "two events have the same tag"),
        ({"events": (StrayFact,)}, "identity declares a number outside its hundred"),
        ({"queries": (Asked,)}, "two queries have the same tag"),
        ({"tables": (table(30),)}, "two tables have the same number"),
        ({"tables": (table(119),)}, "identity declares a table outside its ten"),
        ({"tables": (table(19),)}, "identity declares a table outside its ten"),
        ({"exits": (Exit(DUE_NODES, deadline_of=len, apply=print),)}, "an exit or a turn for a foreign table"),
        ({"turns": (Turn(DUE_NODES, apply=print),)}, "an exit or a turn for a foreign table"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_number_that_collides_or_strays_stops_the_node(added, what):
    changed = with_more(IDENTITY, **added)

    with pytest.raises(Broken, match=what):
        check_declarations((changed, MONEY))


@pytest.mark.parametrize(
    ("refusals", "what"),
    [(StrayRefusal, "outside its hundred"), (DoubleRefusal, "uses a refusal number twice")],
)
def test_a_refusal_has_one_number_of_its_module_s_hundred(refusals, what):
    with pytest.raises(Broken, match=what):
        check_declarations((replace(IDENTITY, refusals=refusals),))


@pytest.mark.parametrize("changes", [{"name": "identity"}, {"number": 200}])
def test_two_modules_have_two_names_and_two_hundreds(changes):
    with pytest.raises(Broken, match="two modules have one"):
        check_declarations((IDENTITY, without_content(MONEY, **changes)))


def test_a_module_cannot_declare_a_table_of_the_kernel_s():
    kernel = replace(
        IDENTITY,
        exits=(),
        name="kernel",
        number=0,
        operations=(),
        events=(),
        queries=(),
        refusals=RefusalCode,
        tables=(table(1),),
    )

    with pytest.raises(Broken, match="a table of the kernel's"):
        Machine(bytes(32), (kernel, *ALL))


def test_a_tag_is_a_number():
    assert tag_of(Wish) == 299
    with pytest.raises(Broken, match="Named has no number"):
        tag_of(Named)
