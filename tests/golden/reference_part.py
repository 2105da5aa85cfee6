"""The part of the fixed script that plays reference rates: three organisations report, a median jumps, fingers slip."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sogdia.kernel.values import account_of
from sogdia.modules.book.offers import PlaceLimitOffer
from sogdia.modules.book.prices import Price
from sogdia.modules.exchange.cards import ChangeCard, PostCard
from sogdia.modules.exchange.records import Rate, RateTerms
from sogdia.modules.exchange.records import Tier as RateTier
from sogdia.modules.governance.proposing import ProposeQuota
from sogdia.modules.identity import Role
from sogdia.modules.identity.parties import RegisterParty
from sogdia.modules.reference.hours import opening
from sogdia.modules.reference.ratios import Ratio
from sogdia.modules.reference.records import RULES
from sogdia.modules.reference.reports import ReportRate, WithdrawReport
from sogdia.testing.ledger import keys_of

if TYPE_CHECKING:
    from tests.golden.script import Script

REPORTERS = {"teller": "registrar", "reporter": "treasury", "dealing": "carrier"}
"""Who reports, and for which organisation."""

QUOTA: dict[str, Any] = {"operations": 1_000, "bytes": 10**6, "reserved_operations": 100, "stored_bytes": 10**6}


def reference(script: Script) -> None:
    """Let three organisations report dinars and dollars; hold cards and offers against that; let the median jump."""
    ledger, account = script.ledger, script.account
    script.wait(opening(RULES.must(ledger.state, None).hours, ledger.time) - ledger.time)
    for organisation in ("treasury", "carrier"):
        asked = ProposeQuota(reference=f"for-{organisation}", height=0, account=account(organisation), **QUOTA)
        script.send("registrar", asked)
    for name, organisation in REPORTERS.items():
        entry = RegisterParty(
            reference=name,
            kind=3,
            country="KZ",
            roles=int(Role.RATE_REPORTER),
            sponsor=account(organisation),
            scheme=1,
            public=keys_of(name).public,
        )
        script.send("registrar" if organisation == "registrar" else ("registrar", organisation), entry)
        ledger._registered[name] = account_of(ledger.network, account("registrar"), name)

    def report(who: str, ratio: Ratio, as_of: int = 0) -> None:
        moment = ledger.time + as_of
        script.send(who, ReportRate(base="KWD", quote="USD", ratio=ratio, as_of=moment))

    def offer(name: str, price: Price, **changes: Any) -> PlaceLimitOffer:  # noqa: ANN401
        fields: dict[str, Any] = {"valid_until": ledger.time + 60, "validity": 1, "side": 1, "units": 1_000}
        monies: dict[str, Any] = {"base": ledger.asset("KWD"), "quote": ledger.asset()}
        return PlaceLimitOffer(reference=name, **monies, price=price, **(fields | changes))

    def rates(taken: int, given: int) -> RateTerms:
        tiers = (RateTier(100, Rate(taken, given)),)
        return RateTerms(tiers=tiers, most=1_000, premiums=(), valid_until=ledger.time + 600)

    report("teller", Ratio(13, 4))
    report("reporter", Ratio(1_625, 501))
    script.send("dealing", ReportRate(base="USD", quote="KWD", ratio=Ratio(3_077, 10_000), as_of=ledger.time))
    report("dealing", Ratio(13, 4), -400)
    monies: dict[str, Any] = {"takes": ledger.asset("KWD"), "gives": ledger.asset(), "capacity": 1_000}
    script.send("nairobi", offer("slip", Price(325, 1)))
    script.send("nairobi", offer("meant", Price(325, 1), despite_reference=True))
    script.send("dealer", PostCard(reference="slip", **monies, rates=rates(3_077, 100_000)))
    script.send("dealer", PostCard(reference="good", **monies, rates=rates(3_077, 10_000)))
    script.send("dealer", ChangeCard(card="good", rates=rates(3_077, 1_000_000)))
    script.send("dealer", ChangeCard(card="good", rates=rates(3_077, 1_000_000), despite_reference=True))
    report("teller", Ratio(4, 1))
    report("reporter", Ratio(4, 1))
    script.send("nairobi", offer("halted", Price(325, 1)))
    script.send("treasury", WithdrawReport(base="KWD", quote="USD"))
    script.wait(7 * 86_400)
    script.send("dealing", WithdrawReport(base="USD", quote="KWD"))
    script.send("dealing", WithdrawReport(base="USD", quote="KWD"))
