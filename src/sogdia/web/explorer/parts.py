"""What pages are made of: values that know what they are, in facts, tables and steps. The templates show them.

Whatever other people wrote is marked `foreign`: it gets a direction of its own, and cannot run into our words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Words:
    """A text."""

    kind: ClassVar[str] = "words"
    text: str
    foreign: bool = False


@dataclass(frozen=True)
class Link:
    """A text that leads to another page of ours; `path` begins with a slash."""

    kind: ClassVar[str] = "link"
    path: str
    text: str
    foreign: bool = False


@dataclass(frozen=True)
class Called:
    """Somebody or something by its name, with the code behind it; `whole` shows the code, otherwise it is a hint."""

    kind: ClassVar[str] = "called"
    text: str
    code: str
    path: str | None = None
    whole: bool = False


@dataclass(frozen=True)
class Moment:
    """A moment: for machines, in words, and how far it lies from the network's time."""

    kind: ClassVar[str] = "moment"
    machine: str
    words: str
    distance: str


@dataclass(frozen=True)
class Amount:
    """An amount in a currency's own digits."""

    kind: ClassVar[str] = "amount"
    text: str


@dataclass(frozen=True)
class Digest:
    """A hash or an id, in full."""

    kind: ClassVar[str] = "digest"
    text: str
    path: str | None = None


@dataclass(frozen=True)
class Badge:
    """A state in one word; `tone` is good, bad or calm."""

    kind: ClassVar[str] = "badge"
    text: str
    tone: str = "calm"


@dataclass(frozen=True)
class Several:
    """Values one behind another."""

    kind: ClassVar[str] = "several"
    parts: tuple[Cell, ...]
    separator: str = " "


Cell = Words | Link | Called | Moment | Amount | Digest | Badge | Several


@dataclass(frozen=True)
class Facts:
    """Names and values."""

    kind: ClassVar[str] = "facts"
    title: str
    rows: Sequence[tuple[str, Cell]]


@dataclass(frozen=True)
class Table:
    """Rows under columns; `following` leads to the next page, `first` back to the first one."""

    kind: ClassVar[str] = "table"
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    empty: str = ""
    following: str | None = None
    first: str | None = None
    numbers: frozenset[int] = frozenset()
    """Columns whose values are set to the right."""


@dataclass(frozen=True)
class Paragraph:
    """Words on their own; a warning is set apart."""

    kind: ClassVar[str] = "paragraph"
    cells: tuple[Cell, ...]
    title: str = ""
    warning: bool = False


@dataclass(frozen=True)
class Command:
    """A line to be copied into a terminal."""

    kind: ClassVar[str] = "command"
    text: str
    title: str = ""


@dataclass(frozen=True)
class Step:
    """Something that happened: in words, when and by whom, and what belongs to it."""

    head: str
    about: tuple[Cell, ...] = ()
    rows: Sequence[tuple[str, Cell]] = ()
    tables: Sequence[Table] = ()
    proof: str | None = None


@dataclass(frozen=True)
class Steps:
    """What happened, one after another."""

    kind: ClassVar[str] = "steps"
    title: str
    steps: Sequence[Step]
    following: str | None = None


Section = Facts | Table | Paragraph | Command | Steps


SCRIPT = "script-src 'self'"
"""The policy of a page with a script of ours."""


@dataclass(frozen=True)
class Page:
    """A page: what it is, its title, one sentence, and its sections."""

    name: str
    title: str
    lead: tuple[Cell, ...] = ()
    sections: Sequence[Section] = ()
    above: str = ""
    """What kind of thing the title names."""
    foreign_title: bool = False
    template: str = "page.html"
    more: dict[str, object] = field(default_factory=dict)
    """What a template of its own needs."""
    policy: str = ""
    """What it lets in beside the style."""
    status: int = 200
