"""The part of the fixed script that plays what binds issuers: policies, reserves, redemptions, measures, freezes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import structs

from sogdia.kernel.values import name_of
from sogdia.modules.identity.attestations import AcceptAttestation, OfferAttestation
from sogdia.modules.money.currencies import FreezeHolder, Mint
from sogdia.modules.money.holds import PlaceHoldWithReference
from sogdia.modules.money.measures import ApproveMeasure, ProposeClawBack, ProposeLongerFreeze, WithdrawMeasure
from sogdia.modules.money.policies import OpenRegulatedCurrency, SetLimits, ShowStanding
from sogdia.modules.money.records import Policy, TierLimit
from sogdia.modules.money.redemptions import ConfirmRedemption, DeclineRedemption, RequestRedemption
from sogdia.modules.money.reserves import AttestReserve
from sogdia.modules.money.transfers import Transfer, TransferWithReference

if TYPE_CHECKING:
    from tests.golden.script import Script

DAY = 86_400
LIMITS = (TierLimit(100, 200), TierLimit(200, 500), TierLimit(1_000, 3_000), TierLimit(5_000, 20_000))


def issuers(script: Script) -> None:
    """Play a currency under a policy from its opening to a claw back and a freeze that runs out."""
    ledger, account = script.ledger, script.account
    pounds, nairobi, bukhara = ledger.asset("GBP"), account("nairobi"), account("bukhara")
    panel = tuple(account(each) for each in ("treasury", "carrier", "platform"))
    policy = Policy(auditors=(account("platform"),), auditors_needed=1, panel=panel, panel_needed=2, limits=LIMITS)
    opened = OpenRegulatedCurrency(
        currency="GBP", supply_max=10**9, holder_max=10**6, by_authorisation=False, policy=policy
    )
    mint = Mint(currency="GBP", to=nairobi, units=10_000)
    script.send("bank", structs.replace(opened, policy=structs.replace(policy, auditors=(account("bank"),))))
    script.send("bank", opened)
    script.send("bank", mint)
    vouch = AttestReserve(asset=pounds, units=10_000, as_of=ledger.time, valid_until=ledger.time + 90 * DAY)
    script.send("platform", vouch)
    script.send("bank", mint)
    script.send("bank", Mint(currency="GBP", to=nairobi, units=1))

    script.send("bank", SetLimits(currency="GBP", limits=(TierLimit(150, 300), *LIMITS[1:]), reference_from=50))
    script.send("bank", SetLimits(currency="GBP", limits=LIMITS, reference_from=50))
    seen = OfferAttestation(
        reference="who",
        subject=nairobi,
        attests=7,
        level=2,
        country="KE",
        expiry=ledger.time + 300 * DAY,
        accept_by=ledger.time + DAY,
        commitment=bytes(32),
        tag=b"\x11" * 32,
    )
    name = name_of(account("registrar"), "who")
    plain = Transfer(to=bukhara, asset=pounds, units=150, purpose="GDDS", end_to_end="Invoice 18")
    hold: dict[str, Any] = {"payee": bukhara, "asset": pounds, "deadline": ledger.time + DAY, "purpose": "GDDS"}
    script.send("nairobi", plain)
    script.send("nairobi", TransferWithReference(**structs.asdict(plain), travel_reference=b"\x12" * 32))
    script.send("nairobi", PlaceHoldWithReference(reference="p1", units=151, **hold, travel_reference=b"\x13" * 32))
    script.send("registrar", seen)
    script.send("nairobi", AcceptAttestation(attestation=name), ShowStanding(attestation=name))
    script.send("nairobi", PlaceHoldWithReference(reference="p1", units=151, **hold, travel_reference=b"\x13" * 32))

    asks = [RequestRedemption(reference=f"r{n}", asset=pounds, units=n, payout=f"RF{n}") for n in (1, 2, 3)]
    script.send("nairobi", *asks)
    script.send("bank", ConfirmRedemption(redemption=name_of(nairobi, "r1")))
    script.send("bank", DeclineRedemption(redemption=name_of(nairobi, "r2"), reason="Payout reference unknown"))

    about: dict[str, Any] = {"currency": "GBP", "account": nairobi, "court_order": b"\x14" * 32, "reason": "Order 7"}
    taking = ProposeClawBack(reference="m1", units=500, to=bukhara, **about)
    script.send("bank", FreezeHolder(currency="GBP", account=nairobi, reason="Order 7"))
    script.send("bank", taking, structs.replace(taking, reference="m2"), structs.replace(taking, reference="m3"))
    script.send("bank", ProposeLongerFreeze(reference="f1", **about), WithdrawMeasure(measure="m2"))
    for reference in ("m1", "f1"):
        for member in ("treasury", "carrier"):
            script.send(member, ApproveMeasure(measure=name_of(account("bank"), reference)))
    script.send("treasury", ApproveMeasure(measure=name_of(account("bank"), "m3")))
    script.wait(6 * DAY)
    script.wait(10 * DAY)
    script.wait(20 * DAY)
