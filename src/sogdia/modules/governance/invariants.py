"""What is always true of members and their proposals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.kernel import calendar, heights
from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.comet import address_of
from sogdia.kernel.header import VALIDATORS, Validator
from sogdia.kernel.members import active, member_of, members_of, owner_of_key
from sogdia.kernel.protocol import protocol_of
from sogdia.kernel.refusal import ensure
from sogdia.kernel.values import owner_of
from sogdia.modules.governance.actions import Upgrade
from sogdia.modules.governance.deciding import count
from sogdia.modules.governance.records import PROPOSALS, PROPOSALS_MAX, PROPOSALS_OF_MEMBER_MAX, agenda_of
from sogdia.modules.identity import Role

if TYPE_CHECKING:
    from sogdia.kernel.state import Reader


def members_are_the_operators_and_somebody_signs(state: Reader) -> None:
    """Whoever has the role is a member, and nobody else; the members who are not jailed sign, at least one."""
    members = members_of(state)
    accounts = [each.account for each in members]
    operators = {key for key, party in PARTIES.items(state) if party.roles & Role.OPERATOR}
    ensure(len(set(accounts)) == len(accounts), "a member stands there twice")
    ensure(set(accounts) == operators, "an operator is no member, or a member no operator")
    if members:
        signing = tuple(Validator(each.public, each.power) for each in active(members))
        ensure(signing, "nobody signs blocks")
        ensure(VALIDATORS.must(state, None).sets[-1].validators == signing, "others sign than the members")


def every_node_key_has_one_owner(state: Reader) -> None:
    """A key belongs to one member, and is known by its address."""
    members = members_of(state)
    ensure(len({each.public for each in members}) == len(members), "two members have one key")
    for each in members:
        ensure(owner_of_key(state, address_of(each.public)) == each.account, "a member's key is not known as its own")


def every_proposal_is_on_the_agenda(state: Reader) -> None:
    """A proposal is open with a deadline in the calendar, or waits for a height; and the agenda keeps its bounds."""
    agenda = agenda_of(state)
    listed = (*agenda.open, *agenda.waiting)
    ensure(len(set(listed)) == len(listed) <= PROPOSALS_MAX, "a proposal is listed twice, or too many are")
    for name in listed:
        of_member = sum(owner_of(each) == owner_of(name) for each in listed)
        ensure(of_member <= PROPOSALS_OF_MEMBER_MAX, "a member has too many proposals")
    found = 0
    for name, proposal in PROPOSALS.items(state):
        found += 1
        full_key = PROPOSALS.full_key(name)
        if proposal.effect_at is None:
            page = calendar.page_of(state, proposal.deadline, full_key)
            ensure(name in agenda.open, "an open proposal is not listed as open")
            ensure(page is not None and full_key in page.objects, "an open proposal is missing in the calendar")
        else:
            ensure(name in agenda.waiting, "a waiting proposal is not listed as waiting")
            ensure(full_key in heights.scheduled_at(state, proposal.effect_at), "a waiting proposal has no height")
    ensure(found == len(listed), "the agenda lists a proposal that does not exist")


def no_open_proposal_is_decided(state: Reader) -> None:
    """What can pass has passed, what cannot has ended; only members propose, and each votes once."""
    for name in agenda_of(state).open:
        proposal = PROPOSALS.must(state, name)
        counted = count(state, proposal)
        ensure(not counted.passes() and not counted.cannot_pass(), "an open proposal is decided")
        ensure(member_of(state, owner_of(name)) is not None, "an open proposal is nobody's")
        voters = [each.member for each in proposal.ballots]
        ensure(len(set(voters)) == len(voters), "a member votes twice")


def the_next_version_is_the_one_decided(state: Reader) -> None:
    """The version that follows, with its height, is that of the one upgrade that waits."""
    protocol = protocol_of(state)
    waiting = [PROPOSALS.must(state, name) for name in agenda_of(state).waiting]
    decided = [(each.action.version, each.effect_at) for each in waiting if isinstance(each.action, Upgrade)]
    following = [] if protocol.next_version is None else [(protocol.next_version, protocol.next_height)]
    ensure(decided == following, "another version follows than the members decided")
