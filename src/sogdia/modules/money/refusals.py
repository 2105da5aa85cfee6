"""Why money refuses. Numbers 300 to 399, for ever."""

from __future__ import annotations

from sogdia.kernel.refusal import RefusalCode


class MoneyRefusal(RefusalCode):
    """Rules of currencies, balances and holds."""

    CURRENCY_UNKNOWN = 300, "This issuer issues no such currency", "Correct the currency or the issuer."
    CURRENCY_EXISTS = 301, "The sender issues this currency already", "Nothing to do."
    CURRENCY_CODE_UNKNOWN = 302, "This is not a current ISO 4217 code", "Use the three-letter code."
    SENDER_NOT_ISSUER = 303, "Only an issuer may do this", "Ask the issuer."
    SUPPLY_CAP_PASSED = 304, "More would exist than the issuer's cap allows", "Mint less, or raise the cap."
    HOLDER_CAP_PASSED = 305, "The holder would have more than the currency's cap allows", "Pay less, or ask the issuer."
    HOLDER_FROZEN = 306, "The issuer has frozen the payer's money", "Ask the issuer."
    HOLDER_NOT_FROZEN = 307, "The holder is not frozen", "Nothing to do."
    HOLDER_NOT_AUTHORISED = 308, "The issuer has not authorised the holder", "Ask the issuer to authorise the holder."
    HOLDER_ALREADY_AUTHORISED = 309, "The holder is authorised already", "Nothing to do."
    FUNDS_INSUFFICIENT = 310, "The payer has less available than is asked", "Pay less, or top up."
    PARTIES_IDENTICAL = 311, "Payer and payee are the same", "Name another payee."
    PAYEE_UNKNOWN = 312, "The payee is not a party of this network", "Correct the account."
    HOLD_UNKNOWN = 313, "There is no such hold by the sender or for it", "Correct the name; the hold may have ended."
    HOLD_EXISTS = 314, "The sender has used this reference for a hold already", "Choose another reference."
    SENDER_NOT_PAYEE = 315, "Only the payee of the hold may do this", "Ask the payee."
    CAPTURE_TOO_LARGE = 316, "More is asked than the hold sets aside", "Capture at most what is held."
    DEADLINE_PASSED = 317, "The deadline is not in the future", "Choose a later deadline."
    DEADLINE_TOO_FAR = 318, "The deadline is too far ahead", "Choose an earlier deadline."
    CAP_BELOW_SUPPLY = 319, "More exists already than the new cap allows", "Choose a higher cap."
    HOLDER_HAS_MONEY = 320, "The holder still has money", "Let the holder pay it out first."
    HOLDER_ALREADY_FROZEN = 321, "The holder is frozen already", "Nothing to do."
    TEXT_NOT_ALLOWED = (
        322,
        "The text holds characters that could deceive a reader",
        "Use plain text; the problem is named.",
    )
    PAYMENT_ABOVE_LIMIT = 323, "The asset's limits let this holder pay less at once", "Pay less, or show who you are."
    DAY_LIMIT_PASSED = 324, "The asset's limits let this holder pay less in a day", "Pay less, or another day."
    REFERENCE_MISSING = 325, "A payment of this size needs a travel-rule reference", "Give one with the payment."
    RESERVE_NOT_VOUCHED_FOR = 326, "Too few auditors vouch for the reserve now", "Ask the auditors for a new statement."
    RESERVE_PASSED = 327, "More would exist than the auditors vouch for", "Mint less, or have the reserve looked at."
    NOTHING_AVAILABLE = 328, "The holder has nothing available", "Try again when money has come in."
    FREEZE_RESTS = 329, "The issuer's freeze of this holder has run out", "Ask the panel, or wait until it may again."
    OVERSEERS_NEEDED = (
        330,
        "The policy needs a number of auditors or members of a panel that it does not name",
        "Name enough: of a panel at least two have to agree.",
    )
    OVERSEER_NAMED_TWICE = 331, "The policy names a party twice as an auditor, or on its panel", "Name each once."
    OVERSEER_DEPENDENT = (
        332,
        "An auditor or a member of the panel is not an organisation apart from the issuer",
        "Name organisations that the issuer has not entered itself.",
    )
    LIMITS_OUT_OF_ORDER = (
        333,
        "The limits do not rise with the tiers, or a payment may be more than a day",
        "Give none, or one for each of the four tiers.",
    )
    POLICY_BINDS_NOBODY = 334, "The policy says nothing", "Open the currency without a policy."
    CURRENCY_WITHOUT_POLICY = 335, "The currency has no policy", "A policy is given when a currency is opened."
    LIMITS_NARROWER = 336, "Limits can be widened, not narrowed", "Give each tier at least what it has."
    SENDER_NOT_AUDITOR = 337, "Only an auditor that the policy names may do this", "Ask the auditor."
    STATEMENT_NOT_IN_TIME = (
        338,
        "The statement is of the future, older than the last one, over already, or good for too long",
        "Correct when it is of, and until when it is good.",
    )
    ATTESTATION_NOT_USABLE = (
        339,
        "This is no valid attestation of who the sender is",
        "Name one that you have accepted and that has not expired.",
    )
    REDEMPTION_UNKNOWN = 340, "There is no such redemption by the sender or for it", "It may have ended."
    REDEMPTION_EXISTS = 341, "The sender has used this reference for a redemption already", "Choose another reference."
    PANEL_MISSING = 342, "The currency names no panel, so nobody can agree to this", "There is no way in this currency."
    MEASURE_EXISTS = 343, "The sender has used this reference for a measure already", "Choose another reference."
    MEASURE_UNKNOWN = 344, "There is no such measure that concerns the sender", "It may have ended."
    SENDER_NOT_ON_PANEL = 345, "Only a member of the panel may do this", "Ask the panel."
    APPROVED_ALREADY = 346, "The sender has agreed already", "Nothing to do."
    FROZEN_TOO_OFTEN = 347, "This freeze has been lifted and made again as often as may be", "Ask the panel, or wait."
