"""How much a sponsor's parties may ask of the ledger: operations and bytes in a period, and bytes that stay.

There are no fees and no coin. A spent quota never locks anybody in: operations marked `reserved` (changing a key,
cancelling, confirming, disputing) have a lane of their own, which has an end as well: so many operations of the
sponsor's, and so many bytes as the network allows every sponsor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NamedTuple

from msgspec import Meta, structs

from sogdia.kernel.accounts import show_account_key
from sogdia.kernel.codec import Record
from sogdia.kernel.refusal import ensure, require
from sogdia.kernel.refusals import KernelRefusal as Refuse
from sogdia.kernel.state import State, Table

if TYPE_CHECKING:
    from sogdia.kernel.parameters import Limits

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
    reserved_bytes_used: Amount = 0
    stored_bytes: Amount = 0


class Allowance(NamedTuple):
    """What a sponsor's parties may use: in a period, and of storage."""

    operations: int
    bytes: int
    reserved_operations: int
    stored_bytes: int


class Use(NamedTuple):
    """What an envelope asks of its sponsor's quota.

    Its bytes count once for each day, or part of one, that its id must be remembered.
    """

    operations: int
    weighted_bytes: int
    reserved: bool


QUOTAS: Table[bytes, Quota] = Table("kernel/quotas", 8, Quota, show_key=show_account_key)


def charge(state: State, sponsor: bytes, used: Use, time: int, limits: Limits) -> None:
    """Charge an envelope to its sponsor, or refuse it when the quota is spent."""
    quota = QUOTAS.get(state, sponsor, Refuse.SPONSOR_HAS_NO_QUOTA, sponsor=sponsor)
    start = time - time % limits.quota_period
    if start != quota.period_start:
        quota = structs.replace(
            quota,
            period_start=start,
            operations_used=0,
            bytes_used=0,
            reserved_operations_used=0,
            reserved_bytes_used=0,
        )
    operations = quota.operations_used + used.operations
    size = quota.bytes_used + used.weighted_bytes
    if operations <= quota.operations_max and size <= quota.bytes_max:
        QUOTAS.put(state, sponsor, structs.replace(quota, operations_used=operations, bytes_used=size))
        return
    opens_at = start + limits.quota_period
    lane = quota.reserved_operations_used + used.operations
    if not used.reserved or lane > quota.reserved_operations_max:
        # What a sponsor may use is between it and the network: its parties learn when to come again.
        require(operations <= quota.operations_max, Refuse.QUOTA_OPERATIONS_SPENT, opens_at=opens_at)
        require(condition=False, code=Refuse.QUOTA_BYTES_SPENT, opens_at=opens_at)
    lane_bytes, allowed = quota.reserved_bytes_used + used.weighted_bytes, limits.reserved_bytes_max
    require(lane_bytes <= allowed, Refuse.QUOTA_RESERVED_BYTES_SPENT, allowed=allowed, opens_at=opens_at)
    changed = structs.replace(quota, reserved_operations_used=lane, reserved_bytes_used=lane_bytes)
    QUOTAS.put(state, sponsor, changed)


def allow(state: State, sponsor: bytes, allowance: Allowance) -> None:
    """Set what a sponsor's parties may use; what they have used beyond it in this period counts as all of it.

    Its caller has seen to it that no less storage is allowed than is taken.
    """
    quota = QUOTAS.find(state, sponsor)
    fresh = Quota(
        operations_max=allowance.operations,
        bytes_max=allowance.bytes,
        reserved_operations_max=allowance.reserved_operations,
        stored_bytes_max=allowance.stored_bytes,
    )
    if quota is not None:
        fresh = structs.replace(
            fresh,
            period_start=quota.period_start,
            operations_used=min(quota.operations_used, allowance.operations),
            bytes_used=min(quota.bytes_used, allowance.bytes),
            reserved_operations_used=min(quota.reserved_operations_used, allowance.reserved_operations),
            reserved_bytes_used=quota.reserved_bytes_used,
            stored_bytes=quota.stored_bytes,
        )
    QUOTAS.put(state, sponsor, fresh)


def allowance_of(quota: Quota) -> Allowance:
    """Give what a quota allows."""
    return Allowance(quota.operations_max, quota.bytes_max, quota.reserved_operations_max, quota.stored_bytes_max)


def occupy(state: State, sponsor: bytes, size: int) -> None:
    """Count `size` bytes that an object will keep, or refuse when the sponsor's storage is used up."""
    quota = QUOTAS.get(state, sponsor, Refuse.SPONSOR_HAS_NO_QUOTA, sponsor=sponsor)
    stored = quota.stored_bytes + size
    require(stored <= quota.stored_bytes_max, Refuse.QUOTA_STORAGE_SPENT, asked=size)
    QUOTAS.put(state, sponsor, structs.replace(quota, stored_bytes=stored))


def give_back(state: State, sponsor: bytes, size: int) -> None:
    """Give back bytes that an object no longer keeps."""
    quota = QUOTAS.must(state, sponsor)
    ensure(quota.stored_bytes >= size, "more storage is given back than was taken")
    QUOTAS.put(state, sponsor, structs.replace(quota, stored_bytes=quota.stored_bytes - size))
