"""After the goods have left: what a refund is worth in the buyer's own money, and who bears what the rate has done."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING, NamedTuple

import pytest

from sogdia.kernel.exact import share
from sogdia.modules.exchange.events import RefundedAtRate
from sogdia.modules.market.causes import Cause
from sogdia.modules.market.orders import (
    AcceptOrder,
    ConfirmDelivery,
    OrderLine,
    SettleOrder,
    ShipOrder,
)
from sogdia.modules.market.records import OrderState
from sogdia.modules.market.returns import ApproveReturn, RefuseReturn, RequestReturn
from sogdia.modules.market.settlement import WRITES_APART_FROM_LINES
from sogdia.modules.market.splits import AcceptSplit, ProposeSplit
from tests.modules.exchange.bureau import (
    DEALER,
    MINUTE,
    lock_of,
    money_of,
)
from tests.modules.market.at_a_rate import at_rate
from tests.modules.market.backed import (
    ALL,
    BOND,
    COVER,
    COVER_POINTS,
    FALLEN,
    FALLEN_FAR,
    FALLEN_FURTHER,
    RISEN,
    WHOLE,
    Changes,
    backed_shop,
    bond_of,
    changed,
    delivered,
    owned,
    placed,
    refund,
    sells_back,
    sent_back,
    swapped_of,
)
from tests.modules.market.shop import (
    BUYER,
    DAY,
    MERCHANT,
    PAID,
    held,
    open_order,
    order,
    order_name,
    quantities,
)

if TYPE_CHECKING:
    from sogdia.kernel.receipt import Receipt
    from sogdia.modules.exchange.records import Rate
    from sogdia.testing.ledger import Ledger


@pytest.fixture
def ledger():
    """A shop with a bond, and a bureau that asks for one and sells covers."""
    return backed_shop()


# ------------------------------------------------------------------------------------------------ by cause, to the unit


class Fate(NamedTuple):
    """What a refund of the whole order comes to, by cause and by what the rate has done since."""

    cause: Cause
    rate: Rate | None
    buyer: Changes
    """What the buyer gets."""
    merchant: int
    """By how much its dollars change, bond and all."""
    provider: int
    """By how much the dinars of the provider of the cover change."""


FATES = [
    Fate(Cause.REMORSE, FALLEN, Changes(0, PAID), 0, 0),
    Fate(Cause.REMORSE, None, Changes(0, PAID), 0, 0),
    Fate(Cause.MERCHANT, RISEN, Changes(WHOLE, 0), PAID - 8_870, 0),
    Fate(Cause.MERCHANT, FALLEN, Changes(WHOLE, 0), PAID - 9_461, 0),
    Fate(Cause.MERCHANT, FALLEN_FURTHER, Changes(WHOLE, 0), -BOND, -1_454),
    Fate(Cause.MERCHANT, FALLEN_FAR, Changes(COVER, PAID + BOND), -BOND, -COVER),
    Fate(Cause.MERCHANT, None, Changes(COVER, PAID + BOND), -BOND, -COVER),
    Fate(Cause.CARRIER, RISEN, Changes(WHOLE, PAID - 8_870), 0, 0),
    Fate(Cause.CARRIER, FALLEN, Changes(WHOLE, 0), 0, -904),
    Fate(Cause.CARRIER, FALLEN_FURTHER, Changes(WHOLE, 0), 0, -2_736),
    Fate(Cause.CARRIER, FALLEN_FAR, Changes(COVER, PAID), 0, -COVER),
    Fate(Cause.CARRIER, None, Changes(COVER, PAID), 0, -COVER),
]
"""By hand: 28,381 fils cost 8,870 cents at 3.2 fils a cent (8,869.06), and 9,461 at 3.0 (9,460.33). At 2.8 escrow and
bond, 9,617 cents, give 26,927 fils and leave 1,454 to the cover; the escrow alone gives 25,645."""


@pytest.mark.parametrize(
    "fate",
    FATES,
    ids=lambda it: (
        f"{it.cause.name.lower()}-{'no-card' if it.rate is None else f'{it.rate.taken}-for-{it.rate.given}'}"
    ),
)
def test_who_bears_what_the_rate_has_done(ledger, fate):
    name = delivered(ledger)
    if fate.rate is not None:
        sells_back(ledger, fate.rate)
    before = {who: owned(ledger, who) for who in (BUYER, MERCHANT, DEALER)}

    sent_back(ledger, name, *ALL, cause=fate.cause)
    ledger.wait(15 * DAY)

    buyer = changed(ledger, BUYER, before[BUYER])
    got = Changes(buyer.dinars, buyer.dollars + PAID)
    assert got == fate.buyer
    assert changed(ledger, MERCHANT, before[MERCHANT]) == (0, fate.merchant)
    assert changed(ledger, DEALER, before[DEALER]) == (fate.provider, 0)


def test_what_is_told_says_who_bore_what(ledger):
    name = delivered(ledger)
    sells_back(ledger, FALLEN_FURTHER)

    told = refund(ledger, name, *ALL)

    assert told == RefundedAtRate(
        order=name,
        provider=ledger.account(DEALER),
        takes=ledger.asset("KWD"),
        owed=WHOLE,
        gives=ledger.asset(),
        escrow=PAID,
        to_merchant=0,
        merchant=ledger.account(MERCHANT),
        from_bond=BOND,
        from_cover=1_454,
        exchanged=26_927,
    )


def test_what_was_used_of_a_bond_stays_used(ledger):
    name = delivered(ledger)
    sells_back(ledger, FALLEN)

    used = refund(ledger, name, (1, 3)).from_bond
    ledger.must(BUYER, SettleOrder(order=name))

    assert used == 270
    assert (bond_of(ledger).free, bond_of(ledger).bound) == (1_000 - used, 0)
    assert held(ledger, MERCHANT) == 1_000 - used


# ----------------------------------------------------------------------------------------------- in parts, in any order


PARTS = [(1, 1), (1, 2), (2, 1), (2, 1)]


@pytest.mark.parametrize("rate", [RISEN, FALLEN, FALLEN_FURTHER], ids=["risen", "fallen", "fallen-further"])
@pytest.mark.parametrize("order_of_parts", sorted(set(permutations(PARTS))))
def test_all_parts_together_are_all_that_was_paid(ledger, order_of_parts, rate):
    name = delivered(ledger)
    sells_back(ledger, rate)
    before = owned(ledger, BUYER)

    owed = [refund(ledger, name, part).owed for part in order_of_parts]

    assert sum(owed) == WHOLE
    assert changed(ledger, BUYER, before).dinars == WHOLE


@pytest.mark.parametrize(
    "causes", sorted(set(permutations([Cause.MERCHANT, Cause.MERCHANT, Cause.REMORSE, Cause.CARRIER])))
)
def test_parts_for_several_causes_are_told_apart(ledger, causes):
    """What the buyer keeps in dollars counts as gone back, so no fils of it is owed again."""
    name = delivered(ledger)
    sells_back(ledger, RISEN)
    owed, kept = 0, 0
    before = owned(ledger, BUYER)

    for part, cause in zip(PARTS, causes, strict=True):
        back = swapped_of(ledger, name).back
        sent_back(ledger, name, part, cause=cause)
        now = swapped_of(ledger, name).back
        if cause == Cause.REMORSE:
            kept += now - back
        else:
            owed += share(WHOLE, now, PAID) - share(WHOLE, back, PAID)

    assert swapped_of(ledger, name).back == PAID
    assert changed(ledger, BUYER, before).dinars == owed
    assert kept > 0


def test_a_small_part_that_nobody_exchanges_has_its_share_of_bond_and_cover_and_no_more(ledger):
    name = delivered(ledger)
    sells_back(ledger, FALLEN_FAR)
    before = {who: owned(ledger, who) for who in (BUYER, MERCHANT, DEALER)}

    sent_back(ledger, name, (2, 1))
    ledger.wait(15 * DAY)

    bond, cover = share(BOND, 483, PAID), share(COVER, 483, PAID)
    assert changed(ledger, BUYER, before[BUYER]) == (cover, bond)
    assert changed(ledger, MERCHANT, before[MERCHANT]).dollars == -bond
    assert changed(ledger, DEALER, before[DEALER]).dinars == -cover


def test_what_an_earlier_part_left_of_the_bond_is_there_for_a_later_one_that_is_exchanged(ledger):
    name = delivered(ledger)
    sent_back(ledger, name, (2, 2), cause=Cause.REMORSE)
    sells_back(ledger, FALLEN_FURTHER)

    told = refund(ledger, name, (1, 3))

    assert told.from_bond == BOND > share(BOND, 8_193, PAID)
    assert told.exchanged + told.from_cover == told.owed


def test_a_crumb_does_not_take_what_others_have_left(ledger):
    """All but a bowl is exchanged, and needs neither; the bowl, which nobody exchanges, has what falls to a bowl."""
    name = delivered(ledger)
    sells_back(ledger, RISEN)
    refund(ledger, name, (1, 3), (2, 1))
    before = owned(ledger, BUYER)
    ledger.wait(DAY)

    sent_back(ledger, name, (2, 1))
    ledger.wait(15 * DAY)

    assert changed(ledger, BUYER, before) == (
        COVER - share(COVER, PAID - 483, PAID),
        BOND - share(BOND, PAID - 483, PAID),
    )


# --------------------------------------------------------------------------------------------------- who says the cause


def asked(ledger: Ledger, cause: Cause, *, confirmed: bool = True) -> bytes:
    """Let the buyer ask to return everything for a cause, while somebody sells dinars."""
    name = placed(ledger)
    ledger.must(MERCHANT, AcceptOrder(order=name))
    ledger.must(MERCHANT, ShipOrder(order=name))
    if confirmed:
        ledger.must("carrier", ConfirmDelivery(order=name))
    else:
        ledger.wait(45 * DAY + 1)
    ledger.must(BUYER, RequestReturn(order=name, lines=quantities(*ALL), return_cause=cause))
    return name


def approve(ledger: Ledger, name: bytes) -> Receipt:
    """Let the merchant agree."""
    return ledger.must(MERCHANT, ApproveReturn(order=name))


@pytest.mark.parametrize("cause", list(Cause))
def test_who_agrees_agrees_to_the_cause_that_was_stated(ledger, cause):
    name = asked(ledger, cause)
    sells_back(ledger)
    before = owned(ledger, BUYER)

    approve(ledger, name)

    assert changed(ledger, BUYER, before).dinars == (0 if cause is Cause.REMORSE else WHOLE)


@pytest.mark.parametrize("cause", list(Cause))
@pytest.mark.parametrize("refused", [False, True], ids=["silent", "refused-and-never-delivered"])
def test_the_stated_cause_holds_when_time_decides(ledger, cause, refused):
    name = asked(ledger, cause, confirmed=not refused)
    if refused:
        ledger.must(MERCHANT, RefuseReturn(order=name))
    ledger.wait((14 if refused else 7) * DAY - MINUTE)
    sells_back(ledger)
    before = owned(ledger, BUYER)

    ledger.wait(MINUTE + 1)

    assert changed(ledger, BUYER, before).dinars == (0 if cause is Cause.REMORSE else WHOLE)


def test_a_refund_over_several_blocks_is_exact():
    """Thirty lines of one silk each, twelve writes a block beside those that an order takes anyway."""
    small = backed_shop(10**5, exit_writes_max=WRITES_APART_FROM_LINES + 12)
    lines = (OrderLine("silk", 1, 1),) * 30
    small.must(BUYER, at_rate(small, order(small, lines), cover=COVER_POINTS, pay_at_most=10**6))
    name = order_name(small)
    paid = lock_of(small, name).payment + lock_of(small, name).premium + lock_of(small, name).cover_premium
    for who, step in ((MERCHANT, AcceptOrder), (MERCHANT, ShipOrder), ("carrier", ConfirmDelivery)):
        small.must(who, step(order=name))
    wanted = quantities(*((number, 1) for number in range(1, 31)))
    small.must(BUYER, RequestReturn(order=name, lines=wanted, return_cause=Cause.MERCHANT))
    small.wait(7 * DAY - MINUTE)
    sells_back(small, FALLEN, capacity=10**6)
    before = owned(small, BUYER)

    small.wait(MINUTE + 1)
    blocks = 0
    while open_order(small, name).state == OrderState.REFUNDING:
        small.wait(1)
        blocks += 1

    assert blocks > 1
    assert changed(small, BUYER, before).dinars == paid


def test_a_split_is_of_the_merchants_money_and_frees_bond_and_cover(ledger):
    name = delivered(ledger)
    sells_back(ledger, FALLEN)
    before = owned(ledger, BUYER)

    ledger.must(BUYER, ProposeSplit(order=name, to_buyer=PAID))
    ledger.must(MERCHANT, AcceptSplit(order=name, to_buyer=PAID))

    assert changed(ledger, BUYER, before) == (0, 0)
    assert money_of(ledger, BUYER)[3] == 0
    assert money_of(ledger, DEALER)[:2] == (WHOLE, 0)
    assert bond_of(ledger).bound == 0
