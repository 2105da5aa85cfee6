"""The keys with which others seal for a party. Replacing one seals nothing anew: what was wrapped stays wrapped.

Whoever sets this key reads all that is sealed for the party from then on, so it takes the level of keys. A recovery
makes it void, since whoever had the lost keys may have set it; nothing is wrapped for the party until it sets one anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from sogdia.kernel import quota
from sogdia.kernel.accounts import PARTIES, Level
from sogdia.kernel.operation import Operation
from sogdia.kernel.refusal import require
from sogdia.kernel.values import KEY_NUMBER_MAX
from sogdia.modules.documents.events import EncryptionKeySet
from sogdia.modules.documents.records import ENCRYPTION_KEYS, EncryptionKey, EncryptionPublic
from sogdia.modules.documents.refusals import DocumentsRefusal as Refuse

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import Reader

KEY_BYTES = 250
"""What an encryption key counts for in its sponsor's storage, its share of the tree included."""

_PRIME = 2**255 - 19
_ORDER_EIGHT = (
    325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723060781553021112529911719440698176882885853963445705823,
)
_WEAK = frozenset((0, 1, _PRIME - 1, *_ORDER_EIGHT))
"""The coordinates of small order on Curve25519 and its twist: with them every shared secret is zero (RFC 7748, 6.1)."""


class SetEncryptionKey(Operation, tag=500):
    """Publish the X25519 key with which others seal documents for the sender, in place of the one before."""

    public: EncryptionPublic

    reserved: ClassVar[bool] = True
    key_level: ClassVar[Level] = Level.KEYS

    def check(self) -> None:
        """Refuse a key with which anybody could read along."""
        require(not weak_encryption_key(self.public), Refuse.ENCRYPTION_KEY_WEAK)

    def apply(self, ctx: Context) -> None:
        """Put the key in the old one's place; its number is the next."""
        known = ENCRYPTION_KEYS.find(ctx.state, ctx.sender)
        current = current_key(ctx.state, ctx.sender)
        require(current is None or current.public != self.public, Refuse.ENCRYPTION_KEY_UNCHANGED)
        number = number_after(known)
        require(number <= KEY_NUMBER_MAX, Refuse.ENCRYPTION_KEYS_USED_UP, used=number)

        party = PARTIES.must(ctx.state, ctx.sender)
        if known is None:
            quota.occupy(ctx.state, party.sponsor, KEY_BYTES)
        sponsor = party.sponsor if known is None else known.sponsor
        key = EncryptionKey(number=number, public=self.public, recoveries=party.recoveries, sponsor=sponsor)
        ENCRYPTION_KEYS.put(ctx.state, ctx.sender, key)

        ctx.emit(EncryptionKeySet(account=ctx.sender, number=number, public=self.public))


def weak_encryption_key(public: bytes) -> bool:
    """Tell whether a public key is one under which every shared secret is the same. The top bit counts for nothing."""
    coordinate = int.from_bytes(public, "little") & (2**255 - 1)
    return coordinate % _PRIME in _WEAK


def current_key(state: Reader, account: bytes) -> EncryptionKey | None:
    """Give the key with which others seal for a party; nothing when its own keys have been recovered since."""
    known = ENCRYPTION_KEYS.find(state, account)
    if known is None or known.recoveries != PARTIES.must(state, account).recoveries:
        return None
    return known


def number_after(known: EncryptionKey | None) -> int:
    """Give the number of the key that comes after this one, void or not."""
    return 0 if known is None else known.number + 1


def require_encryption_key(state: Reader, account: bytes) -> None:
    """Refuse a reader for whom nothing can be wrapped."""
    require(current_key(state, account) is not None, Refuse.ENCRYPTION_KEY_MISSING, account=account)
