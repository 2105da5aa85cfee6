"""A currency under a policy on a test ledger: the bank's pounds, with an auditor, a panel of three, limits by tier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import structs

from sogdia.kernel.values import name_of
from sogdia.modules.identity import AttestationType
from sogdia.modules.identity.attestations import AcceptAttestation, OfferAttestation
from sogdia.modules.money.currencies import Mint
from sogdia.modules.money.issuer_records import CONDUCT, FREEZES, MEASURES, REDEMPTIONS, SPENDING, Conduct
from sogdia.modules.money.measures import ApproveMeasure, ProposeClawBack, ProposeLongerFreeze
from sogdia.modules.money.policies import OpenRegulatedCurrency, ShowStanding
from sogdia.modules.money.records import CURRENCIES, Policy, TierLimit
from sogdia.modules.money.redemptions import RequestRedemption
from sogdia.modules.money.reserves import AttestReserve
from tests.modules.money.purse import DAY, LARGEST, PAYEE, PAYER
from tests.refused import poke

if TYPE_CHECKING:
    from collections.abc import Callable

    from sogdia.kernel.receipt import Receipt
    from sogdia.modules.money import Asset
    from sogdia.modules.money.issuer_records import Freeze, Measure, Redemption, Spending
    from sogdia.testing.ledger import Ledger

AUDITOR = "platform"
SECOND = "carrier"
PANEL = ("treasury", "carrier", "platform")
ORDER = bytes(range(32))
"""What stands for a court's order on the ledger."""

LIMITS = (TierLimit(100, 150), TierLimit(200, 500), TierLimit(1_000, 3_000), TierLimit(5_000, 20_000))
TERM, REST = 30 * DAY, 90 * DAY


def policy(ledger: Ledger, **changes: Any) -> Policy:  # noqa: ANN401 - any field
    """The pounds' policy, with other fields."""
    fields: dict[str, Any] = {
        "auditors": (ledger.account(AUDITOR),),
        "auditors_needed": 1,
        "panel": tuple(ledger.account(each) for each in PANEL),
        "panel_needed": 2,
    }
    return Policy(**(fields | changes))


def opening(ledger: Ledger, code: str = "GBP", **changes: Any) -> OpenRegulatedCurrency:  # noqa: ANN401 - any field of the policy
    """Ask to issue under a policy."""
    return OpenRegulatedCurrency(
        currency=code,
        supply_max=LARGEST,
        holder_max=LARGEST,
        by_authorisation=False,
        policy=policy(ledger, **changes),
    )


def open_pounds(ledger: Ledger, reserve: int = 10_000, **changes: Any) -> Ledger:  # noqa: ANN401 - any field of the policy
    """Let the bank issue pounds under a policy, and the auditor vouch for a reserve."""
    ledger.must("bank", opening(ledger, **changes))
    ledger.must(AUDITOR, statement(ledger, reserve))
    return ledger


def statement(ledger: Ledger, units: int, **changes: int) -> AttestReserve:
    """Vouch for a reserve as of now, for a month."""
    times = {"as_of": ledger.time, "valid_until": ledger.time + 30 * DAY}
    return AttestReserve(asset=pounds(ledger), units=units, **(times | changes))


def pounds(ledger: Ledger) -> Asset:
    """The bank's pounds."""
    return ledger.asset("GBP")


def minting(ledger: Ledger, units: int, who: str = PAYER) -> Mint:
    """Ask for pounds."""
    return Mint(currency="GBP", to=ledger.account(who), units=units)


def impose(code: str = "USD", **fields: Any) -> Callable[[Ledger], None]:  # noqa: ANN401 - any field of a policy
    """Put a currency under a policy past all rules, so that what others do with it can be looked at."""

    def put(ledger: Ledger) -> None:
        known = CURRENCIES.must(ledger.state, ledger.asset(code))
        poke(ledger, CURRENCIES, ledger.asset(code), structs.replace(known, policy=Policy(**fields)))

    return put


def in_order(*steps: Callable[[Ledger], object]) -> Callable[[Ledger], None]:
    """Do one thing after another."""

    def do(ledger: Ledger) -> None:
        for step in steps:
            step(ledger)

    return do


def at_most(payment: int, day: int | None = None) -> tuple[TierLimit, ...]:
    """The same limit for everybody."""
    return (TierLimit(payment, payment if day is None else day),) * 4


