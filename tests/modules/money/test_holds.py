"""Holds: set aside, then captured, released or run out, to the second and to the unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from sogdia.kernel.calendar import earliest
from sogdia.kernel.quota import QUOTAS
from sogdia.kernel.receipt import exit_id
from sogdia.kernel.refusals import KernelRefusal as Kernel
from sogdia.modules.identity.parties import SuspendParty
from sogdia.modules.money import HOLDS
from sogdia.modules.money.events import HoldEnded, HoldPlaced
from sogdia.modules.money.holds import HOLD_BYTES, CaptureHold, ReleaseHold
from sogdia.modules.money.refusals import MoneyRefusal as Refuse
from sogdia.testing.ledger import Ledger
from tests.modules.money.purse import (
    DAY,
    LARGEST,
    PAYEE,
    PAYER,
    currency,
    forget,
    freeze,
    has,
    held_as,
    hold,
    hold_name,
    open_euros,
    pay,
    place,
    set_caps,
)
from tests.refused import poke

if TYPE_CHECKING:
    from sogdia.kernel.operation import Operation


def code_of(ledger, who, *operations: Operation):
    """The number with which somebody's request ends, at the door or in the block."""
    return ledger.block(ledger.sign(who, *operations))[0].code


def record_of(ledger, name):
    """The record of a hold that has not ended."""
    return HOLDS.must(ledger.state, name)


def stored(ledger):
    """How much storage the registrar's parties have used up."""
    return QUOTAS.must(ledger.state, ledger.account("registrar")).stored_bytes


# ------------------------------------------------------------------------------------------------------ the life of one


def test_held_money_is_neither_the_payer_s_to_spend_nor_the_payee_s(ledger):
    ledger.fund(PAYER, 100)

    receipt = ledger.must(PAYER, hold(ledger, 60))

    assert receipt.events == (
        HoldPlaced(
            hold=hold_name(ledger),
            payee=ledger.account(PAYEE),
            asset=ledger.asset(),
            units=60,
            deadline=ledger.time + DAY,
        ),
    )
    assert has(ledger, PAYER) == (40, 60)
    assert has(ledger, PAYEE) == (0, 0)
    assert code_of(ledger, PAYER, pay(ledger, 41)) == Refuse.FUNDS_INSUFFICIENT


@pytest.mark.parametrize("captured", [1, 59, 60])
def test_the_payee_takes_a_part_or_all_and_the_rest_goes_back(ledger, captured):
    ledger.fund(PAYER, 100)
    name = place(ledger, 60)

    receipt = ledger.must(PAYEE, CaptureHold(hold=name, units=captured))

    assert receipt.events == (HoldEnded(hold=name, captured=captured, returned=60 - captured),)
    assert has(ledger, PAYER) == (100 - captured, 0)
    assert has(ledger, PAYEE) == (captured, 0)
    assert held_as(ledger, name) is None
    assert earliest(ledger.state) is None


def test_the_payee_gives_it_all_back(ledger):
    ledger.fund(PAYER, 100)
    name = place(ledger, 60)

    receipt = ledger.must(PAYEE, ReleaseHold(hold=name))

    assert receipt.events == (HoldEnded(hold=name, captured=0, returned=60),)
    assert has(ledger, PAYER) == (100, 0)


def test_a_hold_ends_once(ledger):
    ledger.fund(PAYER, 100)
    name = place(ledger, 60)
    ledger.must(PAYEE, CaptureHold(hold=name, units=10))

    assert code_of(ledger, PAYEE, CaptureHold(hold=name, units=10)) == Refuse.HOLD_UNKNOWN
    assert code_of(ledger, PAYEE, ReleaseHold(hold=name)) == Refuse.HOLD_UNKNOWN
    assert has(ledger, PAYEE) == (10, 0)


def test_a_reference_is_free_again_when_its_hold_has_ended(ledger):
    ledger.fund(PAYER, 100)
    ledger.must(PAYEE, ReleaseHold(hold=place(ledger, 60)))

    name = place(ledger, 30)

    assert record_of(ledger, name).units == 30
    assert [step.first for step in ledger.last_block.steps] == [True]


def test_one_envelope_can_place_and_another_party_capture_in_the_same_block(ledger):
    ledger.fund(PAYER, 100)

    answers = ledger.block(
        ledger.sign(PAYER, hold(ledger, 60)), ledger.sign(PAYEE, CaptureHold(hold=hold_name(ledger), units=60))
    )

    assert [answer.code for answer in answers] == [0, 0]
    assert has(ledger, PAYEE) == (60, 0)


