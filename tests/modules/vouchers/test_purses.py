"""Purses: money is set aside for vouchers, what a payee was promised stays, and what is left comes back."""

from __future__ import annotations

import pytest

from sogdia.client.p256_keys import P256KeyPair
from sogdia.modules.vouchers.events import PurseEnded, PurseOpened, ShareReturned
from sogdia.modules.vouchers.purses import PURSE_BYTES, SHARE_BYTES, ReturnShare
from sogdia.modules.vouchers.queries import PayerQuery, PurseQuery
from sogdia.modules.vouchers.records import PURSES, Payer, Share
from sogdia.modules.vouchers.refusals import VoucherRefusal as Refuse
from sogdia.testing.ledger import Ledger
from tests.modules.vouchers.stall import (
    ANYBODY,
    BUKHARA,
    DAY,
    GRACE,
    LANZHOU,
    LIFE,
    PAYER,
    PAYERS_DOLLARS,
    SHARES,
    drawn,
    has,
    opening,
    payer,
    purse,
    purse_name,
    redeem,
    stored,
    voucher,
)

WHOLE = sum(SHARES)


def test_what_a_purse_holds_is_set_aside(ledger):
    assert has(ledger, PAYER) == (PAYERS_DOLLARS - WHOLE, WHOLE)
    assert payer(ledger) == Payer(purses=1)


def test_the_fact_says_all_that_is_promised(ledger):
    (fact,) = ledger.must(PAYER, opening(ledger, "q")).events

    promised = purse(ledger, "q").promised
    assert fact == PurseOpened(
        purse=purse_name(ledger, "q"),
        asset=promised.asset,
        shares=promised.shares,
        ends_at=ledger.time + LIFE,
        deadline=ledger.time + LIFE + GRACE,
    )


def test_what_is_left_comes_back_after_the_deadline_and_not_in_its_last_second(ledger):
    ledger.must("bukhara", redeem(voucher(ledger, BUKHARA, 0, 120)))
    before = stored(ledger)

    ledger.wait(purse(ledger).promised.deadline - ledger.time)
    assert PURSES.find(ledger.state, purse_name(ledger)) is not None
    (receipt,) = ledger.wait(1)

    assert receipt.events == (PurseEnded(purse=purse_name(ledger), asset=ledger.asset(), returned=WHOLE - 120),)
    assert PURSES.find(ledger.state, purse_name(ledger)) is None
    assert has(ledger, PAYER) == (PAYERS_DOLLARS - 120, 0)
    assert payer(ledger) is None
    assert before - stored(ledger) == PURSE_BYTES + 3 * SHARE_BYTES


def test_a_purse_of_which_everything_was_paid_ends_with_nothing(ledger):
    ledger.must(PAYER, opening(ledger, "q", shares=(Share(ledger.account("bukhara"), 7),)))
    ledger.must("bukhara", redeem(voucher(ledger, 0, 0, 7, reference="q")))

    receipts = ledger.wait(LIFE + GRACE + 1)

    assert sorted(receipt.events[0].returned for receipt in receipts) == [0, WHOLE]


def test_a_voucher_of_an_earlier_purse_is_worth_nothing_to_a_later_one_under_its_name(ledger):
    old = voucher(ledger, BUKHARA, 0, 120, expiry=ledger.time + 400 * DAY)
    ledger.must("bukhara", redeem(old))
    ledger.wait(LIFE + GRACE + 1)

    ledger.must(PAYER, opening(ledger))

    assert ledger.send("bukhara", redeem(old)).code == Refuse.SIGNATURE_WRONG


def test_a_name_can_be_used_in_the_block_in_which_its_purse_is_overdue(ledger):
    receipt = ledger.must(PAYER, opening(ledger, ends_at=ledger.time + 50 * DAY), at=ledger.time + LIFE + GRACE + 1)

    assert receipt.code == 0
    assert has(ledger, PAYER) == (PAYERS_DOLLARS - WHOLE, WHOLE)


