"""Random offers, cancellations, payments and time, against a second book of a few lines with fractions.

The second book sorts all offers anew for every look and knows nothing of ranks, queues or digits. After each step both
have the same offers in the same order, and every party has the same of each money to the unit; amounts are tiny, so
that rounding matters everywhere. A walk that fails prints its seed.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Any

import pytest

from sogdia.modules.book import queues
from sogdia.modules.book.offers import CancelLimitOffer
from sogdia.modules.book.paths import PayStrictReceive, PayStrictSend
from sogdia.modules.book.records import Side, Validity
from sogdia.testing.ledger import Ledger
from tests import rotation as chosen
from tests.modules.book.stand import WHO, has, offer, open_stand, pair

STEPS = 60
WALKS = 4
WALKS_IN_A_FULL_RUN = 200
LEAST = 100
PRICES = ("0.97", "1", "1.003", "1.01", "1.0309", "0.3333", "3.7")


@dataclass
class Standing:
    """An offer of the second book."""

    who: str
    reference: str
    side: int
    price: Fraction
    left: int
    until: int
    number: int


class Plain:
    """The second book, and what everybody has beyond what it began with."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.offers: list[Standing] = []
        self.money = {(who, code): 0 for who in WHO for code in ("KWD", "USD")}
        self.number = 0

    def side(self, side: int) -> list[Standing]:
        """One side, in the order in which it is taken."""
        sign = 1 if side == Side.SELL else -1
        return sorted((each for each in self.offers if each.side == side), key=lambda it: (sign * it.price, it.number))

    def drop_over(self, time: int) -> None:
        """Forget what is over."""
        self.offers = [each for each in self.offers if each.until >= time]

    def meet(self, who: str, buys: bool, exact_base: bool, amount: int, worst: Fraction | None):  # noqa: FBT001
        """Say which offers somebody takes, how much of each for how much, what is left and whether it may stand."""
        taken: list[tuple[Standing, int, int]] = []
        left = amount
        for each in self.side(Side.SELL if buys else Side.BUY):
            if worst is not None and (each.price > worst if buys else each.price < worst):
                return taken, left, "worse"
            if each.who == who:
                return taken, left, "own"
            near = ceil if buys else floor
            whole = near(each.left * each.price)
            if exact_base:
                base = min(each.left, left)
                quote = near(base * each.price)
            elif whole <= left:
                base, quote = each.left, whole
            else:
                base, quote = (floor if buys else ceil)(left / each.price), left
            small = min(base, floor(base * each.price)) < LEAST if worst is not None else min(base, quote) == 0
            if small:
                return taken, left, "small"
            taken.append((each, base, quote))
            left -= base if exact_base else quote
            if left == 0:
                return taken, 0, "served"
        return taken, left, "empty"

    def exchange(self, who: str, payee: str, buys: bool, taken) -> None:  # noqa: FBT001
        """Let the money change hands."""
        for each, base, quote in taken:
            sign = 1 if buys else -1
            self.money[each.who, "KWD"] -= sign * base
            self.money[each.who, "USD"] += sign * quote
            self.money[payee if buys else who, "KWD"] += sign * base
            self.money[who if buys else payee, "USD"] -= sign * quote
            each.left -= base
            if each.left < LEAST or floor(each.left * each.price) < LEAST:
                self.offers.remove(each)

    def place(self, asked, who: str, price: Fraction) -> bool:
        """Place an offer, or say that it is refused."""
        buys = asked.side == Side.BUY
        taken, left, stop = self.meet(who, buys, True, asked.units, price)  # noqa: FBT003
        may_stand = stop in ("empty", "worse")
        enough = min(left, floor(left * price)) >= LEAST
        stands = left > 0 and may_stand and enough and asked.validity == Validity.STANDS
        if asked.validity == Validity.ONLY_STANDS:
            if taken or not may_stand:
                return False
            stands = True
        elif (not taken and not stands) or (asked.validity == Validity.ALL_OR_NOTHING and left):
            return False
        self.exchange(who, who, buys, taken)
        if stands:
            self.number += 1
            self.offers.append(Standing(who, asked.reference, asked.side, price, left, asked.valid_until, self.number))
        return True