def test_holds_of_several_payers_under_one_reference_are_different_holds(ledger):
    ledger.fund(PAYER, 100)
    ledger.fund("lanzhou", 100)
    place(ledger, 60)
    ledger.must("lanzhou", hold(ledger, 50))

    ledger.must(PAYEE, CaptureHold(hold=hold_name(ledger, payer="lanzhou"), units=50))

    assert [has(ledger, who) for who in (PAYER, "lanzhou", PAYEE)] == [(40, 60), (50, 0), (50, 0)]


# ------------------------------------------------------------------------------------------------------------ deadlines


@pytest.mark.parametrize(("ahead", "code"), [(0, 317), (1, 0), (400 * DAY, 0), (400 * DAY + 1, 318), (-1, 317)])
def test_a_deadline_lies_ahead_but_not_too_far(ledger, ahead, code):
    ledger.fund(PAYER, 100)

    assert code_of(ledger, PAYER, hold(ledger, 60, deadline=ledger.time + ahead)) == code


@pytest.mark.parametrize(("late", "code"), [(-1, 0), (0, 0), (1, Refuse.HOLD_UNKNOWN), (DAY, Refuse.HOLD_UNKNOWN)])
def test_a_capture_is_in_time_up_to_and_with_the_second_of_the_deadline(ledger, late, code):
    ledger.fund(PAYER, 100)
    name = place(ledger, 60)
    deadline = record_of(ledger, name).deadline

    ledger.time = deadline + late
    answer = code_of(ledger, PAYEE, CaptureHold(hold=name, units=60))

    assert answer == code
    assert has(ledger, PAYER) == ((40, 0) if code == 0 else (100, 0))


@pytest.mark.parametrize(("late", "ended"), [(-1, False), (0, False), (1, True), (400 * DAY, True)])
def test_without_any_traffic_a_hold_runs_out_a_second_after_its_deadline(ledger, late, ended):
    ledger.fund(PAYER, 100)
    name = place(ledger, 60)
    deadline = record_of(ledger, name).deadline

    ledger.block(at=deadline + late)

    assert (held_as(ledger, name) is None) == ended
    assert has(ledger, PAYER) == ((100, 0) if ended else (40, 60))
    assert [receipt.events for receipt in ledger.exit_receipts()] == (
        [(HoldEnded(hold=name, captured=0, returned=60),)] if ended else []
    )


def test_a_capture_too_late_is_refused_and_the_exit_it_caused_stays(ledger):
    ledger.fund(PAYER, 100)
    name = place(ledger, 60)
    deadline = record_of(ledger, name).deadline

    answer = ledger.send(PAYEE, CaptureHold(hold=name, units=60), at=deadline + 1)

    assert answer.code == Refuse.HOLD_UNKNOWN
    assert [exit_.id for exit_ in ledger.last_block.exits] == [exit_id(HOLDS.full_key(name), deadline)]
    assert has(ledger, PAYER) == (100, 0)


def test_a_new_hold_takes_the_place_of_one_that_has_run_out_in_the_same_second(ledger):
    ledger.fund(PAYER, 100)
    name = place(ledger, 60)

    ledger.time = record_of(ledger, name).deadline + 1
    answer = code_of(ledger, PAYER, hold(ledger, 100))

    assert answer == 0
    assert has(ledger, PAYER) == (0, 100)
    assert record_of(ledger, name).deadline == ledger.time + DAY


def test_the_end_is_the_same_by_an_operation_and_by_the_end_of_the_block():
    ends = []
    for touched in (True, False):
        ledger = Ledger()
        ledger.fund(PAYER, 100)
        name = place(ledger, 60)
        ledger.time += DAY + 1
        ledger.block(*([ledger.sign(PAYEE, ReleaseHold(hold=name))] if touched else []))
        ends.append((ledger.snapshot(), ledger.last_block.exits))

    assert ends[0] == ends[1]


# ------------------------------------------------------------------------------------ what the issuer decides meanwhile


def test_a_capture_is_a_promise_kept_whatever_the_issuer_decides_meanwhile(ledger):
    ledger.fund(PAYER, 100)
    name = place(ledger, 60)
    freeze(ledger, PAYER)
    freeze(ledger, PAYEE)
    set_caps(ledger, holder=1)

    ledger.must(PAYEE, CaptureHold(hold=name, units=60))

    assert has(ledger, PAYEE) == (60, 0)
    assert code_of(ledger, PAYEE, pay(ledger, 1, to="lanzhou")) == Refuse.HOLDER_FROZEN


