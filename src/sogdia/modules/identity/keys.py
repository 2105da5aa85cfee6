"""The keys of a party: several, each with a weight, and three thresholds; changed by the party itself.

    [number, scheme, public, weight, valid until]

    everyday ≤ high value ≤ keys        which sum of weights the three levels need

Whoever brings a key shows that somebody holds it, and the keys that never expire always weigh enough to change the
keys: so nobody can lock itself out, neither by a typing error nor by waiting.
"""

from __future__ import annotations

from hashlib import sha256
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta, Struct, structs

from sogdia.kernel.accounts import (
    KEYS_MAX,
    LIMITS_MAX,
    PARTIES,
    HighValueLimit,
    Key,
    Level,
    Scheme,
    Thresholds,
    Weight,
)
from sogdia.kernel.operation import Operation
from sogdia.kernel.passkey import EXTRA_BYTES_MAX, PASSKEYS, signed_bytes
from sogdia.kernel.refusal import require
from sogdia.kernel.signature import SIGNATURE_BYTES, WEBAUTHN, verify, weak_key
from sogdia.kernel.values import KEY_NUMBER_MAX, KeyNumber, PublicKey, Seconds
from sogdia.modules.identity.events import HighValueLimitsSet, KeysChanged
from sogdia.modules.identity.refusals import IdentityRefusal as Refuse
from sogdia.modules.identity.retraction import drop_recoveries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sogdia.kernel.accounts import Party
    from sogdia.kernel.operation import Context

DOMAIN = b"sogdia/key"

Proof = Annotated[bytes, Meta(min_length=SIGNATURE_BYTES, max_length=SIGNATURE_BYTES)]
Extra = Annotated[bytes, Meta(max_length=EXTRA_BYTES_MAX)] | None


class NewKey(Struct, frozen=True, array_like=True, gc=False):
    """A key that joins a party, with the proof that somebody holds it."""

    scheme: Scheme
    public: PublicKey
    proof: Proof
    """Its signature over `key_message`."""
    extra: Extra = None
    """What a passkey's signature brings with it."""
    weight: Weight = 1
    valid_until: Seconds | None = None


class ChangeKeys(Operation, tag=201):
    """Remove some of the sender's keys, add others, change the thresholds. Proposals of guardians fall with it."""

    remove: Annotated[tuple[KeyNumber, ...], Meta(max_length=KEYS_MAX)] = ()
    add: Annotated[tuple[NewKey, ...], Meta(max_length=KEYS_MAX)] = ()
    thresholds: Thresholds | None = None

    reserved: ClassVar[bool] = True
    key_level: ClassVar[Level] = Level.KEYS

    def check(self) -> None:
        """Refuse keys that cannot sign, thresholds out of order and changes that change nothing."""
        require(self.remove or self.add or self.thresholds is not None, Refuse.NOTHING_CHANGES)
        require(all(a < b for a, b in pairwise(self.remove)), Refuse.KEYS_NOT_IN_ORDER)
        check_new_keys(self.add)
        if self.thresholds is not None:
            check_thresholds(self.thresholds)

    def apply(self, ctx: Context) -> None:
        """Put the new set of keys in place."""
        party = PARTIES.must(ctx.state, ctx.sender)
        there = [key.number for key in party.keys]
        for number in self.remove:
            require(number in there, Refuse.KEY_UNKNOWN, key=number)
        known = [key.public for key in party.keys]
        for new in self.add:
            require(new.public not in known, Refuse.KEY_UNCHANGED)
        added = join(ctx, ctx.sender, party, self.add)
        keys = (*(key for key in party.keys if key.number not in self.remove), *added)
        thresholds = party.thresholds if self.thresholds is None else self.thresholds
        require_usable(keys, thresholds)

        after = structs.replace(party, keys=keys, thresholds=thresholds, next_key=party.next_key + len(added))
        drop_recoveries(ctx, ctx.sender)
        PARTIES.put(ctx.state, ctx.sender, structs.replace(after, recovers_at=None))

        ctx.emit(KeysChanged(account=ctx.sender, removed=self.remove, added=added, thresholds=thresholds))


