"""Terms and listings: what merchants offer, in which money, and who else is paid.

    (publish terms) ──▶ listing ──▶ variants with offer and stock ──close, by the merchant──▶ closed

A reference is used once: terms never change and a closed listing stays closed, so a name always means the same thing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, structs

from sogdia.kernel import quota
from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.operation import Operation
from sogdia.kernel.refusal import require
from sogdia.kernel.text import text_problem
from sogdia.kernel.values import Account, BasisPoints, Reference, Units, name_of
from sogdia.modules.identity import COUNTRIES, Role
from sogdia.modules.market.events import (
    ListingClosed,
    ListingOpened,
    OfferChanged,
    StockChanged,
    TermsPublished,
    VariantAdded,
)
from sogdia.modules.market.pricing import BASIS
from sogdia.modules.market.records import (
    LISTINGS,
    TERMS,
    VARIANTS,
    VARIANTS_MAX,
    CountryOrNone,
    Digits,
    Language,
    Listing,
    Offer,
    Payment,
    RestPaid,
    Shares,
    Stock,
    Terms,
    Title,
    Unit,
    Variant,
    VariantNumber,
)
from sogdia.modules.market.refusals import MarketRefusal as Refuse
from sogdia.modules.money import Asset, currency_of

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import State

STOCK_MAX = 2**31 - 1
TERMS_BYTES = 200
SHARE_BYTES = 30
LISTING_BYTES = 400
VARIANT_BYTES = 200
"""What a record of each kind counts for in the sponsor's storage, its share of the tree included."""

GTIN_LENGTHS = (8, 12, 13, 14)
HS_DIGITS_MIN, HS_DIGITS_MAX = 6, 10


class PublishTerms(Operation, tag=400):
    """Publish terms to sell under. They never change; other terms get another reference."""

    reference: Reference
    asset: Asset
    carrier: Account | None
    freight_per_order: Units
    tax_collector: Account | None
    platform: Account | None
    platform_fee: BasisPoints
    bond: BasisPoints = 0
    shares: Shares = ()
    """Insurers and arbitrators, who get shares of the price beside the platform."""
    payment: Payment | None = None
    """In which steps an order is paid; left out, all with the order, and paid out at the end."""

    def check(self) -> None:
        """Refuse shares and steps that cannot be."""
        taken = (self.platform_fee if self.platform is not None else 0) + sum(each.points for each in self.shares)
        require(taken <= BASIS, Refuse.FEES_TOO_LARGE, points=taken)
        if self.payment is not None:
            check_payment(self.payment, self.carrier)

    def apply(self, ctx: Context) -> None:
        """Publish the terms."""
        name = name_of(ctx.sender, self.reference)
        require(TERMS.find(ctx.state, name) is None, Refuse.TERMS_EXIST, terms=name)
        require(self.carrier != ctx.sender, Refuse.CARRIER_IS_MERCHANT)
        currency_of(ctx.state, self.asset)
        require_role(ctx, self.carrier, Role.CARRIER)
        require_role(ctx, self.tax_collector, Role.TAX_COLLECTOR)
        require_role(ctx, self.platform, Role.PLATFORM)
        for each in self.shares:
            require_role(ctx, each.account, Role.INSURER | Role.ARBITRATOR)

        taken = TERMS_BYTES + SHARE_BYTES * len(self.shares)
        quota.occupy(ctx.state, PARTIES.must(ctx.state, ctx.sender).sponsor, taken)
        published = Terms(
            asset=self.asset,
            carrier=self.carrier,
            freight_per_order=self.freight_per_order,
            tax_collector=self.tax_collector,
            platform=self.platform,
            platform_fee=self.platform_fee,
            bond=self.bond,
            shares=self.shares,
            payment=self.payment,
        )
        TERMS.put(ctx.state, name, published)

        ctx.emit(TermsPublished(terms=name, asset=self.asset))


