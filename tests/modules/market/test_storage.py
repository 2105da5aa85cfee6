"""What the market stores is counted against the sponsor to the byte, and given back when it is no longer needed."""

from __future__ import annotations

import pytest

from sogdia.kernel.refusals import KernelRefusal as Kernel
from sogdia.modules.identity.parties import ChangeSponsor
from sogdia.modules.market.listings import AddVariant, CloseListing
from sogdia.modules.market.orders import AcceptOrder, CancelOrder, DeclineOrder, OrderLine, SettleOrder
from sogdia.modules.market.records import OrderState
from sogdia.modules.market.splits import AcceptSplit, ProposeSplit
from sogdia.testing.ledger import Ledger
from tests.modules.market.rows import table
from tests.modules.market.shop import (
    BUYER,
    DAY,
    MERCHANT,
    SILK,
    bring,
    listing,
    open_shop,
    order,
    order_name,
    place,
    stored,
    terms,
)
from tests.refused import Row, assert_refused

TERMS, LISTING, VARIANT, ORDER, LINE, PARTY = 200, 400, 200, 500, 200, 1_000
SHOP = TERMS + 2 * (LISTING + VARIANT)
BASKET_OPEN = ORDER + 2 * LINE
GENESIS = {"registrar": stored(Ledger())}
"""What the parties of the genesis take."""


def ledger_with_storage(size: int, *, second_sponsor: bool = False) -> Ledger:
    """A ledger whose registrar has room for so many bytes more, with the carrier as a second sponsor if asked."""
    usual = Ledger()
    room = {"stored_bytes": stored(usual) + size}
    quotas = {"registrar": room} | ({"carrier": room} if second_sponsor else {})
    parties = [
        {
            "reference": each.reference,
            "kind": int(each.kind),
            "country": each.country,
            "public": each.public,
            "roles": each.roles,
            "sponsor": "registrar",
            "quota": quotas.get(each.reference),
        }
        for each in usual.genesis.identity.parties
    ]
    return Ledger(identity={"parties": parties, "registrars": [{"reference": "registrar"}]})


def taken(ledger: Ledger, sponsor: str = "registrar") -> int:
    """How much storage a sponsor's parties have taken since the start."""
    return stored(ledger, sponsor) - GENESIS.get(sponsor, 0)


def variant(number: int) -> AddVariant:
    """Another variant of silk."""
    return AddVariant(listing="silk", variant=number, offer=SILK, stock=9)


# ------------------------------------------------------------------------------------------------------- stories


def test_every_record_is_counted(ledger):
    assert taken(ledger) == SHOP

    ledger.must(MERCHANT, terms(ledger, "t2"))
    assert taken(ledger) == SHOP + TERMS
    ledger.must(MERCHANT, listing("felt"))
    assert taken(ledger) == SHOP + TERMS + LISTING
    ledger.must(MERCHANT, variant(2), variant(3))
    assert taken(ledger) == SHOP + TERMS + LISTING + 2 * VARIANT
    place(ledger)
    assert taken(ledger) == SHOP + TERMS + LISTING + 2 * VARIANT + BASKET_OPEN


def settle(ledger):
    ledger.must(BUYER, SettleOrder(order=bring(ledger, OrderState.DELIVERED)))


def cancel(ledger):
    ledger.must(BUYER, CancelOrder(order=place(ledger)))


def decline(ledger):
    ledger.must(MERCHANT, DeclineOrder(order=bring(ledger, OrderState.ACCEPTED)))


def decline_after_a_line(ledger):
    name = place(ledger)
    ledger.must(MERCHANT, AcceptOrder(order=name, declined=(1,)))
    ledger.must(MERCHANT, DeclineOrder(order=name))


def split(ledger):
    name = bring(ledger, OrderState.SHIPPED)
    ledger.must(BUYER, ProposeSplit(order=name, to_buyer=1))
    ledger.must(MERCHANT, AcceptSplit(order=name, to_buyer=1))


def time_out(ledger):
    place(ledger)
    ledger.wait(2 * DAY + 1)


@pytest.mark.parametrize("end", [settle, cancel, decline, decline_after_a_line, split, time_out])
def test_an_order_gives_the_room_of_its_lines_back_however_it_ends(ledger, end):
    end(ledger)

    assert taken(ledger) == SHOP + ORDER


def test_a_closed_listing_gives_the_room_of_its_variants_back(ledger):
    ledger.must(MERCHANT, variant(2), variant(3))

    ledger.must(MERCHANT, CloseListing(listing="silk"))

    assert taken(ledger) == SHOP - VARIANT


def move_to_the_carrier(ledger, who):
    """Let a party move to the carrier as its sponsor, which signs, too, and does something of its own."""
    ledger.must(
        (who, "carrier"),
        ChangeSponsor(sponsor=ledger.account("carrier"), signer=0),
        terms(ledger, f"for-{who}", signer=1, carrier=None),
    )


def test_room_goes_back_to_the_sponsor_that_gave_it():
    ledger = open_shop(ledger_with_storage(100_000, second_sponsor=True))
    name = place(ledger)
    for who in (BUYER, MERCHANT):
        move_to_the_carrier(ledger, who)

    ledger.must(BUYER, CancelOrder(order=name))
    ledger.must(MERCHANT, CloseListing(listing="silk"))
    place(ledger, [OrderLine("bowl", 1, 1)], "o2")

    assert taken(ledger) == SHOP - VARIANT + ORDER - 2 * PARTY + 2 * TERMS
    assert taken(ledger, "carrier") == ORDER + LINE + 2 * PARTY


# ------------------------------------------------------------------------------------------------------ refusals


REFUSALS = [
    Row(Kernel.QUOTA_STORAGE_SPENT, MERCHANT, lambda it: terms(it, "t2"), note="terms"),
    Row(Kernel.QUOTA_STORAGE_SPENT, MERCHANT, lambda _: listing("felt"), note="listing"),
    Row(Kernel.QUOTA_STORAGE_SPENT, MERCHANT, lambda _: variant(2), note="variant"),
    Row(Kernel.QUOTA_STORAGE_SPENT, BUYER, order, note="order"),
]
SIZES = {"terms": TERMS, "listing": LISTING, "variant": VARIANT, "order": BASKET_OPEN}


@table(REFUSALS)
def test_a_byte_too_few_is_too_few(row):
    ledger = open_shop(ledger_with_storage(SHOP + SIZES[row.note] - 1))

    assert_refused(ledger, row)


@table(REFUSALS)
def test_the_last_byte_can_be_used(row):
    ledger = open_shop(ledger_with_storage(SHOP + SIZES[row.note]))

    ledger.must(row.who, row.ask(ledger))

    assert taken(ledger) == SHOP + SIZES[row.note]


def test_a_full_store_keeps_nobody_from_finishing():
    ledger = open_shop(ledger_with_storage(SHOP + BASKET_OPEN))
    bring(ledger, OrderState.DELIVERED)

    ledger.must(BUYER, SettleOrder(order=order_name(ledger)))

    assert taken(ledger) == SHOP + ORDER
