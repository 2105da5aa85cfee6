"""The record of a party: the kernel reads it to admit an envelope; the identity module alone writes it."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from sogdia.kernel.codec import Record
from sogdia.kernel.enums import Numbered
from sogdia.kernel.state import Table
from sogdia.kernel.values import (
    KEY_NUMBER_MAX,
    Account,
    AssetKey,
    CountryCode,
    KeyNumber,
    PublicKey,
    Reference,
    Seconds,
    Units,
)

KEYS_MAX = 16
LIMITS_MAX = 8
WEIGHT_MAX = 255

Scheme = Annotated[int, Meta(ge=1, le=3)]
Kind = Annotated[int, Meta(ge=1, le=8)]
Roles = Annotated[int, Meta(ge=0, le=2**16 - 1)]
Weight = Annotated[int, Meta(ge=1, le=WEIGHT_MAX)]
Threshold = Annotated[int, Meta(ge=1, le=KEYS_MAX * WEIGHT_MAX)]


class Level(Numbered):
    """How much of a party's keys an operation needs."""

    ANY_KEY = 0
    """Any one key, whatever it weighs: to stop a recovery."""
    EVERYDAY = 1
    HIGH_VALUE = 2
    """What costs more than the party's own limit for that money."""
    KEYS = 3
    """Keys, thresholds, limits, guardians and mandates: what decides who may act."""


class Key(Struct, frozen=True, array_like=True, gc=False):
    """A public key that acts for a party. A party's keys are numbered from 0 and a number is never used again."""

    number: KeyNumber
    scheme: Scheme
    public: PublicKey
    weight: Weight = 1
    valid_until: Seconds | None = None
    """The last second in which it counts; nothing when it does not expire."""


class Thresholds(Struct, frozen=True, array_like=True, gc=False):
    """Which sum of weights the three levels need; a higher level never needs less."""

    everyday: Threshold = 1
    high_value: Threshold = 1
    keys: Threshold = 1


class HighValueLimit(Struct, frozen=True, array_like=True, gc=False):
    """What costs more than `units` of this money is of high value to the party."""

    asset: AssetKey
    units: Units


class Party(Record):
    """Somebody who takes part: a person, an organisation or an authority, under a pseudonymous account."""

    registrar: Account
    reference: Reference
    kind: Kind
    country: CountryCode
    roles: Roles
    """Bits of `identity.Role`."""
    sponsor: Account
    suspended: bool
    keys: Annotated[tuple[Key, ...], Meta(min_length=1, max_length=KEYS_MAX)]
    """In the order of their numbers."""
    thresholds: Thresholds
    next_key: Annotated[int, Meta(ge=1, le=KEY_NUMBER_MAX + 1)]
    """The number of the next key that joins."""
    high_value: Annotated[tuple[HighValueLimit, ...], Meta(max_length=LIMITS_MAX)] = ()
    recovers_at: Seconds | None = None
    """The last second in which a recovery under way can be stopped; after it the keys above are worth nothing."""
    recoveries: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0
    """How often guardians have put new keys in place; what the earlier ones granted or published is void."""


def key_of(party: Party, number: int) -> Key | None:
    """Give the party's key of a number, or nothing."""
    for key in party.keys:
        if key.number == number:
            return key
    return None


def threshold_of(party: Party, level: Level) -> int:
    """Give the weight that a level needs; for the veto any key will do."""
    thresholds = party.thresholds
    if level == Level.EVERYDAY:
        return thresholds.everyday
    if level == Level.HIGH_VALUE:
        return thresholds.high_value
    return thresholds.keys if level == Level.KEYS else 1


def is_high_value(party: Party, cost: tuple[bytes, int] | None) -> bool:
    """Whether a cost is above the party's own limit; once it has one, money without a limit is so from one unit on."""
    if cost is None or not party.high_value:
        return False
    asset, units = cost
    for limit in party.high_value:
        if limit.asset == asset:
            return units > limit.units
    return units > 0


def show_account_key(key: bytes) -> dict[str, Any]:
    """Show a key that is an account."""
    return {"account": key}


PARTIES: Table[bytes, Party] = Table("kernel/parties", 2, Party, show_key=show_account_key)
