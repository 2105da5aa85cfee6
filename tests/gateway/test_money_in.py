"""Money that comes in: minted once for the right account, or waiting with a reason, an owner and a deadline."""

from __future__ import annotations

import pytest

from sogdia.gateway import deciding
from sogdia.gateway.deciding import NotNowError
from sogdia.gateway.desk import DAY, HOUR
from sogdia.gateway.happenings import Kind
from sogdia.gateway.reconciling import figures_of
from sogdia.gateway.records import Stage, Why
from sogdia.modules.money.currencies import SetCaps


def test_a_credit_with_a_reference_is_minted_for_its_account(house):
    booked = house.pays_in("bank", 2_500, f"for {house.reference('nairobi')}")

    house.run()

    assert house.owns("nairobi") == 2_500
    assert house.credit(booked).stage == Stage.MINTED


@pytest.mark.parametrize("rail", ["bank", "wallet", "agents"])
def test_a_credit_that_is_told_again_and_again_is_minted_once(house, rail):
    booked = house.pays_in(rail, 2_500, house.reference("nairobi"))
    house.run()
    for _ in range(3):
        house.outside.tell(booked, house.now + 1)
        house.outside._drop(rail, house.outside.book.told[-1][1].encode())
        house.run()

    assert house.owns("nairobi") == 2_500


def test_a_day_s_statement_tells_once_more_and_what_was_never_told(house):
    told = house.pays_in("bank", 2_500, house.reference("nairobi"))
    untold = house.outside.book_entry("bank", Kind.CREDIT, 70, house.now, texts=(house.reference("bukhara"),))
    house.run()

    house.outside.close_day(house.now // DAY * DAY + DAY, house.now)
    house.run()

    assert (house.owns("nairobi"), house.owns("bukhara")) == (2_500, 70)
    assert house.credit(told).stage == house.credit(untold).stage == Stage.MINTED


def test_the_same_reference_for_another_amount_is_refused_and_nothing_of_it_is_taken(house):
    booked = house.pays_in("bank", 2_500, house.reference("nairobi"))
    house.run()
    booked.units = 9_900
    house.outside.tell(booked, house.now)
    booked.units = 2_500

    (why,) = house.run()

    assert why == "AM05: 'bank-1' was told before with another amount. Ask the rail which of the two is true."
    assert house.owns("nairobi") == 2_500
    assert (house.folder / "bank" / "refused" / "000002").exists()


def slip(reference):
    return f"{reference[:-1]}{(int(reference[-1]) + 1) % 10}"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (lambda _house: "thank you", Why.NO_REFERENCE),
        (lambda house: slip(house.reference("nairobi")), Why.WRONG_REFERENCE),
        (lambda house: house.reference("nairobi")[:-1], Why.WRONG_REFERENCE),
        (lambda _house: "RF18 5390 0754 7034 0000 00", Why.WRONG_REFERENCE),
        (lambda house: f"{house.reference('nairobi')} {house.reference('bukhara')}", Why.SEVERAL_REFERENCES),
    ],
)
def test_what_cannot_be_placed_waits_with_a_reason_an_owner_and_a_deadline(house, text, why):
    booked = house.pays_in("bank", 2_500, text(house))

    house.run()

    credit = house.credit(booked)
    assert (credit.stage, credit.why, credit.owner) == (Stage.WAITING, why, "desk")
    assert credit.deadline == house.now + 48 * HOUR
    assert house.door.supply("USD")[1] == 0


def test_a_sound_reference_that_nobody_was_given_waits(house):
    reference = house.reference("nairobi")
    house.journal._db.execute("delete from funding")
    booked = house.pays_in("bank", 2_500, reference)

    house.run()

    assert house.credit(booked).why == Why.UNKNOWN_REFERENCE


