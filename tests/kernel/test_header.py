"""Headers and who signs them."""

from __future__ import annotations

from hashlib import sha256

import msgspec
import pytest
from msgspec import structs

from sogdia.kernel.codec import NotCanonicalError, encode
from sogdia.kernel.header import (
    HEADERS,
    VALIDATORS,
    VALIDATORS_MAX,
    Header,
    SignedHeader,
    Validator,
    ValidatorSet,
    ValidatorSets,
    digest_of,
    first_validators,
    set_validators,
    validator_updates,
    validators_at,
)
from sogdia.kernel.state import State
from sogdia.testing.ledger import MemoryBase

ONE = (Validator(b"\x01" * 32, 1),)
TWO = (Validator(b"\x02" * 32, 2),)
THREE = (Validator(b"\x03" * 32, 3), Validator(b"\x04" * 32, 4))

HEADER = Header(
    network=b"N" * 32,
    height=7,
    time=1_700_000_000,
    previous=b"P" * 32,
    transactions_root=b"T" * 32,
    state_root=b"S" * 32,
    results_root=b"R" * 32,
    validators=digest_of(ONE),
    next_validators=digest_of(TWO),
)


def state_of(validators):
    """A state that knows these validators from the start."""
    state = State(MemoryBase())
    first_validators(state, validators)
    return state


def test_the_hash_of_a_header_is_that_of_its_nine_parts():
    parts = msgspec.msgpack.encode(
        [b"N" * 32, 7, 1_700_000_000, b"P" * 32, b"T" * 32, b"S" * 32, b"R" * 32, digest_of(ONE), digest_of(TWO)]
    )

    assert HEADER.hash() == sha256(b"sogdia/header" + parts).digest()


@pytest.mark.parametrize("field", Header.__struct_fields__)
def test_every_part_of_a_header_counts_for_its_hash(field):
    value = getattr(HEADER, field)
    changed = structs.replace(HEADER, **{field: value + 1 if isinstance(value, int) else b"?" * 32})

    assert changed.hash() != HEADER.hash()


def test_the_digest_of_validators_is_that_of_their_keys_and_weights_in_order():
    assert (
        digest_of(THREE)
        == sha256(b"sogdia/validators" + msgspec.msgpack.encode([[b"\x03" * 32, 3], [b"\x04" * 32, 4]])).digest()
    )
    assert digest_of(THREE) != digest_of(THREE[::-1])


@pytest.mark.parametrize(("count", "fits"), [(0, True), (1, True), (VALIDATORS_MAX, True), (65, False)])
def test_a_header_has_at_most_64_signatures(count, fits):
    raw = encode(SignedHeader(header=HEADER, signatures=(bytes(64),) * count))

    if fits:
        assert HEADERS.decode(raw).header == HEADER
    else:
        with pytest.raises(NotCanonicalError):
            HEADERS.decode(raw)


@pytest.mark.parametrize(("power", "fits"), [(0, False), (1, True), (2**31 - 1, True), (2**31, False)])
def test_a_weight_is_from_1_to_2_to_the_31(power, fits):
    raw = encode(ValidatorSets(sets=(ValidatorSet(0, (Validator(bytes(32), power),)),)))

    if fits:
        assert VALIDATORS.codec.decode(raw).sets[0].validators[0].power == power
    else:
        with pytest.raises(NotCanonicalError):
            VALIDATORS.codec.decode(raw)


@pytest.mark.parametrize("size", [0, 63, 65])
def test_a_signature_has_64_bytes(size):
    with pytest.raises(NotCanonicalError):
        HEADERS.decode(encode(SignedHeader(header=HEADER, signatures=(bytes(size),))))


@pytest.mark.parametrize(("height", "signers"), [(0, ONE), (9, ONE), (10, TWO), (11, TWO), (2**48, TWO)])
def test_a_change_is_in_force_from_the_height_that_was_announced(height, signers):
    state = state_of(ONE)

    set_validators(state, 8, TWO)

    assert validators_at(state, height) == signers


def test_the_header_between_announces_who_follows():
    state = state_of(ONE)

    from_height = set_validators(state, 20, TWO)

    assert from_height == 22
    # The header of height 21 is made from this state: ONE signs it, and it names TWO as the next.
    assert (validators_at(state, 21), validators_at(state, 22)) == (ONE, TWO)


@pytest.mark.parametrize("height", [21, 22, 23, 99])
def test_a_second_change_leaves_those_in_force_who_are_in_force(height):
    state = state_of(ONE)
    set_validators(state, 20, TWO)

    set_validators(state, height, THREE)

    assert validators_at(state, height) == (ONE if height < 22 else TWO)
    assert validators_at(state, height + 1) == TWO
    assert validators_at(state, height + 2) == THREE


def test_changes_in_blocks_that_follow_each_other_are_each_in_force_at_their_own_height():
    state = state_of(ONE)

    for height, validators in ((20, TWO), (21, THREE), (22, ONE)):
        set_validators(state, height, validators)

    assert [validators_at(state, height) for height in (22, 23, 24, 25)] == [TWO, THREE, ONE, ONE]


def test_of_several_changes_at_one_height_the_last_counts():
    state = state_of(ONE)

    set_validators(state, 20, TWO)
    set_validators(state, 20, THREE)

    assert [validators_at(state, height) for height in (21, 22)] == [ONE, THREE]


def test_a_change_that_is_taken_back_at_its_height_leaves_one_set():
    state = state_of(ONE)

    set_validators(state, 20, TWO)
    set_validators(state, 20, ONE)

    assert [each.validators for each in VALIDATORS.must(state, None).sets] == [ONE]
    assert validator_updates(state, 20) == []


def test_a_block_offers_what_differs_between_the_next_set_and_the_one_after():
    state = state_of(THREE)
    (first, second) = THREE
    changed = (Validator(second.public, 9), *ONE)

    set_validators(state, 20, changed)

    assert validator_updates(state, 19) == []
    assert validator_updates(state, 20) == [(first.public, 0), (second.public, 9), (ONE[0].public, 1)]
    assert validator_updates(state, 21) == []


def followed(updates):
    """The sets that an engine arrives at which applies the updates of each height to the set of the next."""
    power = {each.public: each.power for each in ONE}
    for changes in updates:
        for public, weight in changes:
            if weight:
                power[public] = weight
            else:
                del power[public]  # an engine stops when it is told to remove a key that it does not know
        yield dict(power)


def test_an_engine_that_follows_the_updates_has_the_sets_that_the_headers_name():
    state = state_of(ONE)
    plan = {3: TWO, 4: THREE, 5: ONE, 8: (*THREE, *ONE), 9: TWO}
    updates = []
    for height in range(1, 14):
        if height in plan:
            set_validators(state, height, plan[height])
        updates.append(validator_updates(state, height))
        named = {each.public: each.power for each in validators_at(state, height + 2)}
        assert list(followed(updates))[-1] == named
