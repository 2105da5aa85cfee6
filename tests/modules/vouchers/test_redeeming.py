"""Redeeming: each voucher is paid once and whole, to the payee that it names, whoever brings it."""

from __future__ import annotations

import pytest

from sogdia.modules.money.currencies import FreezeHolder
from sogdia.modules.vouchers.events import VoucherRedeemed
from sogdia.modules.vouchers.redeeming import TOGETHER_MAX
from sogdia.modules.vouchers.refusals import VoucherRefusal as Refuse
from sogdia.modules.vouchers.signed import is_used, with_used
from tests.modules.vouchers.stall import (
    ANYBODY,
    BUKHARA,
    LANZHOU,
    PAYER,
    SHARES,
    drawn,
    has,
    purse,
    purse_name,
    redeem,
    voucher,
)


def test_a_voucher_is_paid_to_its_payee_whoever_brings_it(ledger):
    (fact,) = ledger.must("platform", redeem(voucher(ledger, BUKHARA, 3, 120))).events

    assert has(ledger, "bukhara") == (120, 0)
    assert has(ledger, "platform") == (0, 0)
    assert fact == VoucherRedeemed(
        purse=purse_name(ledger),
        share=BUKHARA,
        sequence=3,
        payee=ledger.account("bukhara"),
        asset=ledger.asset(),
        units=120,
    )
    assert drawn(ledger, BUKHARA).left == SHARES[BUKHARA] - 120


def test_vouchers_are_paid_together_in_any_order_of_their_numbers(ledger):
    vouchers = [voucher(ledger, BUKHARA, sequence, sequence + 1) for sequence in (255, 0, 8, 7)]

    ledger.must("bukhara", redeem(*vouchers))

    assert has(ledger, "bukhara") == (256 + 1 + 9 + 8, 0)
    assert drawn(ledger, BUKHARA).vouchers == 4


def test_all_are_paid_or_none(ledger):
    good, too_large = voucher(ledger, BUKHARA, 0, 400), voucher(ledger, BUKHARA, 1, 101)

    assert ledger.send("bukhara", redeem(good, too_large)).code == Refuse.SHARE_SPENT
    assert has(ledger, "bukhara") == (0, 0)
    ledger.must("bukhara", redeem(good, voucher(ledger, BUKHARA, 1, 100)))
    assert has(ledger, "bukhara") == (500, 0)


def test_a_voucher_is_paid_once_in_one_request_and_in_two(ledger):
    one = voucher(ledger, BUKHARA, 0, 10)

    assert ledger.send("bukhara", redeem(one, one)).code == Refuse.SEQUENCE_USED
    ledger.must("bukhara", redeem(one))
    assert ledger.send("lanzhou", redeem(one)).code == Refuse.SEQUENCE_USED
    assert has(ledger, "bukhara") == (10, 0)


def test_one_number_is_paid_once_in_each_share(ledger):
    for share in (BUKHARA, LANZHOU, ANYBODY):
        ledger.must("bukhara", redeem(voucher(ledger, share, 0, 10)))

    assert [has(ledger, who)[0] for who in ("bukhara", "lanzhou", "carrier")] == [10, 10, 10]


def test_a_voucher_is_paid_in_its_last_second_and_not_after(ledger):
    first, second = (voucher(ledger, BUKHARA, number, 1, expiry=ledger.time + 100) for number in (0, 1))

    ledger.must("bukhara", redeem(first), at=ledger.time + 100)

    assert ledger.send("bukhara", redeem(second), at=ledger.time + 1).code == Refuse.VOUCHER_EXPIRED


def test_a_voucher_is_paid_in_the_purse_s_last_second_and_not_after(ledger):
    deadline = purse(ledger).promised.deadline
    first, second = (voucher(ledger, BUKHARA, number, 1, expiry=deadline + 100) for number in (0, 1))

    ledger.must("bukhara", redeem(first), at=deadline)

    assert ledger.send("bukhara", redeem(second), at=deadline + 1).code == Refuse.PURSE_UNKNOWN


def test_whoever_has_a_share_is_paid_whatever_was_signed_to_others(ledger):
    flood = [voucher(ledger, ANYBODY, number, 200) for number in range(3)]
    ledger.must("carrier", redeem(flood[0]))
    assert ledger.send("carrier", redeem(flood[1])).code == Refuse.SHARE_SPENT
    ledger.must("lanzhou", redeem(voucher(ledger, LANZHOU, 0, SHARES[LANZHOU])))

    ledger.must("bukhara", redeem(voucher(ledger, BUKHARA, 0, SHARES[BUKHARA])))

    assert has(ledger, "bukhara") == (SHARES[BUKHARA], 0)


def test_a_payer_that_is_frozen_meanwhile_keeps_its_promise(ledger):
    freeze = FreezeHolder(currency="USD", account=ledger.account(PAYER), reason="court order 17")
    ledger.must("bank", freeze)

    ledger.must("bukhara", redeem(voucher(ledger, BUKHARA, 0, 120)))

    assert has(ledger, "bukhara") == (120, 0)


def test_so_many_vouchers_stand_in_one_operation(ledger):
    vouchers = [voucher(ledger, BUKHARA, number, 1) for number in range(TOGETHER_MAX)]

    ledger.must("bukhara", redeem(*vouchers))

    assert has(ledger, "bukhara") == (TOGETHER_MAX, 0)


@pytest.mark.parametrize("sequence", [0, 1, 7, 8, 9, 254, 255])
def test_a_mark_is_that_of_one_number(sequence):
    used = with_used(b"", sequence)

    assert [number for number in range(256) if is_used(used, number)] == [sequence]
    assert len(used) == sequence // 8 + 1
