"""Mandates: a party lets an agent ask for named operations in its name, up to caps, for a time.

    granted ──used, by its agent──▶ granted, with less left in the period
       │
       └──revoked, by the grantor, or void once the grantor's keys were recovered──▶ worth nothing

The kernel reads and counts them before an operation is applied; the identity module alone grants and revokes. An
operation that carries a mandate's name is asked by the grantor, though the agent signs it and the agent's sponsor pays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta, Struct, structs

from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.codec import Record
from sogdia.kernel.refusal import Refused, facts_of, require
from sogdia.kernel.refusals import KernelRefusal as Refuse
from sogdia.kernel.state import Table
from sogdia.kernel.values import Account, AssetKey, Seconds, Units, owner_of

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context, Operation
    from sogdia.kernel.state import Reader

OPERATIONS_MAX = 64
CAPS_MAX = 16

OperationNumber = Annotated[int, Meta(ge=200, le=9_999)]
Period = Annotated[int, Meta(ge=1, le=2**31 - 1)]


class Cap(Struct, frozen=True, array_like=True, gc=False):
    """How much of one money an agent may spend: with one operation, and in one period."""

    asset: AssetKey
    per_operation: Units
    per_period: Units


class Mandate(Record):
    """What an agent may do in its grantor's name."""

    agent: Account
    operations: Annotated[tuple[OperationNumber, ...], Meta(min_length=1, max_length=OPERATIONS_MAX)]
    caps: Annotated[tuple[Cap, ...], Meta(max_length=CAPS_MAX)]
    period: Period
    """How long a period is; the first begins with the mandate."""
    valid_from: Seconds
    valid_until: Seconds
    consent_needed: bool
    consent_given: bool
    """Whether a one-time code has opened it for one operation."""
    recoveries: int
    """How often the grantor's keys had been recovered when it was granted."""
    sponsor: Account
    """Whose storage it takes."""
    period_number: int = 0
    spent: tuple[Units, ...] = ()
    """What has been spent in that period, cap by cap."""


def _show_name(key: bytes) -> dict[str, Any]:
    return {"name": key}


MANDATES: Table[bytes, Mandate] = Table("kernel/mandates", 11, Mandate, show_key=_show_name)


def use(ctx: Context, operation: Operation, number: int, name: bytes) -> bytes:
    """Let the sender, an agent, ask for an operation under a mandate, or refuse; give the grantor, the asker now."""
    state, agent, time, grantor = ctx.state, ctx.sender, ctx.time, owner_of(name)
    mandate = known_mandate(state, name, agent)
    party = PARTIES.must(state, grantor)
    require(mandate.agent == agent, Refuse.MANDATE_OF_ANOTHER)
    # The reserved lane lets a suspended party protect its own affairs, not act in another's name.
    require(not PARTIES.must(state, agent).suspended, Refuse.SIGNER_SUSPENDED, account=agent)
    due = party.recovers_at is not None and time > party.recovers_at
    require(mandate.recoveries == party.recoveries and not due, Refuse.MANDATE_VOID)
    require(time >= mandate.valid_from, Refuse.MANDATE_NOT_YET_VALID, valid_from=mandate.valid_from, time=time)
    require(time <= mandate.valid_until, Refuse.MANDATE_EXPIRED, valid_until=mandate.valid_until, time=time)
    require(not party.suspended, Refuse.GRANTOR_SUSPENDED, grantor=grantor)
    require(number in mandate.operations, Refuse.MANDATE_NOT_FOR_OPERATION, operation=number)
    require(mandate.consent_given or not mandate.consent_needed, Refuse.CONSENT_MISSING)
    after = _spend(mandate, operation.cost(state, grantor), time)
    if after.consent_given:
        after = structs.replace(after, consent_given=False)
    if after is not mandate:
        MANDATES.put(state, name, after)
    return grantor


def known_mandate(state: Reader, name: bytes, sender: bytes) -> Mandate:
    """Give a mandate in which the sender has a part, or refuse: to others it is not there."""
    mandate = MANDATES.find(state, name)
    if mandate is None or sender not in (mandate.agent, owner_of(name)):
        raise Refused(Refuse.MANDATE_UNKNOWN, facts_of({"mandate": name}))
    return mandate


def _spend(mandate: Mandate, cost: tuple[bytes, int] | None, time: int) -> Mandate:
    """Count what an operation can cost against the caps, or refuse; what costs nothing leaves the mandate as it is."""
    if cost is None or cost[1] == 0:
        return mandate
    asset, units = cost
    place = next((at for at, cap in enumerate(mandate.caps) if cap.asset == asset), None)
    if place is None:
        require(condition=False, code=Refuse.MANDATE_NOT_FOR_MONEY, asset=asset, units=units)
        return mandate
    cap = mandate.caps[place]
    require(units <= cap.per_operation, Refuse.MANDATE_CAP_OF_OPERATION, cap=cap.per_operation, asked=units)
    period_number = (time - mandate.valid_from) // mandate.period
    nothing = (0,) * len(mandate.caps)
    spent = mandate.spent if mandate.spent and period_number == mandate.period_number else nothing
    left = cap.per_period - spent[place]
    require(units <= left, Refuse.MANDATE_CAP_OF_PERIOD, left=left, asked=units)
    counted = (*spent[:place], spent[place] + units, *spent[place + 1 :])
    return structs.replace(mandate, period_number=period_number, spent=counted)
