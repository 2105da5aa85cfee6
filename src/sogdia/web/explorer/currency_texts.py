"""The words of a currency's page."""

from __future__ import annotations

from typing import Final

CURRENCY: Final = {
    "currency.above": "Currency",
    "currency.lead": "What its issuer has bound itself to, so that holders can rely on it, and what came of it.",
    "currency.holder_most": "Most that one holder may have",
    "currency.listed": "Only for holders on the issuer’s list",
    "currency.panel": "Takes money back, or freezes longer, only with",
    "currency.reference_from": "Travel-rule reference from",
    "currency.proof.conduct": "Proof of statements and redemptions",
    "currency.needed": "{needed} of",
    "currency.reserves": "Reserve",
    "currency.vouched": "vouched for",
    "currency.not_vouched": "not vouched for",
    "currency.vouched_for": "Enough auditors vouch for {units} now. Auditors:",
    "currency.nothing_vouched": "Too few statements are good now, so nothing more can be issued. Auditors:",
    "currency.auditor": "Auditor",
    "currency.reserve": "In the reserve",
    "currency.as_of": "As of",
    "currency.valid_until": "Good until",
    "currency.no_statement": "No auditor has stated anything yet.",
    "currency.limits": "Limits",
    "currency.no_limits": "Nobody is limited in what it pays.",
    "currency.tier": "Holder",
    "currency.tier.0": "has not shown who it is",
    "currency.tier.1": "known with low assurance",
    "currency.tier.2": "known with substantial assurance",
    "currency.tier.3": "known with high assurance",
    "currency.payment_most": "At once",
    "currency.day_most": "A day",
    "currency.redemptions": "Redemption: what holders asked for outside the ledger",
    "currency.redemption": "Requests",
    "currency.times": "How often",
    "currency.units": "How much",
    "currency.redeemed.asked": "made",
    "currency.redeemed.paid": "paid",
    "currency.redeemed.declined": "declined, the money stayed the holder’s",
    "currency.redeemed.missed": "not answered in time",
}
