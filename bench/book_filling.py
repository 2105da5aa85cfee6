"""Filling books with offers: `PlaceLimitOffer` itself, applied without an envelope, so that every rule of it holds.

What is left out is what the book does not see: signatures, receipts, used ids and the count of operations. A chunk of
offers is one update of the tree and one flush.
"""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING

from bench.payments_work import FUNDS, MIDDLE, PRICES, START, price_of
from bench.progress import say
from bench.work import MERCHANTS
from sogdia.engine.collector import spared_collector
from sogdia.kernel.operation import Context
from sogdia.kernel.parameters import PARAMETERS
from sogdia.modules.book.offers import PlaceLimitOffer
from sogdia.modules.book.prices import Price
from sogdia.modules.book.records import Pair, Side, Validity
from sogdia.modules.money import Asset, asset_key
from sogdia.modules.money.records import BALANCES, CURRENCIES, Balance, Currency

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Iterator

    from bench.payments_work import PaymentsMaker
    from bench.scratch import Scratch
    from sogdia.kernel.state import State

CHUNK = 100_000
DAY = 86_400
CODES = (
    "AED AMD AZN BDT BYN CNY EGP ETB EUR GEL IDR INR IRR KES KGS KHR KZT LAK LKR MMK MNT MYR OMR PKR RUB SAR THB TJS "
    "TRY UZS".split()
)
ISSUERS = 5

Asked = tuple[bytes, PlaceLimitOffer]
"""Who offers, and what."""


def fill_book(scratch: Scratch, offers: int, chance: random.Random) -> None:
    """Let merchants have so many offers between shillings and dollars, half of them on each side."""
    _fill(scratch, of_one_pair(scratch.maker, offers, chance), offers)


def fill_monies(scratch: Scratch, offers: int, chance: random.Random) -> tuple[list[Asset], dict[bytes, float]]:
    """Open thirty currencies of five issuers each, and books between them, as a market has them.

    Every money has a book with each yuan, and with eight others; each book has offers around the rate of its monies.
    """
    issuers = [sha256(b"issuer%d" % number).digest()[:20] for number in range(ISSUERS)]
    monies = [Asset(code, issuer) for code in CODES for issuer in issuers]
    rates = {code: 10 ** chance.uniform(-2, 2) for code in CODES}
    worth = {asset_key(each): rates[each.currency] for each in monies}
    pairs = pairs_of(monies, chance)
    scratch.write(lambda state: _open(state, monies, scratch.maker))
    _fill(scratch, _of_pairs(scratch.maker, worth, pairs, offers, chance), offers)
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


def _fill(scratch: Scratch, asked: Iterator[Asked], offers: int) -> None:
    """Place offers chunk by chunk; then open the ledger anew, so that nothing is in memory by the filling alone."""
    placed = 0
    with spared_collector():
        while chunk := list(islice(asked, CHUNK)):
            scratch.write(partial(place, network=scratch.maker.network, asked=chunk))
            placed += len(chunk)
            say(f"{placed:,} of {offers:,} offers placed")
    scratch.open_anew()


def place(state: State, network: bytes, asked: Iterable[Asked]) -> None:
    """Apply what is asked; raises `Refused` when one of it may not be."""
    limits = PARAMETERS.must(state, None).limits
    for sender, operation in asked:
        operation.check()
        operation.apply(Context(state=state, network=network, height=1, time=state.time, limits=limits, sender=sender))


def of_one_pair(maker: PaymentsMaker, offers: int, chance: random.Random) -> Iterator[Asked]:
    """Give so many offers between shillings and dollars, by merchant after merchant."""
    pair = Pair(maker.kes(), maker.usd())
    owners = [maker.account(name) for name in maker.people.merchants]
    for number in range(offers):
        side = number // MERCHANTS % 2
        away = 1 + chance.randrange(PRICES)
        price = price_of(MIDDLE + (away if side == Side.SELL else -away))
        yield owners[number % MERCHANTS], _standing(f"f{number}", pair, side, price, 1_000)


def _of_pairs(
    maker: PaymentsMaker, worth: dict[bytes, float], pairs: list[Pair], offers: int, chance: random.Random
) -> Iterator[Asked]:
    """Give so many offers, as many for each pair, half of them on each side, up to a fiftieth away from its rate."""
    owners = [maker.account(name) for name in maker.people.merchants]
    for at, pair in enumerate(pairs):
        rate = worth[asset_key(pair.quote)] / worth[asset_key(pair.base)]
        for number in range(len(range(at, offers, len(pairs)))):
            side = number % 2
            away = 1 + chance.uniform(0.0005, 0.02) * (1 if side == Side.SELL else -1)
            units = int(1_000 * (1 + 1 / rate) + chance.uniform(1_000, 20_000) * worth[asset_key(pair.base)])
            yield owners[number % MERCHANTS], _standing(f"{at}.{number}", pair, side, decimal(rate * away), units)


def _standing(reference: str, pair: Pair, side: int, price: Price, units: int) -> PlaceLimitOffer:
    """Give an offer that is to stand, until some moment of the day after."""
    until = START + DAY + int.from_bytes(sha256(reference.encode("ascii")).digest()[:2], "big")
    return PlaceLimitOffer(
        reference=reference,
        base=pair.base,
        quote=pair.quote,
        side=int(side),
        price=price,
        units=units,
        valid_until=until,
        validity=int(Validity.ONLY_STANDS),
    )


def _open(state: State, monies: list[Asset], maker: PaymentsMaker) -> None:
    """Open currencies of issuers who are nobody here, and let merchants have some of each."""
    holders = [maker.account(name) for name in maker.people.merchants]
    for money in monies:
        issued = FUNDS * len(holders)
        opened = Currency(digits=2, supply=issued, supply_max=2**60, holder_max=2**60, by_authorisation=False)
        CURRENCIES.put(state, money, opened)
        for holder in holders:
            BALANCES.put(state, (holder, money), Balance(available=FUNDS))


def decimal(number: float) -> Price:
    """Write a rate with seven digits, in the shortest way; only the bench has floats."""
    digits, exponent = f"{number:.6e}".split("e")
    whole, places = int(digits.replace(".", "")), 6 - int(exponent)
    while whole % 10 == 0:
        whole, places = whole // 10, places - 1
    return Price(whole * 10 ** max(0, -places), max(0, places))
