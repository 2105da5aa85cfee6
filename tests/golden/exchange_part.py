"""The part of the fixed script that plays the exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sogdia.kernel.values import account_of, name_of
from sogdia.modules.exchange.cards import ChangeCard, CloseCard, FundCard, PostCard
from sogdia.modules.exchange.conversions import Convert
from sogdia.modules.exchange.rates import digest_of as card_digest
from sogdia.modules.exchange.records import CARDS, Premium, Rate, RateTerms
from sogdia.modules.exchange.records import Tier as RateTier
from sogdia.modules.identity.parties import RegisterParty
from sogdia.modules.market.orders import (
    AcceptOrder,
    CancelOrder,
    ConfirmDelivery,
    OrderLine,
    PlaceOrderAtRate,
    SettleOrder,
    ShipOrder,
)
from sogdia.modules.money.currencies import Mint
from sogdia.testing.ledger import keys_of

if TYPE_CHECKING:
    from tests.golden.script import Script

DAY = 86_400


def exchange(script: Script) -> None:
    """Play rate cards, a conversion, and orders in two monies: one is settled, one cancelled, one declined in part."""
    ledger, account = script.ledger, script.account
    sponsor, public = account("registrar"), keys_of("dealer").public
    entry = RegisterParty(reference="dealer", kind=3, country="KW", roles=64, sponsor=sponsor, scheme=1, public=public)
    script.send("registrar", entry)
    ledger._registered["dealer"] = account_of(ledger.network, sponsor, "dealer")
    nairobi, name = account("nairobi"), name_of(account("dealer"), "usd")
    dealers = Mint(currency="USD", to=account("dealer"), units=10**6)
    script.send("bank", dealers, Mint(currency="KWD", to=nairobi, units=10**6))

    def terms(taken: int, given: int) -> RateTerms:
        premiums = (Premium(DAY, 5), Premium(10 * DAY, 40))
        tiers = (RateTier(100, Rate(taken, given)), RateTier(50_000, Rate(307, 100)))
        return RateTerms(tiers=tiers, most=100_000, premiums=premiums, valid_until=ledger.time + 600)

    def order(reference: str, digest: bytes) -> PlaceOrderAtRate:
        return PlaceOrderAtRate(
            reference=reference,
            merchant=account("bukhara"),
            lines=(OrderLine("silk", 1, 2), OrderLine("bowl", 1, 5)),
            card=name,
            digest=digest,
            pay_at_most=30_000,
        )

    monies: dict[str, Any] = {"takes": ledger.asset("KWD"), "gives": ledger.asset()}
    script.send("dealer", PostCard(reference="usd", **monies, capacity=50_000, rates=terms(3_077, 1_000)))
    script.send("nairobi", PostCard(reference="usd", **monies, capacity=50_000, rates=terms(3_077, 1_000)))
    script.send("dealer", FundCard(card="usd", units=5_000), ChangeCard(card="usd", rates=terms(3_079, 1_000)))
    card = CARDS.must(ledger.state, name)
    digest = card_digest(name, card.takes, card.gives, card.rates)
    script.send("nairobi", Convert(card=name, digest=digest, units=1_001, pay_at_most=4_000))
    script.send("nairobi", Convert(card=name, digest=bytes(32), units=1_001, pay_at_most=4_000))
    names = [name_of(nairobi, reference) for reference in ("x1", "x2", "x3")]
    script.send("nairobi", *(order(reference, digest) for reference in ("x1", "x2", "x3")))
    script.send("nairobi", order("x4", bytes(32)))
    script.send("nairobi", CancelOrder(order=names[1]), wait=DAY)
    script.send("bukhara", AcceptOrder(order=names[0], declined=(2,)), AcceptOrder(order=names[2]))
    script.send("bukhara", ShipOrder(order=names[0]))
    script.send("dealer", CloseCard(card="usd"))
    script.send("carrier", ConfirmDelivery(order=names[0]))
    script.send("nairobi", SettleOrder(order=names[0]))
    script.wait(8 * DAY)
