"""Terms and listings: what merchants may say, and who may say it."""

from __future__ import annotations

import pytest

from sogdia.kernel.values import name_of
from sogdia.modules.market.listings import (
    STOCK_MAX,
    AddVariant,
    ChangeOffer,
    ChangeStock,
    CloseListing,
)
from sogdia.modules.market.orders import AcceptOrder, CancelOrder
from sogdia.modules.market.queries import ListingQuery, TermsQuery
from sogdia.modules.market.records import LISTINGS, VARIANTS, VARIANTS_MAX, Offer, OrderState, Tier
from sogdia.modules.market.refusals import MarketRefusal as Refuse
from sogdia.modules.money.refusals import MoneyRefusal as Money
from tests.modules.market.rows import table
from tests.modules.market.shop import (
    BOWL,
    MERCHANT,
    SILK,
    STOCK,
    bring,
    events_of,
    line,
    listing,
    listing_name,
    place,
    state_of,
    stock,
    stored,
    terms,
)
from tests.refused import Row, assert_refused

NOBODY = bytes(20)
VARIANT_BYTES = 200


def variant_of(number: int, offer: Offer = SILK, amount: int = 1) -> AddVariant:
    return AddVariant(listing="silk", variant=number, offer=offer, stock=amount)


def close_silk(ledger):
    ledger.must(MERCHANT, CloseListing(listing="silk"))


def fill_silk(ledger):
    """Give the listing all the variants it may have; number 1 is there already."""
    for first in range(2, VARIANTS_MAX + 1, 16):
        numbers = range(first, min(first + 16, VARIANTS_MAX + 1))
        ledger.must(MERCHANT, *(variant_of(number) for number in numbers))


# ------------------------------------------------------------------------------------------------------- stories


def test_terms_say_who_is_paid_beside_the_merchant(ledger):
    receipt = ledger.must(MERCHANT, terms(ledger, "t2", carrier=None, platform=None, platform_fee=10_000))

    found = TermsQuery(name=name_of(ledger.account(MERCHANT), "t2")).answer(ledger.state)
    assert events_of(receipt) == ["TermsPublished"]
    assert found is not None
    assert (found.carrier, found.freight_per_order, found.platform) == (None, 700, None)
    assert found.tax_collector == ledger.account("treasury")


def test_two_merchants_may_use_the_same_references(ledger):
    ledger.must("lanzhou", terms(ledger, "t1"), listing("silk"))

    assert LISTINGS.find(ledger.state, listing_name(ledger, "silk", "lanzhou")) is not None


def test_a_listing_says_what_is_known_and_invents_nothing(ledger):
    ledger.must(MERCHANT, listing("felt", hs_code="", origin=""))

    found = ListingQuery(name=listing_name(ledger, "felt")).answer(ledger.state)
    assert found is not None
    assert (found.listing.hs_code, found.listing.origin, found.variants) == ("", "", ())


def test_a_listing_shows_its_variants_with_offer_and_stock(ledger):
    receipt = ledger.must(MERCHANT, variant_of(65_535, BOWL, 7))

    found = ListingQuery(name=listing_name(ledger, "silk")).answer(ledger.state)
    assert events_of(receipt) == ["VariantAdded"]
    assert found is not None
    assert [(each.number, each.variant.offer, each.variant.stock) for each in found.variants] == [
        (1, SILK, STOCK),
        (65_535, BOWL, 7),
    ]


def test_the_last_variant_that_fits_is_taken(ledger):
    fill_silk(ledger)

    assert len(LISTINGS.must(ledger.state, listing_name(ledger, "silk")).variants) == VARIANTS_MAX


def test_another_price_holds_from_the_next_order_on(ledger):
    before = place(ledger, reference="o1")
    receipt = ledger.must(MERCHANT, ChangeOffer(listing="silk", variant=1, offer=BOWL))
    assert events_of(receipt) == ["OfferChanged"]

    after = place(ledger, reference="o2")

    assert state_of(ledger, before) == state_of(ledger, after)
    assert line(ledger, before, 1).paid.price == 5_997
    assert line(ledger, after, 1).paid.price == 1_215  # 3 × 450 less a tenth


