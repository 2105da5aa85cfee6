"""Identity: parties, their keys, their sponsors; registrars and what they vouch for; handles."""

from __future__ import annotations

from sogdia.kernel.module import Module
from sogdia.modules.identity import (
    appeals,
    attestations,
    events,
    handles,
    invariants,
    queries,
    registry_invariants,
    registry_queries,
    registry_records,
)
from sogdia.modules.identity.genesis import IdentityGenesis, load_genesis
from sogdia.modules.identity.node_keys import RotateNodeKey
from sogdia.modules.identity.parties import ChangeSponsor, RegisterParty, ReinstateParty, RotateKey, SuspendParty
from sogdia.modules.identity.refusals import IdentityRefusal

MODULE = Module(
    name="identity",
    number=200,
    operations=(
        RegisterParty,
        RotateKey,
        SuspendParty,
        ReinstateParty,
        ChangeSponsor,
        RotateNodeKey,
        attestations.OfferAttestation,
        attestations.AcceptAttestation,
        attestations.WithdrawAttestation,
        appeals.AppealSuspension,
        appeals.UpholdSuspension,
        handles.ClaimHandle,
        handles.ReleaseHandle,
    ),
    tables=(
        registry_records.REGISTRARS,
        registry_records.ATTESTATIONS,
        registry_records.TAGS,
        registry_records.HANDLES,
        registry_records.HANDLE_OWNERS,
        registry_records.APPEALS,
    ),
    events=(
        events.PartyRegistered,
        events.KeyRotated,
        events.PartySuspended,
        events.PartyReinstated,
        events.SponsorChanged,
        events.NodeKeyRotated,
        events.AttestationOffered,
        events.AttestationAccepted,
        events.AttestationWithdrawn,
        events.AttestationLapsed,
        events.AttestationExpired,
        events.SuspensionAppealed,
        events.SuspensionUpheld,
        events.SuspensionEnded,
        events.HandleClaimed,
        events.HandleReleased,
    ),
    refusals=IdentityRefusal,
    queries=(
        queries.PartyQuery,
        queries.QuotaQuery,
        registry_queries.RegistrarQuery,
        registry_queries.AttestationQuery,
        registry_queries.AppealQuery,
        registry_queries.HandleQuery,
        registry_queries.HandleOfQuery,
    ),
    invariants=(
        invariants.every_party_has_a_sponsor_with_a_quota,
        invariants.every_key_is_sound,
        invariants.no_sponsor_uses_more_than_its_quota,
        registry_invariants.registrars_are_admitted_and_keep_their_quota,
        registry_invariants.every_attestation_has_its_registrar_subject_and_deadline,
        registry_invariants.a_tag_stands_for_one_party,
        registry_invariants.handles_and_their_owners_agree,
        registry_invariants.only_suspended_parties_appeal,
    ),
    exits=(attestations.ATTESTATION_EXIT, appeals.APPEAL_EXIT),
    genesis=IdentityGenesis,
    load_genesis=load_genesis,
)
