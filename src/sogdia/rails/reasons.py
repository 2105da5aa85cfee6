"""Why a payment is refused, in the codes that banks use: ISO 20022, external code set ExternalStatusReason1Code.

Every rule of the ledger that can stand against a payment has its code here. One that has none is told as NARR, which
means "see the sentence"; the sentence is always there.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from sogdia.client.declared import refusal_codes
from sogdia.kernel.refusals import KernelRefusal
from sogdia.modules.money.refusals import MoneyRefusal

if TYPE_CHECKING:
    from collections.abc import Mapping

SENTENCE_MAX: Final = 105
"""How long one line of AdditionalInformation may be (Max105Text)."""


class Reason(StrEnum):
    """A reason code with the name that ISO gives it."""

    AC02 = "AC02", "InvalidDebtorAccountNumber"
    AC03 = "AC03", "InvalidCreditorAccountNumber"
    AC06 = "AC06", "BlockedAccount"
    AC10 = "AC10", "InvalidDebtorAccountCurrency"
    AG01 = "AG01", "TransactionForbidden"
    AG03 = "AG03", "TransactionNotSupported"
    AGNT = "AGNT", "IncorrectAgent"
    AM01 = "AM01", "ZeroAmount"
    AM02 = "AM02", "NotAllowedAmount"
    AM03 = "AM03", "NotAllowedCurrency"
    AM04 = "AM04", "InsufficientFunds"
    AM05 = "AM05", "Duplication"
    AM10 = "AM10", "InvalidControlSum"
    AM11 = "AM11", "InvalidTransactionCurrency"
    AM12 = "AM12", "InvalidAmount"
    AM14 = "AM14", "AmountExceedsAgreedLimit"
    AM18 = "AM18", "InvalidNumberOfTransactions"
    DS0H = "DS0H", "NotAllowedAccount"
    DT01 = "DT01", "InvalidDate"
    FF01 = "FF01", "InvalidFileFormat"
    FF03 = "FF03", "InvalidPaymentTypeInformation"
    FF07 = "FF07", "InvalidPurpose"
    MS03 = "MS03", "NotSpecifiedReasonAgentGenerated"
    NARR = "NARR", "Narrative"
    RR04 = "RR04", "RegulatoryReason"
    RR10 = "RR10", "InvalidCharacterSet"
    TM01 = "TM01", "InvalidCutOffTime"

    called: str

    def __new__(cls, code: str, called: str) -> Reason:  # noqa: PYI034 - an enumeration has no heirs
        """Make a reason from its code and its name."""
        made = str.__new__(cls, code)
        made._value_ = code
        made.called = called
        return made


class MessageRefused(Exception):  # noqa: N818 - reads as what it says
    """A message that cannot be taken: the code for programs, and a sentence that says what to do."""

    def __init__(self, reason: Reason, sentence: str) -> None:
        """Remember both."""
        super().__init__(f"{reason}: {sentence}")
        self.reason = reason
        self.sentence = sentence


BY_REFUSAL: Final[Mapping[int, Reason]] = {
    KernelRefusal.ENVELOPE_EXPIRED: Reason.TM01,
    KernelRefusal.VALIDITY_TOO_LONG: Reason.DT01,
    KernelRefusal.ENVELOPE_TOO_EARLY: Reason.DT01,
    KernelRefusal.SIGNER_UNKNOWN: Reason.AC02,
    KernelRefusal.SIGNER_SUSPENDED: Reason.AC06,
    KernelRefusal.KEY_NOT_CURRENT: Reason.DS0H,
    KernelRefusal.KEY_EXPIRED: Reason.DS0H,
    KernelRefusal.ENVELOPE_REPLAYED: Reason.AM05,
    MoneyRefusal.CURRENCY_UNKNOWN: Reason.AM03,
    MoneyRefusal.HOLDER_CAP_PASSED: Reason.AM14,
    MoneyRefusal.PAYMENT_ABOVE_LIMIT: Reason.AM02,
    MoneyRefusal.DAY_LIMIT_PASSED: Reason.AM14,
    MoneyRefusal.REFERENCE_MISSING: Reason.RR04,
    MoneyRefusal.HOLDER_FROZEN: Reason.AC06,
    MoneyRefusal.HOLDER_NOT_AUTHORISED: Reason.AG01,
    MoneyRefusal.FUNDS_INSUFFICIENT: Reason.AM04,
    MoneyRefusal.PARTIES_IDENTICAL: Reason.AC03,
    MoneyRefusal.PAYEE_UNKNOWN: Reason.AC03,
    MoneyRefusal.TEXT_NOT_ALLOWED: Reason.RR10,
}
"""The code of each rule of the ledger that a payment may meet."""


def reason_of(number: int) -> tuple[Reason, str]:
    """Give the code and the sentence of a refusal of the ledger."""
    code = refusal_codes().get(number)
    sentence = f"Refusal {number} of the ledger." if code is None else f"{code.rule}. {code.way_out}"
    return BY_REFUSAL.get(number, Reason.NARR), sentence


def lines_of(sentence: str) -> list[str]:
    """Cut a sentence into lines of AdditionalInformation, between words where that can be."""
    lines: list[str] = []
    for word in sentence.split():
        if lines and len(lines[-1]) + 1 + len(word) <= SENTENCE_MAX:
            lines[-1] += f" {word}"
        else:
            lines.append(word[:SENTENCE_MAX])
    return lines
