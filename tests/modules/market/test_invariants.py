"""What is always true of the market: each breach is noticed, so that the invariants are not empty words."""

from __future__ import annotations

import pytest
from msgspec import structs

from sogdia.kernel.refusal import Broken
from sogdia.modules.market.records import CLOSED_ORDERS, LINES, LISTINGS, ORDERS, VARIANTS, OrderState, Parts
from sogdia.modules.money import BALANCES
from tests.modules.market.shop import (
    BUYER,
    bring,
    closed_order,
    line,
    listing_name,
    open_order,
    order_name,
    settled,
)
from tests.refused import poke


@pytest.fixture
def sound(ledger):
    """A ledger with an order under way, of which some was refunded, and a closed one."""
    settled(ledger, reference="o0")
    bring(ledger, OrderState.RETURNING)
    ledger.machine.check_invariants(ledger.state)
    return ledger


def assert_noticed(ledger, what):
    """Look that the ledger is found to be broken."""
    with pytest.raises(Broken, match=what):
        ledger.machine.check_invariants(ledger.state)


@pytest.mark.parametrize("units", [-1, 1])
def test_money_held_for_nothing_and_escrow_that_is_not_held_are_noticed(sound, units):
    key = (sound.account(BUYER), sound.asset())
    found = BALANCES.must(sound.state, key)
    poke(sound, BALANCES, key, structs.replace(found, held=found.held + units, available=found.available - units))

    assert_noticed(sound, "does not match what is set aside")


def test_escrow_of_a_buyer_without_any_money_is_noticed(sound):
    name = order_name(sound, buyer="lanzhou")
    poke(sound, ORDERS, name, open_order(sound, order_name(sound)))

    assert_noticed(sound, "is not held by anybody")


@pytest.mark.parametrize(
    ("field", "value", "what"),
    [
        ("paid", Parts(5_996, 1_066, 1_130), "add up to what was paid"),
        ("returned", 1, "add up to what was refunded"),
        ("returned", 4, "more came back than was bought"),
    ],
)
def test_a_line_that_does_not_fit_its_order_is_noticed(sound, field, value, what):
    name = order_name(sound)
    poke(sound, LINES, (name, 1), structs.replace(line(sound, name, 1), **{field: value}))

    assert_noticed(sound, what)


def test_a_missing_line_is_noticed(sound):
    poke(sound, LINES, (order_name(sound), 2), None)

    assert_noticed(sound, "add up to what was paid")


def test_a_line_without_an_order_is_noticed(sound):
    poke(sound, LINES, (order_name(sound, "o0"), 1), line(sound, order_name(sound), 1))

    assert_noticed(sound, "a line has lost its order")


def test_an_order_that_is_not_in_the_calendar_is_noticed(sound):
    name = order_name(sound)
    found = open_order(sound, name)
    poke(sound, ORDERS, name, structs.replace(found, due=found.due - 1))

    assert_noticed(sound, "missing in the calendar")


def test_an_order_that_comes_up_too_late_is_noticed(sound):
    name = order_name(sound)
    found = open_order(sound, name)
    poke(sound, ORDERS, name, structs.replace(found, deadline=found.due - 1))

    assert_noticed(sound, "comes up after its deadline")


def test_an_order_that_is_open_and_closed_is_noticed(sound):
    poke(sound, CLOSED_ORDERS, order_name(sound), closed_order(sound, order_name(sound, "o0")))

    assert_noticed(sound, "open and closed")


@pytest.mark.parametrize("refunded", [Parts(6_808, 0, 0), Parts(0, 1_151, 0), Parts(0, 0, 1_203)])
def test_an_order_that_gave_back_more_than_was_paid_is_noticed(sound, refunded):
    name = order_name(sound, "o0")
    poke(sound, CLOSED_ORDERS, name, structs.replace(closed_order(sound, name), refunded=refunded))

    assert_noticed(sound, "more was refunded than was paid")


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"variants": ()}, "a variant has lost its listing"),
        ({"variants": (1, 2)}, "names a variant that is not there"),
        ({"open": False}, "a closed listing has variants"),
    ],
)
def test_a_listing_that_does_not_fit_its_variants_is_noticed(sound, changes, what):
    name = listing_name(sound, "silk")
    poke(sound, LISTINGS, name, structs.replace(LISTINGS.must(sound.state, name), **changes))

    assert_noticed(sound, what)


def test_a_variant_without_a_listing_is_noticed(sound):
    known = VARIANTS.must(sound.state, (listing_name(sound, "silk"), 1))
    poke(sound, VARIANTS, (listing_name(sound, "felt"), 1), known)

    assert_noticed(sound, "a variant has lost its listing")
