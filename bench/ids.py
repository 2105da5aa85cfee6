"""What remembering used envelopes costs when as many are remembered as may be: time in a block, memory, and start."""

from __future__ import annotations

import sys
from time import perf_counter

import msgspec

from sogdia.kernel import spent
from sogdia.kernel.spent import APPLIED, remember, remembered
from sogdia.kernel.state import State
from sogdia.testing.ledger import MemoryBase

CAP = 1_000_000
BLOCK = 1_000
EXPIRY = 1_700_000_000


class Ids(msgspec.Struct, frozen=True, kw_only=True):
    """The used ids at their cap."""

    cap: int
    microseconds_an_envelope: float
    set_megabytes: float
    stored_megabytes: float
    load_seconds: float


def _block(number: int) -> list[tuple[int, bytes, int]]:
    return [
        (EXPIRY + (number % 24) * spent.SLOT_SECONDS, (number * BLOCK + at).to_bytes(32, "big"), APPLIED)
        for at in range(BLOCK)
    ]


def measure(cap: int = CAP) -> Ids:
    """Fill the pages up to the cap, then write some more blocks' worth over them and read all of them back."""
    base = MemoryBase()
    for number in range(cap // BLOCK):
        state = State(base)
        remember(state, _block(number))
        base.tree.update(state.encoded_changes())
    more = 20
    started = perf_counter()
    for number in range(cap // BLOCK, cap // BLOCK + more):
        state = State(base)
        remember(state, _block(number))
        base.tree.update(state.encoded_changes())
    seconds = perf_counter() - started
    started = perf_counter()
    known = dict(remembered(State(base)))
    load_seconds = perf_counter() - started
    stored = sum(len(key) + len(value) for key, value in base.items())
    size = sys.getsizeof(known) + sum(sys.getsizeof(each) for each in known)
    return Ids(
        cap=cap,
        microseconds_an_envelope=seconds / (more * BLOCK) * 1e6,
        set_megabytes=size / 2**20,
        stored_megabytes=stored / 2**20,
        load_seconds=load_seconds,
    )
