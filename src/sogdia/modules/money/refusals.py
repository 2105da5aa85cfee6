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
