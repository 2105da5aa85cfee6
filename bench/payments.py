"""Payments across currencies: an order's life in two monies beside one, the book beside plain transfers, and paths.

Everything runs through the ledger on its disk, from wire bytes to durable receipts, with every signature checked. Two
things are measured in turns in one process, so that what the machine does meanwhile falls on both alike.
"""

from __future__ import annotations

import gc
import random
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import structs

from bench.work import BUYERS, MERCHANTS, STOCK, Maker, genesis, keys_of
from sogdia.engine.ledger.ledger import Ledger
from sogdia.kernel import calendar, quota
from sogdia.kernel.state import State
from sogdia.kernel.values import name_of
from sogdia.modules import ALL
from sogdia.modules.book import queues
from sogdia.modules.book.offers import PlaceLimitOffer
from sogdia.modules.book.prices import Price
from sogdia.modules.book.queries import PathsQuery
from sogdia.modules.book.records import OFFERS, LimitOffer, Pair, Side, Validity
from sogdia.modules.book.settling import OFFER_BYTES
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
from sogdia.modules.money import Asset, asset_key
from sogdia.modules.money.currencies import Mint
from sogdia.modules.money.records import BALANCES, CURRENCIES, Balance, Currency
from sogdia.modules.money.transfers import Transfer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


START = 1_700_000_000
BLOCK = 256
FUNDS = 10**15
CARD = "c"
SEED = 20_261_128
PRICES = 5_000
"""So many prices each side of a book has."""

MIDDLE = 130_000
"""Cents a shilling, with three places: a shilling is worth a little more than a dollar here, for the sake of digits."""

CODES = (
    "AED AMD AZN BDT BYN CNY EGP ETB EUR GEL IDR INR IRR KES KGS KHR KZT LAK LKR MMK MNT MYR OMR PKR RUB SAR THB TJS "
    "TRY UZS".split()
)
ISSUERS = 5
PAIRS_AT_ONCE = 200


class Lives(msgspec.Struct, frozen=True, kw_only=True):
    """How fast orders live in one money and in two, steps a second, and the ratio of each round."""

    one_money: float
    two_monies: float
    ratios: list[float]


class Book(msgspec.Struct, frozen=True, kw_only=True):
    """How fast offers are placed and taken over a book of `offers`, beside transfers, operations a second."""

    offers: int
    transfers: float
    placed_and_taken: float
    ratios: list[float]


class Paths(msgspec.Struct, frozen=True, kw_only=True):
    """How long path quotes take, in milliseconds, and how many of them found a way."""

    offers: int
    monies: int
    found: float
    p50: float
    p99: float


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


class Scratch:
    """A ledger of the bench in a folder that is removed at the end."""

    def __init__(self) -> None:
        """Make it, with everything that the work needs."""
        self.folder = Path(tempfile.mkdtemp(prefix="bench-payments-", dir=Path.cwd()))
        made = genesis(START, clock="manual", payments=True)
        self.ledger = Ledger.create(self.folder / "ledger", ALL, made, [keys_of("node")])
        self.maker = PaymentsMaker(self.ledger.machine.network, START + 900)
        self.run(self.maker.preparations())

    def run(self, raw: Iterable[bytes]) -> float:
        """Bring envelopes into blocks; give the seconds from wire bytes to durable receipts."""
        envelopes = list(raw)
        open_envelope, limits = self.ledger.machine.envelopes.open, self.ledger.limits()
        started = perf_counter()
        for begin in range(0, len(envelopes), BLOCK):
            opened = [open_envelope(each, limits) for each in envelopes[begin : begin + BLOCK]]
            built = self.ledger.build_block(START + 1, opened)
            for outcome in built.outcomes:
                if isinstance(outcome, Exception):
                    message = f"the bench's own envelope was refused: {outcome}"
                    raise RuntimeError(message)  # noqa: TRY004 - not a matter of types
        return perf_counter() - started

    def fill(self, work: Callable[[State], None]) -> None:
        """Write records past the rules, as a bench may; the ledger is opened anew, as its memory does not know them."""
        state = State(self.ledger.base)
        work(state)
        self.ledger.tree.update(state.encoded_changes())
        self.ledger.build_block(START + 1, [], empty=True)
        self.ledger.commit(flush=True)
        self.ledger.close()
        self.ledger = Ledger.open(self.folder / "ledger", ALL, [keys_of("node")])

    def close(self) -> None:
        """Remove everything."""
        self.ledger.close()
        shutil.rmtree(self.folder, ignore_errors=True)


