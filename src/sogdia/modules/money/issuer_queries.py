"""Questions about what binds an issuer and its holders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from sogdia.kernel.operation import Query
from sogdia.kernel.parameters import DAY
from sogdia.kernel.values import Account, CurrencyCode, Name, Seconds, Units
from sogdia.modules.money.issuer_records import (
    FREEZES,
    MEASURES,
    REDEMPTIONS,
    STANDINGS,
    Freeze,
    Measure,
    Redeemed,
    Redemption,
    Standing,
    Statement,
)
from sogdia.modules.money.limits import spent_on, tier_of
from sogdia.modules.money.records import CURRENCIES, Asset, Policy
from sogdia.modules.money.reserves import conduct_of, vouched_for

if TYPE_CHECKING:
    from sogdia.kernel.state import Reader


class Issuance(msgspec.Struct, frozen=True, kw_only=True):
    """What an issuer has bound itself to, what its auditors say, and how it has redeemed."""

    supply: Units
    supply_max: Units
    holder_max: Units
    by_authorisation: bool
    policy: Policy
    statements: tuple[Statement, ...]
    vouched_for: Units | None
    """How much may exist by the statements that are good at the moment asked about; nothing when too few are."""
    asked: Redeemed
    paid: Redeemed
    declined: Redeemed
    missed: Redeemed


class IssuanceQuery(Query, tag="issuance"):
    """A currency with its policy, its reserve at a moment, and its issuer's record of redemptions."""

    currency: CurrencyCode
    issuer: Account
    at: Seconds

    def answer(self, state: Reader) -> Issuance | None:
        """Put it together, or give nothing when there is no such currency."""
        asset = Asset(self.currency, self.issuer)
        found = CURRENCIES.find(state, asset)
        if found is None:
            return None
        policy, conduct = found.policy or Policy(), conduct_of(state, asset)
        return Issuance(
            supply=found.supply,
            supply_max=found.supply_max,
            holder_max=found.holder_max,
            by_authorisation=found.by_authorisation,
            policy=policy,
            statements=conduct.statements,
            vouched_for=vouched_for(state, asset, policy, self.at) if policy.auditors else None,
            asked=conduct.asked,
            paid=conduct.paid,
            declined=conduct.declined,
            missed=conduct.missed,
        )


class Allowance(msgspec.Struct, frozen=True, kw_only=True):
    """What an asset's limits let a holder pay or set aside."""

    account: Account
    tier: int
    payment_most: Units | None
    """At once; nothing where there is no limit."""
    day_most: Units | None
    spent: Units
    """On the day asked about."""
    left: Units | None


class AllowanceQuery(Query, tag="allowance"):
    """A holder's limits in an asset, and what is left of them on the day of a moment."""

    account: Account
    currency: CurrencyCode
    issuer: Account
    at: Seconds

    def answer(self, state: Reader) -> Allowance:
        """Look up the tier and what it allows."""
        asset = Asset(self.currency, self.issuer)
        found = CURRENCIES.find(state, asset)
        policy = None if found is None or self.account == self.issuer else found.policy
        limits = () if policy is None else policy.limits
        tier, spent = tier_of(state, self.account, self.at), spent_on(state, asset, self.account, self.at // DAY)
        limit = limits[tier] if limits else None
        return Allowance(
            account=self.account,
            tier=tier,
            payment_most=None if limit is None else limit.payment_most,
            day_most=None if limit is None else limit.day_most,
            spent=spent,
            left=None if limit is None else max(0, limit.day_most - spent),
        )


class FreezeQuery(Query, tag="freeze"):
    """An issuer's freeze of a holder: until when it can hold, and until when it rests."""

    account: Account
    currency: CurrencyCode
    issuer: Account

    def answer(self, state: Reader) -> Freeze | None:
        """Give the freeze's record, or nothing. Whether it holds now stands in the balance."""
        return FREEZES.find(state, (self.account, Asset(self.currency, self.issuer)))


class MeasureQuery(Query, tag="measure"):
    """A measure that waits for its panel."""

    name: Name

    def answer(self, state: Reader) -> Measure | None:
        """Give the measure's record, or nothing."""
        return MEASURES.find(state, self.name)


class RedemptionQuery(Query, tag="redemption"):
    """A redemption that waits for its issuer."""

    name: Name

    def answer(self, state: Reader) -> Redemption | None:
        """Give the redemption's record, or nothing."""
        return REDEMPTIONS.find(state, self.name)


class StandingQuery(Query, tag="standing"):
    """By which attestation a party says who it is."""

    account: Account

    def answer(self, state: Reader) -> Standing | None:
        """Give the record, or nothing."""
        return STANDINGS.find(state, self.account)
