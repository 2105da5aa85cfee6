"""Roles: who has one, and how one is given and taken. A registrar gives those without power over others at entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from sogdia.kernel.accounts import PARTIES

if TYPE_CHECKING:
    from sogdia.kernel.state import Reader, State
    from sogdia.modules.identity.records import Role


def has_role(state: Reader, account: bytes, role: Role) -> bool:
    """Tell whether a party has a role and is not suspended."""
    party = PARTIES.find(state, account)
    return party is not None and bool(party.roles & role) and not party.suspended


def give_role(state: State, account: bytes, role: Role) -> None:
    """Give a party a role."""
    party = PARTIES.must(state, account)
    PARTIES.put(state, account, structs.replace(party, roles=int(party.roles | role)))


def take_role(state: State, account: bytes, role: Role) -> None:
    """Take a role from a party."""
    party = PARTIES.must(state, account)
    PARTIES.put(state, account, structs.replace(party, roles=int(party.roles & ~role)))
