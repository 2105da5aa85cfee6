"""Policies: what an issuer binds itself to when it opens a currency, and what of that may change later."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, structs

from sogdia.kernel import quota
from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.operation import Operation
from sogdia.kernel.refusal import Refused, require
from sogdia.kernel.values import CurrencyCode, Name, PositiveUnits, Units
from sogdia.modules.identity import Kind, Role, assurance_of, has_role
from sogdia.modules.money.events import CurrencyOpened, LimitsSet, StandingShown
from sogdia.modules.money.iso4217 import MINOR_DIGITS
from sogdia.modules.money.issuer_records import STANDINGS, Standing
from sogdia.modules.money.records import CURRENCIES, TIERS, Asset, Currency, Policy, TierLimit
from sogdia.modules.money.refusals import MoneyRefusal as Refuse

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import Reader

STANDING_BYTES = 200
"""What a standing counts for in the sponsor's storage, its share of the tree included."""

PANEL_NEEDED_LEAST = 2
"""Never one organisation alone beside the issuer."""


class OpenRegulatedCurrency(Operation, tag=312):
    """Begin to issue a currency under a policy that binds the sender from then on."""

    currency: CurrencyCode
    supply_max: PositiveUnits
    holder_max: PositiveUnits
    by_authorisation: bool
    policy: Policy

    def check(self) -> None:
        """Refuse codes that ISO 4217 does not know, and policies that no state could make right."""
        require(self.currency in MINOR_DIGITS, Refuse.CURRENCY_CODE_UNKNOWN, currency=self.currency)
        require(self.policy != Policy(), Refuse.POLICY_BINDS_NOBODY)
        check_policy(self.policy)

    def apply(self, ctx: Context) -> None:
        """Open the currency with nothing in circulation."""
        require(has_role(ctx.state, ctx.sender, Role.ISSUER), Refuse.SENDER_NOT_ISSUER)
        asset = Asset(self.currency, ctx.sender)
        require(CURRENCIES.find(ctx.state, asset) is None, Refuse.CURRENCY_EXISTS, currency=self.currency)
        for each in (*self.policy.auditors, *self.policy.panel):
            require(is_apart(ctx.state, each, ctx.sender), Refuse.OVERSEER_DEPENDENT, account=each)

        digits = MINOR_DIGITS[self.currency]
        opened = Currency(
            digits=digits,
            supply=0,
            supply_max=self.supply_max,
            holder_max=self.holder_max,
            by_authorisation=self.by_authorisation,
            policy=self.policy,
        )
        CURRENCIES.put(ctx.state, asset, opened)

        ctx.emit(CurrencyOpened(asset=asset, digits=digits))


class SetLimits(Operation, tag=313):
    """Widen the limits of the sender's currency, and say from which amount on a payment needs a reference.

    Limits are not narrowed: a limit of nothing would be a freeze without an end.
    """

    currency: CurrencyCode
    limits: Annotated[tuple[TierLimit, ...], Meta(max_length=TIERS)]
    reference_from: Units

    def check(self) -> None:
        """Refuse limits that do not rise."""
        check_limits(self.limits)

    def apply(self, ctx: Context) -> None:
        """Write the limits down; they hold from the next payment on."""
        asset = Asset(self.currency, ctx.sender)
        known = CURRENCIES.get(ctx.state, asset, Refuse.CURRENCY_UNKNOWN, currency=self.currency)
        if known.policy is None:
            raise Refused(Refuse.CURRENCY_WITHOUT_POLICY)
        require(at_least(self.limits, known.policy.limits), Refuse.LIMITS_NARROWER)

        policy = structs.replace(known.policy, limits=self.limits, reference_from=self.reference_from)
        CURRENCIES.put(ctx.state, asset, structs.replace(known, policy=policy))

        ctx.emit(LimitsSet(asset=asset, limits=self.limits, reference_from=self.reference_from))


class ShowStanding(Operation, tag=324):
    """Say by which attestation the sender is known; it counts wherever limits depend on that, while it is valid."""

    attestation: Name

    def apply(self, ctx: Context) -> None:
        """Write it down, in the place of the one before."""
        level = assurance_of(ctx.state, self.attestation, ctx.sender, ctx.time)
        require(level > 0, Refuse.ATTESTATION_NOT_USABLE)

        if STANDINGS.find(ctx.state, ctx.sender) is None:
            quota.occupy(ctx.state, PARTIES.must(ctx.state, ctx.sender).sponsor, STANDING_BYTES)
        STANDINGS.put(ctx.state, ctx.sender, Standing(attestation=self.attestation))

        ctx.emit(StandingShown(account=ctx.sender, attestation=self.attestation, tier=level))


def check_policy(policy: Policy) -> None:
    """Refuse a policy that names somebody twice, or needs more than it names, or whose limits do not rise."""
    auditors = _can_be_needed(policy.auditors, policy.auditors_needed, least=1)
    panel = _can_be_needed(policy.panel, policy.panel_needed, least=PANEL_NEEDED_LEAST)
    require(auditors and panel, Refuse.OVERSEERS_NEEDED)
    once = all(len(named) == len(frozenset(named)) for named in (policy.auditors, policy.panel))
    require(once, Refuse.OVERSEER_NAMED_TWICE)
    check_limits(policy.limits)


def _can_be_needed(named: tuple[bytes, ...], needed: int, *, least: int) -> bool:
    return least <= needed <= len(named) if named else needed == 0


def check_limits(limits: tuple[TierLimit, ...]) -> None:
    """Refuse limits for some tiers only, lower ones for holders who are known better, and payments beyond a day's."""
    complete = len(limits) in (0, TIERS) and all(each.payment_most <= each.day_most for each in limits)
    rising = all(a.payment_most <= b.payment_most and a.day_most <= b.day_most for a, b in pairwise(limits))
    require(complete and rising, Refuse.LIMITS_OUT_OF_ORDER)


def at_least(after: tuple[TierLimit, ...], before: tuple[TierLimit, ...]) -> bool:
    """Tell whether limits leave everybody at least what it had. To have none is the widest."""
    if not before or not after:
        return not after
    pairs = zip(after, before, strict=True)
    return all(a.payment_most >= b.payment_most and a.day_most >= b.day_most for a, b in pairs)


def is_apart(state: Reader, account: bytes, issuer: bytes) -> bool:
    """Tell whether a party is an organisation that an issuer neither is nor has entered."""
    party = PARTIES.find(state, account)
    return party is not None and issuer not in (account, party.registrar) and party.kind != Kind.PERSON
