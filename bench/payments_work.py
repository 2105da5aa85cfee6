"""The work by which payments are measured: orders in one money and in two, transfers, offers.

A dealer's card exchanges shillings for dollars, and a book of offers stands between the two. Envelopes are built and
signed before the clock starts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.work import BUYERS, MERCHANTS, STOCK, Maker
from sogdia.kernel.values import name_of
from sogdia.modules.book.offers import PlaceLimitOffer
from sogdia.modules.book.prices import Price
from sogdia.modules.book.records import Side, Validity
from sogdia.modules.exchange.cards import PostCard
from sogdia.modules.exchange.rates import digest_of
from sogdia.modules.exchange.records import Premium, Rate, RateTerms, Tier
from sogdia.modules.market.listings import AddVariant, OpenListing, PublishTerms
from sogdia.modules.market.orders import (
    AcceptOrder,
    ConfirmDelivery,
    OrderLine,
    PlaceOrder,
    PlaceOrderAtRate,
    SettleOrder,
    ShipOrder,
)
from sogdia.modules.market.records import Offer
from sogdia.modules.money import Asset
from sogdia.modules.money.currencies import Mint
from sogdia.modules.money.transfers import Transfer

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

START = 1_700_000_000
FUNDS = 10**15
CARD = "c"
PRICES = 5_000
"""So many prices each side of a book has."""

MIDDLE = 130_000
"""Cents a shilling, with three places: a shilling is worth a little more than a dollar here, for the sake of digits."""


class PaymentsMaker(Maker):
    """The bench's maker, with a dealer's card, shillings, and terms that split four ways."""

    def kes(self) -> Asset:
        """Give the second money."""
        return Asset("KES", self.account("bank"))

    def usd(self) -> Asset:
        """Give the first."""
        return Asset("USD", self.account("bank"))

    def card_terms(self) -> RateTerms:
        """Give what the dealer binds itself to."""
        return RateTerms(
            tiers=(Tier(100, Rate(129, 1)),),
            most=10**12,
            premiums=(Premium(400 * 86_400, 20),),
            valid_until=START + 800,
        )

    def digest(self) -> bytes:
        """Give the digest of those terms."""
        return digest_of(name_of(self.account("dealer"), CARD), self.kes(), self.usd(), self.card_terms())

    def preparations(self) -> Iterator[bytes]:
        """Give what has to be there: both monies, the card, terms and listings."""
        for name in (*self.people.buyers, *self.people.merchants, "dealer"):
            mints = [Mint(currency=code, to=self.account(name), units=FUNDS) for code in ("USD", "KES")]
            yield self.sign("bank", *mints)
        yield self.sign(
            "dealer",
            PostCard(reference=CARD, takes=self.kes(), gives=self.usd(), capacity=FUNDS // 2, rates=self.card_terms()),
        )
        for name in self.people.merchants:
            terms = PublishTerms(
                reference="t",
                asset=self.usd(),
                carrier=self.account("carrier"),
                freight_per_order=900,
                tax_collector=self.account("treasury"),
                platform=self.account("platform"),
                platform_fee=250,
            )
            listing = OpenListing(
                reference="l", terms="t", title="Ikat scarf", language="en", unit="C62", hs_code="621410", origin="UZ"
            )
            variants = [
                AddVariant(listing="l", variant=number, offer=Offer(price=1_999 + number, tax=1_200), stock=STOCK)
                for number in (1, 2, 3)
            ]
            yield self.sign(name, terms, listing, *variants)

    def life_of(self, number: int, *, two_monies: bool) -> tuple[bytes, ...]:
        """Give the five envelopes of one order, paid in one money or another."""
        buyer = self.people.buyers[number % BUYERS]
        merchant = self.people.merchants[(number * 7) % MERCHANTS]
        reference = f"{'x' if two_monies else 'o'}{number}"
        fields: dict[str, Any] = {
            "reference": reference,
            "merchant": self.account(merchant),
            "lines": tuple(OrderLine("l", variant, variant) for variant in (1, 2, 3)),
            "pay_at_most": 10**9,
        }
        order = name_of(self.account(buyer), reference)
        if two_monies:
            fields |= {"card": name_of(self.account("dealer"), CARD), "digest": self.digest()}
        place = PlaceOrderAtRate(**fields) if two_monies else PlaceOrder(**fields)
        return (
            self.sign(buyer, place),
            self.sign(merchant, AcceptOrder(order=order)),
            self.sign(merchant, ShipOrder(order=order)),
            self.sign("carrier", ConfirmDelivery(order=order)),
            self.sign(buyer, SettleOrder(order=order)),
        )

    def transfer(self, number: int) -> bytes:
        """Give a plain payment."""
        payer, payee = self.people.buyers[number % BUYERS], self.people.buyers[(number * 7 + 1) % BUYERS]
        return self.sign(
            payer, Transfer(to=self.account(payee), asset=self.usd(), units=1, purpose="GDDS", end_to_end="")
        )

    def offer(self, number: int, chance: random.Random, *, takes: bool) -> bytes:
        """Give an offer that stands at some price, or one that takes from the best of the other side."""
        side = chance.choice((Side.SELL, Side.BUY))
        away = 0 if takes else 1 + chance.randrange(PRICES)
        digits = MIDDLE + (away if (side == Side.SELL) != takes else -away)
        if takes:
            digits = MIDDLE + (PRICES if side == Side.BUY else -PRICES)
        return self.sign(
            self.people.buyers[number % BUYERS],
            PlaceLimitOffer(
                reference=f"{'t' if takes else 'p'}{number}",
                base=self.kes(),
                quote=self.usd(),
                side=int(side),
                price=price_of(digits),
                units=1_000,
                valid_until=START + 86_400,
                validity=int(Validity.AT_ONCE if takes else Validity.STANDS),
            ),
        )


def price_of(digits: int) -> Price:
    """Write so many thousandths in the shortest way."""
    places = 3
    while places and digits % 10 == 0:
        digits, places = digits // 10, places - 1
    return Price(digits, places)
