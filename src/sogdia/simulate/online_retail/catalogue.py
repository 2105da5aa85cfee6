"""What the retailer lists: a listing for each stock code, exactly as written, and a variant for each price of it.

    reference   the stock code itself, where the ledger's alphabet and length allow it; else x-1, x-2, … in the order of
                the codes. No article is called so, because the codes of articles begin with five digits.
    title       the stock code and the description, so that the code stands on the ledger whatever the reference is
    offer       pence / 10^decimals, exact for prices finer than a penny; the ledger rounds a line's total half up
    stock       all that the files sell

Codes that the files don't tell (HS, origin, GTIN) stay empty: we invent none. A listing holds 200 variants at most, so
a code with more prices gets another listing. A price of more digits than an offer can hold is not listed; an order for
it is then refused by the ledger, which the report shows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import count, groupby
from typing import TYPE_CHECKING, NamedTuple

from sogdia.kernel.text import text_problem
from sogdia.modules.market.listings import STOCK_MAX
from sogdia.modules.market.records import VARIANTS_MAX, Offer
from sogdia.simulate.online_retail.prices import PENNY_E12

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sogdia.simulate.online_retail.plan import Variant

TITLE_BYTES_MAX = 200
OFFER_PRICE_MAX = 2**53

_REFERENCE = re.compile(r"[0-9A-Za-z._-]{1,16}", re.ASCII)


class Place(NamedTuple):
    """Where a variant stands: the listing's reference and the variant's number."""

    listing: str
    number: int


class ListedVariant(NamedTuple):
    """A variant as it is to be listed."""

    number: int
    offer: Offer
    stock: int


@dataclass(frozen=True, slots=True)
class PlannedListing:
    """A listing to open, with its variants."""

    reference: str
    stock_code: str
    title: str
    variants: tuple[ListedVariant, ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All listings, and where each of the plan's variants stands, in the plan's order."""

    listings: tuple[PlannedListing, ...]
    places: tuple[Place, ...]

    def codes(self) -> dict[str, str]:
        """Give the stock code behind each reference."""
        return {listing.reference: listing.stock_code for listing in self.listings}


def make_catalogue(variants: Sequence[Variant]) -> Catalogue:
    """List a plan's variants, which come in the order of codes and prices."""
    listings: list[PlannedListing] = []
    places: list[Place] = []
    numbers = count(1)
    for stock_code, of_code in groupby(variants, key=lambda variant: variant.stock_code):
        for part, group in enumerate(_parts(list(of_code))):
            fits = part == 0 and _REFERENCE.fullmatch(stock_code) is not None
            reference = stock_code if fits else f"x-{next(numbers)}"
            listed = tuple(_listed(number, variant) for number, variant in enumerate(group))
            shown = tuple(each for each in listed if each.offer.price <= OFFER_PRICE_MAX)
            listings.append(PlannedListing(reference, stock_code, title_of(group[0], reference), shown))
            places += [Place(reference, each.number) for each in listed]
    return Catalogue(tuple(listings), tuple(places))


def title_of(variant: Variant, reference: str) -> str:
    """Give a listing's title: code and description, or as much of it as may stand on a ledger."""
    described = variant.stock_code if variant.title == variant.stock_code else f"{variant.stock_code} {variant.title}"
    for title in (_cut(described), variant.stock_code):
        if text_problem(title) is None:
            return title
    return f"Article {reference}"


def offer_of(price_e12: int) -> Offer:
    """Give the offer that asks a price, with the fewest decimals that are exact."""
    decimals = 0
    while price_e12 * 10**decimals % PENNY_E12:
        decimals += 1
    return Offer(price=price_e12 * 10**decimals // PENNY_E12, decimals=decimals)


def _listed(number: int, variant: Variant) -> ListedVariant:
    """Make what is listed of one variant."""
    return ListedVariant(number, offer_of(variant.unit_price_e12), min(variant.quantity, STOCK_MAX))


def _parts(variants: list[Variant]) -> Iterator[list[Variant]]:
    """Cut a code's variants to what a listing holds."""
    return (variants[at : at + VARIANTS_MAX] for at in range(0, len(variants), VARIANTS_MAX))


def _cut(text: str) -> str:
    """Cut a text to the bytes that a title may have, never within a character."""
    return text.encode("utf-8")[:TITLE_BYTES_MAX].decode("utf-8", "ignore").rstrip()
