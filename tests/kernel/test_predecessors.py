"""Envelopes that wait for others: what has to have been applied before, and what can never come any more."""

from __future__ import annotations

import pytest

from sogdia.kernel.refusals import KernelRefusal as Refuse
from sogdia.modules.money.refusals import MoneyRefusal
from sogdia.testing.ledger import START
from tests.kernel.test_admission import IN_THE_BLOCK, code_of, kept_out
from tests.kernel.wire import pay


def test_a_follower_waits_until_its_predecessor_has_been_applied(ledger):
    ledger.fund("nairobi", 10)
    first = ledger.sign("nairobi", pay(ledger, 4))
    second = ledger.sign("nairobi", pay(ledger, 6), after=[first])

    assert code_of(ledger, second) == kept_out(Refuse.PREDECESSOR_MISSING)
    assert code_of(ledger, first) == IN_THE_BLOCK
    assert code_of(ledger, second) == IN_THE_BLOCK


def test_both_may_come_in_one_block_if_the_order_is_right(ledger):
    ledger.fund("nairobi", 10)
    first = ledger.sign("nairobi", pay(ledger, 4))
    second = ledger.sign("nairobi", pay(ledger, 6), after=[first])

    early, one, two = ledger.block(second, first, second)

    assert (early.code, one.code, two.code) == (Refuse.PREDECESSOR_MISSING, 0, 0)


def test_a_follower_of_a_refused_envelope_can_never_be_applied(ledger):
    first = ledger.sign("nairobi", pay(ledger, 4))
    second = ledger.sign("nairobi", pay(ledger, 6), after=[first])

    answers = ledger.block(first, second)

    assert [answer.code for answer in answers] == [MoneyRefusal.FUNDS_INSUFFICIENT, Refuse.PREDECESSOR_FAILED]
    ledger.fund("nairobi", 10)
    assert code_of(ledger, second) == kept_out(Refuse.PREDECESSOR_FAILED)


@pytest.mark.parametrize(
    ("late", "refusal"),
    [(-1, Refuse.PREDECESSOR_MISSING), (0, Refuse.PREDECESSOR_MISSING), (1, Refuse.PREDECESSOR_FAILED)],
)
def test_a_predecessor_that_can_no_longer_come_has_failed(ledger, late, refusal):
    first = ledger.sign("nairobi", pay(ledger, 4), expiry=START + 60)
    second = ledger.sign("nairobi", pay(ledger, 6), after=[first])

    assert code_of(ledger, second, at=START + 60 + late) == kept_out(refusal)


def test_a_predecessor_that_was_applied_counts_beyond_its_own_expiry(ledger):
    ledger.fund("nairobi", 10)
    first = ledger.sign("nairobi", pay(ledger, 4), expiry=START + 60)
    second = ledger.sign("nairobi", pay(ledger, 6), after=[first])
    assert code_of(ledger, first) == IN_THE_BLOCK

    assert code_of(ledger, second, at=START + 61) == IN_THE_BLOCK


@pytest.mark.parametrize("missing", range(4))
def test_all_of_several_predecessors_have_to_have_been_applied(ledger, missing):
    ledger.fund("nairobi", 10)
    before = [ledger.sign("nairobi", pay(ledger)) for _ in range(4)]
    last = ledger.sign("nairobi", pay(ledger), after=before)
    ledger.block(*(each for at, each in enumerate(before) if at != missing))

    assert code_of(ledger, last) == kept_out(Refuse.PREDECESSOR_MISSING)
    ledger.block(before[missing])
    assert code_of(ledger, last) == IN_THE_BLOCK