class SetHighValueLimits(Operation, tag=206):
    """Say from which amount on an operation is of high value; replaces all earlier limits.

    Without any, nothing is of high value; once there is one, money that is not listed is so from the first unit on.
    """

    limits: Annotated[tuple[HighValueLimit, ...], Meta(max_length=LIMITS_MAX)]

    key_level: ClassVar[Level] = Level.KEYS

    def check(self) -> None:
        """Refuse limits out of order."""
        require(all(a.asset < b.asset for a, b in pairwise(self.limits)), Refuse.LIMITS_NOT_IN_ORDER)

    def apply(self, ctx: Context) -> None:
        """Write the limits down."""
        party = PARTIES.must(ctx.state, ctx.sender)
        require(party.high_value != self.limits, Refuse.NOTHING_CHANGES)

        PARTIES.put(ctx.state, ctx.sender, structs.replace(party, high_value=self.limits))

        ctx.emit(HighValueLimitsSet(account=ctx.sender, limits=self.limits))


def check_new_keys(keys: Sequence[NewKey]) -> None:
    """Refuse keys that cannot sign, and one that stands there twice."""
    for key in keys:
        require(not weak_key(key.scheme, key.public), Refuse.KEY_WEAK)
    require(len({key.public for key in keys}) == len(keys), Refuse.KEY_UNCHANGED)


def check_thresholds(thresholds: Thresholds) -> None:
    """Refuse thresholds by which a higher level would need less."""
    in_order = thresholds.everyday <= thresholds.high_value <= thresholds.keys
    require(in_order, Refuse.THRESHOLDS_NOT_IN_ORDER)


def join(ctx: Context, account: bytes, party: Party, new: Sequence[NewKey]) -> tuple[Key, ...]:
    """Number the keys that join a party, or refuse one that has expired or that nobody has shown to hold."""
    last = party.next_key + len(new) - 1
    require(last <= KEY_NUMBER_MAX, Refuse.KEYS_USED_UP, used=party.next_key - 1)
    joined = []
    for number, key in enumerate(new, start=party.next_key):
        until = key.valid_until
        require(until is None or until >= ctx.time, Refuse.KEY_ALREADY_EXPIRED, valid_until=until or 0, time=ctx.time)
        require_passkeys(ctx, key.scheme)
        message = key_message(ctx.network, account, number, key.scheme, key.public)
        signed = message if key.scheme != WEBAUTHN else signed_bytes(ctx.state, message, key.extra)
        proven = verify(key.scheme, key.public, signed, key.proof)
        require(proven, Refuse.KEY_NOT_PROVEN, number=number)
        joined.append(Key(number, key.scheme, key.public, key.weight, until))
    return tuple(joined)


def require_usable(keys: Sequence[Key], thresholds: Thresholds) -> None:
    """Refuse a set of keys with which a party could lock itself out, now or by waiting."""
    require(1 <= len(keys) <= KEYS_MAX, Refuse.KEYS_TOO_MANY, keys=len(keys))
    lasting = sum(key.weight for key in keys if key.valid_until is None)
    require(lasting >= thresholds.keys, Refuse.KEYS_WOULD_LOCK_OUT, weight=lasting, needed=thresholds.keys)


def require_passkeys(ctx: Context, scheme: int) -> None:
    """Refuse a passkey on a network that names no domain for them."""
    require(scheme != WEBAUTHN or PASSKEYS.find(ctx.state, None) is not None, Refuse.NO_PASSKEYS)


def key_message(network: bytes, account: bytes, number: int, scheme: int, public: bytes) -> bytes:
    """Give what a new key signs to show that somebody holds it: a hash, so that it can be a passkey's challenge."""
    return sha256(DOMAIN + network + account + number.to_bytes(2, "big") + bytes((scheme,)) + public).digest()
