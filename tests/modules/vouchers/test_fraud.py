"""Fraud: what a purse's key signed and cannot all be paid, shown by anybody, remembered for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sogdia.modules.vouchers.events import FraudProven
from sogdia.modules.vouchers.purses import ReturnShare
from sogdia.modules.vouchers.queries import PayerQuery
from sogdia.modules.vouchers.records import Payer, Share
from sogdia.modules.vouchers.refusals import VoucherRefusal as Refuse
from tests.modules.vouchers.stall import (
    ANYBODY,
    BUKHARA,
    DAY,
    GRACE,
    LIFE,
    PAYER,
    SHARES,
    has,
    opening,
    payer,
    purse,
    purse_name,
    redeem,
    report,
    voucher,
)

if TYPE_CHECKING:
    from sogdia.modules.vouchers.signed import SignedVoucher


def caught(ledger, *vouchers: SignedVoucher):
    """Let a stranger show vouchers; give the facts."""
    return ledger.must("treasury", report(*vouchers)).events


def test_one_number_on_two_texts_is_fraud(ledger):
    twice = [voucher(ledger, ANYBODY, 5, 10, who) for who in ("carrier", "platform")]

    facts = caught(ledger, *twice)

    assert facts == (
        FraudProven(purse=purse_name(ledger), payer=ledger.account(PAYER), share=ANYBODY, number_signed_twice=True),
    )
    assert purse(ledger).fraud_at == ledger.time
    assert payer(ledger) == Payer(purses=1, frauds=1, last_fraud_at=ledger.time)


def test_it_is_fraud_also_when_one_was_paid_and_when_both_have_expired(ledger):
    twice = [voucher(ledger, ANYBODY, 5, 10, who) for who in ("carrier", "platform")]
    ledger.must("carrier", redeem(twice[0]))
    ledger.wait(8 * DAY)

    assert caught(ledger, *twice)[0].number_signed_twice


def test_promising_more_than_was_set_aside_is_fraud(ledger):
    vouchers = [voucher(ledger, ANYBODY, number, 100, who) for number, who in enumerate(("carrier", "platform"))]
    one_more = voucher(ledger, ANYBODY, 2, 1)

    assert ledger.send("treasury", report(*vouchers)).code == Refuse.NO_FRAUD
    assert not caught(ledger, *vouchers, one_more)[0].number_signed_twice


def test_the_voucher_of_whoever_came_too_late_is_proof_by_itself(ledger):
    ledger.must("carrier", redeem(voucher(ledger, ANYBODY, 0, 150)))
    late = voucher(ledger, ANYBODY, 1, 51, "platform")
    assert ledger.send("platform", redeem(late)).code == Refuse.SHARE_SPENT

    caught(ledger, late)

    assert has(ledger, "platform") == (0, 0)


@pytest.mark.parametrize("case", ["expired", "paid already", "fits", "given back"])
def test_an_honest_payer_is_not_caught(ledger, case):
    ledger.must("bukhara", redeem(paid := voucher(ledger, BUKHARA, 0, 300)))
    if case == "given back":
        ledger.must("bukhara", ReturnShare(purse=purse_name(ledger), share=BUKHARA))
    shown = {
        "expired": voucher(ledger, BUKHARA, 1, 201, expiry=ledger.time - 1),
        "paid already": paid,
        "fits": voucher(ledger, BUKHARA, 1, 200),
        "given back": voucher(ledger, BUKHARA, 1, 200),
    }[case]

    assert ledger.send("treasury", report(shown)).code == Refuse.NO_FRAUD
    assert payer(ledger) == Payer(purses=1)


@pytest.mark.parametrize(("seconds", "code"), [(100, 0), (101, Refuse.NO_FRAUD)])
def test_a_voucher_counts_until_its_last_second(ledger, seconds, code):
    too_much = voucher(ledger, BUKHARA, 1, 501, expiry=ledger.time + 100)

    assert ledger.send("treasury", report(too_much), at=ledger.time + seconds).code == code


def test_what_is_left_stays_for_those_who_come(ledger):
    caught(ledger, *(voucher(ledger, ANYBODY, 5, 10, who) for who in ("carrier", "platform")))

    ledger.must("bukhara", redeem(voucher(ledger, BUKHARA, 0, SHARES[BUKHARA])))
    ledger.must("carrier", redeem(voucher(ledger, ANYBODY, 5, 10)))

    assert has(ledger, "bukhara") == (SHARES[BUKHARA], 0)
    assert has(ledger, "carrier") == (10, 0)


def test_it_is_known_for_ever_and_closes_purses_for_anybody(ledger):
    caught(ledger, *(voucher(ledger, ANYBODY, 5, 10, who) for who in ("carrier", "platform")))
    at = ledger.time
    ledger.wait(LIFE + GRACE + 1)

    assert PayerQuery(account=ledger.account(PAYER)).answer(ledger.state) == Payer(frauds=1, last_fraud_at=at)
    assert ledger.send(PAYER, opening(ledger)).code == Refuse.PAYER_CAUGHT
    ledger.must(PAYER, opening(ledger, shares=(Share(ledger.account("bukhara"), 10),)))


def test_the_reporter_gains_nothing(ledger):
    before = has(ledger, "treasury")

    caught(ledger, *(voucher(ledger, ANYBODY, 5, 10, who) for who in ("carrier", "platform")))

    assert has(ledger, "treasury") == before
