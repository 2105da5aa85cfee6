"""What merchants sell and stand for: one listing without a bond, one under terms that name it, and the bond itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.kernel.exact import up
from sogdia.modules.exchange.bonds import PostBond, WithdrawBond
from sogdia.modules.market.listings import AddVariant, OpenListing, PublishTerms
from sogdia.modules.market.records import Offer
from sogdia.modules.money.currencies import Mint
from sogdia.simulate.payments.backing import BOND_POINTS
from sogdia.simulate.payments.stage import ISSUER_B, PLATFORM, SHOPS, Step
from sogdia.simulate.payments.trades import BASIS, FEE_POINTS, PRICES

if TYPE_CHECKING:
    from sogdia.simulate.payments.backing import Backing
    from sogdia.simulate.payments.books import Books
    from sogdia.simulate.payments.stage import Stage

LISTINGS = {0: "goods", BOND_POINTS: "bonded-goods"}
"""What is sold, by the bond that stands for it."""

STOCK = 10**9


def listing_for(backing: Backing) -> str:
    """Give the listing under which an order has such a backing."""
    return LISTINGS[backing.bond_points]


def opening_steps(stage: Stage, turnover: int) -> list[Step]:
    """Open the shops, with bonds for so much turnover."""
    return [step for shop in SHOPS for step in _open(stage, shop, up(turnover * BOND_POINTS, BASIS))]


def closing_steps(stage: Stage, books: Books) -> list[Step]:
    """Take the bonds back: no order is left for which they would stand."""
    asset = stage.asset_b
    held = {shop: books.held(shop, asset.currency) for shop in SHOPS}
    return [
        Step((shop,), (WithdrawBond(asset=asset, units=units),), f"the bond of {shop}")
        for shop, units in held.items()
        if units
    ]


def _open(stage: Stage, shop: str, bond: int) -> list[Step]:
    operations: list[PublishTerms | OpenListing | AddVariant | PostBond] = []
    for points, listing in LISTINGS.items():
        terms = PublishTerms(
            reference=listing,
            asset=stage.asset_b,
            carrier=None,
            freight_per_order=0,
            tax_collector=None,
            platform=stage.account(PLATFORM),
            platform_fee=FEE_POINTS,
            bond=points,
        )
        opened = OpenListing(
            reference=listing, terms=listing, title="Goods", language="en", unit="C62", hs_code="621410", origin="CN"
        )
        variants = (
            AddVariant(listing=listing, variant=number, offer=Offer(price=price), stock=STOCK)
            for number, price in enumerate(PRICES, start=1)
        )
        operations += [terms, opened, *variants]
    operations.append(PostBond(asset=stage.asset_b, units=bond))
    minted = Mint(currency=stage.asset_b.currency, to=stage.account(shop), units=bond)
    return [Step((ISSUER_B,), (minted,), f"the bond of {shop}"), Step((shop,), tuple(operations), f"what {shop} sells")]
