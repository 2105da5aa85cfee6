"""Quotas: what a sponsor's parties may ask in a period, which lane stays open, and the bytes that stay."""

from __future__ import annotations

import pytest
from msgspec import structs

from sogdia.kernel.parameters import DAY, Limits
from sogdia.kernel.quota import QUOTAS, Quota, Use, charge, give_back, occupy
from sogdia.kernel.receipt import Receipt
from sogdia.kernel.refusal import Broken, Refused
from sogdia.kernel.refusals import KernelRefusal as Refuse
from sogdia.kernel.state import State
from sogdia.modules.money.holds import ReleaseHold
from sogdia.testing.ledger import START, keys_of
from tests.kernel.wire import envelope, pay
from tests.modules.identity.town import key as changed_key
from tests.refused import poke

SPONSOR = bytes(20)
LIMITS = Limits()
TODAY = START - START % DAY
GENEROUS = Quota(operations_max=10, bytes_max=1_000, reserved_operations_max=3, stored_bytes_max=500)


class Nothing:
    """A committed state without records."""

    def find(self, _table, _key):
        """Find nothing."""

    def items(self):
        """Give nothing."""
        return iter(())


def state_with(**fields: int):
    """A state in which the sponsor's quota of today has these figures."""
    state = State(Nothing())
    QUOTAS.put(state, SPONSOR, structs.replace(GENEROUS, period_start=TODAY, **fields))
    return state


def ask(state, operations=1, size=1, *, reserved=False, time=START):
    """Charge a request; give the number of its refusal, or nothing."""
    try:
        charge(state, SPONSOR, Use(operations, size, reserved), time, LIMITS)
    except Refused as refused:
        return refused.code
    return None


def used(state):
    """What has been used: operations, bytes, operations of the reserved lane."""
    quota = QUOTAS.must(state, SPONSOR)
    return quota.operations_used, quota.bytes_used, quota.reserved_operations_used


# ----------------------------------------------------------------------------------------------------- the two measures


@pytest.mark.parametrize(
    ("before", "asked", "refusal"),
    [(0, 10, None), (0, 11, Refuse.QUOTA_OPERATIONS_SPENT), (9, 1, None), (9, 2, Refuse.QUOTA_OPERATIONS_SPENT)],
)
def test_operations_are_counted_to_the_last(before, asked, refusal):
    state = state_with(operations_used=before)

    assert ask(state, operations=asked) == refusal
    assert used(state)[0] == (before if refusal else before + asked)


@pytest.mark.parametrize(
    ("before", "asked", "refusal"),
    [(0, 1_000, None), (0, 1_001, Refuse.QUOTA_BYTES_SPENT), (999, 1, None), (999, 2, Refuse.QUOTA_BYTES_SPENT)],
)
def test_bytes_are_counted_to_the_last(before, asked, refusal):
    state = state_with(bytes_used=before)

    assert ask(state, size=asked) == refusal
    assert used(state)[1] == (before if refusal else before + asked)


def test_a_refusal_says_when_the_next_period_opens():
    with pytest.raises(Refused) as refused:
        charge(state_with(), SPONSOR, Use(11, 1, reserved=False), START, LIMITS)

    assert dict(refused.value.facts) == {"opens_at": TODAY + DAY}


def test_operations_are_looked_at_before_bytes():
    assert ask(state_with(), operations=11, size=1_001) == Refuse.QUOTA_OPERATIONS_SPENT
    assert ask(state_with(), operations=10, size=1_001) == Refuse.QUOTA_BYTES_SPENT


def test_a_party_without_a_sponsor_s_quota_may_ask_for_nothing():
    state = state_with()
    QUOTAS.drop(state, SPONSOR)

    assert ask(state, reserved=True) == Refuse.SPONSOR_HAS_NO_QUOTA


# ---------------------------------------------------------------------------------------------------------- the periods


