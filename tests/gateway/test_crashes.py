"""A process that dies between any two of its steps: the next pass goes on, and everything has happened once."""

from __future__ import annotations

import pytest

from sogdia.engine.marks import GATEWAY
from sogdia.gateway import acts, journal, paying_out
from sogdia.gateway.desk import LedgerSilentError
from sogdia.gateway.journal import FILE, Journal, JournalBusyError
from sogdia.gateway.passing import run
from sogdia.gateway.records import Outside, Stage
from tests.gateway.door import House

PLACES_MAX = 200


class Died(BaseException):
    """Stands for the death of the process: nothing catches it."""


class Marks:
    """Counts the places that are passed, and dies at one of them."""

    def __init__(self, at: int) -> None:
        """Die at the place of this number."""
        self.at = at
        self.passed = 0
        self.names: list[str] = []

    def __call__(self, name: str) -> None:
        """Pass a place."""
        self.passed += 1
        self.names.append(name)
        if self.passed == self.at:
            raise Died(name)


def set_up(folder):
    """Give a house where a pass has everything to do that there is."""
    folder.mkdir()
    house = House(folder)
    house.pays_in("bank", 10_000, house.reference("nairobi"))
    house.run()
    first = house.redeems("nairobi", 3_000)
    second = house.redeems("nairobi", 2_000, payout="RF-two")
    house.run()
    house.outside.collect(house.now)
    house.outside.answer("bank", first, "yes", house.now)
    house.outside.answer("bank", second, "no", house.now)
    house.pays_in("card", 700, house.reference("bukhara"))
    house.pays_in("wallet", 4_000, house.reference("bukhara"))
    overdue = house.pays_in("bank", 50, "?")
    taken = house.pays_in("agents", 60, house.reference("lanzhou"))
    house.outside.tell(house.outside.take_back(taken, 60, house.now), house.now)
    house.redeems("nairobi", 1_000, payout="RF-three")
    return house, overdue


def ends_well(house, overdue):
    """Look at everything that has to be so in the end."""
    house.run()
    house.ledger.wait(48 * 3_600)
    house.run()
    house.run()
    assert (house.owns("nairobi"), house.owns("bukhara"), house.owns("lanzhou")) == (6_000, 4_000, 0)
    assert house.door.supply("USD")[1] == 11_000, "what is being redeemed circulates"
    assert house.credit(overdue).stage == Stage.RETURNING
    house.answers("yes")
    house.run()
    house.run()
    assert house.credit(overdue).stage == Stage.RETURNED
    assert house.door.supply("USD")[1] == 10_000
    assert house.outside.balance("bank") == 100_000 + 10_000 - 3_000 - 1_000
    assert house.journal.own_rows() == []


def dies(house, at, monkeypatch):
    """Pass until a place; gives whether it died there."""
    marks = Marks(at)
    for module in (journal, acts, paying_out):
        monkeypatch.setattr(module, "mark", marks)
    died = False
    try:
        run(house.desk)
    except Died:
        died = True
    finally:
        monkeypatch.undo()
    house.again()
    return died, marks


def test_a_pass_that_dies_at_any_place_is_made_good_by_the_next(tmp_path, monkeypatch):
    places, names = 0, set[str]()
    for at in range(1, PLACES_MAX):
        house, overdue = set_up(tmp_path / str(at))
        died, marks = dies(house, at, monkeypatch)
        ends_well(house, overdue)
        house.journal.__exit__()
        names.update(marks.names)
        if not died:
            break
        places += 1

    assert places > 20
    assert names == set(GATEWAY)


def test_passes_that_die_one_after_another_come_to_the_same_end(tmp_path, monkeypatch):
    house, overdue = set_up(tmp_path / "house")

    for at in (2, 3, 5, 4, 2, 7, 3, 6, 2, 4):
        dies(house, at, monkeypatch)

    ends_well(house, overdue)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_ledger_that_falls_silent_is_asked_again_with_the_same_envelope(house, when):
    house.pays_in("bank", 2_500, house.reference("nairobi"))
    setattr(house.door, f"silent_{when}", 1)
    with pytest.raises(LedgerSilentError):
        run(house.desk)
    ((noted,),) = [house.journal.acts()]

    house.run()

    assert house.owns("nairobi") == 2_500
    assert house.journal.knows_act(noted.id)


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_envelope_that_expired_meanwhile_is_signed_anew_only_when_it_is_in_no_block(house, when):
    house.pays_in("bank", 2_500, house.reference("nairobi"))
    setattr(house.door, f"silent_{when}", 1)
    with pytest.raises(LedgerSilentError):
        run(house.desk)

    house.ledger.wait(25 * 3_600)
    house.run()

    assert house.owns("nairobi") == 2_500
    assert house.door.supply("USD")[1] == 2_500


def test_a_second_process_does_not_get_the_journal(house):
    with pytest.raises(JournalBusyError, match="another command is using"):
        Journal(house.folder / FILE)


def test_what_is_no_journal_is_not_taken_for_one(tmp_path):
    (tmp_path / FILE).write_bytes(b"not a database, but long enough to be looked at" * 30)

    with pytest.raises(JournalBusyError, match="no journal of a gateway"):
        Journal(tmp_path / FILE)


def test_a_lost_journal_is_made_anew_from_the_ledger_and_the_documents(tmp_path):
    house, _overdue = set_up(tmp_path / "house")
    house.run()
    before = {(each.rail, each.reference): each.stage for each in house.journal.credits(*Stage)}
    owned = house.owns("nairobi"), house.owns("bukhara")
    references = house.journal.references()

    house.journal.__exit__()
    (house.folder / FILE).unlink()
    house.journal = Journal(house.folder / FILE)
    with house.journal.step():
        for reference, account in references:
            house.journal.give_reference(reference, account)
    for rail in house.rails:
        for document in sorted((house.folder / rail).glob("done/*")):
            document.rename(house.folder / rail / "in" / document.name)
    house.run()

    assert {(each.rail, each.reference): each.stage for each in house.journal.credits(*Stage)} == before
    assert (house.owns("nairobi"), house.owns("bukhara")) == owned
    assert house.journal.unexplained() == []
    assert [each for each in house.journal.payouts(settled=False) if each.outside == Outside.BY_HAND] == []
