"""Identity: parties, their keys, their sponsors."""

from __future__ import annotations

from sogdia.kernel.module import Module
from sogdia.modules.identity import events, invariants, queries
from sogdia.modules.identity.genesis import IdentityGenesis, load_genesis
from sogdia.modules.identity.node_keys import RotateNodeKey
from sogdia.modules.identity.parties import ChangeSponsor, RegisterParty, ReinstateParty, RotateKey, SuspendParty
from sogdia.modules.identity.refusals import IdentityRefusal

MODULE = Module(
    name="identity",
    number=200,
    operations=(RegisterParty, RotateKey, SuspendParty, ReinstateParty, ChangeSponsor, RotateNodeKey),
    tables=(),
    events=(
        events.PartyRegistered,
        events.KeyRotated,
        events.PartySuspended,
        events.PartyReinstated,
        events.SponsorChanged,
        events.NodeKeyRotated,
    ),
    refusals=IdentityRefusal,
    queries=(queries.PartyQuery, queries.QuotaQuery),
    invariants=(
        invariants.every_party_has_a_sponsor_with_a_quota,
        invariants.every_key_is_sound,
        invariants.no_sponsor_uses_more_than_its_quota,
    ),
    exits=(),
    genesis=IdentityGenesis,
    load_genesis=load_genesis,
)
