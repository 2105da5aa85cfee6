"""Measures: what an issuer can do to a holder only when the panel of its currency agrees.

    proposed, by the issuer ──enough of the panel agree──▶ done with the last agreement
      ├──withdrawn, by the issuer─▶ dropped
      └──deadline passes──────────▶ dropped

A claw back takes what the holder has available, and nothing that is set aside: an order, a hold, a rate or a redemption
under way ends by its own rules. A holder who may get away is frozen first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import structs

from sogdia.kernel import calendar, quota
from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.operation import Exit, Operation
from sogdia.kernel.refusal import Refused, facts_of, require
from sogdia.kernel.values import (
    Account,
    CurrencyCode,
    Hash,
    Name,
    PositiveUnits,
    Reference,
    name_of,
    owner_of,
)
from sogdia.modules.money import balances, freezes
from sogdia.modules.money.events import ClawedBack, FreezeMadeLonger, MeasureApproved, MeasureDropped, MeasureProposed
from sogdia.modules.money.issuer_records import MEASURES, RULES, Measure, MeasureKind, Reason
from sogdia.modules.money.records import CURRENCIES, Asset, Policy
from sogdia.modules.money.refusals import MoneyRefusal as Refuse
from sogdia.modules.money.texts import check_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import Table

MEASURE_BYTES = 700
"""What a measure counts for in the sponsor's storage, its share of the tree and of the calendar included."""


class ProposeClawBack(Operation, tag=318):
    """Propose that at most `units` of what a holder has available go to another, as a court has ordered."""

    reference: Reference
    currency: CurrencyCode
    account: Account
    units: PositiveUnits
    to: Account
    court_order: Hash
    """A salted hash of the order; the panel sees the order itself off the ledger."""
    reason: Reason

    def check(self) -> None:
        """Refuse a reason that could deceive its reader, and giving to the one from whom it is taken."""
        require(self.to != self.account, Refuse.PARTIES_IDENTICAL)
        check_text(self.reason)

    def touches(self, sender: bytes) -> Iterable[tuple[Table[Any, Any], Any]]:
        """Name the measure: an earlier one under this reference may have run out."""
        return ((MEASURES, name_of(sender, self.reference)),)

    def apply(self, ctx: Context) -> None:
        """Write it down for the panel."""
        require(PARTIES.find(ctx.state, self.to) is not None, Refuse.PAYEE_UNKNOWN, account=self.to)

        propose(ctx, self, MeasureKind.CLAW_BACK, self.units, self.to)


class ProposeLongerFreeze(Operation, tag=319):
    """Propose that a holder is frozen for a whole term from the panel's agreement on."""

    reference: Reference
    currency: CurrencyCode
    account: Account
    court_order: Hash
    """A salted hash of the order; the panel sees the order itself off the ledger."""
    reason: Reason

    def check(self) -> None:
        """Refuse a reason that could deceive its reader."""
        check_text(self.reason)

    def touches(self, sender: bytes) -> Iterable[tuple[Table[Any, Any], Any]]:
        """Name the measure: an earlier one under this reference may have run out."""
        return ((MEASURES, name_of(sender, self.reference)),)

    def apply(self, ctx: Context) -> None:
        """Write it down for the panel."""
        propose(ctx, self, MeasureKind.LONGER_FREEZE, 0, ctx.sender)


class ApproveMeasure(Operation, tag=320):
    """Agree to a measure, as a member of the currency's panel; the last one that is needed carries it out."""

    measure: Name

    def touches(self, sender: bytes) -> Iterable[tuple[Table[Any, Any], Any]]:  # noqa: ARG002 - the same for all senders
        """Name the measure."""
        return ((MEASURES, self.measure),)

    def apply(self, ctx: Context) -> None:
        """Count the agreement, and do what is proposed when it suffices."""
        found = measure_of(ctx, self.measure)
        require(ctx.sender in found.panel, Refuse.SENDER_NOT_ON_PANEL)
        require(ctx.sender not in found.approvals, Refuse.APPROVED_ALREADY)
        approvals = (*found.approvals, ctx.sender)

        if len(approvals) < found.needed:
            MEASURES.put(ctx.state, self.measure, structs.replace(found, approvals=approvals))
            ctx.emit(approved(self.measure, found, ctx.sender))
        else:
            carry_out(ctx, self.measure, found)