def claw_back(ledger: Ledger, units: int, reference: str = "m1", **changes: Any) -> ProposeClawBack:  # noqa: ANN401 - any field
    """Ask the panel that Nairobi's pounds go to Bukhara."""
    fields: dict[str, Any] = {
        "currency": "GBP",
        "account": ledger.account(PAYER),
        "to": ledger.account(PAYEE),
        "court_order": ORDER,
        "reason": "Restitution, section 17",
    }
    return ProposeClawBack(reference=reference, units=units, **(fields | changes))


def longer(ledger: Ledger, reference: str = "f1", **changes: Any) -> ProposeLongerFreeze:  # noqa: ANN401 - any field
    """Ask the panel that Nairobi stays frozen."""
    fields: dict[str, Any] = {
        "currency": "GBP",
        "account": ledger.account(PAYER),
        "court_order": ORDER,
        "reason": "Court order 7/2026",
    }
    return ProposeLongerFreeze(reference=reference, **(fields | changes))


def measure_name(ledger: Ledger, reference: str = "m1") -> bytes:
    """The name of a measure of the bank's."""
    return name_of(ledger.account("bank"), reference)


def agree(ledger: Ledger, who: str, reference: str = "m1") -> Receipt:
    """Let a member of the panel agree to a measure; give what comes of it."""
    return ledger.send(who, ApproveMeasure(measure=measure_name(ledger, reference)))


def measure(ledger: Ledger, reference: str = "m1") -> Measure | None:
    """A measure that waits, or nothing."""
    return MEASURES.find(ledger.state, measure_name(ledger, reference))


def redeeming(ledger: Ledger, units: int, reference: str = "r1", **changes: Any) -> RequestRedemption:  # noqa: ANN401 - any field
    """Ask the bank to pay out pounds."""
    fields: dict[str, Any] = {"asset": pounds(ledger), "payout": "RF18 5390 0754 7034"}
    return RequestRedemption(reference=reference, units=units, **(fields | changes))


def redemption_name(ledger: Ledger, reference: str = "r1") -> bytes:
    """The name of a redemption that Nairobi asks for."""
    return name_of(ledger.account(PAYER), reference)


def redemption(ledger: Ledger, reference: str = "r1") -> Redemption | None:
    """A redemption that waits, or nothing."""
    return REDEMPTIONS.find(ledger.state, redemption_name(ledger, reference))


def conduct(ledger: Ledger) -> Conduct:
    """What the bank is measured by in pounds."""
    return CONDUCT.must(ledger.state, pounds(ledger))


def policy_of(ledger: Ledger, code: str = "GBP") -> Policy:
    """A currency's policy, which there has to be."""
    found = CURRENCIES.must(ledger.state, ledger.asset(code)).policy
    assert found is not None, "the currency has no policy"
    return found


def freeze_of(ledger: Ledger, who: str = PAYER, code: str = "USD") -> Freeze | None:
    """A freeze that holds or rests, or nothing."""
    return FREEZES.find(ledger.state, (ledger.account(who), ledger.asset(code)))


def is_over(ledger: Ledger, code: str = "USD") -> bool:
    """Whether Nairobi's freeze rests."""
    return FREEZES.must(ledger.state, (ledger.account(PAYER), ledger.asset(code))).over


def spent_by(ledger: Ledger, who: str = PAYER, code: str = "USD") -> int:
    """What somebody has spent under limits, on the last day on which it has."""
    return SPENDING.must(ledger.state, (ledger.account(who), ledger.asset(code))).units


def spending(ledger: Ledger, who: str = PAYER, code: str = "USD") -> Spending | None:
    """What somebody has spent under limits."""
    return SPENDING.find(ledger.state, (ledger.account(who), ledger.asset(code)))


def attest(  # noqa: PLR0913 - who attests what of whom
    ledger: Ledger,
    level: int,
    who: str = PAYER,
    *,
    kind: int = int(AttestationType.IDENTITY),
    reference: str = "a1",
    days: int = 365,
) -> bytes:
    """Let the registrar attest who somebody is, and the party accept it; give the attestation's name."""
    offer = OfferAttestation(
        reference=reference,
        subject=ledger.account(who),
        attests=kind,
        level=level,
        country="KE",
        expiry=ledger.time + days * DAY,
        accept_by=ledger.time + DAY,
        commitment=bytes(32),
        tag=reference.encode().rjust(32, b"t"),
    )
    ledger.must("registrar", offer)
    name = name_of(ledger.account("registrar"), reference)
    ledger.must(who, AcceptAttestation(attestation=name))
    return name


def show(ledger: Ledger, level: int, who: str = PAYER, **attested: Any) -> bytes:  # noqa: ANN401 - as in `attest`
    """Let somebody be known by an attestation."""
    name = attest(ledger, level, who, **attested)
    ledger.must(who, ShowStanding(attestation=name))
    return name
