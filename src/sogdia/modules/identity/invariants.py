"""What is always true of the parties."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.mandates import MANDATES
from sogdia.kernel.parameters import PARAMETERS
from sogdia.kernel.quota import QUOTAS
from sogdia.kernel.refusal import ensure
from sogdia.kernel.signature import weak_key
from sogdia.kernel.values import ACCOUNT_BYTES
from sogdia.modules.identity.records import GUARDIANS, RECOVERIES

if TYPE_CHECKING:
    from sogdia.kernel.state import Reader


def every_party_has_a_sponsor_with_a_quota(state: Reader) -> None:
    """Nobody acts at nobody's expense."""
    for _key, party in PARTIES.items(state):
        ensure(QUOTAS.find(state, party.sponsor) is not None, f"the sponsor of {party.reference} has no quota")


def every_key_is_sound(state: Reader) -> None:
    """No party holds a key for which anybody could sign."""
    for _key, party in PARTIES.items(state):
        for key in party.keys:
            ensure(not weak_key(key.scheme, key.public), f"a key of {party.reference} is not sound")


def nobody_is_locked_out(state: Reader) -> None:
    """Every party has lasting keys that weigh enough to change its keys; no level is easier than a lower one."""
    for _key, party in PARTIES.items(state):
        thresholds = party.thresholds
        in_order = thresholds.everyday <= thresholds.high_value <= thresholds.keys
        ensure(in_order, f"the thresholds of {party.reference} are out of order")
        lasting = sum(key.weight for key in party.keys if key.valid_until is None)
        ensure(lasting >= thresholds.keys, f"{party.reference} can be locked out of its keys")
        numbers = [key.number for key in party.keys]
        fresh = all(number < party.next_key for number in numbers)
        ensure(fresh and numbers == sorted(set(numbers)), f"the keys of {party.reference} are not numbered in order")


def a_recovery_that_has_begun_stands_on_its_party(state: Reader) -> None:
    """The deadline that a party's signatures are checked against is that of the one recovery that has begun."""
    begun = {key[:ACCOUNT_BYTES]: each.deadline for key, each in RECOVERIES.items(state) if each.begun}
    for account, party in PARTIES.items(state):
        ensure(party.recovers_at == begun.get(account), f"the recovery of {party.reference} is not as it says")
    for key, _recovery in RECOVERIES.items(state):
        guarding = GUARDIANS.find(state, key[:ACCOUNT_BYTES])
        ensure(guarding is not None and key[ACCOUNT_BYTES:] in guarding.guardians, "a proposal of no guardian")


def no_mandate_has_spent_more_than_its_caps(state: Reader) -> None:
    """What an agent spent in a period stays within what it may spend."""
    for name, mandate in MANDATES.items(state):
        ensure(len(mandate.spent) in (0, len(mandate.caps)), "a mandate counts other money than its caps")
        within = all(spent <= cap.per_period for spent, cap in zip(mandate.spent, mandate.caps, strict=False))
        ensure(within, f"an agent spent more than the mandate {name.hex()} allows")


def no_sponsor_uses_more_than_its_quota(state: Reader) -> None:
    """What is used stays within what is allowed."""
    reserved_bytes_max = PARAMETERS.must(state, None).limits.reserved_bytes_max
    for _key, quota in QUOTAS.items(state):
        ensure(quota.operations_used <= quota.operations_max, "operations beyond the quota")
        ensure(quota.bytes_used <= quota.bytes_max, "bytes beyond the quota")
        ensure(quota.reserved_operations_used <= quota.reserved_operations_max, "reserved operations beyond the quota")
        ensure(quota.reserved_bytes_used <= reserved_bytes_max, "reserved bytes beyond what every sponsor may use")
        ensure(quota.stored_bytes <= quota.stored_bytes_max, "storage beyond the quota")
