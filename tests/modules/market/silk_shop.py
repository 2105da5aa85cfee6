"""A shop on the stand of the book: silk and bowls for dollars, a buyer and a dealer with dinars, yuan and dollars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import structs

from sogdia.kernel.values import NO_ACCOUNT, name_of
from sogdia.modules.exchange.records import Premium
from sogdia.modules.market.listings import AddVariant, OpenListing, PublishTerms
from sogdia.modules.market.quotes import Quotes, QuotesQuery
from sogdia.modules.market.records import Offer
from sogdia.modules.money import asset_key, balance
from sogdia.testing.ledger import Ledger
from tests.modules.book.stand import enter_dealer, open_money, open_stand

if TYPE_CHECKING:
    from sogdia.kernel.receipt import Receipt

DAY = 86_400
BUYER = "nairobi"
MERCHANT = "platform"
SILK = Offer(price=3_850, tax=1_200)
BOWL = Offer(price=19_995, decimals=1, freight_per_unit=35, tax=500)
SEVERAL = "silk:1:3,bowl:2:2"
PREMIUMS = (Premium(DAY, 5), Premium(10 * DAY, 40))


def open_shop(code: str = "USD") -> Ledger:
    """A merchant sells silk for dollars; a buyer has dinars, yuan and dollars; a dealer has all three."""
    ledger = open_stand(Ledger())
    open_money(ledger, "CNY")
    enter_dealer(ledger, "USD", "KWD", "CNY")
    terms = PublishTerms(
        reference="t", asset=ledger.asset(code), carrier=None, freight_per_order=1_200, tax_collector=None,
        platform=None, platform_fee=0,
    )  # fmt: skip
    listing = OpenListing(reference="silk", terms="t", title="Silk", language="en", unit="C62", hs_code="", origin="UZ")
    ledger.must(MERCHANT, terms, listing, AddVariant(listing="silk", variant=1, offer=SILK, stock=10_000))
    bowls = structs.replace(listing, reference="bowl", title="Bowl")
    ledger.must(MERCHANT, bowls, AddVariant(listing="bowl", variant=2, offer=BOWL, stock=1_000))
    return ledger


def quotes(ledger: Ledger, pays: str = "KWD", who: str | None = BUYER, **asked: Any) -> Quotes:  # noqa: ANN401 - any field
    """What three scarves cost, unless something else is asked."""
    fields: dict[str, Any] = {"at": ledger.time, "payer": NO_ACCOUNT if who is None else ledger.account(who)}
    if "lines" in asked:
        fields |= {"merchant": ledger.account(MERCHANT)}
    elif "asks" not in asked:
        fields |= {"listing": name_of(ledger.account(MERCHANT), "silk"), "variant": 1, "quantity": 3}
    found = QuotesQuery(pays=asset_key(ledger.asset(pays)), **(fields | asked)).answer(ledger.state)
    assert found is not None
    return found


def wealth(ledger: Ledger, who: str, code: str) -> int:
    """What somebody has of a money that is its own to spend."""
    return balance(ledger.state, ledger.account(who), ledger.asset(code)).available


def accept(ledger: Ledger, number: int, found: Quotes, who: str = BUYER) -> Receipt:
    """Sign what a quote says."""
    return ledger.send(who, *(each.fields for each in found.quotes[number].accept))
