"""Ending proposals of guardians: one by one, or all that a party has when its keys or guardians change otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.kernel import calendar, quota
from sogdia.modules.identity.records import GUARDIANS, RECOVERIES, Recovery, recovery_key

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context

RECOVERY_BYTES = 1_200
"""What a proposal counts for in the storage of its guardian's sponsor."""


def drop(ctx: Context, key: bytes, recovery: Recovery) -> None:
    """Forget a proposal and give back its storage."""
    calendar.unschedule(ctx.state, recovery.deadline, RECOVERIES.full_key(key))
    RECOVERIES.drop(ctx.state, key)
    quota.give_back(ctx.state, recovery.sponsor, RECOVERY_BYTES)


def drop_recoveries(ctx: Context, account: bytes) -> None:
    """Forget every proposal for a party. Only its present guardians have any, so there are few."""
    known = GUARDIANS.find(ctx.state, account)
    for guardian in () if known is None else known.guardians:
        key = recovery_key(account, guardian)
        recovery = RECOVERIES.find(ctx.state, key)
        if recovery is not None:
            drop(ctx, key, recovery)
