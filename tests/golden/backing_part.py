"""The part of the fixed script that plays bonds, covers, and refunds in the buyer's own money."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sogdia.kernel.values import name_of
from sogdia.modules.exchange.bonds import PostBond, WithdrawBond
from sogdia.modules.exchange.cards import PostCard
from sogdia.modules.exchange.rates import digest_of
from sogdia.modules.exchange.records import CARDS, Cover, Premium, Rate, RateTerms, Tier
from sogdia.modules.market.causes import Cause
from sogdia.modules.market.listings import AddVariant, OpenListing, PublishTerms
from sogdia.modules.market.orders import (
    AcceptOrder,
    ConfirmDelivery,
    DeclineOrder,
    OrderLine,
    PlaceOrderAtRate,
    SettleOrder,
    ShipOrder,
)
from sogdia.modules.market.records import LineQuantity, Offer
from sogdia.modules.market.returns import ApproveReturn, RefundLines, RequestReturn, TakeUnexchanged
from sogdia.modules.money.currencies import Mint

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.golden.script import Script

DAY = 86_400


def backing(script: Script) -> None:
    """Play a bond and a cover: an order that is not shipped, one of which parts go back for each cause, two waits."""
    ledger, account = script.ledger, script.account
    asset, dinars = ledger.asset(), ledger.asset("KWD")
    script.send("bank", Mint(currency="USD", to=account("dealer"), units=10**6))
    script.send("bank", Mint(currency="KWD", to=account("dealer"), units=10**6))
    script.send("bank", Mint(currency="USD", to=account("bukhara"), units=2_000))
    script.send("bank", Mint(currency="KWD", to=account("nairobi"), units=10**6))
    script.send(
        "bukhara",
        PublishTerms(
            reference="bonded",
            asset=asset,
            carrier=account("carrier"),
            freight_per_order=0,
            tax_collector=None,
            platform=None,
            platform_fee=0,
            bond=1_000,
        ),
    )
    goods: dict[str, Any] = {"title": "Felt rugs", "language": "en", "unit": "C62", "hs_code": "570500", "origin": "UZ"}
    rug = AddVariant(listing="rug", variant=1, offer=Offer(price=1_000), stock=50)
    script.send("bukhara", OpenListing(reference="rug", terms="bonded", **goods), rug)
    script.send("bukhara", PostBond(asset=asset, units=1_500), WithdrawBond(asset=asset, units=300))
    script.send("bukhara", WithdrawBond(asset=asset, units=1_201))

    def card(reference: str, rate: Rate, *, back: bool) -> PostCard:
        terms = RateTerms(
            tiers=(Tier(1, rate),),
            most=200_000,
            premiums=(Premium(DAY, 5), Premium(10 * DAY, 40)),
            valid_until=ledger.time + 900,
            covers=(Cover(500, 20),),
            bond=0 if back else 1_000,
        )
        takes, gives = (asset, dinars) if back else (dinars, asset)
        return PostCard(reference=reference, takes=takes, gives=gives, capacity=200_000, rates=terms)

    def order(reference: str, quantity: int, cover: int) -> PlaceOrderAtRate:
        name = name_of(account("dealer"), "there")
        known = CARDS.must(ledger.state, name)
        return PlaceOrderAtRate(
            reference=reference,
            merchant=account("bukhara"),
            lines=(OrderLine("rug", 1, quantity),),
            card=name,
            digest=digest_of(name, known.takes, known.gives, known.rates),
            pay_at_most=100_000,
            cover=cover,
        )

    script.send("dealer", card("there", Rate(3_077, 1_000), back=False))
    script.send("nairobi", order("b1", 5, 500), order("b2", 4, 0))
    script.send("nairobi", order("b3", 5, 500))
    script.send("nairobi", order("b3", 1, 7))
    first, second = (name_of(account("nairobi"), reference) for reference in ("b1", "b2"))
    script.send("bukhara", DeclineOrder(order=second))
    script.send("bukhara", AcceptOrder(order=first), ShipOrder(order=first))
    script.send("carrier", ConfirmDelivery(order=first))
    for cause, rate in ((Cause.REMORSE, Rate(1, 3)), (Cause.CARRIER, Rate(1, 3)), (Cause.MERCHANT, Rate(5, 14))):
        script.send("dealer", card(f"back{cause}", rate, back=True))
        wanted = (LineQuantity(1, 1),)
        script.send("nairobi", RequestReturn(order=first, lines=wanted, return_cause=cause))
        script.send("bukhara", ApproveReturn(order=first))
        script.wait(901)
    script.send("bukhara", RefundLines(order=first, lines=(LineQuantity(1, 1),), return_cause=Cause.MERCHANT))
    _wait_for_a_rate(script, first, lambda: card("late", Rate(1, 3), back=True))
    script.send("nairobi", SettleOrder(order=first))


def _wait_for_a_rate(script: Script, order: bytes, late: Callable[[], PostCard]) -> None:
    """Play a refund for which somebody exchanges back at last, and one for which its buyer does not wait."""
    rug = (LineQuantity(1, 1),)
    script.send("nairobi", RequestReturn(order=order, lines=rug, return_cause=Cause.MERCHANT))
    script.send("bukhara", RefundLines(order=order, lines=rug, return_cause=Cause.CARRIER))
    script.send("bukhara", ApproveReturn(order=order))
    script.wait(7_000)
    script.send("dealer", late())
    script.wait(300)
    script.send("nairobi", TakeUnexchanged(order=order))
    script.wait(700)
    script.send("nairobi", RequestReturn(order=order, lines=rug, return_cause=Cause.MERCHANT))
    script.send("bukhara", ApproveReturn(order=order))
    script.send("nairobi", TakeUnexchanged(order=order))
