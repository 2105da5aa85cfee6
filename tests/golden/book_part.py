"""The part of the fixed script that plays the book: offers that stand, are taken, cancelled and over, and two paths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sogdia.kernel.values import name_of
from sogdia.modules.book.offers import CancelLimitOffer, ClearLimitOffers, PlaceLimitOffer
from sogdia.modules.book.paths import PayStrictReceive, PayStrictSend
from sogdia.modules.book.prices import Price
from sogdia.modules.money.currencies import FreezeHolder, Mint, UnfreezeHolder

if TYPE_CHECKING:
    from tests.golden.script import Script


def book(script: Script) -> None:
    """Sell and buy dinars for dollars, and pay in one money what arrives in the other."""
    ledger, account = script.ledger, script.account
    dinars, dollars = ledger.asset("KWD"), ledger.asset()
    for who in ("bukhara", "nairobi", "platform"):
        mints = (Mint(currency=code, to=account(who), units=10**6) for code in ("KWD", "USD"))
        script.send("bank", *mints)

    def offer(reference: str, side: int, units: int, price: Price, **changes: Any) -> PlaceLimitOffer:  # noqa: ANN401
        fields: dict[str, Any] = {"valid_until": ledger.time + 86_400, "validity": 1}
        return PlaceLimitOffer(
            reference=reference, base=dinars, quote=dollars, side=side, price=price, units=units, **(fields | changes)
        )

    def pay(kind: type[Any], monies: tuple[Any, ...], **amounts: int) -> Any:  # noqa: ANN401
        return kind(
            to=account("platform"), path=monies, purpose="GDDS", end_to_end="PATH-1", travel_reference=None, **amounts
        )

    low, middle, high = Price(3_249, 3), Price(325, 2), Price(32_511, 4)
    script.send("bukhara", offer("a1", 0, 5_000, middle), offer("a2", 0, 7_000, high), offer("a3", 0, 9_000, middle))
    script.send("nairobi", offer("b1", 1, 6_001, low), offer("b2", 1, 4_001, low, validity=4))
    script.send("nairobi", offer("b3", 1, 5_555, middle))
    script.send("nairobi", offer("b4", 1, 500, low, validity=3), offer("b5", 1, 500, middle, validity=2))
    script.send("bukhara", CancelLimitOffer(offer="a2"))
    script.send("platform", pay(PayStrictReceive, (dollars, dinars), receive=1_234, send_at_most=5_000))
    script.send("platform", pay(PayStrictSend, (dinars, dollars), send=2_345, receive_at_least=7_000))
    script.send("platform", pay(PayStrictSend, (dinars, dollars), send=2_345, receive_at_least=8_000))
    script.send("bank", FreezeHolder(currency="USD", account=account("nairobi"), reason="Court order 18"))
    script.send("carrier", ClearLimitOffers(offers=(name_of(account("nairobi"), "b1"),)))
    script.send("bank", UnfreezeHolder(currency="USD", account=account("nairobi")))
    script.send("platform", offer("p1", 0, 300, Price(4, 0), valid_until=ledger.time + 60))
    script.wait(2 * 86_400)