@pytest.mark.parametrize(("units", "stage"), [(450_000, Stage.MINTED), (450_001, Stage.WAITING)])
def test_a_credit_above_its_rail_s_limit_waits_for_a_person(house, units, stage):
    booked = house.pays_in("bank", units, house.reference("nairobi"))

    house.run()

    assert house.credit(booked).stage == stage
    assert house.credit(booked).why == ("" if stage == Stage.MINTED else Why.ABOVE_LIMIT)


def test_cash_beyond_the_agents_float_waits(house):
    first = house.pays_in("agents", 100_000_000, house.reference("nairobi"))
    second = house.pays_in("agents", 1, house.reference("nairobi"))

    house.run()

    assert house.credit(first).stage == Stage.MINTED
    assert house.credit(second).why == Why.ABOVE_FLOAT


def test_what_the_ledger_refuses_waits_with_the_ledger_s_reason(house):
    house.ledger.must("bank", SetCaps(currency="USD", supply_max=10**12, holder_max=1_000))
    booked = house.pays_in("bank", 1_001, house.reference("nairobi"))

    house.run()

    credit = house.credit(booked)
    assert credit.stage == Stage.WAITING
    assert credit.why.startswith(f"{Why.LEDGER_REFUSED}: refusal ")


def test_the_issuer_s_own_reference_is_its_own_money_and_mints_nothing(house):
    booked = house.pays_in("bank", 5_000, house.reference("bank"))

    house.run()

    assert house.credit(booked).stage == Stage.OWN
    assert house.door.supply("USD")[1] == 0


# ------------------------------------------------------------------------------------------------------------ suspense


def test_a_person_says_for_whom_it_is(house):
    booked = house.pays_in("bank", 2_500, "for Nairobi Textiles")
    house.run()

    deciding.assign(house.desk, "bank/bank-1", house.ledger.account("nairobi"), "she showed her receipt")
    house.run()

    assert house.owns("nairobi") == 2_500
    assert house.credit(booked).noted == "she showed her receipt"


def test_a_credit_is_handed_over_and_keeps_its_deadline(house):
    booked = house.pays_in("bank", 2_500, "?")
    house.run()
    deadline = house.credit(booked).deadline

    deciding.hand_over(house.desk, "bank/bank-1", "Amina")

    assert (house.credit(booked).owner, house.credit(booked).deadline) == ("Amina", deadline)


@pytest.mark.parametrize("late", [0, 1])
def test_at_its_deadline_money_goes_back_by_the_same_rail(house, late):
    booked = house.pays_in("bank", 2_500, "?", payer="KZ86125KZT5004100100")
    house.run()
    deadline = house.credit(booked).deadline

    house.ledger.wait(deadline - house.now - 1 + late)
    house.run()

    assert house.credit(booked).stage == (Stage.RETURNING if late else Stage.WAITING)
    house.answers("yes")
    house.run()
    assert house.outside.balance("bank") == 100_000 + (0 if late else 2_500)
    assert house.credit(booked).stage == (Stage.RETURNED if late else Stage.WAITING)


def test_money_without_a_way_back_goes_on_waiting_until_a_person_finds_one(house):
    booked = house.pays_in("agents", 2_500, "?", payer="")
    house.run()
    house.ledger.wait(50 * HOUR)
    house.run()
    assert house.credit(booked).stage == Stage.WAITING
    with pytest.raises(NotNowError, match="no way back"):
        deciding.send_back(house.desk, "agents/agents-1", "nobody claims it")

    deciding.send_back(house.desk, "agents/agents-1", "nobody claims it", "counter 4")
    house.run()
    house.answers("yes")
    house.run()

    assert house.credit(booked).stage == Stage.RETURNED
    assert house.outside.balance("agents") == 0


