"""A shop with listings under given titles, for tests of the index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.modules.market.listings import AddVariant, OpenListing, PublishTerms
from sogdia.modules.market.records import Offer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sogdia.testing.ledger import Ledger

IN_ONE_ENVELOPE = 8


def open_shop(ledger: Ledger, titles: Sequence[str], *, stock: int = 0, merchant: str = "bukhara") -> None:
    """Let a merchant publish terms and open a listing for each title, `l0` and on, with a variant when there is stock."""
    terms = PublishTerms(
        reference="t",
        asset=ledger.asset(),
        carrier=None,
        freight_per_order=0,
        tax_collector=None,
        platform=None,
        platform_fee=0,
    )
    ledger.must(merchant, terms)
    operations: list[OpenListing | AddVariant] = []
    for number, title in enumerate(titles):
        reference = f"l{number}"
        operations.append(
            OpenListing(
                reference=reference, terms="t", title=title, language="en", unit="C62", hs_code="621410", origin="UZ"
            )
        )
        if stock:
            operations.append(AddVariant(listing=reference, variant=1, offer=Offer(price=1_999), stock=stock))
    for start in range(0, len(operations), IN_ONE_ENVELOPE):
        ledger.must(merchant, *operations[start : start + IN_ONE_ENVELOPE])
