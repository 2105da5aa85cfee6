"""The parties and quotas that a network begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta

from sogdia.kernel.accounts import PARTIES, Key, Party, Thresholds
from sogdia.kernel.quota import QUOTAS, Quota
from sogdia.kernel.refusal import ensure
from sogdia.kernel.signature import weak_key
from sogdia.kernel.values import NO_ACCOUNT, CountryCode, Reference
from sogdia.modules.identity.parties import PARTY_BYTES
from sogdia.modules.identity.records import COUNTRIES, RULES, IdentityRules, Kind, RecoveryWindows, Role
from sogdia.modules.identity.registrars import APPEAL_PERIOD, GenesisRegistrar, load_registrars
from sogdia.modules.identity.registry_records import Period

if TYPE_CHECKING:
    from sogdia.kernel.genesis import GenesisContext

Amount = Annotated[int, Meta(ge=0, le=2**53)]
HexPublicKey = Annotated[str, Meta(min_length=64, max_length=66, pattern=r"^([0-9a-f]{2})*\Z")]


class GenesisQuota(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a sponsor's parties may use in a period (a day unless the limits say otherwise)."""

    operations: Amount = 100_000
    bytes: Amount = 100_000_000
    reserved_operations: Amount = 10_000
    stored_bytes: Amount = 1_000_000_000


class GenesisParty(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A party that is there from the start. Without a sponsor it sponsors itself and needs a quota."""

    reference: Reference
    kind: Kind
    country: CountryCode
    public: HexPublicKey
    scheme: Literal[1, 2] = 1
    """Ed25519 or P-256; a passkey joins later, since it is made under the domain of a network that exists."""
    roles: tuple[str, ...] = ()
    sponsor: Reference | None = None
    quota: GenesisQuota | None = None


class IdentityGenesis(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who takes part from the start."""

    parties: tuple[GenesisParty, ...] = ()
    recovery: RecoveryWindows = RecoveryWindows()
    registrars: tuple[GenesisRegistrar, ...] = ()
    """Whom the role of registrar is given, and for what."""
    appeal_period: Period = APPEAL_PERIOD
    """After so many seconds an appealed suspension ends by itself."""


def load_genesis(context: GenesisContext, section: IdentityGenesis) -> None:
    """Enter the parties; a network with a wrong genesis does not start."""
    RULES.put(context.state, None, IdentityRules(recovery=section.recovery, appeal_period=section.appeal_period))
    references = [each.reference for each in section.parties]
    ensure(len(set(references)) == len(references), "genesis names a party twice")
    sponsors = {each.reference for each in section.parties if each.quota is not None}
    for each in section.parties:
        sponsor = each.sponsor or each.reference
        ensure(sponsor in sponsors, f"genesis: the sponsor of {each.reference} has no quota")
        public = bytes.fromhex(each.public)
        ensure(not weak_key(each.scheme, public), f"genesis: the key of {each.reference} is not sound")
        ensure(each.country in COUNTRIES, f"genesis: {each.reference} is in no country of ISO 3166, {each.country}")
        roles = 0
        for name in each.roles:
            ensure(name.upper() in Role.__members__, f"genesis: {each.reference} has an unknown role, {name}")
            roles |= Role[name.upper()]
        account = context.account(each.reference)
        party = Party(
            registrar=NO_ACCOUNT,
            reference=each.reference,
            kind=int(each.kind),
            country=each.country,
            roles=int(roles),
            sponsor=context.account(sponsor),
            suspended=False,
            keys=(Key(0, each.scheme, public),),
            thresholds=Thresholds(),
            next_key=1,
        )
        PARTIES.put(context.state, account, party)
        if each.quota is not None:
            sponsored = sum((other.sponsor or other.reference) == each.reference for other in section.parties)
            quota = Quota(
                operations_max=each.quota.operations,
                bytes_max=each.quota.bytes,
                reserved_operations_max=each.quota.reserved_operations,
                stored_bytes_max=each.quota.stored_bytes,
                stored_bytes=sponsored * PARTY_BYTES,
            )
            QUOTAS.put(context.state, account, quota)
    load_registrars(context, section.registrars)
    admitted = {each.reference for each in section.registrars}
    for each in section.parties:
        registers = "registrar" in [name.lower() for name in each.roles]
        ensure(registers <= (each.reference in admitted), f"genesis: the registrar {each.reference} is not admitted")
