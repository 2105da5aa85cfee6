"""Keys that sign headers: a change is announced by one header and in force from the next."""

from __future__ import annotations

from msgspec import structs

from sogdia.kernel.header import VALIDATORS, Validator, digest_of, validators_at
from sogdia.modules.identity.events import NodeKeyRotated
from sogdia.modules.identity.queries import ValidatorsQuery
from sogdia.modules.identity.refusals import IdentityRefusal as Refuse
from sogdia.testing.ledger import keys_of
from tests.modules.identity.town import other_keys, rotation
from tests.refused import poke

OLD = keys_of("node")
NEW = other_keys("new node")
NEWER = other_keys("newer node")


def signers(ledger, height):
    """The keys that sign the header of a height, as far as the state knows."""
    return [each.public for each in validators_at(ledger.state, height)]


def test_a_change_takes_effect_two_heights_later(ledger):
    receipt = ledger.must("registrar", rotation(ledger, OLD, NEW))

    height = ledger.height
    assert receipt.events == (NodeKeyRotated(old=OLD.public, new=NEW.public, from_height=height + 2),)
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


def test_one_of_several_nodes_changes_its_key_and_keeps_its_weight(ledger):
    three = (Validator(other_keys("a").public, 5), Validator(OLD.public, 7), Validator(other_keys("b").public, 9))
    known = VALIDATORS.must(ledger.state, None)
    poke(ledger, VALIDATORS, None, structs.replace(known, current=three, following=three))

    ledger.must("registrar", rotation(ledger, OLD, NEW))

    after = validators_at(ledger.state, ledger.height + 2)
    assert after == (three[0], Validator(NEW.public, 7), three[2])
    assert digest_of(after) != digest_of(three)


def test_a_signature_serves_for_one_change_only(ledger):
    there = rotation(ledger, OLD, NEW)
    ledger.must("registrar", there)
    ledger.wait(1)
    ledger.must("registrar", rotation(ledger, NEW, OLD))
    ledger.wait(1)

    again = ledger.send("registrar", there)
    anew = ledger.send("registrar", rotation(ledger, OLD, NEW))

    assert (again.code, anew.code) == (Refuse.ENDORSEMENT_WRONG, 0)


def test_when_the_change_before_took_effect_can_be_asked(ledger):
    before = ValidatorsQuery().answer(ledger.state)
    ledger.must("registrar", rotation(ledger, OLD, NEW))

    after = ValidatorsQuery().answer(ledger.state)

    assert (before.changes_at, after.changes_at) == (0, ledger.height + 2)
    assert [each.public for each in (*after.current, *after.following)] == [OLD.public, NEW.public]
