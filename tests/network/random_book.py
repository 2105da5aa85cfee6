"""What happens at the book, at random: offers of a few parties at a few prices, and payments over its one pair."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sogdia.kernel.values import name_of
from sogdia.modules.book.offers import CancelLimitOffer, ClearLimitOffers, PlaceLimitOffer
from sogdia.modules.book.paths import PayStrictReceive, PayStrictSend, RouteStrictReceive, RouteStrictSend
from sogdia.modules.book.prices import Price
from sogdia.modules.book.records import OFFERS
from sogdia.modules.exchange import cards_of
from sogdia.modules.money.currencies import Mint
from tests.properties.random_trade import BUYERS, MERCHANTS

if TYPE_CHECKING:
    from tests.network.random_life import RandomLife

WHO = (*BUYERS, *MERCHANTS)
OFFER_REFERENCES = tuple(f"l{number}" for number in range(4))
PRICES = (Price(3, 0), Price(31, 1), Price(3_133, 3), Price(34, 1))


class RandomBook:
    """Those who offer and those who pay; all choices come from the walk's own generator."""

    def __init__(self, life: RandomLife) -> None:
        """Act on the ledger of a walk."""
        self._life = life
        self._random = life.random

    def step(self) -> None:
        """Let one of them do something."""
        deeds = {self._offer: 6, self._cancel: 1, self._pay: 3, self._clear: 1}
        self._random.choices(list(deeds), weights=list(deeds.values()))[0]()

    def _somebody(self) -> str:
        """Give somebody, mostly one who has just got money."""
        who, life = self._random.choice(WHO), self._life
        if self._random.randrange(3):
            code = self._random.choice(("KWD", "USD"))
            life.send("bank", Mint(currency=code, to=life.account(who), units=self._random.randint(1, 20_000)))
        return who

    def _offer(self) -> None:
        ledger = self._life.ledger
        operation = PlaceLimitOffer(
            reference=self._random.choice(OFFER_REFERENCES),
            base=ledger.asset("KWD"),
            quote=ledger.asset(),
            side=self._random.randrange(2),
            price=self._random.choice(PRICES),
            units=self._random.choice([100, 333, 1_000, 4_000]),
            valid_until=ledger.time + self._random.choice([50, 5_000, 10**6]),
            validity=self._random.choice([1, 1, 1, 2, 3, 4]),
        )
        self._life.send(self._somebody(), operation)

    def _cancel(self) -> None:
        self._life.send(self._random.choice(WHO), CancelLimitOffer(offer=self._random.choice(OFFER_REFERENCES)))

    def _pay(self) -> None:
        life, chance = self._life, self._random
        monies = [life.ledger.asset("KWD"), life.ledger.asset()]
        chance.shuffle(monies)
        fields: dict[str, Any] = {
            "to": life.account(chance.choice(WHO)),
            "path": tuple(monies),
            "purpose": "GDDS",
            "end_to_end": "",
            "travel_reference": None,
        }
        units = chance.choice([1, 99, 1_000, 3_000])
        if chance.randrange(2):
            self._go(fields, units)
        elif chance.randrange(2):
            life.send(self._somebody(), PayStrictReceive(**fields, receive=units, send_at_most=10**5))
        else:
            life.send(self._somebody(), PayStrictSend(**fields, send=units, receive_at_least=1))

    def _go(self, fields: dict[str, Any], units: int) -> None:
        """Pay over a route: by the book, or by a card, which may be there and fit, or not."""
        life, chance = self._life, self._random
        names = list(cards_of(life.ledger.state, fields["path"][0], fields["path"][1]))
        fields["cards"] = (chance.choice([*names, None, name_of(life.account(chance.choice(WHO)), "usd")]),)
        if chance.randrange(2):
            life.send(self._somebody(), RouteStrictReceive(**fields, receive=units, send_at_most=10**5))
        else:
            life.send(self._somebody(), RouteStrictSend(**fields, send=units, receive_at_least=1))

    def _clear(self) -> None:
        life = self._life
        names = [name_of(life.account(who), reference) for who in WHO for reference in OFFER_REFERENCES]
        found = [name for name in names if OFFERS.find(life.ledger.state, name) is not None]
        if found:
            life.send(self._random.choice(WHO), ClearLimitOffers(offers=(self._random.choice(found),)))
