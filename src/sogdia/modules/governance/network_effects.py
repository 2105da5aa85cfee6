"""What decisions about the network ask for, and do: limits, quotas, registrars, the protocol's version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from sogdia.kernel import protocol, quota
from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.parameters import PARAMETERS, Limits, Parameters
from sogdia.kernel.quota import QUOTAS, Allowance
from sogdia.kernel.refusal import require
from sogdia.modules.governance import agenda
from sogdia.modules.governance.events import (
    LimitsChanged,
    LimitSet,
    QuotaSet,
    RegistrarAdmitted,
    RegistrarDismissed,
    UpgradeInForce,
)
from sogdia.modules.governance.records import PROPOSALS, Ending
from sogdia.modules.governance.refusals import GovernanceRefusal as Refuse
from sogdia.modules.identity import REGISTRARS, Registrar, Role, active_party, admit_registrar, dismiss_registrar

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import Reader
    from sogdia.modules.governance.actions import (
        Cancellation,
        Dismissal,
        LimitsChange,
        QuotaChange,
        RegistrarAdmission,
        Upgrade,
    )


def _limits_after(state: Reader, action: LimitsChange) -> Limits:
    return structs.replace(PARAMETERS.must(state, None).limits, **action.named())


def limits_fit(ctx: Context, action: LimitsChange) -> None:
    """Refuse limits that are so already, or by which no block could hold the largest envelope."""
    after = _limits_after(ctx.state, action)
    require(after != PARAMETERS.must(ctx.state, None).limits, Refuse.NOTHING_CHANGES)
    envelope, block = after.envelope_bytes_max, after.block_bytes_max
    require(envelope <= block, Refuse.LIMITS_OUT_OF_ORDER, envelope_bytes_max=envelope, block_bytes_max=block)


def set_limits(ctx: Context, action: LimitsChange) -> None:
    """Put the limits in force, from the next block on."""
    PARAMETERS.put(ctx.state, None, Parameters(limits=_limits_after(ctx.state, action)))

    ctx.emit(LimitsChanged(limits=tuple(LimitSet(name, value) for name, value in action.named().items())))


def _allowance(action: QuotaChange) -> Allowance:
    return Allowance(action.operations, action.bytes, action.reserved_operations, action.stored_bytes)


def quota_fits(ctx: Context, action: QuotaChange) -> None:
    """Refuse unless the sponsor may be dealt with and what its parties have stored stays allowed."""
    active_party(ctx.state, action.account)
    present = QUOTAS.find(ctx.state, action.account)
    if present is not None:
        require(quota.allowance_of(present) != _allowance(action), Refuse.NOTHING_CHANGES)
        stored = present.stored_bytes
        require(action.stored_bytes >= stored, Refuse.STORAGE_IN_USE, stored=stored, allowed=action.stored_bytes)


def set_quota(ctx: Context, action: QuotaChange) -> None:
    """Allow it."""
    quota.allow(ctx.state, action.account, _allowance(action))

    ctx.emit(
        QuotaSet(
            account=action.account,
            operations=action.operations,
            bytes=action.bytes,
            reserved_operations=action.reserved_operations,
            stored_bytes=action.stored_bytes,
        )
    )


def _registrar(action: RegistrarAdmission) -> Registrar:
    return Registrar(
        countries=action.countries,
        parties_max=action.parties,
        attestations_max=action.attestations,
        period=action.period,
    )


def registrar_fits(ctx: Context, action: RegistrarAdmission) -> None:
    """Refuse unless the party may be dealt with and is not admitted for just this."""
    active_party(ctx.state, action.account)
    present = REGISTRARS.find(ctx.state, action.account)
    if present is not None:
        unused = structs.replace(present, period_start=0, parties_used=0, attestations_used=0)
        require(unused != _registrar(action), Refuse.NOTHING_CHANGES)


def set_registrar(ctx: Context, action: RegistrarAdmission) -> None:
    """Admit the registrar."""
    admit_registrar(ctx.state, action.account, _registrar(action))

    ctx.emit(
        RegistrarAdmitted(
            account=action.account,
            countries=action.countries,
            parties=action.parties,
            attestations=action.attestations,
            period=action.period,
        )
    )


def dismissal_fits(ctx: Context, action: Dismissal) -> None:
    """Refuse unless the party has the role, suspended or not."""
    party = PARTIES.find(ctx.state, action.account)
    is_registrar = party is not None and bool(party.roles & Role.REGISTRAR)
    require(is_registrar, Refuse.NOT_A_REGISTRAR, account=action.account)


def dismiss(ctx: Context, action: Dismissal) -> None:
    """Take the admission back."""
    dismiss_registrar(ctx.state, action.account)

    ctx.emit(RegistrarDismissed(account=action.account))


def upgrade_fits(ctx: Context, action: Upgrade) -> None:
    """Refuse a version that is not later than the one in force, and a second upgrade while one waits."""
    known = protocol.protocol_of(ctx.state)
    require(action.version > known.version, Refuse.VERSION_NOT_LATER, version=action.version, in_force=known.version)
    require(known.next_version is None, Refuse.UPGRADE_WAITS, version=known.next_version or 0)


def upgrade(ctx: Context, action: Upgrade) -> None:
    """Put the version in force, from the next block on."""
    protocol.put_in_force(ctx.state, action.version)

    ctx.emit(UpgradeInForce(version=action.version, from_height=ctx.height + 1))


def cancellation_fits(ctx: Context, action: Cancellation) -> None:
    """Refuse unless the proposal has passed and waits."""
    proposal = PROPOSALS.find(ctx.state, action.proposal)
    waits = proposal is not None and proposal.effect_at is not None
    require(waits, Refuse.PROPOSAL_NOT_WAITING, proposal=action.proposal)


def cancel(ctx: Context, action: Cancellation) -> None:
    """Call the proposal off."""
    agenda.end(ctx, action.proposal, Ending.CANCELLED)