def test_when_the_rail_would_not_send_it_back_it_waits_again_and_is_tried_under_another_id(house):
    booked = house.pays_in("bank", 2_500, "?")
    house.run()
    deciding.send_back(house.desk, "bank/bank-1", "nobody claims it")
    house.run()
    house.answers("no")
    house.run()
    credit = house.credit(booked)
    assert (credit.stage, credit.why) == (Stage.WAITING, f"{Why.RETURN_REFUSED}: AC04 the account is closed")

    deciding.send_back(house.desk, "bank/bank-1", "once more", "KE-2")
    house.run()
    house.answers("yes")
    house.run()

    assert house.credit(booked).stage == Stage.RETURNED
    assert len(house.outside.book.orders) == 2


def test_what_is_sent_back_and_comes_again_waits_again(house):
    house.pays_in("bank", 2_500, "?")
    house.run()
    deciding.send_back(house.desk, "bank/bank-1", "nobody claims it")
    house.run()
    house.answers("return")
    house.run()

    (credit,) = house.journal.credits(Stage.WAITING)
    assert (credit.units, credit.why) == (2_500, Why.CAME_BACK)


@pytest.mark.parametrize(
    ("does", "told"),
    [
        (lambda desk: deciding.assign(desk, "bank/none", b"a" * 20, "x"), "There is no credit 'bank/none'"),
        (lambda desk: deciding.assign(desk, "bank/bank-1", b"a" * 20, "x"), "does not wait any more: it is minted"),
        (lambda desk: deciding.send_back(desk, "bank/bank-1", "x"), "does not wait any more: it is minted"),
        (lambda desk: deciding.take_as_own(desk, "bank/bank-1", "x"), "does not wait any more: it is minted"),
        (lambda desk: deciding.assign(desk, "bank/bank-2", b"a" * 20, " "), "Say why in 1 to 200 characters"),
        (lambda desk: deciding.pay(desk, "SGD"), "no pay-out 'SGD' that waits for a person"),
    ],
)
def test_a_decision_that_cannot_be_taken_changes_nothing(house, does, told):
    house.pays_in("bank", 2_500, house.reference("nairobi"))
    house.pays_in("bank", 2_500, "?")
    house.run()
    before = list(house.journal._db.iterdump())

    with pytest.raises(NotNowError, match=told):
        does(house.desk)

    assert list(house.journal._db.iterdump()) == before


def test_a_sweep_from_one_rail_to_another_is_nobody_s_credit(house):
    house.pays_in("wallet", 9_000, house.reference("nairobi"))
    house.outside.tell(house.outside.book_entry("wallet", Kind.SWEPT, -9_000, house.now, about="SWEEP-7"), house.now)
    house.run()

    arrived = house.pays_in("bank", 9_000, "till-9 SWEEP-7")
    house.run()

    assert house.credit(arrived).stage == Stage.SWEPT
    assert house.owns("nairobi") == 9_000


def test_what_is_taken_back_of_a_sweep_or_of_own_money_is_the_issuer_s_loss_once(house):
    sweep = house.pays_in("bank", 9_000, "till-9 SWEEP-7")
    interest = house.pays_in("bank", 500, "interest")
    for each, units in ((sweep, 40), (interest, 3)):
        house.outside.tell(house.outside.take_back(each, units, house.now), house.now)
    house.run()

    house.outside.tell(house.outside.book_entry("wallet", Kind.SWEPT, -9_000, house.now, about="SWEEP-7"), house.now)
    deciding.take_as_own(house.desk, f"bank/{interest.reference}", "interest of November")
    house.run()

    figures = figures_of(house.desk)
    assert (figures.own, figures.unexplained) == (100_000 - 40 + 500 - 3, 0)


def test_a_sweep_that_arrives_before_it_is_told_is_found_in_suspense(house):
    house.pays_in("wallet", 9_000, house.reference("nairobi"))
    arrived = house.pays_in("bank", 9_000, "till-9 SWEEP-7")
    house.run()
    assert house.credit(arrived).stage == Stage.WAITING

    house.outside.tell(house.outside.book_entry("wallet", Kind.SWEPT, -9_000, house.now, about="SWEEP-7"), house.now)
    house.run()

    assert house.credit(arrived).stage == Stage.SWEPT
