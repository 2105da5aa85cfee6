"""Parties: who takes part, where, by whom entered and at whose expense."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, Table, Text

from sogdia.index.batch import Projection
from sogdia.index.schema import METADATA, Whole
from sogdia.index.search import PARTY_WORDS, enter_document
from sogdia.kernel.values import NO_ACCOUNT, account_of
from sogdia.modules.identity import Role
from sogdia.modules.identity.events import PartyRegistered, PartyReinstated, PartySuspended, SponsorChanged
from sogdia.modules.identity.parties import RegisterParty

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sogdia.index.batch import Batch, Need

PARTIES = Table(
    "parties",
    METADATA,
    Column("account", LargeBinary, primary_key=True),
    Column("number", Whole, nullable=False, unique=True),
    Column("registrar", LargeBinary, nullable=False),
    Column("reference", Text, nullable=False),
    Column("kind", Integer, nullable=False),
    Column("country", Text, nullable=False),
    Column("roles", Integer, nullable=False),
    Column("sponsor", LargeBinary, nullable=False),
    Column("suspended", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("registered_at", Whole, nullable=False),
)
"""`reason` says why a party is suspended. A party of the genesis has the registrar of twenty zero bytes."""
Index("parties_by_country", PARTIES.c.country, PARTIES.c.number)


def _enter(batch: Batch, account: bytes, **known: Any) -> None:  # noqa: ANN401 - a column each
    number = enter_document(batch, PARTY_WORDS, known["reference"])
    row = {"account": account, "number": number, "suspended": False, "reason": "", "registered_at": batch.time}
    batch.rows(PARTIES).put(row | known)


def from_genesis(batch: Batch, genesis: Any) -> None:  # noqa: ANN401 - its type depends on the modules
    """Enter the parties that are there from the start."""
    for each in genesis.identity.parties:
        roles = 0
        for name in each.roles:
            roles |= Role[name.upper()]
        _enter(
            batch,
            batch.founder(each.reference),
            registrar=NO_ACCOUNT,
            reference=each.reference,
            kind=int(each.kind),
            country=each.country,
            roles=int(roles),
            sponsor=batch.founder(each.sponsor or each.reference),
        )


def registered(batch: Batch, fact: PartyRegistered) -> None:
    """Enter a party. Its reference and roles stand in the operation alone, which says the rest as well."""
    reference, roles = "", 0
    for asker, asked in () if batch.envelope is None else batch.envelope.operations(RegisterParty):
        if account_of(batch.network, asker, asked.reference) == fact.account:
            reference, roles = asked.reference, asked.roles
    _enter(
        batch,
        fact.account,
        registrar=fact.registrar,
        reference=reference,
        kind=fact.kind,
        country=fact.country,
        roles=roles,
        sponsor=fact.sponsor,
    )


def suspended(batch: Batch, fact: PartySuspended) -> None:
    """Note a suspension and its reason."""
    batch.rows(PARTIES).change(fact.account).update(suspended=True, reason=fact.reason)


def reinstated(batch: Batch, fact: PartyReinstated) -> None:
    """Note that a suspension was lifted."""
    batch.rows(PARTIES).change(fact.account).update(suspended=False, reason="")


def sponsor_changed(batch: Batch, fact: SponsorChanged) -> None:
    """Note who pays for a party now."""
    batch.rows(PARTIES).change(fact.account).update(sponsor=fact.sponsor)


def _needs(fact: PartySuspended | PartyReinstated | SponsorChanged) -> Iterable[Need]:
    return ((PARTIES, fact.account),)


PROJECTION = Projection(
    tables=(PARTIES, PARTY_WORDS.vocabulary, PARTY_WORDS.counter),
    appended=PARTY_WORDS.appended,
    handlers={
        PartyRegistered: registered,
        PartySuspended: suspended,
        PartyReinstated: reinstated,
        SponsorChanged: sponsor_changed,
    },
    keyed_by={},
    needs={PartySuspended: _needs, PartyReinstated: _needs, SponsorChanged: _needs},
    genesis=from_genesis,
)