@pytest.mark.parametrize("gtin", ["96385074", "036000291452", "4006381333931", "10614141000415", ""])
def test_a_gtin_of_every_length_is_known_by_its_check_digit(ledger, gtin):
    ledger.must(MERCHANT, variant_of(2, Offer(price=100, gtin=gtin)))

    found = VARIANTS.must(ledger.state, (listing_name(ledger, "silk"), 2))
    assert found.offer.gtin == gtin


@pytest.mark.parametrize("hs_code", ["500720", "5007200000"])
def test_an_hs_code_has_six_to_ten_digits(ledger, hs_code):
    ledger.must(MERCHANT, listing("felt", hs_code=hs_code))

    assert LISTINGS.must(ledger.state, listing_name(ledger, "felt")).hs_code == hs_code


@pytest.mark.parametrize(("by", "left"), [(5, STOCK + 5), (-STOCK, 0), (STOCK_MAX - STOCK, STOCK_MAX)])
def test_stock_is_counted_up_and_down_to_its_bounds(ledger, by, left):
    receipt = ledger.must(MERCHANT, ChangeStock(listing="silk", variant=1, by=by))

    assert events_of(receipt) == ["StockChanged"]
    assert stock(ledger, "silk") == left


def test_a_closed_listing_forgets_its_variants_and_gives_their_storage_back(ledger):
    ledger.must(MERCHANT, variant_of(2), variant_of(3))
    before = stored(ledger)

    receipt = ledger.must(MERCHANT, CloseListing(listing="silk"))

    assert events_of(receipt) == ["ListingClosed"]
    assert stored(ledger) == before - 3 * VARIANT_BYTES
    assert [VARIANTS.find(ledger.state, (listing_name(ledger, "silk"), number)) for number in (1, 2, 3)] == [None] * 3


def test_orders_under_way_do_not_notice_that_a_listing_is_closed(ledger):
    first = place(ledger, reference="o1")
    second = bring(ledger, OrderState.PLACED, reference="o2")
    close_silk(ledger)

    ledger.must("nairobi", CancelOrder(order=first))
    ledger.must(MERCHANT, AcceptOrder(order=second))

    assert stock(ledger, "bowl") == STOCK - 2
    assert VARIANTS.find(ledger.state, (listing_name(ledger, "silk"), 1)) is None


# ------------------------------------------------------------------------------------------------------ refusals

TERMS_ROWS = [
    Row(Refuse.TERMS_EXIST, MERCHANT, lambda it: terms(it, asset=it.asset("EUR"), carrier=NOBODY)),
    Row(
        Refuse.CARRIER_IS_MERCHANT,
        MERCHANT,
        lambda it: terms(it, "t2", asset=it.asset("EUR"), carrier=it.account(MERCHANT)),
    ),
    Row(Money.CURRENCY_UNKNOWN, MERCHANT, lambda it: terms(it, "t2", asset=it.asset("EUR"), carrier=NOBODY)),
    Row(
        Money.CURRENCY_UNKNOWN,
        MERCHANT,
        lambda it: terms(it, "t2", asset=it.asset("USD", "carrier")),
        note="of-another-issuer",
    ),
    Row(Refuse.PAYEE_UNKNOWN, MERCHANT, lambda it: terms(it, "t2", carrier=NOBODY, platform=NOBODY), note="carrier"),
    Row(
        Refuse.PAYEE_LACKS_ROLE,
        MERCHANT,
        lambda it: terms(it, "t2", carrier=it.account("platform"), tax_collector=NOBODY),
        note="carrier",
    ),
    Row(Refuse.PAYEE_UNKNOWN, MERCHANT, lambda it: terms(it, "t2", tax_collector=NOBODY), note="tax-collector"),
    Row(
        Refuse.PAYEE_LACKS_ROLE,
        MERCHANT,
        lambda it: terms(it, "t2", tax_collector=it.account("carrier"), platform=NOBODY),
        note="tax-collector",
    ),
    Row(Refuse.PAYEE_UNKNOWN, MERCHANT, lambda it: terms(it, "t2", platform=NOBODY), note="platform"),
    Row(
        Refuse.PAYEE_LACKS_ROLE,
        MERCHANT,
        lambda it: terms(it, "t2", platform=it.account("treasury")),
        note="platform",
    ),
]

