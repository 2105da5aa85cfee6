"""A desk on a test ledger: organisations that report what a dinar costs, each by a party of its own."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import msgspec

from sogdia.kernel.values import account_of
from sogdia.modules.identity import Kind, Role
from sogdia.modules.identity.parties import RegisterParty
from sogdia.modules.reference.guard import rate_in_force
from sogdia.modules.reference.queries import ReferenceAnswer, ReferenceRateQuery
from sogdia.modules.reference.ratios import Ratio
from sogdia.modules.reference.records import RATES, Currencies, RateState, ReferenceRate, Report, state_of
from sogdia.modules.reference.reports import ReportRate, WithdrawReport
from sogdia.testing.ledger import Ledger, genesis, keys_of
from tests.refused import poke

if TYPE_CHECKING:
    from sogdia.kernel.receipt import Receipt

ORGANISATIONS = ("almaty", "dushanbe", "karachi", "muscat", "osh")
"""Organisations with a quota of their own; each has the role itself."""

MINUTE, HOUR, DAY = 60, 3_600, 86_400
DINARS = Currencies("KWD", "USD")


def open_desk(**rules: Any) -> Ledger:  # noqa: ANN401 - any rule of genesis
    """Begin a network with five organisations; three have to report."""
    identity = msgspec.to_builtins(genesis().identity)
    organisations = [
        {
            "reference": name,
            "kind": int(Kind.PAYMENT_INSTITUTION),
            "country": "KZ",
            "public": keys_of(name).public.hex(),
            "roles": ["rate_reporter"],
            "quota": {},
        }
        for name in ORGANISATIONS
    ]
    return Ledger(identity=identity | {"parties": [*identity["parties"], *organisations]}, reference=rules)


def enter(ledger: Ledger, name: str, organisation: str, roles: int = int(Role.RATE_REPORTER)) -> str:
    """Enter one more party of an organisation."""
    entry = RegisterParty(
        reference=name,
        kind=int(Kind.ENTERPRISE),
        country="KZ",
        roles=roles,
        sponsor=ledger.account(organisation),
        scheme=1,
        public=keys_of(name).public,
    )
    ledger.must(("registrar", organisation), entry)
    ledger._registered[name] = account_of(ledger.network, ledger.account("registrar"), name)
    return name


def ratio(text: str | int) -> Ratio:
    """Read a rate: cents for one fils."""
    exact = Fraction(text)
    return Ratio(quote=exact.numerator, base=exact.denominator)


def reporting(ledger: Ledger, text: str | int, **changes: Any) -> ReportRate:  # noqa: ANN401 - any field
    """A report of what a dinar costs now."""
    fields: dict[str, Any] = {"base": "KWD", "quote": "USD", "ratio": ratio(text), "as_of": ledger.time}
    return ReportRate(**(fields | changes))


def report(ledger: Ledger, who: str, text: str | int, **changes: Any) -> Receipt:  # noqa: ANN401 - any field
    """Let somebody report what a dinar costs."""
    return ledger.must(who, reporting(ledger, text, **changes))


def agree(ledger: Ledger, text: str | int, who: tuple[str, ...] = ORGANISATIONS[:3]) -> Ledger:
    """Let organisations report one and the same rate."""
    for name in who:
        report(ledger, name, text)
    return ledger


def put_in_force(ledger: Ledger, text: str | int, *, fresh_for: int = DAY, opens_at: int = 0) -> None:
    """Let three organisations have reported what a dinar costs, on any ledger, past all rules."""
    until = ledger.time + fresh_for
    reports = tuple(Report(bytes([number]) * 20, bytes(20), ratio(text), ledger.time, until) for number in range(3))
    rate = ReferenceRate(reports=reports, median=ratio(text), fresh_until=until, opens_at=opens_at)
    poke(ledger, RATES, DINARS, rate)


def withdraw(ledger: Ledger, who: str) -> Receipt:
    """Let somebody take its report back."""
    return ledger.must(who, WithdrawReport(base="USD", quote="KWD"))


def known(ledger: Ledger) -> ReferenceRate:
    """The record of the pair."""
    return RATES.must(ledger.state, DINARS)


def state(ledger: Ledger) -> RateState:
    """How the pair stands now."""
    return state_of(RATES.find(ledger.state, DINARS), ledger.time)


def in_force(ledger: Ledger) -> Ratio | None:
    """The reference rate of a dinar, if one is in force."""
    return rate_in_force(ledger.state, "KWD", "USD", ledger.time)


def asked(ledger: Ledger, base: str = "KWD", quote: str = "USD") -> ReferenceAnswer:
    """What the query answers, for now."""
    answer = ReferenceRateQuery(base=base, quote=quote, at=ledger.time).answer(ledger.state)
    assert answer is not None, "nobody reports this pair"
    return answer
