"""A member that does not keep to the rules: it proposes what may be in no block, or votes twice with one key."""

from __future__ import annotations

import json
import re
import time
from base64 import b64decode, b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from msgspec.structs import replace

from sogdia.client import keys as key_files
from sogdia.client.connection import Connection
from sogdia.client.envelopes import EnvelopeMaker, Sender
from sogdia.engine.cometbft.home import CONFIG, VALIDATOR_KEY_FILE
from sogdia.engine.cometbft.places import home
from sogdia.kernel.comet import chain_id_of, signed_bytes
from sogdia.kernel.comet_answers import light_block
from sogdia.kernel.members import MEMBERS
from sogdia.modules.money import Asset
from sogdia.modules.money.currencies import Mint
from sogdia.modules.money.transfers import Transfer
from sogdia.network import local
from tests.faults.network.hurting import RETURN_SECONDS, HurtNetwork
from tests.faults.network.hurts import CROOKED
from tests.network.running import FOUR, Load

if TYPE_CHECKING:
    from collections.abc import Callable

CROOK, OTHERS = FOUR[3], FOUR[:3]
ENVELOPES_MAX = 3
OPERATIONS_MAX = 2
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
def test_a_member_that_votes_twice_is_jailed_and_the_others_go_on(make_network: Callable[..., HurtNetwork]):
    network = make_network()
    network.up()
    load = Load(network, OTHERS[0])
    network.until(lambda: len(load.acknowledged) >= 3, "nothing was acknowledged")

    twice = voted_twice(network)
    assert network.ask_engine(OTHERS[0], "broadcast_evidence", evidence=altered(twice)) is None
    assert network.ask_engine(OTHERS[0], "broadcast_evidence", evidence=twice) is not None

    network.until(lambda: jailed(network), "nobody is jailed", RETURN_SECONDS)
    height = network.height(OTHERS[0])
    network.until(lambda: network.height(OTHERS[0]) > height + 3, "the three do not go on")
    found = network.ask_engine(OTHERS[0], "validators")["validators"]
    assert len(found) == len(OTHERS), "the engine still counts the vote of the one that is jailed"
    assert evidence(network), "no block of the engine holds the evidence"
    network.stands(load)


def voted_twice(network: HurtNetwork) -> dict[str, Any]:
    """Give the evidence of two votes by the member: the one that stands in a commit, and one for another block."""
    key = json.loads((home(network.place(CROOK)) / CONFIG / VALIDATOR_KEY_FILE).read_text())
    for height in range(network.height(OTHERS[0]) - 1, 0, -1):
        answer = network.ask_engine(OTHERS[0], "commit", height=str(height))
        voters = network.ask_engine(OTHERS[0], "validators", height=str(height), per_page="100")
        commit = answer["signed_header"]["commit"]
        at = [each["address"] for each in voters["validators"]].index(key["address"])
        if commit["signatures"][at]["validator_address"] == key["address"]:
            break
    else:
        raise AssertionError(f"{CROOK} has voted for none of the blocks")
    block = light_block(msgspec.json.encode({"result": answer}), [msgspec.json.encode({"result": voters})])
    vote = block.commit.votes[at]
    assert vote is not None
    other = replace(block.commit, block_id=replace(block.commit.block_id, hash=sha256(b"another block").digest()))
    (message,) = signed_bytes(chain_id_of(network.network), other, [vote])
    first = {
        "type": 2,
        "height": str(height),
        "round": commit["round"],
        "block_id": commit["block_id"],
        "timestamp": commit["signatures"][at]["timestamp"],
        "validator_address": key["address"],
        "validator_index": at,
        "signature": commit["signatures"][at]["signature"],
    }
    signature = key_files.KeyPair(b64decode(key["priv_key"]["value"])[:32]).sign(message)
    second = first | {
        "block_id": commit["block_id"] | {"hash": other.block_id.hash.hex().upper()},
        "signature": b64encode(signature).decode("ascii"),
    }
    votes = sorted((first, second), key=lambda each: each["block_id"]["hash"])
    value = {
        "vote_a": votes[0],
        "vote_b": votes[1],
        "TotalVotingPower": str(sum(each.power for each in block.validators)),
        "ValidatorPower": str(block.validators[at].power),
        "Timestamp": answer["signed_header"]["header"]["time"],
    }
    return {"type": "tendermint/DuplicateVoteEvidence", "value": value}


def altered(twice: dict[str, Any]) -> dict[str, Any]:
    """Give the same evidence, with a vote that the member has not signed."""
    value = twice["value"]
    return twice | {"value": value | {"vote_b": value["vote_b"] | {"signature": value["vote_a"]["signature"]}}}


def jailed(network: HurtNetwork) -> bool:
    """Whether the member is jailed by the rule, and it alone."""
    with Connection(network.place(OTHERS[0])) as connection:
        raw = connection.record(MEMBERS.full_key(None)).value
    members = MEMBERS.codec.decode(raw or b"").members
    return [each.account for each in members if each.jailed] == [network.account(CROOK)]


def evidence(network: HurtNetwork) -> bool:
    """Whether one of the engine's last blocks holds evidence."""
    height = network.height(OTHERS[0])
    blocks = (network.ask_engine(OTHERS[0], "block", height=str(each)) for each in range(height, 0, -1))
    return any(block["block"]["evidence"]["evidence"] for block in blocks)
