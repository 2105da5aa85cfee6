"""Registrars: admitted for countries, with so many new parties and attestations a period, in genesis or by vote.

The quota is what an error or a bribe in one registrar's office can cost everybody else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta, structs

from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.parameters import DAY
from sogdia.kernel.refusal import ensure, require
from sogdia.kernel.values import CountryCode, Reference
from sogdia.modules.identity.records import COUNTRIES, Role
from sogdia.modules.identity.refusals import IdentityRefusal as Refuse
from sogdia.modules.identity.registry_records import COUNTRIES_MAX, REGISTRARS, Allowance, Period, Registrar
from sogdia.modules.identity.roles import give_role, take_role

if TYPE_CHECKING:
    from sogdia.kernel.genesis import GenesisContext
    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import Reader, State

APPEAL_PERIOD = 14 * DAY


class GenesisRegistrar(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a registrar among the first parties is admitted for. Without countries, for every one."""

    reference: Reference
    countries: Annotated[tuple[CountryCode, ...], Meta(min_length=1, max_length=COUNTRIES_MAX)] | None = None
    parties: Allowance = 100_000
    attestations: Allowance = 100_000
    period: Period = DAY


def load_registrars(context: GenesisContext, registrars: tuple[GenesisRegistrar, ...]) -> None:
    """Admit the first registrars; a network with a wrong genesis does not start."""
    for each in registrars:
        account = context.account(each.reference)
        party = PARTIES.find(context.state, account)
        known = party is not None and bool(party.roles & Role.REGISTRAR)
        ensure(known, f"genesis admits {each.reference} as a registrar, which no party of that role is")
        ensure(REGISTRARS.find(context.state, account) is None, f"genesis admits {each.reference} twice")
        countries = each.countries
        if countries is not None:
            sound = len(set(countries)) == len(countries) and all(country in COUNTRIES for country in countries)
            ensure(sound, f"genesis admits {each.reference} for a country twice, or for one that ISO 3166 lacks")
            countries = tuple(sorted(countries))
        record = Registrar(
            countries=countries,
            parties_max=each.parties,
            attestations_max=each.attestations,
            period=each.period,
        )
        REGISTRARS.put(context.state, account, record)


def admit_registrar(state: State, account: bytes, admission: Registrar) -> None:
    """Give a party the role, or other countries and quotas; what it has used in this period stays used."""
    known = REGISTRARS.find(state, account)
    if known is not None:
        admission = structs.replace(
            admission,
            period_start=known.period_start if known.period == admission.period else 0,
            parties_used=min(known.parties_used, admission.parties_max),
            attestations_used=min(known.attestations_used, admission.attestations_max),
        )
    REGISTRARS.put(state, account, admission)
    give_role(state, account, Role.REGISTRAR)


def dismiss_registrar(state: State, account: bytes) -> None:
    """Take the role back. The parties that it entered stay, and it may still lift suspensions."""
    period = REGISTRARS.must(state, account).period
    REGISTRARS.put(state, account, Registrar(countries=(), parties_max=0, attestations_max=0, period=period))
    take_role(state, account, Role.REGISTRAR)


def check_countries(countries: tuple[CountryCode, ...]) -> None:
    """Refuse what is no country of ISO 3166."""
    for country in countries:
        require(country in COUNTRIES, Refuse.COUNTRY_UNKNOWN, country=country)


def is_admitted_for(state: Reader, account: bytes, country: str) -> bool:
    """Tell whether a party is a registrar of a country."""
    registrar = REGISTRARS.find(state, account)
    return registrar is not None and (registrar.countries is None or country in registrar.countries)


def charge_party(ctx: Context, country: str) -> None:
    """Charge a new party to the sender's quota, or refuse: another country, or too many in this period."""
    registrar = _of_this_period(ctx, country)
    used = registrar.parties_used
    require(used < registrar.parties_max, Refuse.REGISTRAR_PARTIES_SPENT, allowed=used, opens_at=_opens_at(registrar))

    REGISTRARS.put(ctx.state, ctx.sender, structs.replace(registrar, parties_used=used + 1))


def charge_attestation(ctx: Context, country: str) -> None:
    """Charge an attestation to the sender's quota, or refuse: another country, or too many in this period."""
    registrar = _of_this_period(ctx, country)
    used = registrar.attestations_used
    opens_at = _opens_at(registrar)
    require(used < registrar.attestations_max, Refuse.REGISTRAR_ATTESTATIONS_SPENT, allowed=used, opens_at=opens_at)

    REGISTRARS.put(ctx.state, ctx.sender, structs.replace(registrar, attestations_used=used + 1))


def _of_this_period(ctx: Context, country: str) -> Registrar:
    """Give the sender's record with what it has used in the present period."""
    require(is_admitted_for(ctx.state, ctx.sender, country), Refuse.COUNTRY_NOT_OF_REGISTRAR, country=country)
    registrar = REGISTRARS.must(ctx.state, ctx.sender)
    start = ctx.time - ctx.time % registrar.period
    if start == registrar.period_start:
        return registrar
    return structs.replace(registrar, period_start=start, parties_used=0, attestations_used=0)


def _opens_at(registrar: Registrar) -> int:
    """Give the moment at which the next period begins."""
    return registrar.period_start + registrar.period
