"""The guard rail: a slip of the finger is caught, who means it is let through, and nothing else ever looks at it."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from msgspec import structs

from sogdia.kernel.operation import Context
from sogdia.kernel.parameters import Limits
from sogdia.kernel.refusal import Refused
from sogdia.modules.book.offers import CancelLimitOffer
from sogdia.modules.book.records import Side, Validity
from sogdia.modules.exchange.cards import ChangeCard, CloseCard, FundCard
from sogdia.modules.exchange.records import Rate, Tier
from sogdia.modules.market.orders import AcceptOrder, CancelOrder, ConfirmDelivery, SettleOrder, ShipOrder
from sogdia.modules.market.returns import ApproveReturn, RequestReturn
from sogdia.modules.reference.guard import Part, require_near
from sogdia.modules.reference.records import RATES
from sogdia.modules.reference.refusals import ReferenceRefusal as Refuse
from sogdia.testing.ledger import Ledger
from tests.modules.book.stand import offer, open_stand
from tests.modules.book.test_paths import receive, send
from tests.modules.exchange.bureau import DEALER, card, convert, open_bureau, posting, rate_terms
from tests.modules.market.at_a_rate import at_rate
from tests.modules.market.shop import BUYER, MERCHANT, open_shop, order, order_name, quantities
from tests.modules.reference.desk import DAY, DINARS, HOUR, open_desk, put_in_force
from tests.refused import poke

if TYPE_CHECKING:
    from collections.abc import Callable

COLLAR = 1_000
DINAR = "3.2"
"""What a dinar's thousandth costs in cents, in these tests; so a cent is 0.3125 of them."""


@pytest.fixture
def ledger():
    """A bureau and a stand, and a dinar at 3.2."""
    ledger = open_bureau(open_stand(Ledger()))
    put_in_force(ledger, DINAR)
    return ledger


def card_at(ledger, taken, given, **changes: Any) -> Any:  # noqa: ANN401 - any field
    """A card at one rate: so many fils for so many cents."""
    return posting(ledger, "new", rates=rate_terms(ledger, tiers=(Tier(100, Rate(taken, given)),)), **changes)


# ------------------------------------------------------------------------------------------------- what it turns down


@pytest.mark.parametrize(
    ("side", "at", "wanted"),
    [
        (Side.SELL, "2.88", 0),
        (Side.SELL, "2.87999999999", Refuse.FAR_FROM_REFERENCE),
        (Side.SELL, "32", 0),
        (Side.BUY, "3.55555555555", 0),
        (Side.BUY, "3.55555555556", Refuse.FAR_FROM_REFERENCE),
        (Side.BUY, "0.32", 0),
    ],
)
def test_an_offer_may_cost_its_maker_a_tenth_and_no_more(ledger, side, at, wanted):
    assert ledger.send("nairobi", offer(ledger, side, 1_000, at)).code == wanted


@pytest.mark.parametrize(
    ("taken", "given", "wanted"),
    [
        (9, 32, 0),
        (2_812_499_999, 10**10, Refuse.FAR_FROM_REFERENCE),
        (1, 32, Refuse.FAR_FROM_REFERENCE),
        (25, 8, 0),
    ],
)
def test_a_card_may_cost_its_provider_a_tenth_and_no_more(ledger, taken, given, wanted):
    assert ledger.send(DEALER, card_at(ledger, taken, given)).code == wanted


def test_a_card_the_other_way_round_is_held_against_the_exact_inverse(ledger):
    ledger.fund(DEALER, 10_000, "KWD")
    other_way: dict[str, Any] = {"takes": ledger.asset(), "gives": ledger.asset("KWD"), "capacity": 1_000}

    assert ledger.send(DEALER, card_at(ledger, 2_879, 1_000, **other_way)).code == Refuse.FAR_FROM_REFERENCE
    assert ledger.send(DEALER, card_at(ledger, 72, 25, **other_way)).code == 0


def test_one_tier_that_slipped_is_enough(ledger):
    tiers = (Tier(100, Rate(313, 1_000)), Tier(500_000, Rate(3, 100)))

    assert ledger.send(DEALER, posting(ledger, "new", rates=rate_terms(ledger, tiers=tiers))).code == 1_110


