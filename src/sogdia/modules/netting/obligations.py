"""Obligations: what a debtor owes a creditor on a date, as an invoice, freight or a fee says.

    stated ──accept──▶ accepted ──pay, forgive, be netted──▶ … ──nothing is left──▶ gone
       └─decline, by the debtor or the creditor─▶ gone

An obligation counts once the debtor has accepted it. Who names a coordinator when stating one, and who accepts it for
netting, lets that coordinator see it and net it: both have to, and each may take it out again. Nothing here moves money
but `PayObligations`.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, ClassVar

import msgspec
from msgspec import Meta, structs

from sogdia.kernel import quota
from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.operation import Operation
from sogdia.kernel.refusal import Refused, facts_of, require
from sogdia.kernel.text import text_problem
from sogdia.kernel.values import Account, Name, PositiveUnits, Reference, Seconds, name_of, owner_of
from sogdia.modules.money import Asset, asset_key, currency_of, move
from sogdia.modules.money.records import EndToEnd
from sogdia.modules.netting import pools
from sogdia.modules.netting.events import (
    ObligationAccepted,
    ObligationDeclined,
    ObligationForgiven,
    ObligationPaid,
    ObligationStated,
    PoolLeft,
)
from sogdia.modules.netting.records import OBLIGATIONS, Obligation
from sogdia.modules.netting.refusals import NettingRefusal as Refuse

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import Reader

DAY = 86_400
DUE_SECONDS_MAX = 400 * DAY
PAYMENTS_MAX = 100
LEAVING_MAX = 100


class StateObligation(Operation, tag=800):
    """Say that a debtor owes the sender something on a date; with a coordinator, that it may be netted."""

    reference: Reference
    debtor: Account
    asset: Asset
    units: PositiveUnits
    due: Seconds
    coordinator: Account | None
    end_to_end: EndToEnd

    def check(self) -> None:
        """Refuse what is no date, and a reference that could deceive its reader."""
        require(self.due % DAY == 0, Refuse.DUE_NOT_A_DATE, due=self.due)
        problem = text_problem(self.end_to_end)
        require(problem is None, Refuse.TEXT_NOT_ALLOWED, problem=0 if problem is None else int(problem))

    def apply(self, ctx: Context) -> None:
        """Write it down."""
        name = name_of(ctx.sender, self.reference)
        require(self.debtor != ctx.sender, Refuse.PARTIES_IDENTICAL)
        require(PARTIES.find(ctx.state, self.debtor) is not None, Refuse.DEBTOR_UNKNOWN, account=self.debtor)
        coordinator = self.coordinator
        known = coordinator is None or PARTIES.find(ctx.state, coordinator) is not None
        require(known, Refuse.COORDINATOR_UNKNOWN, account=coordinator or b"")
        require(self.due - ctx.time <= DUE_SECONDS_MAX, Refuse.DUE_TOO_FAR, longest=DUE_SECONDS_MAX)
        require(OBLIGATIONS.find(ctx.state, name) is None, Refuse.OBLIGATION_EXISTS, obligation=name)
        currency_of(ctx.state, self.asset)

        sponsor = PARTIES.must(ctx.state, ctx.sender).sponsor
        quota.occupy(ctx.state, sponsor, pools.OBLIGATION_BYTES)
        stated = Obligation(
            debtor=self.debtor,
            asset=self.asset,
            due=self.due,
            units=self.units,
            left=self.units,
            accepted=False,
            coordinator=coordinator,
            slot=None,
            batch=None,
            flow=0,
            end_to_end=self.end_to_end,
            sponsor=sponsor,
        )
        OBLIGATIONS.put(ctx.state, name, stated)

        ctx.emit(
            ObligationStated(obligation=name, debtor=self.debtor, asset=self.asset, units=self.units, due=self.due)
        )


class AcceptObligation(Operation, tag=801):
    """Acknowledge what the sender owes. For netting, its coordinator may see and net it as well."""

    obligation: Name
    netting: bool

    def cost(self, state: Reader, sender: bytes) -> tuple[bytes, int] | None:  # noqa: ARG002 - the same for all senders
        """Give what is promised."""
        known = OBLIGATIONS.find(state, self.obligation)
        return None if known is None else (asset_key(known.asset), known.units)

    def apply(self, ctx: Context) -> None:
        """Let it count, and enter it into its pool."""
        obligation = find_obligation(ctx, self.obligation)
        require(obligation.debtor == ctx.sender, Refuse.SENDER_NOT_DEBTOR)
        require(not obligation.accepted, Refuse.OBLIGATION_ACCEPTED)
        accepted = structs.replace(obligation, accepted=True)
        if self.netting:
            require(obligation.coordinator is not None, Refuse.NO_COORDINATOR)
            pools.require_room(ctx, pools.pool_of(self.obligation, obligation))

            pools.enter(ctx.state, self.obligation, accepted)
        else:
            OBLIGATIONS.put(ctx.state, self.obligation, structs.replace(accepted, coordinator=None))

        ctx.emit(ObligationAccepted(obligation=self.obligation, debtor=ctx.sender, netting=self.netting))


class DeclineObligation(Operation, tag=802):
    """Turn an obligation down that has not been accepted; its creditor takes it back the same way."""

    obligation: Name

    reserved: ClassVar[bool] = True

    def apply(self, ctx: Context) -> None:
        """Forget it."""
        obligation = find_obligation(ctx, self.obligation)
        is_side = ctx.sender in (obligation.debtor, owner_of(self.obligation))
        require(is_side, Refuse.SENDER_IS_COORDINATOR)
        require(not obligation.accepted, Refuse.OBLIGATION_ACCEPTED)

        pools.forget(ctx.state, self.obligation, obligation)

        ctx.emit(ObligationDeclined(obligation=self.obligation, debtor=obligation.debtor))


class Payment(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is paid of an obligation."""

    obligation: Name
    units: PositiveUnits