class WithdrawMeasure(Operation, tag=321):
    """Take back what the sender has proposed."""

    measure: Reference

    reserved: ClassVar[bool] = True

    def touches(self, sender: bytes) -> Iterable[tuple[Table[Any, Any], Any]]:
        """Name the measure."""
        return ((MEASURES, name_of(sender, self.measure)),)

    def apply(self, ctx: Context) -> None:
        """Drop it."""
        name = name_of(ctx.sender, self.measure)
        found = MEASURES.get(ctx.state, name, Refuse.MEASURE_UNKNOWN, measure=name)

        drop(ctx, name, found, lapsed=False)


def propose(
    ctx: Context, asked: ProposeClawBack | ProposeLongerFreeze, kind: MeasureKind, units: int, to: bytes
) -> None:
    """Write a measure of the sender's down for the panel of its currency, or refuse."""
    name, asset = name_of(ctx.sender, asked.reference), Asset(asked.currency, ctx.sender)
    currency = CURRENCIES.get(ctx.state, asset, Refuse.CURRENCY_UNKNOWN, currency=asset.currency)
    policy = currency.policy or Policy()
    require(bool(policy.panel), Refuse.PANEL_MISSING)
    require(PARTIES.find(ctx.state, asked.account) is not None, Refuse.PAYEE_UNKNOWN, account=asked.account)
    require(MEASURES.find(ctx.state, name) is None, Refuse.MEASURE_EXISTS, measure=name)

    sponsor = PARTIES.must(ctx.state, ctx.sender).sponsor
    quota.occupy(ctx.state, sponsor, MEASURE_BYTES)
    deadline = ctx.time + RULES.must(ctx.state, None).measure_period
    proposed = Measure(
        measure_kind=int(kind),
        currency=asset.currency,
        account=asked.account,
        units=units,
        to=to,
        court_order=asked.court_order,
        panel=policy.panel,
        needed=policy.panel_needed,
        approvals=(),
        deadline=deadline,
        sponsor=sponsor,
    )
    MEASURES.put(ctx.state, name, proposed)
    calendar.schedule(ctx.state, deadline, MEASURES.full_key(name))

    ctx.emit(
        MeasureProposed(
            measure=name,
            measure_kind=int(kind),
            asset=asset,
            account=asked.account,
            units=units,
            to=to,
            court_order=asked.court_order,
            panel=policy.panel,
            deadline=deadline,
            reason=asked.reason,
        )
    )


def measure_of(ctx: Context, name: bytes) -> Measure:
    """Give a measure that concerns the sender, or refuse. To others it is not there."""
    found = MEASURES.find(ctx.state, name)
    if found is None or ctx.sender not in (owner_of(name), found.account, *found.panel):
        raise Refused(Refuse.MEASURE_UNKNOWN, facts_of({"measure": name}))
    return found


def approved(name: bytes, found: Measure, by: bytes) -> MeasureApproved:
    """State that a member of the panel has agreed."""
    return MeasureApproved(measure=name, by=by, account=found.account, panel=found.panel)


def carry_out(ctx: Context, name: bytes, found: Measure) -> None:
    """Do what a panel has agreed to, or refuse when the state does not allow it now."""
    asset = Asset(found.currency, owner_of(name))
    if found.measure_kind == MeasureKind.CLAW_BACK:
        taken = balances.claw_back(ctx.state, asset, found.units, found.account, found.to)
        done: ClawedBack | FreezeMadeLonger = ClawedBack(
            measure=name, asset=asset, account=found.account, to=found.to, units=taken, panel=found.panel
        )
    else:
        until = freezes.make_longer(ctx, found.account, asset)
        done = FreezeMadeLonger(measure=name, asset=asset, account=found.account, until=until, panel=found.panel)
    _forget(ctx, name, found)
    ctx.emit(approved(name, found, ctx.sender))
    ctx.emit(done)


def drop(ctx: Context, name: bytes, found: Measure, *, lapsed: bool) -> None:
    """End a measure without effect."""
    _forget(ctx, name, found)
    ctx.emit(MeasureDropped(measure=name, account=found.account, panel=found.panel, lapsed=lapsed))


def _forget(ctx: Context, name: bytes, found: Measure) -> None:
    calendar.unschedule(ctx.state, found.deadline, MEASURES.full_key(name))
    MEASURES.drop(ctx.state, name)
    quota.give_back(ctx.state, found.sponsor, MEASURE_BYTES)


def _deadline_of(measure: Measure) -> int:
    return measure.deadline


def _run_out(ctx: Context, name: bytes, found: Measure, _writes_max: int) -> None:
    drop(ctx, name, found, lapsed=True)


MEASURE_EXIT = Exit(MEASURES, deadline_of=_deadline_of, apply=_run_out)
