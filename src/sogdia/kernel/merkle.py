"""Merkle trees over lists, as RFC 6962 defines them: of a block's transactions, its results, an order's final lines."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(leaf: bytes) -> bytes:
    """Hash one leaf."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees into one."""
    return sha256(b"\x01" + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """Give the root over `leaves` in their order."""
    level = [sha256(b"\x00" + leaf).digest() for leaf in leaves]
    if not level:
        return EMPTY_ROOT
    while len(level) > 1:
        # The last of an odd number has no neighbour and goes up as it is.
        alone = level[-1:] if len(level) % 2 else []
        level = [sha256(b"\x01" + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=False)]
        level += alone
    return level[0]


def levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """Give all hashes of the tree over `leaves`, at least one: the leaves' own first, the root last."""
    level = [leaf_hash(leaf) for leaf in leaves]
    found = [level]
    while len(level) > 1:
        paired = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        if len(level) % 2:
            paired.append(level[-1])
        level = paired
        found.append(level)
    return found


def path_in(tree: Sequence[Sequence[bytes]], index: int) -> tuple[bytes, ...]:
    """Give the neighbours, lowest first, that lead from leaf `index` to the root of a tree given by its levels."""
    found = []
    for level in tree[:-1]:
        neighbour = index ^ 1
        if neighbour < len(level):
            found.append(level[neighbour])
        index //= 2
    return tuple(found)


def path(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """Give the neighbours, lowest first, that lead from leaf `index` to the root."""
    return path_in(levels(leaves), index)


def root_from_path(leaf: bytes, index: int, size: int, neighbours: Sequence[bytes]) -> bytes | None:
    """Compute the root that a leaf and its path lead to, or nothing when the path does not fit index and size."""
    if not 0 <= index < size:
        return None
    at, last, used, current = index, size - 1, 0, leaf_hash(leaf)
    while last:
        if at % 2 or at < last:
            if used == len(neighbours):
                return None
            beside = neighbours[used]
            used += 1
            current = node_hash(beside, current) if at % 2 else node_hash(current, beside)
        at //= 2
        last //= 2
    return current if used == len(neighbours) else None


def extend(peaks: tuple[bytes, ...], size: int, leaf: bytes) -> tuple[bytes, ...]:
    """Append a leaf to a growing tree of `size` leaves that is kept as its complete subtrees, largest first."""
    current = leaf_hash(leaf)
    grown = list(peaks)
    while size % 2:
        current = node_hash(grown.pop(), current)
        size //= 2
    return (*grown, current)


def root_of_peaks(peaks: tuple[bytes, ...]) -> bytes:
    """Give the root of a growing tree from its complete subtrees."""
    if not peaks:
        return EMPTY_ROOT
    current = peaks[-1]
    for peak in reversed(peaks[:-1]):
        current = node_hash(peak, current)
    return current
