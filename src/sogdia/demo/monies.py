"""The story's two monies: what binds their issuers from the start, and how they come to be minted.

The genesis gives both a policy: an auditor vouches for the reserve, there is no panel, so nothing is ever clawed back,
and a holder pays as much as it is known. The auditor's word is given on the ledger, before anything is minted.
"""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any, Final

from sogdia.kernel.parameters import DAY
from sogdia.kernel.refusal import explain
from sogdia.kernel.values import name_of
from sogdia.modules.identity import AssuranceLevel, AttestationType
from sogdia.modules.identity.attestations import AcceptAttestation, OfferAttestation
from sogdia.modules.money.currencies import Mint
from sogdia.modules.money.issuer_queries import IssuanceQuery
from sogdia.modules.money.policies import ShowStanding
from sogdia.modules.money.refusals import MoneyRefusal
from sogdia.modules.money.reserves import AttestReserve

if TYPE_CHECKING:
    from sogdia.demo.story import Story
    from sogdia.modules.money import Asset

SAVINGS: Final = 10_000_000
DEALERS_DOLLARS: Final = 500_000
RESERVES: Final = {"KES": 15_000_000, "USD": 800_000}
"""What the auditor finds in reserve, in cents."""

SEEN_SECONDS_AGO: Final = 60
"""The reserve was looked at a minute ago: a network's time is a little behind the clock on the wall."""

GOOD_FOR: Final = 30 * DAY
ATTESTATION: Final = "dealer-1"

_DOLLAR_LIMITS: Final = ((100_000, 200_000), (500_000, 1_000_000), (5_000_000, 10_000_000), (10**9, 10**10))
_SHILLINGS_A_DOLLAR: Final = 100
"""For limits, in which round figures are wanted."""


def currencies(issuers: dict[str, str], auditor: str) -> list[dict[str, Any]]:
    """Give the two currencies of a genesis; `issuers` says who issues which, by references."""
    times = {"USD": 1, "KES": _SHILLINGS_A_DOLLAR}
    return [
        {
            "currency": currency,
            "issuer": issuer,
            "policy": {
                "auditors": [auditor],
                "limits": [[units * times[currency] for units in tier] for tier in _DOLLAR_LIMITS],
            },
        }
        for currency, issuer in issuers.items()
    ]


def most_of(currency: str, tier: int) -> int:
    """Give what a holder of a tier pays or sets aside at once, at most."""
    return _DOLLAR_LIMITS[tier][0] * (_SHILLINGS_A_DOLLAR if currency == "KES" else 1)


def money(units: int, currency: str = "USD") -> str:
    """Write an amount of one of the story's currencies, which both have a hundred cents."""
    return f"{units // 100:,}.{units % 100:02d} {currency}"


def issue(story: Story) -> None:
    """Let the auditor vouch for both reserves, and mint what the story needs against that."""
    to_nairobi = Mint(currency="KES", to=story.stage.account("nairobi"), units=SAVINGS)
    refused = story.attempt("pesa", to_nairobi)
    story.expect(refused.code == MoneyRefusal.RESERVE_NOT_VOUCHED_FOR, "money was minted against nothing")
    story.say("A bank in Nairobi would issue shillings against a deposit. Before anybody has looked at its reserve the")
    story.say(f"    ledger says no: {explain(MoneyRefusal.RESERVE_NOT_VOUCHED_FOR, ())}")
    for asset in (story.shillings, story.asset):
        seen = int(time.time()) - SEEN_SECONDS_AGO
        units = RESERVES[asset.currency]
        story.do("auditor", AttestReserve(asset=asset, units=units, as_of=seen, valid_until=seen + GOOD_FOR))
    reserves = " and ".join(money(units, currency) for currency, units in RESERVES.items())
    story.say(f"An auditor vouches for {reserves} in reserve, for thirty days.")
    story.do("pesa", to_nairobi)
    story.say(f"Now the bank issues {money(SAVINGS, 'KES')} to a buyer, against her deposit;")
    story.do("bank", Mint(currency="USD", to=story.stage.account("dealer"), units=DEALERS_DOLLARS))
    story.say(f"    one in Almaty issues {money(DEALERS_DOLLARS)} to a dealer in Mombasa.")


def make_known(story: Story) -> None:
    """Let the registrar attest who the dealer is, and the dealer accept it and be known by it."""
    now = int(time.time())
    offer = OfferAttestation(
        reference=ATTESTATION,
        subject=story.stage.account("dealer"),
        attests=AttestationType.LEI,
        level=AssuranceLevel.HIGH,
        country="KE",
        expiry=now + GOOD_FOR,
        accept_by=now + DAY,
        commitment=secrets.token_bytes(32),
        tag=secrets.token_bytes(32),
    )
    story.do("registrar", offer)
    name = name_of(story.stage.account("registrar"), ATTESTATION)
    story.do("dealer", AcceptAttestation(attestation=name))
    story.do("dealer", ShowStanding(attestation=name))


def look_at_the_issuers(story: Story) -> None:
    """Look that no more exists of either money than is vouched for, and that no holder was taken anything."""
    for asset in (story.shillings, story.asset):
        supply, vouched = issuance(story, asset)
        story.expect(0 < supply <= vouched == RESERVES[asset.currency], f"{supply} {asset.currency} exist")


def issuance(story: Story, asset: Asset) -> tuple[int, int]:
    """Give how much of a money exists, and for how much auditors vouch now."""
    asked = IssuanceQuery(currency=asset.currency, issuer=asset.issuer, at=int(time.time()))
    _height, answer = story.connection.query(asked)
    return answer["supply"], answer["vouched_for"] or 0
