"""Identity's public face: what modules above it may call."""

from __future__ import annotations

from sogdia.modules.identity.keys import key_message
from sogdia.modules.identity.module import MODULE
from sogdia.modules.identity.parties import active_party, has_role
from sogdia.modules.identity.records import COUNTRIES, Kind, Role
from sogdia.modules.identity.registry_records import AssuranceLevel, AttestationType

__all__ = [
    "COUNTRIES",
    "MODULE",
    "AssuranceLevel",
    "AttestationType",
    "Kind",
    "Role",
    "active_party",
    "has_role",
    "key_message",
]
