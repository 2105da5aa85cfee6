"""Random reports, withdrawals, suspensions and time, against a few lines with fractions that know nothing of records.

The model keeps every report that was ever made and looks through all of them each time. After each step both say the
same of the pair: its median, its state, who counts, until when it holds; a walk that fails prints its seed.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pytest

from sogdia.kernel.quota import QUOTAS
from sogdia.modules.identity.parties import ChangeSponsor, ReinstateParty, SuspendParty
from sogdia.modules.reference.records import RATES, RateState
from sogdia.modules.reference.reports import REPORT_BYTES, ReportRate, WithdrawReport
from tests import rotation as chosen
from tests.modules.reference.desk import DINARS, HOUR, ORGANISATIONS, enter, open_desk, ratio, state
from tests.modules.reference.test_hours import is_open_by_the_calendar

STEPS = 70
WALKS = 4
WALKS_IN_A_FULL_RUN = 200
AGE, COOL_DOWN, JUMP = 6 * HOUR, HOUR, Fraction(5, 100)
RATES_TOLD = ("3", "3.01", "3.1", "3.14", "10/3", "3.3", "2.9", "30", "0.3")
DESKS = ("desk-1", "desk-2", "desk-3", "desk-4")


@dataclass
class Said:
    """A report as the model keeps it."""

    organisation: str
    who: str
    rate: Fraction
    as_of: int
    dropped: bool = False


class Plain:
    """The model: all reports, who may speak for whom, and the last median."""

    def __init__(self, needed: int) -> None:
        """Begin with nothing."""
        self.needed = needed
        self.said: list[Said] = []
        self.sponsor = {name: name for name in ORGANISATIONS}
        self.suspended: set[str] = set()
        self.median: Fraction | None = None
        self.opens_at = 0

    def age(self, begin: int, end: int) -> int:
        """For how many hours the market was open between two full hours."""
        return sum(is_open_by_the_calendar(at) for at in range(begin, end, HOUR))

    def is_fresh(self, each: Said, now: int) -> bool:
        """Whether a report is fresh; all times here are full hours."""
        return self.age(each.as_of, now) * HOUR <= AGE

    def heard(self, now: int) -> list[Said]:
        """The reports that count when something is reported or taken back."""
        return [
            each
            for each in self.said
            if not each.dropped
            and self.is_fresh(each, now)
            and each.who not in self.suspended
            and self.sponsor[each.who] == each.organisation
        ]

    def settle(self, now: int) -> None:
        """Work the median out anew, and forget who does not count."""
        heard = self.heard(now)
        for each in self.said:
            each.dropped = each.dropped or each not in heard
        if not heard:
            self.median, self.opens_at = None, 0
        if len(heard) < self.needed or not heard:
            return
        median = sorted(each.rate for each in heard)[(len(heard) - 1) // 2]
        last = self.median
        if last is not None and min(median, last) < max(median, last) * (1 - JUMP):
            self.opens_at = now + COOL_DOWN
        self.median = median

    def state(self, now: int) -> RateState:
        """How the pair stands."""
        counted = [each for each in self.said if not each.dropped]
        if self.median is None:
            return RateState.NONE
        if now < self.opens_at:
            return RateState.HALT
        fresh = sum(self.is_fresh(each, now) for each in counted)
        return RateState.OK if fresh >= self.needed else RateState.STALE


class Walk:
    """The ledger and the model, side by side."""

    def __init__(self, seed: int) -> None:
        """Open the desk; two organisations have to report, or three."""
        self.chance = random.Random(seed)
        needed = self.chance.choice((1, 2, 3))
        self.ledger = open_desk(organisations_min=needed, age_max=AGE, cool_down=COOL_DOWN)
        self.model = Plain(needed)
        self.ledger.time += HOUR - self.ledger.time % HOUR
        for number, desk in enumerate(DESKS):
            organisation = ORGANISATIONS[number % 2]
            enter(self.ledger, desk, organisation)
            self.model.sponsor[desk] = organisation
        self.stored = {name: self._stored(name) for name in ORGANISATIONS}
        self.seen: set[RateState] = set()

    def _stored(self, organisation: str) -> int:
        return QUOTAS.must(self.ledger.state, self.ledger.account(organisation)).stored_bytes

    def step(self) -> None:
        """Let something happen, and compare."""
        deeds = {self._report: 8, self._withdraw: 1, self._suspend: 1, self._move: 1, self._wait: 4}
        self.chance.choices(list(deeds), weights=list(deeds.values()))[0]()
        self._compare()

    def _report(self) -> None:
        who, now, model = self.chance.choice([*ORGANISATIONS, *DESKS]), self.ledger.time, self.model
        rate, turned = Fraction(self.chance.choice(RATES_TOLD)), self.chance.randrange(2)
        fields: dict[str, Any] = {"base": "KWD", "quote": "USD", "ratio": ratio(str(rate)), "as_of": now}
        if turned:
            fields |= {"base": "USD", "quote": "KWD", "ratio": ratio(str(1 / rate))}
        (answer,) = self.ledger.block(self.ledger.sign(who, ReportRate(**fields)))
        organisation = model.sponsor[who]
        own = [each for each in model.said if each.organisation == organisation and not each.dropped]
        allowed = who not in model.suspended and is_open_by_the_calendar(now) and all(each.as_of < now for each in own)
        assert (answer.code == 0) == allowed
        if allowed:
            for each in own:
                each.dropped = True
            model.said.append(Said(organisation, who, rate, now))
            model.settle(now)

    def _withdraw(self) -> None:
        who, model = self.chance.choice([*ORGANISATIONS, *DESKS]), self.model
        code = self.ledger.send(who, WithdrawReport(base="KWD", quote="USD")).code
        own = [each for each in model.said if not each.dropped and who in (each.who, each.organisation)]
        assert (code == 0) == bool(own)
        if own:
            for each in own:
                each.dropped = True
            model.settle(self.ledger.time)

    def _suspend(self) -> None:
        who = self.chance.choice(DESKS)
        account = self.ledger.account(who)
        if who in self.model.suspended:
            self.ledger.must("registrar", ReinstateParty(account=account))
            self.model.suspended.discard(who)
        else:
            self.ledger.must("registrar", SuspendParty(account=account, reason="Keys were stolen"))
            self.model.suspended.add(who)

    def _move(self) -> None:
        who, organisation = self.chance.choice(DESKS), self.chance.choice(ORGANISATIONS)
        if who in self.model.suspended:
            return
        self.ledger.must((who, organisation), ChangeSponsor(sponsor=self.ledger.account(organisation)))
        self.model.sponsor[who] = organisation

    def _wait(self) -> None:
        self.ledger.time += HOUR * self.chance.choice([1, 1, 1, 3, 7, 24, 60])

    def _compare(self) -> None:
        ledger, model = self.ledger, self.model
        known = RATES.find(ledger.state, DINARS)
        counted = [each for each in model.said if not each.dropped]
        assert state(ledger) == model.state(ledger.time)
        self.seen.add(model.state(ledger.time))
        if known is None:
            assert counted == []
            return
        median = None if known.median is None else Fraction(known.median.quote, known.median.base)
        assert (median, known.opens_at) == (model.median, model.opens_at)
        assert {each.organisation for each in known.reports} == {ledger.account(each.organisation) for each in counted}
        moved = [name for name in self.model.sponsor if name in DESKS]
        for organisation in ORGANISATIONS:
            reports = sum(each.organisation == organisation for each in counted)
            parties = sum(self.model.sponsor[desk] == organisation for desk in moved)
            begun = sum(ORGANISATIONS[number % 2] == organisation for number in range(len(DESKS)))
            wanted = self.stored[organisation] + reports * REPORT_BYTES + (parties - begun) * 1_000
            assert self._stored(organisation) == wanted


def walked(seed: int) -> set[RateState]:
    """Go a whole way; give the states that were seen."""
    walk = Walk(seed)
    for _ in range(STEPS):
        walk.step()
    return walk.seen


@pytest.mark.parametrize("number", range(WALKS_IN_A_FULL_RUN if chosen.full() else WALKS))
def test_the_ledger_says_what_the_model_says(number):
    walked(chosen.seed() + number)


def test_walks_see_every_state():
    assert set.union(*(walked(seed) for seed in range(6))) == set(RateState)
