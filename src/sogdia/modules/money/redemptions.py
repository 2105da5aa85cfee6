"""Redemptions: a holder asks its issuer for the money outside, and the issuer answers in time, or is seen not to.

    asked, units set aside ──confirm, by the issuer──▶ paid: the units are destroyed
      ├──decline, by the issuer──▶ declined: the units come back, with a reason
      └──deadline passes─────────▶ missed: the units come back, and it counts against the issuer

An issuer confirms, and then pays outside by the holder's reference: so it never has paid for units that come back. A
holder cannot take a request back, since the payment may be on its way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from msgspec import structs

from sogdia.kernel import calendar, quota
from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.operation import Exit, Operation
from sogdia.kernel.refusal import Refused, facts_of, require
from sogdia.kernel.values import UNITS_MAX, Name, PositiveUnits, Reference, name_of, owner_of
from sogdia.modules.money import balances
from sogdia.modules.money.events import RedemptionDeclined, RedemptionMissed, RedemptionPaid, RedemptionRequested
from sogdia.modules.money.issuer_records import CONDUCT, REDEMPTIONS, RULES, Reason, Redeemed, Redemption
from sogdia.modules.money.records import Asset, EndToEnd, asset_key
from sogdia.modules.money.refusals import MoneyRefusal as Refuse
from sogdia.modules.money.reserves import conduct_of
from sogdia.modules.money.texts import check_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import Reader, State, Table

Sum = Literal["asked", "paid", "declined", "missed"]

REDEMPTION_BYTES = 400
"""What a redemption counts for in the sponsor's storage, its share of the tree and of the calendar included."""


class RequestRedemption(Operation, tag=315):
    """Ask an issuer to pay out its money outside; the units are set aside until it has, or the deadline passes."""

    reference: Reference
    asset: Asset
    units: PositiveUnits
    payout: EndToEnd
    """The reference for the payment outside, agreed with the issuer: no names, no account numbers of persons."""

    def check(self) -> None:
        """Refuse a reference that could deceive its reader."""
        check_text(self.payout)

    def touches(self, sender: bytes) -> Iterable[tuple[Table[Any, Any], Any]]:
        """Name the redemption: an earlier one under this reference may have run out."""
        return ((REDEMPTIONS, name_of(sender, self.reference)),)

    def cost(self, state: Reader, sender: bytes) -> tuple[bytes, int]:  # noqa: ARG002 - it says itself what it costs
        """Give what is set aside; the issuer destroys it."""
        return asset_key(self.asset), self.units

    def apply(self, ctx: Context) -> None:
        """Set the units aside."""
        name = name_of(ctx.sender, self.reference)
        require(ctx.sender != self.asset.issuer, Refuse.PARTIES_IDENTICAL)
        require(REDEMPTIONS.find(ctx.state, name) is None, Refuse.REDEMPTION_EXISTS, redemption=name)

        balances.set_aside_past_limits(ctx.state, self.asset, self.units, ctx.sender)
        sponsor = PARTIES.must(ctx.state, ctx.sender).sponsor
        quota.occupy(ctx.state, sponsor, REDEMPTION_BYTES)
        deadline = ctx.time + RULES.must(ctx.state, None).redemption_period
        asked = Redemption(asset=self.asset, units=self.units, payout=self.payout, deadline=deadline, sponsor=sponsor)
        REDEMPTIONS.put(ctx.state, name, asked)
        calendar.schedule(ctx.state, deadline, REDEMPTIONS.full_key(name))
        count(ctx.state, asked, "asked")

        ctx.emit(
            RedemptionRequested(
                redemption=name, asset=self.asset, units=self.units, payout=self.payout, deadline=deadline
            )
        )


class ConfirmRedemption(Operation, tag=316):
    """Destroy the units of a redemption, as its issuer, which then pays outside."""

    redemption: Name

    reserved: ClassVar[bool] = True

    def touches(self, sender: bytes) -> Iterable[tuple[Table[Any, Any], Any]]:  # noqa: ARG002 - the same for all senders
        """Name the redemption."""
        return ((REDEMPTIONS, self.redemption),)

    def apply(self, ctx: Context) -> None:
        """Destroy what was set aside."""
        found = issuer_s_redemption(ctx, self.redemption)

        balances.redeem(ctx.state, found.asset, found.units, owner_of(self.redemption))
        end(ctx, self.redemption, found, "paid")

        ctx.emit(RedemptionPaid(redemption=self.redemption, asset=found.asset, units=found.units))


class DeclineRedemption(Operation, tag=317):
    """Give the units of a redemption back, as its issuer, for a stated reason."""

    redemption: Name
    reason: Reason

    reserved: ClassVar[bool] = True

    def check(self) -> None:
        """Refuse a reason that could deceive its reader."""
        check_text(self.reason)

    def touches(self, sender: bytes) -> Iterable[tuple[Table[Any, Any], Any]]:  # noqa: ARG002 - the same for all senders
        """Name the redemption."""
        return ((REDEMPTIONS, self.redemption),)

    def apply(self, ctx: Context) -> None:
        """Return what was set aside."""
        found = issuer_s_redemption(ctx, self.redemption)

        give_back(ctx, self.redemption, found, "declined")

        ctx.emit(
            RedemptionDeclined(redemption=self.redemption, asset=found.asset, units=found.units, reason=self.reason)
        )


def issuer_s_redemption(ctx: Context, name: bytes) -> Redemption:
    """Give a redemption that the sender is asked for, or refuse. To those without a part in it, it is not there."""
    found = REDEMPTIONS.find(ctx.state, name)
    if found is None or ctx.sender not in (owner_of(name), found.asset.issuer):
        raise Refused(Refuse.REDEMPTION_UNKNOWN, facts_of({"redemption": name}))
    require(ctx.sender == found.asset.issuer, Refuse.SENDER_NOT_ISSUER)
    return found


def give_back(ctx: Context, name: bytes, found: Redemption, how: Sum) -> None:
    """Return the units of a redemption that comes to nothing."""
    holder = owner_of(name)
    balances.keep_promise(ctx.state, found.asset, found.units, holder, ((holder, found.units),))
    end(ctx, name, found, how)


def end(ctx: Context, name: bytes, found: Redemption, how: Sum) -> None:
    """Forget a redemption, and count how it ended."""
    calendar.unschedule(ctx.state, found.deadline, REDEMPTIONS.full_key(name))
    REDEMPTIONS.drop(ctx.state, name)
    quota.give_back(ctx.state, found.sponsor, REDEMPTION_BYTES)
    count(ctx.state, found, how)


def count(state: State, found: Redemption, how: Sum) -> None:
    """Add a redemption to one of the sums by which its issuer is measured.

    A sum stops at the most that it can say: the same units may be asked for again and again.
    """
    known = conduct_of(state, found.asset)
    before: Redeemed = getattr(known, how)
    after = Redeemed(before.times + 1, min(before.units + found.units, UNITS_MAX))
    CONDUCT.put(state, found.asset, structs.replace(known, **{how: after}))


def _deadline_of(redemption: Redemption) -> int:
    return redemption.deadline


def _run_out(ctx: Context, name: bytes, found: Redemption, _writes_max: int) -> None:
    give_back(ctx, name, found, "missed")
    ctx.emit(RedemptionMissed(redemption=name, asset=found.asset, units=found.units))


REDEMPTION_EXIT = Exit(REDEMPTIONS, deadline_of=_deadline_of, apply=_run_out)