class OpenListing(Operation, tag=401):
    """Offer goods: title and what customs and buyers need to know. What is unknown stays empty."""

    reference: Reference
    terms: Reference
    title: Title
    language: Language
    unit: Unit
    hs_code: Digits
    origin: CountryOrNone

    def check(self) -> None:
        """Refuse titles that could deceive, and codes of a wrong form."""
        problem = text_problem(self.title)
        require(problem is None, Refuse.TEXT_NOT_ALLOWED, problem=0 if problem is None else int(problem))
        known = HS_DIGITS_MIN <= len(self.hs_code) <= HS_DIGITS_MAX
        require(not self.hs_code or known, Refuse.HS_CODE_WRONG, hs_code=self.hs_code)
        require(not self.origin or self.origin in COUNTRIES, Refuse.COUNTRY_UNKNOWN, origin=self.origin)

    def apply(self, ctx: Context) -> None:
        """Open the listing, still without variants."""
        name = name_of(ctx.sender, self.reference)
        require(TERMS.find(ctx.state, name_of(ctx.sender, self.terms)) is not None, Refuse.TERMS_UNKNOWN)
        require(LISTINGS.find(ctx.state, name) is None, Refuse.LISTING_EXISTS, listing=name)

        sponsor = PARTIES.must(ctx.state, ctx.sender).sponsor
        quota.occupy(ctx.state, sponsor, LISTING_BYTES)
        opened = Listing(
            terms=self.terms,
            title=self.title,
            language=self.language,
            unit=self.unit,
            hs_code=self.hs_code,
            origin=self.origin,
            open=True,
            variants=(),
            sponsor=sponsor,
        )
        LISTINGS.put(ctx.state, name, opened)

        ctx.emit(ListingOpened(listing=name, title=self.title))


class AddVariant(Operation, tag=402):
    """Add a form of the goods with its offer and stock."""

    listing: Reference
    variant: VariantNumber
    offer: Offer
    stock: Stock

    def check(self) -> None:
        """Refuse offers whose form is wrong."""
        check_offer(self.offer)

    def apply(self, ctx: Context) -> None:
        """Add the variant."""
        name, listing = own_listing(ctx, self.listing)
        require(self.variant not in listing.variants, Refuse.VARIANT_EXISTS, variant=self.variant)
        require(len(listing.variants) < VARIANTS_MAX, Refuse.VARIANTS_TOO_MANY, most=VARIANTS_MAX)

        quota.occupy(ctx.state, listing.sponsor, VARIANT_BYTES)
        LISTINGS.put(ctx.state, name, structs.replace(listing, variants=(*listing.variants, self.variant)))
        VARIANTS.put(ctx.state, (name, self.variant), Variant(offer=self.offer, stock=self.stock))

        ctx.emit(VariantAdded(listing=name, variant=self.variant, offer=self.offer, stock=self.stock))


class ChangeOffer(Operation, tag=403):
    """Ask another price for a variant. Orders that were placed before keep theirs."""

    listing: Reference
    variant: VariantNumber
    offer: Offer

    def check(self) -> None:
        """Refuse offers whose form is wrong."""
        check_offer(self.offer)

    def apply(self, ctx: Context) -> None:
        """Change the offer."""
        name, _listing = own_listing(ctx, self.listing)
        known = VARIANTS.get(ctx.state, (name, self.variant), Refuse.VARIANT_UNKNOWN, variant=self.variant)
        require(known.offer != self.offer, Refuse.LISTING_HAS_NO_CHANGE)

        VARIANTS.put(ctx.state, (name, self.variant), structs.replace(known, offer=self.offer))

        ctx.emit(OfferChanged(listing=name, variant=self.variant, offer=self.offer))