def test_a_payee_can_give_its_share_back(ledger):
    ledger.must("bukhara", redeem(voucher(ledger, BUKHARA, 0, 120)))

    (fact,) = ledger.must("bukhara", ReturnShare(purse=purse_name(ledger), share=BUKHARA)).events

    assert fact == ShareReturned(
        purse=purse_name(ledger),
        share=BUKHARA,
        payee=ledger.account("bukhara"),
        asset=ledger.asset(),
        units=SHARES[BUKHARA] - 120,
    )
    assert has(ledger, PAYER) == (PAYERS_DOLLARS - 120 - SHARES[LANZHOU] - SHARES[ANYBODY], 500)
    assert ledger.send("bukhara", redeem(voucher(ledger, BUKHARA, 1, 1))).code == Refuse.SHARE_SPENT
    assert drawn(ledger, BUKHARA).returned == SHARES[BUKHARA] - 120


def test_a_payee_has_a_share_for_each_of_its_tills(ledger):
    till = Share(ledger.account("bukhara"), 10)
    ledger.must(PAYER, opening(ledger, "q", shares=(till, till)))

    for number in (0, 1):
        ledger.must("bukhara", redeem(voucher(ledger, number, 0, 10, "bukhara", reference="q")))

    assert has(ledger, "bukhara") == (20, 0)


def test_a_phone_that_holds_p256_keys_signs_vouchers(ledger):
    chip = P256KeyPair(bytes(range(32)))
    ledger.must(PAYER, opening(ledger, "q", scheme=chip.scheme, public=chip.public))

    ledger.must("bukhara", redeem(voucher(ledger, BUKHARA, 255, 500, reference="q", keys=chip)))

    assert has(ledger, "bukhara") == (500, 0)


def test_a_purse_may_end_with_the_next_second_and_is_redeemed_after_it(ledger):
    ledger.must(PAYER, opening(ledger, "q", ends_at=ledger.time + 1))
    late = voucher(ledger, BUKHARA, 0, 5, reference="q", expiry=ledger.time + LIFE + GRACE)

    ledger.must("bukhara", redeem(late), at=ledger.time + 1 + GRACE)

    assert has(ledger, "bukhara") == (5, 0)


def test_a_purse_may_last_as_long_as_the_network_allows():
    ledger = Ledger(vouchers={"life_max": 100, "grace": 10})
    ledger.fund(PAYER, 2_000)

    ledger.must(PAYER, opening(ledger, ends_at=ledger.time + 100))

    assert ledger.send(PAYER, opening(ledger, "q", ends_at=ledger.time + 101)).code == Refuse.PURSE_LASTS_TOO_LONG
    assert purse(ledger).promised.deadline == ledger.time + 110


def test_a_purse_ends_before_the_ledger_s_last_second():
    latest = 2**32 - 1 - GRACE
    ledger = Ledger(time=latest - DAY)
    ledger.fund(PAYER, 2_000)

    assert ledger.send(PAYER, opening(ledger, ends_at=latest + 1)).code == Refuse.PURSE_LASTS_TOO_LONG
    ledger.must(PAYER, opening(ledger, ends_at=latest))


def test_a_network_caps_purses_by_currency():
    ledger = Ledger(vouchers={"caps": [{"currency": "KWD", "units": 1}, {"currency": "USD", "units": WHOLE}]})
    ledger.fund(PAYER, 5_000)

    ledger.must(PAYER, opening(ledger))

    more = opening(ledger, "q", shares=(Share(None, WHOLE + 1),))
    assert ledger.send(PAYER, more).code == Refuse.PURSE_ABOVE_CAP


def test_a_payer_has_so_many_purses_and_another_one_when_one_has_ended():
    ledger = Ledger(vouchers={"purses_max": 2})
    ledger.fund(PAYER, 5_000)
    ledger.must(PAYER, opening(ledger), opening(ledger, "q", ends_at=ledger.time + 20 * DAY))

    assert ledger.send(PAYER, opening(ledger, "r")).code == Refuse.PURSES_TOO_MANY
    ledger.wait(LIFE + GRACE + 1)
    ledger.must(PAYER, opening(ledger, "r"))


def test_the_questions_are_answered(ledger):
    assert PurseQuery(name=purse_name(ledger)).answer(ledger.state) == purse(ledger)
    assert PurseQuery(name=purse_name(ledger, "q")).answer(ledger.state) is None
    assert PayerQuery(account=ledger.account(PAYER)).answer(ledger.state) == Payer(purses=1)
    assert PayerQuery(account=ledger.account("bukhara")).answer(ledger.state) == Payer()


def test_caps_of_a_genesis_stand_in_order():
    twice = [{"currency": "USD", "units": 1}, {"currency": "USD", "units": 2}]

    with pytest.raises(Exception, match="named once each"):
        Ledger(vouchers={"caps": twice})
