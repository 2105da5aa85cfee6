"""How much a sponsor's parties may ask of the ledger: operations and bytes in a period, and bytes that stay.

There are no fees and no coin. A spent quota never locks anybody in: operations marked `reserved` (changing a key,
cancelling, confirming, disputing) have a lane of their own.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, structs

from sogdia.kernel.accounts import show_account_key
from sogdia.kernel.codec import Record
from sogdia.kernel.parameters import DAY, Limits
from sogdia.kernel.refusal import ensure, require
from sogdia.kernel.refusals import KernelRefusal as Refuse
from sogdia.kernel.state import State, Table

Amount = Annotated[int, Meta(ge=0, le=2**53)]


class Quota(Record):
    """A sponsor's allowance and what has been used of it in the period that began at `period_start`."""

    operations_max: Amount
    bytes_max: Amount
    reserved_operations_max: Amount
    stored_bytes_max: Amount
    period_start: Amount = 0
    operations_used: Amount = 0
    bytes_used: Amount = 0
    reserved_operations_used: Amount = 0
    stored_bytes: Amount = 0


QUOTAS: Table[bytes, Quota] = Table("kernel/quotas", 8, Quota, show_key=show_account_key)


def charge(state: State, sponsor: bytes, used: Use, time: int, limits: Limits) -> None:
    """Charge an envelope to its sponsor, or refuse it when the quota is spent."""
    quota = QUOTAS.get(state, sponsor, Refuse.SPONSOR_HAS_NO_QUOTA, sponsor=sponsor)
    start = time - time % limits.quota_period
    fresh = start != quota.period_start
    operations = used.operations if fresh else quota.operations_used + used.operations
    size = used.weighted_bytes if fresh else quota.bytes_used + used.weighted_bytes
    lane = 0 if fresh else quota.reserved_operations_used
    if operations > quota.operations_max or size > quota.bytes_max:
        open_lane = used.reserved and lane + used.operations <= quota.reserved_operations_max
        opens_at = start + limits.quota_period
        require(
            operations <= quota.operations_max or open_lane,
            Refuse.QUOTA_OPERATIONS_SPENT,
            allowed=quota.operations_max,
            opens_at=opens_at,
        )
        require(size <= quota.bytes_max or open_lane, Refuse.QUOTA_BYTES_SPENT, allowed=quota.bytes_max, opens_at=opens_at)
        operations = 0 if fresh else quota.operations_used
        size = 0 if fresh else quota.bytes_used
        lane += used.operations
    QUOTAS.put(
        state,
        sponsor,
        structs.replace(
            quota,
            period_start=start,
            operations_used=operations,
            bytes_used=size,
            reserved_operations_used=lane,
        ),
    )


class Use:
    """What an envelope asks of its sponsor's quota."""

    __slots__ = ("operations", "reserved", "weighted_bytes")

    def __init__(self, *, operations: int, size: int, validity: int, reserved: bool) -> None:
        """Weigh the envelope: its bytes count once for each day, or part of one, that its id must be remembered."""
        self.operations = operations
        self.weighted_bytes = size * max(1, -(-validity // DAY))
        self.reserved = reserved


def occupy(state: State, sponsor: bytes, size: int) -> None:
    """Count `size` bytes that an object will keep, or refuse when the sponsor's storage is used up."""
    quota = QUOTAS.get(state, sponsor, Refuse.SPONSOR_HAS_NO_QUOTA, sponsor=sponsor)
    stored = quota.stored_bytes + size
    require(stored <= quota.stored_bytes_max, Refuse.QUOTA_STORAGE_SPENT, allowed=quota.stored_bytes_max, asked=size)
    QUOTAS.put(state, sponsor, structs.replace(quota, stored_bytes=stored))


def give_back(state: State, sponsor: bytes, size: int) -> None:
    """Give back bytes that an object no longer keeps."""
    quota = QUOTAS.must(state, sponsor)
    ensure(quota.stored_bytes >= size, "more storage is given back than was taken")
    QUOTAS.put(state, sponsor, structs.replace(quota, stored_bytes=quota.stored_bytes - size))
