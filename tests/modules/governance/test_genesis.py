"""The members that a network begins with."""

from __future__ import annotations

import msgspec
import pytest

from sogdia.kernel.comet import address_of
from sogdia.kernel.members import NODE_KEYS, Member, members_of
from sogdia.kernel.refusal import Broken
from sogdia.modules.governance.records import RULES
from sogdia.testing.ledger import Ledger, genesis, keys_of
from tests.modules.governance.council import DAY, ORGANISATIONS, council, node_keys, power


def named(*pairs: tuple[str, str]):
    """Members by name, with the keys of the nodes of others."""
    return {"members": [{"reference": name, "public": node_keys(whose).public.hex()} for name, whose in pairs]}


OWN = [(name, name) for name in ORGANISATIONS]


def test_a_network_of_one_node_and_one_operator_need_not_name_its_member():
    ledger = Ledger()

    public = keys_of("node").public
    assert members_of(ledger.state) == (Member(ledger.account("registrar"), public, 1),)
    assert NODE_KEYS.must(ledger.state, address_of(public)).account == ledger.account("registrar")
    assert RULES.must(ledger.state, None).voting_period == 14 * DAY


def test_members_stand_in_the_order_of_the_validators_with_their_powers():
    ledger = council(4, 3, 2, 1, governance=named(*OWN[::-1]))

    found = [(each.account, each.public, each.power) for each in members_of(ledger.state)]
    assert found == [(ledger.account(name), node_keys(name).public, 4 - at) for at, name in enumerate(ORGANISATIONS)]


def test_how_long_members_vote_is_the_network_s_own():
    ledger = council(governance=named(*OWN) | {"voting_period": 5})

    ledger.must("almaty", power(ledger))

    assert ledger.wait(5) == []
    assert len(ledger.wait(1)) == 1


@pytest.mark.parametrize(
    ("members", "what"),
    [
        ([], "name in governance.members whose validator is whose"),
        (OWN[:3], "names the operators as members, and nobody else"),
        ([*OWN[:3], ("bank", "tashkent")], "names the operators as members, and nobody else"),
        ([*OWN, ("nobody", "carrier")], "names the operators as members, and nobody else"),
        ([*OWN, ("tashkent", "carrier")], "names a member, or the key of one, twice"),
        ([*OWN, ("tashkent", "tashkent")], "names a member, or the key of one, twice"),
        ([*OWN[:3], ("tashkent", "carrier")], "gives each validator to one member, and no other keys"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_genesis_gives_every_validator_to_one_operator(members, what):
    with pytest.raises(Broken, match=what):
        council(governance=named(*members))


def test_a_network_without_operators_is_governed_by_nobody():
    content = msgspec.to_builtins(genesis().identity)
    for each in content["parties"]:
        each["roles"] = [role for role in each["roles"] if role != "operator"]

    ledger = Ledger(identity=content)

    assert members_of(ledger.state) == ()