LISTING_ROWS = [
    Row(
        Refuse.TEXT_NOT_ALLOWED,
        MERCHANT,
        lambda _: listing("silk", title="Silk\u202egnp.exe", hs_code="1", origin="QQ"),
        at_the_door=True,
        note="right-to-left-override",
    ),
    Row(
        Refuse.TEXT_NOT_ALLOWED,
        MERCHANT,
        lambda _: listing("felt", title="Si\u200blk"),
        at_the_door=True,
        note="zero-width",
    ),
    Row(
        Refuse.HS_CODE_WRONG,
        MERCHANT,
        lambda _: listing("silk", hs_code="50072", origin="QQ"),
        at_the_door=True,
        note="5",
    ),
    Row(Refuse.HS_CODE_WRONG, MERCHANT, lambda _: listing("felt", hs_code="50072000000"), at_the_door=True, note="11"),
    Row(Refuse.COUNTRY_UNKNOWN, MERCHANT, lambda _: listing("silk", "t9", origin="QQ"), at_the_door=True),
    Row(
        Refuse.COUNTRY_UNKNOWN,
        MERCHANT,
        lambda _: listing("silk", "t9", origin="U"),
        at_the_door=True,
        note="one-letter",
    ),
    Row(Refuse.TERMS_UNKNOWN, MERCHANT, lambda _: listing("silk", "t9")),
    Row(Refuse.TERMS_UNKNOWN, "lanzhou", lambda _: listing("silk"), note="of-another-merchant"),
    Row(Refuse.LISTING_EXISTS, MERCHANT, lambda _: listing("silk")),
    Row(Refuse.LISTING_EXISTS, MERCHANT, lambda _: listing("silk"), before=close_silk, note="though-closed"),
]

TIERS_TOO_EARLY = Offer(price=100, minimum=5, tiers=(Tier(5, 90),))
TIERS_NOT_CHEAPER = Offer(price=100, tiers=(Tier(2, 100),))
TIERS_FOR_NOTHING = Offer(price=100, tiers=(Tier(2, 0),))
TIERS_TWICE = Offer(price=100, tiers=(Tier(2, 90), Tier(2, 80)))
TIERS_RISING = Offer(price=100, tiers=(Tier(2, 90), Tier(3, 95)))

OFFER_ROWS = [
    (Refuse.TIERS_NOT_IN_ORDER, TIERS_TOO_EARLY, "not-above-the-minimum"),
    (Refuse.TIERS_NOT_IN_ORDER, TIERS_NOT_CHEAPER, "not-cheaper"),
    (Refuse.TIERS_NOT_IN_ORDER, TIERS_FOR_NOTHING, "for-nothing"),
    (Refuse.TIERS_NOT_IN_ORDER, TIERS_TWICE, "the-same-quantity"),
    (Refuse.TIERS_NOT_IN_ORDER, TIERS_RISING, "dearer"),
    (Refuse.GTIN_WRONG, Offer(price=100, gtin="4006381333930"), "check-digit"),
    (Refuse.GTIN_WRONG, Offer(price=100, gtin="123456789"), "length"),
    (Refuse.GTIN_WRONG, Offer(price=100, gtin="0"), "one-digit"),
]


def adding(offer):
    return lambda _: variant_of(1, offer)


