"""The organisations of a running network at their votes, and one that would join them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec

from sogdia.client import keys as key_files
from sogdia.client.connection import Connection
from sogdia.client.envelopes import EnvelopeMaker, Sender
from sogdia.kernel.members import Members
from sogdia.kernel.values import account_of, name_of
from sogdia.modules.governance.proposing import ProposeAdmission
from sogdia.modules.governance.queries import MembersQuery
from sogdia.modules.governance.voting import CastBallot
from sogdia.modules.identity import Kind
from sogdia.modules.identity.parties import RegisterParty
from sogdia.network import local
from sogdia.network.creating import add_node, read_plan
from sogdia.network.validator_keys import prove_held

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sogdia.kernel.operation import Operation
    from sogdia.modules.governance.proposing import ProposeRemoval
    from tests.network.running import RunningNetwork

NEWCOMER = "ug-carrier"
POST = "uz-post"
POWER = 10


class Council:
    """The organisations of a running network, and one that would join them."""

    def __init__(self, network: RunningNetwork) -> None:
        """Let the post enter the newcomer as a party."""
        self._network = network
        self._founders = network.names
        self._maker = EnvelopeMaker(network.network)
        sponsor = network.account(POST)
        key = key_files.generate()
        self.newcomer = Sender(account_of(network.network, sponsor, NEWCOMER), key)
        entry = RegisterParty(
            reference=NEWCOMER, kind=Kind.CARRIER, country="UG", roles=0, sponsor=sponsor,
            scheme=key.scheme, public=key.public,
        )  # fmt: skip
        self.send([POST], entry)

    def send(self, who: Sequence[str], operation: Operation, through: str = POST) -> None:
        """Send an operation of organisations; it has to be applied."""
        senders = [self.newcomer if name == NEWCOMER else self._network.sender(name) for name in who]
        signed = self._maker.make(senders, [operation], expiry=int(time.time()) + 3_600)
        with Connection(self._network.place(through), seconds=20) as connection:
            durable = connection.submit(signed.raw)
        assert msgspec.msgpack.decode(durable.receipt)[0] == 0, durable

    def decide(self, who: Sequence[str], operation: ProposeAdmission | ProposeRemoval) -> None:
        """Propose, and let as many more say yes as are needed for more than two thirds."""
        self.send(who, operation)
        proposal = name_of(self._network.account(who[0]), operation.reference)
        members = self.keys(who[0])
        everybody = [*self._founders, NEWCOMER]
        others = [name for name in everybody if name != who[0] and self.account(name) in members]
        for voter in others[: 2 * len(members) // 3]:
            self.send([voter], CastBallot(proposal=proposal, yes=True))

    def account(self, name: str) -> bytes:
        """Give an organisation's account."""
        return self.newcomer.account if name == NEWCOMER else self._network.account(name)

    def add_newcomer(self) -> Path:
        """Let the newcomer's node follow; gives its folder."""
        network = self._network
        add_node(network.folder, NEWCOMER)
        network.plan = read_plan(network.folder)
        network.names = (*network.names, NEWCOMER)
        local.up(network.folder, [NEWCOMER], say=network.said.append)
        return network.place(NEWCOMER)

    def admit_newcomer(self, proposer: str) -> None:
        """Let the newcomer, whose node runs, become a member."""
        held = prove_held(self._network.place(NEWCOMER), self.newcomer.account)
        admission = ProposeAdmission(
            reference="join", height=0, account=self.newcomer.account, public=held.public, power=POWER,
            possession=held.possession,
        )  # fmt: skip
        before = len(self.keys(proposer))
        self.decide([proposer, NEWCOMER], admission)
        self._network.until(lambda: len(self.keys(NEWCOMER)) == before + 1, "the newcomer is not a member")

    def keys(self, at: str) -> dict[bytes, bytes]:
        """Give the validators' keys by their organisations' accounts, as a node's state has them."""
        with Connection(self._network.place(at)) as connection:
            _height, answer = connection.query(MembersQuery())
        found = msgspec.convert(answer, Members, strict=True)
        return {member.account: member.public for member in found.members}