@pytest.mark.parametrize(
    ("time", "fresh"), [(TODAY + DAY - 1, False), (TODAY + DAY, True), (TODAY + 9 * DAY + 5, True)]
)
def test_a_new_period_begins_at_midnight_with_nothing_used(time, fresh):
    state = state_with(operations_used=10, bytes_used=1_000, reserved_operations_used=3)

    assert ask(state, size=5, time=time) == (None if fresh else Refuse.QUOTA_OPERATIONS_SPENT)
    assert used(state) == ((1, 5, 0) if fresh else (10, 1_000, 3))
    assert QUOTAS.must(state, SPONSOR).period_start == (time - time % DAY if fresh else TODAY)


def test_the_period_is_the_network_s_own():
    state = state_with(operations_used=10)
    hourly = Limits(quota_period=3_600)

    charge(state, SPONSOR, Use(1, 1, reserved=False), START, hourly)

    assert QUOTAS.must(state, SPONSOR).period_start == START - START % 3_600


@pytest.mark.parametrize("over", [{"operations": 11}, {"size": 1_001}])
def test_what_is_too_much_for_a_whole_period_is_too_much_in_a_fresh_one(over):
    state = state_with()

    assert ask(state, **over, time=TODAY + DAY) is not None
    assert ask(state, **over, time=TODAY + DAY, reserved=True) == (
        Refuse.QUOTA_OPERATIONS_SPENT if "operations" in over else None
    )


# ---------------------------------------------------------------------------------------------------- the reserved lane


def test_the_reserved_lane_is_open_when_the_quota_is_spent_and_has_an_end_of_its_own():
    state = state_with(operations_used=10)

    assert [ask(state, reserved=True) for _ in range(4)] == [None, None, None, Refuse.QUOTA_OPERATIONS_SPENT]
    assert used(state) == (10, 0, 3)


def test_the_reserved_lane_is_open_when_the_bytes_are_spent():
    state = state_with(bytes_used=1_000)

    assert ask(state) == Refuse.QUOTA_BYTES_SPENT
    assert ask(state, operations=3, reserved=True) is None
    assert ask(state, reserved=True) == Refuse.QUOTA_BYTES_SPENT
    assert used(state) == (0, 1_000, 3)


@pytest.mark.parametrize(
    ("before", "asked", "refusal"),
    [
        (0, 2_000, None),
        (0, 2_001, Refuse.QUOTA_RESERVED_BYTES_SPENT),
        (1_999, 1, None),
        (1_999, 2, Refuse.QUOTA_RESERVED_BYTES_SPENT),
    ],
)
def test_bytes_of_the_reserved_lane_are_counted_to_the_last(before, asked, refusal):
    state = state_with(bytes_used=1_000, reserved_bytes_used=before)
    narrow = Limits(reserved_bytes_max=2_000)
    opens_at = {"allowed": 2_000, "opens_at": TODAY + DAY}

    if refusal is None:
        charge(state, SPONSOR, Use(1, asked, reserved=True), START, narrow)
    else:
        with pytest.raises(Refused) as refused:
            charge(state, SPONSOR, Use(1, asked, reserved=True), START, narrow)
        assert (refused.value.code, dict(refused.value.facts)) == (refusal, opens_at)

    after = QUOTAS.must(state, SPONSOR)
    assert after.reserved_bytes_used == (before if refusal else before + asked)
    assert (after.reserved_operations_used, after.bytes_used) == (0 if refusal else 1, 1_000)


def test_a_new_period_opens_the_bytes_of_the_lane_anew():
    state = state_with(operations_used=10, reserved_bytes_used=9_999_999)

    assert ask(state, size=2, reserved=True) == Refuse.QUOTA_RESERVED_BYTES_SPENT
    assert ask(state, size=1_001, reserved=True, time=TODAY + DAY) is None
    assert QUOTAS.must(state, SPONSOR).reserved_bytes_used == 1_001


def test_the_lane_s_operations_are_looked_at_before_its_bytes():
    state = state_with(operations_used=10, reserved_operations_used=3, reserved_bytes_used=10_000_000)

    assert ask(state, reserved=True) == Refuse.QUOTA_OPERATIONS_SPENT


