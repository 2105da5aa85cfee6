"""Headers: what a block says of itself and of the state before it, linked by hash and signed."""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated

import msgspec
from msgspec import Meta

from sogdia.kernel.codec import Codec, Record, encode
from sogdia.kernel.parameters import no_key, show_no_key
from sogdia.kernel.state import Reader, State, Table
from sogdia.kernel.values import Hash, NodeKey, Seconds

Height = Annotated[int, Meta(ge=0, le=2**48)]
Power = Annotated[int, Meta(ge=1, le=2**31 - 1)]
VALIDATORS_MAX = 64
ROTATION_DELAY = 2
"""A change of validators made at height H takes effect at H+2, so that header H+1 can announce it."""


class Header(msgspec.Struct, frozen=True, array_like=True, gc=False, kw_only=True):
    """A block's header. `state_root` and `results_root` are those of the height before."""

    network: Hash
    height: Height
    time: Seconds
    previous: Hash
    transactions_root: Hash
    state_root: Hash
    results_root: Hash
    validators: Hash
    next_validators: Hash

    def hash(self) -> bytes:
        """Give what is signed and what the next header links to."""
        return sha256(b"sogdia/header" + encode(self)).digest()


HeaderSignature = Annotated[bytes, Meta(min_length=64, max_length=64)]


class SignedHeader(msgspec.Struct, frozen=True, array_like=True, gc=False, kw_only=True):
    """A header with the signatures of its validators, in their order: one under solo.

    Under CometBFT there is none: the validators sign that engine's own header, whose app hash covers what ours says.
    """

    header: Header
    signatures: Annotated[tuple[HeaderSignature, ...], Meta(max_length=VALIDATORS_MAX)]


HEADERS: Codec[SignedHeader] = Codec(SignedHeader)


class Validator(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A key that signs headers, and its weight."""

    public: NodeKey
    power: Power


Validators = Annotated[tuple[Validator, ...], Meta(min_length=1, max_length=VALIDATORS_MAX)]


class ValidatorSet(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Who signs headers from a height on."""

    from_height: Height
    validators: Validators


SETS_MAX = 1 + ROTATION_DELAY
"""The set in force, and one for each height at which an announced change takes effect."""


class ValidatorSets(Record):
    """Who signs headers: the set in force when this was written, then those announced since, by their heights."""

    sets: Annotated[tuple[ValidatorSet, ...], Meta(min_length=1, max_length=SETS_MAX)]


VALIDATORS: Table[None, ValidatorSets] = Table("kernel/validators", 9, ValidatorSets, key=no_key, show_key=show_no_key)


def first_validators(state: State, validators: tuple[Validator, ...]) -> None:
    """Name who signs headers from the start."""
    VALIDATORS.put(state, None, ValidatorSets(sets=(ValidatorSet(0, validators),)))


def validators_at(state: Reader, height: int) -> tuple[Validator, ...]:
    """Give who signs the header of `height`: of a height from the last change on, and up to the height after next."""
    sets = VALIDATORS.must(state, None).sets
    found = sets[0]
    for each in sets[1:]:
        if each.from_height <= height:
            found = each
    return found.validators


def set_validators(state: State, height: int, validators: tuple[Validator, ...]) -> int:
    """Name who signs headers from `height` + 2 on; give that height. Later calls at one height replace earlier ones."""
    from_height = height + ROTATION_DELAY
    in_force = ValidatorSet(height, validators_at(state, height))
    announced = ValidatorSet(height + 1, validators_at(state, height + 1))
    sets = [in_force]
    for each in (announced, ValidatorSet(from_height, validators)):
        if each.validators != sets[-1].validators:
            sets.append(each)
    VALIDATORS.put(state, None, ValidatorSets(sets=tuple(sets)))
    return from_height


def validator_updates(state: Reader, height: int) -> list[tuple[bytes, int]]:
    """Give what a block at `height` changes: keys with their new power, those that no longer sign with power 0.

    Compared are the set that signs `height` + 1, which is settled, and the one that follows it; so no key stands there
    twice, and none is taken away that was not there.
    """
    before = {each.public: each.power for each in validators_at(state, height + 1)}
    after = {each.public: each.power for each in validators_at(state, height + ROTATION_DELAY)}
    gone = [(public, 0) for public in before if public not in after]
    return gone + [(public, power) for public, power in after.items() if before.get(public) != power]


def digest_of(validators: tuple[Validator, ...]) -> bytes:
    """Hash a set of validators, as it stands in a header."""
    return sha256(b"sogdia/validators" + encode(validators)).digest()
