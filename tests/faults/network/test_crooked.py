"""A member that does not keep to the rules: it proposes what may be in no block, or votes twice with one key."""

from __future__ import annotations

import json
import re
import shutil
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from sogdia.client import keys as key_files
from sogdia.client.connection import Connection
from sogdia.client.envelopes import EnvelopeMaker, Sender
from sogdia.engine.cometbft.home import CONFIG, VALIDATOR_KEY_FILE
from sogdia.engine.cometbft.places import home
from sogdia.kernel.members import MEMBERS
from sogdia.modules.money import Asset
from sogdia.modules.money.currencies import Mint
from sogdia.modules.money.transfers import Transfer
from sogdia.network import local
from sogdia.network.creating import add_node
from tests.faults.network.hurting import RETURN_SECONDS, HurtNetwork
from tests.faults.network.hurts import CROOKED
from tests.faults.network.signed_votes import signed_votes
from tests.network.running import FOUR, Load

if TYPE_CHECKING:
    from collections.abc import Callable


CROOK, OTHERS = FOUR[3], FOUR[:3]
ENVELOPES_MAX = 3
OPERATIONS_MAX = 2
PAUSES_MAX = 30
PAUSE_SECONDS = 1.5
NARROW = "narrow"
REFUSED = re.compile(r"a proposal for height (\d+) by ([0-9a-f]{40}) is refused: (.*)")


class Crook:
    """Makes what the member proposes."""

    def __init__(self, network: HurtNetwork, narrow: key_files.KeyPair) -> None:
        """Sign for a network's bank, and for the party with the narrow quota."""
        self.network = network
        self.bank = network.sender("kz-bank")
        self.narrow = Sender(network.account(NARROW), narrow)
        self.maker = EnvelopeMaker(network.network)
        self.made: list[bytes] = []

    def mint(self) -> bytes:
        """Let the bank mint one unit."""
        return self._sign(self.bank, Mint(currency="KZT", to=self.bank.account, units=1))

    def spend(self) -> bytes:
        """Let the party with the narrow quota do something."""
        asset = Asset("KZT", self.bank.account)
        return self._sign(
            self.narrow, Transfer(to=self.bank.account, asset=asset, units=1, purpose="GDDS", end_to_end="x")
        )

    def _sign(self, sender: Sender, operation: Any) -> bytes:  # noqa: ANN401 - any operation
        signed = self.maker.make([sender], [operation], expiry=int(time.time()) + 3_600)
        self.made.append(signed.id)
        return signed.raw

    def propose(self, *transactions: bytes) -> None:
        """Let the member propose these from now on."""
        draft = self.network.place(CROOK) / f"{CROOKED}.new"
        draft.write_text(json.dumps([each.hex() for each in transactions]))
        draft.replace(self.network.place(CROOK) / CROOKED)

    def be_honest(self) -> None:
        """Let it propose as the others do."""
        (self.network.place(CROOK) / CROOKED).unlink()


def refusals(network: HurtNetwork, name: str) -> list[tuple[int, str, str]]:
    """Which proposals a node has refused: for which height, by whom, and why."""
    found = REFUSED.findall((network.place(name) / local.NODE_LOG).read_text(errors="replace"))
    return [(int(height), by, why) for height, by, why in found]


@pytest.mark.slow
@pytest.mark.takes_turns
def test_a_proposal_of_what_may_be_in_no_block_is_refused_and_the_next_proposer_goes_on(
    make_network: Callable[..., HurtNetwork],
):
    keys = key_files.generate()
    party = {
        "reference": NARROW,
        "kind": 1,
        "country": "KZ",
        "public": keys.public.hex(),
        "quota": {"operations": OPERATIONS_MAX},
    }
    network = make_network(sections={"limits": {"block_envelopes_max": ENVELOPES_MAX}}, parties=(party,))
    network.hurt(CROOK, crooked=True)
    network.up()
    load = Load(network, OTHERS[0])
    crook = Crook(network, keys)
    network.until(lambda: bool(load.acknowledged), "nothing was acknowledged")
    with Connection(network.place(OTHERS[0])) as connection:
        replayed = connection.block(load.acknowledged[0][1].height).envelopes[0]
    again = crook.mint()
    cases = {
        "malformed|cannot be read": [b"garbage"],
        f"more than {ENVELOPES_MAX} envelopes": [crook.mint() for _each in range(ENVELOPES_MAX + 1)],
        "quota": [crook.spend() for _each in range(OPERATIONS_MAX + 1)],
        "in a block|already|replay": [replayed],
        "in a block|already|replay ": [again, again],
    }
    by = json.loads((home(network.place(CROOK)) / CONFIG / VALIDATOR_KEY_FILE).read_text())["address"].lower()

    for why, transactions in cases.items():
        before = {name: len(refusals(network, name)) for name in OTHERS}
        crook.propose(*transactions)
        network.until(lambda: all(len(refusals(network, name)) > before[name] for name in OTHERS), why)  # noqa: B023
        crook.be_honest()

        (height, proposer, said) = refusals(network, OTHERS[0])[before[OTHERS[0]]]
        assert proposer == by
        assert re.search(why.strip(), said, re.IGNORECASE), f"{why}: {said}"
        network.until(lambda: network.height(OTHERS[0]) > height, "the next proposer does not go on")  # noqa: B023
        commit = network.ask_engine(OTHERS[0], "commit", height=str(height))["signed_header"]
        assert commit["header"]["proposer_address"].lower() != by
        assert int(commit["commit"]["round"]) > 0

    network.stands(load)
    with Connection(network.place(OTHERS[0])) as connection:
        assert not any(connection.result(identity) for identity in crook.made), "a crooked proposal is in a block"


