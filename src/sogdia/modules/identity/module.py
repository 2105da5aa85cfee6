"""Identity: parties, their keys, their sponsors."""

from __future__ import annotations

from sogdia.kernel.module import Module
from sogdia.modules.identity import events, invariants, queries
from sogdia.modules.identity.genesis import IdentityGenesis, load_genesis
from sogdia.modules.identity.keys import ChangeKeys, SetHighValueLimits
from sogdia.modules.identity.mandates import GiveConsent, GrantMandate, RenewConsents, RevokeMandate
from sogdia.modules.identity.node_keys import RotateNodeKey
from sogdia.modules.identity.parties import ChangeSponsor, RegisterParty, ReinstateParty, SuspendParty
from sogdia.modules.identity.records import CONSENTS, GUARDIANS, RECOVERIES, RULES
from sogdia.modules.identity.recovery import (
    RECOVERY_EXIT,
    ApproveRecovery,
    ProposeRecovery,
    SetGuardians,
    VetoRecovery,
)
from sogdia.modules.identity.refusals import IdentityRefusal

MODULE = Module(
    name="identity",
    number=200,
    operations=(
        RegisterParty,
        ChangeKeys,
        SuspendParty,
        ReinstateParty,
        ChangeSponsor,
        RotateNodeKey,
        SetHighValueLimits,
        SetGuardians,
        ProposeRecovery,
        ApproveRecovery,
        VetoRecovery,
        GrantMandate,
        RevokeMandate,
        RenewConsents,
        GiveConsent,
    ),
    tables=(GUARDIANS, RECOVERIES, CONSENTS, RULES),
    events=(
        events.PartyRegistered,
        events.KeysChanged,
        events.PartySuspended,
        events.PartyReinstated,
        events.SponsorChanged,
        events.NodeKeyRotated,
        events.HighValueLimitsSet,
        events.GuardiansSet,
        events.RecoveryProposed,
        events.RecoveryApproved,
        events.RecoveryBegun,
        events.RecoveryVetoed,
        events.RecoveryLapsed,
        events.KeysRecovered,
        events.MandateGranted,
        events.MandateRevoked,
        events.ConsentsRenewed,
        events.ConsentGiven,
    ),
    refusals=IdentityRefusal,
    queries=(
        queries.PartyQuery,
        queries.QuotaQuery,
        queries.GuardiansQuery,
        queries.RecoveryQuery,
        queries.MandateQuery,
        queries.ConsentsQuery,
        queries.PasskeysQuery,
    ),
    invariants=(
        invariants.every_party_has_a_sponsor_with_a_quota,
        invariants.every_key_is_sound,
        invariants.nobody_is_locked_out,
        invariants.a_recovery_that_has_begun_stands_on_its_party,
        invariants.no_mandate_has_spent_more_than_its_caps,
        invariants.no_sponsor_uses_more_than_its_quota,
    ),
    exits=(RECOVERY_EXIT,),
    genesis=IdentityGenesis,
    load_genesis=load_genesis,
)
