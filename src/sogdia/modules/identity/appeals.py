"""Appeals: a suspended party asks for a second look, and silence decides for the party.

    suspended ──appeal──▶ appealed ──nobody upholds it in time──▶ active again
                             │
                             └─ another registrar of the country, or an operator, upholds it ──▶ stays suspended

A suspension is appealed once. Its registrar may lift it at any time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from msgspec import structs

from sogdia.kernel import calendar
from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.operation import Exit, Operation
from sogdia.kernel.refusal import require
from sogdia.kernel.values import Account, Hash
from sogdia.modules.identity.events import SuspensionAppealed, SuspensionEnded, SuspensionUpheld
from sogdia.modules.identity.records import RULES, Role
from sogdia.modules.identity.refusals import IdentityRefusal as Refuse
from sogdia.modules.identity.registrars import is_admitted_for
from sogdia.modules.identity.registry_records import APPEALS, Appeal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import State, Table


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
        appeal = APPEALS.get(ctx.state, self.account, Refuse.NOT_APPEALED, account=self.account)
        require(appeal.upheld_by is None, Refuse.UPHELD_ALREADY)
        require(party.registrar != ctx.sender, Refuse.SUSPENSION_BY_SENDER)
        sender = PARTIES.must(ctx.state, ctx.sender)
        may = bool(sender.roles & Role.OPERATOR) or is_admitted_for(ctx.state, ctx.sender, party.country)
        require(may, Refuse.SENDER_MAY_NOT_UPHOLD, country=party.country)

        APPEALS.put(ctx.state, self.account, structs.replace(appeal, upheld_by=ctx.sender))
        calendar.unschedule(ctx.state, appeal.deadline, APPEALS.full_key(self.account))

        ctx.emit(SuspensionUpheld(account=self.account, by=ctx.sender))


def forget_appeal(state: State, account: bytes) -> None:
    """Remove the appeal, if there is one, of a party whose suspension has ended."""
    appeal = APPEALS.find(state, account)
    if appeal is None:
        return
    APPEALS.drop(state, account)
    deadline = deadline_of(appeal)
    if deadline is not None:
        calendar.unschedule(state, deadline, APPEALS.full_key(account))


def deadline_of(appeal: Appeal) -> int | None:
    """Give the deadline under which an appeal stands in the calendar; none once the suspension is upheld."""
    return appeal.deadline if appeal.upheld_by is None else None


def run_out(ctx: Context, account: bytes, _appeal: Appeal, _writes_max: int) -> None:
    """End a suspension that nobody has upheld."""
    party = PARTIES.must(ctx.state, account)

    PARTIES.put(ctx.state, account, structs.replace(party, suspended=False))
    forget_appeal(ctx.state, account)

    ctx.emit(SuspensionEnded(account=account))


APPEAL_EXIT = Exit(APPEALS, deadline_of=deadline_of, apply=run_out)
