"""Money that goes out: confirmed when its rail has paid, declined when it says no, and never for units that return."""

from __future__ import annotations

import pytest

from sogdia.gateway import deciding, telling
from sogdia.gateway.desk import HOUR
from sogdia.gateway.emulator.writing import BankSide
from sogdia.gateway.happenings import Answer, Kind, Says
from sogdia.gateway.records import Inside, Outside, Stage, Why
from sogdia.kernel.values import name_of
from sogdia.modules.money.redemptions import ConfirmRedemption, DeclineRedemption
from tests.gateway.door import IBAN, SETTINGS, House

DAYS_5 = 5 * 24 * HOUR


@pytest.fixture
def funded(house):
    house.pays_in("bank", 10_000, house.reference("nairobi"))
    house.run()
    return house


def events_of(house, height):
    return [
        fact
        for _time, results, _raws in house.ledger.kept[height:]
        for _number, _id, receipt in results
        for fact in receipt.events
    ]


@pytest.mark.parametrize("rail", ["bank", "card", "wallet", "agents"])
def test_a_redemption_is_confirmed_when_its_rail_has_paid(funded, rail):
    identity = funded.redeems("nairobi", 3_000, rail=rail)
    funded.run()
    assert funded.journal.payout(identity).inside == Inside.OPEN
    assert funded.door.supply("USD")[1] == 10_000

    funded.answers("yes")
    funded.run()

    payout = funded.journal.payout(identity)
    assert (payout.inside, payout.outside, payout.settled) == (Inside.CONFIRMED, Outside.PAID, True)
    assert funded.door.supply("USD")[1] == 7_000
    assert funded.owns("nairobi") == 7_000


@pytest.mark.parametrize("rail", ["bank", "card", "wallet", "agents"])
def test_when_the_rail_says_no_the_holder_has_its_units_back_with_the_reason(funded, rail):
    funded.redeems("nairobi", 3_000, rail=rail)
    funded.run()
    before = len(funded.ledger.kept)

    funded.answers("no")
    funded.run()

    assert funded.owns("nairobi") == 10_000
    (declined,) = events_of(funded, before)
    assert declined.reason == f"The rail {rail} did not pay: AC04.", "the rail's words may name a person"


@pytest.mark.parametrize("says", [Says.REFUSED, Says.ACCEPTED])
def test_a_rail_that_speaks_of_another_ones_pay_out_is_not_believed(funded, says):
    identity = funded.redeems("nairobi", 3_000, rail="bank")
    funded.run()

    funded.outside._send("wallet", [Answer(identity, says, "AC04")], funded.now)
    funded.run()

    payout = funded.journal.payout(identity)
    assert (payout.outside, payout.inside, payout.why) == (Outside.ORDERED, Inside.OPEN, "")
    funded.answers("yes")
    funded.run()
    payout = funded.journal.payout(identity)
    assert (payout.outside, payout.inside, funded.owns("nairobi")) == (Outside.PAID, Inside.CONFIRMED, 7_000)


def test_what_comes_back_by_another_rail_waits_for_a_person(funded):
    """Else an agent's word alone, without its limits, would give the holder its units beside the bank's money."""
    identity = funded.redeems("nairobi", 3_000, rail="bank")
    funded.run()
    funded.answers("yes")
    back = funded.outside.book_entry("wallet", Kind.RETURNED, 3_000, funded.now, about=identity)

    funded.outside.tell(back, funded.now)
    funded.run()

    assert funded.journal.payout(identity).inside == Inside.CONFIRMED
    assert funded.owns("nairobi") == 7_000
    credit = funded.journal.credit("wallet", back.reference)
    assert (credit.stage, credit.why) == (Stage.WAITING, Why.CAME_BACK)


def test_a_rail_s_words_without_a_code_stay_off_the_ledger(funded):
    identity = funded.redeems("nairobi", 3_000, rail="wallet")
    funded.run()
    before = len(funded.ledger.kept)

    funded.outside._send("wallet", [Answer(identity, Says.REFUSED, "Amina Yusuf has moved")], funded.now)
    funded.run()

    (declined,) = events_of(funded, before)
    assert declined.reason == "The rail wallet did not pay: it gave no code."
    assert funded.journal.payout(identity).why == "Amina Yusuf has moved"


