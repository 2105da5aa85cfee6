"""Which authorities a network admits from the start. They carry power over others, so no registrar decides on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.refusal import ensure
from sogdia.kernel.values import CountryCode, Reference
from sogdia.modules.documents.records import AUTHORITIES, AUTHORITIES_MAX, Authorities
from sogdia.modules.identity import COUNTRIES, Kind

if TYPE_CHECKING:
    from sogdia.kernel.genesis import GenesisContext


class CountryAuthorities(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The authorities that may read for a stated purpose what concerns a country."""

    country: CountryCode
    parties: Annotated[tuple[Reference, ...], Meta(min_length=1, max_length=AUTHORITIES_MAX)]


class DocumentsGenesis(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom the network admits as authorities; none unless it says so."""

    authorities: Annotated[tuple[CountryAuthorities, ...], Meta(max_length=300)] = ()


def load_genesis(context: GenesisContext, section: DocumentsGenesis) -> None:
    """Write the authorities down; a network with a wrong genesis does not start."""
    for each in section.authorities:
        ensure(each.country in COUNTRIES, f"genesis: {each.country} is no country of ISO 3166")
        ensure(AUTHORITIES.find(context.state, each.country) is None, f"genesis names {each.country} twice")
        ensure(len(frozenset(each.parties)) == len(each.parties), f"genesis names an authority of {each.country} twice")
        accounts = tuple(context.account(reference) for reference in each.parties)
        for reference, account in zip(each.parties, accounts, strict=True):
            party = PARTIES.find(context.state, account)
            ensure(party is not None and party.kind == Kind.AUTHORITY, f"genesis: {reference} is no authority")
        AUTHORITIES.put(context.state, each.country, Authorities(accounts=accounts))