def changing_to(offer):
    return lambda _: ChangeOffer(listing="felt", variant=1, offer=offer)


VARIANT_ROWS = [
    *(Row(rule, MERCHANT, adding(offer), at_the_door=True, note=note) for rule, offer, note in OFFER_ROWS),
    Row(Refuse.LISTING_UNKNOWN, "lanzhou", lambda _: variant_of(1), note="of-another-merchant"),
    Row(Refuse.LISTING_CLOSED, MERCHANT, lambda _: variant_of(2), before=close_silk),
    Row(Refuse.VARIANT_EXISTS, MERCHANT, lambda _: variant_of(1), before=fill_silk),
    Row(Refuse.VARIANTS_TOO_MANY, MERCHANT, lambda _: variant_of(9_999), before=fill_silk),
]

CHANGE_ROWS = [
    *(
        Row(
            rule,
            MERCHANT,
            changing_to(offer),
            at_the_door=True,
            note=f"offer-{note}",
        )
        for rule, offer, note in OFFER_ROWS
    ),
    Row(Refuse.LISTING_UNKNOWN, MERCHANT, lambda _: ChangeOffer(listing="felt", variant=9, offer=SILK), note="offer"),
    Row(
        Refuse.LISTING_CLOSED,
        MERCHANT,
        lambda _: ChangeOffer(listing="silk", variant=9, offer=SILK),
        before=close_silk,
        note="offer",
    ),
    Row(Refuse.VARIANT_UNKNOWN, MERCHANT, lambda _: ChangeOffer(listing="silk", variant=9, offer=SILK), note="offer"),
    Row(
        Refuse.LISTING_HAS_NO_CHANGE,
        MERCHANT,
        lambda _: ChangeOffer(listing="silk", variant=1, offer=SILK),
        note="offer",
    ),
    Row(Refuse.LISTING_UNKNOWN, MERCHANT, lambda _: ChangeStock(listing="felt", variant=9, by=0), note="stock"),
    Row(
        Refuse.LISTING_CLOSED,
        MERCHANT,
        lambda _: ChangeStock(listing="silk", variant=9, by=0),
        before=close_silk,
        note="stock",
    ),
    Row(Refuse.VARIANT_UNKNOWN, MERCHANT, lambda _: ChangeStock(listing="silk", variant=9, by=0), note="stock"),
    Row(Refuse.LISTING_HAS_NO_CHANGE, MERCHANT, lambda _: ChangeStock(listing="silk", variant=1, by=0), note="stock"),
    Row(Refuse.STOCK_INSUFFICIENT, MERCHANT, lambda _: ChangeStock(listing="silk", variant=1, by=-STOCK - 1)),
    Row(Refuse.STOCK_TOO_LARGE, MERCHANT, lambda _: ChangeStock(listing="silk", variant=1, by=STOCK_MAX - STOCK + 1)),
    Row(Refuse.LISTING_UNKNOWN, MERCHANT, lambda _: CloseListing(listing="felt"), note="close"),
    Row(Refuse.LISTING_UNKNOWN, "lanzhou", lambda _: CloseListing(listing="silk"), note="close-of-another-merchant"),
    Row(Refuse.LISTING_CLOSED, MERCHANT, lambda _: CloseListing(listing="silk"), before=close_silk, note="close"),
]

REFUSALS = [*TERMS_ROWS, *LISTING_ROWS, *VARIANT_ROWS, *CHANGE_ROWS]


@table(TERMS_ROWS)
def test_terms_are_refused(ledger, row):
    assert_refused(ledger, row)


@table(LISTING_ROWS)
def test_a_listing_is_refused(ledger, row):
    assert_refused(ledger, row)


@table(VARIANT_ROWS)
def test_a_variant_is_refused(ledger, row):
    assert_refused(ledger, row)


@table(CHANGE_ROWS)
def test_a_change_is_refused(ledger, row):
    assert_refused(ledger, row)
