"""Dealers: each has a card either way, changes both every day, keeps them filled, and hedges what it has got.

    out     takes the buyer's money, gives the merchant's: for orders
    back    takes the merchant's money, gives the buyer's: for refunds by cause, and for buyers who turn one themselves

A dealer's capital is in the merchant's money, with a float of the buyer's. What it took of the buyer's money in a day
beyond what it gave is sold on the market that day, at the mid rate less the market's cost. The market is outside the
ledger, so the sale is three operations in one envelope: paid to the issuer, burned by it, and minted by the other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from sogdia.kernel.exact import up
from sogdia.kernel.values import name_of
from sogdia.modules.exchange.cards import ChangeCard, CloseCard, FundCard, PostCard
from sogdia.modules.exchange.conversions import Convert
from sogdia.modules.exchange.rates import digest_of
from sogdia.modules.exchange.records import RateTerms, Tier
from sogdia.modules.money.currencies import Burn, Mint
from sogdia.modules.money.transfers import Transfer
from sogdia.simulate.payments.pricing import market_asks, market_gives, quoted
from sogdia.simulate.payments.promises import PromiseBroken
from sogdia.simulate.payments.stage import ISSUER_A, ISSUER_B, Step

if TYPE_CHECKING:
    from sogdia.modules.exchange.records import Rate
    from sogdia.modules.money import Asset
    from sogdia.simulate.payments.books import Books
    from sogdia.simulate.payments.pricing import Asked
    from sogdia.simulate.payments.stage import Stage

OUT, BACK = "out", "back"
VALID_SECONDS = 8 * 3_600
"""From nine to five: rates are daily, so terms hold for the day. The genesis of a replay allows it."""

LEAST = 100
PURPOSE = "OTHR"


@dataclass(slots=True)
class Card:
    """One card of a dealer's as the replay knows it."""

    reference: str
    name: bytes
    takes: Asset
    gives: Asset
    capacity: int
    rate: Rate | None = None
    terms: RateTerms | None = None
    left: int = 0

    def digest(self) -> bytes:
        """Give the digest of the terms in force."""
        if self.terms is None:
            raise ValueError("the card has not been posted yet")
        return digest_of(self.name, self.takes, self.gives, self.terms)


@dataclass(slots=True)
class Hedges:
    """What a dealer has exchanged on the market so far: sold of the buyer's money for the merchant's, and bought."""

    sold: int = 0
    got: int = 0
    bought: int = 0
    paid: int = 0


@dataclass(slots=True)
class Dealer:
    """A dealer, its two cards, and what it has not hedged yet."""

    name: str
    margin: int
    capital: int
    float_a: int
    cards: dict[str, Card]
    open_a: int = 0
    """How much of the buyer's money it has beyond its float: to be sold, or to be bought when it is negative."""
    hedges: Hedges = field(default_factory=Hedges)
    most_set_aside: int = 0
    converted_b: int = 0
    converted_a: int = 0
    converted_market: Fraction = Fraction(0)
    """What buying back the converted money cost by each day's market, before rounding."""


def make_dealer(stage: Stage, name: str, margin: int, capacities: tuple[int, int], capital: int) -> Dealer:
    """Give a dealer with two cards that are not posted yet."""
    out, back = capacities
    account = stage.account(name)
    cards = {
        OUT: Card(OUT, name_of(account, OUT), stage.asset_a, stage.asset_b, out),
        BACK: Card(BACK, name_of(account, BACK), stage.asset_b, stage.asset_a, back),
    }
    return Dealer(name, margin, capital, 2 * back, cards)


def capital_steps(stage: Stage, dealer: Dealer) -> list[Step]:
    """Give a dealer what it begins with."""
    account = stage.account(dealer.name)
    return [
        Step((ISSUER_B,), (Mint(currency=stage.asset_b.currency, to=account, units=dealer.capital),), "capital"),
        Step((ISSUER_A,), (Mint(currency=stage.asset_a.currency, to=account, units=dealer.float_a),), "float"),
    ]


def quote_steps(books: Books, dealer: Dealer, mid: Fraction, asked: Asked, time: int) -> list[Step]:
    """Post a dealer's cards, or change them to the day's rate and fill them up; in force when the block has ended."""
    operations: list[PostCard | ChangeCard | FundCard] = []
    for way, rate in ((OUT, mid), (BACK, 1 / mid)):
        card = dealer.cards[way]
        terms = RateTerms(
            tiers=(Tier(LEAST, quoted(rate, dealer.margin, asked.volatility)),),
            most=card.capacity,
            premiums=asked.premiums if way == OUT else (),
            covers=asked.covers if way == OUT else (),
            valid_until=time + VALID_SECONDS,
        )
        if card.terms is None:
            operations.append(
                PostCard(reference=way, takes=card.takes, gives=card.gives, capacity=card.capacity, rates=terms)
            )
            card.left = card.capacity
        else:
            operations.append(ChangeCard(card=way, rates=terms))
            missing = min(card.capacity - card.left, books.available(dealer.name, card.gives.currency))
            if missing > 0:
                operations.append(FundCard(card=way, units=missing))
                card.left += missing
        card.terms, card.rate = terms, terms.tiers[0].rate
    return [Step((dealer.name,), tuple(operations), f"quotes of {dealer.name}")]