def test_a_change_is_looked_at_as_a_new_card_is(ledger):
    terms = rate_terms(ledger, tiers=(Tier(100, Rate(3, 100)),))

    assert ledger.send(DEALER, ChangeCard(card="usd", rates=terms)).code == Refuse.FAR_FROM_REFERENCE
    ledger.must(DEALER, ChangeCard(card="usd", rates=terms, despite_reference=True))
    assert card(ledger).rates == terms


def test_the_refusal_gives_both_figures(ledger):
    answer = ledger.send("nairobi", offer(ledger, Side.BUY, 1_000, "32"))

    assert dict(answer.facts) == {"price": "0.03125", "reference": "0.3125"}
    assert "despite_reference" in Refuse.FAR_FROM_REFERENCE.way_out


@pytest.mark.parametrize("validity", Validity)
def test_who_takes_at_any_price_is_asked_too(ledger, validity):
    asked = offer(ledger, Side.BUY, 1_000, "32", validity=validity)

    assert ledger.send("nairobi", asked).code == Refuse.FAR_FROM_REFERENCE


def test_who_means_it_says_so(ledger):
    ledger.must("nairobi", offer(ledger, Side.BUY, 1_000, "32", despite_reference=True))
    ledger.must(DEALER, card_at(ledger, 1, 32, despite_reference=True))


@cache
def any_ledger() -> Ledger:
    """A ledger for looks that write nothing but the reference itself."""
    return Ledger()


PARTS = some.integers(1, 2**60) | some.integers(1, 50)


@given(some.builds(Fraction, PARTS, PARTS), PARTS, some.integers(-2_000, 500), some.booleans())
def test_the_guard_is_exact_either_way_round(reference, given_units, points, sells_dinars):
    ledger = any_ledger()
    put_in_force(ledger, str(reference))
    worth = reference if sells_dinars else 1 / reference
    got = max(1, int(given_units * worth * (10_000 + points) / 10_000))
    money, other = ledger.asset("KWD"), ledger.asset()
    gives, gets = (money, other) if sells_dinars else (other, money)
    ctx = Context(state=ledger.state, network=b"", height=1, time=ledger.time, limits=Limits(), sender=b"")

    def is_refused() -> bool:
        try:
            require_near(ctx, Part(gives, given_units), Part(gets, got), despite=False)
        except Refused as refused:
            return refused.code == Refuse.FAR_FROM_REFERENCE
        return False

    assert is_refused() == (Fraction(got, given_units) < worth * Fraction(9, 10))


# -------------------------------------------------------------------------------------------- when there is nothing


def gone(ledger):
    poke(ledger, RATES, DINARS, None)


def stale(ledger):
    put_in_force(ledger, DINAR, fresh_for=-1)


def halted(ledger):
    put_in_force(ledger, DINAR, opens_at=ledger.time + 1)


def never_enough(ledger):
    known = RATES.must(ledger.state, DINARS)
    poke(ledger, RATES, DINARS, structs.replace(known, reports=known.reports[:2], median=None, fresh_until=0))


@pytest.mark.parametrize("prepare", [gone, stale, halted, never_enough])
def test_without_a_reference_in_force_nothing_is_refused(ledger, prepare):
    prepare(ledger)

    ledger.must("nairobi", offer(ledger, Side.BUY, 1_000, "32"))
    ledger.must(DEALER, card_at(ledger, 1, 32))


@pytest.mark.parametrize(("prepare", "wait"), [(stale, -2), (halted, 1)])
def test_a_second_decides_whether_it_is_in_force(ledger, prepare, wait):
    prepare(ledger)
    ledger.time += wait

    assert ledger.send("nairobi", offer(ledger, Side.BUY, 1_000, "32")).code == Refuse.FAR_FROM_REFERENCE


def test_other_currencies_have_references_of_their_own(ledger):
    ledger.must(DEALER, posting(ledger, "dear", rates=rate_terms(ledger, tiers=(Tier(100, Rate(1, 1)),))))


