"""UETR: the reference that a payment keeps from end to end, worked out from where the payment stands in the ledger.

    position   68 bits: height (34), place in the block (20), number of the payment (14)
    check      54 bits of SHA-256(genesis hash ‖ id of the result ‖ number of the fact)
    UETR       both in the form of a UUID of version 4, the position hidden by a mask that is made from the check

Nothing is stored for it: whoever has a UETR takes the position out of it, fetches that block, and compares the check.
The mask keeps no secret. It lets values look as if they were drawn, as those who store UETRs count on.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final, NamedTuple
from uuid import UUID

HEIGHT_BITS: Final = 34
PLACE_BITS: Final = 20
NUMBER_BITS: Final = 14
POSITION_BITS: Final = HEIGHT_BITS + PLACE_BITS + NUMBER_BITS
CHECK_BITS: Final = 122 - POSITION_BITS

FORM: Final = re.compile(r"[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{12}\Z")

# A UUID has its version in bits 76 to 79 and its variant in bits 62 and 63; the 122 others are free.
_LOW, _MIDDLE = 62, 12


class Position(NamedTuple):
    """Where a fact stands: the height, the place of its result in the block, its number in the receipt, from 0."""

    height: int
    place: int
    number: int


def uetr_of(network: bytes, result_id: bytes, position: Position) -> str:
    """Give the UETR of what a fact tells."""
    check = _check(network, result_id, position.number)
    laid = (position.height << PLACE_BITS | position.place) << NUMBER_BITS | position.number
    free = (laid ^ _mask(network, check)) << CHECK_BITS | check
    low = free & (1 << _LOW) - 1
    middle = free >> _LOW & (1 << _MIDDLE) - 1
    high = free >> _LOW + _MIDDLE
    return str(UUID(int=high << 80 | 4 << 76 | middle << 64 | 2 << 62 | low))


def position_in(network: bytes, uetr: str) -> Position:
    """Take the position out of a UETR of this network; of a foreign one it leads nowhere, which the check shows."""
    number = UUID(uetr).int
    free = (number >> 80) << _LOW + _MIDDLE | (number >> 64 & (1 << _MIDDLE) - 1) << _LOW | number & (1 << _LOW) - 1
    check = free & (1 << CHECK_BITS) - 1
    laid = free >> CHECK_BITS ^ _mask(network, check)
    return Position(
        laid >> PLACE_BITS + NUMBER_BITS,
        laid >> NUMBER_BITS & (1 << PLACE_BITS) - 1,
        laid & (1 << NUMBER_BITS) - 1,
    )


def is_uetr(text: str) -> bool:
    """Tell whether a text has the form of a UETR."""
    return FORM.match(text) is not None


def _check(network: bytes, result_id: bytes, number: int) -> int:
    digest = sha256(b"sogdia/uetr" + network + result_id + number.to_bytes(2, "big")).digest()
    return int.from_bytes(digest, "big") >> 256 - CHECK_BITS


def _mask(network: bytes, check: int) -> int:
    digest = sha256(b"sogdia/uetr mask" + network + check.to_bytes(7, "big")).digest()
    return int.from_bytes(digest, "big") >> 256 - POSITION_BITS
