"""Holds: a payer sets money aside for a payee, who takes it, or part of it, before a deadline.

    placed ──capture, by the payee──▶ ended: the captured part to the payee, the rest back
      ├─────release, by the payee───▶ ended: all back to the payer
      └─────deadline passes─────────▶ ended: all back to the payer

The payee has to be allowed to receive the money when it is set aside; what the issuer decides later stops no capture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from sogdia.kernel import calendar, quota
from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.operation import Exit, Operation
from sogdia.kernel.receipt import NO_HISTORY
from sogdia.kernel.refusal import Refused, facts_of, require
from sogdia.kernel.values import Account, Hash, Name, PositiveUnits, Reference, Seconds, name_of
from sogdia.modules.money import balances
from sogdia.modules.money.events import HoldEnded, HoldPlaced, ReferenceGiven
from sogdia.modules.money.records import HOLDS, Asset, Hold, Purpose, asset_key
from sogdia.modules.money.refusals import MoneyRefusal as Refuse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import Reader, Table

HOLD_SECONDS_MAX = 400 * 86_400
HOLD_BYTES = 400
"""What a hold counts for in the sponsor's storage, its share of the tree and of the calendar included."""


class PlaceHold(Operation, tag=309):
    """Set money aside for a payee until a deadline."""

    reference: Reference
    payee: Account
    asset: Asset
    units: PositiveUnits
    deadline: Seconds
    purpose: Purpose

    def touches(self, sender: bytes) -> Iterable[tuple[Table[Any, Any], Any]]:
        """Name the hold: an earlier one under this reference may have run out."""
        return ((HOLDS, name_of(sender, self.reference)),)

    def cost(self, state: Reader, sender: bytes) -> tuple[bytes, int]:  # noqa: ARG002 - it says itself what it costs
        """Give what is set aside; the payee may take all of it."""
        return asset_key(self.asset), self.units

    def apply(self, ctx: Context) -> None:
        """Set the money aside."""
        name = name_of(ctx.sender, self.reference)
        require(self.payee != ctx.sender, Refuse.PARTIES_IDENTICAL)
        require(PARTIES.find(ctx.state, self.payee) is not None, Refuse.PAYEE_UNKNOWN, account=self.payee)
        require(self.deadline > ctx.time, Refuse.DEADLINE_PASSED, deadline=self.deadline, time=ctx.time)
        require(self.deadline - ctx.time <= HOLD_SECONDS_MAX, Refuse.DEADLINE_TOO_FAR, longest=HOLD_SECONDS_MAX)
        require(HOLDS.find(ctx.state, name) is None, Refuse.HOLD_EXISTS, hold=name)

        reference, payees = self.travel_rule(), ((self.payee, self.units),)
        balances.set_aside(ctx.state, self.asset, self.units, ctx.sender, payees, reference=reference)
        sponsor = PARTIES.must(ctx.state, ctx.sender).sponsor
        quota.occupy(ctx.state, sponsor, HOLD_BYTES)
        placed = Hold(
            payer=ctx.sender,
            payee=self.payee,
            asset=self.asset,
            units=self.units,
            deadline=self.deadline,
            purpose=self.purpose,
            sponsor=sponsor,
            history=NO_HISTORY,
        )
        HOLDS.put(ctx.state, name, placed)
        calendar.schedule(ctx.state, self.deadline, HOLDS.full_key(name))

        ctx.emit(HoldPlaced(hold=name, payee=self.payee, asset=self.asset, units=self.units, deadline=self.deadline))
        if reference:
            ctx.emit(
                ReferenceGiven(
                    payer=ctx.sender,
                    payee=self.payee,
                    asset=self.asset,
                    units=self.units,
                    travel_reference=reference,
                )
            )

    def travel_rule(self) -> bytes:
        """Give the payment's travel-rule reference, if it has one."""
        return balances.NO_REFERENCE


class PlaceHoldWithReference(PlaceHold, tag=323):
    """Set money aside for a payee until a deadline, with a travel-rule reference."""

    travel_reference: Hash
    """As in `TransferWithReference`."""

    def travel_rule(self) -> bytes:
        """Give the payment's travel-rule reference."""
        return self.travel_reference


class CaptureHold(Operation, tag=310):
    """Take what was set aside for the sender, or a part of it; the rest goes back."""

    hold: Name
    units: PositiveUnits

    def touches(self, sender: bytes) -> Iterable[tuple[Table[Any, Any], Any]]:  # noqa: ARG002 - the same for all senders
        """Name the hold."""
        return ((HOLDS, self.hold),)

    def apply(self, ctx: Context) -> None:
        """Pay the payee and return the rest."""
        found = payee_hold(ctx, self.hold)
        require(self.units <= found.units, Refuse.CAPTURE_TOO_LARGE, held=found.units, asked=self.units)

        end(ctx, self.hold, found, captured=self.units)


class ReleaseHold(Operation, tag=311):
    """Give back what was set aside for the sender."""

    hold: Name

    reserved: ClassVar[bool] = True

    def touches(self, sender: bytes) -> Iterable[tuple[Table[Any, Any], Any]]:  # noqa: ARG002 - the same for all senders
        """Name the hold."""
        return ((HOLDS, self.hold),)

    def apply(self, ctx: Context) -> None:
        """Return it all."""
        found = payee_hold(ctx, self.hold)

        end(ctx, self.hold, found, captured=0)


def payee_hold(ctx: Context, name: bytes) -> Hold:
    """Give a hold whose payee is the sender, or refuse. To those without a part in it, it is not there."""
    found = HOLDS.find(ctx.state, name)
    if found is None or ctx.sender not in (found.payer, found.payee):
        raise Refused(Refuse.HOLD_UNKNOWN, facts_of({"hold": name}))
    require(found.payee == ctx.sender, Refuse.SENDER_NOT_PAYEE)
    return found


def end(ctx: Context, name: bytes, found: Hold, *, captured: int) -> None:
    """Divide what was held between payee and payer, and forget the hold."""
    returned = found.units - captured
    calendar.unschedule(ctx.state, found.deadline, HOLDS.full_key(name))
    balances.keep_promise(
        ctx.state, found.asset, found.units, found.payer, ((found.payee, captured), (found.payer, returned))
    )
    HOLDS.drop(ctx.state, name)
    quota.give_back(ctx.state, found.sponsor, HOLD_BYTES)
    ctx.emit(HoldEnded(hold=name, captured=captured, returned=returned))


def _deadline_of(hold: Hold) -> int:
    return hold.deadline


def _run_out(ctx: Context, name: bytes, found: Hold, writes_max: int) -> None:  # noqa: ARG001 - a hold takes few writes
    end(ctx, name, found, captured=0)


HOLD_EXIT = Exit(HOLDS, deadline_of=_deadline_of, apply=_run_out)
