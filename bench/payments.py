"""Payments across currencies: an order's life in two monies beside one, the book beside plain transfers, and paths.

Everything runs through the ledger on its disk, from wire bytes to durable receipts, with every signature checked. What
is compared is measured in turns in one process, so that what the machine does meanwhile falls on all of it alike: also
books of different sizes, each on a ledger of its own.
"""

from __future__ import annotations

import random
import statistics
import sys
from contextlib import ExitStack, closing
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING

import msgspec

from bench.book_filling import fill_book, fill_monies
from bench.progress import say
from bench.scratch import Scratch, in_turns
from sogdia.engine.collector import spare_the_collector
from sogdia.kernel.state import State
from sogdia.modules.book.queries import PathsQuery
from sogdia.modules.money import asset_key

if TYPE_CHECKING:
    from bench.scratch import Timed

SEED = 20_261_128


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
    """Offers to transfers in each round."""

    slower: list[float]
    """How many times the seconds of the smallest book an offer takes, in each round."""


class Paths(msgspec.Struct, frozen=True, kw_only=True):
    """How long path quotes take, in milliseconds, and how many of them found a way."""

    offers: int
    monies: int
    found: float
    p50: float
    p99: float


def lives(orders: int, rounds: int) -> Lives:
    """Measure whole lives of orders in one money and in two."""
    say(f"{rounds} rounds of {orders:,} orders in one money and in two")
    with closing(Scratch()) as scratch:

        def live(number: int, *, two_monies: bool) -> float:
            made = [scratch.maker.life_of(number * orders + each, two_monies=two_monies) for each in range(orders)]
            return sum(scratch.run(step) for step in zip(*made, strict=True))

        one, two = in_turns(rounds, partial(live, two_monies=False), partial(live, two_monies=True))
    steps = orders * 5
    return Lives(
        one_money=steps / statistics.median(one),
        two_monies=steps / statistics.median(two),
        ratios=[a / b for a, b in zip(one, two, strict=True)],
    )


def books(sizes: tuple[int, ...], operations: int, rounds: int) -> list[Book]:
    """Measure placing and taking over books that hold so many offers, beside transfers on the same ledgers."""
    with ExitStack() as open_now:
        works: list[Timed] = []
        for offers in sizes:
            scratch = open_now.enter_context(closing(Scratch()))
            fill_book(scratch, offers, random.Random(SEED))  # noqa: S311 - the work of a bench
            works += _pay_and_exchange(scratch, operations)
        say(f"{rounds} rounds of {operations:,} transfers and offers over {len(sizes)} books")
        seconds = in_turns(rounds, *works)
    paid, exchanged = seconds[::2], seconds[1::2]
    return [
        Book(
            offers=offers,
            transfers=operations / statistics.median(paid[at]),
            placed_and_taken=operations / statistics.median(exchanged[at]),
            ratios=[a / b for a, b in zip(paid[at], exchanged[at], strict=True)],
            slower=[a / b for a, b in zip(exchanged[at], exchanged[0], strict=True)],
        )
        for at, offers in enumerate(sizes)
    ]


def _pay_and_exchange(scratch: Scratch, operations: int) -> tuple[Timed, Timed]:
    """Give the two works of a ledger: transfers, and offers of which every other one takes what stands."""
    chance = random.Random(SEED + 1)  # noqa: S311 - the work of a bench

    def pay(number: int) -> float:
        return scratch.run([scratch.maker.transfer(number * operations + each) for each in range(operations)])

    def exchange(number: int) -> float:
        return scratch.run(
            [
                scratch.maker.offer(number * operations + each, chance, takes=bool(each % 2))
                for each in range(operations)
            ]
        )

    return pay, exchange


def paths(offers: int, quotes: int) -> Paths:
    """Measure path quotes over thirty currencies of five issuers each, as the node would answer them."""
    chance = random.Random(SEED)  # noqa: S311 - the work of a bench
    with closing(Scratch()) as scratch:
        monies, worth = fill_monies(scratch, offers, chance)
        say(f"{quotes:,} path quotes over {len(monies)} monies")
        base = scratch.ledger.base
        seconds, found = [], 0
        spare_the_collector()
        for number in range(quotes):
            source, target = chance.sample(monies, 2)
            units = 1 + int(10_000 * worth[asset_key(target)])
            asked = PathsQuery(source=asset_key(source), target=asset_key(target), received=units)
            started = perf_counter()
            answer = asked.answer(State(base))
            if number >= quotes // 10:
                seconds.append(perf_counter() - started)
                found += bool(answer.paths)
    cuts = statistics.quantiles(seconds, n=100)
    return Paths(offers=offers, monies=len(monies), found=found / len(seconds), p50=cuts[49] * 1e3, p99=cuts[98] * 1e3)


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode([lives(256, 2), books((1_000, 2_000), 512, 2), paths(5_000, 100)]))
