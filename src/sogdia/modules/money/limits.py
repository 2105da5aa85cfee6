"""Limits: what a holder may pay or set aside at once and on one day, by how well it is known; travel-rule references.

Held against every wish in `balances`, and against no promise kept: what comes back, or was promised, is under no limit.
A holder says by which attestation it is known; the attestation is looked at whenever it pays, so one that was withdrawn
or has expired counts no more. What was set aside counts on its day, also when it comes back later. Of an order that is
paid in two steps both count when it is placed, so that no limit comes between them: a limit is on what is promised in a
day, and what was promised on several may be paid on one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.kernel.parameters import DAY
from sogdia.kernel.refusal import require
from sogdia.modules.identity import assurance_of
from sogdia.modules.money.issuer_records import SPENDING, STANDINGS, Spending
from sogdia.modules.money.refusals import MoneyRefusal as Refuse

if TYPE_CHECKING:
    from sogdia.kernel.state import Reader, State
    from sogdia.modules.money.records import Asset, Policy


def tier_of(state: Reader, account: bytes, time: int) -> int:
    """Give how well a party is known: 0 when it has not shown who it is, or the level of what it has shown."""
    standing = STANDINGS.find(state, account)
    return 0 if standing is None else assurance_of(state, standing.attestation, account, time)


def spent_on(state: Reader, asset: Asset, account: bytes, day: int) -> int:
    """Give how much a holder has spent on a day, if it is the last on which it has spent anything."""
    known = SPENDING.find(state, (account, asset))
    return known.units if known is not None and known.day == day else 0


def require_reference(policy: Policy, units: int, reference: bytes) -> None:
    """Refuse a payment between two parties that is large enough for a reference and has none."""
    needed = 0 < policy.reference_from <= units
    require(not needed or bool(reference), Refuse.REFERENCE_MISSING, needed_from=policy.reference_from)


def spending_after(state: State, asset: Asset, policy: Policy, payer: bytes, units: int) -> Spending | None:
    """Give what a holder will have spent today, or refuse; nothing where it is under no limit. Writes nothing.

    An issuer is under none in its own money.
    """
    if not policy.limits or payer == asset.issuer:
        return None
    limit = policy.limits[tier_of(state, payer, state.time)]
    require(units <= limit.payment_most, Refuse.PAYMENT_ABOVE_LIMIT, most=limit.payment_most, asked=units)
    day = state.time // DAY
    total = spent_on(state, asset, payer, day) + units
    require(total <= limit.day_most, Refuse.DAY_LIMIT_PASSED, most=limit.day_most, asked=units)
    return Spending(day=day, units=total)
