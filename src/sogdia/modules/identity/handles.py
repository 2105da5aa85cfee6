"""Handles: short names that people remember in place of an account. One an account, and no two that look alike.

A handle's *skeleton* is what a reader in a hurry sees: letters that look like others are replaced by these, accents
and hyphens fall away. Whoever has claimed `paypal` has claimed every way to write something that looks like it.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from sogdia.kernel import quota
from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.operation import Operation
from sogdia.kernel.refusal import require
from sogdia.kernel.text import text_problem
from sogdia.modules.identity.events import HandleClaimed, HandleReleased
from sogdia.modules.identity.handle_tables import ALPHABETS, LOOK_ALIKES
from sogdia.modules.identity.refusals import IdentityRefusal as Refuse
from sogdia.modules.identity.registry_records import HANDLE_OWNERS, HANDLES, Handle, HandleOwner, HandleRecord

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import Reader

HANDLE_BYTES = 400
"""What a handle counts for in its owner's sponsor's storage, both ways of finding it included."""

HYPHEN = "-"
DIGITS = "0123456789"


def _ranges(spelled: str) -> list[tuple[int, int]]:
    """Read ranges of code points as (first, last)."""
    ends = (entry.partition("-") for entry in spelled.split())
    return [(int(first, 16), int(last or first, 16)) for first, _, last in ends]


_LETTERS = sorted((first, last, name) for name, spelled in ALPHABETS.items() for first, last in _ranges(spelled))
_FIRSTS = [first for first, _last, _name in _LETTERS]
_SEEN_AS = {
    chr(int(letter, 16)): "".join(chr(int(each, 16)) for each in seen.split())
    for seen, letters in LOOK_ALIKES.items()
    for letter in letters.split()
} | {HYPHEN: ""}


def alphabet_of(letter: str) -> str | None:
    """Give the alphabet of a lower-case letter; nothing for what no handle may hold."""
    point = ord(letter)
    at = bisect_right(_FIRSTS, point) - 1
    return _LETTERS[at][2] if at >= 0 and point <= _LETTERS[at][1] else None


def skeleton(handle: str) -> bytes:
    """Give what a reader in a hurry sees of a handle."""
    return "".join(_SEEN_AS.get(character, character) for character in handle).encode("utf-8")


class ClaimHandle(Operation, tag=228):
    """Claim a handle for the sender: 3 to 32 lower-case letters of one alphabet, digits, and hyphens between them."""

    handle: Handle

    def check(self) -> None:
        """Refuse what could be mistaken for another handle, or read in two ways."""
        problem = text_problem(self.handle)
        require(problem is None, Refuse.TEXT_NOT_ALLOWED, problem=0 if problem is None else int(problem))
        alphabets = [alphabet_of(each) for each in self.handle if each not in DIGITS and each != HYPHEN]
        require(None not in alphabets, Refuse.HANDLE_CHARACTERS)
        require(alphabets, Refuse.HANDLE_LETTERLESS)
        require(len(set(alphabets)) == 1, Refuse.HANDLE_ALPHABETS)
        parts = self.handle.split(HYPHEN)
        require(all(parts), Refuse.HANDLE_HYPHENS)

    def apply(self, ctx: Context) -> None:
        """Write the handle down under what it looks like."""
        require(HANDLE_OWNERS.find(ctx.state, ctx.sender) is None, Refuse.HANDLE_OWNED)
        seen = skeleton(self.handle)
        taken = HANDLES.find(ctx.state, seen)
        require(taken is None, Refuse.HANDLE_TAKEN, by=b"" if taken is None else taken.account)

        sponsor = PARTIES.must(ctx.state, ctx.sender).sponsor
        quota.occupy(ctx.state, sponsor, HANDLE_BYTES)
        HANDLES.put(ctx.state, seen, HandleRecord(account=ctx.sender, handle=self.handle, sponsor=sponsor))
        HANDLE_OWNERS.put(ctx.state, ctx.sender, HandleOwner(skeleton=seen))

        ctx.emit(HandleClaimed(account=ctx.sender, handle=self.handle))


class ReleaseHandle(Operation, tag=229):
    """Give up the sender's handle; anybody may claim it from then on."""

    def apply(self, ctx: Context) -> None:
        """Remove the handle."""
        owner = HANDLE_OWNERS.get(ctx.state, ctx.sender, Refuse.HANDLE_NOT_HELD)

        known = HANDLES.must(ctx.state, owner.skeleton)
        HANDLES.drop(ctx.state, owner.skeleton)
        HANDLE_OWNERS.drop(ctx.state, ctx.sender)
        quota.give_back(ctx.state, known.sponsor, HANDLE_BYTES)

        ctx.emit(HandleReleased(account=ctx.sender, handle=known.handle))


def find_handle(state: Reader, handle: str) -> HandleRecord | None:
    """Give who holds a handle, spelt exactly so; a look-alike finds nobody."""
    known = HANDLES.find(state, skeleton(handle))
    return known if known is not None and known.handle == handle else None


def handle_of(state: Reader, account: bytes) -> HandleRecord | None:
    """Give the handle that an account holds."""
    owner = HANDLE_OWNERS.find(state, account)
    return None if owner is None else HANDLES.must(state, owner.skeleton)