def test_a_hold_is_no_way_around_the_list_of_holders(ledger):
    open_euros(ledger, PAYER)

    assert code_of(ledger, PAYER, hold(ledger, 1, asset=ledger.asset("EUR"))) == Refuse.HOLDER_NOT_AUTHORISED


def test_a_hold_is_no_way_around_the_cap_of_a_holder(ledger):
    ledger.fund(PAYER, 100)
    ledger.fund(PAYEE, 10)
    set_caps(ledger, holder=70)

    assert code_of(ledger, PAYER, hold(ledger, 61)) == Refuse.HOLDER_CAP_PASSED
    assert code_of(ledger, PAYER, hold(ledger, 60)) == 0


def test_who_has_been_taken_off_the_list_still_gets_what_was_set_aside_for_it(ledger):
    open_euros(ledger, PAYER, PAYEE)
    name = place(ledger, 100, asset=ledger.asset("EUR"))
    forget(ledger, PAYEE)

    ledger.must(PAYEE, CaptureHold(hold=name, units=40))

    assert (has(ledger, PAYER, "EUR"), has(ledger, PAYEE, "EUR")) == ((60, 0), (40, 0))


def test_a_suspended_payee_can_give_back_but_not_take(ledger):
    samarkand = ledger.register("samarkand")
    ledger.fund(PAYER, 100)
    name = place(ledger, 60, payee=samarkand)
    ledger.must("registrar", SuspendParty(account=samarkand, reason="Papers missing"))

    assert code_of(ledger, "samarkand", CaptureHold(hold=name, units=1)) == Kernel.SIGNER_SUSPENDED
    assert code_of(ledger, "samarkand", ReleaseHold(hold=name)) == 0


def test_money_of_a_hold_is_part_of_the_supply(ledger):
    ledger.fund(PAYER, 100)
    place(ledger, 60)

    assert currency(ledger).supply == 100
    set_caps(ledger, supply=100, holder=LARGEST)


# -------------------------------------------------------------------------------------------------------------- storage


def test_a_hold_takes_storage_as_long_as_it_lives(ledger):
    ledger.fund(PAYER, 100)
    before = stored(ledger)

    name = place(ledger, 60)
    during = stored(ledger)
    ledger.wait(DAY + 1)

    assert held_as(ledger, name) is None
    assert (during - before, stored(ledger)) == (HOLD_BYTES, before)


def test_the_last_bytes_of_the_storage_can_be_used(ledger):
    ledger.fund(PAYER, 100)
    registrar = ledger.account("registrar")
    known = QUOTAS.must(ledger.state, registrar)
    poke(ledger, QUOTAS, registrar, structs.replace(known, stored_bytes_max=known.stored_bytes + HOLD_BYTES))

    assert code_of(ledger, PAYER, hold(ledger, 1, "h1")) == 0
    assert code_of(ledger, PAYER, hold(ledger, 1, "h2")) == Kernel.QUOTA_STORAGE_SPENT
    assert code_of(ledger, PAYEE, ReleaseHold(hold=hold_name(ledger, "h1"))) == 0
    assert code_of(ledger, PAYER, hold(ledger, 1, "h2")) == 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"reference": "0123456789abcdef"}, 0),
        ({"reference": "0123456789abcdefg"}, 101),
        ({"units": 0}, 101),
        ({"units": LARGEST}, Refuse.FUNDS_INSUFFICIENT),
        ({"units": LARGEST + 1}, 101),
        ({"deadline": 2**32}, 101),
        ({"deadline": 2**32 - 1}, Refuse.DEADLINE_TOO_FAR),
        ({"deadline": -1}, 101),
        ({"purpose": "goods"}, 101),
    ],
    ids=repr,
)
def test_the_fields_of_a_hold_have_bounds(ledger, changes, code):
    ledger.fund(PAYER, 100)

    assert code_of(ledger, PAYER, hold(ledger, **{"units": 60} | changes)) == code


@pytest.mark.parametrize(("size", "code"), [(20, 101), (21, 313), (36, 313), (37, 101)])
def test_the_name_of_a_hold_has_21_to_36_bytes(ledger, size, code):
    assert code_of(ledger, PAYEE, ReleaseHold(hold=bytes(size))) == code
