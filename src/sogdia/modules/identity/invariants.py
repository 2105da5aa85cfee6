"""What is always true of the parties."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.quota import QUOTAS
from sogdia.kernel.refusal import ensure
from sogdia.kernel.signature import weak_key

if TYPE_CHECKING:
    from sogdia.kernel.state import Reader


def every_party_has_a_sponsor_with_a_quota(state: Reader) -> None:
    """Nobody acts at nobody's expense."""
    for _key, party in PARTIES.items(state):
        ensure(QUOTAS.find(state, party.sponsor) is not None, f"the sponsor of {party.reference} has no quota")


def every_key_is_sound(state: Reader) -> None:
    """No party holds a key for which anybody could sign."""
    for _key, party in PARTIES.items(state):
        ensure(not weak_key(party.key.public), f"the key of {party.reference} is not sound")


def no_sponsor_uses_more_than_its_quota(state: Reader) -> None:
    """What is used stays within what is allowed."""
    for _key, quota in QUOTAS.items(state):
        ensure(quota.operations_used <= quota.operations_max, "operations beyond the quota")
        ensure(quota.bytes_used <= quota.bytes_max, "bytes beyond the quota")
        ensure(quota.reserved_operations_used <= quota.reserved_operations_max, "reserved operations beyond the quota")
        ensure(quota.stored_bytes <= quota.stored_bytes_max, "storage beyond the quota")
