"""What decisions about members ask for, and do. A change of validators made in block H signs from block H+2 on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from sogdia.kernel.comet import address_of
from sogdia.kernel.header import VALIDATORS_MAX
from sogdia.kernel.members import (
    Member,
    active,
    change_member,
    enter_key,
    member_of,
    members_of,
    owner_of_key,
    set_members,
)
from sogdia.kernel.refusal import Refused, facts_of, require
from sogdia.modules.governance.events import MemberAdmitted, MemberJailed, MemberReleased, MemberRemoved, PowerChanged
from sogdia.modules.governance.refusals import GovernanceRefusal as Refuse
from sogdia.modules.identity import Role, active_party, give_role, take_role

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import Reader
    from sogdia.modules.governance.actions import Admission, PowerChange, Release, Removal


def admission_fits(ctx: Context, action: Admission) -> None:
    """Refuse unless the organisation may be dealt with, is new, and brings a key that nobody had."""
    active_party(ctx.state, action.account)
    members = members_of(ctx.state)
    require(member_of(ctx.state, action.account) is None, Refuse.ALREADY_MEMBER)
    require(len(members) < VALIDATORS_MAX, Refuse.MEMBERS_FULL, members=len(members))
    require(owner_of_key(ctx.state, address_of(action.public)) is None, Refuse.NODE_KEY_USED)


def admit(ctx: Context, action: Admission) -> None:
    """Let the organisation join, as an operator."""
    enter_key(ctx.state, action.public, action.account)
    give_role(ctx.state, action.account, Role.OPERATOR)
    joined = Member(action.account, action.public, action.power)
    from_height = set_members(ctx.state, ctx.height, (*members_of(ctx.state), joined))

    ctx.emit(MemberAdmitted(account=action.account, public=action.public, power=action.power, from_height=from_height))


def removal_fits(ctx: Context, action: Removal) -> None:
    """Refuse unless it is a member without which somebody still signs."""
    the_member(ctx.state, action.account)
    require(others_sign(ctx.state, action.account), Refuse.NO_POWER_LEFT)


def remove(ctx: Context, action: Removal) -> None:
    """Let the member go. It is no operator any more; what it trades and sponsors goes on."""
    member = the_member(ctx.state, action.account)
    take_role(ctx.state, action.account, Role.OPERATOR)
    left = tuple(each for each in members_of(ctx.state) if each.account != action.account)
    from_height = set_members(ctx.state, ctx.height, left)

    ctx.emit(MemberRemoved(account=action.account, public=member.public, from_height=from_height))


def power_fits(ctx: Context, action: PowerChange) -> None:
    """Refuse unless it is a member of another power."""
    require(the_member(ctx.state, action.account).power != action.power, Refuse.NOTHING_CHANGES)


def change_power(ctx: Context, action: PowerChange) -> None:
    """Give the member its power; that of a jailed one counts once it is released."""
    member = the_member(ctx.state, action.account)
    from_height = change_member(ctx.state, ctx.height, structs.replace(member, power=action.power))

    ctx.emit(PowerChanged(account=action.account, power=action.power, from_height=from_height))


def release_fits(ctx: Context, action: Release) -> None:
    """Refuse unless the member is jailed."""
    require(the_member(ctx.state, action.account).jailed, Refuse.NOT_JAILED)


def release(ctx: Context, action: Release) -> None:
    """Let the member's validator sign again, with the key and the power that it has now."""
    member = the_member(ctx.state, action.account)
    from_height = change_member(ctx.state, ctx.height, structs.replace(member, jailed=False))

    ctx.emit(MemberReleased(account=action.account, public=member.public, from_height=from_height))


def jail(ctx: Context, address: bytes) -> bool:
    """Jail the member whose key, of now or of earlier, has this address; tell whether that changed anything.

    Evidence against somebody who is jailed already, or no member any more, changes nothing. Neither does evidence
    against the last one that signs: a network of nobody could not even decide who goes on.
    """
    account = owner_of_key(ctx.state, address)
    member = None if account is None else member_of(ctx.state, account)
    if member is None or member.jailed or not others_sign(ctx.state, member.account):
        return False
    from_height = change_member(ctx.state, ctx.height, structs.replace(member, jailed=True))

    ctx.emit(MemberJailed(account=member.account, public=member.public, from_height=from_height))
    return True


def the_member(state: Reader, account: bytes) -> Member:
    """Give the member of an account, or refuse."""
    member = member_of(state, account)
    if member is None:
        raise Refused(Refuse.NOT_A_MEMBER, facts_of({"account": account}))
    return member


def others_sign(state: Reader, account: bytes) -> bool:
    """Tell whether any validator but that of an account signs."""
    return any(each.account != account for each in active(members_of(state)))
