"""A stand on a test ledger: three dealers and a customer with dinars and dollars, and a book between the two."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from sogdia.kernel.values import name_of
from sogdia.modules.book import queues
from sogdia.modules.book.offers import PlaceLimitOffer
from sogdia.modules.book.paths import PayStrictReceive
from sogdia.modules.book.prices import Price
from sogdia.modules.book.records import OFFERS, LimitOffer, Pair, Side, Validity
from sogdia.modules.exchange.cards import PostCard
from sogdia.modules.exchange.records import Rate, RateTerms, Tier
from sogdia.modules.identity import Role
from sogdia.modules.money import Asset, asset_key, balance
from sogdia.modules.money.currencies import Mint, OpenCurrency

if TYPE_CHECKING:
    from sogdia.kernel.receipt import Receipt
    from sogdia.testing.ledger import Ledger

WHO = ("bukhara", "nairobi", "lanzhou", "carrier")
FUNDS = 10_000_000
DAY = 86_400
_references = count()


def open_stand(ledger: Ledger) -> Ledger:
    """Give everybody dinars (the base) and dollars (the quote)."""
    for who in WHO:
        ledger.fund(who, FUNDS)
        ledger.fund(who, FUNDS, "KWD")
    return ledger


def open_money(ledger: Ledger, code: str, **changes: Any) -> Asset:  # noqa: ANN401 - any field
    """Let the bank issue one more currency, and everybody have some."""
    fields: dict[str, Any] = {"supply_max": 10**12, "holder_max": 10**12, "by_authorisation": False}
    ledger.must("bank", OpenCurrency(currency=code, **(fields | changes)))
    if not changes.get("by_authorisation"):
        ledger.must("bank", *(Mint(currency=code, to=ledger.account(who), units=FUNDS) for who in WHO))
    return ledger.asset(code)


def price(text: str) -> Price:
    """Read a decimal."""
    whole, _point, places = text.partition(".")
    return Price(int(whole + places), len(places))


def pair(ledger: Ledger, one: str = "KWD", other: str = "USD") -> Pair:
    """The two monies in their order."""
    return Pair(*sorted((ledger.asset(one), ledger.asset(other)), key=asset_key))


def offer(  # noqa: PLR0913 - what an offer says
    ledger: Ledger,
    side: Side,
    units: int,
    at: str,
    reference: str | None = None,
    *,
    validity: Validity = Validity.STANDS,
    monies: tuple[str, str] = ("KWD", "USD"),
    **changes: Any,  # noqa: ANN401 - any field
) -> PlaceLimitOffer:
    """An offer for dinars against dollars."""
    base, quote = pair(ledger, *monies)
    fields: dict[str, Any] = {
        "reference": reference or f"o{next(_references)}",
        "base": base,
        "quote": quote,
        "side": int(side),
        "price": price(at),
        "units": units,
        "valid_until": ledger.time + DAY,
        "validity": int(validity),
    }
    return PlaceLimitOffer(**(fields | changes))


def sell(ledger: Ledger, who: str, units: int, at: str, reference: str | None = None, **changes: Any) -> Receipt:  # noqa: ANN401
    """Let somebody sell dinars for dollars."""
    return ledger.must(who, offer(ledger, Side.SELL, units, at, reference, **changes))


def buy(ledger: Ledger, who: str, units: int, at: str, reference: str | None = None, **changes: Any) -> Receipt:  # noqa: ANN401
    """Let somebody buy dinars with dollars."""
    return ledger.must(who, offer(ledger, Side.BUY, units, at, reference, **changes))


def paying(ledger: Ledger, receive: int, send_at_most: int) -> PayStrictReceive:
    """A payment in dollars to the carrier, who gets dinars."""
    return PayStrictReceive(
        to=ledger.account("carrier"),
        path=(ledger.asset("USD"), ledger.asset("KWD")),
        receive=receive,
        send_at_most=send_at_most,
        purpose="GDDS",
        end_to_end="ORDER-7",
        travel_reference=None,
    )


def standing(ledger: Ledger, who: str, reference: str) -> LimitOffer | None:
    """An offer that stands, or nothing."""
    return OFFERS.find(ledger.state, name_of(ledger.account(who), reference))


def book(ledger: Ledger, side: Side, monies: tuple[str, str] = ("KWD", "USD")) -> list[tuple[str, int]]:
    """Who offers how much on a side, in the order in which it is taken."""
    names = {ledger.account(who): who for who in WHO}
    return [(names[name[:20]], each.left) for name, each in queues.offers_of(ledger.state, pair(ledger, *monies), side)]


def has(ledger: Ledger, who: str, code: str) -> tuple[int, int]:
    """What somebody has of a money, less what it began with, and what is set aside."""
    found = balance(ledger.state, ledger.account(who), ledger.asset(code))
    return found.available - FUNDS, found.held


def enter_dealer(ledger: Ledger, *codes: str) -> bytes:
    """Enter a dealer, and give it money of each currency; gives its account."""
    ledger.register("dealer", "KW", roles=int(Role.LIQUIDITY_PROVIDER))
    account = ledger.account("dealer")
    ledger.must("bank", *(Mint(currency=code, to=account, units=FUNDS) for code in codes))
    return account


def card(  # noqa: PLR0913 - what a card says
    ledger: Ledger,
    monies: tuple[str, str],
    rate: tuple[int, int],
    reference: str = "c",
    *,
    capacity: int = 1_000_000,
    who: str = "dealer",
    **changes: Any,  # noqa: ANN401 - any field of the terms
) -> bytes:
    """Let the dealer give the second money for the first: so many units taken for so many given; gives the name."""
    terms: dict[str, Any] = {
        "tiers": (Tier(100, Rate(*rate)),),
        "most": 500_000,
        "premiums": (),
        "valid_until": ledger.time + 600,
    }
    takes, gives = (ledger.asset(code) for code in monies)
    rates = RateTerms(**(terms | changes))
    ledger.must(who, PostCard(reference=reference, takes=takes, gives=gives, capacity=capacity, rates=rates))
    return name_of(ledger.account(who), reference)