class ChangeStock(Operation, tag=404):
    """Count a variant's stock up or down."""

    listing: Reference
    variant: VariantNumber
    by: Annotated[int, Meta(ge=-STOCK_MAX, le=STOCK_MAX)]

    def apply(self, ctx: Context) -> None:
        """Change the stock."""
        name, _listing = own_listing(ctx, self.listing)
        known = VARIANTS.get(ctx.state, (name, self.variant), Refuse.VARIANT_UNKNOWN, variant=self.variant)
        require(self.by != 0, Refuse.LISTING_HAS_NO_CHANGE)
        stock = known.stock + self.by
        require(stock >= 0, Refuse.STOCK_INSUFFICIENT, stock=known.stock, asked=-self.by)
        require(stock <= STOCK_MAX, Refuse.STOCK_TOO_LARGE, stock=known.stock, added=self.by)

        VARIANTS.put(ctx.state, (name, self.variant), structs.replace(known, stock=stock))

        ctx.emit(StockChanged(listing=name, variant=self.variant, stock=stock))


class CloseListing(Operation, tag=405):
    """Take a listing off the market. Orders under way are not touched."""

    listing: Reference

    def apply(self, ctx: Context) -> None:
        """Close the listing and forget its variants."""
        name, listing = own_listing(ctx, self.listing)

        for variant in listing.variants:
            VARIANTS.drop(ctx.state, (name, variant))
        LISTINGS.put(ctx.state, name, structs.replace(listing, open=False, variants=()))
        quota.give_back(ctx.state, listing.sponsor, VARIANT_BYTES * len(listing.variants))

        ctx.emit(ListingClosed(listing=name))


def own_listing(ctx: Context, reference: str) -> tuple[bytes, Listing]:
    """Give an open listing of the sender's, or refuse."""
    name = name_of(ctx.sender, reference)
    listing = LISTINGS.get(ctx.state, name, Refuse.LISTING_UNKNOWN, listing=name)
    require(listing.open, Refuse.LISTING_CLOSED, listing=name)
    return name, listing


def restock(state: State, listing: bytes, number: int, quantity: int) -> None:
    """Put goods that were never shipped back into stock, if the variant is still there."""
    variant = VARIANTS.find(state, (listing, number))
    if variant is not None:
        stock = min(variant.stock + quantity, STOCK_MAX)
        VARIANTS.put(state, (listing, number), structs.replace(variant, stock=stock))


def require_role(ctx: Context, account: bytes | None, role: Role) -> None:
    """Refuse a payee that does not exist or lacks the role it is named for."""
    if account is None:
        return
    party = PARTIES.get(ctx.state, account, Refuse.PAYEE_UNKNOWN, account=account)
    require(party.roles & role, Refuse.PAYEE_LACKS_ROLE, account=account, role=int(role))


def check_payment(payment: Payment, carrier: bytes | None) -> None:
    """Refuse steps of payment that contradict each other."""
    early = payment.on_shipment + payment.on_delivery
    require(early <= BASIS, Refuse.RELEASES_TOO_LARGE, points=early)
    if payment.rest_paid == RestPaid.ON_DELIVERY:
        require(carrier is not None, Refuse.DOOR_NEEDS_CARRIER)
        require(early == 0 and payment.deposit < BASIS, Refuse.DOOR_TERMS_WRONG)
    else:
        require(payment.carrier_stakes == 0, Refuse.STAKE_WITHOUT_CASH)


def check_offer(offer: Offer) -> None:
    """Refuse tiers out of order and a GTIN whose check digit is wrong."""
    quantity, price = offer.minimum, offer.price
    for tier in offer.tiers:
        require(tier.quantity > quantity and 0 < tier.price < price, Refuse.TIERS_NOT_IN_ORDER, quantity=tier.quantity)
        quantity, price = tier.quantity, tier.price
    require(not offer.gtin or gtin_is_right(offer.gtin), Refuse.GTIN_WRONG, gtin=offer.gtin)


def gtin_is_right(gtin: str) -> bool:
    """Tell whether a GTIN has a length of the standard and the right check digit (GS1 General Specifications 7.9)."""
    if len(gtin) not in GTIN_LENGTHS:
        return False
    weighted = sum(int(digit) * (3 if at % 2 == 0 else 1) for at, digit in enumerate(reversed(gtin[:-1])))
    return (weighted + int(gtin[-1])) % 10 == 0
