"""What is always true of money: each breach is noticed, so that the invariants are not empty words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from sogdia.kernel import calendar
from sogdia.kernel.refusal import Broken
from sogdia.kernel.state import State
from sogdia.modules.money import BALANCES, HOLDS, Asset, Balance, balance, keep_promise, move
from sogdia.modules.money.currencies import Mint
from sogdia.modules.money.records import CURRENCIES
from sogdia.modules.money.transfers import Transfer
from tests.modules.money.purse import NOBODY, PAYEE, PAYER, currency, open_euros, pay, place
from tests.refused import poke

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context


@pytest.fixture
def sound(ledger):
    """A ledger with money, a hold, and a currency by list."""
    ledger.fund(PAYER, 100)
    place(ledger, 60)
    open_euros(ledger, PAYER)
    ledger.machine.check_invariants(ledger.state)
    return ledger


def assert_noticed(ledger, what):
    """Look that the ledger is found to be broken."""
    with pytest.raises(Broken, match=what):
        ledger.machine.check_invariants(ledger.state)


@pytest.mark.parametrize("units", [39, 41])
def test_a_unit_made_or_lost_is_noticed(sound, units):
    key = (sound.account(PAYER), sound.asset())
    poke(sound, BALANCES, key, Balance(available=units, held=60))

    assert_noticed(sound, "do not add up to the supply")


@pytest.mark.parametrize("units", [-1, 1])
def test_a_block_that_makes_or_loses_a_unit_is_noticed_while_it_is_made(sound, units, monkeypatch):
    """A rule that is wrong by one: the block is not closed, so no node writes it down."""
    before, apply = sound.root, Transfer.apply

    def wrong(self: Transfer, ctx: Context) -> None:
        apply(self, ctx)
        known = balance(ctx.state, self.to, self.asset)
        BALANCES.put(ctx.state, (self.to, self.asset), structs.replace(known, available=known.available + units))

    monkeypatch.setattr(Transfer, "apply", wrong)
    with pytest.raises(Broken, match=f"makes {units} units"):
        sound.send(PAYER, pay(sound, 7))

    assert sound.root == before


def test_a_block_that_mints_without_a_balance_is_noticed_while_it_is_made(sound, monkeypatch):
    def forgets(self: Mint, ctx: Context) -> None:
        asset = Asset(self.currency, ctx.sender)
        known = CURRENCIES.must(ctx.state, asset)
        CURRENCIES.put(ctx.state, asset, structs.replace(known, supply=known.supply + self.units))

    monkeypatch.setattr(Mint, "apply", forgets)
    with pytest.raises(Broken, match="makes -5 units"):
        sound.send("bank", Mint(currency="USD", to=sound.account(PAYER), units=5))


def test_money_that_nobody_issued_is_noticed(sound):
    poke(sound, BALANCES, (sound.account(PAYER), Asset("CHF", NOBODY)), Balance(available=1))

    assert_noticed(sound, "money that nobody has issued")


def test_a_supply_above_its_cap_is_noticed(sound):
    poke(sound, CURRENCIES, sound.asset(), structs.replace(currency(sound), supply_max=99))

    assert_noticed(sound, "above its cap")


def test_a_record_of_nothing_is_noticed(sound):
    poke(sound, BALANCES, (sound.account("lanzhou"), sound.asset()), Balance())

    assert_noticed(sound, "a record of nothing")


def test_a_hold_without_its_deadline_is_noticed(sound):
    state = State(sound.base)
    (name, found), *_ = HOLDS.items(state)
    calendar.unschedule(state, found.deadline, HOLDS.full_key(name))
    sound.base.tree.update(state.encoded_changes())

    assert_noticed(sound, "a hold is missing in the calendar")


def test_a_hold_under_another_deadline_is_noticed(sound):
    (name, found), *_ = HOLDS.items(sound.state)
    poke(sound, HOLDS, name, structs.replace(found, deadline=found.deadline + 1))

    assert_noticed(sound, "a hold is missing in the calendar")


def test_a_settlement_that_creates_or_loses_money_stops_the_node(sound):
    payer, payee = sound.account(PAYER), sound.account(PAYEE)
    for shares in (((payee, 59),), ((payee, 61),), ()):
        with pytest.raises(Broken, match="creates or loses money"):
            keep_promise(sound.state, sound.asset(), 60, payer, shares)
    with pytest.raises(Broken, match="below nothing"):
        keep_promise(sound.state, sound.asset(), 61, payer, ((payee, 61),))


def test_a_settlement_pays_several_payees_in_one_step(sound):
    state = sound.state
    names = [(PAYEE, 30), ("carrier", 20), ("treasury", 0), (PAYER, 9), (PAYEE, 1)]

    keep_promise(state, sound.asset(), 60, sound.account(PAYER), tuple((sound.account(who), n) for who, n in names))

    found = {who: BALANCES.find(state, (sound.account(who), sound.asset())) for who, _units in names}
    assert found == {
        PAYEE: Balance(available=31),
        "carrier": Balance(available=20),
        "treasury": None,
        PAYER: Balance(available=49),
    }


def test_a_settlement_of_nothing_writes_nothing(sound):
    state = sound.state

    keep_promise(state, sound.asset(), 0, sound.account(PAYER), ((sound.account(PAYEE), 0),))

    assert state.changes == {}


def test_a_movement_of_nothing_is_our_own_mistake(sound):
    with pytest.raises(Broken, match="a movement of nothing"):
        move(sound.state, sound.asset(), 0, sound.account(PAYER), sound.account(PAYEE))