@pytest.mark.slow
@pytest.mark.takes_turns
def test_two_engines_with_one_key_are_jailed_and_the_others_go_on(make_network: Callable[..., HurtNetwork]):
    network = make_network()
    added = add_node(network.folder, f"{CROOK}-twin")
    network.plan = replace(network.plan, nodes=(*network.plan.nodes, added))
    twin = added.folder
    key = f"{CONFIG}/{VALIDATOR_KEY_FILE}"
    shutil.copy(home(network.place(CROOK)) / key, home(network.place(twin)) / key)
    network.hurt(twin, idle=True)
    network.start(*FOUR, twin)
    load = Load(network, OTHERS[0])
    try:
        network.up()
        # One that is stopped for a while has waited too long for a proposal when it goes on, and votes for none. Who
        # has one of the two votes is not sent the other, so that chance decides when a node has both; we have both.
        network.until(lambda: network.height(twin) > 1, "the second does not follow", RETURN_SECONDS)
        for _time in range(PAUSES_MAX):
            if voted_twice(network, twin):
                break
            network.signal(twin, signal.SIGSTOP)
            time.sleep(PAUSE_SECONDS)
            network.signal(twin, signal.SIGCONT)
            time.sleep(PAUSE_SECONDS)
        evidence = evidence_of(network, voted_twice(network, twin))
        assert network.ask_engine(OTHERS[0], "broadcast_evidence", evidence=altered(evidence)) is None
        if not jailed(network):
            assert network.ask_engine(OTHERS[0], "broadcast_evidence", evidence=evidence) is not None

        network.until(lambda: jailed(network), "nobody is jailed", RETURN_SECONDS)
        height = network.height(OTHERS[0])
        network.until(lambda: network.height(OTHERS[0]) > height + 3, "the three do not go on")
        found = network.ask_engine(OTHERS[0], "validators")["validators"]
        assert len(found) == len(OTHERS), "the engine still counts the vote of the one that is jailed"
        assert stands_in_a_block(network), "no block of the engine holds the evidence"
        network.stands(load)
    finally:
        local.down(network.folder, [twin], say=network.said.append)


def voted_twice(network: HurtNetwork, twin: str) -> list[dict[str, Any]]:
    """Give two votes of one kind, height and round for different blocks, or nothing while there are none."""
    votes = {(each["height"], each["round"], each["type"]): each for each in signed_votes(network.place(CROOK))}
    for each in signed_votes(network.place(twin)):
        other = votes.get((each["height"], each["round"], each["type"]))
        if other is not None and other["block_id"] != each["block_id"]:
            return sorted((each, other), key=lambda vote: str(vote["block_id"]["hash"]))
    return []


def evidence_of(network: HurtNetwork, votes: list[dict[str, Any]]) -> dict[str, Any]:
    """Give the evidence of two votes as the engine takes it."""
    height = votes[0]["height"]
    header = network.ask_engine(OTHERS[0], "commit", height=height)["signed_header"]["header"]
    voters = network.ask_engine(OTHERS[0], "validators", height=height)["validators"]
    value = {
        "vote_a": votes[0],
        "vote_b": votes[1],
        "TotalVotingPower": str(sum(int(each["voting_power"]) for each in voters)),
        "ValidatorPower": voters[votes[0]["validator_index"]]["voting_power"],
        "Timestamp": header["time"],
    }
    return {"type": "tendermint/DuplicateVoteEvidence", "value": value}


def altered(evidence: dict[str, Any]) -> dict[str, Any]:
    """Give the same evidence, with a vote that the member has not signed."""
    value = evidence["value"]
    return evidence | {"value": value | {"vote_b": value["vote_b"] | {"signature": value["vote_a"]["signature"]}}}


def jailed(network: HurtNetwork) -> bool:
    """Whether the member is jailed by the rule, and it alone."""
    with Connection(network.place(OTHERS[0])) as connection:
        raw = connection.record(MEMBERS.full_key(None)).value
    members = MEMBERS.codec.decode(raw or b"").members
    return [each.account for each in members if each.jailed] == [network.account(CROOK)]


def stands_in_a_block(network: HurtNetwork) -> bool:
    """Whether one of the engine's blocks holds evidence."""
    height = network.height(OTHERS[0])
    blocks = (network.ask_engine(OTHERS[0], "block", height=str(each)) for each in range(height, 0, -1))
    return any(block["block"]["evidence"]["evidence"] for block in blocks)
