"""The currencies that a network begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from sogdia.kernel.parameters import DAY
from sogdia.kernel.refusal import Broken, Refused, ensure
from sogdia.kernel.values import CurrencyCode, PositiveUnits, Reference, Units
from sogdia.modules.identity import Role, has_role
from sogdia.modules.money.iso4217 import MINOR_DIGITS
from sogdia.modules.money.issuer_records import RULES, MoneyRules, Term
from sogdia.modules.money.policies import check_policy, is_apart
from sogdia.modules.money.records import (
    AUDITORS_MAX,
    CURRENCIES,
    PANEL_MAX,
    TIERS,
    Asset,
    Currency,
    Policy,
    TierLimit,
)

if TYPE_CHECKING:
    from sogdia.kernel.genesis import GenesisContext


class GenesisPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an issuer binds itself to from the start: as `records.Policy`, with parties by their references."""

    auditors: Annotated[tuple[Reference, ...], Meta(max_length=AUDITORS_MAX)] = ()
    auditors_needed: int | None = None
    """All that are named, unless fewer suffice."""
    panel: Annotated[tuple[Reference, ...], Meta(max_length=PANEL_MAX)] = ()
    panel_needed: int | None = None
    """All that are named, unless fewer suffice."""
    limits: Annotated[tuple[TierLimit, ...], Meta(max_length=TIERS)] = ()
    reference_from: Units = 0


class GenesisCurrency(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A currency that an issuer offers from the start, with nothing in circulation."""

    currency: CurrencyCode
    issuer: Reference
    supply_max: PositiveUnits = 10**15
    holder_max: PositiveUnits = 10**15
    by_authorisation: bool = False
    policy: GenesisPolicy | None = None


class MoneyGenesis(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The currencies from the start, and what holds for all issuers, in seconds."""

    currencies: tuple[GenesisCurrency, ...] = ()
    freeze_term: Term = 30 * DAY
    """How long an issuer can freeze a holder by itself."""
    freeze_rest: Term = 90 * DAY
    """For how long it then cannot."""
    measure_period: Term = 14 * DAY
    """For a panel to agree to a measure."""
    redemption_period: Term = 5 * DAY
    """For an issuer to redeem."""


def load_genesis(context: GenesisContext, section: MoneyGenesis) -> None:
    """Write the rules down and open the currencies; a network with a wrong genesis does not start."""
    rules = MoneyRules(
        freeze_term=section.freeze_term,
        freeze_rest=section.freeze_rest,
        measure_period=section.measure_period,
        redemption_period=section.redemption_period,
    )
    RULES.put(context.state, None, rules)
    for each in section.currencies:
        issuer = context.account(each.issuer)
        ensure(each.currency in MINOR_DIGITS, f"genesis: {each.currency} is not an ISO 4217 code")
        ensure(has_role(context.state, issuer, Role.ISSUER), f"genesis: {each.issuer} is not an issuer")
        asset = Asset(each.currency, issuer)
        ensure(CURRENCIES.find(context.state, asset) is None, f"genesis opens {each.currency} twice")
        opened = Currency(
            digits=MINOR_DIGITS[each.currency],
            supply=0,
            supply_max=each.supply_max,
            holder_max=each.holder_max,
            by_authorisation=each.by_authorisation,
            policy=None if each.policy is None else _policy(context, issuer, each.policy),
        )
        CURRENCIES.put(context.state, asset, opened)


def _policy(context: GenesisContext, issuer: bytes, stated: GenesisPolicy) -> Policy:
    """Put accounts in the place of references, and look that the policy holds."""
    needed = (stated.auditors_needed, stated.panel_needed)
    policy = Policy(
        auditors=tuple(context.account(each) for each in stated.auditors),
        auditors_needed=len(stated.auditors) if needed[0] is None else needed[0],
        panel=tuple(context.account(each) for each in stated.panel),
        panel_needed=len(stated.panel) if needed[1] is None else needed[1],
        limits=stated.limits,
        reference_from=stated.reference_from,
    )
    try:
        check_policy(policy)
    except Refused as refused:
        raise Broken(f"genesis: a policy is refused: {refused.code.name}") from None
    for each in (*policy.auditors, *policy.panel):
        ensure(
            is_apart(context.state, each, issuer), "genesis: a policy names somebody who is not apart from its issuer"
        )
    return policy