class Walk:
    """Both books, and chance."""

    def __init__(self, seed: int) -> None:
        """Open them."""
        self.chance = random.Random(seed)
        self.ledger = open_stand(Ledger())
        self.plain = Plain()
        self.deeds = 0

    def step(self) -> None:
        """Let somebody do something in both, and compare."""
        deeds = {self._place: 6, self._cancel: 1, self._pay: 3, self._wait: 1}
        self.chance.choices(list(deeds), weights=list(deeds.values()))[0]()
        self.compare()

    def _place(self) -> None:
        who, text = self.chance.choice(WHO), self.chance.choice(PRICES)
        asked = offer(
            self.ledger,
            Side(self.chance.randrange(2)),
            self.chance.choice([100, 101, 150, 199, 333, 1_000]) * self.chance.choice([1, 1, 4]),
            text,
            f"r{self.plain.number}-{self.deeds}",
            validity=self.chance.choice([Validity.STANDS] * 4 + list(Validity)),
            valid_until=self.ledger.time + self.chance.choice([30, 300, 3_000]),
        )
        if min(asked.units, floor(asked.units * Fraction(text))) < LEAST:
            return
        done = self.ledger.send(who, asked).code == 0
        assert done == self.plain.place(asked, who, Fraction(text))

    def _cancel(self) -> None:
        if self.plain.offers:
            gone = self.chance.choice(self.plain.offers)
            self.ledger.must(gone.who, CancelLimitOffer(offer=gone.reference))
            self.plain.offers.remove(gone)

    def _pay(self) -> None:
        who, payee = self.chance.choice(WHO), self.chance.choice(WHO)
        buys, exact_received = self.chance.random() < 0.5, self.chance.random() < 0.5
        units = self.chance.choice([1, 2, 7, 99, 100, 333, 1_000])
        path = tuple(self.ledger.asset(code) for code in (("USD", "KWD") if buys else ("KWD", "USD")))
        common: dict[str, Any] = {
            "to": self.ledger.account(payee),
            "path": path,
            "purpose": "GDDS",
            "end_to_end": "",
            "travel_reference": None,
        }
        operation = (
            PayStrictReceive(**common, receive=units, send_at_most=10**9)
            if exact_received
            else PayStrictSend(**common, send=units, receive_at_least=1)
        )
        taken, _left, stop = self.plain.meet(who, buys, buys == exact_received, units, None)
        done = self.ledger.send(who, operation).code == 0
        assert done == (stop == "served")
        if done:
            self.plain.exchange(who, payee, buys, taken)

    def _wait(self) -> None:
        self.ledger.block(at=self.ledger.time + self.chance.choice([10, 100]))

    def compare(self) -> None:
        """Look that both have the same offers and the same money."""
        self.deeds += 1
        self.plain.drop_over(self.ledger.time)
        for side in (Side.SELL, Side.BUY):
            names = {self.ledger.account(who): who for who in WHO}
            real = [
                (names[name[:20]], each.left, Fraction(each.price.digits, 10**each.price.places))
                for name, each in queues.offers_of(self.ledger.state, pair(self.ledger), side)
            ]
            assert real == [(each.who, each.left, each.price) for each in self.plain.side(side)]
        held = dict.fromkeys(self.plain.money, 0)
        for each in self.plain.offers:
            backing = each.left if each.side == Side.SELL else ceil(each.left * each.price)
            held[each.who, "KWD" if each.side == Side.SELL else "USD"] += backing
        for (who, code), beyond in self.plain.money.items():
            assert has(self.ledger, who, code) == (beyond - held[who, code], held[who, code])
        assert sum(units for (_who, code), units in self.plain.money.items() if code == "KWD") == 0


@pytest.mark.parametrize("number", range(WALKS_IN_A_FULL_RUN if chosen.full() else WALKS))
def test_both_books_agree_after_every_step(number):
    walk = Walk(chosen.seed() + number)
    for _step in range(STEPS):
        walk.step()
