"""A module of protocol version 2, to rehearse an upgrade with: a party leaves a mark, once a network has that version.

    software of today          modules.ALL                   knows version 1
    software of the rehearsal  (*modules.ALL, REHEARSAL)     knows version 2

A module that is added later has no section in genesis, so that a network keeps its identity.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from sogdia.kernel.accounts import show_account_key
from sogdia.kernel.codec import Event, Record
from sogdia.kernel.module import Module
from sogdia.kernel.operation import Context, Operation, Query
from sogdia.kernel.refusal import RefusalCode, require
from sogdia.kernel.state import Reader, Table
from sogdia.kernel.values import Account

VERSION = 2


class RehearsalRefusal(RefusalCode):
    """Why a mark is refused."""

    MARK_LEFT = 2000, "The party has left its mark already", "Nothing to do."


class Mark(Record):
    """A party's mark, and the block that it was left in."""

    height: int


class MarkLeft(Event, tag=2000):
    """A party left its mark."""

    account: Account


MARKS: Table[bytes, Mark] = Table("rehearsal/marks", 200, Mark, show_key=show_account_key)


class LeaveMark(Operation, tag=2000):
    """Leave the sender's mark."""

    since: ClassVar[int] = VERSION

    def apply(self, ctx: Context) -> None:
        """Leave it."""
        require(MARKS.find(ctx.state, ctx.sender) is None, RehearsalRefusal.MARK_LEFT)

        MARKS.put(ctx.state, ctx.sender, Mark(height=ctx.height))

        ctx.emit(MarkLeft(account=ctx.sender))


class MarkQuery(Query, tag="mark"):
    """A party's mark."""

    account: Account

    def answer(self, state: Reader) -> Mark | None:
        """Give it, or nothing."""
        return MARKS.find(state, self.account)


class NoGenesis(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing: the module is not there from the start."""


REHEARSAL = Module(
    name="rehearsal",
    number=2000,
    since=VERSION,
    operations=(LeaveMark,),
    tables=(MARKS,),
    events=(MarkLeft,),
    refusals=RehearsalRefusal,
    queries=(MarkQuery,),
    invariants=(),
    exits=(),
    genesis=NoGenesis,
    load_genesis=lambda _context, _section: None,
)