def conversion(dealer: Dealer, buyer: str, payment: int, mid: Fraction) -> tuple[Step, int, int] | None:
    """Turn a buyer's refund into its own money by a dealer's card, as far as the card has some left today.

    Gives also what is paid and what is got; nothing when the card exchanges no such amount.
    """
    card = dealer.cards[BACK]
    if card.rate is None:
        return None
    units = min(payment * card.rate.given // card.rate.taken, card.left)
    if units < LEAST:
        return None
    paid = up(units * card.rate.taken, card.rate.given)
    enter_sale(dealer, units, paid, mid)
    operation = Convert(card=card.name, digest=card.digest(), units=units, pay_at_most=paid)
    return Step((buyer,), (operation,), f"conversion of {buyer}'s refund"), paid, units


def enter_sale(dealer: Dealer, units: int, paid: int, mid: Fraction) -> None:
    """Enter that the card back gave so many units: to a buyer who turned its refund, or for a refund by cause."""
    dealer.cards[BACK].left -= units
    dealer.open_a -= units
    dealer.converted_b += paid
    dealer.converted_a += units
    dealer.converted_market += units / mid


def is_worth_turning(payment: int, mid: Fraction) -> bool:
    """Say whether a refund is large enough for a card; the buyer keeps a smaller one as it is."""
    return payment * mid >= 2 * LEAST


def hedge_steps(stage: Stage, dealer: Dealer, mid: Fraction) -> list[Step]:
    """Sell on the market what a dealer got beyond its float, or buy what it lacks, at a day's mid rate and cost."""
    open_a, book = dealer.open_a, dealer.hedges
    a, b = stage.asset_a, stage.asset_b
    if open_a > 0 and (got := market_gives(open_a, mid)):
        book.sold, book.got, dealer.open_a = book.sold + open_a, book.got + got, 0
        return [_exchange(stage, dealer, (a, open_a), (b, got))]
    if open_a < 0:
        paid = market_asks(-open_a, mid)
        book.bought, book.paid, dealer.open_a = book.bought - open_a, book.paid + paid, 0
        return [_exchange(stage, dealer, (b, paid), (a, -open_a))]
    return []


def closing_steps(dealer: Dealer) -> list[Step]:
    """End a dealer's cards."""
    cards = tuple(CloseCard(card=way) for way, card in dealer.cards.items() if card.terms is not None)
    return [Step((dealer.name,), cards, f"closing of {dealer.name}'s cards")] if cards else []


def profit(stage: Stage, books: Books, dealer: Dealer, swapped: int) -> int:
    """Give what a dealer has gained in the merchant's money, when all is over; its books must balance to the unit."""
    a, b = stage.asset_a.currency, stage.asset_b.currency
    book = dealer.hedges
    has_a, has_b = books.available(dealer.name, a), books.available(dealer.name, b)
    premiums = books.premiums_from_bonds[dealer.name]
    must_b = dealer.capital - swapped + premiums + dealer.converted_b + book.got - book.paid
    if (has_a - dealer.open_a, has_b) != (dealer.float_a, must_b):
        raise PromiseBroken(
            f"the books of {dealer.name} do not balance: it has {has_a} {a} and {has_b} {b},"
            f" and must have {dealer.float_a + dealer.open_a} and {must_b}"
        )
    if books.held(dealer.name, a) or books.held(dealer.name, b):
        raise PromiseBroken(f"money of {dealer.name} is set aside for nothing")
    return has_b - dealer.capital


def _exchange(stage: Stage, dealer: Dealer, gives: tuple[Asset, int], gets: tuple[Asset, int]) -> Step:
    """Let the outside market take one money out of the ledger and bring the other in, in one envelope."""
    (out, units), (into, bought) = gives, gets
    issuers = (ISSUER_A, ISSUER_B) if out == stage.asset_a else (ISSUER_B, ISSUER_A)
    operations = (
        Transfer(to=out.issuer, asset=out, units=units, purpose=PURPOSE, end_to_end="hedge"),
        Burn(currency=out.currency, units=units),
        Mint(currency=into.currency, to=stage.account(dealer.name), units=bought),
    )
    return Step((dealer.name, *issuers), operations, f"hedge of {dealer.name}")