Timed = Callable[[int], float]


def in_turns(rounds: int, one: Timed, other: Timed) -> tuple[list[float], list[float]]:
    """Measure two things by turns; the first round only warms up."""
    ones, others = [], []
    gc.collect()
    gc.freeze()
    for number in range(rounds + 1):
        ones.append(one(number))
        others.append(other(number))
    return ones[1:], others[1:]


def lives(orders: int, rounds: int) -> Lives:
    """Measure whole lives of orders in one money and in two."""
    scratch = Scratch()
    try:

        def live(number: int, *, two_monies: bool) -> float:
            made = [scratch.maker.life_of(number * orders + each, two_monies=two_monies) for each in range(orders)]
            return sum(scratch.run(step) for step in zip(*made, strict=True))

        one, two = in_turns(
            rounds, lambda number: live(number, two_monies=False), lambda number: live(number, two_monies=True)
        )
    finally:
        scratch.close()
    steps = orders * 5
    return Lives(
        one_money=steps / statistics.median(one),
        two_monies=steps / statistics.median(two),
        ratios=[a / b for a, b in zip(one, two, strict=True)],
    )


def book(offers: int, operations: int, rounds: int) -> Book:
    """Measure placing and taking over a book that holds so many offers, beside transfers on the same ledger."""
    scratch = Scratch()
    chance = random.Random(SEED)  # noqa: S311 - the work of a bench
    try:
        fill_book(scratch, offers, chance)

        def pay(number: int) -> float:
            return scratch.run([scratch.maker.transfer(number * operations + each) for each in range(operations)])

        def exchange(number: int) -> float:
            asked = [
                scratch.maker.offer(number * operations + each, chance, takes=bool(each % 2))
                for each in range(operations)
            ]
            return scratch.run(asked)

        paid, exchanged = in_turns(rounds, pay, exchange)
    finally:
        scratch.close()
    return Book(
        offers=offers,
        transfers=operations / statistics.median(paid),
        placed_and_taken=operations / statistics.median(exchanged),
        ratios=[a / b for a, b in zip(paid, exchanged, strict=True)],
    )


def fill_book(scratch: Scratch, offers: int, chance: random.Random) -> None:
    """Let merchants have so many offers between shillings and dollars, half of them on each side."""
    maker, chunk = scratch.maker, 50_000
    pair = Pair(maker.kes(), maker.usd())
    sponsor = maker.account(maker.people.sponsors[0])

    def some(first: int, last: int) -> Callable[[State], None]:
        def work(state: State) -> None:
            for number in range(first, last):
                owner = maker.account(maker.people.merchants[number % MERCHANTS])
                side = number // MERCHANTS % 2
                away = 1 + chance.randrange(PRICES)
                digits = MIDDLE + (away if side == Side.SELL else -away)
                stand(state, name_of(owner, f"f{number}"), pair, (side, price_of(digits), 1_000), sponsor)

        return work

    for first in range(0, offers, chunk):
        scratch.fill(some(first, min(first + chunk, offers)))


def stand(state: State, name: bytes, pair: Pair, told: tuple[int, Price, int], sponsor: bytes) -> None:
    """Put an offer into a book as placing it would, with its money set aside and its end in the calendar."""
    side, price, units = told
    offer = LimitOffer(
        base=pair.base,
        quote=pair.quote,
        side=side,
        price=price,
        left=units,
        valid_until=START + 86_400 + int.from_bytes(sha256(name).digest()[:2], "big"),
        before=None,
        behind=None,
        sponsor=sponsor,
    )
    key = (name[:20], offer.gives)
    known = BALANCES.find(state, key) or Balance()
    BALANCES.put(state, key, structs.replace(known, held=known.held + offer.backing(units)))
    quota.occupy(state, sponsor, OFFER_BYTES)
    queues.enter(state, name, offer)
    calendar.schedule(state, offer.valid_until, OFFERS.full_key(name))


