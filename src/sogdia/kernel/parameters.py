"""The limits of a network: set in genesis, kept in the state, so that every node has the same."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from sogdia.kernel.codec import Record
from sogdia.kernel.state import Table

DAY = 86_400
Count = Annotated[int, Meta(ge=1, le=2**31 - 1)]


class Limits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a block, an envelope and the whole ledger may hold at most."""

    envelope_bytes_max: Count = 64 * 1024
    block_bytes_max: Count = 4 * 1024 * 1024
    block_envelopes_max: Count = 5_000
    exit_writes_max: Count = 2_000
    """Record writes that deadlines may cause in one block (the K of the design)."""
    live_ids_max: Count = 1_000_000
    validity_max: Count = 30 * DAY
    quota_period: Count = DAY
    reserved_bytes_max: Count = 10_000_000
    """Bytes that a sponsor's parties may send in a period once its quota is spent, for what stays open then."""


BOUNDS: dict[str, tuple[int, int]] = {
    "envelope_bytes_max": (16 * 1024, 2**20),
    "block_bytes_max": (256 * 1024, 64 * 2**20),
    "block_envelopes_max": (100, 100_000),
    "exit_writes_max": (500, 100_000),
    "live_ids_max": (10_000, 50_000_000),
    "validity_max": (DAY, 90 * DAY),
    "quota_period": (60, 30 * DAY),
}
"""Between what each limit may be set by vote: never so low that nothing could be voted any more, never so high that a
node of ordinary size could not follow. Genesis may say anything. `reserved_bytes_max` stands in genesis alone: what
every sponsor has used is compared with it, and lowering it would leave some above it."""


class Parameters(Record):
    """The limits in force."""

    limits: Limits


def no_key(_key: None) -> bytes:
    """Lay out the key of a table with a single record."""
    return b""


def show_no_key(_key: bytes) -> dict[str, Any]:
    """Show the key of a table with a single record."""
    return {}


PARAMETERS: Table[None, Parameters] = Table("kernel/parameters", 1, Parameters, key=no_key, show_key=show_no_key)
