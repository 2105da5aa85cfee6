"""A fifth organisation joins by the others' votes, changes its key, and goes again: the real engine follows each."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec
import pytest

from sogdia.client import keys as key_files
from sogdia.client.connection import Connection
from sogdia.client.envelopes import EnvelopeMaker, Sender
from sogdia.engine.cometbft.home import CONFIG
from sogdia.engine.cometbft.next_key import NEXT_KEY_FILE, OLD_KEY_FILE
from sogdia.engine.cometbft.places import home
from sogdia.kernel.members import Members
from sogdia.kernel.values import account_of, name_of
from sogdia.modules.governance.proposing import ProposeAdmission, ProposeRemoval
from sogdia.modules.governance.queries import MembersQuery
from sogdia.modules.governance.voting import CastBallot
from sogdia.modules.identity import Kind
from sogdia.modules.identity.node_keys import RotateNodeKey
from sogdia.modules.identity.parties import RegisterParty
from sogdia.network import local
from sogdia.network.creating import add_node, read_plan
from sogdia.network.validator_keys import prepare_change, prove_held
from tests.network.running import FOUR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sogdia.kernel.operation import Operation
    from tests.network.running import RunningNetwork

NEWCOMER = "ug-carrier"
POWER = 10


class Council:
    """The organisations of a running network, and one that would join them."""

    def __init__(self, network: RunningNetwork) -> None:
        """Let the post enter the newcomer as a party."""
        self._network = network
        self._maker = EnvelopeMaker(network.network)
        post = network.account("uz-post")
        key = key_files.generate()
        self.newcomer = Sender(account_of(network.network, post, NEWCOMER), key)
        entry = RegisterParty(
            reference=NEWCOMER, kind=Kind.CARRIER, country="UG", roles=0, sponsor=post,
            scheme=key.scheme, public=key.public,
        )  # fmt: skip
        self.send(["uz-post"], entry)

    def send(self, who: Sequence[str], operation: Operation, through: str = "kz-bank") -> None:
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
        others = [name for name in FOUR if name != who[0]]
        for voter in others[: 2 * len(self.keys(who[0])) // 3]:
            self.send([voter], CastBallot(proposal=proposal, yes=True))

    def keys(self, at: str) -> dict[bytes, bytes]:
        """Give the validators' keys by their organisations' accounts, as a node's state has them."""
        with Connection(self._network.place(at)) as connection:
            _height, answer = connection.query(MembersQuery())
        found = msgspec.convert(answer, Members, strict=True)
        return {member.account: member.public for member in found.members}


@pytest.fixture
def council(four):
    return Council(four)


def test_an_organisation_joins_by_vote_changes_its_key_and_goes(four, council):
    add_node(four.folder, NEWCOMER)
    four.plan = read_plan(four.folder)
    four.names = (*four.names, NEWCOMER)
    local.up(four.folder, [NEWCOMER], say=four.said.append)
    house = four.place(NEWCOMER)
    held = prove_held(house, council.newcomer.account)

    council.decide(
        ["kz-bank", NEWCOMER],
        ProposeAdmission(
            reference="join", height=0, account=council.newcomer.account, public=held.public, power=POWER,
            possession=held.possession,
        ),
    )  # fmt: skip

    four.until(lambda: len(council.keys(NEWCOMER)) == 5, "the newcomer is not a member")
    four.goes_on()
    # With one of five away, more than two thirds need the newcomer's vote.
    four.down("ke-customs")
    rest = [name for name in four.names if name != "ke-customs"]
    four.goes_on(rest)

    change = prepare_change(house)
    assert prepare_change(house)[:2] == change[:2], "asked again, it is the same next key"
    council.send([NEWCOMER], RotateNodeKey(**change._asdict()))
    four.until(lambda: council.keys("kz-bank")[council.newcomer.account] == change.new, "the key has not changed")
    # Its two processes begin anew meanwhile, each after a pause.
    four.goes_on(rest, seconds=60)
    config = home(house) / CONFIG
    assert not (config / NEXT_KEY_FILE).exists()
    assert (config / OLD_KEY_FILE).exists()
    assert prove_held(house, council.newcomer.account).public == change.new

    four.up("ke-customs")
    four.agrees()
    council.decide(["kz-bank"], ProposeRemoval(reference="leave", height=0, account=council.newcomer.account))
    four.until(lambda: len(council.keys("kz-bank")) == 4, "the member has not gone")
    four.goes_on(four.names[:4])
    four.down(NEWCOMER)
    # Three of four decide without it.
    four.down("ke-customs")
    four.goes_on(four.names[:3])
    four.up("ke-customs", NEWCOMER)
    four.agrees()
