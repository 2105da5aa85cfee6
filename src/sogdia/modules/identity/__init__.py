"""Identity's public face: what modules above it may call."""

from __future__ import annotations

from sogdia.modules.identity.attestations import assurance_of
from sogdia.modules.identity.keys import Proof, key_message
from sogdia.modules.identity.module import MODULE
from sogdia.modules.identity.node_keys import possession_message
from sogdia.modules.identity.parties import active_party, check_key
from sogdia.modules.identity.records import COUNTRIES, Kind, Role
from sogdia.modules.identity.registrars import admit_registrar, check_countries, dismiss_registrar
from sogdia.modules.identity.registry_records import (
    COUNTRIES_MAX,
    REGISTRARS,
    Allowance,
    AssuranceLevel,
    AttestationType,
    Period,
    Registrar,
)
from sogdia.modules.identity.roles import give_role, has_role, take_role

__all__ = [
    "COUNTRIES",
    "COUNTRIES_MAX",
    "MODULE",
    "REGISTRARS",
    "Allowance",
    "AssuranceLevel",
    "AttestationType",
    "Kind",
    "Period",
    "Proof",
    "Registrar",
    "Role",
    "active_party",
    "admit_registrar",
    "assurance_of",
    "check_countries",
    "check_key",
    "dismiss_registrar",
    "give_role",
    "has_role",
    "key_message",
    "possession_message",
    "take_role",
]