def paths(offers: int, quotes: int) -> Paths:
    """Measure path quotes over thirty currencies of five issuers each, as the node would answer them."""
    scratch = Scratch()
    chance = random.Random(SEED)  # noqa: S311 - the work of a bench
    try:
        monies, worth = fill_monies(scratch, offers, chance)
        base = scratch.ledger.base
        seconds, found = [], 0
        gc.collect()
        gc.freeze()
        for number in range(quotes):
            source, target = chance.sample(monies, 2)
            units = 1 + int(10_000 * worth[asset_key(target)])
            asked = PathsQuery(source=asset_key(source), target=asset_key(target), received=units)
            started = perf_counter()
            answer = asked.answer(State(base))
            if number >= quotes // 10:
                seconds.append(perf_counter() - started)
                found += bool(answer.paths)
    finally:
        scratch.close()
    cuts = statistics.quantiles(seconds, n=100)
    return Paths(offers=offers, monies=len(monies), found=found / len(seconds), p50=cuts[49] * 1e3, p99=cuts[98] * 1e3)


def fill_monies(scratch: Scratch, offers: int, chance: random.Random) -> tuple[list[Asset], dict[bytes, float]]:
    """Open thirty currencies of five issuers each, and books between them, as a market has them.

    Every money has a book with each yuan, and with eight others; each book has offers around the rate of its monies.
    """
    issuers = [sha256(b"issuer%d" % number).digest()[:20] for number in range(ISSUERS)]
    monies = [Asset(code, issuer) for code in CODES for issuer in issuers]
    rates = {code: 10 ** chance.uniform(-2, 2) for code in CODES}
    worth = {asset_key(each): rates[each.currency] for each in monies}
    pairs = pairs_of(monies, chance)

    def currencies(state: State) -> None:
        for each in monies:
            opened = Currency(digits=2, supply=0, supply_max=2**60, holder_max=2**60, by_authorisation=False)
            CURRENCIES.put(state, each, opened)

    scratch.fill(currencies)
    each_has = max(2, offers // len(pairs))
    for first in range(0, len(pairs), PAIRS_AT_ONCE):
        some = pairs[first : first + PAIRS_AT_ONCE]
        fill = partial(fill_pairs, maker=scratch.maker, worth=worth, pairs=some, each_has=each_has, chance=chance)
        scratch.fill(fill)
    return monies, worth


def pairs_of(monies: list[Asset], chance: random.Random) -> list[Pair]:
    """Give the pairs that have a book."""
    yuan = [each for each in monies if each.currency == "CNY"]
    pairs: dict[tuple[bytes, bytes], Pair] = {}
    for one in monies:
        for other in (*yuan, *chance.sample(monies, 8)):
            if one != other:
                pair = Pair(*sorted((one, other), key=asset_key))
                pairs[asset_key(pair.base), asset_key(pair.quote)] = pair
    return list(pairs.values())


def fill_pairs(  # noqa: PLR0913 - what a book is filled with
    state: State,
    *,
    maker: PaymentsMaker,
    worth: dict[bytes, float],
    pairs: list[Pair],
    each_has: int,
    chance: random.Random,
) -> None:
    """Let each pair have so many offers, half of them on each side, up to a fiftieth away from its rate."""
    sponsor = maker.account(maker.people.sponsors[0])
    for pair in pairs:
        rate = worth[asset_key(pair.quote)] / worth[asset_key(pair.base)]
        for number in range(each_has):
            side = number % 2
            away = 1 + chance.uniform(0.0005, 0.02) * (1 if side == Side.SELL else -1)
            units = int(1_000 * (1 + 1 / rate) + chance.uniform(1_000, 20_000) * worth[asset_key(pair.base)])
            owner = maker.account(maker.people.merchants[number % MERCHANTS])
            reference = sha256(asset_key(pair.base) + asset_key(pair.quote)).hexdigest()[:10] + str(number)
            stand(state, name_of(owner, reference), pair, (side, decimal(rate * away), units), sponsor)


def decimal(number: float) -> Price:
    """Write a rate with seven digits, in the shortest way; only the bench has floats."""
    digits, exponent = f"{number:.6e}".split("e")
    whole, places = int(digits.replace(".", "")), 6 - int(exponent)
    while whole % 10 == 0:
        whole, places = whole // 10, places - 1
    return Price(whole * 10 ** max(0, -places), max(0, places))


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode([lives(256, 2), book(1_000, 512, 2), paths(5_000, 100)]))
