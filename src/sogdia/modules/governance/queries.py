"""Questions about who runs the network and what is being decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.kernel.members import MEMBERS, Members
from sogdia.kernel.operation import Query
from sogdia.kernel.parameters import PARAMETERS, Parameters
from sogdia.kernel.protocol import PROTOCOL, Protocol
from sogdia.kernel.values import Name
from sogdia.modules.governance.records import AGENDA, PROPOSALS, Agenda, Proposal

if TYPE_CHECKING:
    from sogdia.kernel.state import Reader


class MembersQuery(Query, tag="members"):
    """The members, each with its validator."""

    def answer(self, state: Reader) -> Members:
        """Give them in the order in which they joined."""
        return MEMBERS.must(state, None)


class AgendaQuery(Query, tag="agenda"):
    """Which proposals are open, and which wait for their height."""

    def answer(self, state: Reader) -> Agenda:
        """Give their names."""
        return AGENDA.must(state, None)


class ProposalQuery(Query, tag="proposal"):
    """A proposal, open or waiting."""

    name: Name

    def answer(self, state: Reader) -> Proposal | None:
        """Give the record, or nothing once it has ended."""
        return PROPOSALS.find(state, self.name)


class ProtocolQuery(Query, tag="protocol"):
    """The version of the protocol in force, and the one that follows."""

    def answer(self, state: Reader) -> Protocol:
        """Give both."""
        return PROTOCOL.must(state, None)


class LimitsQuery(Query, tag="limits"):
    """The limits of the network."""

    def answer(self, state: Reader) -> Parameters:
        """Give them."""
        return PARAMETERS.must(state, None)
