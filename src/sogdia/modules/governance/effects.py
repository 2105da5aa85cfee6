"""For each action: when it fits the state, and what it does.

`require_fitting` is asked three times: when an action is proposed, when it passes, and when its height has come.
What it let pass, `carry_out` does without refusing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sogdia.modules.governance import actions, member_effects, network_effects

if TYPE_CHECKING:
    from collections.abc import Callable

    from sogdia.kernel.operation import Context


class Effect(NamedTuple):
    """What an action asks for, and does."""

    require_fitting: Callable[[Context, Any], None]
    carry_out: Callable[[Context, Any], None]


EFFECTS: dict[type, Effect] = {
    actions.Admission: Effect(member_effects.admission_fits, member_effects.admit),
    actions.Removal: Effect(member_effects.removal_fits, member_effects.remove),
    actions.PowerChange: Effect(member_effects.power_fits, member_effects.change_power),
    actions.Release: Effect(member_effects.release_fits, member_effects.release),
    actions.LimitsChange: Effect(network_effects.limits_fit, network_effects.set_limits),
    actions.QuotaChange: Effect(network_effects.quota_fits, network_effects.set_quota),
    actions.RegistrarAdmission: Effect(network_effects.registrar_fits, network_effects.set_registrar),
    actions.Dismissal: Effect(network_effects.dismissal_fits, network_effects.dismiss),
    actions.Upgrade: Effect(network_effects.upgrade_fits, network_effects.upgrade),
    actions.Cancellation: Effect(network_effects.cancellation_fits, network_effects.cancel),
}


def require_fitting(ctx: Context, action: actions.Action) -> None:
    """Refuse an action that the state does not allow."""
    EFFECTS[type(action)].require_fitting(ctx, action)


def carry_out(ctx: Context, action: actions.Action) -> None:
    """Do what an action says; it fits."""
    EFFECTS[type(action)].carry_out(ctx, action)
