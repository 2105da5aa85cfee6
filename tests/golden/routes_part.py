"""The part of the fixed script that plays routes: payments whose steps are a rate card, a book, or both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sogdia.kernel.values import name_of
from sogdia.modules.book.offers import PlaceLimitOffer
from sogdia.modules.book.paths import RouteStrictReceive, RouteStrictSend
from sogdia.modules.book.prices import Price
from sogdia.modules.exchange.cards import CloseCard, PostCard
from sogdia.modules.exchange.records import Rate, RateTerms, Tier
from sogdia.modules.money import asset_key
from sogdia.modules.money.currencies import Mint, OpenCurrency

if TYPE_CHECKING:
    from tests.golden.script import Script


def routes(script: Script) -> None:
    """Pay dinars that arrive as som, by way of dollars: a card leads there, a book on."""
    ledger, account = script.ledger, script.account
    opened = OpenCurrency(currency="UZS", supply_max=10**12, holder_max=10**12, by_authorisation=False)
    script.send("bank", opened, Mint(currency="UZS", to=account("bukhara"), units=10**9))
    dinars, dollars, som = ledger.asset("KWD"), ledger.asset(), ledger.asset("UZS")
    script.send(
        "bank",
        Mint(currency="USD", to=account("dealer"), units=50_000),
        Mint(currency="KWD", to=account("platform"), units=50_000),
    )
    card = name_of(account("dealer"), "usd2")
    tiers = (Tier(100, Rate(3_077, 10_000)), Tier(5_000, Rate(307, 1_000)))
    rates = RateTerms(tiers=tiers, most=20_000, premiums=(), valid_until=ledger.time + 600)
    script.send("dealer", PostCard(reference="usd2", takes=dinars, gives=dollars, capacity=30_000, rates=rates))
    base, quote = sorted((dollars, som), key=asset_key)
    sells = PlaceLimitOffer(
        reference="som", base=base, quote=quote, side=1, price=Price(11_792, 2), units=40_000,
        valid_until=ledger.time + 86_400, validity=1,
    )  # fmt: skip
    script.send("bukhara", sells)

    def pay(kind: type[Any], monies: tuple[Any, ...], cards: tuple[bytes | None, ...], **amounts: int) -> Any:  # noqa: ANN401
        noted: dict[str, Any] = {"purpose": "GDDS", "end_to_end": "ROUTE-1", "travel_reference": None}
        return kind(to=account("carrier"), path=monies, cards=cards, **noted, **amounts)

    over = (dinars, dollars, som)
    script.send("platform", pay(RouteStrictReceive, over, (card, None), receive=1_000_000, send_at_most=2_700))
    script.send("platform", pay(RouteStrictSend, over, (card, None), send=3_001, receive_at_least=1_100_000))
    script.send("platform", pay(RouteStrictReceive, over, (card, None), receive=1_000_000, send_at_most=2_600))
    script.send("platform", pay(RouteStrictSend, (dinars, dollars), (card,), send=90, receive_at_least=1))
    script.send("platform", pay(RouteStrictReceive, (dollars, som), (card,), receive=900, send_at_most=900))
    script.send("dealer", CloseCard(card="usd2"))
