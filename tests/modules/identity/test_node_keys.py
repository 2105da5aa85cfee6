"""Keys that sign headers: a change is announced by one header and in force from the next."""

from __future__ import annotations

from sogdia.kernel.header import Validator, digest_of, validators_at
from sogdia.modules.governance.proposing import ProposeRelease
from sogdia.modules.identity.events import NodeKeyRotated
from sogdia.modules.identity.queries import ValidatorsQuery
from sogdia.modules.identity.refusals import IdentityRefusal as Refuse
from sogdia.testing.ledger import keys_of
from tests.modules.governance.council import carry_through, council, jail, node_keys, signing
from tests.modules.identity.town import other_keys, rotation

OLD = keys_of("node")
NEW = other_keys("new node")
NEWER = other_keys("newer node")


def signers(ledger, height):
    """The keys that sign the header of a height, as far as the state knows."""
    return [each.public for each in validators_at(ledger.state, height)]


def test_a_change_takes_effect_two_heights_later(ledger):
    receipt = ledger.must("registrar", rotation(ledger, OLD, NEW))

    height = ledger.height
    account = ledger.account("registrar")
    rotated = NodeKeyRotated(account=account, old=OLD.public, new=NEW.public, from_height=height + 2)
    assert receipt.events == (rotated,)
    assert signers(ledger, height) == [OLD.public]
    assert signers(ledger, height + 1) == [OLD.public]
    assert signers(ledger, height + 2) == [NEW.public]
    assert signers(ledger, height + 3) == [NEW.public]


def test_the_next_change_waits_until_the_first_is_in_force(ledger):
    ledger.must("registrar", rotation(ledger, OLD, NEW))
    first = ledger.height

    too_early = ledger.send("registrar", rotation(ledger, NEW, NEWER))
    in_time = ledger.send("registrar", rotation(ledger, NEW, NEWER))

    assert (ledger.height, too_early.code, in_time.code) == (first + 2, Refuse.NODE_KEYS_CHANGING, 0)
    assert signers(ledger, first + 3) == [NEW.public]
    assert signers(ledger, first + 4) == [NEWER.public]


def test_the_old_key_cannot_take_the_place_back(ledger):
    ledger.must("registrar", rotation(ledger, OLD, NEW))
    ledger.wait(1)

    answer = ledger.send("registrar", rotation(ledger, OLD, NEWER))

    assert answer.code == Refuse.NODE_KEY_UNKNOWN


def test_one_of_several_nodes_changes_its_key_and_keeps_its_place_and_weight():
    ledger = council(5, 7, 9, 8)
    before = validators_at(ledger.state, 1)
    old = node_keys("bishkek")

    ledger.must("bishkek", rotation(ledger, old, NEW))

    after = validators_at(ledger.state, ledger.height + 2)
    assert after == (before[0], Validator(NEW.public, 7), *before[2:])
    assert digest_of(after) != digest_of(before)
    assert ledger.last_block.validator_updates() == [(old.public, 0), (NEW.public, 7)]


def test_nobody_changes_the_key_of_another_s_node():
    ledger = council()

    answer = ledger.send("bishkek", rotation(ledger, node_keys("almaty"), NEW))

    assert answer.code == Refuse.NODE_KEY_UNKNOWN


def test_a_key_never_comes_back():
    ledger = council()
    old = node_keys("bishkek")
    ledger.must("bishkek", rotation(ledger, old, NEW))
    ledger.block()

    own = ledger.send("bishkek", rotation(ledger, NEW, old))
    of_another = ledger.send("bishkek", rotation(ledger, NEW, node_keys("almaty")))

    assert (own.code, of_another.code) == (Refuse.KEY_UNCHANGED, Refuse.KEY_UNCHANGED)


def test_a_jailed_member_changes_its_key_and_signs_with_it_once_it_is_released():
    ledger = council()
    jail(ledger, "bishkek")

    ledger.must("bishkek", rotation(ledger, node_keys("bishkek"), NEW))

    assert ledger.last_block.validator_updates() == []
    release = ProposeRelease(reference="p1", height=0, account=ledger.account("bishkek"))
    carry_through(ledger, release, yes=("dushanbe", "tashkent"))
    assert signing(ledger, ledger.height + 2)[NEW.public] == 10


def test_who_signs_and_who_follows_can_be_asked(ledger):
    ledger.must("registrar", rotation(ledger, OLD, NEW))

    sets = ValidatorsQuery().answer(ledger.state).sets

    assert [each.from_height for each in sets] == [ledger.height, ledger.height + 2]
    assert [each.public for found in sets for each in found.validators] == [OLD.public, NEW.public]
