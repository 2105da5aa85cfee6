"""Receipts: how an envelope or a deadline ended, in canonical bytes whose hash is provable, and the history they make.

Their layouts, which the reference states in full:

    receipt = [refusal number or 0, index of the refused operation or 0, [[name, value], …], [event, …], blind]
    history = SHA-256(previous ‖ id ‖ operation index, 2 bytes ‖ SHA-256(receipt) ‖ height, 8 bytes ‖ time, 4 bytes)
    leaves of the results tree = id ‖ SHA-256(receipt), of each envelope and then of each exit, in their order
        and, of a block with exits, SHA-256("sogdia/exits" ‖ [how many envelopes came before each exit, …])
"""

from __future__ import annotations

from hashlib import sha256
from struct import Struct
from typing import TYPE_CHECKING, Any

import msgspec

from sogdia.kernel.codec import encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NO_HISTORY = bytes(32)
_EXITS = b"sogdia/exits"
_step = Struct(">32s32sH32sQI").pack


class Receipt(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How an envelope or an exit ended: `code` 0 means applied, otherwise only the id and the quota were written.

    The `blind`, 16 bytes, keeps others from trying receipts out on its hash (`kernel/blinding.py`).
    """

    code: int
    operation: int
    facts: tuple[tuple[str, int | str], ...]
    events: tuple[Any, ...]
    blind: bytes


def encode_receipt(receipt: Receipt) -> bytes:
    """Give a receipt's canonical bytes."""
    return encode(receipt)


def receipt_hash(raw: bytes) -> bytes:
    """Hash a receipt's bytes."""
    return sha256(raw).digest()


def result_leaf(envelope_id: bytes, raw_receipt: bytes) -> bytes:
    """Give the leaf of the results tree for one envelope or exit."""
    return envelope_id + sha256(raw_receipt).digest()


def result_leaves(results: Iterable[tuple[bytes, bytes]], exits_after: Sequence[int]) -> list[bytes]:
    """Give all leaves of a block's results tree: a leaf for each (id, receipt), then one for when its exits came.

    The last leaf is shorter than any other, so nobody can show it as a result.
    """
    leaves = [result_leaf(identity, receipt) for identity, receipt in results]
    if exits_after:
        leaves.append(sha256(_EXITS + encode(list(exits_after))).digest())
    return leaves


def exit_id(due_object: bytes, deadline: int) -> bytes:
    """Give the id under which a deadline's exit stands among the results."""
    return sha256(b"due" + due_object + deadline.to_bytes(4, "big")).digest()


def turn_id(due_object: bytes, height: int) -> bytes:
    """Give the id under which what an object's height brought about stands among the results."""
    return sha256(b"turn" + due_object + height.to_bytes(8, "big")).digest()


def accusation_id(address: bytes, height: int) -> bytes:
    """Give the id under which what evidence brought about stands among the results of the block that holds it."""
    return sha256(b"accused" + address + height.to_bytes(8, "big")).digest()


def fold(  # noqa: PLR0913 - the six parts of a step
    previous: bytes, envelope_id: bytes, operation: int, hash_of_receipt: bytes, height: int, time: int
) -> bytes:
    """Add one step to an object's history."""
    return sha256(_step(previous, envelope_id, operation, hash_of_receipt, height, time)).digest()