def test_reserved_operations_use_the_ordinary_quota_while_there_is_some():
    state = state_with(operations_used=9)

    assert ask(state, reserved=True) is None
    assert used(state) == (10, 1, 0)


def test_the_lane_is_empty_again_in_the_next_period():
    state = state_with(operations_used=10, reserved_operations_used=3)

    assert ask(state, operations=2, size=1_001, reserved=True, time=TODAY + DAY) is None
    assert used(state) == (0, 0, 2)


def test_who_has_spent_its_quota_may_still_change_its_key_and_give_money_back(ledger):
    registrar = ledger.account("registrar")
    known = QUOTAS.must(ledger.state, registrar)
    poke(ledger, QUOTAS, registrar, structs.replace(known, operations_max=known.operations_used))
    new = keys_of("new key")
    key = changed_key(ledger, "nairobi", 1, new)

    answers = ledger.block(
        envelope(ledger),
        envelope(ledger, key, pay(ledger)),
        envelope(ledger, ReleaseHold(hold=bytes(21))),
        envelope(ledger, key),
    )

    assert [int(answer.code) for answer in answers] == [118, 118, 313, 0]
    assert [isinstance(answer, Receipt) for answer in answers] == [False, False, True, True]


# ------------------------------------------------------------------------------------------------------ in a real block


@pytest.mark.parametrize(
    ("validity", "days"),
    [(0, 1), (1, 1), (DAY, 1), (DAY + 1, 2), (2 * DAY, 2), (2 * DAY + 1, 3), (30 * DAY, 30)],
)
def test_bytes_count_once_for_each_day_that_an_envelope_is_valid(ledger, validity, days):
    raw = envelope(ledger, expiry=START + validity)

    ledger.block(raw)

    assert QUOTAS.must(ledger.state, ledger.account("registrar")).bytes_used == len(raw) * days


def test_an_envelope_is_charged_to_its_first_signer_s_sponsor_even_when_it_is_refused(ledger):
    registrar = ledger.account("registrar")
    raw = envelope(ledger, pay(ledger), pay(ledger), expiry=START + DAY + 1)

    (answer,) = ledger.block(raw)

    quota = QUOTAS.must(ledger.state, registrar)
    assert answer.code == 310
    assert (quota.operations_used, quota.bytes_used) == (2, 2 * len(raw))
    assert quota.period_start == TODAY


def test_what_is_kept_out_is_not_charged(ledger):
    before = QUOTAS.must(ledger.state, ledger.account("registrar"))

    ledger.block(envelope(ledger, expiry=START - 1))

    assert QUOTAS.must(ledger.state, ledger.account("registrar")) == before


# -------------------------------------------------------------------------------------------------------------- storage


@pytest.mark.parametrize(
    ("stored", "more", "refusal"),
    [(0, 500, None), (0, 501, Refuse.QUOTA_STORAGE_SPENT), (499, 1, None), (499, 2, Refuse.QUOTA_STORAGE_SPENT)],
)
def test_storage_is_counted_to_the_last_byte(stored, more, refusal):
    state = state_with(stored_bytes=stored)

    if refusal is None:
        occupy(state, SPONSOR, more)
    else:
        with pytest.raises(Refused) as refused:
            occupy(state, SPONSOR, more)
        assert refused.value.code == refusal
        assert dict(refused.value.facts) == {"asked": more}

    assert QUOTAS.must(state, SPONSOR).stored_bytes == (stored if refusal else stored + more)


def test_storage_is_given_back_and_never_more_than_was_taken():
    state = state_with(stored_bytes=300)

    give_back(state, SPONSOR, 300)

    assert QUOTAS.must(state, SPONSOR).stored_bytes == 0
    with pytest.raises(Broken, match="more storage is given back"):
        give_back(state, SPONSOR, 1)


def test_storage_needs_a_quota():
    state = state_with()
    QUOTAS.drop(state, SPONSOR)

    with pytest.raises(Refused) as refused:
        occupy(state, SPONSOR, 1)

    assert refused.value.code == Refuse.SPONSOR_HAS_NO_QUOTA
