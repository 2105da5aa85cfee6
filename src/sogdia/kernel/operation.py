"""What a party may ask of the ledger, and what the asking sees while it runs.

An operation is one frozen class: its fields are the wire format, `check` looks at them alone, `apply` is rules, then
writes, then facts. There is no third phase: the door, the dry run and the block run the same function.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta

from sogdia.kernel.accounts import Level
from sogdia.kernel.codec import Frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sogdia.kernel.codec import Event
    from sogdia.kernel.parameters import Limits
    from sogdia.kernel.state import Reader, State, Table

SignerIndex = Annotated[int, Meta(ge=0, le=15)]
Mandate = Annotated[bytes, Meta(min_length=21, max_length=36)] | None


UNKNOWN_MONEY = b""
"""Stands for money that cannot be told before the operation is applied."""


class Context:
    """What an operation sees: the state it works on, the block's time and height, who asks, and a place for facts."""

    __slots__ = ("events", "height", "limits", "network", "sender", "signers", "state", "time")

    def __init__(  # noqa: PLR0913 - it is the list of everything an operation may know
        self,
        *,
        state: State,
        network: bytes,
        height: int,
        time: int,
        limits: Limits,
        sender: bytes,
        signers: tuple[bytes, ...] = (),
    ) -> None:
        """Collect what the operations of one envelope see; `sender` moves on from operation to operation."""
        self.state = state
        self.network = network
        self.height = height
        self.time = time
        self.limits = limits
        self.sender = sender
        self.signers = signers
        self.events: list[Event] = []

    def emit(self, event: Event) -> None:
        """State a fact. Facts come last in an operation and no rule ever reads one."""
        self.events.append(event)


class Operation(Frozen, array_like=True):
    """A request. Its tag is its permanent number; it never gains a field (a new shape is a new operation)."""

    signer: SignerIndex = 0
    mandate: Mandate = None

    reserved: ClassVar[bool] = False
    """Whether it stays open when the sponsor's quota is spent."""

    since: ClassVar[int] = 1
    """The version of the protocol with which it began; before that version is in force no block holds it."""

    key_level: ClassVar[Level] = Level.EVERYDAY
    """How much of the asker's keys it needs; one that costs much becomes of high value by itself."""

    def check(self) -> None:
        """Refuse what no state could make right. Sees the fields, nothing else."""

    def cost(self, state: Reader, sender: bytes) -> tuple[bytes, int] | None:  # noqa: ARG002 - for those that need it
        """Give what it can cost its asker at most, money and units, or nothing.

        What counts is money of the asker's own that it pays, sets aside or promises. The level of high value and the
        caps of mandates ask. Money that the state does not tell yet is `UNKNOWN_MONEY`, which no limit or cap names.
        """
        return None

    def touches(self, sender: bytes) -> Iterable[tuple[Table[Any, Any], Any]]:  # noqa: ARG002 - for those that need it
        """Name the objects with deadlines that this operation is about; overdue ones exit before it is applied."""
        return ()

    @abstractmethod
    def apply(self, ctx: Context) -> None:
        """Rules, then writes, then facts."""


class Query(Frozen):
    """A question to the state. Its tag is its name; `answer` is a pure function of what is stored."""

    asker: ClassVar[str] = ""
    """The field that says who asks. Each door fills it in by whom it knows its asker to be; nobody asks as another."""

    moment: ClassVar[str] = ""
    """The field that says for which time it is asked; where it is 0 the node fills in what a block would have now."""

    @abstractmethod
    def answer(self, state: Reader) -> Any:  # noqa: ANN401 - each query says what it gives
        """Give the answer as a value that can be encoded."""


class Exit:
    """How an object leaves a state whose deadline has passed."""

    __slots__ = ("apply", "deadline_of", "moved", "table")

    def __init__(
        self,
        table: Table[Any, Any],
        *,
        deadline_of: Callable[[Any], int | None],
        apply: Callable[[Context, bytes, Any, int], None],
        moved: Callable[[Any, int], Any] | None = None,
    ) -> None:
        """Declare the exit of a table's objects.

        `deadline_of(record)` gives the deadline of an object. It stands in the calendar there; or before, when `moved`
        gives its record with another place: then it is moved up to its deadline when it comes up. `apply(context, key,
        record, writes)` takes the object out of it or moves it to a later deadline (always later: the deadline is a
        part of the exit's id); when `writes` record writes do not suffice it does a part and schedules the rest.
        """
        self.table = table
        self.deadline_of = deadline_of
        self.apply = apply
        self.moved = moved


class Turn:
    """What becomes of an object when the height has come for which it was scheduled (`kernel.heights`)."""

    __slots__ = ("apply", "table")

    def __init__(self, table: Table[Any, Any], *, apply: Callable[[Context, bytes, Any], None]) -> None:
        """Declare it for a table's objects.

        `apply(context, key, record)` runs at the end of the block before that height; it never refuses, and does a
        bounded amount of work.
        """
        self.table = table
        self.apply = apply
