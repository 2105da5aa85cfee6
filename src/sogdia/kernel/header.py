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


class ValidatorSets(Record):
    """Who signs headers now, and who will from `changes_at` on."""

    current: Validators
    following: Validators
    changes_at: Height


VALIDATORS: Table[None, ValidatorSets] = Table("kernel/validators", 9, ValidatorSets, key=no_key, show_key=show_no_key)


def validators_at(state: Reader, height: int) -> tuple[Validator, ...]:
    """Give who signs the header of `height`, as far as the state knows (up to the height after next)."""
    sets = VALIDATORS.must(state, None)
    return sets.following if height >= sets.changes_at else sets.current


def set_validators(state: State, height: int, validators: tuple[Validator, ...]) -> int:
    """Name who signs headers from `height` + 2 on; give the height at which it takes effect."""
    VALIDATORS.put(
        state,
        None,
        ValidatorSets(
            current=validators_at(state, height + 1),
            following=validators,
            changes_at=height + ROTATION_DELAY,
        ),
    )
    return height + ROTATION_DELAY


def digest_of(validators: tuple[Validator, ...]) -> bytes:
    """Hash a set of validators, as it stands in a header."""
    return sha256(b"sogdia/validators" + encode(validators)).digest()
