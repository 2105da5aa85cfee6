"""The members of a network: organisations, each with the validator that it runs, jailed or not.

`kernel.header.ValidatorSets` says which keys sign at which height, and this record whose they are. Both are written
here together, so they cannot come apart. Governance decides who is a member; a member changes its own key.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from sogdia.kernel.codec import Record
from sogdia.kernel.comet import address_of
from sogdia.kernel.header import VALIDATORS_MAX, Power, Validator, set_validators
from sogdia.kernel.parameters import no_key, show_no_key
from sogdia.kernel.state import Reader, State, Table
from sogdia.kernel.values import Account, NodeKey


class Member(Struct, frozen=True, array_like=True, gc=False):
    """An organisation and its validator. While it is jailed its key signs nothing and its power counts nowhere."""

    account: Account
    public: NodeKey
    power: Power
    jailed: bool = False


class Members(Record):
    """All members, in the order in which they joined. A network without any is governed by nobody."""

    members: Annotated[tuple[Member, ...], Meta(max_length=VALIDATORS_MAX)]


class NodeKeyOwner(Record):
    """Whose key it is or was. It stays, so that evidence finds whoever has changed its key, and no key comes back."""

    account: Account


def _show_address(key: bytes) -> dict[str, Any]:
    return {"address": key}


MEMBERS: Table[None, Members] = Table("kernel/members", 12, Members, key=no_key, show_key=show_no_key)
NODE_KEYS: Table[bytes, NodeKeyOwner] = Table("kernel/node-keys", 13, NodeKeyOwner, show_key=_show_address)


def members_of(state: Reader) -> tuple[Member, ...]:
    """Give all members."""
    return MEMBERS.must(state, None).members


def member_of(state: Reader, account: bytes) -> Member | None:
    """Give the member of an account, or nothing."""
    return next((each for each in members_of(state) if each.account == account), None)


def owner_of_key(state: Reader, address: bytes) -> bytes | None:
    """Give whose key it is or was, by its address, or nothing."""
    found = NODE_KEYS.find(state, address)
    return None if found is None else found.account


def active(members: tuple[Member, ...]) -> tuple[Member, ...]:
    """Give those whose validators sign."""
    return tuple(each for each in members if not each.jailed)


def enter_key(state: State, public: bytes, account: bytes) -> None:
    """Remember whose key it is."""
    NODE_KEYS.put(state, address_of(public), NodeKeyOwner(account=account))


def set_members(state: State, height: int, members: tuple[Member, ...]) -> int:
    """Write the members down; their validators sign from `height` + 2 on, which is given. Somebody has to be active."""
    MEMBERS.put(state, None, Members(members=members))
    return set_validators(state, height, tuple(Validator(each.public, each.power) for each in active(members)))


def change_member(state: State, height: int, changed: Member) -> int:
    """Put a member in the place of the one with its account; give the height at which its validator changes."""
    members = tuple(changed if each.account == changed.account else each for each in members_of(state))
    return set_members(state, height, members)