def test_a_return_before_the_answer_is_a_no(funded):
    identity = funded.redeems("nairobi", 3_000)
    funded.run()

    funded.answers("return")
    funded.run()

    assert funded.owns("nairobi") == 10_000
    assert funded.journal.payout(identity).inside == Inside.DECLINED


def test_a_return_after_the_units_were_destroyed_is_minted_to_the_holder_anew_once(funded):
    identity = funded.redeems("nairobi", 3_000)
    funded.run()
    funded.answers("yes")
    funded.run()
    assert funded.owns("nairobi") == 7_000

    back = funded.outside.book_entry("bank", "returned", 3_000, funded.now, about=identity, reason="AC04 closed")
    for _ in range(2):
        funded.outside.tell(back, funded.now)
        funded.run()
        funded.run()

    assert funded.owns("nairobi") == 10_000
    assert funded.door.supply("USD")[1] == 10_000


def test_a_stranger_who_pays_in_with_the_reference_of_a_pay_out_gets_nothing_for_it(funded):
    identity = funded.redeems("nairobi", 3_000)
    funded.run()
    funded.answers("yes")
    funded.run()

    booked = funded.outside.book_entry("bank", "credit", 1, funded.now, texts=("x",), payer="KE-666")
    (notice,) = funded.outside.sides["bank"].write([booked.entry()], funded.now)
    booked.told = True
    funded.outside._drop("bank", notice.replace(b"NOTPROVIDED", identity.encode()))
    funded.run()

    assert funded.owns("nairobi") == 7_000
    assert funded.credit(booked).why == Why.NO_REFERENCE
    assert funded.journal.own_rows() == []


def test_what_a_rail_keeps_of_a_return_is_the_issuer_s_cost(funded):
    identity = funded.redeems("nairobi", 3_000)
    funded.run()
    funded.answers("yes")
    funded.run()

    back = funded.outside.book_entry("bank", "returned", 2_985, funded.now, about=identity)
    funded.outside.tell(back, funded.now)
    funded.run()
    funded.run()

    assert funded.owns("nairobi") == 10_000
    assert funded.journal.own_rows() == [("bank", back.reference, -15, "charges for what came back")]


@pytest.mark.parametrize(("early", "inside"), [(1, Inside.OPEN), (0, Inside.CONFIRMED)])
def test_a_silent_rail_leaves_it_open_until_it_cannot_wait_and_then_its_units_are_destroyed_loudly(
    funded, early, inside
):
    identity = funded.redeems("nairobi", 3_000)
    funded.run()
    deadline = funded.journal.payout(identity).deadline

    funded.ledger.wait(deadline - 24 * HOUR - early - funded.now)
    funded.run()

    assert funded.journal.payout(identity).inside == inside
    loud = [each for each in telling.notices(funded.desk) if identity in each and "Ask the rail now" in each]
    assert len(loud) == (1 if inside == Inside.CONFIRMED else 0)


@pytest.mark.parametrize("how", ["no", "return"])
def test_a_rail_that_says_no_too_late_has_the_holder_s_money_made_anew(funded, how):
    identity = funded.redeems("nairobi", 3_000)
    funded.run()
    funded.ledger.wait(DAYS_5 - 24 * HOUR)
    funded.run()
    assert funded.door.supply("USD")[1] == 7_000

    funded.answers(how)
    for _ in range(3):
        funded.run()

    assert funded.owns("nairobi") == 10_000
    assert funded.journal.payout(identity).settled


def test_a_rail_that_pays_very_late_has_paid_for_units_that_are_destroyed(funded):
    funded.redeems("nairobi", 3_000)
    funded.run()
    funded.ledger.wait(DAYS_5 - 24 * HOUR)
    funded.run()
    funded.ledger.wait(30 * 24 * HOUR)

    funded.answers("late")
    funded.run()
    for each in funded.outside.book.entries:
        if not each.told:
            funded.outside.tell(each, funded.now)
    funded.run()

    assert funded.journal.own_rows() == []
    assert funded.door.supply("USD")[1] == 7_000


def test_nobody_running_a_gateway_until_a_redemption_has_run_out_costs_the_issuer_and_says_so(funded):
    identity = funded.redeems("nairobi", 3_000)
    funded.run()
    funded.answers("yes")
    funded.ledger.wait(DAYS_5 + 1)

    funded.run()

    assert funded.owns("nairobi") == 10_000
    assert funded.journal.payout(identity).inside == Inside.MISSED
    ((_rail, _about, units, why),) = funded.journal.own_rows()
    assert units == -3_000
    assert "missed" in why


