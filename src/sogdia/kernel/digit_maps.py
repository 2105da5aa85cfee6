"""An ordered set of byte strings in ordinary records: each node maps the 256 digits that may exist below a prefix.

Whoever keeps such a set has a table for its nodes; what stands under a whole string is a record of its own. All work is
a few nodes per string, however many there are. `floor` is how many bytes of a string only say which set it belongs to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from sogdia.kernel.codec import Record
from sogdia.kernel.refusal import Broken

if TYPE_CHECKING:
    from sogdia.kernel.state import Reader, State, Table

Map = Annotated[bytes, Meta(min_length=32, max_length=32)]


class DigitMap(Record):
    """The digits that exist below a prefix, one bit each."""

    present: Map


def knows(state: Reader, nodes: Table[bytes, DigitMap], whole: bytes) -> bool:
    """Tell whether the node above a string knows of it, or of others that it begins."""
    node = nodes.find(state, whole[:-1])
    return node is not None and bool(_bits(node) >> whole[-1] & 1)


def mark(state: State, nodes: Table[bytes, DigitMap], whole: bytes, floor: int = 0) -> None:
    """Let the nodes above a new string know of it."""
    for depth in range(len(whole) - 1, floor - 1, -1):
        node = nodes.find(state, whole[:depth])
        bits = 0 if node is None else int.from_bytes(node.present, "big")
        nodes.put(state, whole[:depth], _map(bits | 1 << whole[depth]))
        if node is not None:
            return


def clear(state: State, nodes: Table[bytes, DigitMap], whole: bytes, floor: int = 0) -> None:
    """Let the nodes above a string that is gone forget it; those that know of no other go too."""
    for depth in range(len(whole) - 1, floor - 1, -1):
        bits = _bits(nodes.must(state, whole[:depth])) & ~(1 << whole[depth])
        if bits:
            nodes.put(state, whole[:depth], _map(bits))
            return
        nodes.drop(state, whole[:depth])


def first(state: Reader, nodes: Table[bytes, DigitMap], prefix: bytes = b"") -> bytes | None:
    """Give the least string that begins with a prefix, or nothing when none does."""
    found = prefix
    while (node := nodes.find(state, found)) is not None:
        bits = _bits(node)
        found += bytes(((bits & -bits).bit_length() - 1,))
    return found if len(found) > len(prefix) else None


def after(state: Reader, nodes: Table[bytes, DigitMap], whole: bytes, floor: int = 0) -> bytes | None:
    """Give the least string above one of the set, or nothing when it is the greatest."""
    for depth in range(len(whole) - 1, floor - 1, -1):
        node = nodes.find(state, whole[:depth])
        if node is None:
            message = "an ordered set has a gap"
            raise Broken(message)
        above = _bits(node) >> (whole[depth] + 1)
        if above:
            digit = whole[depth] + (above & -above).bit_length()
            found = whole[:depth] + bytes((digit,))
            return first(state, nodes, found) or found
    return None


def _bits(node: DigitMap) -> int:
    return int.from_bytes(node.present, "big")


def _map(bits: int) -> DigitMap:
    return DigitMap(present=bits.to_bytes(32, "big"))