class PayObligations(Operation, tag=803):
    """Pay what the sender owes, whole or in part: all that is named, to several creditors, or nothing."""

    asset: Asset
    payments: Annotated[tuple[Payment, ...], Meta(min_length=1, max_length=PAYMENTS_MAX)]

    def check(self) -> None:
        """Refuse names out of order."""
        require_rising([each.obligation for each in self.payments])

    def cost(self, state: Reader, sender: bytes) -> tuple[bytes, int]:  # noqa: ARG002 - it says itself what it costs
        """Give what is paid in all."""
        return asset_key(self.asset), sum(each.units for each in self.payments)

    def apply(self, ctx: Context) -> None:
        """Move the money, obligation by obligation."""
        for each in self.payments:
            obligation = find_obligation(ctx, each.obligation)
            require(obligation.debtor == ctx.sender, Refuse.SENDER_NOT_DEBTOR)
            require(obligation.accepted, Refuse.OBLIGATION_NOT_ACCEPTED, obligation=each.obligation)
            require(obligation.asset == self.asset, Refuse.MONIES_DIFFER, obligation=each.obligation)
            require_left(each.obligation, obligation, each.units)
            pools.require_not_held(ctx, each.obligation, obligation)

        for each in self.payments:
            # The obligation says who owes whom: it is its own travel-rule reference.
            creditor = owner_of(each.obligation)
            move(ctx.state, self.asset, each.units, ctx.sender, creditor, reference=each.obligation)
        for each in self.payments:
            left = pools.reduce(ctx, each.obligation, each.units)
            ctx.emit(
                ObligationPaid(
                    obligation=each.obligation, debtor=ctx.sender, asset=self.asset, units=each.units, left=left
                )
            )


class ForgiveObligation(Operation, tag=804):
    """Let a debtor of the sender's off an obligation, or a part of it, as with a credit note."""

    obligation: Reference
    units: PositiveUnits

    def apply(self, ctx: Context) -> None:
        """Reduce it."""
        name = name_of(ctx.sender, self.obligation)
        obligation = find_obligation(ctx, name)
        require(obligation.accepted, Refuse.OBLIGATION_NOT_ACCEPTED, obligation=name)
        require_left(name, obligation, self.units)
        pools.require_not_held(ctx, name, obligation)

        left = pools.reduce(ctx, name, self.units)

        ctx.emit(
            ObligationForgiven(
                obligation=name, debtor=obligation.debtor, asset=obligation.asset, units=self.units, left=left
            )
        )


class LeavePool(Operation, tag=805):
    """Take obligations out of netting for good; debtor, creditor and coordinator each may. They stay owed."""

    obligations: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=LEAVING_MAX)]

    reserved: ClassVar[bool] = True

    def check(self) -> None:
        """Refuse names out of order."""
        require_rising(self.obligations)

    def apply(self, ctx: Context) -> None:
        """Take them out."""
        for name in self.obligations:
            obligation = find_obligation(ctx, name)
            require(obligation.slot is not None, Refuse.OBLIGATION_NOT_POOLED, obligation=name)
            pools.require_not_held(ctx, name, obligation)

        for name in self.obligations:
            obligation = pools.written_down(ctx, name)
            pools.leave(ctx.state, name, obligation)
            OBLIGATIONS.put(ctx.state, name, structs.replace(obligation, coordinator=None, slot=None))
            ctx.emit(PoolLeft(obligation=name, debtor=obligation.debtor, by=ctx.sender))


def find_obligation(ctx: Context, name: bytes) -> Obligation:
    """Give an obligation as it stands, or refuse. To those without a part in it, it is not there."""
    found = OBLIGATIONS.find(ctx.state, name)
    if found is None or ctx.sender not in (found.debtor, owner_of(name), found.coordinator):
        raise Refused(Refuse.OBLIGATION_UNKNOWN, facts_of({"obligation": name}))
    now = pools.as_it_stands(ctx.state, found, ctx.time)
    require(now.left > 0, Refuse.OBLIGATION_UNKNOWN, obligation=name)
    return now


def require_left(name: bytes, obligation: Obligation, units: int) -> None:
    """Refuse more than is left."""
    require(units <= obligation.left, Refuse.UNITS_ABOVE_LEFT, obligation=name, left=obligation.left, named=units)


def require_rising(names: tuple[bytes, ...] | list[bytes]) -> None:
    """Refuse names out of order: a list has one spelling, and names nothing twice."""
    require(all(a < b for a, b in pairwise(names)), Refuse.NAMES_NOT_IN_ORDER)
