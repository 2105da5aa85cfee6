"""Why a report, or a price far from the reference, is refused. Numbers 1100 to 1199, for ever."""

from __future__ import annotations

from sogdia.kernel.refusal import RefusalCode


class ReferenceRefusal(RefusalCode):
    """Rules of reports, and of the guard rail that they make."""

    CURRENCIES_IDENTICAL = 1100, "A rate is between two different currencies", "Name two different currencies."
    NO_SUCH_CURRENCY = 1101, "There is no such currency in ISO 4217", "Write a current code, such as USD."
    RATIO_NOT_REDUCED = 1102, "The rate is not in lowest terms", "Divide both parts by their greatest common divisor."
    SENDER_NOT_REPORTER = 1103, "Only a rate reporter may report rates", "Ask the registrar for the role."
    REPORT_AHEAD = 1104, "The report is of a later time than the block", "Set the clock right, and report again."
    REPORT_LATE = 1105, "The report has been too long on its way", "Report the rate of now."
    MARKET_CLOSED = 1106, "The market was closed at the time of the report", "Report again once it has opened."
    REPORT_NOT_NEWER = (
        1107,
        "The organisation has reported this pair for the same time, or for a later one",
        "Report a later rate, or take that report back.",
    )
    ORGANISATIONS_TOO_MANY = 1108, "Too many organisations report this pair", "Report another pair."
    REPORT_UNKNOWN = 1109, "The sender has no report of this pair", "Look at the pair's reports; it may have lapsed."
    FAR_FROM_REFERENCE = (
        1110,
        "The sender would get less for its money than the reference rate says, by more than the collar",
        "Look at the price again; if it is meant, say so by despite_reference.",
    )