def test_a_rail_that_pays_twice_costs_the_issuer_until_it_comes_back(funded):
    identity = funded.redeems("nairobi", 3_000)
    funded.run()
    funded.answers("twice")
    funded.run()
    assert sum(units for _rail, _about, units, _why in funded.journal.own_rows()) == -3_000

    back = funded.outside.book_entry("bank", "returned", 3_000, funded.now, about=identity)
    funded.outside.tell(back, funded.now)
    funded.run()

    assert sum(units for _rail, _about, units, _why in funded.journal.own_rows()) == 0
    assert funded.owns("nairobi") == 7_000


def test_a_rail_that_says_no_and_pays_all_the_same_costs_the_issuer(funded):
    funded.redeems("nairobi", 3_000)
    funded.run()
    funded.outside.collect(funded.now)
    ((rail, payout),) = funded.outside.book.waiting
    funded.outside.answer(rail, payout, "no", funded.now)
    funded.run()
    assert funded.owns("nairobi") == 10_000

    paid = funded.outside.book_entry(rail, "paid", -3_000, funded.now, about=payout)
    funded.outside.tell(paid, funded.now)
    funded.run()

    assert sum(units for _rail, _about, units, _why in funded.journal.own_rows()) == -3_000


def test_a_payee_that_nobody_knows_is_told_and_declined_before_it_runs_out(funded):
    identity = funded.redeems("nairobi", 3_000)
    funded.journal._db.execute("delete from payees")
    funded.run()
    assert funded.journal.payout(identity).outside == Outside.NEW
    assert any(f"Pay-out {identity}: nobody is known under 'RF-out'" in each for each in telling.notices(funded.desk))

    funded.ledger.wait(DAYS_5 - 24 * HOUR)
    funded.run()

    assert funded.journal.payout(identity).inside == Inside.DECLINED
    assert funded.owns("nairobi") == 10_000


def test_a_redemption_that_somebody_confirms_by_hand_waits_for_a_word(funded):
    funded.journal._db.execute("delete from payees")
    identity = funded.redeems("nairobi", 3_000)
    name = funded.ledger.account("nairobi")
    funded.ledger.must("bank", ConfirmRedemption(redemption=name_of(name, "r1")))
    funded.run()
    assert funded.journal.payout(identity).outside == Outside.BY_HAND
    assert list((funded.folder / "bank").glob("out/*")) == []

    deciding.pay(funded.desk, identity)
    funded.run()
    funded.answers("yes")
    funded.run()

    assert funded.journal.payout(identity).settled


def test_a_redemption_that_somebody_declines_by_hand_after_it_was_paid_costs_the_issuer(funded):
    funded.redeems("nairobi", 3_000)
    funded.run()
    funded.ledger.must(
        "bank", DeclineRedemption(redemption=name_of(funded.ledger.account("nairobi"), "r1"), reason="x")
    )
    funded.answers("yes")

    funded.run()

    assert sum(units for _rail, _about, units, _why in funded.journal.own_rows()) == -3_000


@pytest.mark.parametrize("orders", ["pain.001", "pacs.008"])
def test_an_order_is_a_message_that_the_bank_s_schema_takes(tmp_path, orders):
    house = House(tmp_path, settings=SETTINGS.replace('kind = "bank"', f'kind = "bank"\norders = "{orders}"'))
    house.pays_in("bank", 10_000, house.reference("nairobi"))
    house.run()
    identity = house.redeems("nairobi", 3_000)

    house.run()

    (path,) = (tmp_path / "bank" / "out").iterdir()
    assert BankSide(IBAN, "USD", orders).asked(path.read_bytes()) == (identity, 3_000, "KE-1")
    house.answers("no")
    house.run()
    assert house.owns("nairobi") == 10_000


def test_an_order_that_is_asked_for_twice_is_paid_once(funded):
    funded.redeems("nairobi", 3_000)
    funded.run()
    (path,) = (funded.folder / "bank" / "out").iterdir()
    content = path.read_bytes()
    funded.answers("yes")
    path.write_bytes(content)

    funded.answers("yes")
    funded.run()

    assert funded.outside.balance("bank") == 100_000 + 7_000