def test_a_network_may_do_without():
    ledger = open_stand(open_desk(collar=10_000))
    put_in_force(ledger, DINAR)

    ledger.must("nairobi", offer(ledger, Side.BUY, 100, "3200"))


def test_the_collar_is_the_networks():
    ledger = open_stand(open_desk(collar=100))
    put_in_force(ledger, DINAR)

    assert ledger.send("nairobi", offer(ledger, Side.SELL, 1_000, "3.1679")).code == Refuse.FAR_FROM_REFERENCE
    assert ledger.send("nairobi", offer(ledger, Side.SELL, 1_000, "3.168")).code == 0


# ------------------------------------------------------------------------------------------- what never looks at it


def nothing(_ledger: Ledger) -> None:
    """No reference at all."""


def absurd(text: str, opens_at: int = 0) -> Callable[[Ledger], None]:
    """A reference that is off by a thousand, one way or the other, or halted."""
    return lambda ledger: put_in_force(ledger, text, fresh_for=300 * DAY, opens_at=opens_at)


def life_of_promises(disturb: Callable[[Ledger], None]) -> tuple[dict[bytes, bytes], list[Any]]:
    """Let money be promised, then the reference change, then all be carried out; give what the ledger holds and told.

    There are cards, locks that are kept, undone, swapped and refunded in part, offers that are taken and over, payments
    over a path, a conversion.
    """
    ledger = open_bureau(open_shop(open_stand(Ledger())))
    told: list[Any] = []

    def do(who: str, operation: Any) -> None:  # noqa: ANN401 - any operation
        told.append(ledger.must(who, operation).events)
        told.extend(each.events for each in ledger.exit_receipts())

    references = ("settled", "cancelled", "in-part", "lapsed")
    for reference in references:
        do(BUYER, at_rate(ledger, order(ledger, reference=reference)))
    names = {reference: order_name(ledger, reference) for reference in references}
    do("lanzhou", offer(ledger, Side.SELL, 5_000, "3.2", "s", valid_until=ledger.time + HOUR))
    do("carrier", offer(ledger, Side.BUY, 5_000, "3.1", "b"))
    disturb(ledger)
    do(MERCHANT, AcceptOrder(order=names["settled"]))
    do(MERCHANT, AcceptOrder(order=names["in-part"], declined=(2,)))
    do(BUYER, CancelOrder(order=names["cancelled"]))
    do("nairobi", convert(ledger, 5_000))
    do("nairobi", receive(ledger, ("USD", "KWD"), 1_000))
    do("nairobi", send(ledger, ("KWD", "USD"), 900))
    do(MERCHANT, ShipOrder(order=names["settled"]))
    do(MERCHANT, ShipOrder(order=names["in-part"]))
    do(DEALER, FundCard(card="usd", units=1_000))
    do(DEALER, CloseCard(card="usd"))
    do("carrier", ConfirmDelivery(order=names["settled"]))
    do("carrier", ConfirmDelivery(order=names["in-part"]))
    do(BUYER, RequestReturn(order=names["in-part"], lines=quantities((1, 1))))
    do(MERCHANT, ApproveReturn(order=names["in-part"]))
    do(BUYER, SettleOrder(order=names["settled"]))
    do("carrier", CancelLimitOffer(offer="b"))
    told += [each.events for each in ledger.wait(30 * DAY)]
    held = {key: value for key, value in ledger.snapshot().items() if key[0] != RATES.number}
    return held, told


def test_the_life_of_promises_has_all_that_can_become_of_them():
    _held, told = life_of_promises(nothing)

    found = {type(event).__name__ for events in told for event in events}
    assert found >= {"RateLocked", "LockUndone", "MoneySwapped", "Converted", "CardFunded", "CardClosed"}
    assert found >= {"LimitOfferFilled", "LimitOfferEnded", "PaidAcross", "LinesRefunded", "OrderClosed"}


@pytest.mark.parametrize("disturb", [absurd("3200"), absurd("0.0032"), absurd("3.2", 2**32 - 1)])
def test_what_is_promised_is_carried_out_the_same_whatever_the_reference_says(disturb):
    assert life_of_promises(disturb) == life_of_promises(nothing)
