"""Appeals: a suspended party asks for a second look, and silence decides for the party.

    suspended ──appeal──▶ appealed ──nobody upholds it in time──▶ active again
                             │  │
                             │  └─ another registrar of the country, or an operator, upholds it ──▶ stays suspended
                             │
                             └─ its registrar lifts it ──▶ resting ──suspended again──▶ appealed, with the time left
                                                             └── as long as an appeal lasts ──▶ forgotten

A suspension is appealed once. Its registrar may lift it at any time, but not so as to begin the time anew: the clock of
an appeal rests while the party is active, and goes on when it is suspended again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from msgspec import structs

from sogdia.kernel import calendar
from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.operation import Exit, Operation
from sogdia.kernel.refusal import require
from sogdia.kernel.values import Account, Hash
from sogdia.modules.identity.events import (
    AppealForgotten,
    AppealResumed,
    SuspensionAppealed,
    SuspensionEnded,
    SuspensionUpheld,
)
from sogdia.modules.identity.records import RULES, Role
from sogdia.modules.identity.refusals import IdentityRefusal as Refuse
from sogdia.modules.identity.registrars import is_admitted_for
from sogdia.modules.identity.registry_records import APPEALS, Appeal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import Table


class AppealSuspension(Operation, tag=225):
    """Appeal against the sender's suspension."""

    grounds: Hash | None = None
    """A commitment to the reasons, which are sent to registrars off the ledger."""

    reserved: ClassVar[bool] = True

    def touches(self, sender: bytes) -> Iterable[tuple[Table[Any, Any], Any]]:
        """Name the sender's appeal."""
        return ((APPEALS, sender),)

    def apply(self, ctx: Context) -> None:
        """Begin the time in which somebody else has to uphold the suspension."""
        party = PARTIES.must(ctx.state, ctx.sender)
        require(party.suspended, Refuse.PARTY_NOT_SUSPENDED)
        require(APPEALS.find(ctx.state, ctx.sender) is None, Refuse.APPEALED_ALREADY)

        deadline = ctx.time + RULES.must(ctx.state, None).appeal_period
        APPEALS.put(ctx.state, ctx.sender, Appeal(deadline=deadline, grounds=self.grounds))
        calendar.schedule(ctx.state, deadline, APPEALS.full_key(ctx.sender))

        ctx.emit(SuspensionAppealed(account=ctx.sender, grounds=self.grounds, deadline=deadline))


class UpholdSuspension(Operation, tag=226):
    """Confirm a suspension that its party has appealed; open to other registrars of its country and to operators."""

    account: Account

    def touches(self, sender: bytes) -> Iterable[tuple[Table[Any, Any], Any]]:  # noqa: ARG002 - the field says it all
        """Name the party's appeal."""
        return ((APPEALS, self.account),)

    def apply(self, ctx: Context) -> None:
        """Let the suspension stand."""
        party = PARTIES.get(ctx.state, self.account, Refuse.PARTY_UNKNOWN, account=self.account)
        require(party.registrar != ctx.sender, Refuse.SUSPENSION_BY_SENDER)
        sender = PARTIES.must(ctx.state, ctx.sender)
        may = bool(sender.roles & Role.OPERATOR) or is_admitted_for(ctx.state, ctx.sender, party.country)
        # Before anything about the appeal is said: that there is one is not for everybody to know.
        require(may, Refuse.SENDER_MAY_NOT_UPHOLD, country=party.country)
        appeal = APPEALS.get(ctx.state, self.account, Refuse.NOT_APPEALED, account=self.account)
        require(appeal.left is None, Refuse.NOT_APPEALED, account=self.account)
        require(appeal.upheld_by is None, Refuse.UPHELD_ALREADY)

        APPEALS.put(ctx.state, self.account, structs.replace(appeal, upheld_by=ctx.sender))
        calendar.unschedule(ctx.state, appeal.deadline, APPEALS.full_key(self.account))

        ctx.emit(SuspensionUpheld(account=self.account, by=ctx.sender))


def rest(ctx: Context, account: bytes) -> None:
    """Stop the clock of the appeal of a party that is reinstated, if there is one; forget one that was decided."""
    appeal = APPEALS.find(ctx.state, account)
    if appeal is None:
        return
    if appeal.upheld_by is not None:
        APPEALS.drop(ctx.state, account)
        return
    until = ctx.time + RULES.must(ctx.state, None).appeal_period
    calendar.move(ctx.state, appeal.deadline, until, APPEALS.full_key(account))
    APPEALS.put(ctx.state, account, structs.replace(appeal, deadline=until, left=appeal.deadline - ctx.time))


def resume(ctx: Context, account: bytes) -> AppealResumed | None:
    """Let the clock of a resting appeal go on for a party that is suspended again; give the fact, if it is one."""
    appeal = APPEALS.find(ctx.state, account)
    if appeal is None or appeal.left is None:
        return None
    deadline = ctx.time + appeal.left
    calendar.move(ctx.state, appeal.deadline, deadline, APPEALS.full_key(account))
    APPEALS.put(ctx.state, account, structs.replace(appeal, deadline=deadline, left=None))
    return AppealResumed(account=account, deadline=deadline)


def deadline_of(appeal: Appeal) -> int | None:
    """Give the deadline under which an appeal stands in the calendar; none once the suspension is upheld."""
    return appeal.deadline if appeal.upheld_by is None else None


def run_out(ctx: Context, account: bytes, appeal: Appeal, _writes_max: int) -> None:
    """End a suspension that nobody has upheld, or forget an appeal that has rested long enough."""
    APPEALS.drop(ctx.state, account)
    calendar.unschedule(ctx.state, appeal.deadline, APPEALS.full_key(account))
    if appeal.left is not None:
        ctx.emit(AppealForgotten(account=account))
        return
    party = PARTIES.must(ctx.state, account)
    PARTIES.put(ctx.state, account, structs.replace(party, suspended=False))

    ctx.emit(SuspensionEnded(account=account))


APPEAL_EXIT = Exit(APPEALS, deadline_of=deadline_of, apply=run_out)
