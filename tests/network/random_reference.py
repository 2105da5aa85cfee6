"""Reports of rates, at random: reporters of two organisations, good rates and bad, taken back now and then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.kernel.values import account_of
from sogdia.modules.identity import Kind, Role
from sogdia.modules.identity.parties import RegisterParty
from sogdia.modules.reference.ratios import Ratio
from sogdia.modules.reference.reports import ReportRate, WithdrawReport
from sogdia.testing.ledger import keys_of

if TYPE_CHECKING:
    from tests.network.random_life import RandomLife

REPORTERS = ("reporter-1", "reporter-2", "reporter-3")
RATIOS = (Ratio(3_077, 1_000), Ratio(31, 10), Ratio(10, 31), Ratio(1, 3), Ratio(30, 1))


class RandomReference:
    """Those who report, all choices from the walk's own generator."""

    def __init__(self, life: RandomLife) -> None:
        """Act on the ledger of a walk."""
        self._life = life
        self._random = life.random

    def step(self) -> None:
        """Let one of them do something, once it is there."""
        life, who = self._life, self._random.choice(REPORTERS)
        if who not in life.ledger._registered:
            self._enter(who)
        elif self._random.randrange(8):
            pair = ["KWD", "USD"]
            self._random.shuffle(pair)
            as_of = life.ledger.time - self._random.choice([0, 0, 1, 300, 301])
            ratio = self._random.choice(RATIOS)
            life.send(who, ReportRate(base=pair[0], quote=pair[1], ratio=ratio, as_of=as_of))
        else:
            life.send(who, WithdrawReport(base="KWD", quote="USD"))

    def _enter(self, who: str) -> None:
        life = self._life
        entry = RegisterParty(
            reference=who,
            kind=int(Kind.PAYMENT_INSTITUTION),
            country="KE",
            roles=int(Role.RATE_REPORTER),
            sponsor=life.account("registrar"),
            scheme=1,
            public=keys_of(who).public,
        )
        if life.send("registrar", entry):
            life.ledger._registered[who] = account_of(life.ledger.network, life.account("registrar"), who)
